//! What is wrong with a definition file, where, and what was probably meant.

use std::fmt;

use serde::Serialize;

use crate::domain::definition::check::FaultCode;

/// A line and a column of a file, both counted from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u64,
    pub col: u64,
}

impl Position {
    /// The beginning of the file.
    pub const START: Self = Self { line: 1, col: 1 };

    /// A position; the reader's "unknown" (0) becomes the beginning.
    pub fn new(line: u64, col: u64) -> Self {
        Self { line: line.max(1), col: col.max(1) }
    }
}

/// One fault. Its display form is `file:line:col: code: text (did you mean …?)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    pub file: String,
    pub line: u64,
    pub col: u64,
    /// A stable name for the kind of fault.
    pub code: FaultCode,
    pub message: String,
    /// The nearest name that exists, where a name is wrong.
    pub suggestion: Option<String>,
    /// The place in the document, as keys joined by points.
    pub path: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, col, code, message, suggestion, path: _ } = self;
        write!(f, "{file}:{line}:{col}: {code}: {message}")?;
        match suggestion {
            Some(name) => write!(f, " (did you mean {name}?)"),
            None => Ok(()),
        }
    }
}
