//! What can be wrong with the roster of a workflow.

use crate::definitions::calendars::built_in;
use crate::definitions::read;

/// A small program with a roster and no fault.
const SOUND: &str = "program: sample
title: Sample
version: 1
time: { zone: America/New_York, calendar: us_federal }
contact: { name: Jo Doe, email: jo@example.org }
roles:
  worker: { title: Worker, escalates_to: chief }
  chief: { title: Chief, top: true }
sources:
  list: { key: id, columns: { county: text, since: date } }
  payer_file: { key: id, columns: { since: date, county: integer } }
workflows:
  line:
    one_per: id
    roster:
      source: list
      number_as: number
      opened_as: opened
      changed_opens: look
      removed_opens: removal
      compared_with: { source: payer_file, columns: [since] }
    started_by: [worker]
    started_with: { id: text, number: integer, opened: timestamp, county: text }
    steps:
      look: { kind: review, role: chief, due: { within: 1 day, of: started.opened }, outcomes: { done: { ends: done } } }
      removal: { kind: decision, role: chief, outcomes: { gone: { ends: gone }, stays: {} } }
";

#[track_caller]
fn refuses(from: &str, to: &str, expected: &str) {
    super::refuses(SOUND, from, to, expected);
}

#[test]
fn a_sound_roster_has_no_fault() {
    let faults = read(SOUND, "sample.yaml", built_in()).err().unwrap_or_default();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_name_of_a_roster_resolves() {
    refuses("source: list\n", "source: lists\n", "unknown_source");
    refuses("changed_opens: look", "changed_opens: loook", "unknown_step");
    refuses("removed_opens: removal", "removed_opens: removals", "unknown_step");
    refuses("number_as: number", "number_as: numbers", "unknown_field");
    refuses("source: payer_file", "source: payer_files", "unknown_source");
    refuses("columns: [since]", "columns: [sinse]", "unknown_field");
}

#[test]
fn what_the_roster_gives_goes_where_it_can() {
    refuses("opened_as: opened", "opened_as: number", "bad_roster: the number and the instant go into different start values");
    refuses("number: integer", "number: text", "bad_roster: this start value must be a");
    refuses("one_per: id", "one_per: county", "bad_roster: the key of list is id");
    refuses("county: text }\n    steps", "county: text, age: integer }\n    steps", "bad_roster: nobody is there to give age");
    refuses("county: text }\n    steps", "county: date }\n    steps", "bad_roster: the start value county is a date");
    refuses("columns: [since]", "columns: [since, county]", "bad_roster: county is of another type in each of the two");
}

/// A roster can take a line away before anything else of it was done.
#[test]
fn a_step_that_a_roster_opens_counts_on_nothing_before_it() {
    let from = "removal: { kind: decision, role: chief,";
    let to = "removal: { kind: decision, role: chief, due: { within: 1 day, of: look.completed },";
    refuses(from, to, "bad_deadline: removal can open without look completed");
}
