//! What an operator sets, seen from outside.

use serde_json::json;

use crate::support::server::{Backend, Sandbox};

#[tokio::test]
async fn the_largest_body_is_a_setting() {
    let sandbox = Sandbox::start_with(Backend::Sqlite, &["--max-body-bytes", "2048"]).await;
    let text = "x".repeat(3_000);
    let refused = sandbox.api.post("auditor", "/sandbox/clock", json!({ "advance": text })).await.refused(413, "too_large");
    assert!(refused["detail"].as_str().unwrap().contains("2048"), "{refused}");
    let import = sandbox.api.post("integrator", "/programs/oxygen_continuity/sources/completion_log", json!([{ "participant_id": text }]));
    assert_ne!(import.await.status, 413, "an import keeps its own, larger limit");
    sandbox.stop().await;
}

#[tokio::test]
async fn a_worker_answers_for_its_health_alone() {
    let sandbox = Sandbox::start_with(Backend::Sqlite, &["--role", "worker"]).await;
    let at = |path: &str| format!("http://{}{path}", sandbox.server.address);
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(reqwest::get(at(path)).await.unwrap().status(), 200, "{path}");
    }
    for path in ["/", "/api/v1/tasks", "/api/openapi.json", "/sign-in"] {
        let answer = reqwest::get(at(path)).await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        let problem: serde_json::Value = answer.json().await.unwrap();
        assert!(problem["detail"].as_str().unwrap().contains("role web or all"), "{path}: {problem}");
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn a_node_with_few_connections_and_small_slices_does_all_its_work() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let settings = ["--database-connections", "2", "--slice", "1", "--poll-secs", "60"];
        let sandbox = Sandbox::start_with(backend, &settings).await;
        for sample in super::episodes::SAMPLES.iter().take(2) {
            super::episodes::Episode::start(&sandbox, super::episodes::RECORDER, *sample).await;
        }
        // Of each episode the warning, the breach and the rung an hour later.
        assert_eq!(sandbox.advance("PT3H30M").await, 6, "{backend:?}");
        sandbox.stop().await;
    }
}
