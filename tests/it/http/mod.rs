//! The API of a whole server, on both databases: what people and programs do with it, and what it refuses.

mod access;
mod acting;
mod amendments;
mod bad_definitions;
mod bad_imports;
mod bad_requests;
mod bad_webhooks;
mod calendar_feed;
mod clock;
mod deadlines;
pub mod digests;
pub mod episodes;
mod example_receivers;
mod inbound;
mod inbox;
mod meetings;
mod months;
mod openapi;
mod pathway;
mod poison;
mod priority_list;
mod receivers;
mod refusals;
mod reports;
mod reprojections;
mod rosters;
mod routing;
mod schedules;
mod series;
mod settings;
mod substitutes;
mod summaries;
mod trail;
mod untouched;
mod violations;

/// Makes a test of a story for each database.
macro_rules! on_both {
    ($($story:ident),+ $(,)?) => {$(
        mod $story {
            use crate::support::server::{Backend, Sandbox};

            #[tokio::test]
            async fn on_sqlite() {
                let sandbox = Sandbox::start(Backend::Sqlite).await;
                super::$story(&sandbox).await;
                sandbox.stop().await;
            }

            #[tokio::test]
            async fn on_postgresql() {
                let sandbox = Sandbox::start(Backend::Postgres).await;
                super::$story(&sandbox).await;
                sandbox.stop().await;
            }
        }
    )+};
}
pub(crate) use on_both;
