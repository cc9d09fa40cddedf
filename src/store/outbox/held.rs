//! Mails that are kept back: whose time has come, and what they go out with.
//!
//! Guarantee: a kept mail leaves once, alone or in one digest. Who collects compares what it saw, so that of two nodes one succeeds.

use std::collections::BTreeSet;

use entity::notice;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Value};
use uuid::Uuid;

use super::lease::parameters;
use super::{NewNotice, queue};
use crate::domain::instance::TaskState;
use crate::ids::NoticeId;
use crate::instant::Instant;
use crate::store::{Error, Store};

/// Most mails of one digest; what is left makes another one.
const OF_ONE_DIGEST: u64 = 1_000;
/// Most people looked at in one pass.
const PEOPLE: i64 = 100;

/// A kept mail, with all that the last check before it goes needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub id: NoticeId,
    pub program: String,
    pub body: String,
    pub queued_at: Instant,
    /// The state of its task's row, where it has one.
    pub task_state: Option<TaskState>,
    /// The breach it is about has been acknowledged.
    pub acknowledged: bool,
}

/// What has come together for one person, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burst {
    pub recipient: String,
    pub address: String,
    pub mails: Vec<Held>,
}

/// What becomes of a burst.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// Those that go out.
    pub told: Vec<NoticeId>,
    /// Those that have lost their point.
    pub suppressed: Vec<NoticeId>,
    /// The mail that tells all of `told`; none where a single one goes out as it is.
    pub digest: Option<NewNotice>,
}

impl Store {
    /// The bursts that are over at `now`. What is quiet still is left out.
    pub async fn bursts_over(&self, now: Instant) -> Result<Vec<Burst>, Error> {
        const PEOPLE_DUE: &str =
            "SELECT DISTINCT recipient, address FROM notice WHERE held_until <= $1 ORDER BY recipient, address LIMIT $2";
        let mut bursts = Vec::new();
        for row in self.read(PEOPLE_DUE, vec![now.millis().into(), PEOPLE.into()]).await? {
            let (recipient, address): (String, String) = (row.try_get("", "recipient")?, row.try_get("", "address")?);
            let mails = self.held_for(&recipient, &address, now).await?;
            bursts.push(Burst { recipient, address, mails });
        }
        Ok(bursts)
    }

    async fn held_for(&self, recipient: &str, address: &str, now: Instant) -> Result<Vec<Held>, Error> {
        let held = notice::Entity::find()
            .filter(notice::Column::HeldUntil.is_not_null())
            .filter(notice::Column::Recipient.eq(recipient))
            .filter(notice::Column::Address.eq(address))
            .filter(notice::Column::QuietUntil.lte(now.millis()))
            .order_by_asc(notice::Column::QueuedAt)
            .order_by_asc(notice::Column::Id)
            .limit(OF_ONE_DIGEST);
        let rows = held.all(self.reader()).await?;
        let states = self.task_states(rows.iter().filter_map(|row| row.task_id).collect()).await?;
        let acknowledged = self.acknowledged(rows.iter().filter_map(|row| row.breach_id).collect::<BTreeSet<_>>()).await?;
        let held = |row: notice::Model| Held {
            id: NoticeId(row.id),
            program: row.program,
            body: row.body,
            queued_at: Instant::clamped(row.queued_at),
            task_state: row.task_id.and_then(|id| states.get(&id).copied()),
            acknowledged: row.breach_id.is_some_and(|id| acknowledged.contains(&id)),
        };
        Ok(rows.into_iter().map(held).collect())
    }

    /// Lets a burst go. False, and nothing is written, when another node has taken some of it.
    pub async fn collect(&self, burst: &Collected, now: Instant) -> Result<bool, Error> {
        const TELL: &str = "UPDATE notice SET held_until = NULL, digest_id = $1, next_attempt_at = $2";
        const SUPPRESS: &str = "UPDATE notice SET held_until = NULL, state = 'suppressed'";
        let mut write = self.begin_write().await?;
        let digest = burst.digest.as_ref().map(|digest| digest.id.0);
        let steps = [(TELL, vec![digest.into(), now.millis().into()], &burst.told), (SUPPRESS, Vec::new(), &burst.suppressed)];
        for (set, mut values, notices) in steps {
            if notices.is_empty() {
                continue;
            }
            let ids: Vec<Uuid> = notices.iter().map(|id| id.0).collect();
            let places = parameters(&mut values, &ids);
            let changed = write.execute(&format!("{set} WHERE id IN ({places}) AND held_until IS NOT NULL"), values).await?;
            if usize::try_from(changed) != Ok(ids.len()) {
                write.rollback().await?;
                return Ok(false);
            }
        }
        queue(&mut write, burst.digest.iter().cloned().collect(), now).await?;
        write.commit().await?;
        Ok(true)
    }
}

/// The mails of digests follow what became of these.
pub(super) const FOLLOW: &str = "UPDATE notice SET \
    state = (SELECT d.state FROM notice d WHERE d.id = notice.digest_id), \
    sent_at = (SELECT d.sent_at FROM notice d WHERE d.id = notice.digest_id), \
    attempts = (SELECT d.attempts FROM notice d WHERE d.id = notice.digest_id)";

/// `FOLLOW` for these digests, with its parameters.
pub(super) fn follow(digests: &[Uuid]) -> (String, Vec<Value>) {
    let mut values = Vec::new();
    let places = parameters(&mut values, digests);
    (format!("{FOLLOW} WHERE digest_id IN ({places})"), values)
}
