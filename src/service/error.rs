//! What a use case can answer besides its result.

use crate::domain::rejection::Rejection;
use crate::{ids, store};

/// An error of a use case. `Internal` goes to the log; callers see a fixed text.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("there is nothing with that id in the programs you take part in")]
    NotFound,
    #[error("{0}")]
    Forbidden(String),
    #[error("this needs the role {0}, which you do not hold")]
    RoleRequired(ids::RoleId),
    #[error("the credentials are missing, wrong or expired")]
    Unauthenticated,
    #[error("too many attempts; try again in {retry_after_secs} seconds")]
    TooManyAttempts { retry_after_secs: u64 },
    /// The same idempotency key came with another body.
    #[error("this idempotency key was used with another request body")]
    KeyReused,
    /// The request cannot be read; says what to mend.
    #[error("{0}")]
    Malformed(String),
    /// A definition has faults, each with its place.
    #[error("the definition has {} fault{}", .0.len(), if .0.len() == 1 { "" } else { "s" })]
    Definition(Vec<serde_json::Value>),
    /// An import has bad rows: `{row, column, code, message}` each.
    #[error("the import has {} bad value{}; nothing was imported", .0.len(), if .0.len() == 1 { "" } else { "s" })]
    Import(Vec<serde_json::Value>),
    /// A state does not allow it; the code is stable.
    #[error("{message}")]
    State { code: &'static str, message: String },
    /// Several commands met on one instance too often.
    #[error("others changed the same instance meanwhile; try again")]
    Conflict,
    #[error("the database cannot be reached")]
    Unavailable(#[source] store::Error),
    #[error("something went wrong on the server")]
    Internal(String),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Retryable(_) => Self::Unavailable(error),
            store::Error::Conflict => Self::Conflict,
            store::Error::Duplicate { .. } | store::Error::BadRow { .. } | store::Error::Refused(_) | store::Error::Database(_) => {
                Self::Internal(error.to_string())
            }
        }
    }
}
