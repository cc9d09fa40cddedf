use super::*;
use crate::config::webhook::Args;

fn live() -> AddressPolicy {
    AddressPolicy::default()
}

fn sandbox() -> AddressPolicy {
    AddressPolicy { allow: AllowList::default(), allow_loopback: true }
}

/// Hosts that must not be reached from a live server, in every notation a URL takes.
const FORBIDDEN_HOSTS: [&str; 80] = [
    "0",
    "0.0.0.0",
    "127.0.0.1",
    "127.1",
    "127.0.0.1.",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "①②⑦.⓪.⓪.①",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.255.255",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "100.64.0.1",
    "100.127.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "app.localhost",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
    "[::10.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:a9fe:a9fe]",
    "[::ffff:10.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2002:0a00:0001::]",
    "[2001::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[fc00::1]",
    "[fd00::1]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "0x0a000001",
    "012.0.0.1",
    "10.1",
    "0xA9.0xFE.0xA9.0xFE",
    "169.16689662",
    "１２７.０.０.１",
    "127。0。0。1",
    "%31%32%37.0.0.1",
    "[0000::0001]",
    "[::ffff:100.64.0.1]",
    "[::ffff:0.0.0.0]",
    "[64:ff9b::192.168.0.1]",
    "[2002:c0a8:0001::1]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "[2606:2800::5efe:10.0.0.1]",
    "[2606:2800::200:5efe:169.254.169.254]",
    "[100::1]",
    "[5f00::1]",
];

#[test]
fn no_notation_of_a_private_address_passes() {
    for host in FORBIDDEN_HOSTS {
        let url = format!("https://{host}/hook");
        assert!(check_url(&url, &live()).is_err(), "{url} passed");
    }
}

#[test]
fn no_name_leads_to_one_of_them_either() {
    let literals = FORBIDDEN_HOSTS.iter().filter_map(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
    let judged: Vec<_> = literals.filter(|address| !live().allows_resolved("hooks.example", *address)).collect();
    assert!(judged.len() >= 50, "{judged:?}");
    let all = FORBIDDEN_HOSTS.iter().filter(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()).count();
    assert_eq!(judged.len(), all);
}

#[test]
fn public_hosts_pass() {
    for url in [
        "https://example.org/hook",
        "https://example.org:8443/hook?key=1",
        "https://93.184.216.34/",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/",
        "https://[64:ff9b::5db8:d822]/",
        "https://[2002:5db8:d822::1]/",
        "https://1.1.1.1/",
        "https://172.32.0.1/",
        "https://100.128.0.1/",
    ] {
        assert!(check_url(url, &live()).is_ok(), "{url}: {:?}", check_url(url, &live()));
    }
}

#[test]
fn schemes_ports_and_notations_that_hide_something_are_refused() {
    let long = format!("https://example.org/{}", "a".repeat(4_096));
    for url in [
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "http://example.org/",
        "https://user@example.org/",
        "https://user:secret@example.org/",
        "https://example.org\\@127.0.0.1/",
        "https://exam\tple.org/",
        "https://example.org/\r\nhost: x",
        "https://example.org:22/",
        "https://example.org:25/",
        "https://example.org:5432/",
        "https://example.org:6379/",
        "https://example.org:0/",
        "https://",
        "example.org/hook",
        "",
        &long,
    ] {
        assert!(check_url(url, &live()).is_err(), "{url} passed");
        assert!(check_url(url, &sandbox()).is_err(), "{url} passed in the sandbox");
    }
}

#[test]
fn the_sandbox_reaches_its_own_machine_and_nothing_else_that_is_private() {
    for url in ["http://127.0.0.1:9000/hook", "http://localhost:9000/", "http://[::1]:9000/", "http://[::ffff:127.0.0.1]:9000/"] {
        assert!(check_url(url, &sandbox()).is_ok(), "{url}: {:?}", check_url(url, &sandbox()));
        assert!(check_url(url, &live()).is_err(), "{url} passed");
    }
    for url in ["http://10.0.0.1/", "https://10.0.0.1/", "https://169.254.169.254/", "http://example.org/", "https://[fd00::1]/"] {
        assert!(check_url(url, &sandbox()).is_err(), "{url} passed");
    }
}

#[test]
fn named_networks_pass_but_never_link_local_ones() {
    let settings = Args {
        webhook_allow: Some("10.20.0.0/16, fd12::/16, 169.254.0.0/16, fe80::/10, hooks.internal".to_owned()),
        webhook_timeout_secs: "15".to_owned(),
    };
    let policy = AddressPolicy { allow: settings.resolve().unwrap().allow, allow_loopback: false };
    for url in
        ["https://10.20.3.4/", "http://10.20.3.4:8080/", "https://[fd12::9]/", "https://[::ffff:10.20.3.4]/", "http://hooks.internal/"]
    {
        assert!(check_url(url, &policy).is_ok(), "{url}: {:?}", check_url(url, &policy));
    }
    for url in ["https://10.21.0.1/", "https://169.254.169.254/", "https://[fe80::1]/", "https://[::ffff:a9fe:a9fe]/", "https://127.0.0.1/"]
    {
        assert!(check_url(url, &policy).is_err(), "{url} passed");
    }
    assert!(policy.allows_resolved("hooks.internal", "192.168.1.1".parse().unwrap()));
    assert!(!policy.allows_resolved("hooks.internal", "169.254.169.254".parse().unwrap()));
    assert!(!policy.allows_resolved("other.internal", "192.168.1.1".parse().unwrap()));
}
