//! The shipped program covers its requirement, id by id.

use crate::definitions::calendars::built_in;
use crate::definitions::{embedded, publish};
use crate::domain::definition::{Filled, LaterMoment, Published, Step};
use crate::ids::FieldId;

/// Step, requirement, required fields, gates, checks, register.
type Required = (&'static str, u32, &'static [&'static str], &'static [&'static str], &'static [&'static str], &'static str);

const REQUIRED: [Required; 4] = [
    (
        "episode_record",
        1,
        &[
            "participant_id",
            "payer_eligibility_status",
            "oxygen_support_type_code",
            "interruption_start_timestamp",
            "interruption_severity_score",
            "service_impact_score",
            "qualifying_trigger_code",
        ],
        &["approved_source_confirmed_in_writing", "payer_eligibility_active_confirmed_in_writing"],
        &[
            "participant_id_matches_roster",
            "support_type_code_matches_profile",
            "interruption_start_matches_source",
            "severity_score_aligns_with_risk_rule",
            "trigger_code_fits_rule_set",
        ],
        "restricted_oxygen_continuity_pilot_library",
    ),
    (
        "activation",
        2,
        &[
            "participant_id",
            "activation_decision_code",
            "review_date",
            "reviewer_id",
            "control_status",
            "next_checkpoint_date",
            "escalation_status",
        ],
        &["clarification_owner_named", "clarification_deadline_set"],
        &["activated_has_valid_basis", "rejected_rationale_coded", "no_activity_without_visible_decision"],
        "executive_pilot_register",
    ),
    (
        "release",
        3,
        &[
            "participant_id",
            "barrier_driver_code",
            "intervention_type",
            "assigned_lead",
            "target_restoration_timestamp",
            "unresolved_dependency_count_at_release",
            "service_impact_score",
            "escalation_threshold_code",
        ],
        &["lead_has_capacity", "lead_has_role_authority"],
        &[
            "driver_code_matches_analysis",
            "intervention_type_matches_framework",
            "target_aligns_with_rule",
            "escalation_threshold_code_correct",
        ],
        "pilot_delivery_workspace",
    ),
    (
        "reconciliation",
        4,
        &[
            "participant_id",
            "restoration_status",
            "unresolved_dependency_count",
            "escalation_status",
            "review_date",
            "validation_timestamp",
            "reviewer_id",
            "control_status",
            "next_checkpoint_date",
        ],
        &["incomplete_action_reason_coded", "escalation_dependency_owner_named"],
        &[
            "actions_evidenced_in_delivery_log",
            "unresolved_dependencies_visible_in_tracker",
            "restored_access_documented",
            "escalated_has_dated_next_checkpoint",
        ],
        "pilot_assurance_archive",
    ),
];

fn shipped() -> Published {
    let programs = embedded::programs();
    let (_, text) = programs.iter().find(|(name, _)| name == "oxygen_continuity").unwrap();
    publish(text, "oxygen_continuity.yaml", built_in()).unwrap_or_else(|faults| {
        panic!("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    })
}

fn step<'a>(published: &'a Published, id: &str) -> &'a Step {
    published.step(&"episode".into(), &id.into()).unwrap()
}

#[test]
fn oxygen_continuity_covers_requirements_one_to_four() {
    let published = shipped();
    let mut counts = (0, 0, 0);
    for (id, requirement, fields, gates, checks, register) in REQUIRED {
        let step = step(&published, id);
        assert_eq!(step.requirement, Some(requirement), "{id}");
        // Fields that state a fact no list of required fields names are listed under `must_state`.
        let own = step.fields.keys().filter(|field| !step.must_state.contains_key(*field));
        assert_eq!(own.map(FieldId::as_str).collect::<Vec<_>>(), fields, "{id}");
        assert_eq!(step.gates.keys().map(|id| id.as_str()).collect::<Vec<_>>(), gates, "{id}");
        assert_eq!(step.checks.keys().map(|id| id.as_str()).collect::<Vec<_>>(), checks, "{id}");
        assert_eq!(step.files_to.as_ref().map(|id| id.as_str()), Some(register), "{id}");
        counts = (counts.0 + fields.len(), counts.1 + gates.len(), counts.2 + checks.len());
    }
    assert_eq!(counts, (31, 8, 16));
}

#[test]
fn reviewer_dates_and_decisions_are_never_typed() {
    let published = shipped();
    for (id, fields) in [
        ("activation", ["activation_decision_code", "review_date", "reviewer_id"].as_slice()),
        ("reconciliation", &["restoration_status", "review_date", "validation_timestamp", "reviewer_id"]),
    ] {
        for field in fields {
            assert!(step(&published, id).fields[*field].filled.is_some(), "{id}.{field}");
        }
    }
    for (id, ..) in REQUIRED {
        let filled = &step(&published, id).fields["participant_id"].filled;
        assert_eq!(*filled, Some(Filled::Started("participant_id".to_owned())), "{id}");
    }
}

#[test]
fn the_facts_beside_the_fields_have_a_place() {
    let published = shipped();
    let stated = |id: &str| step(&published, id).must_state.keys().map(|fact| fact.to_string()).collect::<Vec<_>>();
    assert_eq!(stated("episode_record"), ["meets_pilot_definition", "proposed_episode_start_date"]);
    assert_eq!(stated("release"), ["primary_restoration_barrier", "exact_next_action"]);
    let asks = |id: &str, outcome: &str| step(&published, id).outcomes[outcome].asks.keys().map(|ask| ask.to_string()).collect::<Vec<_>>();
    assert_eq!(asks("activation", "pending_clarification"), ["owner", "deadline", "question"]);
    assert_eq!(asks("activation", "rejected"), ["rationale_code"]);
    assert!(asks("reconciliation", "partially_restored").contains(&"incomplete_action_reason_code".to_owned()));
    assert!(asks("reconciliation", "escalated_to_higher_intensity_support").contains(&"escalation_dependency_owner".to_owned()));
    let huddle = &step(&published, "reconciliation").checks["escalated_has_dated_next_checkpoint"];
    assert_eq!(huddle.at, Some(LaterMoment::HuddleClose));
}

#[test]
fn every_pilot_holds_its_huddle_by_itself() {
    for (name, text) in embedded::programs() {
        let published = publish(&text, &name, built_in()).unwrap();
        let huddle = &published.program.workflows["huddle"];
        assert!(huddle.starts.is_some(), "{name}");
        let held_on = huddle.started_with["held_on"].filled.clone().map(String::from);
        assert_eq!(held_on.as_deref(), Some("schedule.date"), "{name}");
    }
}

#[test]
fn a_program_survives_its_own_json() {
    let program = shipped().program;
    let json = serde_json::to_string(&program).unwrap();
    assert_eq!(serde_json::from_str::<crate::domain::definition::Program>(&json).unwrap(), *program);
}

#[test]
fn equal_bytes_have_equal_hashes() {
    let programs = embedded::programs();
    let (_, text) = programs.iter().find(|(name, _)| name == "oxygen_continuity").unwrap();
    let one = publish(text, "a.yaml", built_in()).unwrap();
    assert_eq!(one.sha256, publish(text, "b.yaml", built_in()).unwrap().sha256);
    assert_ne!(one.sha256, publish(&format!("{text}\n"), "a.yaml", built_in()).unwrap().sha256);
    assert_eq!(one.sha256.len(), 64);
}
