//! What can be wrong with the bodies of a program and with what they decide.

use super::refuses;
use crate::definitions::calendars::built_in;
use crate::definitions::read;

/// A small program with a board and no fault.
const SOUND: &str = "program: sample
title: Sample
version: 1
time: { zone: America/New_York, calendar: us_federal }
contact: { name: Jo Doe, email: jo@example.org }
roles:
  chair: { title: Chair, top: true }
bodies:
  board: { title: Board, meets: monthly on business day 12 at 15:00, meets_on: [2026-01-09 10:00, 2026-02-04 10:00], papers_days_before: 5 }
workflows:
  month:
    one_per: month
    started_by: [chair]
    started_with: { month: text, known_at: timestamp }
    steps:
      send:
        kind: release
        role: chair
        outcomes:
          as_usual: { then: decide }
          early: { asks: { by_then: timestamp }, then: decide }
      decide:
        kind: board_decision
        role: chair
        due: { at: next meeting of board, or_earlier: send.asks.by_then }
        outcomes: { payment_supportable: { ends: done }, provisional: { ends: done }, restricted: { ends: done } }
";

#[test]
fn a_sound_board_has_no_fault() {
    let faults = read(SOUND, "sample.yaml", built_in()).err().unwrap_or_default();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_body_meets_at_times_that_are_known() {
    let all = "meets: monthly on business day 12 at 15:00, meets_on: [2026-01-09 10:00, 2026-02-04 10:00], ";
    refuses(SOUND, all, "", "bad_deadline: it never meets");
    refuses(SOUND, "monthly on business day 12 at 15:00", "every 2 weeks", "bad_deadline: its meetings would depend on a beginning");
    refuses(SOUND, "2026-01-09 10:00", "2026-02-04 10:00", "bad_deadline: the dates are not in order");
    refuses(SOUND, "2026-01-09 10:00", "2026-03-04 10:00", "bad_deadline: the dates are not in order");
    refuses(SOUND, "papers_days_before: 5", "papers_days_before: 500", "bad_deadline: papers can be due at most 60 days");
    refuses(SOUND, "board: { title", "month: { title", "bad_deadline: a workflow has this name too");
}

#[test]
fn a_deadline_names_a_body_that_there_is_and_an_answer_that_may_be_earlier() {
    refuses(SOUND, "next meeting of board", "next meeting of bord", "unknown_body: there is no body \"bord\"");
    refuses(
        SOUND,
        "or_earlier: send.asks.by_then",
        "or_earlier: started.known_at",
        "bad_deadline: only an answer can name an earlier instant",
    );
    refuses(SOUND, "or_earlier: send.asks.by_then", "or_earlier: send.asks.by_them", "unknown_ask");
    refuses(
        SOUND,
        "at: next meeting of board, or_earlier",
        "within: 2 days, of: send.completed, or_earlier",
        "bad_value: or_earlier goes with at",
    );
}

#[test]
fn a_board_decides_how_much_may_be_claimed() {
    refuses(SOUND, "provisional: { ends", "perhaps: { ends", "bad_outcome: a board decides how much may be claimed");
}
