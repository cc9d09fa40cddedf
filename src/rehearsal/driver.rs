//! Runs a script action by action and tells the story.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::receiver::Listening;
use super::script::{self, Action, Expect, Script};
use super::story::{Kind, Story};
use crate::app::Installation;
use crate::domain::command::{By, Command, Envelope, Start};
use crate::domain::instance::Instance;
use crate::domain::rejection::Rejection;
use crate::domain::{audit, record::Evidence};
use crate::ids::{BreachId, InstanceId, ProgramId, StepId, TaskId, Username};
use crate::instant::Instant;
use crate::outbox::Captured;
use crate::service::{self, Answer};
use crate::{duration, store};

/// Why a rehearsal could not be told to its end. Unmet expectations are part of the story instead.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the rehearsal cannot be read: {0}")]
    Script(String),
    #[error("{0}")]
    Stage(String),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Service(#[from] service::Error),
}

/// A rehearsal under way.
pub(super) struct Driver<'a> {
    pub(super) stage: &'a Installation,
    captured: &'a Captured,
    pub(super) program: ProgramId,
    receivers: IndexMap<String, Listening>,
    pub(super) aliases: BTreeMap<String, InstanceId>,
    /// How far the audit entries and the mails have been told.
    told: i64,
    mails: usize,
    pub(super) story: Story,
}

/// Runs the script on a stage whose clock stands at `script.starts_at`.
pub async fn rehearse(stage: &Installation, captured: &Captured, script: &Script) -> Result<Story, Error> {
    let mut driver = Driver::open(stage, captured, script).await?;
    for action in &script.actions {
        driver.play(action).await?;
    }
    driver.close().await?;
    Ok(driver.story)
}

impl<'a> Driver<'a> {
    /// Stands before the first action of the script.
    pub(super) async fn open(stage: &'a Installation, captured: &'a Captured, script: &Script) -> Result<Self, Error> {
        let mut driver = Self {
            stage,
            captured,
            program: script.rehearsal.clone(),
            receivers: IndexMap::new(),
            aliases: BTreeMap::new(),
            told: 0,
            mails: 0,
            story: Story::default(),
        };
        driver.open_receivers(script).await?;
        driver.story.tell(script.starts_at, Kind::Chapter, script.title.clone());
        Ok(driver)
    }

    /// Does one action and all that follows from it.
    pub(super) async fn play(&mut self, action: &Action) -> Result<(), Error> {
        self.act(action).await?;
        self.stage.loops.drain().await?;
        self.tell_what_followed().await
    }

    async fn open_receivers(&mut self, script: &Script) -> Result<(), Error> {
        for (name, wanted) in &script.receivers {
            let listening = Listening::start(wanted.fails_first).await.map_err(|error| Error::Stage(error.to_string()))?;
            let secret = self.stage.subscribe(listening.url(), &wanted.events, &self.program).await?;
            listening.trust(secret);
            self.receivers.insert(name.clone(), listening);
        }
        Ok(())
    }

    async fn act(&mut self, action: &Action) -> Result<(), Error> {
        match action {
            Action::Tell(text) => self.story.tell(self.now(), Kind::Chapter, text.clone()),
            Action::Start(start) => self.start(start).await,
            Action::Claim(claim) => {
                self.say(format!("{} claims {}", claim.by, claim.step));
                if let Some(task) = self.task(&claim.on, &claim.step).await? {
                    self.send(&claim.by, Command::Claim(task), None).await;
                }
            }
            Action::ConfirmGate(gate) => self.confirm_gate(gate).await?,
            Action::Complete(complete) => self.complete(complete).await?,
            Action::Pause(pause) => self.pause(pause).await?,
            Action::Resume(resume) => self.resume(resume).await?,
            Action::Extend(extend) => self.extend(extend).await?,
            Action::Reanchor(reanchor) => self.reanchor(reanchor).await?,
            Action::Acknowledge(answer) => {
                self.say(format!("{} acknowledges the breach of {}", answer.by, answer.step));
                if let Some(breach) = self.breach(&answer.on, &answer.step).await? {
                    self.send(&answer.by, Command::Acknowledge { breach, note: answer.note.clone() }, None).await;
                }
            }
            Action::Explain(answer) => {
                self.say(format!("{} explains the breach of {}", answer.by, answer.step));
                if let Some(breach) = self.breach(&answer.on, &answer.step).await? {
                    let command = Command::Explain { breach, code: answer.code.clone(), note: answer.note.clone() };
                    self.send(&answer.by, command, None).await;
                }
            }
            Action::Import(import) => {
                self.say(format!("{} imports {}", import.by, import.source));
                match &import.csv {
                    Some(csv) => self.stage.import(&self.program, &import.source, csv.clone().into_bytes()).await?,
                    None => self.stage.import_sample(&self.program, &import.source).await?,
                }
            }
            Action::Advance(length) => self.advance(length).await?,
            Action::ExpectBreaches(expected) => {
                let found = self.breaches(&expected.on).await?.len();
                self.expect(found == expected.count, format!("{} breaches of {}, {found} found", expected.count, expected.on));
            }
            Action::ExpectState(expected) => {
                let found = self.instance(self.alias(&expected.on)?).await?;
                let state = (found.state.as_str(), found.outcome.as_ref().map(crate::ids::OutcomeId::as_str));
                let wanted = (expected.state.as_str(), expected.outcome.as_deref());
                self.expect(state == wanted, format!("{} to be {wanted:?}, found {state:?}", expected.on));
            }
            Action::OpenRoster(open) => self.open_roster(open).await?,
            Action::CloseMonth(close) => self.close_month(close).await?,
            Action::CompareMonth(compare) => self.compare_month(compare).await?,
            Action::Position(position) => self.position(position).await?,
            Action::Statement(statement) => self.statement(statement).await?,
            Action::ExpectFigure(expected) => self.expect_figure(expected).await?,
            Action::ExpectReport(expected) => self.expect_report(expected).await?,
            Action::ExpectStarted(expected) => self.expect_started(expected).await?,
        }
        Ok(())
    }

    async fn start(&mut self, start: &script::Start) {
        self.say(format!("{} starts {} as {}", start.by, start.workflow, start.alias));
        let command = Command::Start(Start {
            program: self.program.clone(),
            workflow: start.workflow.clone(),
            started_with: start.started_with.clone(),
        });
        let started = self.send(&start.by, command, start.expect.as_ref()).await;
        if let Some(id) = started.and_then(|answer| answer.body.read()["id"].as_str().and_then(|id| id.parse().ok())) {
            self.aliases.insert(start.alias.clone(), id);
        }
    }

    async fn confirm_gate(&mut self, gate: &script::ConfirmGate) -> Result<(), Error> {
        self.say(format!("{} confirms {} of {}", gate.by, gate.gate, gate.step));
        let evidence = Evidence { note: gate.note.clone(), reference: gate.reference.clone() };
        if let Some(task) = self.task(&gate.on, &gate.step).await? {
            let command = Command::ConfirmGate { task, gate: gate.gate.clone(), confirmed: true, evidence: Some(evidence) };
            self.send(&gate.by, command, None).await;
        }
        Ok(())
    }

    async fn complete(&mut self, complete: &script::Complete) -> Result<(), Error> {
        let outcome = complete.outcome.as_ref().map_or_else(String::new, |outcome| format!(" with {outcome}"));
        self.say(format!("{} completes {} of {}{outcome}", complete.by, complete.step, complete.on));
        if let Some(task) = self.task(&complete.on, &complete.step).await? {
            let command = Command::Complete { task, submission: complete.submission() };
            self.send(&complete.by, command, complete.expect.as_ref()).await;
        }
        Ok(())
    }

    async fn advance(&mut self, length: &str) -> Result<(), Error> {
        let millis = duration::parse_millis(length).map_err(Error::Script)?;
        let to = self.now().plus_millis(millis).map_err(|error| Error::Script(error.to_string()))?;
        self.say(format!("{length} pass"));
        self.stage.loops.advance_to(to).await?;
        Ok(())
    }

    /// Sends a command and tells how it was answered; an answer that the script did not expect is an unmet expectation.
    pub(super) async fn send(&mut self, by: &Username, command: Command, expect: Option<&Expect>) -> Option<Answer> {
        let now = self.now();
        let services = &self.stage.services;
        let envelope = Envelope {
            id: services.ids.command_id(now),
            by: By::Person(by.clone()),
            acting_for: None,
            command,
            if_match: None,
            idempotency: None,
            dry_run: false,
        };
        let answered = services.execute(envelope).await;
        self.answered(answered, expect)
    }

    /// Tells how a request was answered, as `send` does.
    pub(super) fn answered(&mut self, answered: Result<Answer, service::Error>, expect: Option<&Expect>) -> Option<Answer> {
        match (answered, expect) {
            (Ok(answer), None) => Some(answer),
            (Ok(_), Some(expect)) => {
                self.expect(false, format!("a refusal for {}, but it was accepted", expect.refused.join(", ")));
                None
            }
            (Err(error), expect) => {
                self.tell_refusal(&error, expect);
                None
            }
        }
    }

    fn tell_refusal(&mut self, error: &service::Error, expect: Option<&Expect>) {
        let now = self.now();
        let found: Vec<String> = match error {
            service::Error::Rejected(Rejection::Violations(violations)) => {
                for violation in violations {
                    let kind = format!("{:?}", violation.kind).to_lowercase();
                    self.story.tell(now, Kind::Event, format!("refused, {kind} {}: {}", violation.id, violation.message));
                }
                violations.iter().map(|violation| violation.id.clone()).collect()
            }
            other => {
                self.story.tell(now, Kind::Event, format!("refused: {other}"));
                vec![code_of(other).to_owned()]
            }
        };
        let mut sorted = (found.clone(), expect.map(|expect| expect.refused.clone()).unwrap_or_default());
        sorted.0.sort();
        sorted.1.sort();
        self.expect(sorted.0 == sorted.1, format!("a refusal for [{}], found [{}]", sorted.1.join(", "), sorted.0.join(", ")));
    }

    pub(super) fn expect(&mut self, met: bool, what: String) {
        if !met {
            self.story.tell(self.now(), Kind::Unmet, format!("expected {what}"));
        }
    }

    pub(super) fn now(&self) -> Instant {
        self.stage.services.clock.now()
    }

    pub(super) async fn instance(&self, id: InstanceId) -> Result<Instance, Error> {
        let found = self.stage.services.store.instance(id).await?;
        found.ok_or_else(|| Error::Stage("an instance that was started cannot be found".to_owned()))
    }

    pub(super) fn say(&mut self, text: String) {
        self.story.tell(self.now(), Kind::Action, text);
    }

    pub(super) fn alias(&self, alias: &str) -> Result<InstanceId, Error> {
        self.aliases.get(alias).copied().ok_or_else(|| Error::Script(format!("no instance was started as {alias}")))
    }

    /// The newest task of a step that still waits, or the newest of all.
    pub(super) async fn task(&mut self, alias: &str, step: &StepId) -> Result<Option<TaskId>, Error> {
        let instance = self.instance(self.alias(alias)?).await?;
        let live = instance.tasks.iter().rev().find(|task| task.step == *step && task.state.is_live());
        let found = live.or_else(|| instance.latest_task(step)).map(|task| task.id);
        self.expect(found.is_some(), format!("a task of {step}"));
        Ok(found)
    }

    async fn breach(&mut self, alias: &str, step: &StepId) -> Result<Option<BreachId>, Error> {
        let instance = self.instance(self.alias(alias)?).await?;
        let found = instance.breaches.iter().rev().find(|breach| breach.step == *step).map(|breach| breach.id);
        self.expect(found.is_some(), format!("a breach of {step}"));
        Ok(found)
    }

    async fn breaches(&self, alias: &str) -> Result<Vec<BreachId>, Error> {
        let history = self.stage.services.store.history(self.alias(alias)?).await?;
        Ok(history.breaches.into_iter().map(|(breach, _)| breach.id).collect())
    }

    /// Tells the audit entries, mails and webhooks that came since the last look.
    async fn tell_what_followed(&mut self) -> Result<(), Error> {
        let store = &self.stage.services.store;
        let bound = store.export_bound().await?;
        for stored in store.entries_by_position(bound, self.told, u64::from(u16::MAX)).await? {
            self.told = stored.position;
            let entry: audit::Entry =
                serde_json::from_str(&stored.body).map_err(|error| Error::Stage(format!("an audit entry cannot be read: {error}")))?;
            let named = self.aliases.iter().find(|(_, id)| Some(**id) == entry.instance).map(|(alias, _)| alias.clone());
            self.story.tell_entry(&entry, named.as_deref().unwrap_or(self.program.as_str()));
        }
        let now = self.now();
        let mails = self.captured.list(None, None, usize::MAX);
        let mut lines: Vec<(Instant, String)> =
            mails.iter().skip(self.mails).map(|mail| (mail.at, format!("mail to {}: {}", mail.to.join(", "), mail.subject))).collect();
        self.mails = mails.len();
        lines.sort();
        for (at, line) in lines {
            self.story.tell(at, Kind::Mail, line);
        }
        for (name, receiver) in &self.receivers {
            for received in receiver.take() {
                let verified = if received.verified { "signature verified" } else { "SIGNATURE WRONG" };
                let text = format!(
                    "webhook {} to {name}, number {}, {verified}, answered {}",
                    received.event, received.sequence, received.answered
                );
                self.story.tell(now, if received.verified { Kind::Webhook } else { Kind::Unmet }, text);
            }
        }
        Ok(())
    }

    /// Ends the story with the heads of the audit streams.
    async fn close(&mut self) -> Result<(), Error> {
        let now = self.now();
        for (alias, id) in &self.aliases {
            let instance = self.instance(*id).await?;
            let text = format!("audit of {alias}: {} entries, head {}", instance.audit_sequence, instance.audit_head);
            self.story.tell(now, Kind::Summary, text);
        }
        let unmet = self.story.unmet();
        let text = if unmet == 0 { "every expectation was met".to_owned() } else { format!("{unmet} expectations were not met") };
        self.story.tell(now, Kind::Summary, text);
        Ok(())
    }
}

/// The stable code of a refusal without violations.
fn code_of(error: &service::Error) -> &'static str {
    match error {
        service::Error::Rejected(rejection) => match rejection {
            Rejection::NotFound => "not_found",
            Rejection::RoleRequired { .. } => "role_required",
            Rejection::Forbidden { .. } => "forbidden",
            Rejection::TaskNotOpen { .. } => "task_not_open",
            Rejection::TaskClaimed { .. } => "task_claimed",
            Rejection::NotClaimed => "not_claimed",
            Rejection::AlreadyRunning { .. } => "already_running",
            Rejection::InstanceEnded => "instance_ended",
            Rejection::BreachState { .. } => "breach_state",
            Rejection::AmendmentState { .. } => "amendment_state",
            Rejection::ClockState { .. } => "clock_state",
            Rejection::Stale { .. } => "stale",
            Rejection::Violations(_) => "violations",
        },
        service::Error::RoleRequired(_) => "role_required",
        service::Error::State { code, .. } => code,
        service::Error::NotFound => "not_found",
        _ => "error",
    }
}
