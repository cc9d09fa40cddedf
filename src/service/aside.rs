//! Work that takes long, on a thread of its own.

use super::Error;

/// Does work on a thread of its own, so that nobody else waits for it.
pub(super) async fn aside<T, F>(work: F) -> Result<T, Error>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, Error> + Send + 'static,
{
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(format!("work on a thread of its own broke off: {error}")))?
}
