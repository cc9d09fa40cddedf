//! Taking due notices for sending, so that no other node sends them meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use entity::{attempt, breach, notice, task, webhook};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Value};
use uuid::Uuid;

use super::Way;
use crate::domain::instance::TaskState;
use crate::ids::{InstanceId, NoticeId, WebhookId};
use crate::instant::Instant;
use crate::store::documents::task_state;
use crate::store::webhooks::signing_secrets;
use crate::store::{Error, Store};

/// What to take.
#[derive(Debug, Clone)]
pub struct LeaseRequest<'a> {
    pub owner: &'a str,
    /// Business time: what is due.
    pub now: Instant,
    /// Wall time: which leases have run out.
    pub wall: Instant,
    /// Wall time: until when these are taken.
    pub until: Instant,
    pub limit: usize,
    /// Most deliveries taken at a time of one subscription.
    pub per_webhook: usize,
    /// Most mails taken at a time.
    pub mails: usize,
    /// Taken already, by subscription; none is the mails, of which they count. A subscription that has any is left alone.
    pub under_way: BTreeMap<Option<WebhookId>, usize>,
}

/// A taken notice with all that sending and the last check before it need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    pub id: NoticeId,
    pub fence: i64,
    pub way: Way,
    pub address: String,
    pub webhook: Option<WebhookTarget>,
    pub event: String,
    pub instance: Option<InstanceId>,
    pub body: String,
    /// Tries so far.
    pub attempts: i32,
    /// Tries up to the last one that ended it; more than 0 when somebody asked for it again since.
    pub ended_at_attempt: i32,
    /// The state of its task's row, where a mail has one.
    pub task_state: Option<TaskState>,
    /// The breach a mail is about has been acknowledged.
    pub acknowledged: bool,
}

/// The subscription as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookTarget {
    pub id: WebhookId,
    pub url: String,
    /// Those that sign now, the newest first.
    pub secrets: Vec<String>,
    /// No try has failed since the last one that did not.
    pub is_healthy: bool,
}

impl Store {
    /// Takes at most `limit` due notices, longest due first. Deliveries of a disabled subscription wait until it is active again, and
    /// those beyond `per_webhook`, or to a receiver that is left alone, stay for others behind them.
    pub async fn lease_notices(&self, request: &LeaseRequest<'_>) -> Result<Vec<Leased>, Error> {
        let candidates = self.due_notices(request).await?;
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let fences = self.take(request, &candidates).await?;
        let mut leased = self.load_leased(&fences, request.wall).await?;
        let order: BTreeMap<Uuid, usize> = candidates.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        leased.sort_by_key(|notice| order.get(&notice.id.0).copied());
        Ok(leased)
    }

    /// Writes the lease where it is still free, and returns the new fences.
    async fn take(&self, request: &LeaseRequest<'_>, candidates: &[Uuid]) -> Result<BTreeMap<Uuid, i64>, Error> {
        let mut values: Vec<Value> = vec![request.owner.into(), request.until.millis().into(), request.wall.millis().into()];
        let ids = parameters(&mut values, candidates);
        let sql = format!(
            "UPDATE notice SET state = 'sending', lease_owner = $1, lease_until = $2, fence = fence + 1 \
             WHERE id IN ({ids}) AND state IN ('queued', 'failed', 'sending') AND lease_until <= $3 RETURNING id, fence"
        );
        let mut write = self.begin_write().await?;
        let rows = write.query(&sql, values).await?;
        let fences = rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "fence")?))).collect::<Result<_, Error>>()?;
        write.commit().await?;
        Ok(fences)
    }

    async fn load_leased(&self, fences: &BTreeMap<Uuid, i64>, wall: Instant) -> Result<Vec<Leased>, Error> {
        let rows = notice::Entity::find().filter(notice::Column::Id.is_in(fences.keys().copied())).all(self.reader()).await?;
        let targets = self.targets(rows.iter().filter_map(|row| row.webhook_id).collect(), wall).await?;
        let mails = || rows.iter().filter(|row| row.webhook_id.is_none());
        let states = self.task_states(mails().filter_map(|row| row.task_id).collect()).await?;
        let acknowledged = self.acknowledged(mails().filter_map(|row| row.breach_id).collect()).await?;
        let ended = self.ended_at(rows.iter().filter(|row| row.attempts > 0).map(|row| row.id).collect()).await?;
        rows.into_iter()
            .map(|row| {
                Ok(Leased {
                    id: NoticeId(row.id),
                    fence: fences.get(&row.id).copied().unwrap_or(row.fence),
                    way: Way::parse(&row.channel, row.id)?,
                    webhook: row.webhook_id.and_then(|id| targets.get(&id).cloned()),
                    instance: row.instance_id.map(InstanceId),
                    attempts: row.attempts,
                    ended_at_attempt: ended.get(&row.id).copied().unwrap_or(0),
                    task_state: row.task_id.and_then(|id| states.get(&id).copied()),
                    acknowledged: row.breach_id.is_some_and(|id| acknowledged.contains(&id)),
                    address: row.address,
                    event: row.event,
                    body: row.body,
                })
            })
            .collect()
    }

    async fn targets(&self, ids: BTreeSet<Uuid>, wall: Instant) -> Result<BTreeMap<Uuid, WebhookTarget>, Error> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let rows = webhook::Entity::find().filter(webhook::Column::Id.is_in(ids)).all(self.reader()).await?;
        let target = |row: webhook::Model| {
            let secrets = signing_secrets(&row.secret, wall).into_iter().map(str::to_owned).collect();
            (row.id, WebhookTarget { id: WebhookId(row.id), url: row.url, secrets, is_healthy: row.failures == 0 })
        };
        Ok(rows.into_iter().map(target).collect())
    }

    pub(super) async fn task_states(&self, ids: BTreeSet<Uuid>) -> Result<BTreeMap<Uuid, TaskState>, Error> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let states = task::Entity::find().select_only().column(task::Column::Id).column(task::Column::State);
        let rows: Vec<(Uuid, String)> = states.filter(task::Column::Id.is_in(ids)).into_tuple().all(self.reader()).await?;
        rows.into_iter().map(|(id, state)| Ok((id, task_state(id, &state)?))).collect()
    }

    pub(super) async fn acknowledged(&self, ids: BTreeSet<Uuid>) -> Result<BTreeSet<Uuid>, Error> {
        if ids.is_empty() {
            return Ok(BTreeSet::new());
        }
        let answered = breach::Entity::find().select_only().column(breach::Column::Id);
        let answered = answered.filter(breach::Column::Id.is_in(ids)).filter(breach::Column::AcknowledgedAt.is_not_null());
        Ok(answered.into_tuple::<Uuid>().all(self.reader()).await?.into_iter().collect())
    }

    async fn ended_at(&self, tried: Vec<Uuid>) -> Result<BTreeMap<Uuid, i32>, Error> {
        if tried.is_empty() {
            return Ok(BTreeMap::new());
        }
        let last = attempt::Entity::find()
            .select_only()
            .column(attempt::Column::NoticeId)
            .column_as(attempt::Column::Number.max(), "number")
            .filter(attempt::Column::NoticeId.is_in(tried))
            .filter(attempt::Column::Result.is_in(["sent", "dead"]))
            .group_by(attempt::Column::NoticeId);
        Ok(last.into_tuple::<(Uuid, i32)>().all(self.reader()).await?.into_iter().collect())
    }
}

/// Adds ids as parameters and returns their places, `$3, $4`.
pub(super) fn parameters(values: &mut Vec<Value>, ids: &[Uuid]) -> String {
    let first = values.len() + 1;
    values.extend(ids.iter().map(|id| Value::from(*id)));
    (first..first + ids.len()).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}
