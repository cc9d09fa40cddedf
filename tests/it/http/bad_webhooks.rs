//! Subscriptions: only receivers that may be called, by people who may subscribe, with a secret shown once.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::episodes::RECORDER;
use super::on_both;
use super::untouched::World;
use crate::support::api::answer;
use crate::support::server::Sandbox;

on_both!(a_webhook_goes_where_it_may);

/// Addresses no webhook may be sent to, in the notations that hide them. A sandbox may reach this machine and no other.
const FORBIDDEN: [&str; 62] = [
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data",
    "http://169.254.169.254/",
    "https://100.64.0.1/",
    "https://198.18.0.1/",
    "https://192.0.2.1/",
    "https://203.0.113.9/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://0.0.0.0/",
    "https://0/",
    "https://0xa.1/",
    "https://012.0.0.1/",
    "https://167772161/",
    "https://0xA9FEA9FE/",
    "https://2852039166/",
    "https://[::]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[fd00::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[64:ff9b::a00:1]/",
    "https://[2002:a00:1::]/",
    "https://[::10.0.0.1]/",
    "https://[::ffff:0:a00:1]/",
    "https://10.1/",
    "https://0x0a000001/",
    "https://0xac.16.0.1/",
    "https://0300.0250.0.1/",
    "https://192.168.257/",
    "https://169.254.170.2/",
    "https://169.16689662/",
    "https://①⑥⑨.②⑤④.①⑥⑨.②⑤④/",
    "https://10。0。0。1/",
    "https://%31%30.0.0.1/",
    "https://100.100.100.200/",
    "https://192.0.0.192/",
    "https://198.51.100.1/",
    "https://[::ffff:192.168.0.1]/",
    "https://[::ffff:100.64.0.1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[64:ff9b:1::a00:1]/",
    "https://[2002:a9fe:a9fe::1]/",
    "https://[2002:c0a8:1::1]/",
    "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "https://[2606:2800::5efe:10.0.0.1]/",
    "https://[fd00:ec2::254]/",
    "https://[100::1]/",
    "https://[3fff::1]/",
    "https://hooks.example.com:22/",
    "https://hooks.example.com:25/",
    "https://hooks.example.com:5432/",
    "https://user:word@hooks.example.com/",
    "http://hooks.example.com/",
    "http://8.8.8.8/",
];

/// Texts that are no address of a receiver at all.
const NO_RECEIVERS: [&str; 11] = [
    "",
    "hooks.example.com",
    "/hooks",
    "//hooks.example.com/",
    "ftp://hooks.example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://",
    "https://hooks.example.com\\@10.0.0.1/",
    "https://hooks\t.example.com/",
    " https://hooks.example.com/",
];

async fn a_webhook_goes_where_it_may(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let kept = api.post("integrator", "/webhooks", json!({ "url": "https://hooks.example.com/a" })).await.ok(201);
    let id = kept["id"].as_str().unwrap().to_owned();
    let before = World::of(sandbox).await;
    let long = format!("https://hooks.example.com/{}", "x".repeat(4_096));
    for url in FORBIDDEN.iter().chain(&NO_RECEIVERS).copied().chain([long.as_str()]) {
        let refused = api.post("integrator", "/webhooks", json!({ "url": url })).await;
        assert_eq!(refused.status, 422, "{url}: {}", refused.text);
        assert_eq!(refused.refused(422, "violations")["violations"][0]["id"], "url", "{url}");
        let patched = api.request("integrator", Method::PATCH, &format!("/webhooks/{id}")).await.json(&json!({ "url": url }));
        answer(patched).await.refused(422, "violations");
    }
    for (body, status, code) in [
        (json!({}), 400, "malformed"),
        (json!({ "url": 7 }), 400, "malformed"),
        (json!({ "url": "https://hooks.example.com/", "secret": "mine" }), 400, "malformed"),
        (json!({ "url": "https://hooks.example.com/", "events": ["clock.*"] }), 422, "violations"),
        (json!({ "url": "https://hooks.example.com/", "events": ["*"] }), 422, "violations"),
        (json!({ "url": "https://hooks.example.com/", "program": "unknown" }), 422, "violations"),
    ] {
        let found = api.post("integrator", "/webhooks", body.clone()).await;
        assert_eq!((found.status, found.body["code"].as_str()), (status, Some(code)), "{body}: {}", found.text);
    }
    for who in [RECORDER, "auditor", "chief_operating_officer"] {
        api.post(who, "/webhooks", json!({ "url": "https://hooks.example.com/" })).await.refused(403, "role_required");
        api.get(who, &format!("/webhooks/{id}")).await.refused(403, "role_required");
        api.get(who, &format!("/webhooks/{id}/deliveries")).await.refused(403, "role_required");
        api.post(who, &format!("/webhooks/{id}/rotate"), json!({})).await.refused(403, "role_required");
    }
    for body in [json!({}), json!({ "deliveries": ["x"] }), json!({ "until": "2026-01-05T13:00:00Z" })] {
        api.post("integrator", &format!("/webhooks/{id}/replay"), body).await.refused(400, "malformed");
    }
    before.assert_still(&World::of(sandbox).await, 0, "subscriptions that were refused");
    a_secret_is_shown_once(sandbox, &kept).await;
}

async fn a_secret_is_shown_once(sandbox: &Sandbox, kept: &Value) {
    let api = &sandbox.api;
    let secret = kept["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() > 40);
    let path = format!("/webhooks/{}", kept["id"].as_str().unwrap());
    for read in [path.as_str(), "/webhooks", "/audit"] {
        let text = api.get("administrator", read).await;
        assert!(!text.text.contains("whsec_") && !text.text.contains(&secret[6..]), "{read}: {}", text.text);
    }
    let change = json!({ "events": ["clock.breached"], "state": "disabled" });
    let changed = answer(api.request("integrator", Method::PATCH, &path).await.json(&change)).await.ok(200);
    assert_eq!((&changed["state"], &changed["events"]), (&json!("disabled"), &json!(["clock.breached"])));
    let types = api.get("integrator", "/event-types").await.ok(200);
    let breached = types["items"].as_array().unwrap().iter().find(|one| one["type"] == "clock.breached").unwrap();
    assert_eq!(breached["schema"]["properties"]["data"]["properties"]["breach_id"]["type"], "string");
}
