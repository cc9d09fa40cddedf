//! What clients asked for and what they were told. It lives in the test, so it survives every crash of the server.

use std::collections::VecDeque;

use proviso::instant::Instant;
use serde_json::{Value, json};

use super::reference::{INTERRUPTED_AT, incident, participant};

pub const RECORDER: &str = "respiratory_continuity_manager";
pub const DECIDER: &str = "chief_operating_officer";
/// Holds a role in the program, but not that of any step.
pub const STRANGER: &str = "finance";

/// What a request is to bring about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// An episode of this participant.
    Start { participant: String },
    /// The first step recorded.
    Record { task: String },
    /// The episode rejected, which ends it.
    Reject { task: String },
    /// Nothing: the role is missing, which is written to the program's own audit stream.
    Refused { task: String },
}

/// One request, the same at every repetition.
#[derive(Debug, Clone)]
pub struct Request {
    pub who: &'static str,
    /// Below `/api/v1`.
    pub path: String,
    pub body: Value,
    pub key: String,
    pub goal: Goal,
}

/// A request with the answer its client got.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    pub request: Request,
    pub status: u16,
    pub body: Value,
}

/// Everything the clients know.
#[derive(Debug, Default)]
pub struct Ledger {
    pub acknowledged: Vec<Acknowledged>,
    /// Sent, but the answer never came: whether they were done is not known.
    pub unanswered: VecDeque<Request>,
    /// Requests that had been done although their first answer never came.
    pub replayed: usize,
    /// The database goes away now and then, so 503 is an answer; such a request is repeated.
    pub outages: bool,
    /// How often that was the answer.
    pub unavailable: usize,
    /// Answers that no crash explains.
    pub surprises: Vec<String>,
    /// The latest business time the server told of.
    pub clock: Option<Instant>,
    /// How many requests may yet be sent; no end when none.
    pub quota: Option<usize>,
    /// How long before its start every episode was confirmed, instead of up to two hours; only starts are sent then.
    pub confirmed_millis_ago: Option<i64>,
    ready: VecDeque<Request>,
    participants: usize,
    started: usize,
    requests: usize,
    random: u64,
}

impl Ledger {
    pub fn new(seed: u64, participants: usize) -> Self {
        Self { random: seed, participants, ..Self::default() }
    }

    /// A number from 0 to `below` - 1, the same sequence for the same seed (splitmix64).
    pub fn random(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    /// What to send next: first what went unanswered, then new work. None when every participant has an episode and all is
    /// done, or when the quota is used up.
    pub fn next(&mut self) -> Option<Request> {
        self.quota = match self.quota {
            Some(0) => return None,
            quota => quota.map(|left| left - 1),
        };
        if let Some(again) = self.unanswered.pop_front() {
            return Some(again);
        }
        let follow_up = self.confirmed_millis_ago.is_none() && self.random(5) < 3;
        let ready = if follow_up || self.started == self.participants { self.ready.pop_front() } else { None };
        if ready.is_some() || self.started == self.participants {
            return ready;
        }
        let number = self.started;
        self.started += 1;
        Some(self.start(number))
    }

    fn start(&mut self, number: usize) -> Request {
        let at_random = i64::try_from(self.random(120) * 60_000).unwrap();
        let confirmed_before_millis = self.confirmed_millis_ago.unwrap_or(at_random);
        let now = self.clock.expect("the clock is read before the load begins");
        let confirmed = Instant::clamped(now.millis() - confirmed_before_millis);
        let participant = participant(number);
        let body = json!({
            "program": "oxygen_continuity", "workflow": "episode",
            "started_with": { "participant_id": participant, "interruption_started_at": INTERRUPTED_AT,
                "interruption_confirmed_at": confirmed, "incident_id": incident(number) }
        });
        self.request(RECORDER, "/instances".to_owned(), body, Goal::Start { participant })
    }

    fn request(&mut self, who: &'static str, path: String, body: Value, goal: Goal) -> Request {
        self.requests += 1;
        Request { who, path, body, key: format!("key-{}", self.requests), goal }
    }

    /// Notes an answer and what it makes possible.
    pub fn answered(&mut self, request: Request, status: u16, body: Value) {
        let expected = match request.goal {
            Goal::Start { .. } => 201,
            Goal::Record { .. } | Goal::Reject { .. } => 200,
            Goal::Refused { .. } => 403,
        };
        if status != expected {
            self.surprises.push(format!("{} {} as {}: {status} {body}", request.key, request.path, request.who));
            return;
        }
        match &request.goal {
            Goal::Start { .. } => {
                let task = body["tasks"][0]["id"].as_str().expect("a started episode has its first task").to_owned();
                if self.random(12) == 0 {
                    let refused = Goal::Refused { task: task.clone() };
                    let forbidden = self.request(STRANGER, format!("/tasks/{task}/complete"), recorded(), refused);
                    self.ready.push_back(forbidden);
                }
                let record = self.request(RECORDER, format!("/tasks/{task}/complete"), recorded(), Goal::Record { task });
                // Some stay open and run late.
                if self.random(4) > 0 {
                    self.ready.push_back(record);
                }
            }
            Goal::Record { .. } if self.random(3) == 0 => {
                let task = body["opened"][0].as_str().expect("recording opens the decision").to_owned();
                let reject = self.request(DECIDER, format!("/tasks/{task}/complete"), rejected(), Goal::Reject { task });
                self.ready.push_back(reject);
            }
            Goal::Record { .. } | Goal::Reject { .. } | Goal::Refused { .. } => {}
        }
        self.acknowledged.push(Acknowledged { request, status, body });
    }
}

fn recorded() -> Value {
    let confirmed = |reference: &str| json!({ "confirmed": true, "evidence": { "note": "Seen", "reference": reference } });
    json!({
        "fields": {
            "payer_eligibility_status": "active", "oxygen_support_type_code": "concentrator_continuous",
            "interruption_start_timestamp": INTERRUPTED_AT, "interruption_severity_score": 6, "service_impact_score": 5,
            "qualifying_trigger_code": "equipment_malfunction", "meets_pilot_definition": true, "proposed_episode_start_date": "2026-01-05"
        },
        "gates": {
            "approved_source_confirmed_in_writing": confirmed("FAULT-1"),
            "payer_eligibility_active_confirmed_in_writing": confirmed("LETTER-1")
        }
    })
}

fn rejected() -> Value {
    json!({
        "outcome": "rejected", "asks": { "rationale_code": "already_restored" },
        "fields": { "control_status": "in_control", "next_checkpoint_date": "2026-01-06" }
    })
}
