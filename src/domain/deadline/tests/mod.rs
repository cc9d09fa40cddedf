mod calendars;
mod known;
mod oracle;
mod properties;
mod switches;
mod units;

use chrono_tz::Tz;

use super::Frame;
use crate::definitions::calendars::built_in;
use crate::domain::definition::{Terms, TimeRules};

/// The federal calendar in a zone.
fn in_zone(zone: Tz) -> Frame<'static> {
    Frame::current(&TimeRules { zone, calendar: "us_federal".into(), closes_at: None }, &Terms::default(), built_in()).unwrap()
}
