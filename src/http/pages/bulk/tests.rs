use super::super::{looked_at, made_up};
use super::*;
use crate::domain::rejection::{Violation, ViolationKind};

/// A table of three tasks; the first row was refused.
fn shown() -> String {
    let program = made_up::program();
    let zone = chrono_tz::Tz::America__New_York;
    let tasks: Vec<TaskView> = (0..3)
        .map(|number| {
            let task = made_up::a_task();
            let id = made_up::a_summary(number).id;
            TaskView { summary: crate::service::views::TaskSummary { id, ..task.summary.clone() }, ..task }
        })
        .collect();
    let all = Sent::of(&[("f.severity", "3"), ("chosen", "yes")]);
    let sent = Sent::of(&[("f.severity", "70"), ("f.lot", "\"><b>"), ("outcome", "pending"), ("chosen", "yes")]);
    let refused = Outcome {
        violations: vec![
            Violation::new(ViolationKind::Field, "severity", "must lie between 0 and 10"),
            Violation::new(ViolationKind::Field, "asks.owner", "is missing"),
            Violation::new(ViolationKind::Check, "score_fits", "The score is the one the risk rule yields: this does not hold"),
        ],
        ..Outcome::default()
    };
    let sources: Vec<BulkSource<'_>> =
        tasks.iter().map(|task| BulkSource { task, before: None, program: &program, zone, sent: None }).collect();
    let columns = bulk_table::columns(&sources);
    let rows = tasks.iter().enumerate().map(|(at, task)| {
        let subject = Subject { task: task.clone(), before: None };
        let (sent, outcome) = if at == 0 { (Some(&sent), refused.clone()) } else { (None, Outcome::default()) };
        let making = RowMaking { subject: &subject, program: &program, zone, now: made_up::now(), sent, outcome: &outcome };
        bulk_table::row(&format!("r{}", at + 1), making, &columns)
    });
    let rows: Vec<BulkRow> = rows.collect();
    let page = BulkPage {
        frame: made_up::a_frame("Many", Place::Inbox),
        title: "Record the episode".to_owned(),
        program: "Demo".to_owned(),
        action: "/bulk/demo/episode/intake".to_owned(),
        decides: true,
        completes: true,
        for_all: Some(bulk_table::for_all(BulkSource { sent: Some(&all), ..sources[0] }, &columns)),
        columns,
        trouble: trouble(&rows, "Not every row was accepted"),
        rows,
        done: vec!["P-<7>: Activated".to_owned()],
        left_out: 1,
        next: None,
        form_token: "t".to_owned(),
        once: "o".to_owned(),
    };
    page.render().unwrap()
}

#[test]
fn a_refused_row_keeps_what_was_typed_and_leads_to_its_controls() {
    let html = shown();
    looked_at::keep("bulk", &html);
    looked_at::assert_accessible(&html);
    assert!(looked_at::fragments_exist(&html), "every link of the list leads to a place on the page");
    for kept in [
        "name=\"r1.f.severity\" type=\"text\" inputmode=\"numeric\" value=\"70\"",
        "href=\"#r1-f-severity\"",
        "And 2 more.",
        "href=\"#r1-a-pending-owner\"",
        "P-&#60;7&#62;: Activated",
        "name=\"all.f.severity\" type=\"text\" inputmode=\"numeric\" value=\"3\"",
    ] {
        assert!(html.contains(kept), "{kept} in {html}");
    }
    assert!(!html.contains("\"><b>"), "{html}");
    assert!(!html.contains("name=\"r1.g.reviewed_by_law.confirmed\""), "another role confirms it");
}
