//! One thing spoiled at a time: the refusal names exactly what is wrong, and nothing that only follows from it.

use serde_json::{Value as Json, json};

use super::oxygen::{self, confirmed};
use super::stage::{HOUR, Stage, refused, with, without};
use crate::domain::definition::FieldType;

/// A step as it stands before it is completed, who completes it, and a submission that is accepted.
struct Scene {
    step: &'static str,
    by: &'static str,
    stage: fn() -> Stage,
    good: Json,
}

fn scenes() -> [Scene; 4] {
    [
        Scene { step: "episode_record", by: "respiratory_continuity_manager", stage: oxygen::started, good: oxygen::episode_record() },
        Scene {
            step: "activation",
            by: "chief_operating_officer",
            stage: oxygen::recorded,
            good: oxygen::activation("pending_clarification"),
        },
        Scene { step: "release", by: "respiratory_recovery_supervisor", stage: oxygen::cleared, good: oxygen::release() },
        Scene {
            step: "reconciliation",
            by: "regional_pilot_supervisor",
            stage: oxygen::released,
            good: oxygen::reconciliation("escalated_to_higher_intensity_support"),
        },
    ]
}

#[test]
fn every_field_is_missed_when_it_is_left_out_or_of_the_wrong_type() {
    let mut required = 0;
    for scene in scenes() {
        let mut stage = (scene.stage)();
        let step = stage.published.step(&"episode".into(), &scene.step.into()).unwrap().clone();
        for (id, field) in &step.fields {
            let expected = [format!("field {id}")];
            let wrong = with(&scene.good, "fields", id.as_str(), json!({ "no": 1 }));
            assert_eq!(refused(stage.complete(scene.step, scene.by, wrong)), expected, "wrong type");
            let other = match field.kind {
                FieldType::Date => json!("2020-02-02"),
                FieldType::Timestamp => json!("2020-02-02T00:00:00Z"),
                FieldType::Integer => json!(9),
                FieldType::Code if id.as_str() == "restoration_status" => json!("restored"),
                FieldType::Code => json!("activated"),
                _ => json!("somebody_else"),
            };
            if field.filled.is_some() {
                let typed = with(&scene.good, "fields", id.as_str(), other);
                assert_eq!(refused(stage.complete(scene.step, scene.by, typed)), expected, "another value than the filled one");
            } else {
                let dropped = without(&scene.good, "fields", id.as_str());
                assert_eq!(refused(stage.complete(scene.step, scene.by, dropped)), expected, "left out");
                let null = with(&scene.good, "fields", id.as_str(), Json::Null);
                assert_eq!(refused(stage.complete(scene.step, scene.by, null)), expected, "null");
            }
            required += usize::from(!step.must_state.contains_key(id.as_str()));
        }
        stage.complete(scene.step, scene.by, scene.good).unwrap();
    }
    assert_eq!(required, 31, "the fields of the requirement");
}

#[test]
fn a_filled_field_may_be_sent_with_the_value_it_has() {
    let mut stage = oxygen::recorded();
    let mut sent = with(&oxygen::activation("activated"), "fields", "reviewer_id", json!("chief_operating_officer"));
    for (id, value) in [("participant_id", "OX-1"), ("activation_decision_code", "activated"), ("review_date", "2026-01-05")] {
        sent = with(&sent, "fields", id, json!(value));
    }
    stage.complete("activation", "chief_operating_officer", sent).unwrap();
}

#[test]
fn a_gate_is_confirmed_by_a_person_with_evidence() {
    let spoiled = [
        json!({ "confirmed": false, "evidence": { "note": "n", "reference": "r" } }),
        json!({ "confirmed": true }),
        confirmed(" ", "FAULT-1"),
        confirmed("Fault report", ""),
        confirmed("Fault\u{0}report", "FAULT-1"),
    ];
    for gate in ["approved_source_confirmed_in_writing", "payer_eligibility_active_confirmed_in_writing"] {
        let mut stage = oxygen::started();
        let expected = [format!("gate {gate}")];
        let dropped = without(&oxygen::episode_record(), "gates", gate);
        assert_eq!(refused(stage.complete("episode_record", "respiratory_continuity_manager", dropped)), expected);
        for bad in &spoiled {
            let sent = with(&oxygen::episode_record(), "gates", gate, bad.clone());
            assert_eq!(refused(stage.complete("episode_record", "respiratory_continuity_manager", sent)), expected, "{bad}");
        }
    }
}

#[test]
fn a_gate_over_an_answer_reports_that_it_is_missing() {
    let cases = [
        (1, "owner", "gate clarification_owner_named"),
        (1, "deadline", "gate clarification_deadline_set"),
        (1, "question", "field asks.question"),
        (3, "incomplete_action_reason_code", "gate incomplete_action_reason_coded"),
        (3, "escalation_dependency_owner", "gate escalation_dependency_owner_named"),
        (3, "escalation_dependency", "field asks.escalation_dependency"),
    ];
    let scenes = scenes();
    for (scene, ask, expected) in cases {
        let scene = &scenes[scene];
        let mut stage = (scene.stage)();
        assert_eq!(refused(stage.complete(scene.step, scene.by, without(&scene.good, "asks", ask))), [expected]);
        let wrong = with(&scene.good, "asks", ask, json!({ "no": 1 }));
        assert_eq!(refused(stage.complete(scene.step, scene.by, wrong)), [format!("field asks.{ask}")], "wrong type");
    }
}

/// A change to the sources or the submission and what it must be refused with.
type Spoil = (&'static str, fn(&mut Stage, &mut Json));

fn refused_with(scene: &Scene, spoils: &[Spoil]) {
    for (expected, spoil) in spoils {
        let mut stage = (scene.stage)();
        let mut sent = scene.good.clone();
        spoil(&mut stage, &mut sent);
        assert_eq!(refused(stage.complete(scene.step, scene.by, sent)), [*expected]);
    }
}

#[test]
fn checks_of_the_record_are_carried_out_on_the_sources() {
    refused_with(
        &scenes()[0],
        &[
            ("check participant_id_matches_roster", |stage, _| stage.import("oxygen_service_register", &[])),
            ("check participant_id_matches_roster", |stage, _| never_imported(stage, "oxygen_service_register")),
            ("check support_type_code_matches_profile", |stage, _| {
                stage.import("respiratory_support_profile", &[("OX-1", json!({ "oxygen_support_type_code": "liquid_oxygen" }))]);
            }),
            ("check support_type_code_matches_profile", |stage, _| stage.import("respiratory_support_profile", &[])),
            ("check support_type_code_matches_profile", |stage, _| never_imported(stage, "respiratory_support_profile")),
            ("check interruption_start_matches_source", |stage, _| {
                stage.import("equipment_incident_log", &[("INC-1", oxygen::incident("2026-01-05T10:41:00Z", "equipment"))]);
            }),
            ("check severity_score_aligns_with_risk_rule", |_, sent| sent["fields"]["interruption_severity_score"] = json!(7)),
            ("check trigger_code_fits_rule_set", |_, sent| sent["fields"]["qualifying_trigger_code"] = json!("missed_delivery")),
            ("check trigger_code_fits_rule_set", |stage, _| {
                stage.import("equipment_incident_log", &[("INC-1", oxygen::incident("2026-01-05T10:40:00Z", "delivery"))]);
            }),
        ],
    );
}

#[test]
fn a_source_that_two_checks_read_fails_both() {
    let mut stage = oxygen::started();
    stage.import("equipment_incident_log", &[]);
    let found = refused(stage.complete("episode_record", "respiratory_continuity_manager", oxygen::episode_record()));
    assert_eq!(found, ["check interruption_start_matches_source", "check trigger_code_fits_rule_set"]);
}

fn never_imported(stage: &mut Stage, source: &str) {
    stage.facts.versions.remove(source);
    stage.facts.rows.retain(|lookup, _| lookup.source.as_str() != source);
}

#[test]
fn checks_of_the_decision_are_carried_out_on_the_sources() {
    let [_, activation, ..] = scenes();
    let activated = Scene { good: oxygen::activation("activated"), ..activation };
    refused_with(
        &activated,
        &[
            ("check activated_has_valid_basis", |stage, _| eligibility(stage, json!({ "status": "ended", "active_from": "2025-01-01" }))),
            ("check activated_has_valid_basis", |stage, _| eligibility(stage, json!({ "status": "active", "active_from": "2026-01-06" }))),
            ("check activated_has_valid_basis", |stage, _| {
                eligibility(stage, json!({ "status": "active", "active_from": "2025-01-01", "active_to": "2026-01-04" }));
            }),
            ("check activated_has_valid_basis", |stage, _| stage.import("payer_eligibility_file", &[])),
            ("check activated_has_valid_basis", |stage, _| never_imported(stage, "payer_eligibility_file")),
            ("check activated_has_valid_basis", |stage, _| stage.sleep(72 * HOUR)),
            ("check no_activity_without_visible_decision", |stage, _| {
                stage.import("live_pilot_pathway", &[("OX-1", json!({ "activity": "swap", "entered_at": "2026-01-05T11:00:00Z" }))]);
            }),
            ("field outcome", |_, sent| sent["outcome"] = json!("approved")),
            ("field outcome", |_, sent| sent["outcome"] = Json::Null),
        ],
    );
    let rejected = Scene { good: oxygen::activation("rejected"), stage: oxygen::recorded, ..activated };
    refused_with(
        &rejected,
        &[
            ("field asks.rationale_code", |_, sent| sent["asks"] = json!({})),
            ("field asks.rationale_code", |_, sent| sent["asks"]["rationale_code"] = json!("because")),
        ],
    );
}

fn eligibility(stage: &mut Stage, row: Json) {
    stage.import("payer_eligibility_file", &[("OX-1", row)]);
}

#[test]
fn coverage_that_holds_on_the_day_is_enough() {
    let mut stage = oxygen::recorded();
    eligibility(&mut stage, json!({ "status": "active", "active_from": "2026-01-05", "active_to": "2026-01-05" }));
    stage.sleep(24 * HOUR);
    stage.complete("activation", "chief_operating_officer", oxygen::activation("activated")).unwrap();
}

#[test]
fn a_check_that_cannot_be_told_says_why() {
    let mut stage = oxygen::recorded();
    stage.sleep(72 * HOUR);
    let error = stage.complete("activation", "chief_operating_officer", oxygen::activation("activated")).unwrap_err();
    let crate::domain::rejection::Rejection::Violations(violations) = error else { panic!("{error:?}") };
    assert!(violations[0].message.contains("cannot be told, because the payer eligibility file is older than 3 days"), "{violations:?}");
}

#[test]
fn gates_and_checks_of_the_release_are_computed_from_the_sources() {
    refused_with(
        &scenes()[2],
        &[
            ("gate lead_has_capacity", |stage, _| {
                stage.import("staffing_assignment_platform", &[("vendor_leads", json!({ "open_cases": 5, "most_cases": 5 }))]);
            }),
            ("gate lead_has_capacity", |stage, _| stage.import("staffing_assignment_platform", &[])),
            ("gate lead_has_capacity", |stage, _| never_imported(stage, "staffing_assignment_platform")),
            ("gate lead_has_role_authority", |stage, _| stage.import("staff_authority", &[])),
            ("gate lead_has_role_authority", |stage, _| {
                stage.import("staff_authority", &[("vendor_leads", json!({ "intervention_type": "home_setup_visit" }))]);
            }),
            ("field assigned_lead", |_, sent| sent["fields"]["assigned_lead"] = json!("nobody")),
            ("check driver_code_matches_analysis", |stage, _| {
                stage.import("barrier_analysis_tool", &[("OX-1", json!({ "barrier_driver_code": "delivery_failure" }))]);
            }),
            ("check driver_code_matches_analysis", |stage, _| stage.import("barrier_analysis_tool", &[])),
            ("check driver_code_matches_analysis", |stage, _| never_imported(stage, "barrier_analysis_tool")),
            ("check intervention_type_matches_framework", |_, sent| sent["fields"]["intervention_type"] = json!("emergency_delivery")),
            ("check target_aligns_with_rule", |_, sent| {
                sent["fields"]["target_restoration_timestamp"] = json!("2026-01-06T14:00:00.001Z");
            }),
            ("field target_restoration_timestamp", |_, sent| {
                sent["fields"]["target_restoration_timestamp"] = json!("2026-01-05T12:44:59Z");
            }),
            ("check escalation_threshold_code_correct", |_, sent| sent["fields"]["escalation_threshold_code"] = json!("watch")),
        ],
    );
}

#[test]
fn checks_of_the_review_are_carried_out_on_the_sources() {
    let [.., review] = scenes();
    let restored = Scene { good: oxygen::reconciliation("restored"), ..review };
    refused_with(
        &restored,
        &[
            ("check actions_evidenced_in_delivery_log", |stage, _| stage.import("completion_log", &[])),
            ("check actions_evidenced_in_delivery_log", |stage, _| never_imported(stage, "completion_log")),
            ("check actions_evidenced_in_delivery_log", |stage, _| log_entry(stage, json!({ "action": "swap", "state": "done" }))),
            ("check actions_evidenced_in_delivery_log", |stage, _| {
                log_entry(stage, json!({ "action": "swap", "state": "begun", "delivery_log_reference": "D-1" }));
            }),
            ("check unresolved_dependencies_visible_in_tracker", |_, sent| sent["fields"]["unresolved_dependency_count"] = json!(1)),
            ("check unresolved_dependencies_visible_in_tracker", |stage, _| never_imported(stage, "unresolved_dependency_tracker")),
            ("check restored_access_documented", |stage, _| {
                let row = json!({ "access_restored": false, "documented_at": "2026-01-05T12:00:00Z" });
                stage.import("oxygen_status_dashboard", &[("OX-1", row)]);
            }),
            ("check restored_access_documented", |stage, _| stage.import("oxygen_status_dashboard", &[])),
        ],
    );
}

fn log_entry(stage: &mut Stage, row: Json) {
    stage.import("completion_log", &[("OX-1", row)]);
}

#[test]
fn everything_that_is_wrong_is_listed_at_once() {
    let mut stage = oxygen::started();
    let mut sent = oxygen::episode_record();
    sent["fields"]["payer_eligibility_status"] = json!("maybe");
    sent["fields"]["invented"] = json!(1);
    sent["gates"] = json!({ "invented_gate": confirmed("n", "r") });
    sent["outcome"] = json!("done");
    stage.import("oxygen_service_register", &[]);
    assert_eq!(
        refused(stage.complete("episode_record", "respiratory_continuity_manager", sent)),
        [
            "field outcome",
            "field payer_eligibility_status",
            "field invented",
            "gate approved_source_confirmed_in_writing",
            "gate payer_eligibility_active_confirmed_in_writing",
            "gate invented_gate",
            "check participant_id_matches_roster",
        ]
    );
}
