//! What the store promises, shown on both backends.

/// Runs each named test once on SQLite and once on PostgreSQL, with a migrated database of its own.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $test() { super::$test(crate::store::home::sqlite().await).await; })+
        }
        mod postgres {
            $(#[tokio::test] async fn $test() { super::$test(crate::store::home::postgres().await).await; })+
        }
    };
}

mod audit;
mod context;
mod errors;
mod guards;
pub mod home;
mod installation;
mod migrations;
mod retention;
mod round_trip;
mod samples;
mod series;
mod timers;
mod troubles;
