//! The deployment files, held against the settings the program has: no machine here runs them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::configuration::variables;
use super::support::checkout;

fn compose() -> Value {
    serde_saphyr::from_str(&checkout::text("docker-compose.yml")).expect("docker-compose.yml is YAML")
}

fn names(object: &Value) -> BTreeSet<String> {
    object.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default()
}

/// The settings of a file of `NAME=value` lines; those that are switched off by a `#` without a space count too.
fn example() -> BTreeMap<String, String> {
    let text = checkout::text(".env.example");
    let settings = text.lines().map(|line| line.strip_prefix('#').unwrap_or(line)).filter_map(|line| line.split_once('='));
    settings.filter(|(name, _)| !name.contains(' ')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn the_nodes_are_given_only_settings_the_program_has() {
    let given = names(&compose()["services"]["app"]["environment"]);
    let known: BTreeSet<String> = variables().into_iter().map(|variable| variable.name).collect();
    let unknown: Vec<&String> = given.difference(&known).collect();
    assert!(unknown.is_empty(), "docker-compose.yml sets what no setting reads: {unknown:?}");
    assert!(given.contains("PROVISO_DATABASE_URL") && given.contains("PROVISO_LISTEN"));
}

#[test]
fn what_the_compose_file_asks_of_the_environment_is_in_the_example() {
    let text = checkout::text("docker-compose.yml");
    let asked = text.split("${").skip(1).filter_map(|rest| rest.split([':', '}']).next());
    let asked: BTreeSet<&str> = asked.collect();
    let example = example();
    let missing: Vec<&&str> = asked.iter().filter(|name| !example.contains_key(**name)).collect();
    assert!(missing.is_empty() && asked.len() > 3, ".env.example lacks {missing:?}");
}

#[test]
fn the_example_shows_every_setting_with_its_default() {
    let mut example = example();
    assert!(example.remove("POSTGRES_PASSWORD").is_some(), "the database of docker-compose.yml needs a password");
    let known: BTreeMap<String, String> = variables().into_iter().map(|variable| (variable.name, variable.default)).collect();
    assert_eq!(example.keys().collect::<Vec<_>>(), known.keys().collect::<Vec<_>>(), ".env.example and the settings differ");
    for (name, default) in known.iter().filter(|(_, default)| !default.is_empty()) {
        assert_eq!(&example[name], default, ".env.example shows another default for {name}");
    }
}

#[test]
fn two_equal_nodes_wait_for_a_healthy_database() {
    let compose = compose();
    let (db, app) = (&compose["services"]["db"], &compose["services"]["app"]);
    assert_eq!(app["deploy"]["replicas"], 2);
    assert_eq!(app["environment"]["PROVISO_ROLE"], "all");
    assert_eq!(app["depends_on"]["db"]["condition"], "service_healthy");
    assert!(db["healthcheck"]["test"].to_string().contains("pg_isready"));
    assert_eq!(db["image"], "postgres:18");
    assert_eq!(db["volumes"][0], "db:/var/lib/postgresql", "from version 18 on the data lies in a folder below");
    assert!(compose["services"]["mail"].is_object(), "mail is caught, not sent");
}

#[test]
fn no_port_is_open_to_other_machines() {
    let compose = compose();
    let services = compose["services"].as_object().expect("services is a mapping");
    let ports: Vec<&str> =
        services.values().filter_map(|service| service["ports"].as_array()).flatten().filter_map(Value::as_str).collect();
    assert!(!ports.is_empty() && ports.iter().all(|port| port.starts_with("127.0.0.1:")), "{ports:?}");
}

#[test]
fn the_image_does_not_run_as_root_and_carries_certificates() {
    let dockerfile = checkout::text("Dockerfile");
    let last = dockerfile.rsplit("\nFROM ").next().expect("the file has a stage");
    assert!(last.contains("\nUSER proviso"), "the server has a user of its own");
    assert!(last.contains("ca-certificates"), "mail and webhooks check certificates");
    assert!(!last.contains("cargo"), "the compiler stays in the first stage");
    let oldest = checkout::text("Cargo.toml").lines().find_map(|line| line.strip_prefix("rust-version = ").map(|v| v.replace('"', "")));
    let minor = |version: &str| version.split('.').nth(1).and_then(|minor| minor.split('-').next()?.parse::<u32>().ok());
    let used = dockerfile.split("rust:").nth(1).and_then(minor);
    assert!(used >= oldest.as_deref().and_then(minor) && used.is_some(), "the image's compiler is older than rust-version");
}
