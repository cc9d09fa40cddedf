//! Hearing what other nodes committed.

use sea_orm::sqlx::postgres::PgListener;

use super::{Error, Store};

/// The channel every committed slice notifies, without a payload.
const CHANNEL: &str = "proviso";

impl Store {
    /// Calls `on_hint` for every hint, and once when listening begins. Returns when the connection is lost; at once on
    /// SQLite.
    pub async fn listen(&self, on_hint: impl Fn()) -> Result<(), Error> {
        let Some(pool) = self.postgres_pool() else { return Ok(()) };
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        on_hint();
        while listener.try_recv().await?.is_some() {
            on_hint();
        }
        Ok(())
    }
}
