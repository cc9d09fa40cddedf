//! How the receiver of a subscription does, and what its tries make of that.

use super::Settlement;
use crate::ids::WebhookId;
use crate::instant::Instant;
use crate::store::{Backend, Error, WriteTransaction};

/// A receiver as its last tries showed it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// Failed tries since the last that did not fail.
    pub failures: u32,
    /// When the first of them was.
    pub failing_since: Option<Instant>,
    /// Nothing is sent before; none when the last try did not fail.
    pub open_until: Option<Instant>,
}

/// What one try says about the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    /// `asked_millis` is how long the receiver asks to be left alone.
    Refused {
        asked_millis: Option<i64>,
    },
    /// It says that it will never accept again.
    Gone,
}

/// Why a subscription was disabled without a person's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisabledReason {
    Failing,
    Gone,
}

impl DisabledReason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }

    /// Reads what `as_str` wrote.
    pub fn named(text: &str) -> Option<Self> {
        [Self::Failing, Self::Gone].into_iter().find(|reason| reason.as_str() == text)
    }
}

/// What a verdict leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    pub health: Health,
    pub disable: Option<DisabledReason>,
    /// The receiver was left alone and accepts again: what failed meanwhile need not wait for its next try.
    pub recovered: bool,
}

/// The rule; `store` knows none of its own.
pub type Judge = fn(Health, Verdict, Instant) -> Judged;

impl Health {
    /// Of the columns of a subscription.
    pub(in crate::store) fn of(failures: i32, failing_since: Option<i64>, open_until: i64) -> Self {
        Self {
            failures: u32::try_from(failures).unwrap_or(0),
            failing_since: failing_since.map(Instant::clamped),
            open_until: (open_until > 0).then(|| Instant::clamped(open_until)),
        }
    }
}

/// Applies the verdicts of settled tries, subscription by subscription. Those that accepted and were healthy cost no statement.
pub(super) async fn apply(write: &mut WriteTransaction, settled: &[&Settlement], now: Instant, judge: Judge) -> Result<(), Error> {
    let mut ids: Vec<WebhookId> =
        settled.iter().filter_map(|one| one.verdict.filter(|told| told.counts())).map(|told| told.webhook).collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        let verdicts = settled.iter().filter_map(|one| one.verdict).filter(|told| told.webhook == id).map(|told| told.verdict);
        of_one(write, id, verdicts, now, judge).await?;
    }
    Ok(())
}

async fn of_one(
    write: &mut WriteTransaction,
    id: WebhookId,
    verdicts: impl Iterator<Item = Verdict>,
    now: Instant,
    judge: Judge,
) -> Result<(), Error> {
    const READ: &str = "SELECT failures, failing_since, open_until FROM webhook WHERE id = $1 AND state = 'active'";
    const WRITE: &str = "UPDATE webhook SET failures = $1, failing_since = $2, open_until = $3 WHERE id = $4";
    const DISABLE: &str = "UPDATE webhook SET state = 'disabled', disabled_reason = $1, disabled_at = $2, untold = 1 WHERE id = $3";
    const CATCH_UP: &str = "UPDATE notice SET next_attempt_at = $1 WHERE webhook_id = $2 \
        AND state IN ('queued', 'failed', 'sending') AND state = 'failed' AND next_attempt_at > $1";
    let locked = match write.backend {
        Backend::Sqlite => READ.to_owned(),
        Backend::Postgres => format!("{READ} FOR UPDATE"),
    };
    let rows = write.query(&locked, vec![id.0.into()]).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let before = Health::of(row.try_get("", "failures")?, row.try_get("", "failing_since")?, row.try_get("", "open_until")?);
    let (mut health, mut disable, mut recovered) = (before, None, false);
    for verdict in verdicts {
        let judged = judge(health, verdict, now);
        health = judged.health;
        disable = disable.or(judged.disable);
        recovered |= judged.recovered;
    }
    if health != before {
        let values = vec![
            i32::try_from(health.failures).unwrap_or(i32::MAX).into(),
            health.failing_since.map(Instant::millis).into(),
            health.open_until.map_or(0, Instant::millis).into(),
            id.0.into(),
        ];
        write.execute(WRITE, values).await?;
    }
    if let Some(reason) = disable {
        write.execute(DISABLE, vec![reason.as_str().into(), now.millis().into(), id.0.into()]).await?;
    } else if recovered {
        write.execute(CATCH_UP, vec![now.millis().into(), id.0.into()]).await?;
    }
    Ok(())
}
