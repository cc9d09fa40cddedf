//! This node: what it does and what it is called.

use super::secret::given;
use super::{Fault, Faults};

#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Node")]
pub struct Args {
    /// What this node does: all, web (requests only) or worker (timers and sending only)
    #[arg(long, env = "PROVISO_ROLE", value_name = "ROLE", default_value = "all")]
    pub role: String,

    /// Name of this node in logs and leases, unique among the nodes of one database; default: host name and process number
    #[arg(long, env = "PROVISO_NODE_ID", value_name = "NAME")]
    pub node_id: Option<String>,
}

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    All,
    Web,
    Worker,
}

impl Role {
    /// True when the node answers requests; every node answers health checks.
    pub fn serves_web(self) -> bool {
        matches!(self, Self::All | Self::Web)
    }

    /// True when the node fires timers and sends notices.
    pub fn works(self) -> bool {
        matches!(self, Self::All | Self::Worker)
    }
}

/// The checked section.
#[derive(Debug, Clone)]
pub struct Node {
    pub role: Role,
    /// 1 to 100 printable characters without spaces.
    pub id: String,
}

impl Args {
    pub fn resolve(self) -> Result<Node, Faults> {
        let mut faults = Faults::default();
        let role = faults.note(role(&self.role));
        let id = faults.note(given(self.node_id).map_or_else(|| Ok(own_name()), named));
        match (role, id) {
            (Some(role), Some(id)) => Ok(Node { role, id }),
            _ => Err(faults),
        }
    }
}

fn role(text: &str) -> Result<Role, Fault> {
    match text.trim() {
        "all" => Ok(Role::All),
        "web" => Ok(Role::Web),
        "worker" => Ok(Role::Worker),
        other => Err(Fault::new("PROVISO_ROLE", format!("\"{other}\" is not a role: write all, web or worker"))),
    }
}

fn named(id: String) -> Result<String, Fault> {
    let is_fit = id.len() <= 100 && id.chars().all(|c| c.is_ascii_graphic());
    if is_fit { Ok(id) } else { Err(Fault::new("PROVISO_NODE_ID", "is longer than 100 characters or has spaces or unusual characters")) }
}

/// Two nodes on one machine differ in their process number, two containers in their host name.
fn own_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host: String = host.trim().chars().filter(|c| c.is_ascii_graphic()).take(64).collect();
    let host = if host.is_empty() { "node".to_owned() } else { host };
    format!("{host}-{}", std::process::id())
}
