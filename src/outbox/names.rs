//! Looking up the name of a receiver.
//!
//! Guarantee: of what a name leads to, only what the policy allows is handed on, and a connection goes to these addresses without a
//! second look-up. A name that leads somewhere else at the next try is judged anew then.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::AddressPolicy;

/// What a name leads to at this moment.
#[derive(Clone)]
pub struct LookUp(Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>);

impl LookUp {
    /// As the machine answers.
    pub fn of_the_machine() -> Self {
        Self::by(|name| Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect()) }))
    }

    /// By other means.
    pub fn by(look_up: impl Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(look_up))
    }
}

impl fmt::Debug for LookUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LookUp")
    }
}

/// Looks names up and passes on only what the policy allows.
pub(super) struct Guarded {
    pub policy: AddressPolicy,
    pub look_up: LookUp,
}

#[derive(Debug, thiserror::Error)]
#[error("the name leads to no address that is allowed")]
pub(super) struct NoAllowedAddress;

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let (policy, found) = (self.policy.clone(), (self.look_up.0)(host.clone()));
        Box::pin(async move {
            let mut found = found.await?;
            found.retain(|address| policy.allows_resolved(&host, *address));
            if found.is_empty() {
                return Err(Box::new(NoAllowedAddress) as Box<dyn StdError + Send + Sync>);
            }
            // The port comes from the URL.
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
