//! Use cases: what HTTP, the timer engine and the command line all call.

pub mod answer_links;
mod answers;
pub mod audit;
pub mod authenticate;
pub mod bounces;
pub mod calendar_feed;
pub mod calendars;
mod deciding;
mod error;
mod high_water;
pub mod months;
pub mod people;
mod program_entry;
pub mod programs;
pub mod queries;
mod queue;
pub mod readiness;
mod replies;
pub mod reports;
pub mod reprojections;
pub mod sandbox;
pub mod schedules;
mod services;
mod slice;
pub mod sources;
pub mod substitutions;
pub mod summaries;
mod throttle;
pub mod views;
pub mod wake;
pub mod webhooks;

pub use error::Error;
pub use queue::SLICE_AT_MOST;
pub use services::{Answer, Services};
pub use slice::Fired;
pub use wake::Wake;
