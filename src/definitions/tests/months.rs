//! What can be wrong with the months of a program.

use super::{refuses, told};
use crate::definitions::calendars::built_in;
use crate::definitions::read;

/// A small program that counts months and has no fault.
const SOUND: &str = "program: sample
title: Sample
version: 1
time: { zone: America/New_York, calendar: us_federal }
contact: { name: Jo Doe, email: jo@example.org }
roles:
  worker: { title: Worker, escalates_to: chief }
  chief: { title: Chief, top: true }
sources:
  list: { key: id, columns: { month: text, good: boolean, cents: integer } }
months:
  roster: { workflow: case, activated_by: decide, outcome: go }
  closed_by: [worker, chief]
  settled_by: settlement
  position_by: chief
  stated_by: [worker]
  figures:
    activated: { says: Activated, formula: count }
    good: { says: Good, formula: count where started.cents > 5 }
    cents: { says: Money, formula: sum of started.cents where started.cents > 5 }
    rate: { says: Share, formula: ratio of good to activated }
    owed: { says: Owed, formula: value from list.cents }
  reconciliations:
    same: { says: The same, source: list, month: month, agrees: { good: good } }
workflows:
  case:
    one_per: id
    started_by: [worker]
    started_with: { id: text, cents: integer }
    steps:
      decide: { kind: decision, role: chief, outcomes: { go: { ends: went }, stop: { ends: stopped } } }
  settlement:
    one_per: month
    started_by: []
    started_with: { month: text }
    steps:
      file:
        kind: settlement
        role: chief
        fields: { rate: { type: decimal, scale: 4, filled: computed(figure(\"rate\")), when: figure(\"activated\") > 0 } }
        gates: { same: { says: The same, met_by: reconciled(\"same\") } }
";

#[test]
fn the_sound_one_is_sound() {
    assert_eq!(read(SOUND, "sample.yaml", built_in()).map(|_| ()).map_err(|faults| format!("{faults:#?}")), Ok(()));
}

#[test]
fn work_is_entered_in_a_source_of_the_cases() {
    let roster = "roster: { workflow: case, activated_by: decide, outcome: go }";
    let with = |source: &str, column: &str, since: &str| {
        format!(
            "roster: {{ workflow: case, activated_by: decide, outcome: go, work: {{ source: {source}, entered_at: {column}, since: {since} }} }}"
        )
    };
    refuses(SOUND, roster, &with("lst", "month", "id"), "unknown_source");
    refuses(SOUND, roster, &with("list", "month", "id"), "bad_months: list has no column month that is a timestamp");
    refuses(SOUND, roster, &with("list", "month", "id"), "bad_months: the workflow is not started with a timestamp id");
}

#[test]
fn a_roster_names_what_is_there() {
    refuses(SOUND, "workflow: case,", "workflow: cases,", "unknown_workflow");
    refuses(SOUND, "activated_by: decide", "activated_by: decided", "unknown_step");
    refuses(SOUND, "outcome: go }", "outcome: gone }", "bad_months: there is no outcome");
    refuses(SOUND, "closed_by: [worker, chief]", "closed_by: []", "bad_months: name at least one role");
    refuses(SOUND, "closed_by: [worker, chief]", "closed_by: [porter]", "unknown_role");
    refuses(SOUND, "  position_by: chief\n", "", "bad_months: a statement is judged");
    refuses(SOUND, "position_by: chief", "position_by: boss", "unknown_role");
}

#[test]
fn a_settlement_starts_with_the_month_and_with_nothing_else() {
    refuses(SOUND, "settled_by: settlement", "settled_by: settling", "unknown_workflow");
    refuses(SOUND, "started_by: []", "started_by: [chief]", "bad_months: settlement starts when a month is closed");
    refuses(SOUND, "started_with: { month: text }", "started_with: { month: text, id: text }", "bad_months: settlement settles a month");
    refuses(SOUND, "    one_per: month\n", "", "bad_months: settlement settles a month");
    refuses(SOUND, "started_by: [worker]", "started_by: []", "bad_start: name at least one role");
}

#[test]
fn a_figure_is_computed_from_what_it_may_see() {
    refuses(SOUND, "formula: count }", "formula: average }", "bad_value");
    refuses(SOUND, "ratio of good to activated", "ratio of good to active", "unknown_figure");
    refuses(SOUND, "ratio of good to activated", "ratio of good to owed", "bad_months: a ratio is made of counts and sums");
    refuses(SOUND, "value from list.cents", "value from lists.cents", "unknown_source");
    refuses(SOUND, "value from list.cents", "value from list.month", "bad_months: a figure is an integer or a decimal");
    refuses(SOUND, "value from list.cents", "value from list.cent", "bad_months: there is no column");
    refuses(SOUND, "owed: { says", "roster_count: { says", "bad_months: every month has a figure roster_count");
    refuses(SOUND, "count where started.cents > 5", "count where started.cents", "bad_rule: the rule must be true or false");
    refuses(SOUND, "count where started.cents > 5", "count where fields.cents > 5", "bad_rule: a rule outside a step cannot read fields");
    refuses(
        SOUND,
        "count where started.cents > 5",
        "count where instance.started_at < now",
        "bad_rule: a figure reads neither now nor actor",
    );
    refuses(SOUND, "sum of started.cents where", "sum of started.id where", "bad_rule: the field takes an integer");
    refuses(SOUND, "says: Money", "says: ' '", "bad_text");
}

#[test]
fn a_fault_of_a_rule_stands_at_its_character() {
    let text = SOUND.replacen("where started.cents > 5 }\n    rate", "where started.sents > 5 }\n    rate", 1);
    let faults = read(&text, "sample.yaml", built_in()).err().unwrap_or_default();
    let line = text.lines().position(|line| line.contains("sents")).unwrap_or_default();
    let col = text.lines().nth(line).and_then(|line| line.find("started.sents")).unwrap_or_default();
    assert_eq!((faults.len() as u64, faults[0].line, faults[0].col), (1, line as u64 + 1, col as u64 + 1), "{faults:#?}");
}

#[test]
fn a_reconciliation_compares_columns_that_fit() {
    refuses(SOUND, "source: list, month", "source: lists, month", "unknown_source");
    refuses(SOUND, "month: month, agrees", "month: good, agrees", "bad_months: good is of type boolean where text is compared");
    refuses(SOUND, "agrees: { good: good }", "agrees: { cents: good }", "bad_months: cents is of type integer where boolean is compared");
    refuses(SOUND, "agrees: { good: good }", "agrees: { good: best }", "unknown_figure");
    refuses(SOUND, "agrees: { good: good }", "agrees: { good: activated }", "bad_months: activated says of no row");
    refuses(SOUND, "    one_per: id\n", "", "bad_months: rows are compared by what case runs one instance per");
}

#[test]
fn figures_are_read_where_a_month_is_settled_and_nowhere_else() {
    refuses(SOUND, "figure(\"rate\")", "figure(\"rates\")", "bad_rule: the program has no figure rates");
    refuses(SOUND, "reconciled(\"same\")", "reconciled(\"sane\")", "bad_rule: the program has no reconciliation sane");
    refuses(SOUND, "reconciled(\"same\")", "reconciled(same)", "bad_rule: reconciled() takes one reconciliation's id in quotes");
    refuses(SOUND, "count where started.cents > 5", "count where figure(\"activated\") > 5", "bad_rule: figure() is read in the workflow");
    assert_eq!(told(SOUND, "figure(\"activated\") > 0", "figure(\"roster_count\") > 0 && figure(\"rate\") != null"), Vec::<String>::new());
}
