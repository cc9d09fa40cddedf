//! Everything a use case needs, made once and shared.

use std::sync::Arc;

use super::ahead::Ahead;
use super::calendars::Shelf;
use super::high_water::HighWater;
use super::identities::Identities;
use super::programs::Programs;
use super::queue::Queue;
use super::sandbox::Sandbox;
use super::slice::Deciding;
use super::{Answer, Error, Wake};
use crate::clock::Clock;
use crate::domain::command::Envelope;
use crate::ids::{IdSource, ProgramId, WorkflowId};
use crate::instant::Instant;
use crate::store::{self, Store};

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    pub store: Store,
    pub clock: Clock,
    pub ids: Arc<IdSource>,
    pub programs: Programs,
    pub calendars: Shelf,
    pub wake: Wake,
    pub identities: Identities,
    /// Present in a sandbox only.
    pub sandbox: Option<Sandbox>,
    queue: Queue,
}

impl Services {
    /// Starts the tasks that commit what is waiting. Must run inside a tokio runtime.
    pub fn new(store: Store, clock: Clock, ids: IdSource, wake: Wake, sandbox: Option<Sandbox>) -> Self {
        let calendars = Shelf::built_in();
        let programs = Programs::new(store.clone(), calendars.clone());
        let ids = Arc::new(ids);
        let deciding = Deciding {
            store: store.clone(),
            clock: clock.clone(),
            programs: programs.clone(),
            calendars: calendars.clone(),
            wake: wake.clone(),
            high_water: HighWater::default(),
        };
        Self { queue: Queue::start(deciding), identities: Identities::start(&store), store, clock, ids, programs, calendars, wake, sandbox }
    }

    /// Decides and commits one command, together with whatever else is waiting. The answer follows the commit.
    pub async fn execute(&self, envelope: Envelope) -> Result<Answer, Error> {
        self.queue.submit(envelope).await
    }

    /// Starts what has come of a schedule, or records why not; true where something had come.
    pub async fn occur(&self, program: &ProgramId, workflow: &WorkflowId) -> Result<bool, Error> {
        self.queue.occur(program, workflow).await
    }

    /// The instant by which it is judged what is due: on PostgreSQL the database's, so that a node whose clock is wrong is neither
    /// early nor late, unless the clock is one that is moved by hand.
    pub async fn judged_now(&self) -> Result<Instant, store::Error> {
        if self.clock.is_movable() {
            return Ok(self.clock.now());
        }
        Ok(self.store.database_now().await?.unwrap_or_else(|| self.clock.now()))
    }

    /// Decides timers on distinct instances, where the database has one writer that would otherwise wait for it.
    pub fn ahead(&self, envelopes: Vec<Envelope>) -> impl Future<Output = Ahead> + Send + use<> {
        self.queue.ahead(envelopes)
    }

    /// Fires timers: commits what was decided ahead, and decides what was not, leaving out instances that others hold.
    pub async fn fire(&self, ahead: Ahead) -> Vec<Result<super::slice::Fired, Error>> {
        self.queue.fire(ahead).await
    }
}
