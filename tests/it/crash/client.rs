//! Clients of the sandbox: people who work, and one that moves the clock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proviso::instant::Instant;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::ledger::{DECIDER, Ledger, RECORDER, Request, STRANGER};
use super::reference;

/// People who work at the same time.
const WORKERS: usize = 8;
/// How far one move of the clock goes.
const STEP: &str = "PT11M";

/// Signed-in clients and what they know. Cheap to clone.
#[derive(Clone)]
pub struct Clients {
    http: reqwest::Client,
    tokens: Arc<BTreeMap<&'static str, String>>,
    ledger: Arc<Mutex<Ledger>>,
    answers: Arc<Notify>,
}

/// The answer of one request; an error when the server went away before it was whole.
type Answer = Result<Answered, reqwest::Error>;

struct Answered {
    status: u16,
    body: Value,
    /// The answer of an earlier request with the same key.
    replayed: bool,
}

impl Clients {
    /// Signs everybody in and imports the reference data.
    pub async fn sign_in(address: &str, seed: u64, participants: usize) -> Self {
        // An error says that another test has installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let mut tokens = BTreeMap::new();
        for who in [RECORDER, DECIDER, STRANGER, "integrator", "auditor"] {
            let body = json!({ "username": who, "password": "sandbox" });
            let answer = http.post(format!("{address}/api/v1/sessions")).json(&body).send().await.expect("an answer");
            let answer: Value = answer.json().await.expect("a session");
            tokens.insert(who, answer["token"].as_str().expect("a token").to_owned());
        }
        let clients =
            Self { http, tokens: Arc::new(tokens), ledger: Arc::new(Mutex::new(Ledger::new(seed, participants))), answers: Arc::default() };
        for (source, csv) in reference::sources(participants) {
            let url = format!("{address}/api/v1/programs/oxygen_continuity/sources/{source}");
            let import = clients.http.post(url).bearer_auth(&clients.tokens["integrator"]).header("content-type", "text/csv");
            assert_eq!(import.body(csv).send().await.expect("an answer").status(), 201, "{source}");
        }
        clients
    }

    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the ledger says so. It is looked at after each answer.
    pub async fn until(&self, so: impl Fn(&Ledger) -> bool) {
        loop {
            let answered = self.answers.notified();
            tokio::pin!(answered);
            answered.as_mut().enable();
            if so(&self.ledger()) {
                return;
            }
            answered.await;
        }
    }

    pub async fn get(&self, address: &str, who: &str, path: &str) -> Value {
        let answer = self.http.get(format!("{address}/api/v1{path}")).bearer_auth(&self.tokens[who]).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.expect("a document")
    }

    /// Where the sandbox's clock stands; it must not stand before anything that was told.
    pub async fn read_clock(&self, address: &str) -> Instant {
        let body = self.get(address, RECORDER, "/sandbox/clock").await;
        let now = instant(&body["now"]);
        let told = self.ledger().clock.replace(now);
        assert!(told.is_none_or(|told| told <= now), "the clock went back from {told:?} to {now}");
        now
    }

    /// Moves the clock and returns where it stands.
    pub async fn advance(&self, address: &str, length: &str) -> Result<Instant, reqwest::Error> {
        let body = json!({ "advance": length });
        let Answered { status, body, .. } = self.post(address, RECORDER, "/sandbox/clock", &body, None).await?;
        let outages = self.ledger().outages;
        let stood = self.ledger().clock;
        if let (true, Some(stood)) = (status == 503 && outages, stood) {
            return Ok(stood);
        }
        if status != 200 {
            self.ledger().surprises.push(format!("the clock was not moved: {status} {body}"));
        }
        let now = instant(&body["now"]);
        self.ledger().clock = Some(now);
        Ok(now)
    }

    async fn post(&self, address: &str, who: &str, path: &str, body: &Value, key: Option<&str>) -> Answer {
        let mut request = self.http.post(format!("{address}/api/v1{path}")).bearer_auth(&self.tokens[who]).json(body);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let replayed = answer.headers().contains_key("idempotent-replayed");
        Ok(Answered { status, body: answer.json().await?, replayed })
    }

    /// Works until the server goes away. Returns when `sends` requests have been sent; the work goes on until the returned
    /// clients are joined.
    pub async fn load(&self, address: &str, sends: usize) -> JoinSet<()> {
        let (sent, enough) = (Mutex::new(0_usize), Arc::new(Notify::new()));
        let told = enough.clone();
        let mut working = self.begin_to_work(address, move || {
            let mut sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
            *sent += 1;
            if *sent == sends {
                told.notify_one();
            }
        });
        tokio::select! {
            () = enough.notified() => {}
            // With participants to spare nobody ends before the server does.
            ended = working.join_next() => self.ledger().surprises.push(format!("a client ended early: {ended:?}")),
        }
        working
    }

    /// Works and moves the clock until the server goes away.
    pub fn begin_to_work(&self, address: &str, on_send: impl Fn() + Send + Sync + 'static) -> JoinSet<()> {
        let mut working = JoinSet::new();
        let on_send = Arc::new(on_send);
        for _ in 0..WORKERS {
            let (this, address, on_send) = (self.clone(), address.to_owned(), on_send.clone());
            working.spawn(async move { this.work(&address, || on_send()).await });
        }
        let (this, address) = (self.clone(), address.to_owned());
        working.spawn(async move { while this.advance(&address, STEP).await.is_ok() {} });
        working
    }

    /// Sends one request after the other until an answer fails to come or there is nothing left.
    pub async fn work(&self, address: &str, on_send: impl Fn()) {
        loop {
            let next = self.ledger().next();
            let Some(request) = next else { return };
            on_send();
            if !self.send(address, request).await {
                return;
            }
        }
    }

    /// Repeats what went unanswered, until everything is answered.
    pub async fn repeat_unanswered(&self, address: &str) {
        let unanswered = std::mem::take(&mut self.ledger().unanswered);
        for request in unanswered {
            assert!(self.send(address, request).await, "the server is up and answers");
        }
    }

    async fn send(&self, address: &str, request: Request) -> bool {
        let goes_on = self.send_and_note(address, request).await;
        self.answers.notify_waiters();
        goes_on
    }

    async fn send_and_note(&self, address: &str, request: Request) -> bool {
        match self.post(address, request.who, &request.path, &request.body, Some(&request.key)).await {
            Ok(Answered { status, body, replayed }) => {
                let mut ledger = self.ledger();
                if status == 503 && ledger.outages {
                    ledger.unavailable += 1;
                    ledger.unanswered.push_back(request);
                    return true;
                }
                ledger.replayed += usize::from(replayed);
                ledger.answered(request, status, body);
                true
            }
            Err(_) => {
                self.ledger().unanswered.push_back(request);
                false
            }
        }
    }
}

fn instant(value: &Value) -> Instant {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no instant"))
}
