//! Where a due instant moves when a part of its time does not count.
//!
//! - Elapsed time, calendar days and the end of a day or month: by the length of the pause.
//! - Business hours: by the business time lost in it.
//! - Business days, and a time or a day of the month that hangs on them: by one business day for each close of business in it, its start
//!   included and its end not. A pause that ends before close on the day it began moves nothing.

use super::agenda::{Agenda, Day};
use super::{Error, Frame, walk};
use crate::domain::definition::Within;
use crate::instant::Instant;

/// The due instant of a deadline of unit `within` after a pause from `from` to `to`. Never before `due`.
pub fn after_pause(within: Within, due: Instant, from: Instant, to: Instant, frame: &Frame<'_>) -> Result<Instant, Error> {
    // A due instant at close of business lies behind any cut-off; it is no new anchor.
    let frame = &Frame { cut_off: None, ..*frame };
    match within {
        Within::Elapsed(_) | Within::CalendarDays(_) | Within::SameDay | Within::LastDayOfMonth => {
            due.plus_millis(to.millis_since(from).max(0)).map_err(|_| Error::OutOfRange)
        }
        Within::BusinessHours(_) => {
            let agenda = Agenda::of(frame);
            let lost = walk::between(&agenda, from, to)?;
            if lost == 0 { Ok(due) } else { walk::advance(&agenda, due, lost, |_| ()) }
        }
        Within::BusinessDays(_) | Within::BusinessDayOfMonth(_) => {
            let lost = closes_between(&Agenda::of(frame), from, to)?;
            if lost == 0 { Ok(due) } else { walk::walk(Within::BusinessDays(lost), due, frame).map(|walk| walk.due) }
        }
        Within::TimeOnBusinessDay { at, .. } => {
            let day = closes_between(&Agenda::of(frame), from, to)?;
            if day == 0 { Ok(due) } else { walk::walk(Within::TimeOnBusinessDay { at, day }, due, frame).map(|walk| walk.due) }
        }
    }
}

fn closes_between(agenda: &Agenda<'_>, from: Instant, to: Instant) -> Result<u32, Error> {
    let (mut date, last) = (agenda.zone.date(from), agenda.zone.date(to));
    let mut closes = 0;
    while date <= last {
        if let Day::Open(openings) = agenda.day(date)?
            && (from..to).contains(&openings.closes())
        {
            closes += 1;
        }
        date = date.succ_opt().ok_or(Error::OutOfRange)?;
    }
    Ok(closes)
}
