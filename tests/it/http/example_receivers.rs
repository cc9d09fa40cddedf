//! The example receivers of `docs/receivers`, run as they are, with the published libraries of their languages. They see nothing of the
//! database, so one of the two is enough.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use proviso::clock::Clock;
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};

use super::episodes::{Episode, RECORDER, SAMPLES};
use super::on_both;
use crate::support::receiver::Receiver;
use crate::support::server::{Backend, Sandbox};
use crate::support::{checkout, oracle};

on_both!(an_asymmetric_signature_is_verified_by_another_library);

/// A program in one of the languages.
#[derive(Debug, Clone, Copy)]
enum Language {
    Python,
    TypeScript,
}

impl Language {
    fn command(self) -> Command {
        let root = checkout::root();
        let made = root.join("target/oracle-venv");
        let (interpreter, script) = match self {
            Self::Python => (made.join("bin/python"), root.join("docs/receivers/python/receiver.py")),
            Self::TypeScript => (made.join("bin/node"), made.join("receiver/receiver.ts")),
        };
        assert!(interpreter.exists(), "{} is missing: run tests/run.sh, which makes it", interpreter.display());
        if matches!(self, Self::TypeScript) {
            // Beside the packages it imports.
            std::fs::copy(root.join("docs/receivers/typescript/receiver.ts"), &script).expect("the example is there");
        }
        let mut command = Command::new(interpreter);
        command.arg(script);
        command
    }
}

/// A receiver with its files; it ends with the test.
struct Example {
    language: Language,
    folder: PathBuf,
    running: Option<Child>,
    url: String,
}

impl Drop for Example {
    fn drop(&mut self) {
        self.stop();
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

impl Example {
    fn start(language: Language) -> Self {
        let folder = std::env::temp_dir().join(format!("proviso-example-{language:?}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut command = language.command();
        command.arg("serve").arg("--events").arg(folder.join("events")).arg("--secret-file").arg(folder.join("secret"));
        let mut running = command.stdout(Stdio::piped()).spawn().expect("the interpreter starts");
        let mut line = String::new();
        BufReader::new(running.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").expect("it says where").to_owned();
        Self { language, folder, running: Some(running), url }
    }

    fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.kill().ok();
            running.wait().ok();
        }
    }

    fn knows(&self, secret: &Value) {
        std::fs::write(self.folder.join("secret"), secret.as_str().unwrap()).unwrap();
    }

    /// The lines it has written.
    fn events(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.join("events")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Runs its other half, and gives what that prints.
    async fn catch_up(&self, sandbox: &Sandbox, webhook: &str) -> Value {
        let mut command = self.language.command();
        let api = format!("http://{}/api/v1", sandbox.server.address);
        command.args(["catch-up", "--api", &api, "--webhook", webhook]).arg("--events").arg(self.folder.join("events"));
        command.env("PROVISO_TOKEN", sandbox.api.token("integrator").await);
        let ran = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        serde_json::from_slice(&ran.stdout).unwrap()
    }
}

async fn unsent(sandbox: &Sandbox, path: &str) -> usize {
    let all = sandbox.api.all("integrator", &format!("{path}/deliveries")).await;
    assert!(!all.is_empty());
    all.iter().filter(|delivery| delivery["state"] != "sent").count()
}

/// The secret before stops signing, as if its 24 hours were over.
async fn overlap_ends(sandbox: &Sandbox) {
    let rows = sea_orm::Database::connect(sandbox.database_url()).await.unwrap();
    let ended = "UPDATE webhook SET secret = substr(secret, 1, instr(secret, '@')) || '0'";
    assert_eq!(rows.execute_unprepared(ended).await.unwrap().rows_affected(), 1);
}

async fn the_example_verifies_keeps_once_and_catches_up(language: Language) {
    let sandbox = Sandbox::start(Backend::Sqlite).await;
    let api = &sandbox.api;
    let mut example = Example::start(language);
    let made = api.post("integrator", "/webhooks", json!({ "url": example.url })).await.ok(201);
    let (id, before) = (made["id"].as_str().unwrap(), &made["secret"]);
    let path = format!("/webhooks/{id}");
    example.knows(before);

    Episode::start(&sandbox, RECORDER, SAMPLES[0]).await;
    sandbox.advance("PT1M").await;
    let first = example.events();
    assert!(first.len() >= 2 && unsent(&sandbox, &path).await == 0, "{first:?}");
    let again = api.post("integrator", &format!("{path}/replay"), json!({ "from_sequence": 1 })).await.ok(202);
    assert_eq!(again["replayed"], first.len());
    sandbox.advance("PT1M").await;
    assert_eq!((example.events(), unsent(&sandbox, &path).await), (first, 0), "an id is kept once");
    let forged = reqwest::Client::new().post(&example.url).header("webhook-id", "x");
    let forged = forged.header("webhook-timestamp", (Clock::system().wall().millis() / 1_000).to_string());
    assert_eq!(forged.header("webhook-signature", "v1,AAAA").body("{}").send().await.unwrap().status(), 401);

    // While both sign, either secret verifies; afterwards the new one does, and the old one does not.
    let after = &api.post("integrator", &format!("{path}/rotate"), json!({})).await.ok(200)["secret"];
    for (secret, sample) in [(before, SAMPLES[1]), (after, SAMPLES[2])] {
        example.knows(secret);
        Episode::start(&sandbox, RECORDER, sample).await;
        sandbox.advance("PT1M").await;
        assert_eq!(unsent(&sandbox, &path).await, 0);
    }
    overlap_ends(&sandbox).await;
    Episode::start(&sandbox, RECORDER, SAMPLES[3]).await;
    sandbox.advance("PT1M").await;
    assert_eq!(unsent(&sandbox, &path).await, 0);
    let complete = example.events().len();
    example.knows(before);
    api.post("integrator", &format!("{path}/test"), json!({})).await.ok(202);
    sandbox.advance("PT1S").await;
    let refused = api.get("integrator", &format!("{path}/deliveries?state=failed")).await.ok(200);
    assert_eq!((&refused["items"][0]["event"], &refused["items"][0]["tries"][0]["status"]), (&json!("webhook.test"), &json!(401)));

    example.stop();
    Episode::start(&sandbox, RECORDER, SAMPLES[4]).await;
    sandbox.advance("PT1H").await;
    let last = api.get("integrator", &path).await.ok(200)["last_sequence"].as_u64().unwrap();
    let caught_up = example.catch_up(&sandbox, id).await;
    let missed = last - complete as u64;
    assert!(missed >= 2);
    assert_eq!(caught_up, json!({ "fetched": missed, "complete_up_to": last, "last_sequence": last }));
    assert_eq!(example.catch_up(&sandbox, id).await["fetched"], 0);
    drop(example);
    sandbox.stop().await;
}

#[tokio::test]
async fn the_python_example_works_on_sqlite() {
    the_example_verifies_keeps_once_and_catches_up(Language::Python).await;
}

#[tokio::test]
async fn the_typescript_example_works_on_sqlite() {
    the_example_verifies_keeps_once_and_catches_up(Language::TypeScript).await;
}

async fn an_asymmetric_signature_is_verified_by_another_library(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let receiver = Receiver::start().await;
    let made = api.post("integrator", "/webhooks", json!({ "url": receiver.url(), "signature": "v1a" })).await.ok(201);
    assert_eq!((&made["signature"], &made["secret"]), (&json!("v1a"), &Value::Null));
    let path = format!("/webhooks/{}", made["id"].as_str().unwrap());
    let before = made["public_keys"][0].clone();
    api.post("integrator", &format!("{path}/test"), json!({})).await.ok(202);
    sandbox.advance("PT1S").await;
    let rotated = api.post("integrator", &format!("{path}/rotate"), json!({})).await.ok(200);
    let after = rotated["public_key"].clone();
    assert_eq!(api.get("integrator", &path).await.ok(200)["public_keys"], json!([after, before]));
    api.post("integrator", &format!("{path}/test"), json!({})).await.ok(202);
    sandbox.advance("PT1S").await;
    let verdict = |number: usize, key: &Value, body: Option<&str>| {
        let request = receiver.received()[number].clone();
        let told = json!({
            "public_key": key, "id": request.header("webhook-id"), "timestamp": request.header("webhook-timestamp"),
            "signature": request.header("webhook-signature"), "body": body.unwrap_or(&request.body),
        });
        oracle::run("ed25519.py", &[], &told.to_string()).trim().to_owned()
    };
    assert_eq!(verdict(0, &before, None), "valid");
    assert_eq!(verdict(0, &after, None), "invalid");
    assert_eq!(verdict(0, &before, Some("{}")), "invalid");
    assert_eq!([verdict(1, &before, None), verdict(1, &after, None)], ["valid", "valid"]);
}
