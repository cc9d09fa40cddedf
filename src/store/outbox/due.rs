//! Which notices are due: the mails, and of each subscription that may be sent to no more than it has room for.
//!
//! Guarantee: what waits for one subscription is not read when another one's is looked for, so that a long queue slows nobody else.
//! The list of states is spelt as in the index.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::LeaseRequest;
use super::health::Health;
use crate::ids::WebhookId;
use crate::instant::Instant;
use crate::store::{Backend, Error, Store};

/// Deliveries at a time to a receiver whose last try failed.
const WHEN_FAILING: usize = 2;

const MAILS: &str = "SELECT id, next_attempt_at FROM notice WHERE webhook_id IS NULL AND state IN ('queued', 'failed', 'sending') \
    AND next_attempt_at <= $1 AND lease_until <= $2 AND held_until IS NULL AND digest_id IS NULL ORDER BY next_attempt_at, id LIMIT $3";
/// The cross join keeps the subscriptions outside, as written.
const SQLITE_DELIVERIES: &str = "SELECT n.id, n.next_attempt_at, w.id AS webhook_id, w.failures, w.open_until \
    FROM webhook w CROSS JOIN notice n WHERE w.state = 'active' AND w.open_until <= $1 AND n.id IN (SELECT m.id FROM notice m \
    WHERE m.webhook_id = w.id AND m.state IN ('queued', 'failed', 'sending') AND m.next_attempt_at <= $1 AND m.lease_until <= $2 \
    ORDER BY m.next_attempt_at, m.id LIMIT $3)";
const POSTGRES_DELIVERIES: &str = "SELECT n.id, n.next_attempt_at, w.id AS webhook_id, w.failures, w.open_until \
    FROM webhook w CROSS JOIN LATERAL (SELECT m.id, m.next_attempt_at FROM notice m \
    WHERE m.webhook_id = w.id AND m.state IN ('queued', 'failed', 'sending') AND m.next_attempt_at <= $1 AND m.lease_until <= $2 \
    ORDER BY m.next_attempt_at, m.id LIMIT $3) n WHERE w.state = 'active' AND w.open_until <= $1";
const NEXT_MAIL: &str = "SELECT MIN(next_attempt_at) AS next FROM notice \
    WHERE webhook_id IS NULL AND state IN ('queued', 'failed', 'sending') AND state <> 'sending' AND digest_id IS NULL";
const NEXT_DELIVERIES: &str = "SELECT w.open_until, (SELECT MIN(m.next_attempt_at) FROM notice m WHERE m.webhook_id = w.id \
    AND m.state IN ('queued', 'failed', 'sending') AND m.state <> 'sending') AS next FROM webhook w WHERE w.state = 'active'";

/// How many deliveries may be under way to a receiver: few while it fails, one that tries after it was left alone.
fn depth(health: Health, most: usize) -> usize {
    match (health.failures, health.open_until) {
        (0, _) => most,
        (_, None) => WHEN_FAILING.min(most),
        (_, Some(_)) => 1,
    }
}

struct Due {
    id: Uuid,
    at: i64,
    lane: Option<WebhookId>,
    depth: usize,
}

impl Store {
    /// Notices that may be taken, longest due first.
    pub(super) async fn due_notices(&self, request: &LeaseRequest<'_>) -> Result<Vec<Uuid>, Error> {
        let mut due = self.due_mails(request).await?;
        due.extend(self.due_deliveries(request).await?);
        due.sort_unstable_by_key(|one| (one.at, one.id));
        let mut under_way: BTreeMap<Option<WebhookId>, usize> = request.under_way.clone();
        due.retain(|one| {
            // One lane a receiver: what is under way to it holds up itself only, and no more connections than a lane has are opened.
            if one.lane.is_some() && request.under_way.contains_key(&one.lane) {
                return false;
            }
            let count = under_way.entry(one.lane).or_default();
            *count += 1;
            *count <= one.depth
        });
        due.truncate(request.limit);
        Ok(due.into_iter().map(|one| one.id).collect())
    }

    async fn due_mails(&self, request: &LeaseRequest<'_>) -> Result<Vec<Due>, Error> {
        let most = i64::try_from(request.mails.min(request.limit)).unwrap_or(i64::MAX);
        let rows = self.read(MAILS, vec![request.now.millis().into(), request.wall.millis().into(), most.into()]).await?;
        let mail = |row: &sea_orm::QueryResult| {
            Ok(Due { id: row.try_get("", "id")?, at: row.try_get("", "next_attempt_at")?, lane: None, depth: request.mails })
        };
        rows.iter().map(mail).collect()
    }

    async fn due_deliveries(&self, request: &LeaseRequest<'_>) -> Result<Vec<Due>, Error> {
        let sql = match self.backend() {
            Backend::Sqlite => SQLITE_DELIVERIES,
            Backend::Postgres => POSTGRES_DELIVERIES,
        };
        let most = i64::try_from(request.per_webhook.min(request.limit)).unwrap_or(i64::MAX);
        let rows = self.read(sql, vec![request.now.millis().into(), request.wall.millis().into(), most.into()]).await?;
        let delivery = |row: &sea_orm::QueryResult| {
            let health = Health::of(row.try_get("", "failures")?, None, row.try_get("", "open_until")?);
            let lane = Some(WebhookId(row.try_get("", "webhook_id")?));
            let depth = depth(health, request.per_webhook);
            Ok(Due { id: row.try_get("", "id")?, at: row.try_get("", "next_attempt_at")?, lane, depth })
        };
        rows.iter().map(delivery).collect()
    }

    /// The earliest business time at which a notice is to be tried; those under way do not count.
    pub async fn next_attempt_at(&self) -> Result<Option<Instant>, Error> {
        let mut next: Option<i64> = None;
        for row in self.read(NEXT_MAIL, Vec::new()).await? {
            next = row.try_get("", "next")?;
        }
        for row in self.read(NEXT_DELIVERIES, Vec::new()).await? {
            let (open_until, due): (i64, Option<i64>) = (row.try_get("", "open_until")?, row.try_get("", "next")?);
            next = next.into_iter().chain(due.map(|due| due.max(open_until))).min();
        }
        Ok(next.map(Instant::clamped))
    }
}
