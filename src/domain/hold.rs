//! When a mail that a ladder leads to may leave.
//!
//! Guarantee: pure. A mail of a clinical ladder never waits. Any other waits at most for the end of its burst and of the quiet hours.

use chrono::{Days, NaiveTime, Timelike as _};

use super::deadline::zone::Zone;
use super::definition::{Program, Quiet};
use crate::ids::LadderId;
use crate::instant::Instant;

/// How long a mail is kept back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// Then it leaves, with all that has come together for its person by then.
    pub until: Instant,
    /// Before this instant it leaves with nothing else either.
    pub quiet_until: Instant,
}

/// How long a mail of `ladder` is kept back that comes about at `at`; none when it leaves at once.
pub fn hold(program: &Program, ladder: Option<&LadderId>, at: Instant) -> Option<Hold> {
    let notices = program.notices.as_ref()?;
    if ladder.is_none_or(|ladder| program.is_clinical(ladder)) {
        return None;
    }
    let zone = Zone(program.time.zone);
    let quiet_end = |at| notices.quiet_hours.as_ref().and_then(|hours| end_of(hours.email, zone, at));
    let burst_ends = at.plus_millis(notices.digest.map_or(0, |length| length.millis)).unwrap_or(Instant::MAX);
    let quiet_until = quiet_end(at).or_else(|| quiet_end(burst_ends)).unwrap_or(Instant::MIN);
    let until = burst_ends.max(quiet_until);
    (until > at).then_some(Hold { until, quiet_until })
}

/// When the quiet hours end that `at` lies in; none when it lies in none.
fn end_of(quiet: Quiet, zone: Zone, at: Instant) -> Option<Instant> {
    let local = zone.local(at);
    let minute = u16::try_from(local.time().num_seconds_from_midnight() / 60).ok()?;
    if !quiet.covers(minute) {
        return None;
    }
    let goes_over_midnight = quiet.from > quiet.to && minute >= quiet.from.0;
    let date = if goes_over_midnight { local.date().checked_add_days(Days::new(1))? } else { local.date() };
    let time = NaiveTime::from_num_seconds_from_midnight_opt(u32::from(quiet.to.0) * 60, 0)?;
    // On the day the clocks change the hour may be left out or come twice; it never ends before it began.
    zone.resolve(date.and_time(time)).ok().map(|(end, _)| end).filter(|end| *end > at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(notices: &str) -> Program {
        let text = format!(
            "program: small\ntitle: Small\nversion: 1\ntime: {{ zone: America/New_York, calendar: us_federal }}\n\
             contact: {{ name: A, email: a@example.org }}\nroles: {{ boss: {{ title: Boss, top: true }} }}\n{notices}\nworkflows: {{}}\n"
        );
        serde_saphyr::from_str(&text).unwrap()
    }

    /// `until` and `quiet_until` of a mail of `ladder` at `at`.
    fn held(notices: &str, ladder: &str, at: &str) -> Option<(String, String)> {
        let hold = hold(&program(notices), Some(&ladder.into()), at.parse().unwrap())?;
        Some((hold.until.to_string(), hold.quiet_until.to_string()))
    }

    const ALL: &str = "notices: { clinical: [ward], digest: 15 minutes, quiet_hours: { email: { from: \"20:00\", to: \"07:00\" } } }";

    #[test]
    fn a_clinical_ladder_and_a_program_that_says_nothing_never_wait() {
        assert_eq!(held(ALL, "ward", "2026-01-06T04:00:00Z"), None, "at night");
        assert_eq!(held("", "office", "2026-01-06T04:00:00Z"), None);
        assert_eq!(held("notices: { clinical: [ward] }", "office", "2026-01-06T04:00:00Z"), None);
        assert_eq!(hold(&program(ALL), None, "2026-01-06T04:00:00Z".parse().unwrap()), None, "a mail of no ladder");
    }

    #[test]
    fn others_wait_for_their_burst() {
        let (until, quiet_until) = held(ALL, "office", "2026-01-05T15:00:00Z").unwrap();
        assert_eq!(until, "2026-01-05T15:15:00.000Z");
        assert_eq!(quiet_until, Instant::MIN.to_string());
    }

    #[test]
    fn what_comes_at_night_waits_for_the_morning_of_the_program() {
        let morning = |date: &str| Some((format!("{date}T12:00:00.000Z"), format!("{date}T12:00:00.000Z")));
        assert_eq!(held(ALL, "office", "2026-01-06T01:00:00Z"), morning("2026-01-06"), "20:00 in New York");
        assert_eq!(
            held(ALL, "office", "2026-01-06T11:59:59Z"),
            Some(("2026-01-06T12:14:59.000Z".into(), "2026-01-06T12:00:00.000Z".into()))
        );
        assert_eq!(held(ALL, "office", "2026-01-06T00:50:00Z"), morning("2026-01-06"), "its burst ends in the night");
        let noon = "notices: { quiet_hours: { email: { from: \"12:00\", to: \"13:00\" } } }";
        assert_eq!(held(noon, "office", "2026-01-05T17:30:00Z").unwrap().0, "2026-01-05T18:00:00.000Z");
        assert_eq!(held(noon, "office", "2026-01-05T18:00:00Z"), None);
    }

    #[test]
    fn on_days_the_clocks_change_the_quiet_hours_end_at_an_instant_there_is() {
        let odd = "notices: { quiet_hours: { email: { from: \"22:00\", to: \"02:30\" } } }";
        assert_eq!(held(odd, "office", "2026-03-08T06:00:00Z").unwrap().0, "2026-03-08T07:00:00.000Z", "02:30 is left out");
        assert_eq!(held(odd, "office", "2026-11-01T04:00:00Z").unwrap().0, "2026-11-01T07:30:00.000Z", "01:00 comes twice, 02:30 once");
    }
}
