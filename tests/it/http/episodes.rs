//! Oxygen episodes of the sample participants, as far as a test needs them.

use serde_json::{Value, json};

use crate::support::server::{START, Sandbox};

pub const RECORDER: &str = "respiratory_continuity_manager";
pub const DECIDER: &str = "chief_operating_officer";
pub const DOUBLE: &str = "double_hatted";
pub const SUPERVISOR: &str = "respiratory_recovery_supervisor";
pub const DIRECTOR: &str = "respiratory_services_director";
pub const PROGRAM: &str = "oxygen_continuity";

/// A participant of the sample sources, with values that agree with them.
#[derive(Debug, Clone, Copy)]
pub struct Participant {
    pub id: &'static str,
    pub incident: &'static str,
    interrupted_at: &'static str,
    support: &'static str,
    severity: u32,
    trigger: &'static str,
}

const fn participant(
    id: &'static str,
    incident: &'static str,
    interrupted_at: &'static str,
    support: &'static str,
    severity: u32,
    trigger: &'static str,
) -> Participant {
    Participant { id, incident, interrupted_at, support, severity, trigger }
}

/// Each can run one episode at a time.
pub const SAMPLES: [Participant; 6] = [
    participant("OX-1001", "INC-2001", "2026-01-05T10:40:00Z", "concentrator_continuous", 6, "equipment_malfunction"),
    participant("OX-1002", "INC-2002", "2026-01-05T11:05:00Z", "portable_cylinder", 4, "missed_delivery"),
    participant("OX-1003", "INC-2003", "2026-01-05T11:20:00Z", "ventilator_oxygen", 8, "equipment_malfunction"),
    participant("OX-1004", "INC-2004", "2026-01-05T11:30:00Z", "liquid_oxygen", 6, "missed_delivery"),
    participant("OX-1005", "INC-2005", "2026-01-05T09:15:00Z", "concentrator_nocturnal", 4, "incomplete_home_setup"),
    participant("OX-1006", "INC-2006", "2026-01-05T12:10:00Z", "high_flow", 8, "missed_delivery"),
];

impl Participant {
    /// The body that starts their episode, confirmed when the clock started.
    pub fn start(self) -> Value {
        json!({
            "program": PROGRAM,
            "workflow": "episode",
            "started_with": {
                "participant_id": self.id,
                "interruption_started_at": self.interrupted_at,
                "interruption_confirmed_at": START,
                "incident_id": self.incident,
            },
        })
    }

    /// A record of their episode with nothing wrong.
    pub fn record(self) -> Value {
        json!({
            "fields": {
                "payer_eligibility_status": "active",
                "oxygen_support_type_code": self.support,
                "interruption_start_timestamp": self.interrupted_at,
                "interruption_severity_score": self.severity,
                "service_impact_score": 5,
                "qualifying_trigger_code": self.trigger,
                "meets_pilot_definition": true,
                "proposed_episode_start_date": "2026-01-05",
            },
            "gates": {
                "approved_source_confirmed_in_writing": confirmed("Fault report of the equipment service", "FAULT-0815"),
                "payer_eligibility_active_confirmed_in_writing": confirmed("Coverage letter", "LETTER-4410"),
            },
        })
    }
}

pub fn confirmed(note: &str, reference: &str) -> Value {
    json!({ "confirmed": true, "evidence": { "note": note, "reference": reference } })
}

/// A decision of the episode with what every outcome needs.
pub fn decision(outcome: &str) -> Value {
    json!({ "outcome": outcome, "fields": { "control_status": "in_control", "next_checkpoint_date": "2026-01-06" } })
}

/// A release of OX-1001's episode with nothing wrong.
pub fn release() -> Value {
    json!({ "fields": {
        "barrier_driver_code": "concentrator_malfunction",
        "intervention_type": "equipment_swap",
        "assigned_lead": "respiratory_support_staff",
        "target_restoration_timestamp": "2026-01-06T10:00:00Z",
        "unresolved_dependency_count_at_release": 1,
        "escalation_threshold_code": "urgent",
        "primary_restoration_barrier": "The concentrator delivers too little oxygen",
        "exact_next_action": "Exchange the concentrator at home this evening",
    } })
}

/// A running episode.
#[derive(Clone)]
pub struct Episode<'a> {
    pub sandbox: &'a Sandbox,
    pub id: String,
    pub participant: Participant,
}

impl<'a> Episode<'a> {
    pub async fn start(sandbox: &'a Sandbox, who: &str, participant: Participant) -> Self {
        let started = sandbox.api.post(who, "/instances", participant.start()).await.ok(201);
        Self { sandbox, id: started["id"].as_str().expect("an id").to_owned(), participant }
    }

    pub async fn read(&self) -> Value {
        self.sandbox.api.get("auditor", &format!("/instances/{}", self.id)).await.ok(200)
    }

    /// The newest task of a step.
    pub async fn task(&self, step: &str) -> String {
        let instance = self.read().await;
        let of_step = |task: &&Value| task["step"] == step;
        let found = instance["tasks"].as_array().expect("tasks").iter().filter(of_step).max_by_key(|task| task["round"].as_u64());
        found.unwrap_or_else(|| panic!("no task of {step}: {instance}"))["id"].as_str().expect("an id").to_owned()
    }

    /// Completes the newest task of a step, which must succeed.
    pub async fn complete(&self, who: &str, step: &str, submission: Value) -> Value {
        let path = format!("/tasks/{}/complete", self.task(step).await);
        self.sandbox.api.post(who, &path, submission).await.ok(200)
    }

    /// Records the episode without a fault.
    pub async fn record(&self, who: &str) {
        self.complete(who, "episode_record", self.participant.record()).await;
    }
}
