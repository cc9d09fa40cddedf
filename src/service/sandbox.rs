//! What only a sandbox can do: move its clock and show the mail it captured.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Serialize;

use super::Error;
use crate::instant::Instant;

/// Where the clock stands after a move, and how many timers fired on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Moved {
    pub now: Instant,
    pub fired: u64,
}

type Walk = dyn Fn(Instant) -> BoxFuture<'static, Result<Moved, Error>> + Send + Sync;
type Mail = dyn Fn(Option<&str>) -> Vec<serde_json::Value> + Send + Sync;

/// The sandbox, as the composition root wires it: services do not know the loops it walks.
#[derive(Clone)]
pub struct Sandbox {
    walk: Arc<Walk>,
    mail: Arc<Mail>,
}

impl Sandbox {
    pub fn new(
        walk: impl Fn(Instant) -> BoxFuture<'static, Result<Moved, Error>> + Send + Sync + 'static,
        mail: impl Fn(Option<&str>) -> Vec<serde_json::Value> + Send + Sync + 'static,
    ) -> Self {
        Self { walk: Arc::new(walk), mail: Arc::new(mail) }
    }

    /// Moves the clock to `to` and returns when everything due up to then has been done, in order of time.
    pub async fn advance_to(&self, to: Instant) -> Result<Moved, Error> {
        (self.walk)(to).await
    }

    /// Captured mail, newest last; to one address where `to` names it.
    pub fn mail(&self, to: Option<&str>) -> Vec<serde_json::Value> {
        (self.mail)(to)
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sandbox")
    }
}
