//! The loop that sends: it takes what is due for every receiver that has room and leaves the sending to tasks of their own.
//!
//! Guarantee: no receiver waits for another one. What was taken is written down before the loop ends.

use std::sync::Arc;

use futures_util::future::join;
use tokio::sync::OwnedRwLockReadGuard;
use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::loops::Loops;
use crate::outbox::{Error, Kept, Lane, Times};

/// Notices taken in one go.
const NOTICES: usize = 1_024;

/// Sends until `stop`, and then until what is under way has ended.
pub async fn run(loops: Loops, stop: CancellationToken) {
    let (hand_in, mut handed_in) = unbounded_channel();
    let clock = loops.clock().clone();
    let settling = async {
        let dispatcher = loops.dispatcher().clone();
        while let Err(error) = dispatcher.settle_all(&mut handed_in, || clock.now()).await {
            // Their leases run out, and they are sent again with the same id.
            tracing::warn!(%error, "how notices ended could not be written");
        }
    };
    let sending = async {
        let clock = loops.clock().clone();
        let times: Times = Arc::new(move || (clock.now(), clock.wall()));
        let tasks = TaskTracker::new();
        while !stop.is_cancelled() {
            let (woken, freed) = (loops.woken_sender(), loops.dispatcher().freed().notified());
            tokio::pin!(woken, freed);
            woken.as_mut().enable();
            freed.as_mut().enable();
            match lease(&loops, &times).await {
                Ok((lanes, turn)) => {
                    let taken = lanes.iter().map(Lane::left).sum::<usize>();
                    for lane in lanes {
                        let (dispatcher, times, hand_in, turn) = (loops.dispatcher().clone(), times.clone(), hand_in.clone(), turn.clone());
                        tasks.spawn(async move { dispatcher.work(lane, &times, &hand_in, &turn).await });
                    }
                    // Otherwise all is taken that there is room for.
                    if taken >= NOTICES {
                        continue;
                    }
                }
                Err(error) => tracing::warn!(%error, "notices could not be sent; trying again"),
            }
            let next = loops.next_notice().await;
            let either = async {
                tokio::select! { () = woken => {}, () = freed => {} }
            };
            loops.rest(&stop, either, next).await;
        }
        tasks.close();
        tasks.wait().await;
        drop(hand_in);
    };
    join(settling, sending).await;
}

/// Takes what is due. A walk of the sandbox's clock waits for what is under way: the second value is held until that is over.
async fn lease(loops: &Loops, times: &Times) -> Result<(Vec<Lane>, Kept), Error> {
    let turn: OwnedRwLockReadGuard<()> = loops.turn().read_owned().await;
    let (now, wall) = times();
    let lanes = loops.dispatcher().lease(now, wall, NOTICES).await?;
    Ok((lanes, Arc::new(turn)))
}
