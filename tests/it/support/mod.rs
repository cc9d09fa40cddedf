//! What integration tests stand on.

pub mod api;
pub mod checkout;
pub mod mail;
pub mod markdown;
pub mod oracle;
pub mod postgres;
pub mod receiver;
pub mod schema;
pub mod server;
