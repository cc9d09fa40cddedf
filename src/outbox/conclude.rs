//! What a try at a notice, or a last look at it, ends in.
//!
//! Guarantee: pure.

use super::digest::DIGEST;
use super::letter::{Kind, Letter};
use super::outcome::Outcome;
use super::retry::next_try;
use crate::domain::instance::TaskState;
use crate::instant::Instant;
use crate::store::outbox::{AddressVerdict, Ending, Leased, Settlement, Told, Try, Verdict, Way};

/// Answers by which a receiver asks to be left alone for a while.
const BUSY: [u16; 2] = [429, 503];

/// Whether a mail has lost its point since it was queued. A breach is a fact and is always told. A missed task of a series
/// goes on being escalated, because somebody still has to answer for it.
pub fn is_stale(notice: &Leased, letter: &Letter) -> bool {
    is_beside_the_point(letter, notice.task_state, notice.acknowledged)
}

/// The same for a mail about a task in this state, whose breach is `acknowledged` or not.
pub fn is_beside_the_point(letter: &Letter, task_state: Option<TaskState>, acknowledged: bool) -> bool {
    if letter.until_claimed && task_state == Some(TaskState::Claimed) {
        return true;
    }
    match letter.kind {
        Kind::Warned => task_state.is_some_and(|state| !state.is_live()),
        Kind::Escalated => {
            let over = matches!(task_state, Some(TaskState::Completed | TaskState::Cancelled));
            over || (letter.until_acknowledged && acknowledged)
        }
        Kind::Breached | Kind::Routed => false,
    }
}

/// The settlement of a try that ended at business time `now`.
pub fn conclude(notice: &Leased, outcome: Outcome, took_ms: i64, now: Instant) -> Settlement {
    let number = notice.attempts + 1;
    let made = |status, detail: &str| Some(Try { number, took_ms, status, detail: detail.to_owned() });
    let told = |verdict| notice.webhook.as_ref().map(|target| Told { webhook: target.id, verdict, was_healthy: target.is_healthy });
    match outcome {
        Outcome::Sent { status } => {
            // Only a mail server's own word says that an address works.
            let address = status.filter(|_| notice.way == Way::Email).map(|_| AddressVerdict::Works);
            Settlement { verdict: told(Verdict::Accepted), address, ..settled(notice, made(status, "accepted"), Ending::Sent) }
        }
        Outcome::Bounced { status, detail } => {
            let address = Some(AddressVerdict::Bounces { status });
            Settlement { address, ..settled(notice, made(Some(status), &detail), Ending::Dead) }
        }
        Outcome::Dead { status, detail } => settled(notice, made(status, &detail), Ending::Dead),
        Outcome::Gone { status } => {
            let attempt = made(Some(status), "the receiver is gone; the subscription is disabled");
            Settlement { verdict: told(Verdict::Gone), ..settled(notice, attempt, Ending::Dead) }
        }
        Outcome::Retry { status, detail, after_millis } => {
            let tried = u32::try_from(number - notice.ended_at_attempt).unwrap_or(u32::MAX);
            let ending =
                next_try(notice.id, tried, now, after_millis).map_or(Ending::Dead, |next_attempt_at| Ending::Failed { next_attempt_at });
            let busy = status.is_some_and(|status| BUSY.contains(&status));
            let verdict = told(Verdict::Refused { asked_millis: after_millis.filter(|_| busy) });
            Settlement { verdict, ..settled(notice, made(status, &detail), ending) }
        }
    }
}

/// A settlement without a verdict.
pub fn settled(notice: &Leased, attempt: Option<Try>, ending: Ending) -> Settlement {
    Settlement { id: notice.id, fence: notice.fence, attempt, ending, verdict: None, is_digest: notice.event == DIGEST, address: None }
}

/// Whether the receiver should be left alone after this: it is gone, says nothing at all, or asks for it.
pub fn is_final_for_now(settlement: &Settlement) -> bool {
    match settlement.verdict.map(|told| told.verdict) {
        Some(Verdict::Gone) => true,
        Some(Verdict::Refused { .. }) => {
            settlement.attempt.as_ref().is_none_or(|made| made.status.is_none_or(|status| BUSY.contains(&status)))
        }
        Some(Verdict::Accepted) | None => false,
    }
}
