//! Rosters: opening one, and looking at what came of it.
//!
//! Guarantee: a roster is opened once, and in parts no harm is done: what was started or asked before a failure is found when it is
//! opened again. What came of each row is kept and leaves an entry in the program's audit stream.

mod open;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{Error, Services};
use crate::domain::command::Principal;
use crate::domain::definition::{Published, Roster, Workflow};
use crate::domain::policy;
use crate::domain::roster::{Counts, Difference, Standing};
use crate::ids::{InstanceId, ProgramId, RoleId, SourceId, WorkflowId};
use crate::store::rosters::StoredRoster;

pub use open::open;

/// Rosters that a board lists.
const LISTED: u64 = 13;

/// What came of a roster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// The roster it was compared with; none for the first.
    pub before: Option<u32>,
    pub counts: Counts,
    /// By key.
    pub rows: Vec<OpenedRow>,
    pub compared: Option<Compared>,
}

/// What came of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedRow {
    pub key: String,
    pub standing: Standing,
    /// The line, where one runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<InstanceId>,
    /// Why nothing came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    pub code: String,
    pub message: String,
}

/// The source beside the roster, as it was when the roster was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    pub source: SourceId,
    /// None where it was never imported.
    pub version: Option<u32>,
    pub agrees: bool,
    pub differences: Vec<Difference>,
}

/// A workflow with rosters, for somebody who may open them or read about them.
struct Kept {
    published: Arc<Published>,
    workflow: WorkflowId,
}

impl Kept {
    /// A workflow without rosters, or outside somebody's scope, is not there.
    async fn of(services: &Services, who: &Principal, program: &ProgramId, workflow: &WorkflowId) -> Result<Self, Error> {
        let published = services.programs.visible(who, program).await?;
        let kept = Self { published, workflow: workflow.clone() };
        kept.parts()?;
        Ok(kept)
    }

    fn parts(&self) -> Result<(&Workflow, &Roster), Error> {
        let workflow = self.published.workflow(&self.workflow).ok_or(Error::NotFound)?;
        Ok((workflow, workflow.roster.as_ref().ok_or(Error::NotFound)?))
    }

    fn program(&self) -> &ProgramId {
        &self.published.program.program
    }

    /// Refuses whoever may not open it. It names participants, so no others read it but auditors and who is above.
    fn require(&self, who: &Principal, reading: bool) -> Result<(), Error> {
        let program = &self.published.program;
        let (workflow, _) = self.parts()?;
        let opens = |role: &RoleId| if role.as_str() == "integrator" { who.integrator } else { who.holds(self.program(), role) };
        let reads = |role: &RoleId| policy::manages(who, program, role);
        if workflow.started_by.iter().any(opens) || reading && (who.auditor || workflow.started_by.iter().any(reads)) {
            return Ok(());
        }
        Err(Error::RoleRequired(workflow.started_by.first().cloned().unwrap_or_else(|| RoleId::from("integrator"))))
    }
}

/// Opened rosters of a workflow below `before`, the newest first, without their rows.
pub async fn rosters(
    services: &Services,
    who: &Principal,
    (program, workflow): (&ProgramId, &WorkflowId),
    before: Option<u32>,
    limit: u64,
) -> Result<Vec<(u32, Json)>, Error> {
    let kept = Kept::of(services, who, program, workflow).await?;
    kept.require(who, true)?;
    let found = services.store.rosters(program, workflow, before, limit).await?;
    found.iter().map(|stored| Ok((stored.number, listed(&kept, stored)?))).collect()
}

/// What came of one roster, row by row.
pub async fn roster(
    services: &Services,
    who: &Principal,
    (program, workflow): (&ProgramId, &WorkflowId),
    number: u32,
) -> Result<Json, Error> {
    let kept = Kept::of(services, who, program, workflow).await?;
    kept.require(who, true)?;
    let stored = services.store.roster(program, workflow, number).await?.ok_or(Error::NotFound)?;
    whole(&kept, &stored)
}

/// What somebody sees of a workflow's rosters.
#[derive(Debug, Clone)]
pub struct Board {
    pub may_open: bool,
    /// The newest import, where it was not opened yet.
    pub waiting: Option<u32>,
    /// The numbers of those opened last, the newest first.
    pub opened: Vec<u32>,
    pub shown: Option<(StoredRoster, Opened)>,
}

/// The rosters opened last, and one of them: the one asked for, or the newest.
pub async fn board(
    services: &Services,
    who: &Principal,
    (program, workflow): (&ProgramId, &WorkflowId),
    asked: Option<u32>,
) -> Result<Board, Error> {
    let kept = Kept::of(services, who, program, workflow).await?;
    kept.require(who, true)?;
    let (_, roster) = kept.parts()?;
    let found = services.store.rosters(program, workflow, None, LISTED).await?;
    let newest = services.store.source_versions(program, &roster.source, None, 1).await?.first().map(|version| version.version);
    let last = found.first().map(|stored| stored.number);
    let opened = found.iter().map(|stored| stored.number).collect();
    let shown = match asked {
        Some(number) => Some(services.store.roster(program, workflow, number).await?.ok_or(Error::NotFound)?),
        None => found.into_iter().next(),
    };
    let shown = shown.map(|stored| read(&stored).map(|opened| (stored, opened))).transpose()?;
    let waiting = newest.filter(|newest| last.is_none_or(|last| last < *newest));
    Ok(Board { may_open: kept.require(who, false).is_ok(), waiting, opened, shown })
}

fn read(stored: &StoredRoster) -> Result<Opened, Error> {
    serde_json::from_str(&stored.document).map_err(|error| Error::Internal(format!("a kept roster cannot be read: {error}")))
}

fn listed(kept: &Kept, stored: &StoredRoster) -> Result<Json, Error> {
    let opened = read(stored)?;
    let agrees = opened.compared.as_ref().map(|compared| compared.agrees);
    Ok(json!({
        "program": kept.program(),
        "workflow": kept.workflow,
        "number": stored.number,
        "before": opened.before,
        "opened_at": stored.opened_at,
        "opened_by": stored.opened_by,
        "counts": opened.counts,
        "agrees": agrees,
        "sha256": stored.sha256,
    }))
}

fn whole(kept: &Kept, stored: &StoredRoster) -> Result<Json, Error> {
    let opened = read(stored)?;
    let mut shown = listed(kept, stored)?;
    if let Json::Object(shown) = &mut shown {
        let kept = |error: serde_json::Error| Error::Internal(format!("a roster cannot be shown: {error}"));
        shown.insert("rows".to_owned(), serde_json::to_value(&opened.rows).map_err(kept)?);
        shown.insert("compared".to_owned(), serde_json::to_value(&opened.compared).map_err(kept)?);
    }
    Ok(shown)
}
