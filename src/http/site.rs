//! What the handlers share besides the services.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use url::Url;

use super::body::JSON_LIMIT;
use super::rates::Rates;
use crate::service::authenticate::SignIns;
use crate::service::webhooks::Receivers;

/// What an operator sets about the HTTP face.
#[derive(Clone)]
pub struct Settings {
    /// The address people use; links and the `Secure` mark of cookies follow it.
    pub public_url: Option<Url>,
    /// Lets `/metrics` be read from elsewhere than this machine.
    pub metrics_token: Option<String>,
    /// Most bytes of a request body; a path that takes imports may allow more.
    pub max_body_bytes: usize,
    /// Whether the node answers requests besides those about its health and figures.
    pub serves_web: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { public_url: None, metrics_token: None, max_body_bytes: JSON_LIMIT, serves_web: true }
    }
}

impl Settings {
    /// Whether people reach the server by https, so that cookies may be `Secure`.
    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

/// What other parts of the server tell the HTTP face; the composition root wires it.
#[derive(Clone)]
pub struct Wiring {
    /// The figures as text.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Why the loops are not ready; empty when they are.
    pub loops: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
}

impl Default for Wiring {
    /// No figures, and nothing in the way.
    fn default() -> Self {
        Self { metrics: Arc::new(String::new), loops: Arc::new(Vec::new) }
    }
}

impl fmt::Debug for Wiring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wiring")
    }
}

/// One per server.
#[derive(Debug, Default)]
pub struct Site {
    pub settings: Settings,
    pub sign_ins: SignIns,
    pub rates: Rates,
    pub receivers: Receivers,
    pub wiring: Wiring,
}

impl Site {
    /// What links to this server begin with, without a slash at the end: its public address, else the one it `listens` on,
    /// as in mails.
    pub fn address(&self, listens: SocketAddr) -> String {
        match &self.settings.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("http://{listens}"),
        }
    }
}
