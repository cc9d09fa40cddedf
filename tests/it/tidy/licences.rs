//! Whose code is in the binary, and on which terms.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use super::super::support::checkout;
use super::none;

/// Terms that ask for no more than to be named.
const ALLOWED: [&str; 11] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "0BSD",
    "Zlib",
    "Unicode-3.0",
    "CC0-1.0",
];

/// Packages on other terms, each with the reason why it may stay.
const EXCEPTIONS: [(&str, &str, &str); 1] =
    [("webpki-roots", "CDLA-Permissive-2.0", "a list of certificate authorities: data, whose terms ask only to be passed on with it")];

/// A second TLS library would be a second place to patch, and most bring a C build.
const SECOND_TLS: [&str; 8] = ["openssl", "openssl-sys", "native-tls", "aws-lc-rs", "aws-lc-sys", "boring", "mbedtls", "schannel"];

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--filter-platform", &host()])
        .current_dir(checkout::root())
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata writes JSON");
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let used: BTreeSet<String> = list(&metadata["resolve"]["nodes"]).iter().map(|node| node["id"].to_string()).collect();
    let packages: Vec<Value> =
        list(&metadata["packages"]).into_iter().filter(|package| used.contains(&package["id"].to_string())).collect();
    assert!(packages.len() > 100, "cargo metadata lists the whole tree");
    packages
}

/// The platform this machine builds for: only what is linked here is judged, and nothing else has to be fetched.
fn host() -> String {
    let output = Command::new(env!("CARGO")).arg("-vV").output().expect("cargo runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo tells its host").to_owned()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn every_package_is_on_terms_we_accept() {
    let packages = packages();
    let foreign = packages.iter().filter(|package| {
        let (name, licence) = (text(&package["name"]), text(&package["license"]));
        !is_allowed(licence) && !EXCEPTIONS.iter().any(|(known, terms, _)| *known == name && *terms == licence)
    });
    let foreign: Vec<String> = foreign.map(|package| format!("{}: {}", text(&package["name"]), text(&package["license"]))).collect();
    none(&foreign, "these packages are on other terms; choose another part, or write the exception and its reason down");
}

#[test]
fn every_exception_is_still_needed() {
    let packages = packages();
    let stale =
        EXCEPTIONS.iter().filter(|(name, terms, _)| !packages.iter().any(|p| text(&p["name"]) == *name && text(&p["license"]) == *terms));
    none(&stale.map(|(name, ..)| (*name).to_owned()).collect::<Vec<_>>(), "exceptions that nothing needs");
}

#[test]
fn there_is_one_tls_library() {
    let packages = packages();
    let second = packages.iter().map(|package| text(&package["name"])).filter(|name| SECOND_TLS.contains(name));
    none(&second.map(str::to_owned).collect::<Vec<_>>(), "TLS is rustls with ring and nothing else; switch the package's features");
    assert!(packages.iter().any(|package| text(&package["name"]) == "rustls"), "rustls is in the tree");
}

/// True when the expression can be met with allowed terms: one side of each OR, both sides of each AND. A slash is an old OR; what is
/// no expression allows nothing.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ").replace(" WITH ", "\u{a0}WITH\u{a0}");
    let tokens: Vec<&str> = expression.split([' ', '\t']).filter(|token| !token.is_empty()).collect();
    let mut rest = tokens.as_slice();
    either(&mut rest).unwrap_or(false) && rest.is_empty()
}

fn either(tokens: &mut &[&str]) -> Option<bool> {
    let mut verdict = both(tokens)?;
    while let ["OR", rest @ ..] = *tokens {
        *tokens = rest;
        verdict |= both(tokens)?;
    }
    Some(verdict)
}

fn both(tokens: &mut &[&str]) -> Option<bool> {
    let mut verdict = one(tokens)?;
    while let ["AND", rest @ ..] = *tokens {
        *tokens = rest;
        verdict &= one(tokens)?;
    }
    Some(verdict)
}

fn one(tokens: &mut &[&str]) -> Option<bool> {
    let (first, rest) = tokens.split_first()?;
    *tokens = rest;
    if *first != "(" {
        return Some(ALLOWED.contains(&first.replace('\u{a0}', " ").as_str()));
    }
    let verdict = either(tokens)?;
    let (last, rest) = tokens.split_first()?;
    *tokens = rest;
    (*last == ")").then_some(verdict)
}

#[test]
fn an_expression_is_read_as_it_is_written() {
    let lawful =
        ["MIT", "MIT/Apache-2.0", "Unlicense OR MIT", "(Apache-2.0 OR GPL-3.0) AND BSD-3-Clause", "Apache-2.0 WITH LLVM-exception"];
    assert!(lawful.iter().all(|expression| is_allowed(expression)));
    let refused = ["", "GPL-3.0-or-later", "MIT AND GPL-3.0", "(MIT OR Apache-2.0) AND AGPL-3.0", "MIT OR", "(MIT"];
    assert_eq!(refused.iter().filter(|expression| is_allowed(expression)).count(), 0);
}
