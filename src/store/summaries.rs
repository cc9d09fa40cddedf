//! Daily summaries: when each comes, what they are made of, and who wants none.
//!
//! Guarantee: the mails of a summary and the instant of the next one are one commit, compared with the instant before, so that of two
//! nodes one sends it.

use std::collections::BTreeSet;

use entity::{breach, summary, task, unsubscription};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use super::outbox::{NewNotice, queue};
use super::{Error, Store, WriteTransaction};
use crate::domain::link::LinkKey;
use crate::domain::summary::{Owed, Waiting};
use crate::ids::{ProgramId, RoleId, StepId, TaskId, Username};
use crate::instant::Instant;

/// Most tasks and most breaches a summary counts.
const MOST: u64 = 5_000;
const LINK_KEY: &str = "link_key";

/// A summary that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueSummary {
    pub program: ProgramId,
    pub version: u32,
    pub due_at: Instant,
}

impl Store {
    /// Those due at `now`, by program.
    pub async fn due_summaries(&self, now: Instant) -> Result<Vec<DueSummary>, Error> {
        let due = summary::Entity::find().filter(summary::Column::NextAt.lte(now.millis())).order_by_asc(summary::Column::Program);
        let read = |row: summary::Model| DueSummary {
            program: ProgramId(row.program),
            version: u32::try_from(row.version).unwrap_or(0),
            due_at: Instant::clamped(row.next_at),
        };
        Ok(due.all(self.reader()).await?.into_iter().map(read).collect())
    }

    /// When the next one of any program is due.
    pub async fn next_summary_at(&self) -> Result<Option<Instant>, Error> {
        let next: Option<Option<i64>> =
            summary::Entity::find().select_only().column_as(summary::Column::NextAt.min(), "next").into_tuple().one(self.reader()).await?;
        Ok(next.flatten().map(Instant::clamped))
    }

    /// Tasks of a program that wait and are due before `until`, the earliest first, and breaches to which something is owed.
    pub async fn open_work(&self, program: &ProgramId, until: Instant) -> Result<(Vec<Waiting>, Vec<Owed>), Error> {
        let tasks = task::Entity::find()
            .filter(task::Column::Program.eq(program.as_str()))
            .filter(task::Column::State.is_in(["open", "claimed"]))
            .filter(task::Column::DueAt.lt(until.millis()))
            .order_by_asc(task::Column::DueAt)
            .order_by_asc(task::Column::Id)
            .limit(MOST);
        let waiting = |row: task::Model| {
            Some(Waiting {
                task: TaskId(row.id),
                workflow: row.workflow,
                step: StepId(row.step),
                role: row.role.map(RoleId),
                assignee: row.assignee.map(Username),
                due_at: Instant::clamped(row.due_at?),
            })
        };
        let waiting = tasks.all(self.reader()).await?.into_iter().filter_map(waiting).collect();
        let breaches = breach::Entity::find()
            .filter(breach::Column::Program.eq(program.as_str()))
            .filter(Condition::any().add(breach::Column::AcknowledgedAt.is_null()).add(breach::Column::ExplainedAt.is_null()))
            .order_by_asc(breach::Column::Id)
            .limit(MOST);
        let owed = |row: breach::Model| Owed {
            role: row.role.map(RoleId),
            is_acknowledged: row.acknowledged_at.is_some(),
            is_explained: row.explained_at.is_some(),
        };
        Ok((waiting, breaches.all(self.reader()).await?.into_iter().map(owed).collect()))
    }

    /// Queues the mails of a summary; the next one is due at `next`, or never again where there is none. Nothing, when another node has.
    pub async fn queue_summary(&self, due: &DueSummary, next: Option<Instant>, mails: Vec<NewNotice>, now: Instant) -> Result<u64, Error> {
        let mut write = self.begin_write().await?;
        let key = vec![due.program.as_str().into(), due.due_at.millis().into()];
        let moved = match next {
            Some(next) => {
                const MOVE: &str = "UPDATE summary SET next_at = $3 WHERE program = $1 AND next_at = $2";
                write.execute(MOVE, [key, vec![next.millis().into()]].concat()).await?
            }
            None => write.execute("DELETE FROM summary WHERE program = $1 AND next_at = $2", key).await?,
        };
        if moved == 0 {
            write.rollback().await?;
            return Ok(0);
        }
        let queued = queue(&mut write, mails, now).await?;
        write.commit().await?;
        Ok(queued)
    }

    /// Everybody who wants no summaries.
    pub async fn unsubscribed(&self) -> Result<BTreeSet<Username>, Error> {
        Ok(unsubscription::Entity::find().all(self.reader()).await?.into_iter().map(|row| Username(row.username)).collect())
    }

    /// Whether somebody gets summaries.
    pub async fn gets_summaries(&self, who: &Username) -> Result<bool, Error> {
        Ok(unsubscription::Entity::find_by_id(who.as_str()).one(self.reader()).await?.is_none())
    }

    /// Whether somebody gets summaries from now on. Saying it again changes nothing.
    pub async fn set_summaries(&self, who: &Username, wanted: bool, wall: Instant) -> Result<(), Error> {
        let mut write = self.begin_write().await?;
        if wanted {
            unsubscription::Entity::delete_by_id(who.as_str()).exec(write.connection()).await?;
        } else {
            let row = unsubscription::Model { username: who.to_string(), at: wall.millis() };
            let known = OnConflict::column(unsubscription::Column::Username).do_nothing().to_owned();
            let insert = unsubscription::Entity::insert(row.into_active_model().reset_all()).on_conflict(known);
            insert.exec_without_returning(write.connection()).await?;
        }
        write.commit().await
    }

    /// The key of the links in mails; `fresh` becomes it where there is none yet.
    pub async fn link_key(&self, fresh: [u8; 32]) -> Result<LinkKey, Error> {
        if let Some(known) = self.setting(LINK_KEY).await? {
            return Ok(LinkKey::new(known));
        }
        const ADD: &str = "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
        let mut write = self.begin_write().await?;
        write.execute(ADD, vec![LINK_KEY.into(), LinkKey::text_of(fresh).into()]).await?;
        write.commit().await?;
        // Another node may have been faster.
        Ok(LinkKey::new(self.setting(LINK_KEY).await?.unwrap_or_default()))
    }
}

impl WriteTransaction {
    /// Sets when a program's summary comes next; none takes it away.
    pub async fn put_summary(&mut self, program: &ProgramId, version: u32, next: Option<Instant>) -> Result<(), Error> {
        summary::Entity::delete_by_id(program.as_str()).exec(self.connection()).await?;
        if let Some(next) = next {
            let row = summary::Model {
                program: program.to_string(),
                version: i32::try_from(version).unwrap_or(i32::MAX),
                next_at: next.millis(),
            };
            row.into_active_model().reset_all().insert(self.connection()).await?;
        }
        Ok(())
    }
}
