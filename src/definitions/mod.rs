//! Definition files: reading them strictly, reporting every fault with its line and column, and the files that ship
//! with the server.
//!
//! Guarantee: what `publish` returns can be run; what it refuses, it refuses with everything that is wrong at once.

pub mod calendars;
pub mod dates;
mod decode;
pub mod embedded;
mod fault;
mod node;
mod read;
mod repair;
mod schema;

#[cfg(test)]
mod tests;

pub use fault::{Fault, Position};
pub use node::MAX_BYTES;
pub use read::{Parsed, publish, read};
pub use schema::{calendar_schema, schema};
