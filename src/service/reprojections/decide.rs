//! Proposing a re-projection, and a second person's answer to it.

use super::{Asked, entry, preview, view};
use crate::domain::command::{Idempotency, Principal};
use crate::domain::event::Event;
use crate::domain::rejection::{Rejection, Violation, ViolationKind};
use crate::domain::reprojection::Move;
use crate::ids::{ReprojectionId, Username};
use crate::service::programs::require_administrator;
use crate::service::replies::{self, ATTEMPTS, may_try_again};
use crate::service::{Answer, Error, Services};
use crate::store;
use crate::store::reprojections::{Progress, Reprojection, ReprojectionState};

const REASON_AT_MOST: usize = 1_000;

/// Proposes what a preview of `asked` shows now, with the reason. `sha256`, where it is given, names the list that was
/// previewed: another one is refused. Nothing moves before another administrator approves.
pub async fn propose(
    services: &Services,
    who: &Principal,
    asked: &Asked,
    (reason, sha256): (&str, Option<&str>),
    key: Option<&Idempotency>,
) -> Result<Answer, Error> {
    require_administrator(who)?;
    let by = Username::from(who.username.as_str());
    if let Some(earlier) = replies::earlier(services, &by, key).await? {
        return Ok(earlier);
    }
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_AT_MOST || reason.contains('\0') {
        let message = format!("say why, in 1 to {REASON_AT_MOST} characters");
        return Err(Rejection::Violations(vec![Violation::new(ViolationKind::Field, "reason", message)]).into());
    }
    let outcome = preview::compute(services, asked).await?;
    if sha256.is_some_and(|seen| seen != outcome.preview.sha256) {
        return Err(state("other deadlines would move now than the preview showed: look at a new one".to_owned()));
    }
    if outcome.moves.is_empty() {
        return Err(state(format!("no deadline would move onto {}", outcome.preview.subject)));
    }
    let now = services.clock.now();
    let proposal = Reprojection {
        id: ReprojectionId(services.ids.command_id(now).0),
        subject: outcome.preview.subject,
        state: ReprojectionState::Proposed,
        reason: reason.to_owned(),
        counts: outcome.preview.counts,
        sha256: outcome.preview.sha256,
        proposed_at: now,
        proposed_by: by,
        decided_at: None,
        decided_by: None,
        done_at: None,
    };
    for _ in 0..ATTEMPTS {
        match keep(services, &proposal, &outcome.moves, key).await {
            Ok(answer) => return Ok(answer),
            Err(error) if may_try_again(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Conflict)
}

async fn keep(services: &Services, new: &Reprojection, moves: &[Move], key: Option<&Idempotency>) -> Result<Answer, store::Error> {
    let mut write = services.store.begin_write().await?;
    write.add_reprojection(new, moves).await?;
    let event = Event::ReprojectionProposed { reprojection: new.id, moves: new.counts.moves, sha256: new.sha256.clone() };
    let command = (services.ids.command_id(new.proposed_at), new.proposed_at);
    entry(&new.subject, &new.proposed_by, command, event).append(&mut write).await?;
    let answer = answer(201, new.clone());
    replies::keep(&mut write, &new.proposed_by, key, &answer, new.proposed_at).await?;
    write.commit().await?;
    Ok(answer)
}

/// Approves a proposal: its clocks are moved from now on. Refused for whoever proposed it.
pub async fn approve(services: &Services, who: &Principal, id: ReprojectionId, key: Option<&Idempotency>) -> Result<Answer, Error> {
    let answer = decide(services, who, id, ReprojectionState::Approved, key).await?;
    services.wake.reprojections.notify_one();
    Ok(answer)
}

/// Rejects a proposal, or takes it back. Nothing moves.
pub async fn reject(services: &Services, who: &Principal, id: ReprojectionId, key: Option<&Idempotency>) -> Result<Answer, Error> {
    decide(services, who, id, ReprojectionState::Rejected, key).await
}

async fn decide(
    services: &Services,
    who: &Principal,
    id: ReprojectionId,
    to: ReprojectionState,
    key: Option<&Idempotency>,
) -> Result<Answer, Error> {
    require_administrator(who)?;
    let by = Username::from(who.username.as_str());
    if let Some(earlier) = replies::earlier(services, &by, key).await? {
        return Ok(earlier);
    }
    let proposal = services.store.reprojection(id).await?.ok_or(Error::NotFound)?;
    if proposal.state != ReprojectionState::Proposed {
        return Err(decided(&proposal));
    }
    if to == ReprojectionState::Approved && proposal.proposed_by == by {
        note_refusal(services, &proposal, &by).await?;
        let message = "you proposed it yourself; another person approves".to_owned();
        return Err(Rejection::Violations(vec![Violation::new(ViolationKind::Duty, "reprojection", message)]).into());
    }
    for _ in 0..ATTEMPTS {
        match write_decision(services, &proposal, to, &by, key).await {
            Ok(Some(answer)) => return Ok(answer),
            Ok(None) => {
                let now = services.store.reprojection(id).await?.ok_or(Error::NotFound)?;
                return Err(decided(&now));
            }
            Err(error) if may_try_again(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Conflict)
}

/// None where somebody else decided first.
async fn write_decision(
    services: &Services,
    proposal: &Reprojection,
    to: ReprojectionState,
    by: &Username,
    key: Option<&Idempotency>,
) -> Result<Option<Answer>, store::Error> {
    let now = services.clock.now();
    let mut write = services.store.begin_write().await?;
    if !write.decide_reprojection(proposal.id, to, (by, now)).await? {
        write.rollback().await?;
        return Ok(None);
    }
    let (reprojection, proposed_by) = (proposal.id, proposal.proposed_by.clone());
    let event = if to == ReprojectionState::Approved {
        Event::ReprojectionApproved { reprojection, proposed_by, moves: proposal.counts.moves, sha256: proposal.sha256.clone() }
    } else {
        Event::ReprojectionRejected { reprojection, proposed_by }
    };
    entry(&proposal.subject, by, (services.ids.command_id(now), now), event).append(&mut write).await?;
    let after = Reprojection { state: to, decided_at: Some(now), decided_by: Some(by.clone()), ..proposal.clone() };
    let answer = answer(200, after);
    replies::keep(&mut write, by, key, &answer, now).await?;
    write.commit().await?;
    Ok(Some(answer))
}

async fn note_refusal(services: &Services, proposal: &Reprojection, by: &Username) -> Result<(), Error> {
    let now = services.clock.now();
    let event = Event::CommandRefused { instance: None, task: None, step: None, code: "duty".to_owned() };
    let mut write = services.store.begin_write().await?;
    entry(&proposal.subject, by, (services.ids.command_id(now), now), event).append(&mut write).await?;
    Ok(write.commit().await?)
}

fn decided(proposal: &Reprojection) -> Error {
    state(format!("the proposal is {}: it is decided once", proposal.state.as_str()))
}

fn state(message: String) -> Error {
    Error::State { code: "wrong_state", message }
}

fn answer(status: u16, proposal: Reprojection) -> Answer {
    let body = serde_json::to_value(view(proposal, Progress::default())).unwrap_or_default();
    Answer { status, body: body.into(), etag: None, replayed: false }
}
