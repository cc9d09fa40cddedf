//! The pure core: what a command does to an instance.
//!
//! Guarantee: nothing in this folder knows a database, HTTP, a clock, randomness or the file system. Everything a
//! decision depends on is an argument, so the same arguments give the same decision on any machine.

pub mod amendment;
pub mod audit;
pub mod calendar;
pub mod catalogue;
pub mod clock;
pub mod command;
pub mod compliance;
pub mod deadline;
pub mod decide;
pub mod decision;
pub mod definition;
pub mod event;
pub mod facts;
pub mod hold;
pub mod instance;
pub mod ledger;
pub mod link;
pub mod meeting;
pub mod month;
pub mod outage;
pub mod policy;
pub mod record;
pub mod recurrence;
pub mod rejection;
pub mod report;
pub mod reprojection;
pub mod roster;
pub mod rules;
pub mod schedule;
pub mod substitution;
pub mod summary;
pub mod typing;
pub mod value;
