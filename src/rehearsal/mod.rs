//! Rehearsals: a program run from a script at full speed, on a clock that stands still between actions.
//!
//! Guarantee: everything passes through the same parts as on a live server, from the commands to the signed webhooks;
//! only the clock, the ids and the mailbox are the rehearsal's own.

mod deadlines;
mod driver;
mod expected;
mod months;
mod place;
mod receiver;
mod rosters;
mod script;
mod story;
#[cfg(test)]
mod tests;

pub use driver::Error;
pub use place::{Place, hold};
pub use script::{Misread, Script};
pub use story::{Kind, Line, Story};
