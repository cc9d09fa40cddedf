//! Commands wait here for a writer, which takes all that wait at once: many commands share one commit, and none waits
//! longer than the commit before it takes.
//!
//! Guarantee: a slice is decided and committed in a task of its own, so a sender that gives up waiting neither aborts
//! it nor changes its result.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};

use super::ahead::Ahead;
use super::slice::{Deciding, Fired, Told};
use super::{Answer, Error};
use crate::domain::command::Envelope;
use crate::ids::{ProgramId, WorkflowId};
use crate::store::Backend;
use crate::store::slice::Locking;

/// Most commands of one transaction.
pub const SLICE_AT_MOST: usize = 200;
/// Commands that may wait; a sender beyond that waits for a place.
const WAITING_AT_MOST: usize = 10_000;
/// Fewest and most writers of one node on PostgreSQL, which has one for each processor: with more, slices get smaller and cost more
/// than they save. SQLite has one.
const POSTGRES_WRITERS: (usize, usize) = (2, 8);

struct Waiting {
    envelope: Envelope,
    reply: oneshot::Sender<Result<Told, Error>>,
}

/// The queue in front of the writers. Cheap to clone; the writers end with its last clone.
#[derive(Clone)]
pub struct Queue {
    sender: mpsc::Sender<Waiting>,
    deciding: Arc<Deciding>,
}

impl Queue {
    /// Starts the writers.
    pub fn start(deciding: Deciding) -> Self {
        let writers = match deciding.store.backend() {
            Backend::Sqlite => 1,
            Backend::Postgres => postgres_writers(),
        };
        let (sender, receiver) = mpsc::channel(WAITING_AT_MOST);
        let receiver = Arc::new(Mutex::new(receiver));
        let deciding = Arc::new(deciding);
        for _ in 0..writers {
            tokio::spawn(write(deciding.clone(), receiver.clone()));
        }
        Self { sender, deciding }
    }

    /// Waits for the command's turn and its commit.
    pub async fn submit(&self, envelope: Envelope) -> Result<Answer, Error> {
        let (reply, answer) = oneshot::channel();
        let stopped = || Error::Internal("the writer has stopped".to_owned());
        self.sender.send(Waiting { envelope, reply }).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())??.answer()
    }

    /// Deals with what has come of a schedule; true where something had.
    pub async fn occur(&self, program: &ProgramId, workflow: &WorkflowId) -> Result<bool, Error> {
        self.deciding.occur(program, workflow).await
    }

    /// Decides timers on distinct instances, where that can be done before their transaction begins.
    pub fn ahead(&self, envelopes: Vec<Envelope>) -> impl Future<Output = Ahead> + Send + use<> {
        self.deciding.clone().ahead(envelopes)
    }

    /// Commits a slice of timers at once; instances that others hold are left for later.
    pub async fn fire(&self, ahead: Ahead) -> Vec<Result<Fired, Error>> {
        let (deciding, timers) = (self.deciding.clone(), ahead.timers());
        let decided = tokio::spawn(async move { deciding.follow(ahead).await }).await;
        let decided = decided.unwrap_or_else(|error| (0..timers).map(|_| Err(Error::Internal(error.to_string()))).collect());
        decided.into_iter().map(|result| result.map(|decided| decided.fired)).collect()
    }
}

fn postgres_writers() -> usize {
    let (fewest, most) = POSTGRES_WRITERS;
    std::thread::available_parallelism().map_or(fewest, |processors| processors.get().clamp(fewest, most))
}

/// One writer: takes the first command that waits and all that have come meanwhile.
async fn write(deciding: Arc<Deciding>, receiver: Arc<Mutex<mpsc::Receiver<Waiting>>>) {
    loop {
        let mut slice = Vec::new();
        let taken = receiver.lock().await.recv_many(&mut slice, SLICE_AT_MOST).await;
        if taken == 0 {
            return;
        }
        let (envelopes, replies): (Vec<_>, Vec<_>) = slice.into_iter().map(|waiting| (waiting.envelope, waiting.reply)).unzip();
        let decided = deciding.run(envelopes, Locking::Wait).await;
        for (reply, result) in replies.into_iter().zip(decided) {
            // A sender that has gone away no longer wants its answer.
            let _ = reply.send(result.map(|decided| decided.told));
        }
    }
}
