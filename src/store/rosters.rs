//! Rosters that were opened, and the lines that run.
//!
//! Guarantee: a roster is opened once; what came of it is never written again.

use std::collections::BTreeMap;

use entity::{instance, roster_opening};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{Error, Store, WriteTransaction};
use crate::domain::instance::InstanceState;
use crate::ids::{InstanceId, ProgramId, Username, WorkflowId};
use crate::instant::Instant;

/// A roster that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRoster {
    /// The version of the source.
    pub number: u32,
    pub opened_at: Instant,
    pub opened_by: Username,
    /// Hex, of `document`.
    pub sha256: String,
    /// JSON of what came of it.
    pub document: String,
}

impl Store {
    /// At most `limit` opened rosters with a number below `before`, the newest first.
    pub async fn rosters(
        &self,
        program: &ProgramId,
        workflow: &WorkflowId,
        before: Option<u32>,
        limit: u64,
    ) -> Result<Vec<StoredRoster>, Error> {
        let mut query = roster_opening::Entity::find()
            .filter(roster_opening::Column::Program.eq(program.as_str()))
            .filter(roster_opening::Column::Workflow.eq(workflow.as_str()))
            .order_by_desc(roster_opening::Column::Number)
            .limit(limit);
        if let Some(before) = before {
            query = query.filter(roster_opening::Column::Number.lt(signed(before)));
        }
        Ok(query.all(self.reader()).await?.into_iter().map(read).collect())
    }

    /// One opened roster.
    pub async fn roster(&self, program: &ProgramId, workflow: &WorkflowId, number: u32) -> Result<Option<StoredRoster>, Error> {
        let key = (program.to_string(), workflow.to_string(), signed(number));
        Ok(roster_opening::Entity::find_by_id(key).one(self.reader()).await?.map(read))
    }

    /// The running instances of a workflow by what there is one per.
    pub async fn running_lines(&self, program: &ProgramId, workflow: &WorkflowId) -> Result<BTreeMap<String, InstanceId>, Error> {
        let rows: Vec<(Option<String>, Uuid)> = instance::Entity::find()
            .select_only()
            .columns([instance::Column::OnePer, instance::Column::Id])
            .filter(instance::Column::Program.eq(program.as_str()))
            .filter(instance::Column::Workflow.eq(workflow.as_str()))
            .filter(instance::Column::State.eq(InstanceState::Running.as_str()))
            .into_tuple()
            .all(self.reader())
            .await?;
        Ok(rows.into_iter().filter_map(|(one_per, id)| Some((one_per?, InstanceId(id)))).collect())
    }
}

impl WriteTransaction {
    /// Keeps what came of a roster. `Duplicate` when somebody else opened it first.
    pub async fn add_roster(&mut self, program: &ProgramId, workflow: &WorkflowId, new: &StoredRoster) -> Result<(), Error> {
        let row = roster_opening::Model {
            program: program.to_string(),
            workflow: workflow.to_string(),
            number: signed(new.number),
            opened_at: new.opened_at.millis(),
            opened_by: new.opened_by.to_string(),
            sha256: new.sha256.clone(),
            document: new.document.clone(),
        };
        row.into_active_model().reset_all().insert(self.connection()).await?;
        Ok(())
    }
}

fn read(row: roster_opening::Model) -> StoredRoster {
    StoredRoster {
        number: u32::try_from(row.number).unwrap_or(0),
        opened_at: Instant::clamped(row.opened_at),
        opened_by: Username(row.opened_by),
        sha256: row.sha256,
        document: row.document,
    }
}

fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
