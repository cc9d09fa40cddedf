//! The database side of the outbox: reading audit entries in order, queueing notices, leasing and settling them.
//!
//! Guarantee: a reader of the entries never skips one, also on PostgreSQL, where entries are committed in another order
//! than they are numbered; a notice is queued once per fact, recipient and channel; what a lost lease still wants to
//! write is refused.

mod backlog;
mod bounces;
mod cursor;
mod due;
mod health;
mod held;
mod journal;
mod lease;
mod people;
mod settle;

pub use backlog::OutboxCounts;
pub use bounces::{AddressVerdict, BouncedAddress};
pub(in crate::store) use cursor::queue;
pub use cursor::{Advanced, MailCursor, NewNotice, Reader, Subscription};
pub use health::{DisabledReason, Health, Judge, Judged, Verdict};
pub use held::{Burst, Collected, Held};
pub use journal::{JournalEntry, JournalPage, Position};
pub use lease::{LeaseRequest, Leased, WebhookTarget};
pub use people::{People, Person, Shift};
pub use settle::{Ending, Settlement, Told, Try};

use super::Error;

/// How a notice leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    Email,
    Webhook,
}

impl Way {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Webhook => "webhook",
        }
    }

    fn parse(text: &str, id: uuid::Uuid) -> Result<Self, Error> {
        match text {
            "email" => Ok(Self::Email),
            "webhook" => Ok(Self::Webhook),
            other => Err(Error::BadRow { what: "notice", id: id.to_string(), why: format!("its channel is \"{other}\"") }),
        }
    }
}
