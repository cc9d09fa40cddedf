//! What can be wrong with the meetings of a program.

use super::refuses;
use crate::definitions::calendars::built_in;
use crate::definitions::read;

/// A small program with a meeting and no fault.
const SOUND: &str = "program: sample
title: Sample
version: 1
time: { zone: America/New_York, calendar: us_federal }
contact: { name: Jo Doe, email: jo@example.org }
roles:
  worker: { title: Worker, escalates_to: chief }
  chief: { title: Chief, top: true }
sources:
  list: { key: id, columns: { good: boolean } }
workflows:
  case:
    one_per: id
    started_by: [worker]
    started_with: { id: text }
    steps:
      look: { kind: review, role: chief, fields: { next: date }, outcomes: { done: { ends: done } } }
  huddle:
    one_per: held_on
    started_by: [worker]
    started_with: { held_on: date }
    steps:
      talk:
        kind: meeting
        role: chief
        due: { within: same day, of: started.held_on }
        seats: [chief, worker]
        agenda:
          workflow: case
          where: steps.look.completed_at != null
          requires: { dated: { says: Dated, rule: steps.look.fields.next >= date(now), when: steps.look.outcome == \"done\" } }
        outcomes: { closed: { ends: closed } }
";

#[test]
fn a_sound_meeting_has_no_fault() {
    let faults = read(SOUND, "sample.yaml", built_in()).err().unwrap_or_default();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_name_of_a_meeting_resolves() {
    refuses(SOUND, "workflow: case", "workflow: cases", "unknown_workflow");
    refuses(SOUND, "seats: [chief, worker]", "seats: [chief, workers]", "unknown_role");
    refuses(SOUND, "seats: [chief, worker]", "seats: [chief, chief]", "bad_meeting: chief has a seat already");
    refuses(SOUND, "kind: meeting", "kind: record", "bad_meeting: only a meeting has agenda");
    let ranked = |step: &str, field: &str| format!("workflow: case\n          ranked_by: {{ step: {step}, field: {field} }}");
    refuses(SOUND, "workflow: case", &ranked("lok", "next"), "unknown_step");
    refuses(SOUND, "workflow: case", &ranked("look", "nxt"), "unknown_field");
    refuses(SOUND, "workflow: case", &ranked("look", "next"), "bad_meeting: cases are ordered by an integer, and next is none");
    refuses(SOUND, "steps.look.fields.next >=", "steps.look.fields.nxt >=", "bad_rule: that step has no field nxt");
}

#[test]
fn the_rules_of_an_agenda_see_the_case_alone() {
    refuses(SOUND, "steps.look.completed_at != null", "outcome == 'done'", "bad_rule: a rule outside a step cannot read outcome");
    refuses(SOUND, "steps.look.completed_at != null", "one('list', started.id).good", "bad_rule: a rule of an agenda reads");
    refuses(SOUND, "steps.look.completed_at != null", "started.held_on != null", "bad_rule: the workflow is not started with held_on");
}
