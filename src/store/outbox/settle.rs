//! Writing down how a try ended: only by whoever still holds the lease.

use entity::attempt;
use sea_orm::{EntityTrait, Set};

use crate::ids::{NoticeId, WebhookId};
use crate::instant::Instant;
use crate::store::{Error, Store};

/// What a lease ends in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    pub id: NoticeId,
    /// The fence the lease was given.
    pub fence: i64,
    /// None where nothing was sent.
    pub attempt: Option<Try>,
    pub ending: Ending,
    /// A subscription that ends with it.
    pub disable: Option<WebhookId>,
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
            Self::Failed { .. } => "failed",
            Self::Dead => "dead",
            Self::Suppressed => "suppressed",
        }
    }

    fn result(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed { .. } => "retry",
            Self::Dead | Self::Suppressed => "dead",
        }
    }
}

impl Store {
    /// Settles leases in one commit at business time `now`. Returns those whose lease was lost: nothing of them is written.
    pub async fn settle_notices(&self, settlements: &[Settlement], now: Instant) -> Result<Vec<NoticeId>, Error> {
        const SETTLE: &str = "UPDATE notice SET state = $1, attempts = attempts + $2, sent_at = COALESCE($3, sent_at), \
            next_attempt_at = COALESCE($4, next_attempt_at), lease_owner = NULL, lease_until = 0 \
            WHERE id = $5 AND fence = $6 AND state = 'sending'";
        const DISABLE: &str = "UPDATE webhook SET state = 'disabled' WHERE id = $1";
        let mut lost = Vec::new();
        let mut tries = Vec::new();
        let mut write = self.begin_write().await?;
        for settlement in settlements {
            let (sent_at, next_attempt_at) = match settlement.ending {
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
            if write.execute(SETTLE, values).await? == 0 {
                lost.push(settlement.id);
                continue;
            }
            tries.extend(settlement.attempt.as_ref().map(|made| row(settlement, made, now)));
            if let Some(webhook) = settlement.disable {
                write.execute(DISABLE, vec![webhook.0.into()]).await?;
            }
        }
        if !tries.is_empty() {
            attempt::Entity::insert_many(tries).exec_without_returning(write.connection()).await?;
        }
        write.commit().await?;
        Ok(lost)
    }
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
