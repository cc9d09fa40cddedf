//! Taking due notices for sending, so that no other node sends them meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use entity::{attempt, breach, notice, task, webhook};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Value};
use uuid::Uuid;

use super::Way;
use crate::domain::instance::TaskState;
use crate::ids::{InstanceId, NoticeId, WebhookId};
use crate::instant::Instant;
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
    /// Most deliveries at a time to one subscription.
    pub per_webhook: usize,
    /// Deliveries under way by subscription; they count.
    pub under_way: BTreeMap<WebhookId, usize>,
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
    /// The state of its task's row, where it has one.
    pub task_state: Option<TaskState>,
    /// Its breach has been acknowledged.
    pub acknowledged: bool,
}

/// The subscription as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookTarget {
    pub id: WebhookId,
    pub url: String,
    /// Those that sign now, the newest first.
    pub secrets: Vec<String>,
}

/// Deliveries of a disabled subscription wait until it is active again; those of one that is gone are taken and given up. The list of states is spelt as in the index.
const DUE: &str = "SELECT n.id, n.webhook_id FROM notice n LEFT JOIN webhook w ON w.id = n.webhook_id \
    WHERE n.state IN ('queued', 'failed', 'sending') AND n.next_attempt_at <= $1 AND n.lease_until <= $2 \
    AND (n.webhook_id IS NULL OR w.id IS NULL OR w.state = 'active')";

impl Store {
    /// Takes at most `limit` due notices, longest due first. Deliveries beyond `per_webhook` stay for others behind them.
    pub async fn lease_notices(&self, request: &LeaseRequest<'_>) -> Result<Vec<Leased>, Error> {
        let candidates = self.candidates(request).await?;
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let fences = self.take(request, &candidates).await?;
        let mut leased = self.load_leased(&fences, request.wall).await?;
        leased.sort_by_key(|notice| candidates.iter().position(|id| *id == notice.id.0));
        Ok(leased)
    }

    /// Passes over subscriptions that have enough under way, however many deliveries of theirs are due first.
    async fn candidates(&self, request: &LeaseRequest<'_>) -> Result<Vec<Uuid>, Error> {
        let mut under_way = request.under_way.clone();
        let mut chosen: Vec<Uuid> = Vec::new();
        loop {
            let full: Vec<Uuid> = under_way.iter().filter(|(_, count)| **count >= request.per_webhook).map(|(id, _)| id.0).collect();
            let wanted = request.limit - chosen.len();
            let page = self.due_page(request, &full, &chosen, wanted).await?;
            let (found, before) = (page.len(), chosen.len());
            for (id, webhook) in page {
                let room = webhook.is_none_or(|webhook| {
                    let count = under_way.entry(WebhookId(webhook)).or_default();
                    *count += 1;
                    *count <= request.per_webhook
                });
                if room {
                    chosen.push(id);
                }
            }
            if found < wanted || chosen.len() >= request.limit || chosen.len() == before {
                return Ok(chosen);
            }
        }
    }

    async fn due_page(
        &self,
        request: &LeaseRequest<'_>,
        full: &[Uuid],
        chosen: &[Uuid],
        limit: usize,
    ) -> Result<Vec<(Uuid, Option<Uuid>)>, Error> {
        let mut sql = DUE.to_owned();
        let mut values: Vec<Value> = vec![request.now.millis().into(), request.wall.millis().into()];
        if !full.is_empty() {
            sql.push_str(&format!(" AND (n.webhook_id IS NULL OR n.webhook_id NOT IN ({}))", parameters(&mut values, full)));
        }
        if !chosen.is_empty() {
            sql.push_str(&format!(" AND n.id NOT IN ({})", parameters(&mut values, chosen)));
        }
        values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
        sql.push_str(&format!(" ORDER BY n.next_attempt_at, n.id LIMIT ${}", values.len()));
        let rows = self.read(&sql, values).await?;
        rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "webhook_id")?))).collect()
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
        let states = self.task_states(rows.iter().filter_map(|row| row.task_id).collect()).await?;
        let acknowledged = self.acknowledged(rows.iter().filter_map(|row| row.breach_id).collect()).await?;
        let ended = self.ended_at(fences).await?;
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
            (row.id, WebhookTarget { id: WebhookId(row.id), url: row.url, secrets })
        };
        Ok(rows.into_iter().map(target).collect())
    }

    async fn task_states(&self, ids: BTreeSet<Uuid>) -> Result<BTreeMap<Uuid, TaskState>, Error> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let states = task::Entity::find().select_only().column(task::Column::Id).column(task::Column::State);
        let rows: Vec<(Uuid, String)> = states.filter(task::Column::Id.is_in(ids)).into_tuple().all(self.reader()).await?;
        rows.into_iter().map(|(id, state)| Ok((id, task_state(id, &state)?))).collect()
    }

    async fn acknowledged(&self, ids: BTreeSet<Uuid>) -> Result<BTreeSet<Uuid>, Error> {
        if ids.is_empty() {
            return Ok(BTreeSet::new());
        }
        let answered = breach::Entity::find().select_only().column(breach::Column::Id);
        let answered = answered.filter(breach::Column::Id.is_in(ids)).filter(breach::Column::AcknowledgedAt.is_not_null());
        Ok(answered.into_tuple::<Uuid>().all(self.reader()).await?.into_iter().collect())
    }

    async fn ended_at(&self, fences: &BTreeMap<Uuid, i64>) -> Result<BTreeMap<Uuid, i32>, Error> {
        let last = attempt::Entity::find()
            .select_only()
            .column(attempt::Column::NoticeId)
            .column_as(attempt::Column::Number.max(), "number")
            .filter(attempt::Column::NoticeId.is_in(fences.keys().copied()))
            .filter(attempt::Column::Result.is_in(["sent", "dead"]))
            .group_by(attempt::Column::NoticeId);
        Ok(last.into_tuple::<(Uuid, i32)>().all(self.reader()).await?.into_iter().collect())
    }
}

fn task_state(id: Uuid, text: &str) -> Result<TaskState, Error> {
    use TaskState::{Cancelled, Claimed, Completed, Missed, Open, Paused};
    let known = [Open, Claimed, Paused, Completed, Missed, Cancelled].into_iter().find(|state| state.as_str() == text);
    known.ok_or_else(|| Error::BadRow { what: "task", id: id.to_string(), why: format!("its state is \"{text}\"") })
}

/// Adds ids as parameters and returns their places, `$3, $4`.
fn parameters(values: &mut Vec<Value>, ids: &[Uuid]) -> String {
    let first = values.len() + 1;
    values.extend(ids.iter().map(|id| Value::from(*id)));
    (first..first + ids.len()).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}
