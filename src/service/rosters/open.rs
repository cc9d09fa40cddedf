//! Opening a roster: its rows against those of the roster before, a command for each line, and what came of them.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use indexmap::IndexMap;

use super::{Compared, Kept, Opened, OpenedRow, Refused, read, whole};
use crate::domain::audit::sha256_hex;
use crate::domain::command::{By, Command, Envelope, Idempotency, Principal, Start};
use crate::domain::definition::{Roster, Workflow};
use crate::domain::event::Event;
use crate::domain::facts::Row;
use crate::domain::rejection::Rejection;
use crate::domain::roster::{Counts, Line, RosterNote, Standing, differences, lines};
use crate::domain::value::Json;
use crate::ids::{FieldId, InstanceId, ProgramId, SourceVersionId, Username, WorkflowId};
use crate::instant::Instant;
use crate::service::program_entry::ProgramEntry;
use crate::service::{Answer, Error, Services, replies, sources};
use crate::store;
use crate::store::rosters::StoredRoster;

/// Most rows of a roster.
const ROWS_AT_MOST: usize = 20_000;
/// Commands that are sent before the first of them has been answered.
const AT_ONCE: usize = 1_000;

type Rows = Vec<(String, Row)>;

/// Opens the newest import as a roster. One that was opened already is shown as it came out.
pub async fn open(
    services: &Services,
    who: &Principal,
    (program, workflow): (&ProgramId, &WorkflowId),
    asked: Option<&Idempotency>,
) -> Result<Answer, Error> {
    let kept = Kept::of(services, who, program, workflow).await?;
    kept.require(who, false)?;
    let username = Username::from(who.username.as_str());
    if let Some(earlier) = replies::earlier(services, &username, asked).await? {
        return Ok(earlier);
    }
    let (_, roster) = kept.parts()?;
    let now = services.clock.now();
    let Some((version, rows)) = sources::as_of(services, program, &roster.source, now).await? else {
        let message = format!("{} has not been imported: import the roster, then open it", roster.source);
        return Err(Error::State { code: "wrong_state", message });
    };
    if rows.len() > ROWS_AT_MOST {
        let message = format!("the roster has {} rows, and at most {ROWS_AT_MOST} are opened at once", rows.len());
        return Err(Error::State { code: "wrong_state", message });
    }
    let last = services.store.rosters(program, workflow, None, 1).await?.pop();
    if let Some(last) = last.as_ref().filter(|last| last.number >= version.version) {
        return Ok(Answer { status: 200, body: whole(&kept, last)?.into(), etag: None, replayed: false });
    }
    let opening = Opening { services, kept: &kept, who: &username, acting_for: who.stands_for.clone(), number: version.version, at: now };
    let opened = opening.carry_out(last.as_ref(), &rows).await?;
    keep(services, &kept, (&username, asked), (version.version, now), &opened).await
}

/// Keeps what came of it, with its entry in the audit stream and the reply.
async fn keep(
    services: &Services,
    kept: &Kept,
    (username, asked): (&Username, Option<&Idempotency>),
    (number, at): (u32, Instant),
    opened: &Opened,
) -> Result<Answer, Error> {
    let document = serde_json::to_string(opened).map_err(|error| Error::Internal(format!("a roster cannot be written: {error}")))?;
    let sha256 = sha256_hex(document.as_bytes());
    let stored = StoredRoster { number, opened_at: at, opened_by: username.clone(), sha256: sha256.clone(), document };
    let answer = Answer { status: 201, body: whole(kept, &stored)?.into(), etag: None, replayed: false };
    replies::again(services, async || {
        let event = Event::RosterOpened { workflow: kept.workflow.clone(), number, counts: opened.counts, sha256: sha256.clone() };
        let named = (services.ids.command_id(at), at);
        let entry = ProgramEntry::of(kept.program(), kept.published.program.version, username, named, event);
        let written: Result<(), store::Error> = async {
            let mut write = services.store.begin_write().await?;
            write.add_roster(kept.program(), &kept.workflow, &stored).await?;
            entry.append(&mut write).await?;
            replies::keep(&mut write, username, asked, &answer, at).await?;
            write.commit().await
        }
        .await;
        // Somebody else may have opened it at the same time: theirs is kept, and says the same of every line.
        if matches!(written, Err(store::Error::Duplicate { .. }))
            && let Some(theirs) = services.store.roster(kept.program(), &kept.workflow, number).await?
        {
            return Ok(Ok(Answer { status: 200, body: whole(kept, &theirs)?.into(), etag: None, replayed: false }));
        }
        Ok(written.map(|()| answer.clone()))
    })
    .await
}

struct Opening<'a> {
    services: &'a Services,
    kept: &'a Kept,
    who: &'a Username,
    /// In whose name.
    acting_for: Option<Username>,
    number: u32,
    at: Instant,
}

impl Opening<'_> {
    async fn carry_out(&self, last: Option<&StoredRoster>, rows: &Rows) -> Result<Opened, Error> {
        let (workflow, roster) = self.kept.parts()?;
        let program = self.kept.program();
        let earlier = match last {
            Some(last) => {
                let mut rows = self.rows_of(roster, last.number).await?;
                // What nothing came of never was on the roster: nobody leaves it with such a row.
                let never = never_on(&read(last)?);
                rows.retain(|(key, _)| !never.contains(key));
                rows
            }
            None => Rows::new(),
        };
        let running = self.services.store.running_lines(program, &self.kept.workflow).await?;
        let found = lines(&earlier, rows);
        let mut results = Vec::with_capacity(found.len());
        for part in found.chunks(AT_ONCE) {
            for row in join_all(part.iter().map(|line| self.row(workflow, roster, line, &running))).await {
                results.push(row?);
            }
        }
        let compared = self.compare(roster, rows).await?;
        Ok(Opened { before: last.map(|last| last.number), counts: counts(&results), rows: results, compared })
    }

    /// The rows of the roster before.
    async fn rows_of(&self, roster: &Roster, number: u32) -> Result<Rows, Error> {
        let found = self.services.store.source_versions(self.kept.program(), &roster.source, Some(number + 1), 1).await?;
        let id: Option<SourceVersionId> = found.first().filter(|version| version.version == number).map(|version| version.id);
        match id {
            Some(id) => sources::rows_of(self.services, id).await,
            None => Err(Error::Internal(format!("roster {number} of {} is gone", roster.source))),
        }
    }

    /// Starts the line of a row, or tells it how it stands.
    async fn row(
        &self,
        workflow: &Workflow,
        roster: &Roster,
        line: &Line,
        running: &BTreeMap<String, InstanceId>,
    ) -> Result<OpenedRow, Error> {
        let mut row =
            OpenedRow { key: line.key.clone(), standing: line.standing, instance_id: running.get(&line.key).copied(), refused: None };
        if line.is_doubled {
            let message = "the roster has it more than once: keep one row and import it anew".to_owned();
            row.refused = Some(Refused { code: "doubled".to_owned(), message });
            return Ok(row);
        }
        let command = match (line.standing, row.instance_id) {
            (_, Some(instance)) => Command::NoteRoster { instance, note: RosterNote { number: self.number, standing: line.standing } },
            (Standing::Added | Standing::Changed, None) => Command::Start(self.start(workflow, roster, line)),
            // Its line has ended, and nothing has changed since.
            (Standing::Continued | Standing::Removed, None) => return Ok(row),
        };
        let id = self.services.ids.command_id(self.at);
        let envelope = Envelope {
            id,
            by: By::Person(self.who.clone()),
            command,
            if_match: None,
            idempotency: None,
            dry_run: false,
            acting_for: self.acting_for.clone(),
        };
        match self.services.execute(envelope).await {
            Ok(answer) => row.instance_id = row.instance_id.or_else(|| answer.body.read()["id"].as_str().and_then(|id| id.parse().ok())),
            Err(Error::Rejected(Rejection::AlreadyRunning { instance, .. })) => row.instance_id = Some(instance),
            Err(Error::Rejected(rejection)) => row.refused = Some(told(&rejection)),
            Err(error) => return Err(error),
        }
        Ok(row)
    }

    fn start(&self, workflow: &Workflow, roster: &Roster, line: &Line) -> Start {
        let value = |id: &FieldId| {
            if *id == roster.number_as {
                Json::from(self.number)
            } else if *id == roster.opened_as {
                Json::from(self.at.to_string())
            } else if workflow.one_per.as_ref() == Some(id) {
                Json::from(line.key.clone())
            } else {
                line.row.get(id).map_or(Json::Null, |value| value.to_json())
            }
        };
        let started_with: IndexMap<FieldId, Json> = workflow.started_with.keys().map(|id| (id.clone(), value(id))).collect();
        Start { program: self.kept.program().clone(), workflow: self.kept.workflow.clone(), started_with }
    }

    async fn compare(&self, roster: &Roster, rows: &Rows) -> Result<Option<Compared>, Error> {
        let Some(declared) = &roster.compared_with else { return Ok(None) };
        let other = sources::as_of(self.services, self.kept.program(), &declared.source, self.at).await?;
        let version = other.as_ref().map(|(version, _)| version.version);
        let differences = differences(declared, rows, other.as_ref().map_or(&[], |(_, rows)| rows.as_slice()));
        let agrees = version.is_some() && differences.is_empty();
        Ok(Some(Compared { source: declared.source.clone(), version, agrees, differences }))
    }
}

/// The keys whose rows were refused and have no line that runs.
fn never_on(opened: &Opened) -> BTreeSet<String> {
    let refused = opened.rows.iter().filter(|row| row.refused.is_some() && row.instance_id.is_none());
    refused.map(|row| row.key.clone()).collect()
}

fn counts(rows: &[OpenedRow]) -> Counts {
    let mut counts = Counts::default();
    for row in rows {
        let count = match (&row.refused, row.standing) {
            (Some(_), _) => &mut counts.refused,
            (None, Standing::Added) => &mut counts.added,
            (None, Standing::Continued) => &mut counts.continued,
            (None, Standing::Changed) => &mut counts.changed,
            (None, Standing::Removed) => &mut counts.removed,
        };
        *count += 1;
    }
    counts
}

/// A refusal in words for the row.
fn told(rejection: &Rejection) -> Refused {
    match rejection {
        Rejection::Violations(violations) => {
            let parts: Vec<String> = violations.iter().map(|one| format!("{} {}", one.id, one.message)).collect();
            Refused { code: "violations".to_owned(), message: parts.join("; ") }
        }
        other => Refused { code: "refused".to_owned(), message: other.to_string() },
    }
}
