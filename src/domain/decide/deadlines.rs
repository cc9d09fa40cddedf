//! Starts, meets, silences and breaches the clock of a task, and keeps its one timer armed for what comes next.

use super::super::clock::{AnchorUsed, Clock, ClockState, Derivation, NextRung, Reason, RungPoint};
use super::super::deadline::{self, Frame};
use super::super::definition::{Anchor, At, Due, Length, Step, Terms, Within};
use super::super::event::{Event, Firing, Tell};
use super::super::instance::{Breach, Timer, TimerKind};
use super::super::ledger::Ledger;
use super::super::recurrence::Interval;
use super::super::rejection::{Rejection, Violation, ViolationKind};
use super::super::schedule;
use super::super::value::Value;
use super::work::Work;
use super::{acting, ladder};
use crate::ids::{BreachId, ClockId, StepId, TaskId, TimerId};
use crate::instant::Instant;

/// What opened a step, where its deadline depends on it.
#[derive(Debug, Clone)]
pub enum Opening {
    /// The first round: the definition's anchor counts.
    First,
    /// A later round: counts from the completion of this step, which reopened it.
    Again { by: StepId },
    /// A roster asks about its line: counts from now.
    Roster { number: u32 },
    /// A slot of a review series.
    Slot { slot: u32, opens_at: Instant, every: Interval, release: StepId },
}

impl Work<'_> {
    /// Starts the clock of a task, if its step has one, and sets the task's due instant.
    pub fn start_clock(&mut self, task: TaskId, step: &Step, opening: &Opening) -> Result<(), Rejection> {
        let Some((rule, anchor, anchor_at, due_at, derivation)) = self.deadline_of(step, opening)? else { return Ok(()) };
        let found = self.task_mut(task)?;
        found.due_at = Some(due_at);
        let (step_id, role) = (found.step.clone(), found.role.clone());
        let id = ClockId(self.mint.mint());
        let clock = Clock {
            id,
            task,
            step: step_id.clone(),
            role,
            state: ClockState::Running,
            generation: 1,
            rule,
            anchor,
            anchor_at,
            due_at,
            calendar: derivation.calendar.clone(),
            derivation,
            ladder: step.ladder.clone(),
            next: None,
            breach: None,
            ledger: Ledger::default(),
            reanchored: None,
            reprojected: Vec::new(),
        };
        let points = ladder::points(&self.published.program, self.calendars, &clock, false);
        let timer = Timer { id: TimerId(self.mint.mint()), generation: 0, due_at, kind: TimerKind::Rung(id), clinical: false };
        self.instance.clocks.push(clock);
        self.instance.timers.push(timer);
        self.events.push(Event::ClockArmed { clock: id, task, step: step_id, due_at });
        let first = self.skip_what_is_past(id, &points);
        self.arm(id, first);
        Ok(())
    }

    /// The point to arm for: of those already past the highest, the ones below it being superseded; the breach is
    /// never passed over.
    pub fn skip_what_is_past(&mut self, clock: ClockId, points: &[NextRung]) -> Option<NextRung> {
        let now = self.now;
        let before_breach = points.iter().take_while(|point| point.what != RungPoint::Breach);
        let past: Vec<NextRung> = before_breach.copied().filter(|point| point.at <= now).collect();
        let breach_is_past = points.iter().any(|point| point.what == RungPoint::Breach && point.at <= now);
        let keep = if breach_is_past { None } else { past.last().copied() };
        for point in past.iter().filter(|point| Some(**point) != keep) {
            self.superseded(clock, *point);
        }
        keep.or_else(|| points.iter().copied().find(|point| !past.contains(point)))
    }

    fn superseded(&mut self, clock: ClockId, point: NextRung) {
        let Some(found) = self.instance.clocks.iter().find(|found| found.id == clock) else { return };
        let rungs = ladder::rungs(&self.published.program, found);
        let rung = label(rungs, point.what);
        self.events.push(Event::RungSuperseded { clock, task: found.task, rung });
    }

    /// Arms the clock's timer for `next`, or takes it away.
    pub fn arm(&mut self, clock: ClockId, next: Option<NextRung>) {
        let mut clinical = false;
        if let Some(found) = self.instance.clocks.iter_mut().find(|found| found.id == clock) {
            found.next = next;
            clinical = found.ladder.as_ref().is_some_and(|ladder| self.published.program.is_clinical(ladder));
        }
        let kind = TimerKind::Rung(clock);
        match next {
            None => self.instance.timers.retain(|timer| timer.kind != kind),
            Some(next) => {
                if let Some(timer) = self.instance.timers.iter_mut().find(|timer| timer.kind == kind) {
                    timer.generation += 1;
                    timer.due_at = next.at;
                    timer.clinical = clinical;
                }
            }
        }
    }

    /// The task was completed: in time the clock is met; after `due_at` without a breach the breach is written now, with
    /// one notice and no later rungs. Either way nothing of the clock fires any more.
    pub fn settle_clock_of(&mut self, task: TaskId) {
        let now = self.now;
        let Some(clock) = self.instance.clocks.iter().rev().find(|clock| clock.task == task).cloned() else { return };
        match clock.state {
            ClockState::Running if now <= clock.due_at => {
                self.set_state(clock.id, ClockState::Met);
                self.events.push(Event::ClockMet { clock: clock.id, task, step: clock.step.clone(), due_at: clock.due_at });
            }
            ClockState::Running => {
                self.breach(clock.id);
            }
            ClockState::Paused | ClockState::Met | ClockState::Breached | ClockState::Cancelled | ClockState::Superseded => {}
        }
        for breach in self.instance.breaches.iter_mut().filter(|breach| breach.task == task) {
            breach.completed_at = breach.completed_at.or(Some(now));
        }
        self.arm(clock.id, None);
    }

    /// The task was cancelled: its clock runs no more. A breach stays.
    pub fn silence_clock_of(&mut self, task: TaskId) {
        let Some(clock) = self.instance.clocks.iter().rev().find(|clock| clock.task == task).cloned() else { return };
        self.arm(clock.id, None);
        match clock.state {
            ClockState::Running | ClockState::Paused => {
                self.set_state(clock.id, ClockState::Cancelled);
                self.events.push(Event::ClockCancelled { clock: clock.id, task, step: clock.step });
            }
            ClockState::Met | ClockState::Breached | ClockState::Cancelled | ClockState::Superseded => {}
        }
    }

    /// Writes down that the clock ran out, once.
    pub fn breach(&mut self, clock: ClockId) {
        let Some(found) = self.instance.clocks.iter().find(|found| found.id == clock && found.breach.is_none()).cloned() else { return };
        let id = BreachId(self.mint.mint());
        self.instance.breaches.push(Breach {
            id,
            clock,
            task: found.task,
            step: found.step.clone(),
            role: found.role.clone(),
            due_at: found.due_at,
            detected_at: self.now,
            completed_at: None,
            acknowledged: None,
            explained: None,
        });
        if let Some(changed) = self.instance.clocks.iter_mut().find(|found| found.id == clock) {
            changed.state = ClockState::Breached;
            changed.breach = Some(id);
        }
        let tell = ladder::told_at_breach(ladder::rungs(&self.published.program, &found));
        let firing = self.firing(&found, "breach".to_owned(), 1, tell);
        self.events.push(Event::ClockBreached { breach: id, firing });
        for rung in ladder::rungs(&self.published.program, &found).iter().filter(|rung| rung.at == At::Breach) {
            acting::act(self, found.task, rung);
        }
    }

    /// The clock of a task, if it runs and has not run out.
    pub fn running_clock_of(&self, task: TaskId) -> Result<Clock, Rejection> {
        let why = |why: &str| Rejection::ClockState { why: why.to_owned() };
        let clock = self.instance.clock_of(task).ok_or_else(|| why("the task has no deadline"))?;
        match clock.state {
            ClockState::Running if self.now < clock.due_at => Ok(clock.clone()),
            ClockState::Running | ClockState::Breached => Err(why("the deadline has run out and can no longer be moved")),
            ClockState::Paused => Err(why("the deadline is paused: resume it first")),
            ClockState::Met | ClockState::Cancelled | ClockState::Superseded => Err(why("the deadline no longer runs")),
        }
    }

    /// Describes one firing of a clock.
    pub fn firing(&self, clock: &Clock, rung: String, repetition: u32, tell: Vec<Tell>) -> Firing {
        let task = self.instance.task(clock.task);
        Firing {
            clock: clock.id,
            generation: clock.generation,
            task: clock.task,
            step: clock.step.clone(),
            role: clock.role.clone(),
            assignee: task.and_then(|task| task.assignee.clone()),
            inbox: task.and_then(|task| task.role.clone()).filter(|role| Some(role) != clock.role.as_ref()),
            due_at: clock.due_at,
            rung,
            repetition,
            tell,
        }
    }

    fn set_state(&mut self, clock: ClockId, state: ClockState) {
        if let Some(found) = self.instance.clocks.iter_mut().find(|found| found.id == clock) {
            found.state = state;
        }
    }

    /// Rule, anchor, instants and reasons of a step's deadline; none where the step has none.
    #[expect(clippy::type_complexity, reason = "the parts go into a clock one line later")]
    fn deadline_of(&self, step: &Step, opening: &Opening) -> Result<Option<(Due, AnchorUsed, Instant, Instant, Derivation)>, Rejection> {
        let frame_of = |terms: &Terms| Frame::current(&self.published.program.time, terms, self.calendars).map_err(|error| refused(&error));
        if let Opening::Slot { slot, opens_at, every, release } = opening {
            let (within, of) = (within_one(*every), Anchor::Completed(release.to_string()));
            let rule = Due::Within { within, of, terms: Terms::default() };
            let (due_at, mut derivation) =
                deadline::due_at(within, *opens_at, &frame_of(&Terms::default())?).map_err(|error| refused(&error))?;
            let says = format!("Slot {slot} of a series that comes every {every}, on a fixed grid.");
            derivation.because.insert(0, Reason { kind: "rule".to_owned(), says, from: None, to: None });
            return Ok(Some((rule, AnchorUsed::Slot { slot: *slot }, *opens_at, due_at, derivation)));
        }
        let Some(rule) = &step.due else { return Ok(None) };
        Ok(Some(match rule {
            Due::At { at, or_earlier } => {
                let named = self.instant_of(at)?;
                let earlier = or_earlier.as_ref().and_then(|anchor| Some((anchor, self.instant_of(anchor).ok()?)));
                let earlier = earlier.filter(|(_, instant)| *instant < named);
                let due_at = earlier.map_or(named, |(_, instant)| instant);
                let mut derivation = deadline::due_at_named(due_at, self.published.program.time.zone);
                if let Anchor::NextMeeting(_) = at {
                    let says = match earlier {
                        None => format!("The {at}, as it was known when the step opened."),
                        Some((anchor, _)) => format!("{anchor} names it; it lies before the {at}, which would be {named}."),
                    };
                    derivation.because.insert(0, Reason { kind: "rule".to_owned(), says, from: None, to: None });
                }
                (rule.clone(), AnchorUsed::Declared(at.clone()), self.now, due_at, derivation)
            }
            Due::Within { within, of, terms } => {
                let (anchor, anchor_at) = match opening {
                    Opening::Again { by } => (AnchorUsed::Reopened { by: by.clone() }, self.now),
                    Opening::Roster { number } => (AnchorUsed::Roster { number: *number }, self.now),
                    Opening::First | Opening::Slot { .. } => (AnchorUsed::Declared(of.clone()), self.instant_of(of)?),
                };
                let (due_at, derivation) = deadline::due_at(*within, anchor_at, &frame_of(terms)?).map_err(|error| refused(&error))?;
                (rule.clone(), anchor, anchor_at, due_at, derivation)
            }
        }))
    }

    /// When a body meets next, or a workflow starts by itself next.
    fn next_meeting(&self, id: &str) -> Result<Instant, Rejection> {
        let program = &self.published.program;
        let none = || violated("due", format!("no further meeting of {id} is known: add its next meetings to the definition"));
        if let Some(body) = program.bodies.get(id) {
            let next = schedule::next_meeting(body, program, self.calendars, self.now).map_err(|error| refused(&error))?;
            return next.ok_or_else(none);
        }
        let starts = program.workflows.get(id).and_then(|workflow| workflow.starts.as_ref()).ok_or_else(none)?;
        let grid = schedule::grid(starts, program, self.calendars).map_err(|error| refused(&error))?;
        let next = grid.next_after(self.now).map_err(|error| refused(&deadline::Error::CalendarRunOut(error)))?;
        next.ok_or_else(none)
    }

    /// The instant an anchor stands for.
    fn instant_of(&self, anchor: &Anchor) -> Result<Instant, Rejection> {
        let value = match anchor {
            Anchor::Started(name) => self.instance.started.get(name.as_str()),
            Anchor::Completed(step) => return Ok(self.instance.records.get(step.as_str()).map_or(self.now, |record| record.completed_at)),
            Anchor::Asked { step, ask } => self.instance.records.get(step.as_str()).and_then(|record| record.asks.get(ask.as_str())),
            Anchor::NextMeeting(meeting) => return self.next_meeting(meeting),
        };
        match value {
            Some(Value::Timestamp(instant)) => Ok(*instant),
            Some(Value::Date(date)) => deadline::start_of(*date, self.published.program.time.zone).map_err(|error| refused(&error)),
            _ => Err(violated(&anchor.to_string(), format!("the deadline counts from {anchor}, which has no instant"))),
        }
    }
}

/// The time a slot has: one interval.
fn within_one(every: Interval) -> Within {
    match every {
        Interval::Elapsed { millis } => Within::Elapsed(Length { millis }),
        Interval::Days(days) => Within::CalendarDays(days),
    }
}

/// A deadline that cannot be computed, as something a person can act on.
pub fn refused(error: &deadline::Error) -> Rejection {
    violated("due", format!("the deadline cannot be computed: {error}"))
}

fn violated(id: &str, why: String) -> Rejection {
    Rejection::Violations(vec![Violation::new(ViolationKind::State, id, why)])
}

/// A point in words of the definition.
pub fn label(rungs: &[super::super::definition::Rung], what: RungPoint) -> String {
    match what {
        RungPoint::Breach => "breach".to_owned(),
        RungPoint::Resume => "resume".to_owned(),
        RungPoint::Rung { index, .. } => rungs.get(index as usize).map_or_else(String::new, |rung| rung.at.to_string()),
    }
}
