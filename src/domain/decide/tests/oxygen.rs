//! The oxygen program on a stage: its people, sources that agree with what is sent, and one good submission per step.

use std::sync::{Arc, LazyLock};

use serde_json::{Value as Json, json};

use super::stage::{MINUTE, Stage, at, program};
use crate::domain::definition::Published;

const PROGRAM: &str = include_str!("../../../../definitions/oxygen_continuity.yaml");

/// Monday, 08:00 in New York.
pub const START: &str = "2026-01-05T13:00:00Z";

/// One person per role, called like the role; every source imported; nothing started.
pub fn stage() -> Stage {
    static PUBLISHED: LazyLock<Arc<Published>> = LazyLock::new(|| program(PROGRAM));
    let mut stage = Stage::of(Arc::clone(&PUBLISHED), START);
    let roles: Vec<String> = stage.published.program.roles.keys().map(ToString::to_string).collect();
    for role in &roles {
        stage.person(role, &[role]);
    }
    stage.person("double_hatted", &["respiratory_continuity_manager", "chief_operating_officer"]);
    stage.person("integrator", &[]).integrator = true;
    stage.person("auditor", &[]).auditor = true;
    stage.person("administrator", &[]).administrator = true;
    stage.person("stranger", &[]);
    import_all(&mut stage);
    stage
}

pub fn import_all(stage: &mut Stage) {
    stage.import("payer_eligibility_file", &[("OX-1", json!({ "status": "active", "active_from": "2025-01-01" }))]);
    stage.import("oxygen_service_register", &[("OX-1", json!({ "supplier": "North" }))]);
    let profile = json!({ "oxygen_support_type_code": "concentrator_continuous" });
    stage.import("respiratory_support_profile", &[("OX-1", profile)]);
    stage.import("equipment_incident_log", &[("INC-1", incident("2026-01-05T10:40:00Z", "equipment"))]);
    stage.import("live_pilot_pathway", &[]);
    stage.import("barrier_analysis_tool", &[("OX-1", json!({ "barrier_driver_code": "concentrator_malfunction" }))]);
    stage.import("staffing_assignment_platform", &[("vendor_leads", json!({ "open_cases": 2, "most_cases": 5 }))]);
    let authority = |kind: &str| ("vendor_leads", json!({ "intervention_type": kind }));
    stage.import("staff_authority", &[authority("equipment_swap"), authority("emergency_delivery")]);
    stage.import("completion_log", &[("OX-1", json!({ "action": "swap", "state": "done", "delivery_log_reference": "D-1" }))]);
    stage.import("unresolved_dependency_tracker", &[("OX-1", json!({ "dependency": "unit", "state": "closed" }))]);
    let dashboard = json!({ "access_restored": true, "documented_at": "2026-01-05T12:00:00Z" });
    stage.import("oxygen_status_dashboard", &[("OX-1", dashboard)]);
}

pub fn incident(started_at: &str, reported_by: &str) -> Json {
    json!({ "participant_id": "OX-1", "interruption_started_at": started_at, "reported_by": reported_by })
}

pub fn start_values() -> Json {
    json!({
        "participant_id": "OX-1",
        "interruption_started_at": "2026-01-05T10:40:00Z",
        "interruption_confirmed_at": "2026-01-05T12:45:00Z",
        "incident_id": "INC-1",
    })
}

pub fn confirmed(note: &str, reference: &str) -> Json {
    json!({ "confirmed": true, "evidence": { "note": note, "reference": reference } })
}

pub fn episode_record() -> Json {
    json!({
        "fields": {
            "payer_eligibility_status": "active",
            "oxygen_support_type_code": "concentrator_continuous",
            "interruption_start_timestamp": "2026-01-05T10:40:00Z",
            "interruption_severity_score": 6,
            "service_impact_score": 5,
            "qualifying_trigger_code": "equipment_malfunction",
            "meets_pilot_definition": true,
            "proposed_episode_start_date": "2026-01-05",
        },
        "gates": {
            "approved_source_confirmed_in_writing": confirmed("Fault report", "FAULT-1"),
            "payer_eligibility_active_confirmed_in_writing": confirmed("Coverage letter", "LETTER-1"),
        },
    })
}

pub fn activation(outcome: &str) -> Json {
    let asks = match outcome {
        "pending_clarification" => {
            json!({ "owner": "vendor_leads", "deadline": "2026-01-05T20:00:00Z", "question": "Which alarm was it?" })
        }
        "rejected" => json!({ "rationale_code": "already_restored" }),
        _ => json!({}),
    };
    let mut fields = json!({ "control_status": "in_control", "next_checkpoint_date": "2026-01-06" });
    if outcome == "pending_clarification" {
        fields["escalation_status"] = json!("with_executive");
    }
    json!({ "outcome": outcome, "fields": fields, "asks": asks })
}

pub fn review(outcome: &str) -> Json {
    let asks = if outcome == "returned" { json!({ "reason": "The alarm is not in the file" }) } else { json!({}) };
    json!({ "outcome": outcome, "asks": asks })
}

pub fn release() -> Json {
    json!({ "fields": {
        "barrier_driver_code": "concentrator_malfunction",
        "intervention_type": "equipment_swap",
        "assigned_lead": "vendor_leads",
        "target_restoration_timestamp": "2026-01-06T10:00:00Z",
        "unresolved_dependency_count_at_release": 1,
        "escalation_threshold_code": "urgent",
        "primary_restoration_barrier": "The concentrator gives too little",
        "exact_next_action": "Exchange it at home this evening",
    } })
}

pub fn reconciliation(outcome: &str) -> Json {
    let asks = match outcome {
        "partially_restored" => json!({ "incomplete_action_reason_code": "waiting_for_vendor" }),
        "escalated_to_higher_intensity_support" => json!({
            "incomplete_action_reason_code": "waiting_for_vendor",
            "escalation_dependency_owner": "vendor_leads",
            "escalation_dependency": "A bed",
        }),
        _ => json!({}),
    };
    let fields = json!({
        "unresolved_dependency_count": 0,
        "escalation_status": "not_escalated",
        "control_status": "in_control",
        "next_checkpoint_date": "2026-01-07",
    });
    json!({ "outcome": outcome, "fields": fields, "asks": asks })
}

/// Started at 13:00 UTC.
pub fn started() -> Stage {
    let mut stage = stage();
    stage.start("respiratory_continuity_manager", "episode", start_values()).unwrap();
    stage
}

/// Recorded at 13:30 UTC.
pub fn recorded() -> Stage {
    let mut stage = started();
    stage.advance(30 * MINUTE);
    stage.complete("episode_record", "respiratory_continuity_manager", episode_record()).unwrap();
    stage
}

/// Activated at 14:00 UTC.
pub fn activated() -> Stage {
    let mut stage = recorded();
    stage.advance(30 * MINUTE);
    stage.complete("activation", "chief_operating_officer", activation("activated")).unwrap();
    stage
}

/// Cleared at 15:00 UTC.
pub fn cleared() -> Stage {
    let mut stage = activated();
    stage.advance_to(at("2026-01-05T15:00:00Z"));
    stage.complete("compliance_review", "compliance", review("cleared")).unwrap();
    stage.complete("payer_relations_review", "payer_relations", review("cleared")).unwrap();
    stage
}

/// Released at 16:00 UTC.
pub fn released() -> Stage {
    let mut stage = cleared();
    stage.advance_to(at("2026-01-05T16:00:00Z"));
    stage.complete("release", "respiratory_recovery_supervisor", release()).unwrap();
    stage
}
