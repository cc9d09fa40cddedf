//! Workflows that start by themselves: two years of them across every change of the clocks, what is missed while no server runs, what
//! stands in the way, and another version of the rule.

use std::collections::BTreeMap;

use actix_web::http::Method;
use chrono::{DateTime, Datelike, NaiveDate, Timelike, Weekday};
use chrono_tz::America::New_York;
use proviso::instant::Instant;
use serde_json::Value;

use super::on_both;
use crate::support::server::{Backend, START, Sandbox};

on_both!(another_version_of_a_rule_leaves_what_came_before_on_record, what_cannot_start_by_itself_is_refused_when_it_is_published,);

const MINUTE: i64 = 60_000;
const AUDITOR: &str = "auditor";

/// A program with workflows that start by themselves, each with one step and no deadline.
fn program(version: u32, workflows: &[(&str, &str)]) -> String {
    let mut text = format!(
        "program: rhythms\ntitle: Rhythms\nversion: {version}\ntime: {{ zone: America/New_York, calendar: us_federal }}\n\
         contact: {{ name: On call, email: oncall@example.invalid }}\nroles: {{ keeper: {{ title: Keeper, top: true }} }}\nworkflows:\n"
    );
    for (id, starts) in workflows {
        text.push_str(&format!(
            "  {id}:\n    started_by: [keeper]\n    started_with: {{ slot: {{ type: timestamp, filled: schedule.nominal_at }} }}\n    \
             starts: {{ {starts} }}\n    steps: {{ note: {{ kind: record, role: keeper, outcomes: {{ done: {{ ends: done }} }} }} }}\n"
        ));
    }
    text
}

async fn publish(sandbox: &Sandbox, text: String, status: u16) -> Value {
    let path = "/programs/rhythms";
    sandbox.api.send("administrator", Method::PUT, path, "application/yaml", text).await.ok(status)
}

/// The occurrences of a workflow, oldest first.
async fn occurrences(sandbox: &Sandbox, workflow: &str) -> Vec<Value> {
    let mut all = sandbox.api.all(AUDITOR, &format!("/programs/rhythms/schedules/{workflow}/occurrences")).await;
    all.reverse();
    all
}

fn at(text: &Value) -> i64 {
    text.as_str().unwrap().parse::<Instant>().unwrap().millis()
}

const RULES: [(&str, &str); 6] = [
    ("daily", "repeats: every day at 02:30"),
    ("weekly", "repeats: every Sunday at 01:30"),
    ("twice_weekly", "repeats: every Tuesday and Friday at 15:00"),
    ("eight_hourly", "repeats: every 8 hours, from: 2026-01-05"),
    ("two_weekly", "repeats: every 2 weeks on Sunday at 02:30, from: 2026-01-11"),
    ("monthly", "repeats: monthly on day 31 at 09:00"),
];

#[tokio::test]
async fn two_years_start_each_occurrence_once_at_its_instant_on_sqlite() {
    let sandbox = Sandbox::start(Backend::Sqlite).await;
    each_starts_once_at_its_instant(&sandbox, 10).await;
    sandbox.stop().await;
}

/// A year has both changes of the clock; the rules are the same code on both databases.
#[tokio::test]
async fn a_year_starts_each_occurrence_once_at_its_instant_on_postgresql() {
    let sandbox = Sandbox::start(Backend::Postgres).await;
    each_starts_once_at_its_instant(&sandbox, 5).await;
    sandbox.stop().await;
}

/// Walks so many fifths of a year.
async fn each_starts_once_at_its_instant(sandbox: &Sandbox, fifths: usize) {
    publish(sandbox, program(1, &RULES), 201).await;
    let listed = sandbox.api.get(AUDITOR, "/programs/rhythms/schedules").await.ok(200);
    assert_eq!(listed.as_array().map(Vec::len), Some(RULES.len()), "{listed}");
    for _ in 0..fifths {
        sandbox.advance("P73D").await;
    }
    let until = at(&Value::from(sandbox.now().await));
    let expected = read_off(START.parse::<Instant>().unwrap().millis(), until);
    let mut started = 0;
    for (workflow, _) in RULES {
        let found = occurrences(sandbox, workflow).await;
        let nominal: Vec<i64> = found.iter().map(|one| at(&one["nominal_at"])).collect();
        assert_eq!(nominal, expected[workflow], "{workflow}");
        for one in &found {
            assert_eq!((&one["state"], &one["settled_at"]), (&"started".into(), &one["nominal_at"]), "{workflow}: {one}");
        }
        let mut instances: Vec<&str> = found.iter().map(|one| one["instance"].as_str().unwrap()).collect();
        instances.sort_unstable();
        instances.dedup();
        assert_eq!(instances.len(), found.len(), "{workflow}");
        let shown = sandbox.api.get(AUDITOR, &format!("/instances/{}", instances[0])).await.ok(200);
        let nominal = found.iter().find(|one| one["instance"] == shown["id"]).unwrap();
        assert_eq!((&shown["started"]["slot"], &shown["started_by"]), (&nominal["nominal_at"], &"engine".into()), "{shown}");
        started += found.len();
    }
    assert!(started > 300 * fifths, "{started}");
}

/// When each rule comes, found by looking at the wall clock of New York every minute: at the first minute of a date that shows the time
/// or a later one.
fn read_off(from: i64, until: i64) -> BTreeMap<&'static str, Vec<i64>> {
    let mut found: BTreeMap<&'static str, Vec<i64>> = RULES.iter().map(|(id, _)| (*id, Vec::new())).collect();
    let mut done: BTreeMap<&'static str, NaiveDate> = BTreeMap::new();
    for minute in (from - 24 * 60 * MINUTE) / MINUTE..=until / MINUTE {
        let at = minute * MINUTE;
        let local = DateTime::from_timestamp_millis(at).unwrap().with_timezone(&New_York);
        let (date, time) = (local.date_naive(), (local.hour(), local.minute()));
        let sundays_since = date.signed_duration_since(NaiveDate::from_ymd_opt(2026, 1, 11).unwrap()).num_days();
        let month_ends = date.succ_opt().unwrap().month() != date.month();
        let dues = [
            ("daily", (2, 30), true),
            ("weekly", (1, 30), date.weekday() == Weekday::Sun),
            ("twice_weekly", (15, 0), matches!(date.weekday(), Weekday::Tue | Weekday::Fri)),
            ("two_weekly", (2, 30), sundays_since >= 0 && sundays_since % 14 == 0),
            ("monthly", (9, 0), month_ends),
        ];
        for (id, due, on_this_date) in dues {
            if on_this_date && time >= due && done.get(id).is_none_or(|done| *done < date) {
                done.insert(id, date);
                if at > from {
                    found.entry(id).or_default().push(at);
                }
            }
        }
        // Midnight of 5 January in New York is 05:00 UTC, and 8 hours are 8 hours.
        if at > from && (at - 5 * 60 * MINUTE) % (8 * 60 * MINUTE) == 0 {
            found.entry("eight_hourly").or_default().push(at);
        }
    }
    found
}

async fn another_version_of_a_rule_leaves_what_came_before_on_record(sandbox: &Sandbox) {
    let first = [("daily", "repeats: every day at 16:00"), ("weekly", "repeats: every Monday at 09:00, if_still_running: skip")];
    publish(sandbox, program(1, &first), 201).await;
    sandbox.advance("P15D").await;
    assert_eq!(occurrences(sandbox, "daily").await.len(), 15);
    let weekly = occurrences(sandbox, "weekly").await;
    // The first one still runs when the second one comes.
    let states: Vec<&str> = weekly.iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["started", "skipped", "skipped"], "{weekly:?}");
    assert_eq!(weekly[1]["instance"], weekly[0]["instance"]);
    assert_eq!(sandbox.api.audited("schedule.skipped", 2).await.len(), 2);

    let second = [("daily", "repeats: every day at 10:00")];
    publish(sandbox, program(2, &second), 201).await;
    let listed = sandbox.api.get(AUDITOR, "/programs/rhythms/schedules").await.ok(200);
    let rules: Vec<(&str, &str)> =
        listed.as_array().unwrap().iter().map(|one| (one["workflow"].as_str().unwrap(), one["repeats"].as_str().unwrap())).collect();
    assert_eq!(rules, [("daily", "every day at 10:00")]);
    assert_eq!(listed[0]["next_at"], "2026-01-20T15:00:00.000Z");
    sandbox.advance("P2D").await;
    assert_eq!(occurrences(sandbox, "daily").await.len(), 17);
    assert_eq!(occurrences(sandbox, "weekly").await.len(), 3, "what it did stays readable");
}

async fn what_cannot_start_by_itself_is_refused_when_it_is_published(sandbox: &Sandbox) {
    let bad = program(1, &[("often", "repeats: every 8 hours"), ("never", "repeats: 'cron \"0 9 30 2 *\"'"), ("when", "repeats: PT0S")]);
    let path = "/programs/rhythms";
    let refused = sandbox.api.send("administrator", Method::PUT, path, "application/yaml", bad).await.refused(422, "definition_faults");
    let text = refused.to_string();
    for part in ["never comes", "does not say when something comes again"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let no_beginning = program(1, &[("often", "repeats: every 8 hours")]);
    let refused = sandbox.api.send("administrator", Method::PUT, path, "application/yaml", no_beginning).await;
    assert!(refused.refused(422, "definition_faults").to_string().contains("counts from a beginning"));
    let typed = program(1, &[("often", "repeats: every day at 09:00")]).replace(", filled: schedule.nominal_at", "");
    let refused = sandbox.api.send("administrator", Method::PUT, path, "application/yaml", typed).await;
    assert!(refused.refused(422, "definition_faults").to_string().contains("nobody is there to give slot"));
    sandbox.api.get(AUDITOR, "/programs/rhythms/schedules").await.refused(404, "not_found");
}

/// Three days without a server: one occurrence is caught up with, late and with the reason; the others are missed.
async fn downtime(backend: Backend) {
    let sandbox = Sandbox::start(backend).await;
    let rules = [("daily", "repeats: every day at 16:00"), ("strict", "repeats: every day at 16:30, missed: skip")];
    publish(&sandbox, program(1, &rules), 201).await;
    let episode = super::episodes::Episode::start(&sandbox, super::episodes::RECORDER, super::episodes::SAMPLES[0]).await;
    let task = episode.task("episode_record").await;
    sandbox.advance("PT1H").await;
    let sandbox = sandbox.restart_at("2026-01-08T15:00:00Z").await;
    sandbox.advance("PT1M").await;
    let daily = occurrences(&sandbox, "daily").await;
    let states: Vec<&str> = daily.iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["missed", "missed", "started"], "{daily:?}");
    assert_eq!(daily[2]["nominal_at"], "2026-01-07T21:00:00.000Z");
    for one in &daily {
        let why = one["late_because"].as_str().unwrap();
        assert!(why.starts_with("late because the server was down from 2026-01-05T14:"), "{why}");
    }
    let strict = occurrences(&sandbox, "strict").await;
    assert!(strict.iter().all(|one| one["state"] == "missed") && strict.len() == 3, "{strict:?}");
    let shown = sandbox.api.get(AUDITOR, &format!("/instances/{}", daily[2]["instance"].as_str().unwrap())).await.ok(200);
    assert_eq!(shown["nominal_at"], "2026-01-07T21:00:00.000Z");
    let breaches = sandbox.api.all(super::episodes::DIRECTOR, "/breaches").await;
    let breach = breaches.iter().find(|breach| breach["task_id"] == task.as_str()).unwrap();
    assert!(breach["late_because"].as_str().unwrap().contains("the server was down"), "{breach}");
    sandbox.advance("P1D").await;
    assert_eq!(occurrences(&sandbox, "daily").await.len(), 4);
    sandbox.stop().await;
}

#[tokio::test]
async fn what_came_while_no_server_ran_is_told_apart_on_sqlite() {
    downtime(Backend::Sqlite).await;
}

#[tokio::test]
async fn what_came_while_no_server_ran_is_told_apart_on_postgresql() {
    downtime(Backend::Postgres).await;
}
