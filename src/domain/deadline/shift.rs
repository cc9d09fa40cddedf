//! Where a due instant moves when a part of its time does not count.
//!
//! - Elapsed time and calendar days: by the length of the pause.
//! - Business hours: by the business time lost in it.
//! - Business days: by one for each close of business in it, its start included and its end not. A pause that ends
//!   before close on the day it began moves nothing.

use super::agenda::{Agenda, Day};
use super::{Error, walk};
use crate::domain::definition::{TimeRules, Within};
use crate::instant::Instant;

/// The due instant of a deadline of unit `within` after a pause from `from` to `to`. Never before `due`.
pub fn after_pause(within: Within, due: Instant, from: Instant, to: Instant, time: &TimeRules) -> Result<Instant, Error> {
    match within {
        Within::Elapsed(_) | Within::CalendarDays(_) | Within::SameDay => {
            due.plus_millis(to.millis_since(from).max(0)).map_err(|_| Error::OutOfRange)
        }
        Within::BusinessHours(_) => {
            let agenda = Agenda::of(time)?;
            let lost = walk::between(&agenda, from, to)?;
            if lost == 0 { Ok(due) } else { walk::advance(&agenda, due, lost, |_| ()) }
        }
        Within::BusinessDays(_) => {
            let lost = closes_between(&Agenda::of(time)?, from, to)?;
            if lost == 0 { Ok(due) } else { walk::walk(Within::BusinessDays(lost), due, time).map(|walk| walk.due) }
        }
    }
}

fn closes_between(agenda: &Agenda, from: Instant, to: Instant) -> Result<u32, Error> {
    let (mut date, last) = (agenda.zone.date(from), agenda.zone.date(to));
    let mut closes = 0;
    while date <= last {
        if let Day::Open(_, close) = agenda.day(date)?
            && from <= close
            && close < to
        {
            closes += 1;
        }
        date = date.succ_opt().ok_or(Error::OutOfRange)?;
    }
    Ok(closes)
}
