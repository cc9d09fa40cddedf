//! The sample sources carry five participants through all four steps, and each check can fail by itself.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::definitions::calendars::built_in;
use crate::definitions::{embedded, publish};
use crate::domain::definition::{FieldType, Published};
use crate::domain::facts::{Facts, Row, SourceVersion};
use crate::domain::record::{Record, Verdict};
use crate::domain::rules::{InstanceView, Scope};
use crate::domain::value::{Value, Values};
use crate::ids::{FieldId, InstanceId, OutcomeId, RecordId, SourceId, SourceVersionId, StepId, TaskId, Username};
use crate::instant::Instant;

/// Participant, incident, support type, impact, severity, trigger, start, barrier, action, watch level.
type Case = (&'static str, &'static str, &'static str, i64, i64, &'static str, &'static str, &'static str, &'static str, &'static str);

const CASES: [Case; 5] = [
    (
        "OX-1001",
        "INC-2001",
        "concentrator_continuous",
        5,
        6,
        "equipment_malfunction",
        "2026-01-05T10:40:00Z",
        "concentrator_malfunction",
        "equipment_swap",
        "urgent",
    ),
    (
        "OX-1002",
        "INC-2002",
        "portable_cylinder",
        7,
        6,
        "missed_delivery",
        "2026-01-05T11:05:00Z",
        "delivery_failure",
        "emergency_delivery",
        "urgent",
    ),
    (
        "OX-1003",
        "INC-2003",
        "ventilator_oxygen",
        9,
        10,
        "equipment_malfunction",
        "2026-01-05T11:20:00Z",
        "concentrator_malfunction",
        "equipment_swap",
        "immediate",
    ),
    (
        "OX-1004",
        "INC-2004",
        "liquid_oxygen",
        3,
        4,
        "portable_unit_unavailable",
        "2026-01-05T11:30:00Z",
        "portable_tank_shortage",
        "portable_tank_loan",
        "urgent",
    ),
    (
        "OX-1005",
        "INC-2005",
        "concentrator_nocturnal",
        4,
        4,
        "incomplete_home_setup",
        "2026-01-05T09:15:00Z",
        "home_setup_defects",
        "home_setup_visit",
        "urgent",
    ),
];

/// One submission of a step, on the records before it.
struct Submission {
    step: &'static str,
    outcome: Option<&'static str>,
    fields: Values,
    asks: Values,
    started: Values,
    steps: IndexMap<StepId, Record>,
}

fn at(text: &str) -> Value {
    Value::Timestamp(text.parse().unwrap())
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn code(text: &str) -> Value {
    Value::Code(text.to_owned())
}

fn values<const N: usize>(pairs: [(&str, Value); N]) -> Values {
    pairs.into_iter().map(|(name, value)| (FieldId::from(name), value)).collect()
}

fn record(step: &str, completed_at: &str, fields: Values) -> Record {
    Record {
        id: RecordId(uuid::Uuid::nil()),
        task: TaskId(uuid::Uuid::nil()),
        step: StepId::from(step),
        round: 1,
        slot: None,
        version: 1,
        register: None,
        completed_at: completed_at.parse().unwrap(),
        completed_by: Username::from("somebody"),
        completed_for: None,
        outcome: None,
        fields,
        asks: Values::default(),
        gates: IndexMap::new(),
        checks: IndexMap::new(),
        amends: None,
        meeting: None,
    }
}

fn submissions(case: Case) -> Vec<Submission> {
    let (participant, incident, support, impact, severity, trigger, start, barrier, action, watch) = case;
    let started = values([
        ("participant_id", text(participant)),
        ("interruption_started_at", at(start)),
        ("interruption_confirmed_at", at("2026-01-05T12:50:00Z")),
        ("incident_id", text(incident)),
    ]);
    let of = |step, outcome, fields| Submission {
        step,
        outcome,
        fields,
        asks: Values::default(),
        started: started.clone(),
        steps: IndexMap::new(),
    };
    let episode = values([
        ("participant_id", text(participant)),
        ("payer_eligibility_status", code("active")),
        ("oxygen_support_type_code", code(support)),
        ("interruption_start_timestamp", at(start)),
        ("interruption_severity_score", Value::Integer(severity)),
        ("service_impact_score", Value::Integer(impact)),
        ("qualifying_trigger_code", code(trigger)),
        ("meets_pilot_definition", Value::Boolean(true)),
        ("proposed_episode_start_date", Value::Date("2026-01-05".parse().unwrap())),
    ]);
    let release = values([
        ("participant_id", text(participant)),
        ("barrier_driver_code", code(barrier)),
        ("intervention_type", code(action)),
        ("assigned_lead", Value::Person("respiratory_support_staff".to_owned())),
        ("target_restoration_timestamp", at("2026-01-05T20:00:00Z")),
        ("unresolved_dependency_count_at_release", Value::Integer(1)),
        ("service_impact_score", Value::Integer(impact)),
        ("escalation_threshold_code", code(watch)),
    ]);
    let decision = values([("participant_id", text(participant)), ("control_status", code("in_control"))]);
    let review = values([("participant_id", text(participant)), ("unresolved_dependency_count", Value::Integer(0))]);
    let mut all = vec![
        of("episode_record", None, episode),
        of("activation", Some("activated"), decision),
        of("release", None, release),
        of("reconciliation", Some("restored"), review),
    ];
    let times = ["2026-01-05T13:30:00Z", "2026-01-05T14:00:00Z", "2026-01-05T16:00:00Z"];
    let done: Vec<Record> = all.iter().zip(times).map(|(given, time)| record(given.step, time, given.fields.clone())).collect();
    for (index, submission) in all.iter_mut().enumerate() {
        submission.steps = done.iter().take(index).map(|record| (record.step.clone(), record.clone())).collect();
    }
    all
}

fn typed(kind: FieldType, cell: &str) -> Value {
    match kind {
        _ if cell.is_empty() => Value::Null,
        FieldType::Text => text(cell),
        FieldType::Integer => Value::Integer(cell.parse().unwrap()),
        FieldType::Decimal => Value::Decimal(cell.to_owned()),
        FieldType::Boolean => Value::Boolean(cell.parse().unwrap()),
        FieldType::Date => Value::Date(cell.parse().unwrap()),
        FieldType::Timestamp => at(cell),
        other => panic!("no sample has a {other:?}"),
    }
}

/// Every sample: source, key and typed row.
fn sample_rows(published: &Published) -> Vec<(SourceId, String, Row)> {
    let mut all = Vec::new();
    for (source, bytes) in embedded::samples("oxygen_continuity") {
        let source = SourceId::from(source);
        let declared = &published.program.sources[&source];
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let header = reader.headers().unwrap().clone();
        assert_eq!(header.get(0), Some(declared.key.as_str()), "{source}");
        assert_eq!(header.iter().skip(1).collect::<Vec<_>>(), declared.columns.keys().map(FieldId::as_str).collect::<Vec<_>>(), "{source}");
        for line in reader.records() {
            let line = line.unwrap();
            let row = declared.columns.iter().zip(line.iter().skip(1)).map(|((column, kind), cell)| (column.clone(), typed(*kind, cell)));
            all.push((source.clone(), line[0].to_owned(), row.collect()));
        }
    }
    all
}

/// The ids of the computed gates and the checks that do not pass.
fn failing(published: &Published, rows: &[(SourceId, String, Row)], given: &Submission) -> Vec<String> {
    let now: Instant = "2026-01-05T22:00:00Z".parse().unwrap();
    let outcome = given.outcome.map(OutcomeId::from);
    let scope = Scope {
        fields: &given.fields,
        outcome: outcome.as_ref(),
        asks: &given.asks,
        steps: &given.steps,
        started: &given.started,
        instance: InstanceView { id: InstanceId(uuid::Uuid::nil()), outcome: None, started_at: now },
        actor: Some("somebody"),
        now,
    };
    let passes = |rule: &str| {
        let rule = published.rules.get(rule).unwrap();
        let mut facts = Facts { versions: versions(published, now), rows: BTreeMap::new(), ..Facts::default() };
        for lookup in rule.lookups(&scope) {
            let found = rows.iter().filter(|(source, key, _)| *source == lookup.source && *key == lookup.key);
            facts.rows.insert(lookup.clone(), found.map(|(_, _, row)| row.clone()).collect());
        }
        rule.evaluate(&scope, &facts, &published.program).verdict == Verdict::Pass
    };
    let step = published.step(&"episode".into(), &given.step.into()).unwrap();
    let applies = |when: &Option<String>| when.as_deref().is_none_or(passes);
    let gates = step.gates.iter().filter(|(_, gate)| applies(&gate.when) && !gate.met_by.as_deref().is_none_or(passes));
    let checks = step.checks.iter().filter(|(_, check)| applies(&check.when) && !passes(&check.rule));
    gates.map(|(id, _)| id.to_string()).chain(checks.map(|(id, _)| id.to_string())).collect()
}

fn versions(published: &Published, now: Instant) -> BTreeMap<SourceId, SourceVersion> {
    let version = SourceVersion { id: SourceVersionId(uuid::Uuid::nil()), version: 1, imported_at: now, sha256: String::new() };
    published.program.sources.keys().map(|source| (source.clone(), version.clone())).collect()
}

fn shipped() -> Published {
    let programs = embedded::programs();
    let (_, text) = programs.iter().find(|(name, _)| name == "oxygen_continuity").unwrap();
    publish(text, "oxygen_continuity.yaml", built_in()).unwrap()
}

#[test]
fn every_source_has_a_sample() {
    for (name, text) in embedded::programs() {
        let published = publish(&text, "program.yaml", built_in()).unwrap();
        let mut declared: Vec<_> = published.program.sources.keys().map(ToString::to_string).collect();
        declared.sort();
        assert_eq!(embedded::samples(&name).into_iter().map(|(source, _)| source).collect::<Vec<_>>(), declared, "{name}");
    }
}

#[test]
fn five_participants_pass_all_four_steps() {
    let published = shipped();
    let rows = sample_rows(&published);
    for case in CASES {
        for submission in submissions(case) {
            assert_eq!(failing(&published, &rows, &submission), Vec::<String>::new(), "{} {}", case.0, submission.step);
        }
    }
}

#[test]
fn each_check_fails_by_itself() {
    let published = shipped();
    let rows = sample_rows(&published);
    let wrong: [(usize, &str, Value, &str); 11] = [
        (0, "participant_id", text("OX-9999"), "participant_id_matches_roster"),
        (0, "oxygen_support_type_code", code("liquid_oxygen"), "support_type_code_matches_profile"),
        (0, "interruption_start_timestamp", at("2026-01-05T10:41:00Z"), "interruption_start_matches_source"),
        (0, "interruption_severity_score", Value::Integer(7), "severity_score_aligns_with_risk_rule"),
        (0, "qualifying_trigger_code", code("missed_delivery"), "trigger_code_fits_rule_set"),
        (2, "barrier_driver_code", code("home_setup_defects"), "driver_code_matches_analysis"),
        (2, "intervention_type", code("emergency_delivery"), "intervention_type_matches_framework"),
        (2, "target_restoration_timestamp", at("2026-01-06T14:00:01Z"), "target_aligns_with_rule"),
        (2, "escalation_threshold_code", code("watch"), "escalation_threshold_code_correct"),
        (2, "assigned_lead", Value::Person("supervisory_staff".to_owned()), "lead_has_capacity"),
        (3, "unresolved_dependency_count", Value::Integer(2), "unresolved_dependencies_visible_in_tracker"),
    ];
    for (step, field, value, expected) in wrong {
        let mut submission = submissions(CASES[0]).swap_remove(step);
        submission.fields.insert(FieldId::from(field), value);
        let found = failing(&published, &rows, &submission);
        // A participant nobody knows is on no other list either.
        let found = if expected == "participant_id_matches_roster" { found.into_iter().take(1).collect() } else { found };
        assert_eq!(found, [expected]);
    }
}

#[test]
fn the_samples_hold_cases_that_are_refused() {
    let published = shipped();
    let rows = sample_rows(&published);
    let refused = |participant, step: usize, outcome, expected: &[&str]| {
        let mut case = CASES[0];
        case.0 = participant;
        case.6 = "2026-01-05T10:00:00Z";
        let mut submission = submissions(case).swap_remove(step);
        submission.outcome = outcome;
        assert_eq!(failing(&published, &rows, &submission), expected, "{participant}");
    };
    refused("OX-1007", 1, Some("activated"), &["activated_has_valid_basis"]);
    refused("OX-1008", 1, Some("activated"), &["no_activity_without_visible_decision"]);
    let open = ["actions_evidenced_in_delivery_log", "unresolved_dependencies_visible_in_tracker", "restored_access_documented"];
    refused("OX-1006", 3, Some("restored"), &open);
    refused("OX-1001", 1, Some("rejected"), &["rejected_rationale_coded"]);
    refused("OX-1001", 1, Some("pending_clarification"), &["clarification_owner_named", "clarification_deadline_set"]);
    let escalated = ["incomplete_action_reason_coded", "escalation_dependency_owner_named", "escalated_has_dated_next_checkpoint"];
    refused("OX-1001", 3, Some("escalated_to_higher_intensity_support"), &escalated);
}
