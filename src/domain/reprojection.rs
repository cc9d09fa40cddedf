//! Moving running clocks onto another version of a calendar, or of a program's deadlines.
//!
//! Guarantee: pure. A new version moves nothing by itself. `judge` says what would become of one clock, and the same function
//! decides when it is moved, so what was previewed is what happens or nothing does.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::audit::sha256_hex;
use super::calendar::{CalendarVersion, Calendars};
use super::clock::{AnchorUsed, Clock, ClockState, Derivation};
use super::deadline::{self, Frame, Walk};
use super::definition::{Due, Terms, TimeRules};
use super::ledger::Ledger;
use crate::ids::{CalendarId, ClockId, InstanceId, ProgramId, ReprojectionId, StepId, TaskId, Username, WorkflowId};
use crate::instant::Instant;

/// What clocks are to follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    /// This version of a calendar, for every clock that follows an earlier one.
    Calendar { calendar: CalendarId, version: u32 },
    /// The deadlines of this version of a program, for every running instance of an earlier one.
    Program { program: ProgramId, version: u32 },
}

/// What one clock is to follow from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Onto {
    Calendar(CalendarVersion),
    /// The rule of its step in this version of the program. Zone and close of business stay those of the instance's version, and
    /// the calendar its pinned one, unless the rule names another.
    Rule {
        version: u32,
        rule: Due,
    },
}

/// Moves one clock, if it is still as it was previewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reproject {
    pub task: TaskId,
    pub clock: ClockId,
    /// The clock's when it was previewed.
    pub generation: i64,
    pub onto: Onto,
    /// What the preview said.
    pub due_after: Instant,
    pub reprojection: ReprojectionId,
    pub approved_by: Username,
}

/// That a clock was moved, as the clock remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reprojected {
    pub reprojection: ReprojectionId,
    pub at: Instant,
    pub approved_by: Username,
    pub due_before: Instant,
    pub due_after: Instant,
}

/// What of a clock its due instant depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub id: ClockId,
    pub task: TaskId,
    pub step: StepId,
    pub state: ClockState,
    pub generation: i64,
    pub rule: Due,
    pub anchor: AnchorUsed,
    pub anchor_at: Instant,
    pub due_at: Instant,
    pub calendar: Option<CalendarVersion>,
    pub ledger: Ledger,
}

/// What would become of a clock.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It does not depend on what changed.
    Unconcerned,
    /// It would be due at the same instant, and stays on its version.
    Same,
    Moves(Box<Projected>),
    /// It cannot be moved.
    Stays(Stays),
}

/// Why a clock cannot be moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stays {
    #[error("its deadline has passed already")]
    RunOut,
    #[error("the new version counts from something else")]
    OtherAnchor,
    #[error("{0}")]
    Impossible(deadline::Error),
}

/// A clock's deadline on the new version.
#[derive(Debug, Clone, PartialEq)]
pub struct Projected {
    pub rule: Due,
    pub calendar: Option<CalendarVersion>,
    pub due_at: Instant,
    /// Its pauses and extensions, with the due instants they lead to now.
    pub ledger: Ledger,
    walk: Walk,
    terms: Terms,
    follows: CalendarVersion,
}

/// What one clock would do on a new version. `time` is that of the program version its instance is pinned to.
pub fn judge(standing: &Standing, onto: &Onto, time: &TimeRules, calendars: &Calendars, now: Instant) -> Verdict {
    let Due::Within { within: _, of: old_anchor, .. } = &standing.rule else {
        let other = matches!(onto, Onto::Rule { rule, .. } if *rule != standing.rule);
        return if other { Verdict::Stays(Stays::OtherAnchor) } else { Verdict::Unconcerned };
    };
    let follows = match onto {
        Onto::Calendar(to) => match &standing.calendar {
            Some(from) if from.calendar == to.calendar && from.number < to.number => Some(to.clone()),
            Some(_) | None => return Verdict::Unconcerned,
        },
        Onto::Rule { rule, .. } if *rule == standing.rule => return Verdict::Unconcerned,
        Onto::Rule { .. } => match standing.anchor {
            AnchorUsed::Slot { .. } => return Verdict::Unconcerned,
            AnchorUsed::Declared(_) | AnchorUsed::Reopened { .. } | AnchorUsed::Roster { .. } => None,
        },
    };
    if standing.state == ClockState::Running && standing.due_at < now {
        return Verdict::Stays(Stays::RunOut);
    }
    let rule = match onto {
        Onto::Calendar(_) => &standing.rule,
        Onto::Rule { rule, .. } => rule,
    };
    match rule {
        Due::Within { of, .. } if of == old_anchor => {}
        Due::Within { .. } | Due::At { .. } => return Verdict::Stays(Stays::OtherAnchor),
    }
    match project(standing, rule, follows, time, calendars) {
        Ok(None) => Verdict::Stays(Stays::OtherAnchor),
        Ok(Some(projected)) if projected.due_at == standing.due_at => Verdict::Same,
        Ok(Some(projected)) => Verdict::Moves(Box::new(projected)),
        Err(error) => Verdict::Stays(Stays::Impossible(error)),
    }
}

/// The deadline from its anchor on by `rule`, with everything that was done to it done again.
fn project(
    standing: &Standing,
    rule: &Due,
    follows: Option<CalendarVersion>,
    time: &TimeRules,
    calendars: &Calendars,
) -> Result<Option<Projected>, deadline::Error> {
    let Due::Within { within, terms, .. } = rule else { return Ok(None) };
    let named = terms.calendar.as_ref().unwrap_or(&time.calendar);
    let pinned = follows.as_ref().or(standing.calendar.as_ref()).filter(|version| version.calendar == *named);
    let frame = match pinned {
        Some(version) => Frame::pinned(time, terms, version, calendars)?,
        None => Frame::current(time, terms, calendars)?,
    };
    let walk = deadline::walk(*within, standing.anchor_at, &frame)?;
    let mut ledger = standing.ledger.clone();
    // What a deadline was moved to is no new anchor: a cut-off does not move it.
    let uncut = Frame { cut_off: None, ..frame };
    let due_at = ledger.redo(
        walk.due,
        |due, from, to| deadline::after_pause(*within, due, from, to, &frame),
        |length, due| deadline::walk(length, due, &uncut).map(|walk| walk.due),
    )?;
    let follows = frame.calendar.version.clone();
    let calendar = within.is_business().then(|| follows.clone());
    Ok(Some(Projected { rule: rule.clone(), calendar, due_at, ledger, walk, terms: terms.clone(), follows }))
}

impl Projected {
    /// Why it is due then, with its pauses and extensions.
    ///
    /// # Errors
    /// When the calendars are others than it was computed with.
    pub fn derivation(&self, time: &TimeRules, calendars: &Calendars) -> Result<Derivation, deadline::Error> {
        let frame = Frame::pinned(time, &self.terms, &self.follows, calendars)?;
        let mut derivation = deadline::explain(&self.walk, &frame);
        derivation.because.extend(self.ledger.told());
        Ok(derivation)
    }
}

impl From<&Clock> for Standing {
    fn from(clock: &Clock) -> Self {
        Self {
            id: clock.id,
            task: clock.task,
            step: clock.step.clone(),
            state: clock.state,
            generation: clock.generation,
            rule: clock.rule.clone(),
            anchor: clock.anchor.clone(),
            anchor_at: clock.anchor_at,
            due_at: clock.due_at,
            calendar: clock.calendar.clone(),
            ledger: clock.ledger.clone(),
        }
    }
}

impl Subject {
    /// The version that clocks are to follow.
    pub fn version(&self) -> u32 {
        match self {
            Self::Calendar { version, .. } | Self::Program { version, .. } => *version,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calendar { calendar, version } => write!(f, "{calendar}/{version}"),
            Self::Program { program, version } => write!(f, "version {version} of {program}"),
        }
    }
}

impl Onto {
    /// What it is, in words.
    pub fn name(&self) -> String {
        match self {
            Self::Calendar(version) => version.to_string(),
            Self::Rule { version, .. } => format!("version {version} of the program"),
        }
    }
}

/// A clock that would move, with where it is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Move {
    #[serde(rename = "clock_id")]
    pub clock: ClockId,
    /// The clock's when it was previewed.
    #[serde(skip)]
    pub generation: i64,
    #[serde(rename = "instance_id")]
    pub instance: InstanceId,
    #[serde(rename = "task_id")]
    pub task: TaskId,
    pub program: ProgramId,
    pub workflow: WorkflowId,
    pub step: StepId,
    pub due_before: Instant,
    pub due_after: Instant,
}

/// What a re-projection would do, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Counts {
    /// Clocks that run or are paused.
    pub live: u64,
    /// Those that depend on what changed.
    pub concerned: u64,
    pub moves: u64,
    pub earlier: u64,
    pub later: u64,
    /// Moves to an instant that has passed: they are overdue as soon as they are moved.
    pub overdue: u64,
    /// Clocks that cannot be moved, by the reason.
    pub left_alone: BTreeMap<String, u64>,
}

impl Counts {
    /// Most reasons told apart.
    const REASONS: usize = 20;

    /// Counts a clock that would move.
    pub fn moved(&mut self, before: Instant, after: Instant, now: Instant) {
        self.moves += 1;
        self.earlier += u64::from(after < before);
        self.later += u64::from(after > before);
        self.overdue += u64::from(after < now);
    }

    /// Counts a clock that cannot be moved.
    pub fn stayed(&mut self, why: &Stays) {
        let why = why.to_string();
        let known = self.left_alone.contains_key(&why) || self.left_alone.len() < Self::REASONS;
        *self.left_alone.entry(if known { why } else { "other reasons".to_owned() }).or_default() += 1;
    }
}

/// SHA-256 (hex) of a list of moves: the same clocks moved to the same instants give the same hash.
pub fn hash_of(subject: &Subject, moves: &[Move]) -> String {
    let mut text = format!("{subject}\n");
    for one in moves {
        text.push_str(&format!("{} {} {} {}\n", one.clock, one.generation, one.due_before.millis(), one.due_after.millis()));
    }
    sha256_hex(text.as_bytes())
}
