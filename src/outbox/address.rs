//! Which addresses a webhook may be sent to.
//!
//! Guarantee: only global unicast addresses pass, whatever notation hides another one, unless the configuration names
//! the network. Link-local addresses, where cloud metadata lives, never pass.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::config::webhook::AllowList;

const MAX_URL_LENGTH: usize = 2_048;
/// Ports at or above 1024 on which services listen that a request should not reach.
const SERVICE_PORTS: [u16; 21] =
    [1433, 1521, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 5432, 5433, 5672, 5900, 6379, 6443, 9042, 9200, 9300, 10250, 11211, 27017];

/// What is allowed beyond public addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressPolicy {
    /// Receivers on the premises that the configuration names. Plain http is accepted for them.
    pub allow: AllowList,
    /// The sandbox may send to this machine, by plain http too.
    pub allow_loopback: bool,
}

impl AddressPolicy {
    /// Whether a connection to `address` may be made.
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = unwrapped(address);
        !is_link_local(address) && (self.vouched_for(address) || is_global_unicast(address))
    }

    /// Whether a connection may be made to `address`, which the name `host` resolved to.
    pub fn allows_resolved(&self, host: &str, address: IpAddr) -> bool {
        let named = self.allow.has_host(host) && !is_link_local(unwrapped(address));
        named || self.allows(address)
    }

    /// Addresses that are not public but lawful here.
    fn vouched_for(&self, address: IpAddr) -> bool {
        (self.allow_loopback && address.is_loopback()) || self.allow.has_address(address)
    }

    fn allows_plain_http(&self, host: &Host<&str>) -> bool {
        match host {
            Host::Domain(name) => self.allow.has_host(name) || (self.allow_loopback && is_localhost(name)),
            Host::Ipv4(address) => self.vouched_for(IpAddr::V4(*address)),
            Host::Ipv6(address) => self.vouched_for(unwrapped(IpAddr::V6(*address))),
        }
    }
}

/// Reads a receiver's URL and refuses what must not be called. Names are looked up when a webhook is sent, and each
/// address is then judged by the same policy.
pub fn check_url(text: &str, policy: &AddressPolicy) -> Result<Url, String> {
    if text.len() > MAX_URL_LENGTH {
        return Err(format!("the url is longer than {MAX_URL_LENGTH} characters"));
    }
    // The parser drops tabs and line breaks and reads a backslash as a slash, so that people and programs see different hosts.
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err("the url must not contain spaces, control characters or backslashes".to_owned());
    }
    let url = Url::parse(text).map_err(|why| format!("the url cannot be read: {why}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("the url begins with {}: use https", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the url must not carry a user name or password; the signature shows who sends".to_owned());
    }
    let host = url.host().ok_or_else(|| "the url names no host".to_owned())?;
    check_host(&host, policy)?;
    if url.scheme() == "http" && !policy.allows_plain_http(&host) {
        return Err("the url must use https".to_owned());
    }
    check_port(url.port_or_known_default())?;
    Ok(url)
}

fn check_host(host: &Host<&str>, policy: &AddressPolicy) -> Result<(), String> {
    let allowed = match host {
        Host::Domain(name) => policy.allow_loopback || policy.allow.has_host(name) || !is_localhost(name),
        Host::Ipv4(address) => policy.allows(IpAddr::V4(*address)),
        Host::Ipv6(address) => policy.allows(IpAddr::V6(*address)),
    };
    if allowed {
        Ok(())
    } else {
        Err(format!("webhooks are not sent to {host}: it is not a public address and the configuration does not allow it"))
    }
}

fn check_port(port: Option<u16>) -> Result<(), String> {
    match port {
        Some(80 | 443) => Ok(()),
        Some(port) if port >= 1024 && !SERVICE_PORTS.contains(&port) => Ok(()),
        Some(port) => {
            Err(format!("webhooks are not sent to port {port}: use 443, or a port above 1023 that no database or system service uses"))
        }
        None => Err("the url names no port".to_owned()),
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// The IPv4 address inside an IPv6 notation that routes to it, or the address itself.
fn unwrapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) if v6 != Ipv6Addr::LOCALHOST && v6 != Ipv6Addr::UNSPECIFIED => embedded(v6).map_or(address, IpAddr::V4),
        IpAddr::V6(_) | IpAddr::V4(_) => address,
    }
}

fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = v6.segments();
    let joined = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match s {
        // ::a.b.c.d, ::ffff:a.b.c.d and ::ffff:0:a.b.c.d
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => Some(joined(high, low)),
        // 64:ff9b::/96, NAT64
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(joined(high, low)),
        // 2002::/16, 6to4
        [0x2002, high, low, ..] => Some(joined(high, low)),
        // The interface of an ISATAP tunnel.
        [.., 0 | 0x0200, 0x5efe, high, low] => Some(joined(high, low)),
        _ => None,
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

fn is_global_unicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_global_v4(v4),
        IpAddr::V6(v6) => is_global_v6(v6),
    }
}

fn is_global_v4(v4: Ipv4Addr) -> bool {
    let reserved = match v4.octets() {
        // This network; shared address space; protocol assignments; 6to4 relays; benchmarks; multicast and above.
        [0, ..] | [192, 0, 0, _] | [192, 88, 99, _] | [198, 18 | 19, ..] | [224..=255, ..] => true,
        [100, second, ..] => (64..=127).contains(&second),
        _ => false,
    };
    !(reserved || v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_documentation())
}

/// Inside 2000::/3, without what is set aside there.
fn is_global_v6(v6: Ipv6Addr) -> bool {
    let s = v6.segments();
    let set_aside = match s {
        // 2001::/23: Teredo, ORCHID, benchmarks; 2001:db8::/32 and 3fff::/20: documentation; 2002::/16: 6to4.
        [0x2001, second, ..] => second < 0x0200 || second == 0x0db8,
        [0x2002, ..] => true,
        [0x3fff, second, ..] => second < 0x1000,
        _ => false,
    };
    (0x2000..=0x3fff).contains(&s[0]) && !set_aside
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
