//! The program of the bench, its people, and its cases.

use proviso::clock::Clock;
use proviso::instant::Instant;
use serde_json::{Value, json};

use super::Bench;
use super::client::Client;
use super::database::Database;
use super::server::{Server, say};

const DEFINITION: &str = include_str!("load.yaml");
const PARTICIPANTS: usize = 1_000;
/// Cases started in one request.
const BATCH: usize = 200;
/// The budget of the first step.
const BUDGET_MILLIS: i64 = 3_600_000;

/// What completes a first step: two typed fields, a coded one and a gate. Three checks are judged.
pub const COMPLETION: &str = r#"{"fields":{"score":7,"severity":"high","note":"Seen at home, all papers in order"},"gates":{"source_confirmed":{"confirmed":true,"evidence":{"note":"Confirmed by letter","reference":"letter-17"}}}}"#;

/// Who may do what.
pub struct Tokens {
    pub administrator: String,
    pub worker: String,
}

/// Makes a live installation with the program, its people and its source.
pub async fn install(bench: &Bench, database: &Database) -> Tokens {
    let folder = bench.folder();
    let say = |arguments: &[&str]| say(folder, database, arguments);
    let token = |username: &str| {
        let told = say(&["token", "create", "--for", username, "--name", "load", "--json"]);
        told["token"].as_str().expect("a token").to_owned()
    };
    say(&["migrate"]);
    say(&["user", "add", "administrator", "--name", "Administrator", "--administrator", "--generate-password", "--json"]);
    let administrator = token("administrator");
    let server = Server::start(bench, database, "web");
    let mut client = Client::connect(server.address, &administrator).await;
    client.must("PUT", "/programs/load", "application/yaml", DEFINITION.as_bytes()).await;
    let rows: String = (0..PARTICIPANTS).map(|number| format!("p{number},active\n")).collect();
    let csv = format!("participant_id,status\n{rows}");
    client.must("POST", "/programs/load/sources/participants", "text/csv", csv.as_bytes()).await;
    drop(client);
    server.stop();
    for role in ["worker", "manager"] {
        say(&["user", "add", role, "--name", role, "--role", &format!("load:{role}"), "--generate-password", "--json"]);
    }
    Tokens { administrator, worker: token("worker") }
}

/// What starts a case whose first step is due then.
pub fn case(number: usize, due: Instant) -> Value {
    let participant = format!("p{}", number % PARTICIPANTS);
    let seen_at = due.plus_millis(-BUDGET_MILLIS).expect("an instant");
    json!({ "program": "load", "workflow": "case", "started_with": { "participant_id": participant, "seen_at": seen_at } })
}

/// Starts cases whose first step is due at the instants given.
pub async fn start_cases(server: &Server, tokens: &Tokens, due: &[Instant]) {
    let mut client = Client::connect(server.address, &tokens.worker).await;
    for (index, batch) in due.chunks(BATCH).enumerate() {
        let items: Vec<_> = batch.iter().enumerate().map(|(place, due)| case(index * BATCH + place, *due)).collect();
        let answer = client.must("POST", "/instances/batch", "application/json", json!({ "items": items }).to_string().as_bytes()).await;
        let refused = answer["items"].as_array().and_then(|rows| rows.iter().find(|row| row["status"] != 201));
        assert!(refused.is_none(), "a case was not started: {}", refused.unwrap_or(&answer));
    }
}

/// Waits until wall time has reached an instant.
pub async fn until(instant: Instant) {
    let millis = instant.millis_since(Clock::system().wall());
    tokio::time::sleep(std::time::Duration::from_millis(u64::try_from(millis).unwrap_or(0))).await;
}

/// Wall time, `millis` from now.
pub fn in_millis(millis: i64) -> Instant {
    Clock::system().wall().plus_millis(millis).expect("an instant")
}
