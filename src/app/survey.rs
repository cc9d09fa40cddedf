//! The loop that measures how far behind the installation is, and looks now and then for what should not be.
//!
//! Guarantee: changes nothing.

use tokio_util::sync::CancellationToken;

use super::loops::Loops;
use crate::instant::Instant;
use crate::store::survey::{Kind, Survey};
use crate::store::{Error, Store};

/// Between two surveys.
const EVERY: std::time::Duration = std::time::Duration::from_secs(15);
/// One survey of so many also reads all that runs: about once an hour, the first after a minute.
const THOROUGH: u32 = 240;
const FIRST_THOROUGH: u32 = 4;
/// A timer that was due this long ago and is still armed is a finding.
const LATE_MILLIS: i64 = 60_000;

/// Surveys until `stop`.
pub async fn run(loops: Loops, store: Store, stop: CancellationToken) {
    let mut round = 0_u32;
    while !stop.is_cancelled() {
        let now = loops.clock().now();
        let surveyed = survey(&store, now, round % THOROUGH == FIRST_THOROUGH).await;
        if let Err(error) = surveyed {
            tracing::warn!(%error, "how far behind the installation is could not be read; trying again");
        }
        round = round.wrapping_add(1);
        tokio::select! { () = stop.cancelled() => {}, () = loops.clock().wall_sleep(EVERY) => {} }
    }
}

async fn survey(store: &Store, now: Instant, thorough: bool) -> Result<(), Error> {
    let Survey { oldest_due, oldest_notice, troubled, set_aside } = store.survey(now).await?;
    metrics::gauge!("proviso_timers_oldest_due_seconds").set(age(oldest_due, now));
    metrics::gauge!("proviso_outbox_oldest_due_seconds").set(age(oldest_notice, now));
    metrics::gauge!("proviso_timers_troubled").set(figure(troubled));
    metrics::gauge!("proviso_timers_set_aside").set(figure(set_aside));
    if !thorough {
        return Ok(());
    }
    let found = store.contradictions(now.plus_millis(-LATE_MILLIS).unwrap_or(now)).await?;
    for kind in Kind::ALL {
        let count = found.iter().filter(|one| one.kind == kind).count();
        metrics::gauge!("proviso_contradictions", "kind" => kind.as_str()).set(figure(count as u64));
    }
    if let Some(first) = found.first() {
        tracing::error!(count = found.len(), kind = first.kind.as_str(), id = %first.id, "something stands that should not: see proviso timers check");
    }
    Ok(())
}

fn age(since: Option<Instant>, now: Instant) -> f64 {
    since.map_or(0.0, |since| figure(u64::try_from(now.millis_since(since)).unwrap_or(0)) / 1_000.0)
}

#[expect(clippy::cast_precision_loss, reason = "a figure on a chart needs no more than 52 bits")]
fn figure(count: u64) -> f64 {
    count as f64
}
