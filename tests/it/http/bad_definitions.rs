//! Publishing programs: a file with faults is refused with all of them, each with its place; a good one is the next version.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::episodes::{Episode, PROGRAM, RECORDER, SAMPLES};
use super::on_both;
use super::untouched::World;
use crate::support::api::Answer;
use crate::support::checkout;
use crate::support::server::Sandbox;

on_both!(a_definition_is_published_or_refused);

async fn put(sandbox: &Sandbox, who: &str, program: &str, text: &str) -> Answer {
    sandbox.api.send(who, Method::PUT, &format!("/programs/{program}"), "application/yaml", text.to_owned()).await
}

/// A fault as `line:col code`; each has words, and a place that exists.
fn faults(refused: &Value, text: &str) -> Vec<String> {
    let lines = text.lines().count() as u64;
    let shown = |fault: &Value| {
        let (line, col) = (fault["line"].as_u64().unwrap(), fault["col"].as_u64().unwrap());
        assert!((1..=lines + 1).contains(&line) && col >= 1, "{fault}");
        assert!(fault["message"].as_str().is_some_and(|text| text.len() > 5), "{fault}");
        format!("{line}:{col} {}", fault["code"].as_str().unwrap())
    };
    refused["errors"].as_array().unwrap().iter().map(shown).collect()
}

/// Where a text stands, as `line:col`.
fn place(text: &str, of: &str) -> String {
    let at = text.find(of).unwrap();
    let line = text[..at].matches('\n').count() + 1;
    let col = at - text[..at].rfind('\n').map_or(0, |end| end + 1) + 1;
    format!("{line}:{col}")
}

async fn a_definition_is_published_or_refused(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let shipped = checkout::text("definitions/oxygen_continuity.yaml");
    let running = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    let before = World::of(sandbox).await;
    for (text, code) in [
        ("program: [", "malformed"),
        ("", "wrong_type"),
        ("just words", "wrong_type"),
        ("program: a\nprogram: b\n", "repeated_key"),
        ("a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c]\n", ""),
    ] {
        let refused = put(sandbox, "administrator", PROGRAM, text).await.refused(422, "definition_faults");
        let found = faults(&refused, text);
        assert!(found.iter().any(|fault| fault.ends_with(code)), "{text}: {found:?}");
    }
    let spoiled = shipped
        .replace("role: respiratory_recovery_supervisor\n", "role: respiratory_recovery_supervisr\n")
        .replace("calendar: us_federal", "calendar: us_feral")
        .replace("files_to: pilot_delivery_workspace", "files_too: pilot_delivery_workspace");
    let refused = put(sandbox, "administrator", PROGRAM, &spoiled).await.refused(422, "definition_faults");
    let found = faults(&refused, &spoiled);
    for wrong in ["us_feral", "respiratory_recovery_supervisr", "files_too"] {
        let place = place(&spoiled, wrong);
        assert!(found.iter().any(|fault| fault.starts_with(&format!("{place} "))), "{wrong} at {place}: {found:?}");
    }
    let suggested: Vec<_> = refused["errors"].as_array().unwrap().iter().filter_map(|fault| fault["suggestion"].as_str()).collect();
    for meant in ["us_federal", "respiratory_recovery_supervisor", "files_to"] {
        assert!(suggested.contains(&meant), "{suggested:?}");
    }

    put(sandbox, "administrator", "another_name", &shipped).await.refused(400, "malformed");
    put(sandbox, RECORDER, PROGRAM, &shipped).await.refused(403, "role_required");
    put(sandbox, "integrator", PROGRAM, &shipped).await.refused(403, "role_required");
    api.send("administrator", Method::PUT, &format!("/programs/{PROGRAM}"), "application/json", "{}")
        .await
        .refused(415, "unsupported_media_type");
    put(sandbox, "administrator", PROGRAM, &"#".repeat((1 << 20) + 1)).await.refused(413, "too_large");
    let third = shipped.replace("\nversion: 1\n", "\nversion: 3\n");
    put(sandbox, "administrator", PROGRAM, &third).await.refused(409, "version_exists");
    let changed = shipped.replace("title: Oxygen continuity restoration", "title: Oxygen again");
    put(sandbox, "administrator", PROGRAM, &changed).await.refused(409, "version_exists");
    let same = put(sandbox, "administrator", PROGRAM, &shipped).await.ok(200);
    assert_eq!(same["version"], 1);
    before.assert_still(&World::of(sandbox).await, 0, "definitions that were refused");
    the_next_version(sandbox, &running, &changed.replace("\nversion: 1\n", "\nversion: 2\n")).await;
}

async fn the_next_version(sandbox: &Sandbox, running: &Episode<'_>, second: &str) {
    let published = put(sandbox, "administrator", PROGRAM, second).await.ok(201);
    assert_eq!((&published["version"], &published["title"]), (&json!(2), &json!("Oxygen again")));
    assert_eq!(put(sandbox, "administrator", PROGRAM, second).await.ok(200)["version"], 2);
    assert_eq!(sandbox.api.get(RECORDER, &format!("/programs/{PROGRAM}")).await.ok(200)["version"], 2);
    let newer = Episode::start(sandbox, RECORDER, SAMPLES[2]).await;
    assert_eq!(
        (&running.read().await["version"], &newer.read().await["version"]),
        (&json!(1), &json!(2)),
        "a running instance stays on its version"
    );
    running.record(RECORDER).await;
    newer.record(RECORDER).await;
}
