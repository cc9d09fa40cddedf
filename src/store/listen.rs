//! Telling other nodes that something was committed, and hearing it from them.

use sea_orm::sqlx;
use sea_orm::sqlx::postgres::PgListener;

use super::{Error, Store};

/// The channel of all nodes.
const CHANNEL: &str = "proviso";

impl Store {
    /// Calls `on_hint` with every hint, and once with none when listening begins. Returns when the connection is lost; at once
    /// on SQLite.
    pub async fn listen(&self, on_hint: impl Fn(Option<&str>)) -> Result<(), Error> {
        let Some(pool) = self.postgres_pool() else { return Ok(()) };
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        on_hint(None);
        while let Some(heard) = listener.try_recv().await? {
            on_hint(Some(heard.payload()));
        }
        Ok(())
    }

    /// Sends a hint to all nodes; nothing on SQLite.
    pub async fn hint(&self, hint: &str) -> Result<(), Error> {
        let Some(pool) = self.postgres_pool() else { return Ok(()) };
        sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(hint).execute(pool).await?;
        Ok(())
    }
}
