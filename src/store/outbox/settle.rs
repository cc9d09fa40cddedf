//! Writing down how a try ended: only by whoever still holds the lease.

use std::collections::BTreeSet;

use entity::attempt;
use sea_orm::{EntityTrait, Set, Value};
use uuid::Uuid;

use super::bounces::{self, AddressVerdict};
use super::health::{self, Judge, Verdict};
use super::held;
use crate::ids::{NoticeId, WebhookId};
use crate::instant::Instant;
use crate::store::{Backend, Error, Store, WriteTransaction};

/// What a lease ends in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    pub id: NoticeId,
    /// The fence the lease was given.
    pub fence: i64,
    /// None where nothing was sent.
    pub attempt: Option<Try>,
    pub ending: Ending,
    /// What it says about the receiver; none for mails, and where nothing was sent.
    pub verdict: Option<Told>,
    /// The notice is a digest: what it tells follows it.
    pub is_digest: bool,
    /// What the try says about the address of a mail.
    pub address: Option<AddressVerdict>,
}

/// A verdict on the receiver of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    pub webhook: WebhookId,
    pub verdict: Verdict,
    /// The receiver was healthy when the delivery was taken.
    pub was_healthy: bool,
}

impl Told {
    /// Whether it can change what is known of the receiver.
    pub(super) fn counts(self) -> bool {
        !(self.was_healthy && self.verdict == Verdict::Accepted)
    }
}

/// The state afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Sent,
    /// Tried again at this business time.
    Failed {
        next_attempt_at: Instant,
    },
    Dead,
    Suppressed,
    /// Given back without a try, as due as it was.
    Waiting,
}

/// One try, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    pub number: i32,
    pub took_ms: i64,
    pub status: Option<u16>,
    /// Without addresses.
    pub detail: String,
}

impl Ending {
    fn state(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed { .. } | Self::Waiting => "failed",
            Self::Dead => "dead",
            Self::Suppressed => "suppressed",
        }
    }

    fn result(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed { .. } => "retry",
            Self::Dead | Self::Suppressed | Self::Waiting => "dead",
        }
    }
}

impl Store {
    /// Settles leases in one commit at business time `now`; `judge` says what the tries make of their receivers. Returns those whose
    /// lease was lost: nothing of them is written.
    pub async fn settle_notices(&self, settlements: &[Settlement], now: Instant, judge: Judge) -> Result<Vec<NoticeId>, Error> {
        let mut write = self.begin_write().await?;
        let mut held = BTreeSet::new();
        let (sent, others): (Vec<_>, Vec<_>) = settlements.iter().partition(|one| one.ending == Ending::Sent && one.attempt.is_some());
        settle_sent(&mut write, &sent, now, &mut held).await?;
        for settlement in others {
            if settle_one(&mut write, settlement, now).await? {
                held.insert(settlement.id);
            }
        }
        let kept: Vec<&Settlement> = settlements.iter().filter(|one| held.contains(&one.id)).collect();
        let tries: Vec<_> = kept.iter().filter_map(|one| Some(row(one, one.attempt.as_ref()?, now))).collect();
        if !tries.is_empty() {
            attempt::Entity::insert_many(tries).exec_without_returning(write.connection()).await?;
        }
        let digests: Vec<Uuid> = kept.iter().filter(|one| one.is_digest).map(|one| one.id.0).collect();
        if !digests.is_empty() {
            let (follow, values) = held::follow(&digests);
            write.execute(&follow, values).await?;
        }
        bounces::apply(&mut write, &kept, now).await?;
        health::apply(&mut write, &kept, now, judge).await?;
        write.commit().await?;
        Ok(settlements.iter().map(|one| one.id).filter(|id| !held.contains(id)).collect())
    }
}

/// All that were accepted, in one statement.
async fn settle_sent(write: &mut WriteTransaction, sent: &[&Settlement], now: Instant, held: &mut BTreeSet<NoticeId>) -> Result<(), Error> {
    if sent.is_empty() {
        return Ok(());
    }
    // PostgreSQL does not know the type of a parameter in a list of values.
    let pair = |number: usize| match write.backend {
        Backend::Sqlite => format!("(${}, ${})", number, number + 1),
        Backend::Postgres => format!("(${}::uuid, ${}::bigint)", number, number + 1),
    };
    let mut values: Vec<Value> = vec![now.millis().into()];
    let mut pairs = Vec::new();
    for settlement in sent {
        pairs.push(pair(values.len() + 1));
        values.extend([settlement.id.0.into(), settlement.fence.into()]);
    }
    let sql = format!(
        "UPDATE notice SET state = 'sent', attempts = attempts + 1, sent_at = $1, lease_owner = NULL, lease_until = 0 \
         WHERE state = 'sending' AND (id, fence) IN (VALUES {}) RETURNING id",
        pairs.join(", ")
    );
    for row in write.query(&sql, values).await? {
        held.insert(NoticeId(row.try_get::<Uuid>("", "id")?));
    }
    Ok(())
}

/// Whether the lease still held.
async fn settle_one(write: &mut WriteTransaction, settlement: &Settlement, now: Instant) -> Result<bool, Error> {
    const SETTLE: &str = "UPDATE notice SET state = $1, attempts = attempts + $2, sent_at = COALESCE($3, sent_at), \
        next_attempt_at = COALESCE($4, next_attempt_at), lease_owner = NULL, lease_until = 0 \
        WHERE id = $5 AND fence = $6 AND state = 'sending'";
    const GIVE_BACK: &str = "UPDATE notice SET state = CASE WHEN attempts = 0 THEN 'queued' ELSE 'failed' END, lease_owner = NULL, \
        lease_until = 0 WHERE id = $1 AND fence = $2 AND state = 'sending'";
    let (sent_at, next_attempt_at) = match settlement.ending {
        Ending::Waiting => return Ok(write.execute(GIVE_BACK, vec![settlement.id.0.into(), settlement.fence.into()]).await? > 0),
        Ending::Sent => (Some(now.millis()), None),
        Ending::Failed { next_attempt_at } => (None, Some(next_attempt_at.millis())),
        Ending::Dead | Ending::Suppressed => (None, None),
    };
    let values = vec![
        settlement.ending.state().into(),
        i32::from(settlement.attempt.is_some()).into(),
        sent_at.into(),
        next_attempt_at.into(),
        settlement.id.0.into(),
        settlement.fence.into(),
    ];
    Ok(write.execute(SETTLE, values).await? > 0)
}

fn row(settlement: &Settlement, made: &Try, now: Instant) -> attempt::ActiveModel {
    attempt::ActiveModel {
        notice_id: Set(settlement.id.0),
        number: Set(made.number),
        at: Set(now.millis()),
        took_ms: Set(made.took_ms),
        result: Set(settlement.ending.result().to_owned()),
        status: Set(made.status.map(i32::from)),
        detail: Set(made.detail.clone()),
    }
}
