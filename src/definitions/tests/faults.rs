//! Every fault of a file is told at once, at its line and column, with what was probably meant.

use crate::definitions::calendars::built_in;
use crate::definitions::{Fault, read};
use crate::domain::definition::check::FaultCode;

/// A small program that has no fault.
pub const SOUND: &str = "program: sample
title: Sample
version: 1
time: { zone: America/New_York, calendar: us_federal }
contact: { name: Jo Doe, email: jo@example.org }
roles:
  recorder: { title: Recorder, escalates_to: chief }
  chief: { title: Chief, top: true }
codes:
  colour: { red: Red, blue: Blue }
sources:
  list: { key: id, columns: { count: integer } }
registers: { shelf: Shelf }
tables:
  score: { inputs: [size], gives: integer, rows: [{ when: { size: { to: 3 } }, then: 1 }, { then: 2 }] }
ladders:
  quick: [{ at: 50%, tell: assignee }, { at: breach, tell: manager }]
workflows:
  case:
    one_per: id
    started_by: [recorder]
    started_with: { id: text, seen_at: { type: timestamp, not_after: now } }
    steps:
      note:
        kind: record
        role: recorder
        due: { within: 2 hours, of: started.seen_at }
        ladder: quick
        fields:
          size: { type: integer, from: 0, to: 9 }
          colour: { code: colour }
        checks:
          sized: { says: The size is listed, rule: 'one(\"list\", started.id).count == fields.size' }
        files_to: shelf
        then: decide
      decide:
        kind: decision
        role: chief
        not_by: note
        outcomes:
          yes_please: { then: [look, act] }
          no_thanks: { ends: declined }
      look:
        kind: review
        role: chief
        outcomes: { cleared: {}, returned: { asks: { reason: text }, reopens: decide } }
      act:
        kind: release
        role: recorder
        needs: look
        then: { series: check_up, every: 8 hours }
      check_up:
        kind: review
        role: recorder
        ladder: quick
        outcomes: { done: { ends: done, stops: series }, not_yet: {} }
";

fn faults(text: &str) -> Vec<Fault> {
    read(text, "sample.yaml", built_in()).err().unwrap_or_default()
}

pub fn shown(text: &str) -> Vec<String> {
    faults(text).iter().map(ToString::to_string).collect()
}

/// The faults after each change: line, code and the word at their place.
fn after(changes: &[(&str, &str)]) -> Vec<String> {
    let mut text = SOUND.to_owned();
    for (from, to) in changes {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text = text.replace(from, to);
    }
    let word = |fault: &Fault| {
        let line = text.lines().nth(usize::try_from(fault.line).unwrap() - 1).unwrap();
        let rest = line.chars().skip(usize::try_from(fault.col).unwrap() - 1);
        rest.take_while(|c| !" ,:{}[]".contains(*c)).collect::<String>()
    };
    faults(&text).iter().map(|fault| format!("{} {} at {}", fault.line, fault.code, word(fault))).collect()
}

#[test]
fn a_sound_file_has_no_fault() {
    assert_eq!(shown(SOUND), Vec::<String>::new());
}

#[test]
fn many_faults_are_told_at_once_where_they_stand() {
    let text = SOUND
        .replace("title: Sample\n", "titel: Sample\n")
        .replace("zone: America/New_York", "zone: America/New_Yrok")
        .replace("escalates_to: chief", "escalates_to: cheif")
        .replace("kind: decision", "kind: decission")
        .replace("from: 0, to: 9", "from: nine, to: 9")
        .replace("{ code: colour }", "{ code: color }")
        .replace("files_to: shelf", "files_to: shelve")
        .replace("needs: look", "needs: lok")
        .replace("then: [look, act]", "then: [look, acct, act]")
        .replace(".count == fields.size", ".count == fields.sise")
        .replace("of: started.seen_at", "of: started.seen");
    assert_eq!(
        shown(&text),
        [
            "sample.yaml:2:1: unknown_key: \"titel\" has no meaning here: expected one of program, title, version, time, contact, roles, codes, sources, registers, tables, bodies, ladders, rotas, notices, months, workflows (did you mean title?)",
            "sample.yaml:4:15: bad_time: there is no zone \"America/New_Yrok\": write an IANA name, as in America/New_York (did you mean America/New_York?)",
            "sample.yaml:7:46: unknown_role: there is no role \"cheif\" (did you mean chief?)",
            "sample.yaml:27:37: unknown_start_value: there is no start value \"seen\" (did you mean seen_at?)",
            "sample.yaml:30:40: wrong_type: a whole number belongs here, not \"nine\"",
            "sample.yaml:31:27: unknown_code_list: there is no code list \"color\" (did you mean colour?)",
            "sample.yaml:33:86: bad_rule: the step has no field sise (did you mean size?)",
            "sample.yaml:34:19: unknown_register: there is no register \"shelve\" (did you mean shelf?)",
            "sample.yaml:37:15: unknown_word: \"decission\" is none of record, decision, release, review, clarification, sign_off, settlement, board_decision, meeting, receipt (did you mean decision?)",
            "sample.yaml:41:38: unknown_step: there is no step \"acct\" (did you mean act?)",
            "sample.yaml:50:16: unknown_step: there is no step \"lok\" (did you mean look?)",
        ]
    );
}

#[test]
fn a_fault_knows_its_path_and_becomes_json() {
    let fault = faults(&SOUND.replace("files_to: shelf", "files_to: shelve")).remove(0);
    assert_eq!(fault.path, "workflows.case.steps.note.files_to");
    let json = serde_json::to_value(&fault).unwrap();
    assert_eq!(json["code"], "unknown_register");
    assert_eq!((json["line"].as_u64(), json["col"].as_u64(), json["suggestion"].as_str()), (Some(34), Some(19), Some("shelf")));
}

#[test]
fn what_was_taken_out_is_not_missed_elsewhere() {
    assert_eq!(after(&[("size: { type: integer, from: 0, to: 9 }", "size: { typ: integer }")]), ["30 unknown_key at typ"]);
    assert_eq!(
        after(&[("then: { series: check_up, every: 8 hours }", "then: { series: check_up, every: soon }")]),
        ["51 bad_value at soon"]
    );
    assert_eq!(after(&[("due: { within: 2 hours, of: started.seen_at }", "due: { within: 2 hours }")]), ["27 missing_key at due"]);
    assert_eq!(after(&[("escalates_to: chief", "escalates_to: [chief]")]), ["7 wrong_type at "]);
    assert_eq!(after(&[("registers: { shelf: Shelf }", "registers: { shelf: 7 }")]), ["13 wrong_type at 7"]);
}

#[test]
fn a_misspelt_step_is_not_also_an_unreachable_one() {
    assert_eq!(after(&[("        then: decide\n", "        then: decied\n")]), ["35 unknown_step at decied"]);
}

#[test]
fn repeated_keys_are_refused() {
    assert_eq!(
        after(&[("  chief: { title: Chief, top: true }", "  chief: { title: Chief, top: true }\n  chief: { title: Other, top: true }")]),
        ["9 repeated_key at chief"]
    );
}

#[test]
fn what_is_no_definition_is_one_fault() {
    for (text, code) in [
        ("", FaultCode::WrongType),
        ("- a\n- b\n", FaultCode::WrongType),
        ("program: [", FaultCode::Malformed),
        ("a: 1\n---\nb: 2\n", FaultCode::Malformed),
        ("a: &a [x]\nb: !!python/object x\n", FaultCode::Malformed),
        ("a: .nan\n", FaultCode::Malformed),
    ] {
        let found = faults(text);
        assert_eq!(found.iter().map(|fault| fault.code).collect::<Vec<_>>(), [code], "{text:?} {found:?}");
    }
}

#[test]
fn hostile_files_are_refused_within_limits() {
    let deep = format!("a: {}{}", "[".repeat(5_000), "]".repeat(5_000));
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let copies = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{copies}]\n"));
    }
    for text in [deep, bomb] {
        assert_eq!(faults(&text).iter().map(|fault| fault.code).collect::<Vec<_>>(), [FaultCode::Malformed]);
    }
    let large = format!("program: {}", "x".repeat(crate::definitions::MAX_BYTES));
    assert_eq!(faults(&large)[0].code, FaultCode::TooLarge);
    let steps: String = (0..600).map(|n| format!("      s{n}: {{ kind: record, role: recorder }}\n")).collect();
    let many = SOUND.replace("      note:\n", &format!("{steps}      note:\n"));
    assert!(faults(&many).iter().any(|fault| fault.code == FaultCode::BadCount));
}

#[test]
fn roles_are_top_or_escalate() {
    assert_eq!(after(&[("{ title: Chief, top: true }", "{ title: Chief }")]), ["8 bad_escalation at chief"]);
    assert_eq!(
        after(&[("{ title: Chief, top: true }", "{ title: Chief, top: true, escalates_to: recorder }")]),
        ["8 bad_escalation at chief"]
    );
    assert_eq!(
        after(&[("{ title: Chief, top: true }", "{ title: Chief, escalates_to: recorder }")]),
        ["7 bad_escalation at chief", "8 bad_escalation at recorder"]
    );
    assert_eq!(
        after(&[(
            "  chief: { title: Chief, top: true }",
            "  chief: { title: Chief, top: true }\n  auditor: { title: Auditor, top: true }"
        )]),
        ["9 reserved_role at auditor"]
    );
}

#[test]
fn ladders_go_upwards_and_tell_somebody() {
    let ladder = |levels: &str| after(&[("[{ at: 50%, tell: assignee }, { at: breach, tell: manager }]", levels)]);
    assert_eq!(ladder("[{ at: breach, tell: manager }, { at: 50%, tell: assignee }]"), ["17 bad_ladder at 50%"]);
    assert_eq!(ladder("[{ at: breach, tell: manager }, { at: breach, tell: assignee }]"), ["17 bad_ladder at breach"]);
    assert_eq!(
        ladder("[{ at: breach + 2 hours, tell: manager }, { at: breach + 60 minutes, tell: manager }]"),
        ["17 bad_ladder at breach"]
    );
    assert_eq!(ladder("[{ at: breach, tell: role boss }]"), ["17 unknown_role at role"]);
    assert_eq!(ladder("[{ at: breach, tell: nobody }]"), ["17 bad_value at nobody"]);
    assert_eq!(ladder("[{ at: breach + 1 hour, tell: manager, repeat: every 1 hour }]"), ["17 bad_ladder at every"]);
    assert_eq!(ladder("[{ at: breach, tell: manager, at_most: 3 }]"), ["17 bad_ladder at 3"]);
    assert_eq!(ladder("[{ at: 50%, tell: manager, until: acknowledged }]"), ["17 bad_ladder at acknowledged"]);
    assert_eq!(ladder("[{ at: breach, tell: manager, until: claimed }]"), ["17 bad_ladder at claimed"]);
    assert_eq!(ladder("[{ at: breach, tell: manager, repeat: every 1 hour, at_most: 3 }]"), ["17 bad_ladder at every"]);
    assert_eq!(ladder("[{ at: breach - 1 hour, tell: manager, repeat: every 1 hour, at_most: 3 }]"), ["17 bad_ladder at every"]);
    assert_eq!(ladder("[{ at: breach - 1 hour, tell: manager }, { at: breach - 2 hours, tell: manager }]"), ["17 bad_ladder at breach"]);
    assert_eq!(
        ladder("[{ at: breach + 2 business days, tell: manager }, { at: breach + 1 business day, tell: manager }]"),
        ["17 bad_ladder at breach"]
    );
    assert_eq!(ladder("[{ at: breach + 1 business week, tell: manager }]"), ["17 bad_value at breach"]);
    assert_eq!(ladder("[{ at: breach + 2 days, tell: manager }, { at: breach + 1 business day, tell: manager }]"), Vec::<String>::new());
    assert_eq!(ladder("[]"), ["17 bad_ladder at "]);
    assert_eq!(after(&[("        due: { within: 2 hours, of: started.seen_at }\n", "")]), ["27 no_deadline at quick"]);
    let assigned = [
        ("        not_by: note\n", "        assignee: note.asks.who\n        ladder: quick\n        due: { at: started.seen_at }\n"),
        ("        kind: decision\n        role: chief\n", "        kind: decision\n"),
    ];
    assert_eq!(after(&assigned), ["38 unknown_ask at note.asks.who", "39 no_recipient at quick"]);
}

#[test]
fn every_step_is_reached_and_joined() {
    assert_eq!(
        after(&[("        then: decide\n", "")]),
        ["35 unreachable at decide", "42 unreachable at look", "46 unreachable at act", "51 unreachable at check_up"]
    );
    let joined = [("        needs: look\n", ""), ("cleared: {}", "cleared: { then: act }")];
    assert_eq!(after(&joined), ["47 bad_join at act"]);
    assert_eq!(after(&[("        needs: look\n", "        joins: any\n"), joined[1]]), Vec::<String>::new());
    assert_eq!(after(&[("        needs: look\n", "        joins: all\n")]), ["50 bad_join at all"]);
    assert_eq!(after(&[("{ done: { ends: done, stops: series }, not_yet: {} }", "{ done: {} }")]), ["52 bad_series at check_up"]);
    let closing = "{ done: { then: closing } }
      closing: { kind: decision, role: chief, outcomes: { closed: { ends: done }, goes_on: {} } }";
    assert_eq!(after(&[("{ done: { ends: done, stops: series }, not_yet: {} }", closing)]), Vec::<String>::new());
    let open_ended = closing.replace("{ ends: done }", "{}");
    assert_eq!(after(&[("{ done: { ends: done, stops: series }, not_yet: {} }", &open_ended)]), ["52 bad_series at check_up"]);
    assert_eq!(
        after(&[("series: check_up", "series: act")]),
        [
            "47 bad_series at act",
            "47 bad_series at act",
            "51 bad_series at act",
            "52 unreachable at check_up",
            "55 no_deadline at quick",
            "56 bad_series at series"
        ]
    );
    assert_eq!(
        after(&[
            ("no_thanks: { ends: declined }", "no_thanks: {}"),
            ("{ done: { ends: done, stops: series }, not_yet: {} }", "{ done: { stops: series } }")
        ]),
        ["23 no_end at steps"]
    );
}

#[test]
fn steps_have_owners_gates_and_reviews_that_work() {
    assert_eq!(after(&[("        kind: decision\n        role: chief\n", "        kind: decision\n")]), ["36 no_owner at decide"]);
    assert_eq!(after(&[("        needs: look\n", "        needs: note\n")]), ["50 bad_review at note"]);
    assert_eq!(after(&[("cleared: {}", "cleard: {}")]), ["50 bad_review at look"]);
    assert_eq!(
        after(&[("        not_by: note\n", "        not_by: [note, decide, nope]\n")]),
        ["39 unknown_step at decide", "39 unknown_step at nope"]
    );
    let gate =
        |gate: &str| after(&[("        files_to: shelf\n", &format!("        gates: {{ shut: {gate} }}\n        files_to: shelf\n"))]);
    assert_eq!(gate("{ says: It is shut }"), ["34 bad_gate at shut"]);
    assert_eq!(gate("{ says: It is shut, confirm: evidence, met_by: 'fields.size > 1' }"), ["34 bad_gate at shut"]);
    assert_eq!(gate("{ says: It is shut, confirm: evidense }"), ["34 unknown_word at evidense"]);
    assert_eq!(gate("{ says: It is shut, confirm: evidence, by: chef }"), ["34 unknown_role at chef"]);
    assert_eq!(gate("{ says: '', confirm: evidence }"), ["34 bad_text at ''"]);
}

#[test]
fn what_a_step_builds_on_has_happened() {
    assert_eq!(after(&[("of: started.seen_at", "of: act.completed")]), ["27 bad_deadline at act.completed"]);
    assert_eq!(after(&[("of: started.seen_at", "of: note.completed")]), ["27 unknown_step at note.completed"]);
    let needs_later = [
        ("kind: release\n        role: recorder\n        needs: look", "kind: release\n        role: recorder\n        needs: check_up"),
        ("{ done: { ends: done, stops: series }, not_yet: {} }", "{ cleared: { ends: done, stops: series } }"),
    ];
    assert_eq!(after(&needs_later), ["50 bad_review at check_up"]);
    let asked = |outcome| {
        let ask = [("        needs: look\n", "        assignee: decide.asks.who\n"), ("yes_please: { then: [look, act] }", outcome)];
        after(&ask)
    };
    assert_eq!(asked("yes_please: { asks: { who: person }, then: [look, act] }"), Vec::<String>::new());
    assert_eq!(
        asked("yes_please: { asks: { who: person }, then: [look, act] }\n          at_once: { then: act }"),
        ["51 bad_deadline at decide.asks.who"]
    );
    assert_eq!(
        asked("yes_please: { asks: { who: text }, then: [look, act, act] }"),
        ["41 bad_outcome at act", "50 no_owner at decide.asks.who"]
    );
    assert_eq!(after(&[("no_thanks: { ends: declined }", "no_thanks: { ends: declined, then: act }")]), ["42 bad_outcome at declined"]);
}

#[test]
fn fields_fit_their_types() {
    let field = |field: &str| after(&[("          colour: { code: colour }\n", &format!("          colour: {field}\n"))]);
    assert_eq!(field("txt"), ["31 unknown_word at txt"]);
    assert_eq!(field("code"), ["31 bad_field at code"]);
    assert_eq!(field("{ type: integer, from: 5, to: 2 }"), ["31 bad_field at 5"]);
    assert_eq!(field("{ type: text, from: 5 }"), ["31 bad_field at 5"]);
    assert_eq!(field("{ type: date, not_after: started.seen_at }"), ["31 bad_field at started.seen_at"]);
    assert_eq!(field("{ type: timestamp, not_after: fields.colour }"), ["31 bad_field at fields.colour"]);
    assert_eq!(field("{ type: timestamp, not_after: tomorrow }"), ["31 bad_field at tomorrow"]);
    assert_eq!(field("{ type: text, filled: actor }"), ["31 bad_field at actor"]);
    assert_eq!(field("{ type: text, filled: started.idd }"), ["31 unknown_start_value at started.idd"]);
    assert_eq!(
        field("{ type: text, filled: carried(decide.x) }"),
        ["31 unknown_field at carried(decide.x)", "31 bad_field at carried(decide.x)"]
    );
    assert_eq!(field("{ code: colour, filled: outcome }"), ["31 bad_field at outcome"]);
    assert_eq!(after(&[("one_per: id", "one_per: ident")]), ["20 unknown_start_value at ident"]);
    assert_eq!(after(&[("one_per: id", "one_per: seen_at")]), ["20 bad_start at seen_at"]);
    assert_eq!(
        after(&[("started_by: [recorder]", "started_by: [auditor, recrder]")]),
        ["21 bad_start at auditor", "21 unknown_role at recrder"]
    );
}

#[test]
fn tables_and_sources_are_consistent() {
    let rows = |rows: &str| after(&[("[{ when: { size: { to: 3 } }, then: 1 }, { then: 2 }]", rows)]);
    assert_eq!(rows("[{ when: { sice: 3 }, then: 1 }]"), ["15 unknown_input at sice"]);
    assert_eq!(rows("[{ when: { size: { from: 3, to: 1 } }, then: 1 }]"), ["15 bad_table at size"]);
    assert_eq!(rows("[{ when: { size: big }, then: 1 }, { when: { size: 3 }, then: 2 }]"), ["15 bad_table at 3"]);
    assert_eq!(rows("[{ then: one }]"), ["15 bad_table at one"]);
    assert_eq!(rows("[{ then: 1 }, { then: 2 }]"), ["15 bad_table at "]);
    assert_eq!(
        after(&[("columns: { count: integer }", "columns: { id: text, count: list }")]),
        ["12 bad_source at id", "12 bad_source at list", "33 bad_rule at =="]
    );
}

#[test]
fn ids_and_texts_have_a_shape() {
    assert_eq!(after(&[("program: sample", "program: Sample-1")]), ["1 bad_id at Sample-1"]);
    assert_eq!(after(&[("codes:\n  colour: { red: Red", "codes:\n  colour: { Red: Red")]), ["10 bad_id at Red"]);
    assert_eq!(after(&[("email: jo@example.org", "email: jo")]), ["5 bad_text at jo"]);
    assert_eq!(after(&[("version: 1", "version: 0")]), ["3 bad_value at 0"]);
    assert_eq!(after(&[("version: 1", "version: -1")]), ["3 wrong_type at -1"]);
    assert_eq!(after(&[("calendar: us_federal", "calendar: us_federal, closes_at: \"25:00\"")]), ["4 bad_time at \"25"]);
}

#[test]
fn a_fault_inside_a_folded_rule_points_at_its_line() {
    let folded = "{ says: The size is listed, rule: 'one(\"list\", started.id).count == fields.size' }";
    let block =
        "\n            says: The size is listed\n            rule: >-\n              fields.size > 1\n              && fields.sise > 2";
    assert_eq!(after(&[(&format!(" {folded}"), block)]), ["37 bad_rule at fields.sise"]);
}
