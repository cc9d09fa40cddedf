//! Programs that feed data in: a token that imports one source and does nothing else, and how often a token may ask.

use actix_web::http::Method;
use proviso::clock::Clock;
use proviso::ids::IdSource;
use proviso::service::authenticate::{OneSource, create_token};
use proviso::service::{Error, Services, Wake};
use proviso::store::Store;
use serde_json::json;

use super::episodes::{PROGRAM, RECORDER, SAMPLES};
use super::on_both;
use crate::support::api::{Answer, answer};
use crate::support::server::{Backend, Sandbox};

on_both!(a_token_for_one_source_imports_it_and_does_nothing_else);

const SOURCE: &str = "payer_eligibility_file";
const CSV: &str = "participant_id,status,active_from,active_to\nOX-1,active,2025-01-01,\n";

async fn token(sandbox: &Sandbox, who: &str, imports: Option<&str>) -> Result<String, Error> {
    let store = Store::connect(&sandbox.database_url()).await.unwrap();
    let services = Services::new(store, Clock::system(), IdSource::Random, Wake::default(), None);
    let imports = imports.map(|text| OneSource::read(text).unwrap());
    create_token(&services, who, "test", 1, imports).await.map(|issued| issued.token)
}

async fn import(sandbox: &Sandbox, token: &str, source: &str, key: &str) -> Answer {
    let request = sandbox.api.anonymous(Method::POST, &format!("/programs/{PROGRAM}/sources/{source}")).bearer_auth(token);
    answer(request.header("content-type", "text/csv").header("idempotency-key", key).body(CSV)).await
}

async fn a_token_for_one_source_imports_it_and_does_nothing_else(sandbox: &Sandbox) {
    let api = &sandbox.api;
    let limited = token(sandbox, "integrator", Some(&format!("{PROGRAM}/{SOURCE}"))).await.unwrap();
    let first = import(sandbox, &limited, SOURCE, "a").await.ok(201);
    assert_eq!((&first["source"], &first["imported_by"]), (&json!(SOURCE), &json!("integrator")));
    let again = import(sandbox, &limited, SOURCE, "a").await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.ok(201), first);

    for other in ["oxygen_service_register", "unknown", "payer%5Feligibility_file2"] {
        import(sandbox, &limited, other, "b").await.refused(403, "forbidden");
    }
    let source = format!("/programs/{PROGRAM}/sources/{SOURCE}");
    for (method, path) in [
        (Method::GET, format!("{source}/versions")),
        (Method::POST, format!("/programs/cohort_pilot/sources/{SOURCE}")),
        (Method::GET, "/me".to_owned()),
        (Method::GET, "/programs".to_owned()),
        (Method::GET, "/tasks".to_owned()),
        (Method::GET, "/audit".to_owned()),
        (Method::GET, "/webhooks".to_owned()),
        (Method::GET, "/event-types".to_owned()),
        (Method::DELETE, "/sessions/current".to_owned()),
        (Method::GET, "/sandbox/clock".to_owned()),
    ] {
        answer(api.anonymous(method, &path).bearer_auth(&limited)).await.refused(403, "forbidden");
    }
    let start = api.anonymous(Method::POST, "/instances").bearer_auth(&limited).json(&SAMPLES[0].start());
    answer(start).await.refused(403, "forbidden");
    // Put where the pages look for a session, it opens none of them.
    for page in ["//", "//programs", "//webhooks"] {
        let asked = api.anonymous(Method::GET, page).header("cookie", format!("proviso_session={limited}"));
        let got = answer(asked).await;
        assert!(!(200..300).contains(&got.status) || !got.text.contains("/sign-out"), "{page}: {}", got.text);
    }

    assert!(matches!(token(sandbox, "integrator", Some("oxygen_continuity/unknown")).await, Err(Error::Malformed(_))));
    assert!(matches!(token(sandbox, "integrator", Some("unknown/unknown")).await, Err(Error::Malformed(_))));
    assert!(matches!(token(sandbox, RECORDER, Some(&format!("{PROGRAM}/{SOURCE}"))).await, Err(Error::Malformed(_))));
    let whole = token(sandbox, "integrator", None).await.unwrap();
    answer(api.anonymous(Method::GET, "/me").bearer_auth(&whole)).await.ok(200);
}

#[tokio::test]
async fn a_token_that_asks_too_often_is_told_how_long_to_wait_on_sqlite() {
    let sandbox = Sandbox::start_with(Backend::Sqlite, &["--token-requests-per-minute", "3"]).await;
    let (one, other) = (token(&sandbox, "integrator", None).await.unwrap(), token(&sandbox, "integrator", None).await.unwrap());
    let ask = async |token: &str| answer(sandbox.api.anonymous(Method::GET, "/me").bearer_auth(token)).await;
    for left in [2, 1, 0] {
        let got = ask(&one).await;
        assert_eq!(got.header("ratelimit-policy"), Some("\"token\";q=3;w=60"));
        assert!(got.header("ratelimit").unwrap().starts_with(&format!("\"token\";r={left};t=")), "{:?}", got.headers);
        got.ok(200);
    }
    let refused = ask(&one).await;
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    assert!(refused.header("ratelimit").unwrap().starts_with("\"token\";r=0;t="));
    refused.refused(429, "too_many_requests");
    ask(&other).await.ok(200);
    // A person's session is not counted.
    for _ in 0..5 {
        let got = sandbox.api.get("integrator", "/me").await;
        assert_eq!(got.header("ratelimit"), None);
        got.ok(200);
    }
    sandbox.stop().await;
}
