//! Notices from the audit entry to the receiver, on both databases.

mod about_webhooks;
mod digests;
mod fan_out;
mod forbidden;
mod hostile;
mod leases;
mod mails;
mod smtp;
mod webhooks;
mod world;

/// Makes a test of each function, once on SQLite and once on PostgreSQL.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            use crate::outbox::world::World;

            #[tokio::test]
            async fn on_sqlite() {
                super::$name(World::sqlite().await).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                super::$name(World::postgres().await).await;
            }
        }
    )+};
}
use on_both_databases;
