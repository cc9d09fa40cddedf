//! What starts by itself: the grid of a workflow in its program's time, and what an occurrence starts with.
//!
//! Guarantee: pure. The grid follows from the definition and the calendar alone, never from what was started before.

use indexmap::IndexMap;

use super::calendar::Calendars;
use super::deadline::zone::Zone;
use super::deadline::{Error, Frame, local_date};
use super::definition::{Body, Filled, OccurrenceValue, Program, Starts, Terms, Workflow};
use super::recurrence::Grid;
use super::value::{Json, Value};
use crate::ids::FieldId;
use crate::instant::Instant;

const DAY: i64 = 86_400_000;

/// The instants at which a workflow starts by itself, by the current version of the program's calendar.
pub fn grid<'a>(starts: &'a Starts, program: &Program, calendars: &'a Calendars) -> Result<Grid<'a>, Error> {
    let frame = Frame::current(&program.time, &Terms::default(), calendars)?;
    let anchor = match starts.from {
        Some(from) => Zone(frame.zone).resolve(from.0)?.0,
        None => Instant::MIN,
    };
    Ok(Grid::new(&starts.repeats, anchor, &frame))
}

/// The first meeting of a body for which papers that come in `after` are in time; none when its list has run out. A meeting on a
/// date counts beside those of the rule.
pub fn next_meeting(body: &Body, program: &Program, calendars: &Calendars, after: Instant) -> Result<Option<Instant>, Error> {
    let frame = Frame::current(&program.time, &Terms::default(), calendars)?;
    let notice = i64::from(body.papers_days_before.unwrap_or(0)).saturating_mul(DAY);
    let after = after.plus_millis(notice).map_err(|_| Error::OutOfRange)?;
    let mut next = match &body.meets {
        Some(rule) => Grid::new(rule, Instant::MIN, &frame).next_after(after).map_err(Error::CalendarRunOut)?,
        None => None,
    };
    for dated in &body.meets_on {
        let dated = Zone(frame.zone).resolve(dated.0)?.0;
        if dated > after && next.is_none_or(|known| dated < known) {
            next = Some(dated);
        }
    }
    Ok(next)
}

/// The start values of the occurrence at `nominal_at`.
pub fn started_with(workflow: &Workflow, grid: &Grid<'_>, nominal_at: Instant) -> IndexMap<FieldId, Json> {
    let value = |value: OccurrenceValue| match value {
        OccurrenceValue::NominalAt => Value::Timestamp(nominal_at),
        OccurrenceValue::Date => Value::Date(local_date(nominal_at, grid.zone())),
        OccurrenceValue::Period => Value::Text(grid.period(nominal_at)),
    };
    let filled = workflow.started_with.iter().filter_map(|(id, field)| match &field.filled {
        Some(Filled::Occurrence(wanted)) => Some((id.clone(), value(*wanted).to_json())),
        Some(_) | None => None,
    });
    filled.collect()
}
