//! Outgoing webhooks: which private receivers are lawful, and how long a receiver may take.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::variable::number;
use super::{Fault, Faults};

#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Webhooks")]
pub struct Args {
    /// Private receivers that webhooks may reach: host names, addresses and networks, separated by commas; public addresses need no entry
    #[arg(long, env = "PROVISO_WEBHOOK_ALLOW", value_name = "LIST")]
    pub webhook_allow: Option<String>,

    /// Longest wait for a receiver's answer in seconds, 1 to 60
    #[arg(long, env = "PROVISO_WEBHOOK_TIMEOUT_SECS", value_name = "SECONDS", default_value = "15")]
    pub webhook_timeout_secs: String,
}

/// The checked section.
#[derive(Debug, Clone)]
pub struct Webhook {
    pub allow: AllowList,
    pub timeout: Duration,
}

/// Receivers on private addresses that an operator has vouched for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowList {
    hosts: Vec<String>,
    networks: Vec<IpNet>,
}

impl AllowList {
    /// True when the name itself is on the list; its addresses are then allowed, whatever they are. Letter case does not matter.
    pub fn has_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
    }

    /// True when the address lies in a listed network. An IPv4 address written as IPv6 counts as the IPv4 address.
    pub fn has_address(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }
}

impl Args {
    pub fn resolve(self) -> Result<Webhook, Faults> {
        let mut faults = Faults::default();
        let allow = faults.collect(allow_list(self.webhook_allow.as_deref().unwrap_or_default()));
        let secs = faults.note(number("PROVISO_WEBHOOK_TIMEOUT_SECS", &self.webhook_timeout_secs, 1..=60));
        match (allow, secs) {
            (Some(allow), Some(secs)) => Ok(Webhook { allow, timeout: Duration::from_secs(secs) }),
            _ => Err(faults),
        }
    }
}

fn allow_list(text: &str) -> Result<AllowList, Faults> {
    let mut list = AllowList::default();
    let mut faults = Faults::default();
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        if let Ok(network) = entry.parse::<IpNet>() {
            list.networks.push(network);
        } else if let Ok(address) = entry.parse::<IpAddr>() {
            list.networks.push(address.into());
        } else if is_host_name(entry) {
            list.hosts.push(entry.to_owned());
        } else {
            let message = format!("\"{entry}\" is no host name, address or network: write for example hooks.internal or 10.20.0.0/16");
            faults.0.push(Fault::new("PROVISO_WEBHOOK_ALLOW", message));
        }
    }
    if faults.0.is_empty() { Ok(list) } else { Err(faults) }
}

/// A name with at least one letter, so that a mistyped address is not taken for one.
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    text.split('.').all(is_label) && text.chars().any(|c| c.is_ascii_alphabetic())
}
