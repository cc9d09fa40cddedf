//! Somebody who works a task ends the pause of its clock before its planned end.

use super::super::clock::{Clock, ClockState, Reason, RungPoint};
use super::super::deadline;
use super::super::decision::{Decision, Reply};
use super::super::definition::Due;
use super::super::event::Event;
use super::super::instance::TaskState;
use super::super::ledger::{Pause, PauseEnd};
use super::super::policy::Access;
use super::super::rejection::Rejection;
use super::deadlines::refused;
use super::work::Work;
use super::{Situation, ladder, pause};
use crate::ids::{ClockId, Mint, TaskId, Username};

pub fn decide(situation: &Situation<'_>, id: TaskId, mint: Mint) -> Result<Decision, Rejection> {
    let (mut work, _) = super::begin_on_live_task(situation, id, Access::Work, mint)?;
    let paused = work.instance.clock_of(id).filter(|clock| clock.state == ClockState::Paused).map(|clock| clock.id);
    let clock = paused.ok_or_else(|| pause::not_allowed("the deadline is not paused"))?;
    let by = Username::from(work.actor);
    work.resume(clock, Some(by))?;
    Ok(work.finish(Reply::Task(id)))
}

impl Work<'_> {
    /// Lets a paused clock run on; one that is not paused stays as it is. What was lost is counted to the planned end at
    /// the latest, so that downtime gives nobody more time.
    pub fn resume(&mut self, id: ClockId, by: Option<Username>) -> Result<(), Rejection> {
        let Some(clock) = self.instance.clocks.iter().find(|clock| clock.id == id).cloned() else { return Ok(()) };
        let Some(pause) = clock.ledger.open_pause().filter(|_| clock.state == ClockState::Paused) else { return Ok(()) };
        let end = self.now.min(pause.until);
        let due_at = match clock.rule {
            Due::Within { within, .. } => ladder::frame_of(&self.published.program, self.calendars, &clock)
                .and_then(|frame| deadline::after_pause(within, clock.due_at, pause.from, end, &frame))
                .map_err(|error| refused(&error))?,
            Due::At { .. } => clock.due_at,
        };
        let task = self.task_mut(clock.task)?;
        task.state = if pause.claimed { TaskState::Claimed } else { TaskState::Open };
        task.due_at = Some(due_at);
        let ended = PauseEnd { at: end, by, due_after: due_at };
        let reason = Pause { ended: Some(ended.clone()), ..pause.clone() }.told();
        let changed = Clock { due_at, state: ClockState::Running, generation: clock.generation + 1, ..clock.clone() };
        let resumed = self.put_back(changed, reason, Some(ended));
        self.events.push(Event::ClockResumed { clock: id, task: clock.task, step: clock.step.clone(), due_at });
        self.arm_from(&resumed, pause.held);
        Ok(())
    }

    /// Replaces a clock by what became of it.
    pub fn put_back(&mut self, mut changed: Clock, reason: Option<Reason>, ended: Option<PauseEnd>) -> Clock {
        changed.derivation.because.extend(reason);
        if let (Some(pause), Some(_)) = (changed.ledger.pauses.last_mut(), &ended) {
            pause.ended = ended;
        }
        if let Some(found) = self.instance.clocks.iter_mut().find(|found| found.id == changed.id) {
            *found = changed.clone();
        }
        changed
    }

    /// Arms a clock that was moved for what it had been armed for, or for what stands in its place.
    pub fn arm_from(&mut self, clock: &Clock, held: Option<RungPoint>) {
        let points = ladder::points(&self.published.program, self.calendars, clock, false);
        let from = held.and_then(|held| points.iter().position(|point| point.what == held)).unwrap_or(0);
        let next = self.skip_what_is_past(clock.id, points.get(from..).unwrap_or_default());
        self.arm(clock.id, next);
    }
}
