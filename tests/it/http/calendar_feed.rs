//! A calendar feed as calendar programs read it: without signing in, line by line, for as long as its owner lets them.

use std::collections::BTreeMap;

use actix_web::http::Method;
use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::{Value, json};

use super::episodes::{DECIDER, Episode, PROGRAM, RECORDER, SAMPLES};
use super::on_both;
use crate::support::api::{Answer, answer};
use crate::support::server::Sandbox;
use crate::support::{checkout, oracle};

on_both!(open_tasks_are_events, a_feed_ends, a_feed_is_read_by_its_token_alone, an_independent_reader_understands_it);

type Event = BTreeMap<String, String>;

/// Makes somebody's feed and gives its path.
async fn made(sandbox: &Sandbox, who: &str) -> String {
    let url = sandbox.api.post(who, "/me/calendar-feed", json!({})).await.ok(201)["url"].as_str().unwrap().to_owned();
    let base = format!("http://{}/", sandbox.server.address);
    format!("//{}", url.strip_prefix(&base).unwrap_or_else(|| panic!("{url} does not begin with {base}")))
}

async fn fetched(sandbox: &Sandbox, path: &str) -> Answer {
    answer(sandbox.api.anonymous(Method::GET, path)).await
}

async fn events(sandbox: &Sandbox, path: &str) -> Vec<Event> {
    let feed = fetched(sandbox, path).await;
    assert_eq!(feed.status, 200, "{}", feed.text);
    assert_eq!(feed.header("content-type"), Some("text/calendar; charset=utf-8"));
    assert_eq!(feed.header("cache-control"), Some("private, max-age=300"));
    assert_eq!(feed.header("set-cookie"), None);
    for private in SAMPLES.iter().flat_map(|sample| [sample.id, sample.incident]) {
        assert!(!feed.text.contains(private), "the feed tells {private}: {}", feed.text);
    }
    read(&feed.text)
}

/// Reads a feed strictly: lines end in CRLF and are short, components are closed, a property is there once.
fn read(text: &str) -> Vec<Event> {
    assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']), "every line ends in CRLF");
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "a line has at most 75 octets");
    let whole = text.replace("\r\n ", "");
    let mut open: Vec<&str> = Vec::new();
    let (mut calendar, mut found, mut event) = (Event::new(), Vec::new(), Event::new());
    for line in whole.trim_end_matches("\r\n").split("\r\n") {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no property: {line}"));
        match (name, open.as_slice()) {
            ("BEGIN", [] | ["VCALENDAR"]) => open.push(value),
            ("END", [.., last]) if *last == value => {
                open.pop();
                if value == "VEVENT" {
                    found.push(std::mem::take(&mut event));
                }
            }
            (_, ["VCALENDAR"]) => assert_eq!(calendar.insert(name.to_owned(), value.to_owned()), None, "{name} twice"),
            (_, ["VCALENDAR", "VEVENT"]) => assert_eq!(event.insert(name.to_owned(), value.to_owned()), None, "{name} twice"),
            _ => panic!("{line} stands outside, in {open:?}"),
        }
    }
    assert!(open.is_empty(), "{open:?} is not closed");
    let names: Vec<&str> = calendar.keys().map(String::as_str).collect();
    assert_eq!(names, ["METHOD", "PRODID", "VERSION", "X-WR-CALNAME"]);
    assert_eq!((calendar["METHOD"].as_str(), calendar["VERSION"].as_str()), ("PUBLISH", "2.0"));
    found
}

/// `2026-01-05T15:00:00.000Z` as iCalendar writes it.
fn compact(instant: &Value) -> String {
    let text = instant.as_str().unwrap();
    format!("{}Z", text.split('.').next().unwrap().replace(['-', ':'], ""))
}

fn summaries(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event["SUMMARY"].split_once(' ').unwrap().1.split_once(' ').unwrap().1).collect()
}

async fn open_tasks_are_events(sandbox: &Sandbox) {
    let api = &sandbox.api;
    movable(sandbox).await;
    let episode = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    let (recorder, decider, other) = (made(sandbox, RECORDER).await, made(sandbox, DECIDER).await, made(sandbox, "compliance").await);
    let id = episode.task("episode_record").await;
    let task = format!("/tasks/{id}");
    let shown = api.get(RECORDER, &task).await.ok(200);
    let link = format!("http://{}{task}", sandbox.server.address);
    let number = format!("T-{}", id[id.len() - 8..].to_ascii_uppercase());
    let now = compact(&json!(sandbox.now().await));

    let found = events(sandbox, &recorder).await;
    let expected = [
        ("UID", format!("{id}@proviso")),
        ("SEQUENCE", "1".to_owned()),
        ("DTSTART", compact(&shown["due_at"])),
        ("SUMMARY", format!("Due: {number} {}", shown["title"].as_str().unwrap())),
        ("DESCRIPTION", link.clone()),
        ("URL", link),
    ];
    assert_eq!(found.len(), 1, "{found:?}");
    for (name, value) in &expected {
        assert_eq!(found[0].get(*name), Some(value));
    }
    assert_eq!(found[0].len(), expected.len() + 1, "{found:?}");
    assert!(found[0]["DTSTAMP"] >= now, "{now}");
    assert!(events(sandbox, &decider).await.is_empty() && events(sandbox, &other).await.is_empty(), "only tasks of one's own roles");

    let anchor = json!({ "anchor_at": "2026-01-05T12:30:00Z", "reason": "Called earlier" });
    let moved = api.post(DECIDER, &format!("{task}/reanchor"), anchor).await.ok(200);
    let found = events(sandbox, &recorder).await;
    assert_eq!((&found[0]["DTSTART"], found[0]["SEQUENCE"].as_str()), (&compact(&moved["due_at"]), "2"));
    api.post(RECORDER, &format!("{task}/pause"), json!({ "reason": "away", "until": "2026-01-05T14:00:00Z" })).await.ok(200);
    assert!(events(sandbox, &recorder).await.is_empty(), "a paused deadline runs towards nothing");
    api.post(RECORDER, &format!("{task}/resume"), json!({})).await.ok(200);
    let found = events(sandbox, &recorder).await;
    assert!(found[0]["SEQUENCE"].parse::<u64>().unwrap() > 2, "{found:?}");

    api.post(RECORDER, &format!("{task}/complete"), SAMPLES[0].record()).await.ok(200);
    assert!(events(sandbox, &recorder).await.is_empty(), "a completed task leaves the feed");
    assert_eq!(summaries(&events(sandbox, &decider).await), ["Decide on the episode"]);
    assert!(events(sandbox, &other).await.is_empty());
}

/// Publishes a version whose record may be paused.
async fn movable(sandbox: &Sandbox) {
    const DUE: &str = "        due: { within: 2 hours, of: started.interruption_confirmed_at }\n";
    let pause = format!("{DUE}        may_pause: {{ reasons: {{ away: Away }}, at_most: 2 hours, times: 1 }}\n");
    let second = checkout::text("definitions/oxygen_continuity.yaml").replace("\nversion: 1\n", "\nversion: 2\n").replace(DUE, &pause);
    sandbox.api.send("administrator", Method::PUT, &format!("/programs/{PROGRAM}"), "application/yaml", second).await.ok(201);
}

async fn a_feed_ends(sandbox: &Sandbox) {
    let gone = async |path: &str| fetched(sandbox, path).await.refused(404, "not_found");
    let revoke = async |who: &str| answer(sandbox.api.request(who, Method::DELETE, "/me/calendar-feed").await).await.status;
    Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    let first = made(sandbox, RECORDER).await;
    assert_eq!(events(sandbox, &first).await.len(), 1);
    let second = made(sandbox, RECORDER).await;
    gone(&first).await;
    assert_eq!(events(sandbox, &second).await.len(), 1, "a new one takes its place");
    assert_eq!(revoke(RECORDER).await, 204);
    gone(&second).await;
    assert_eq!(revoke(RECORDER).await, 204, "none to take away is no error");

    let third = made(sandbox, RECORDER).await;
    assert_eq!(revoke(DECIDER).await, 204);
    assert_eq!(events(sandbox, &third).await.len(), 1, "others end only their own");
    let beside = Database::connect(sandbox.database_url()).await.unwrap();
    let inactive = format!("UPDATE person SET active = (1 = 0) WHERE username = '{RECORDER}'");
    beside.execute_unprepared(&inactive).await.unwrap();
    gone(&third).await;
    beside.execute_unprepared(&inactive.replace("1 = 0", "1 = 1")).await.unwrap();
    assert_eq!(events(sandbox, &third).await.len(), 1);
    let secret = third.trim_start_matches("//calendar/pvc_").trim_end_matches(".ics");
    let kept = Statement::from_string(beside.get_database_backend(), "SELECT secret_hash AS v FROM calendar_feed");
    let kept: String = beside.query_one_raw(kept).await.unwrap().unwrap().try_get("", "v").unwrap();
    assert!(kept.len() == 64 && !kept.contains(secret), "only a hash is kept");
    beside.close().await.unwrap();
}

async fn a_feed_is_read_by_its_token_alone(sandbox: &Sandbox) {
    let path = made(sandbox, RECORDER).await;
    let session = sandbox.api.token(RECORDER).await;
    for token in ["", "x", "pvc_", &"a".repeat(47), &format!("pvc_{}", "a".repeat(43)), &session, "%00", "..%2f..%2fetc"] {
        fetched(sandbox, &format!("//calendar/{token}.ics")).await.refused(404, "not_found");
    }
    let secret = path.trim_start_matches("//calendar/").trim_end_matches(".ics");
    let as_credential = sandbox.api.anonymous(Method::GET, "/me").bearer_auth(secret);
    answer(as_credential).await.refused(401, "unauthenticated");
    let head = answer(sandbox.api.anonymous(Method::HEAD, &path)).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    answer(sandbox.api.anonymous(Method::POST, "/me/calendar-feed")).await.refused(401, "unauthenticated");

    // A reply that was kept under a key would keep the address with it.
    let keyed = async || {
        let request = sandbox.api.request(RECORDER, Method::POST, "/me/calendar-feed").await;
        let made = answer(request.header("idempotency-key", "k-1").json(&json!({}))).await;
        assert_eq!(made.header("idempotent-replayed"), None);
        made.ok(201)["url"].clone()
    };
    assert_ne!(keyed().await, keyed().await);
}

async fn an_independent_reader_understands_it(sandbox: &Sandbox) {
    for sample in SAMPLES {
        Episode::start(sandbox, RECORDER, sample).await;
    }
    let path = made(sandbox, RECORDER).await;
    let feed = fetched(sandbox, &path).await;
    let read: Value = serde_json::from_str(&oracle::run("calendar_feed.py", &[], &feed.text)).unwrap();
    let tasks = sandbox.api.all(RECORDER, "/tasks").await;
    let expected: Vec<Value> = tasks
        .iter()
        .map(|task| {
            let id = task["id"].as_str().unwrap();
            json!({
                "uid": format!("{id}@proviso"),
                "starts": compact(&task["due_at"]),
                "url": format!("http://{}/tasks/{id}", sandbox.server.address),
                "summary": format!("Due: T-{} {}", id[id.len() - 8..].to_ascii_uppercase(), task["title"].as_str().unwrap()),
            })
        })
        .collect();
    assert_eq!(expected.len(), SAMPLES.len());
    assert_eq!(read["events"], json!(expected));
    assert_eq!(read["faults"], json!([]));
    assert_eq!(read["method"], "PUBLISH");
}
