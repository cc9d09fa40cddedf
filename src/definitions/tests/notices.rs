//! What can be wrong with the way mails reach people.

use crate::definitions::calendars::built_in;
use crate::definitions::read;

/// A small program with quiet hours and no fault.
const SOUND: &str = "program: sample
title: Sample
version: 1
time: { zone: America/New_York, calendar: us_federal }
contact: { name: Jo Doe, email: jo@example.org }
roles:
  chair: { title: Chair, top: true }
ladders:
  ward: [{ at: breach, tell: manager }]
  office: [{ at: breach, tell: manager }]
notices:
  clinical: [ward]
  digest: 15 minutes
  quiet_hours: { email: { from: \"20:00\", to: \"07:00\" } }
workflows:
  case:
    started_by: [chair]
    started_with: { known_at: timestamp }
    steps:
      note: { kind: record, role: chair, due: { within: 2 hours, of: started.known_at }, ladder: office, outcomes: { done: { ends: done } } }
";

#[track_caller]
fn refuses(from: &str, to: &str, expected: &str) {
    assert!(SOUND.contains(from), "{from}");
    let faults = read(&SOUND.replacen(from, to, 1), "sample.yaml", built_in()).err().unwrap_or_default();
    let found: Vec<String> =
        faults.iter().map(|fault| format!("{}:{}: {}: {}", fault.line, fault.col, fault.code, fault.message)).collect();
    assert!(found.iter().any(|fault| fault.starts_with(expected)), "{to}: {found:#?}");
}

#[test]
fn sound_notices_have_no_fault() {
    let faults = read(SOUND, "sample.yaml", built_in()).err().unwrap_or_default();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_clinical_ladder_exists_and_is_named_once() {
    refuses("clinical: [ward]", "clinical: [wards]", "12:14: unknown_ladder: there is no ladder \"wards\"");
    refuses("clinical: [ward]", "clinical: [ward, ward]", "12:20: bad_notices: ward is named twice");
}

#[test]
fn a_burst_ends_and_quiet_hours_leave_some_of_the_day() {
    refuses("digest: 15 minutes", "digest: 30 seconds", "13:11: bad_notices: a mail waits for others at least 1 minute");
    refuses("digest: 15 minutes", "digest: 25 hours", "13:11: bad_notices: a mail waits for others");
    refuses("digest: 15 minutes", "digest: often", "13:11: bad_value");
    refuses("to: \"07:00\"", "to: \"20:00\"", "14:18: bad_notices: quiet hours that end when they begin");
    refuses("to: \"07:00\"", "to: \"24:00\"", "14:46: bad_value: \"24:00\" is no time of day");
    refuses("to: \"07:00\"", "until: \"07:00\"", "14:42: unknown_key");
}

#[test]
fn only_mails_have_quiet_hours() {
    refuses("{ email: {", "{ webhook: { from: \"20:00\", to: \"07:00\" }, email: {", "14:18: unknown_key");
}
