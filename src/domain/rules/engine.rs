//! The expression engine's environment: its standard library and the functions added to it.

use std::sync::{Arc, LazyLock};

use cel::common::types::{CelDuration, CelInt, CelString, CelTimestamp, INT_TYPE, STRING_TYPE, TIMESTAMP_TYPE};
use cel::common::value::CowVal;
use cel::{Env, ExecutionError};
use chrono::Duration;
use chrono_tz::Tz;

/// The function behind `date(timestamp)`; a rule cannot write its name.
pub(super) const LOCAL_DATE: &str = "$date";

type Given<'b, 'v> = Vec<CowVal<'b, 'v>>;
type Result<'b, 'v> = std::result::Result<CowVal<'b, 'v>, ExecutionError>;

/// Built once: every rule is parsed and evaluated in it.
pub(super) static ENGINE: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib().with_optional_support(false);
    let added = [
        env.add_overload("days", "days_int", vec![INT_TYPE], days),
        env.add_overload("hours", "hours_int", vec![INT_TYPE], hours),
        env.add_overload("minutes", "minutes_int", vec![INT_TYPE], minutes),
        env.add_overload(LOCAL_DATE, "local_date", vec![STRING_TYPE, TIMESTAMP_TYPE], local_date),
    ];
    debug_assert!(added.iter().all(std::result::Result::is_ok), "the standard library has no function of these names");
    Arc::new(env)
});

fn days<'b, 'v>(given: Given<'b, 'v>) -> Result<'b, 'v> {
    length(&given, "days", Duration::try_days)
}

fn hours<'b, 'v>(given: Given<'b, 'v>) -> Result<'b, 'v> {
    length(&given, "hours", Duration::try_hours)
}

fn minutes<'b, 'v>(given: Given<'b, 'v>) -> Result<'b, 'v> {
    length(&given, "minutes", Duration::try_minutes)
}

/// Most of any unit, about ten years of minutes.
const MOST: i64 = 5_300_000;

fn length<'b, 'v>(given: &[CowVal<'b, 'v>], name: &str, make: fn(i64) -> Option<Duration>) -> Result<'b, 'v> {
    given
        .first()
        .and_then(|count| count.downcast_ref::<CelInt>())
        .filter(|count| (-MOST..=MOST).contains(count.inner()))
        .and_then(|count| make(*count.inner()))
        .map(|duration| CowVal::owned(CelDuration::from(duration)))
        .ok_or_else(|| ExecutionError::function_error(name, format!("{name}() takes a whole number up to {MOST}")))
}

/// The calendar date of a timestamp in a zone, as text `YYYY-MM-DD`.
fn local_date<'b, 'v>(given: Given<'b, 'v>) -> Result<'b, 'v> {
    let zone = given.first().and_then(|zone| zone.downcast_ref::<CelString<'_>>()).and_then(|zone| zone.inner().parse::<Tz>().ok());
    let at = given.get(1).and_then(|at| at.downcast_ref::<CelTimestamp>());
    match (zone, at) {
        (Some(zone), Some(at)) => {
            let date = at.inner().with_timezone(&zone).date_naive();
            Ok(CowVal::owned(CelString::from(date.to_string())))
        }
        _ => Err(ExecutionError::function_error("date", "date() takes a timestamp")),
    }
}
