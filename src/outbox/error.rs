//! What can stop a pass of the outbox. A notice that cannot be sent is no error: it is tried again or given up.

use crate::store;

/// An error of a whole pass; the next pass starts where this one did.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
}
