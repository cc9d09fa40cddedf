//! Tables of the Proviso database, one file a table.
//!
//! No logic lives here. Instants are `BIGINT` milliseconds since the epoch in both databases; documents are JSON text.

pub mod attempt;
pub mod audit_entry;
pub mod board_position;
pub mod bounced_address;
pub mod breach;
pub mod calendar_feed;
pub mod calendar_version;
pub mod clock;
pub mod credential;
pub mod cursor;
pub mod idempotency;
pub mod instance;
pub mod month_comparison;
pub mod month_row;
pub mod node;
pub mod notice;
pub mod occurrence;
pub mod outage;
pub mod person;
pub mod pilot_month;
pub mod program_version;
pub mod record;
pub mod reprojection;
pub mod reprojection_move;
pub mod role_holding;
pub mod roster_opening;
pub mod schedule;
pub mod setting;
pub mod source_row;
pub mod source_version;
pub mod statement;
pub mod substitution;
pub mod summary;
pub mod task;
pub mod timer;
pub mod timer_trouble;
pub mod unsubscription;
pub mod used_link;
pub mod webhook;
