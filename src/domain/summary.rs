//! The daily summary: when it comes, and what is in it for whom.
//!
//! Guarantee: pure. Somebody is told of the tasks they could work on and of the breaches they answer for, and of nothing else; who has
//! none gets no summary.

use std::collections::BTreeSet;

use chrono::{Days, NaiveTime};

use super::deadline::zone::Zone;
use super::definition::Program;
use super::policy;
use crate::ids::{RoleId, StepId, TaskId, Username};
use crate::instant::Instant;

/// How far a summary looks ahead, in milliseconds.
pub const AHEAD_MILLIS: i64 = 24 * 3_600_000;
/// Tasks it names.
const NAMED: usize = 20;

/// A task that waits for somebody, due within a day or already late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub task: TaskId,
    pub workflow: String,
    pub step: StepId,
    pub role: Option<RoleId>,
    pub assignee: Option<Username>,
    pub due_at: Instant,
}

/// A breach to which something is owed still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    pub role: Option<RoleId>,
    pub is_acknowledged: bool,
    pub is_explained: bool,
}

/// What a summary tells one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overview {
    pub overdue: usize,
    /// Due within a day.
    pub soon: usize,
    /// The earliest due first.
    pub named: Vec<Waiting>,
    /// Breaches they answer for that nobody has acknowledged.
    pub unacknowledged: usize,
    /// Those that nobody has explained.
    pub unexplained: usize,
}

/// The first summary after `after`; none where the program has no summaries.
pub fn next_after(program: &Program, after: Instant) -> Option<Instant> {
    let at = program.notices.as_ref()?.daily_summary?;
    let time = NaiveTime::from_num_seconds_from_midnight_opt(u32::from(at.0) * 60, 0)?;
    let zone = Zone(program.time.zone);
    let today = zone.date(after);
    let days = (0..3).filter_map(|days| today.checked_add_days(Days::new(days)));
    days.filter_map(|day| zone.resolve(day.and_time(time)).ok()).map(|(at, _)| at).find(|at| *at > after)
}

/// What there is at `now` for somebody who holds `roles`; `waiting` is in the order of due instants.
pub fn overview(
    program: &Program,
    who: &Username,
    roles: &BTreeSet<RoleId>,
    (waiting, owed): (&[Waiting], &[Owed]),
    now: Instant,
) -> Option<Overview> {
    let holds = |role: &RoleId| roles.contains(role);
    let is_theirs = |task: &&Waiting| match (&task.assignee, &task.role) {
        (Some(assignee), _) => assignee == who,
        (None, role) => role.as_ref().is_some_and(holds),
    };
    let answers = |owed: &&Owed| match &owed.role {
        Some(role) => holds(policy::above(program, role).next().unwrap_or(role)),
        None => program.roles.iter().any(|(id, role)| role.top && holds(id)),
    };
    let mut found = Overview::default();
    for task in waiting.iter().filter(is_theirs) {
        if task.due_at < now {
            found.overdue += 1;
        } else {
            found.soon += 1;
        }
        if found.named.len() < NAMED {
            found.named.push(task.clone());
        }
    }
    for owed in owed.iter().filter(answers) {
        found.unacknowledged += usize::from(!owed.is_acknowledged);
        found.unexplained += usize::from(!owed.is_explained);
    }
    (found != Overview::default()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn program(summary: &str) -> Program {
        let text = format!(
            "program: small\ntitle: Small\nversion: 1\ntime: {{ zone: America/New_York, calendar: us_federal }}\n\
             contact: {{ name: A, email: a@example.org }}\nroles:\n  nurse: {{ title: Nurse, escalates_to: lead }}\n  \
             lead: {{ title: Lead, escalates_to: chief }}\n  chief: {{ title: Chief, top: true }}\nnotices: {{ {summary} }}\nworkflows: {{}}\n"
        );
        serde_saphyr::from_str(&text).unwrap()
    }

    fn next(after: &str) -> Option<String> {
        next_after(&program("daily_summary: \"02:30\""), after.parse().unwrap()).map(|at| at.to_string())
    }

    #[test]
    fn a_summary_comes_once_a_day_at_its_local_time() {
        assert_eq!(next("2026-01-05T07:29:59Z").as_deref(), Some("2026-01-05T07:30:00.000Z"));
        assert_eq!(next("2026-01-05T07:30:00Z").as_deref(), Some("2026-01-06T07:30:00.000Z"));
        assert_eq!(next("2026-03-08T05:00:00Z").as_deref(), Some("2026-03-08T07:00:00.000Z"), "02:30 is left out that day");
        assert_eq!(next("2026-03-08T07:00:00Z").as_deref(), Some("2026-03-09T06:30:00.000Z"));
        assert_eq!(next_after(&program("digest: 5 minutes"), Instant::clamped(0)), None);
    }

    fn task(number: u128, role: Option<&str>, assignee: Option<&str>, due_at: &str) -> Waiting {
        Waiting {
            task: TaskId(Uuid::from_u128(number)),
            workflow: "episode".to_owned(),
            step: "note".into(),
            role: role.map(RoleId::from),
            assignee: assignee.map(Username::from),
            due_at: due_at.parse().unwrap(),
        }
    }

    const NOW: &str = "2026-01-05T12:00:00Z";

    fn told(who: &str, role: &str) -> Option<(usize, usize, Vec<u128>, usize, usize)> {
        let waiting = [
            task(1, Some("nurse"), None, "2026-01-05T11:00:00Z"),
            task(2, Some("nurse"), Some("ann"), "2026-01-05T12:00:00Z"),
            task(3, Some("nurse"), Some("ben"), "2026-01-05T13:00:00Z"),
            task(4, None, Some("lea"), "2026-01-05T14:00:00Z"),
        ];
        let owed = |role: Option<&str>, is_acknowledged, is_explained| Owed { role: role.map(RoleId::from), is_acknowledged, is_explained };
        let owed = [
            owed(Some("nurse"), false, false),
            owed(Some("nurse"), true, false),
            owed(Some("chief"), false, true),
            owed(None, false, true),
        ];
        let found = overview(&program(""), &who.into(), &[RoleId::from(role)].into(), (&waiting, &owed), NOW.parse().unwrap())?;
        let named = found.named.iter().map(|task| task.task.0.as_u128()).collect();
        Some((found.overdue, found.soon, named, found.unacknowledged, found.unexplained))
    }

    #[test]
    fn everybody_is_told_of_their_own() {
        assert_eq!(told("ann", "nurse"), Some((1, 1, vec![1, 2], 0, 0)));
        assert_eq!(told("ben", "nurse"), Some((1, 1, vec![1, 3], 0, 0)));
        assert_eq!(told("lea", "lead"), Some((0, 1, vec![4], 1, 2)));
        assert_eq!(told("cho", "chief"), Some((0, 0, vec![], 2, 0)));
        assert_eq!(told("jo", "clerk"), None);
    }
}
