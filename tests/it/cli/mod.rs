//! The built program, used as people use it: arguments in, text and an exit code out.

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

mod administration;
mod audit;
mod calendar;
mod check;
mod deadline;
mod evidence;
mod import;
mod mail;
mod mutations;
mod program;
mod tampering;
