//! Timers decided before their transaction begins, while the one before is written.
//!
//! Guarantee: what is decided ahead is committed only if every instance is still as it was read, and within a second; otherwise the slice
//! is decided once more, inside its transaction, like any other. It is for a database with one writer: there a transaction that waits for decisions
//! holds up everybody.

use std::sync::Arc;

use super::Error;
use super::deciding::Round;
use super::judged::Judged;
use super::slice::{Decided, Deciding, Placed, Results, note_size, reach_in};
use crate::domain::command::{Envelope, Target};
use crate::failpoint::Point;
use crate::store::slice::{Context, Locking, Wanted};
use crate::store::{self, Backend, Prepared};

/// How long a draft may wait for the writer: it carries the instant at which it was judged.
const FRESH_MILLIS: i64 = 1_000;

/// A slice of timers, decided where that could be done ahead.
pub struct Ahead {
    slice: Placed,
    draft: Option<Draft>,
}

/// A slice that is decided, and not begun.
struct Draft {
    judged: Judged,
    /// Whether this node's clock judged it.
    own_clock: bool,
    statements: Prepared,
}

impl Ahead {
    /// How many timers.
    pub fn timers(&self) -> usize {
        self.slice.len()
    }
}

impl Deciding {
    /// Has timers on distinct instances decided by what these are now, in a task that begins at once, where the database has one writer.
    pub fn ahead(self: Arc<Self>, envelopes: Vec<Envelope>) -> impl Future<Output = Ahead> + Send + use<> {
        let slice: Placed = envelopes.into_iter().enumerate().collect();
        let task = match self.store.backend() {
            Backend::Sqlite => Some(tokio::spawn({
                let slice = slice.clone();
                async move { self.judge_ahead(&slice).await.map_err(|error| error.to_string()) }
            })),
            Backend::Postgres => None,
        };
        async move {
            let draft = match task {
                None => Ok(None),
                Some(task) => task.await.unwrap_or_else(|error| Err(error.to_string())),
            };
            let draft = draft.unwrap_or_else(|why| {
                tracing::warn!(why, "timers could not be decided ahead; they are decided inside their transaction");
                None
            });
            Ahead { slice, draft }
        }
    }

    async fn judge_ahead(&self, slice: &[(usize, Envelope)]) -> Result<Option<Draft>, store::Error> {
        let instances = slice.iter().filter_map(|(_, envelope)| match envelope.command.target() {
            Target::Instance(id) => Some(id),
            Target::New | Target::Task(_) | Target::Breach(_) | Target::Record(_) => None,
        });
        let loaded = self.store.peek(&instances.collect::<Vec<_>>()).await?;
        reach_in(Locking::SkipLocked, Point::TimerClaimed, None);
        let (now, own_clock) = self.judged_at(&loaded);
        let round = Round::new(self, slice, loaded, now).await;
        if round.wanted() != Wanted::default() {
            return Ok(None);
        }
        let judged = round.decide(&Context::default());
        let statements = Prepared::of(&judged.written)?;
        Ok(judged.deferred.is_empty().then_some(Draft { judged, own_clock, statements }))
    }

    /// Commits what was decided ahead, or decides it now. The results are in the order of the commands.
    pub async fn follow(&self, ahead: Ahead) -> Vec<Result<Decided, Error>> {
        let Ahead { slice, draft } = ahead;
        if let Some(draft) = draft {
            match self.commit_ahead(draft).await {
                Ok(mut results) => {
                    results.sort_by_key(|(index, _)| *index);
                    return results.into_iter().map(|(_, result)| result).collect();
                }
                Err(error) => {
                    metrics::counter!("proviso_slice_retries_total").increment(1);
                    tracing::info!(%error, "timers that were decided ahead are decided again");
                }
            }
        }
        self.run(slice.into_iter().map(|(_, envelope)| envelope).collect(), Locking::SkipLocked).await
    }

    async fn commit_ahead(&self, draft: Draft) -> Result<Results, store::Error> {
        let Draft { judged, own_clock, statements } = draft;
        if judged.is_idle() {
            return Ok(judged.finish().0);
        }
        note_size(judged.written.len());
        let mut transaction = self.store.begin_write().await?;
        if self.clock.now().millis_since(judged.now) > FRESH_MILLIS {
            transaction.rollback().await?;
            return Err(store::Error::Conflict);
        }
        transaction.write_prepared(statements).await?;
        Ok(self.conclude(transaction, judged, own_clock, Locking::SkipLocked).await?.0)
    }
}
