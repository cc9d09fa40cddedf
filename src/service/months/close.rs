//! Closing a month: one person proposes it, another one confirms it, and everything is locked in one commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compare::{self, Comparison};
use super::{Counted, compute, named};
use crate::domain::audit;
use crate::domain::command::{Actor, Idempotency, Principal};
use crate::domain::decide::{self, Situation};
use crate::domain::event::Event;
use crate::domain::facts::Facts;
use crate::domain::month::Month;
use crate::domain::month::book::Computed;
use crate::domain::rejection::{Violation, ViolationKind};
use crate::ids::{InstanceId, Mint, ProgramId, Username};
use crate::instant::Instant;
use crate::service::replies;
use crate::service::{Answer, Error, Services};
use crate::store;
use crate::store::months::{ClosedMonth, StoredMonth};
use crate::store::slice::Written;

/// Proposes or confirms the closing of a month. The first answer is 202, that of the confirmation 200 with the locked month.
pub async fn close(
    services: &Services,
    who: &Principal,
    program: &ProgramId,
    month: &str,
    asked: Option<&Idempotency>,
) -> Result<Answer, Error> {
    let counted = Counted::of(services, who, program).await?;
    let month = named(month)?;
    counted.require(services, who, &counted.months()?.closed_by).await?;
    let username = Username::from(who.username.as_str());
    if let Some(earlier) = replies::earlier(services, &username, asked).await? {
        return Ok(earlier);
    }
    let (_, end) = month.bounds(&counted.published.program.time).map_err(|_| Error::NotFound)?;
    if services.clock.now() < end {
        return Err(state(format!("{month} has not ended: it can be closed from {end} on")));
    }
    let closing = Closing { services, counted: &counted, who, username, month, asked };
    replies::again(services, async || match services.store.month(program, month).await? {
        None => Ok(closing.propose().await),
        Some(StoredMonth { closed: Some(closed), .. }) => {
            Err(state(format!("{month} was closed at {} and stays closed; what comes later is an adjustment", closed.closed_at)))
        }
        Some(proposal) if proposal.proposed_by == closing.username => {
            let message = format!("you proposed to close {month} yourself; another person confirms it");
            Err(counted.refuse(services, who, Violation::new(ViolationKind::Duty, "month", message)).await?)
        }
        Some(proposal) => closing.confirm(&proposal).await,
    })
    .await
}

fn state(message: String) -> Error {
    Error::State { code: "wrong_state", message }
}

struct Closing<'a> {
    services: &'a Services,
    counted: &'a Counted,
    who: &'a Principal,
    username: Username,
    month: Month,
    asked: Option<&'a Idempotency>,
}

/// What a confirmation writes.
struct Locked<'a> {
    closed: ClosedMonth,
    computed: &'a Computed,
    comparison: &'a Comparison,
    settlement: Option<Written>,
    proposed_by: &'a Username,
}

impl Closing<'_> {
    async fn propose(&self) -> Result<Answer, store::Error> {
        let now = self.services.clock.now();
        let proposal = StoredMonth { month: self.month, proposed_at: now, proposed_by: self.username.clone(), closed: None };
        let mut write = self.services.store.begin_write().await?;
        write.propose_month(self.counted.program(), self.counted.published.program.version, &proposal).await?;
        let event = Event::MonthProposed { month: self.month };
        self.counted.entry(self.services, self.who, now, event).append(&mut write).await?;
        let body = super::views::listed(self.counted.program(), &proposal);
        let answer = Answer { status: 202, body: body.into(), etag: None, replayed: false };
        replies::keep(&mut write, &self.username, self.asked, &answer, now).await?;
        write.commit().await?;
        Ok(answer)
    }

    /// Computes outside the writer, then writes what came out.
    async fn confirm(&self, proposal: &StoredMonth) -> Result<Result<Answer, store::Error>, Error> {
        let now = self.services.clock.now();
        let computed = compute::compute(self.services, &self.counted.published, self.month, now).await?;
        let rows = Arc::new(computed.rows.clone());
        let comparison = compare::run(self.services, &self.counted.published, self.month, rows, now).await?;
        let settlement = self.settlement(now)?;
        let closed = ClosedMonth {
            closed_at: now,
            closed_by: self.username.clone(),
            version: self.counted.published.program.version,
            sha256: computed.sha256.clone(),
            document: computed.text.clone(),
            settlement: settlement.as_ref().map(|written| written.decision.instance.id),
        };
        let proposed_by = &proposal.proposed_by;
        let locked = Locked { closed, computed: &computed, comparison: &comparison, settlement, proposed_by };
        let after = StoredMonth { closed: Some(locked.closed.clone()), ..proposal.clone() };
        let answer = Answer { status: 200, body: super::views::listed(self.counted.program(), &after).into(), etag: None, replayed: false };
        Ok(self.write(&locked, &answer).await.map(|()| answer))
    }

    /// One short commit: settlement, month, roster, comparison, audit entries.
    async fn write(&self, locked: &Locked<'_>, answer: &Answer) -> Result<(), store::Error> {
        let program = self.counted.program();
        let now = locked.closed.closed_at;
        let computed = locked.computed;
        let rows: Vec<(InstanceId, &str)> =
            computed.rows.iter().map(|row| row.instance).zip(computed.row_texts.iter().map(String::as_str)).collect();
        let mut write = self.services.store.begin_write().await?;
        if let Some(settlement) = &locked.settlement {
            write.write(std::slice::from_ref(settlement)).await?;
        }
        write.close_month(program, self.month, &locked.closed, &rows).await?;
        let event = Event::MonthClosed {
            month: self.month,
            rows: computed.book.rows,
            roster_sha256: computed.book.roster_sha256.clone(),
            sha256: computed.sha256.clone(),
            proposed_by: locked.proposed_by.clone(),
            settlement: locked.closed.settlement,
        };
        self.counted.entry(self.services, self.who, now, event).append(&mut write).await?;
        if !locked.comparison.results.is_empty() {
            write.add_month_comparison(program, self.month, &locked.comparison.stored(&self.username, now)).await?;
            self.counted.entry(self.services, self.who, now, locked.comparison.event(self.month)).append(&mut write).await?;
        }
        replies::keep(&mut write, &self.username, self.asked, answer, now).await?;
        write.commit().await
    }

    /// The settlement's start, decided and sealed like any command.
    fn settlement(&self, now: Instant) -> Result<Option<Written>, Error> {
        let command = self.services.ids.command_id(now);
        let calendars = self.services.calendars.book();
        let situation = Situation {
            published: &self.counted.published,
            calendars: &calendars,
            instance: None,
            facts: &Facts::default(),
            people: &BTreeMap::new(),
            actor: Actor::Person(self.who),
            now,
            if_match: None,
            dry_run: false,
            running: None,
            cases: &[],
        };
        let Some(mut decision) = decide::settle(&situation, self.month, Mint::new(command, now))? else { return Ok(None) };
        let events = std::mem::take(&mut decision.events);
        let audit_body = audit::seal(&mut decision.instance, command, now, (self.username.as_str(), None), events)
            .map_err(|error| Error::Internal(format!("the audit entry cannot be written: {error}")))?;
        let actor = self.username.to_string();
        Ok(Some(Written { command, at: now, actor, before: None, decision, fired: None, audit_body, reply: None }))
    }
}
