//! Values that must not be shown.

use std::fmt;
use std::path::Path;

use super::Fault;

/// A text that `Debug` hides. It has no `Display` and no serialisation.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// A blank text means that nothing was given: composed environments pass variables on that are not set.
pub(super) fn given(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The secret from its variable or from the file that `<variable>_FILE` names; a fault when both are given or the file cannot be used.
pub(super) fn from_text_or_file(variable: &str, text: Option<Secret>, file: Option<String>) -> Result<Option<Secret>, Fault> {
    let text = given(text.map(|secret| secret.0));
    match (text, given(file)) {
        (None, None) => Ok(None),
        (Some(text), None) => Ok(Some(Secret(text))),
        (None, Some(path)) => read(&format!("{variable}_FILE"), Path::new(&path)).map(Some),
        (Some(_), Some(_)) => {
            Err(Fault::new(variable, format!("is given twice: remove it or {variable}_FILE from the environment or proviso.toml")))
        }
    }
}

fn read(variable: &str, path: &Path) -> Result<Secret, Fault> {
    let text =
        std::fs::read_to_string(path).map_err(|error| Fault::new(variable, format!("{} cannot be read: {error}", path.display())))?;
    let text = text.trim();
    if text.is_empty() { Err(Fault::new(variable, format!("{} is empty", path.display()))) } else { Ok(Secret::new(text)) }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}
