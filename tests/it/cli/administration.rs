//! Setting an installation up without a running server: schema, people, tokens, the API's description.

use std::net::{IpAddr, Ipv4Addr};

use proviso::service::authenticate::{SignIns, identify, sign_in};
use proviso::store::Store;

use super::evidence;
use super::program::Desk;
use crate::store::home;

const FILE: &str = "sqlite://data/home.db";

#[tokio::test]
async fn a_database_is_made_described_and_refused_when_it_is_newer() {
    let desk = Desk::new();
    let status = desk.run(&["migrate", "--status", "--database-url", FILE]).expect(2);
    assert!(status.err.contains("there is no database at data/home.db"), "{status:?}");
    assert!(!desk.path("data").exists(), "looking makes nothing");
    let lacking = desk.run(&["token", "create", "--for", "ada", "--name", "x", "--database-url", FILE]).expect(2);
    assert!(lacking.err.contains("proviso migrate"), "{lacking:?}");
    let made = desk.run(&["migrate", "--database-url", FILE, "--json"]).expect(0).json();
    assert_eq!(made["taken"].as_array().unwrap().len(), migration::known_steps().len());
    assert_eq!(desk.run(&["migrate", "--database-url", FILE]).expect(0).out, "the database is up to date\n");
    assert!(desk.run(&["migrate", "--status", "--database-url", FILE]).expect(0).out.lines().all(|line| line.starts_with("taken ")));
    let url = format!("sqlite://{}", desk.path("data/home.db").display());
    let beside = sea_orm::Database::connect(&url).await.unwrap();
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_future', 0)";
    sea_orm::ConnectionTrait::execute_unprepared(&beside, newer).await.unwrap();
    for arguments in [&["migrate"][..], &["migrate", "--status"], &["audit", "verify"]] {
        let refused = desk.run(&[arguments, &["--database-url", FILE]].concat()).expect(2);
        assert!(refused.err.contains("newer version") && refused.err.contains("m29990101"), "{refused:?}");
    }
}

#[test]
fn a_url_that_cannot_work_is_named_without_its_password() {
    let desk = Desk::new();
    let refused = desk.run(&["audit", "verify", "--database-url", "postgres://user:hunter2@127.0.0.1:1"]).expect(2);
    assert!(refused.err.contains("names no database") && !refused.err.contains("hunter2"), "{refused:?}");
    let unreachable = desk.run(&["audit", "verify", "--database-url", "postgres://user:hunter2@127.0.0.1:1/x"]).expect(2);
    assert!(!unreachable.err.contains("hunter2"), "{unreachable:?}");
}

#[tokio::test]
async fn a_person_is_added_and_signs_in_and_a_token_is_theirs() {
    let (desk, home) = (Desk::new(), home::sqlite().await);
    let services = evidence::services(&home.store).await;
    let add = ["user", "add", "--database-url", &home.url, "--name", "Ada Lovelace", "--role", "demo:nurse", "--role", "demo:chief"];
    let ran = desk.run_with(&[&add[..], &["--administrator", "Ada"]].concat(), " correct horse \n").expect(0);
    assert_eq!(ran.out, "ada was added\n");
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let signed = |username: &'static str, password: String| {
        let services = services.clone();
        async move { sign_in(&services, &SignIns::default(), username, password, address).await.is_ok() }
    };
    assert!(signed("ada", " correct horse ".to_owned()).await, "nothing but the line end is taken off");
    let file = desk.write("password", "from a file\nsecond line\n");
    desk.run(&[&add[..], &["--password-file", &file, "bob"]].concat()).expect(0);
    assert!(signed("bob", "from a file".to_owned()).await);
    let made = desk.run(&[&add[..], &["--generate-password", "--json", "eve"]].concat()).expect(0).json();
    assert!(signed("eve", made["password"].as_str().unwrap().to_owned()).await);
    let ran = desk.run(&["token", "create", "--for", "ada", "--name", "reports", "--days", "3", "--database-url", &home.url]).expect(0);
    let known = identify(&services, ran.out.trim_end()).await.unwrap().principal;
    assert!(known.administrator && !known.auditor && known.roles["demo"].len() == 2, "{known:?}");
}

#[tokio::test]
async fn everything_wrong_with_a_person_is_told() {
    let (desk, home) = (Desk::new(), home::sqlite().await);
    evidence::services(&home.store).await;
    let add = |more: &[&str], input: &str| desk.run_with(&[&["user", "add", "--database-url", home.url.as_str()], more].concat(), input);
    let roles = add(&["x", "--name", "X", "--role", "demo:nurze", "--role", "gone:nurse"], "long enough\n").expect(1);
    assert!(roles.out.contains("demo has no role nurze; it has: nurse, chief") && roles.out.contains("no program gone"), "{roles:?}");
    let all = add(&["ä", "--name", " ", "--email", "x"], "short\n").expect(1);
    let fields: Vec<&str> = all.out.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(fields, ["username", "name", "email", "password"], "{all:?}");
    assert!(add(&["nurse", "--name", "N"], "long enough\n").expect(1).out.contains("nurse"), "doubled");
    assert!(add(&["x", "--name", "X"], "").expect(2).err.contains("no password on standard input"));
    assert!(add(&["x", "--name", "X", "--role", "nurse"], "").expect(2).err.contains("a colon and the role"));
    add(&["x", "--name", "X", "--password", "on the command line"], "").expect(2);
    let token = |more: &[&str]| desk.run(&[&["token", "create", "--database-url", home.url.as_str()], more].concat());
    assert!(token(&["--for", "nobody", "--name", "x"]).expect(2).err.contains("no person \"nobody\""));
    token(&["--for", "nurse", "--name", "x", "--days", "0"]).expect(2);
    token(&["--for", "nurse", "--name", " "]).expect(2);
    assert_eq!(home.store.usernames().await.unwrap().len(), 2, "nobody was added");
}

#[test]
fn the_description_of_the_api_is_the_servers() {
    let desk = Desk::new();
    let printed = desk.run(&["openapi"]).expect(0).json();
    assert_eq!(printed, serde_json::to_value(proviso::http::document()).unwrap());
    assert_eq!(desk.run(&["openapi", "--json"]).expect(0).out.lines().count(), 1);
}

#[tokio::test]
async fn flags_go_before_environment_and_environment_before_the_file() {
    let desk = Desk::new();
    desk.write("proviso.toml", "database_url = \"sqlite://from-file.db\"\n");
    desk.run(&["migrate"]).expect(0);
    assert!(desk.path("from-file.db").exists());
    desk.run(&["migrate", "--database-url", "sqlite://from-flag.db"]).expect(0);
    let store = Store::connect(&format!("sqlite://{}", desk.path("from-flag.db").display())).await.unwrap();
    assert!(store.migration_status().await.unwrap().pending.is_empty());
    desk.write("proviso.toml", "databse_url = \"x\"\n");
    assert!(desk.run(&["migrate"]).expect(2).err.contains("did you mean database_url?"));
}
