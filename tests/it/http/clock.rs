//! The sandbox clock: forward only, in lengths that make sense, and told exactly.

use serde_json::json;

use super::episodes::{Episode, RECORDER, SAMPLES};
use super::on_both;
use super::untouched::World;
use crate::support::server::Sandbox;

on_both!(the_clock_moves_forward_only);

async fn the_clock_moves_forward_only(sandbox: &Sandbox) {
    let api = &sandbox.api;
    Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    let before = World::of(sandbox).await;
    for bad in ["PT0S", "-P1D", "P0M", "P1M", "P99999999Y", "PT9223372036854775807S", "P", "PT", "1.5", "1d", "", "P801D", "PT1.2345S"] {
        let refused = api.post("auditor", "/sandbox/clock", json!({ "advance": bad })).await.refused(400, "malformed");
        assert!(refused["detail"].as_str().unwrap().len() > 10, "{bad}: {refused}");
    }
    for bad in [
        json!({}),
        json!({ "advance": "PT1H", "to": "2026-02-01T00:00:00Z" }),
        json!({ "advance": 3600 }),
        json!({ "to": "tomorrow" }),
        json!({ "to": "10000-01-01T00:00:00Z" }),
        json!({ "to": "9999-12-31T23:59:59Z" }),
        json!({ "forward": "PT1H" }),
    ] {
        api.post("auditor", "/sandbox/clock", bad).await.refused(400, "malformed");
    }
    for past in ["2026-01-05T12:59:59Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z"] {
        api.post("auditor", "/sandbox/clock", json!({ "to": past })).await.refused(409, "clock_backwards");
    }
    before.assert_still(&World::of(sandbox).await, 0, "a clock that does not move");

    let moved = api.post(RECORDER, "/sandbox/clock", json!({ "to": "2026-01-05T15:00:01Z" })).await.ok(200);
    assert_eq!(
        (&moved["now"], &moved["fired"]),
        (&json!("2026-01-05T15:00:01.000Z"), &json!(2)),
        "the warning and the breach of the record"
    );
    assert!(sandbox.now().await.starts_with("2026-01-05T15:00:"));
    let board = api.all("auditor", "/breaches").await;
    assert_eq!((&board[0]["due_at"], &board[0]["detected_at"]), (&json!("2026-01-05T15:00:00.000Z"), &json!("2026-01-05T15:00:00.001Z")));
}
