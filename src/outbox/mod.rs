//! What leaves the server: mails to people and webhooks to programs.
//!
//! Guarantee: each fact the audit entries hold becomes at most one notice per recipient and channel (`fan_out`), and
//! each notice is sent at least once, with the same id each time, until it is `sent`, `dead` or `suppressed`
//! (`dispatcher`). Nothing is sent inside a database transaction, and nothing about a participant is sent at all.

pub mod address;
mod ahead;
mod captured;
mod circuit;
mod conclude;
mod deliveries;
mod digest;
mod directory;
mod dispatcher;
mod entry;
mod error;
mod fan_out;
mod farewell;
pub mod identity;
mod lane;
mod letter;
mod mail;
mod mailer;
mod mails;
mod names;
mod operational;
mod outcome;
pub mod payload;
mod preview;
mod recipients;
mod reply;
pub mod retry;
pub mod signature;
mod smtp;
mod summaries;
mod summary;
mod templates;
pub mod webhook;

pub use address::{AddressPolicy, check_url};
pub use captured::{Captured, CapturedMail};
pub use circuit::judge;
pub use directory::Directory;
pub use dispatcher::{Dispatcher, Sent, Times};
pub use error::Error;
pub use fan_out::{FanOut, FannedOut};
pub use lane::{HandedIn, Kept, Lane};
pub use lettre::message::Mailbox;
pub use mail::Sender;
pub use mailer::Mailer;
pub use names::LookUp;
pub use preview::{PREVIEWS, preview};
pub use signature::Secret;
pub use smtp::Smtp;
pub use templates::check as check_templates;
pub use webhook::Webhooks;
