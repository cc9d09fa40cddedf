//! What if: the due instant of a hypothetical deadline, and why.

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::calendar::Calendars;
use crate::domain::clock::Reason;
use crate::domain::deadline::{self, Frame};
use crate::domain::definition::{Terms, TimeRules, Within};
use crate::domain::rejection::{Rejection, Violation, ViolationKind};
use crate::ids::CalendarId;
use crate::instant::Instant;
use crate::service::Error;

/// A deadline that somebody tries out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// A calendar of the server, in its current version.
    #[schema(example = "us_federal")]
    pub calendar: String,
    /// An IANA zone.
    #[schema(example = "America/New_York")]
    pub zone: String,
    /// What it counts from, with any offset.
    #[schema(example = "2026-11-25T16:30:00-05:00")]
    pub from: String,
    /// How long, in words of the definition.
    #[schema(example = "1 business day")]
    pub within: String,
    /// Close of business, `HH:MM`, where it differs from the calendar's.
    #[serde(default)]
    pub closes_at: Option<String>,
    /// Local time, `HH:MM`, after which something counts as coming on the next business day.
    #[serde(default)]
    pub cut_off: Option<String>,
}

/// When it would be due, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PreviewView {
    pub due_at: Instant,
    /// The calendar and its version; null where the rule uses none.
    pub calendar: Option<String>,
    pub zone: String,
    pub because: Vec<Reason>,
}

/// Answers when the deadline would be due, or everything that is wrong with the request.
pub fn preview(request: &PreviewRequest, calendars: &Calendars) -> Result<PreviewView, Error> {
    let mut violations = Vec::new();
    let mut wrong = |id: &str, message: String| violations.push(Violation::new(ViolationKind::Field, id, message));
    let calendar = calendars.current(&CalendarId::from(request.calendar.as_str()));
    if calendar.is_none() {
        let known: Vec<&str> = calendars.ids().map(CalendarId::as_str).collect();
        wrong("calendar", format!("is no calendar of this server; write one of {}", known.join(", ")));
    }
    let zone: Option<Tz> = request.zone.parse().ok();
    if zone.is_none() {
        wrong("zone", "is no IANA zone; write for example America/New_York".to_owned());
    }
    let from = request.from.parse::<Instant>().map_err(|error| wrong("from", error.to_string())).ok();
    let within = request.within.parse::<Within>().map_err(|error| wrong("within", error)).ok();
    let terms = Terms { cut_off: request.cut_off.clone(), ..Terms::default() };
    let frame = calendar.map(|calendar| {
        let zone = zone.unwrap_or(Tz::UTC);
        Frame::with(&TimeRules { zone, calendar: calendar.id().clone(), closes_at: request.closes_at.clone() }, &terms, calendar)
    });
    if let Some(Err(error)) = &frame {
        wrong(if matches!(error, deadline::Error::CutOff(_)) { "cut_off" } else { "closes_at" }, error.to_string());
    }
    let (Some(Ok(frame)), Some(_), Some(from), Some(within)) = (frame, zone, from, within) else {
        return Err(Rejection::Violations(violations).into());
    };
    let refuse = |error: deadline::Error| Rejection::Violations(vec![Violation::new(ViolationKind::Field, "within", error.to_string())]);
    let (due_at, derivation) = deadline::due_at(within, from, &frame).map_err(refuse)?;
    Ok(PreviewView {
        due_at,
        calendar: derivation.calendar.map(|version| version.to_string()),
        zone: derivation.zone,
        because: derivation.because,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::calendars::built_in;

    fn asked(zone: &str, from: &str, within: &str) -> PreviewRequest {
        PreviewRequest {
            calendar: "us_federal".to_owned(),
            zone: zone.to_owned(),
            from: from.to_owned(),
            within: within.to_owned(),
            closes_at: None,
            cut_off: None,
        }
    }

    #[test]
    fn a_business_day_skips_the_holiday() {
        let view = preview(&asked("America/New_York", "2026-11-25T16:30:00-05:00", "1 business day"), built_in()).unwrap();
        assert_eq!(view.due_at.to_string(), "2026-11-27T22:00:00.000Z");
        assert!(view.because.iter().any(|reason| reason.kind == "holiday"), "{:?}", view.because);
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let Err(Error::Rejected(Rejection::Violations(found))) = preview(&asked("Mars/X", "yesterday", "-P1D"), built_in()) else {
            panic!("accepted")
        };
        let ids: Vec<_> = found.iter().map(|violation| violation.id.as_str()).collect();
        assert_eq!(ids, ["zone", "from", "within"]);
    }

    #[test]
    fn a_year_no_calendar_knows_is_refused() {
        assert!(preview(&asked("UTC", "9999-12-31T23:59:59Z", "1 business day"), built_in()).is_err());
    }
}
