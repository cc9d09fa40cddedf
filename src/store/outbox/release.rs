//! Freeing what a stopped process held.

use crate::store::{Backend, Error, Store};

impl Store {
    /// Frees the leases an earlier process held, when it starts anew: on SQLite there is only one process, so nobody else
    /// can hold one. On PostgreSQL the leases of a node that died run out by themselves.
    pub async fn free_outbox_leases(&self) -> Result<(), Error> {
        if self.backend() == Backend::Postgres {
            return Ok(());
        }
        let mut write = self.begin_write().await?;
        write.execute("UPDATE notice SET lease_until = 0 WHERE state = 'sending'", Vec::new()).await?;
        write.execute("UPDATE cursor SET lease_until = 0", Vec::new()).await?;
        write.execute("UPDATE webhook SET lease_until = 0", Vec::new()).await?;
        write.commit().await
    }
}
