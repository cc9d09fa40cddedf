use std::net::SocketAddr;

use actix_web::dev::Service;
use actix_web::http::{Method, StatusCode, header};
use actix_web::test::{self, TestRequest};
use serde_json::{Value as Json, json};

use super::*;
use crate::clock::Clock;
use crate::ids::IdSource;
use crate::instant::Instant;
use crate::service::Wake;
use crate::service::people::{self, Person};
use crate::store::Store;

/// The only route below `/api/v1` that answers without credentials.
const PUBLIC: [(&str, Method); 1] = [("/api/v1/sessions", Method::POST)];
const PASSWORD: &str = "correct horse";

async fn services(folder: &std::path::Path) -> web::Data<Services> {
    let store = Store::connect(&format!("sqlite://{}?mode=rwc", folder.join("test.db").display())).await.unwrap();
    store.migrate().await.unwrap();
    let clock = Clock::manual("2026-11-23T09:00:00Z".parse::<Instant>().unwrap());
    let services = Services::new(store, clock, IdSource::seeded(1), Wake::default(), None);
    let ada = Person { username: "ada".to_owned(), name: "Ada".to_owned(), integrator: true, ..Person::default() };
    people::create(&services, ada, PASSWORD.to_owned()).await.unwrap();
    let root = Person { username: "root".to_owned(), name: "Root".to_owned(), administrator: true, ..Person::default() };
    people::create(&services, root, PASSWORD.to_owned()).await.unwrap();
    let guest = Person { username: "guest".to_owned(), name: "Guest".to_owned(), ..Person::default() };
    people::create(&services, guest, PASSWORD.to_owned()).await.unwrap();
    web::Data::new(services)
}

struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("proviso-http-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn peer() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 7], 4_000))
}

macro_rules! started {
    ($folder:ident, $app:ident) => {
        started!($folder, $app, services);
    };
    ($folder:ident, $app:ident, $services:ident) => {
        let $folder = Folder::new(stringify!($folder));
        let $services = services(&$folder.0).await;
        let $app = test::init_service(app($services.clone(), web::Data::new(Site::default()))).await;
    };
}

async fn answered<S, R, B>(app: &S, request: R) -> (StatusCode, header::HeaderMap, Json)
where
    S: Service<R, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let response = test::call_service(app, request).await;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = test::read_body(response).await;
    (status, headers, serde_json::from_slice(&body).unwrap_or(Json::Null))
}

/// Sends from another machine and reads the answer.
macro_rules! send {
    ($app:expr, $request:expr $(,)?) => {
        answered(&$app, $request.peer_addr(peer()).to_request()).await
    };
}

#[actix_web::test]
async fn every_route_needs_credentials_but_those_listed() {
    started!(walk, app);
    let mut walked = 0;
    for (path, methods) in routes::routes(&document()) {
        for method in methods {
            if PUBLIC.contains(&(path.as_str(), method.clone())) {
                continue;
            }
            let filled = path.split('/').map(|part| if part.starts_with('{') { "0190a0f0-0000-7000-8000-000000000001" } else { part });
            let uri = filled.collect::<Vec<_>>().join("/");
            let (status, headers, body) = send!(app, TestRequest::with_uri(&uri).method(method.clone()));
            assert_eq!((status, &body["code"]), (StatusCode::UNAUTHORIZED, &json!("unauthenticated")), "{method} {path}");
            assert_eq!(headers.get(header::CACHE_CONTROL).unwrap(), "no-store");
            assert_eq!(headers.get(header::CONTENT_TYPE).unwrap(), "application/problem+json");
            assert!(headers.contains_key("x-request-id"));
            walked += 1;
        }
    }
    assert!(walked >= 20, "{walked}");
}

#[actix_web::test]
async fn a_session_signs_in_and_ends() {
    started!(session, app);
    let sign_in = |password: &str| TestRequest::post().uri("/api/v1/sessions").set_json(json!({ "username": "Ada", "password": password }));
    let (status, _, wrong) = send!(app, sign_in("wrong"));
    assert_eq!((status, &wrong["code"]), (StatusCode::UNAUTHORIZED, &json!("unauthenticated")));
    let (status, headers, session) = send!(app, sign_in(PASSWORD));
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(session["expires_at"], "2026-11-23T21:00:00.000Z");
    let cookie = headers.get(header::SET_COOKIE).unwrap().to_str().unwrap().split(';').next().unwrap().to_owned();
    let bearer = (header::AUTHORIZATION, format!("Bearer {}", session["token"].as_str().unwrap()));

    let (status, _, me) = send!(app, TestRequest::get().uri("/api/v1/me").insert_header(bearer.clone()));
    assert_eq!((status, &me["person"], &me["counts"]), (StatusCode::OK, &json!("ada"), &json!({ "open": 0, "overdue": 0 })));
    let by_cookie = || TestRequest::delete().uri("/api/v1/sessions/current").insert_header((header::COOKIE, cookie.clone()));
    let (status, _, refused) = send!(app, by_cookie().insert_header((header::ORIGIN, "https://evil.example")));
    assert_eq!((status, &refused["code"]), (StatusCode::FORBIDDEN, &json!("forbidden")));
    let (status, ..) = send!(app, by_cookie().insert_header(("sec-fetch-site", "same-origin")));
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, ..) = send!(app, TestRequest::get().uri("/api/v1/me").insert_header(bearer));
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn a_session_expires_by_wall_time() {
    started!(expiry, app, services);
    let request = TestRequest::post().uri("/api/v1/sessions").set_json(json!({ "username": "ada", "password": PASSWORD }));
    let (_, _, session) = send!(app, request);
    let me = || {
        TestRequest::get()
            .uri("/api/v1/me")
            .insert_header((header::AUTHORIZATION, format!("Bearer {}", session["token"].as_str().unwrap())))
    };
    services.clock.set("2026-11-23T20:59:59Z".parse().unwrap()).unwrap();
    assert_eq!(send!(app, me()).0, StatusCode::OK);
    services.clock.set("2026-11-23T21:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(send!(app, me()).0, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn unknown_paths_and_methods_are_problems() {
    started!(unknown, app);
    let (status, _, body) = send!(app, TestRequest::get().uri("/api/v1/nothing"));
    assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
    let (status, headers, body) = send!(app, TestRequest::delete().uri("/api/v1/me"));
    assert_eq!((status, &body["code"]), (StatusCode::METHOD_NOT_ALLOWED, &json!("method_not_allowed")));
    assert_eq!(headers.get(header::ALLOW).unwrap(), "GET");
    let bad = TestRequest::post().uri("/api/v1/sessions").set_json(json!({ "username": "ada", "password": "x", "admin": true }));
    assert_eq!(send!(app, bad).2["code"], "malformed");
}

#[actix_web::test]
async fn operators_see_health_and_only_this_machine_sees_figures() {
    started!(health, app);
    assert_eq!(send!(app, TestRequest::get().uri("/healthz")).0, StatusCode::OK);
    let (status, _, ready) = send!(app, TestRequest::get().uri("/readyz"));
    assert_eq!((status, &ready["reasons"]), (StatusCode::OK, &json!([])));
    assert_eq!(send!(app, TestRequest::get().uri("/metrics")).0, StatusCode::UNAUTHORIZED);
    let local = TestRequest::get().uri("/metrics").peer_addr(SocketAddr::from(([127, 0, 0, 1], 4_000)));
    assert_eq!(test::call_service(&app, local.to_request()).await.status(), StatusCode::OK);
    let (status, headers, document) = send!(app, TestRequest::get().uri("/api/openapi.json"));
    assert_eq!((status, &document["info"]["title"]), (StatusCode::OK, &json!("Proviso")));
    assert!(!headers.get(header::CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap().contains("unsafe"));
}

#[actix_web::test]
async fn a_repeated_webhook_request_makes_one_subscription() {
    started!(webhooks, app, services);
    let folder_site = Site {
        receivers: crate::service::webhooks::Receivers {
            check_url: std::sync::Arc::new(|url| if url.starts_with("https://") { Ok(()) } else { Err("use https".to_owned()) }),
        },
        ..Site::default()
    };
    let site_app = test::init_service(super::app(services.clone(), web::Data::new(folder_site))).await;
    let request = TestRequest::post().uri("/api/v1/sessions").set_json(json!({ "username": "ada", "password": PASSWORD }));
    let (_, _, session) = send!(app, request);
    let bearer = (header::AUTHORIZATION, format!("Bearer {}", session["token"].as_str().unwrap()));
    let post = |body: Json| {
        TestRequest::post().uri("/api/v1/webhooks").insert_header(bearer.clone()).insert_header(("idempotency-key", "k1")).set_json(body)
    };
    let good = json!({ "url": "https://receiver.example/", "events": ["task.opened"] });
    let (status, _, first) = send!(site_app, post(good.clone()));
    assert_eq!(status, StatusCode::CREATED, "{first}");
    assert!(first["secret"].as_str().unwrap().starts_with("whsec_"));
    let (status, headers, again) = send!(site_app, post(good));
    let mut without_secret = first.clone();
    without_secret["secret"] = Json::Null;
    assert_eq!((status, &again), (StatusCode::CREATED, &without_secret), "a secret is shown once");
    assert_eq!(headers.get(idempotency::REPLAYED).unwrap(), "true");
    let (status, _, reused) = send!(site_app, post(json!({ "url": "https://other.example/" })));
    assert_eq!((status, &reused["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("idempotency_key_reused")));

    let (_, _, list) = send!(site_app, TestRequest::get().uri("/api/v1/webhooks").insert_header(bearer.clone()));
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert!(list["items"][0].get("secret").is_none());
    let bad = TestRequest::post()
        .uri("/api/v1/webhooks")
        .insert_header(bearer.clone())
        .set_json(json!({ "url": "http://127.0.0.1/", "events": ["x"], "program": "none" }));
    let (_, _, refused) = send!(site_app, bad);
    let places: Vec<_> = refused["violations"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(places, ["url", "events", "program"]);

    let id = first["id"].as_str().unwrap();
    let rotate = TestRequest::post().uri(&format!("/api/v1/webhooks/{id}/rotate")).insert_header(bearer.clone());
    let (status, _, rotated) = send!(site_app, rotate);
    assert_eq!(status, StatusCode::OK);
    assert_ne!(rotated["secret"], first["secret"]);
    let tested = TestRequest::post().uri(&format!("/api/v1/webhooks/{id}/test")).insert_header(bearer.clone());
    assert_eq!(send!(site_app, tested).0, StatusCode::ACCEPTED);
    let (_, _, deliveries) =
        send!(site_app, TestRequest::get().uri(&format!("/api/v1/webhooks/{id}/deliveries?state=queued")).insert_header(bearer.clone()));
    assert_eq!(deliveries["items"][0]["event"], "webhook.test");
    let paused =
        TestRequest::patch().uri(&format!("/api/v1/webhooks/{id}")).insert_header(bearer.clone()).set_json(json!({ "state": "disabled" }));
    assert_eq!(send!(site_app, paused).2["state"], "disabled");
    let removed = TestRequest::delete().uri(&format!("/api/v1/webhooks/{id}")).insert_header(bearer.clone());
    assert_eq!(send!(site_app, removed).0, StatusCode::NO_CONTENT);
    let gone = TestRequest::get().uri(&format!("/api/v1/webhooks/{id}")).insert_header(bearer);
    assert_eq!(send!(site_app, gone).0, StatusCode::NOT_FOUND);
}

const DEFINITION: &str = "\
program: demo
title: Demo
version: 1
time: { zone: America/New_York, calendar: us_federal, closes_at: \"17:00\" }
contact: { name: Desk, email: desk@example.org }
roles: { clerk: { title: Clerk, escalates_to: chief }, chief: { title: Chief, top: true } }
sources: { roster: { key: person_id, columns: { score: integer }, fresh_within: 24 hours } }
workflows:
  case:
    started_by: [clerk]
    started_with: { person_id: text }
    steps:
      note:
        kind: record
        role: clerk
        fields: { remark: text }
        outcomes: { done: { ends: closed } }
";

#[actix_web::test]
async fn an_administrator_publishes_and_an_integrator_imports() {
    started!(publishing, app);
    let mut bearers = Vec::new();
    for name in ["root", "ada", "guest"] {
        let request = TestRequest::post().uri("/api/v1/sessions").set_json(json!({ "username": name, "password": PASSWORD }));
        let (_, _, session) = send!(app, request);
        bearers.push((header::AUTHORIZATION, format!("Bearer {}", session["token"].as_str().unwrap())));
    }
    let put = |who: usize, program: &str, text: &str| {
        let yaml = (header::CONTENT_TYPE, "application/yaml");
        TestRequest::put()
            .uri(&format!("/api/v1/programs/{program}"))
            .insert_header(bearers[who].clone())
            .insert_header(yaml)
            .set_payload(text.to_owned())
    };
    assert_eq!(send!(app, put(1, "demo", DEFINITION)).2["code"], "role_required");
    assert_eq!(send!(app, put(0, "other", DEFINITION)).2["code"], "malformed");
    let (status, _, first) = send!(app, put(0, "demo", DEFINITION));
    assert_eq!((status, &first["version"]), (StatusCode::CREATED, &json!(1)), "{first}");
    assert_eq!(send!(app, put(0, "demo", DEFINITION)).0, StatusCode::OK);
    assert_eq!(send!(app, put(0, "demo", &DEFINITION.replace("Demo", "Other"))).2["code"], "version_exists");
    let (status, _, faulty) = send!(app, put(0, "demo", &DEFINITION.replace("role: clerk", "role: clark")));
    assert_eq!((status, &faulty["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("definition_faults")));
    assert!(faulty["errors"][0]["line"].as_u64().unwrap() > 1);

    let get = |who: usize, uri: &str| TestRequest::get().uri(uri).insert_header(bearers[who].clone());
    assert_eq!(send!(app, get(1, "/api/v1/programs")).2["items"][0]["program"], "demo");
    assert_eq!(send!(app, get(2, "/api/v1/programs")).2["items"], json!([]));
    assert_eq!(send!(app, get(2, "/api/v1/programs/demo")).0, StatusCode::NOT_FOUND);
    assert_eq!(send!(app, get(0, "/api/v1/programs/demo")).2["workflows"][0]["steps"][0]["id"], "note");

    let roster = "/api/v1/programs/demo/sources/roster";
    let csv = |who: usize, text: &'static str| {
        TestRequest::post()
            .uri(roster)
            .insert_header(bearers[who].clone())
            .insert_header((header::CONTENT_TYPE, "text/csv"))
            .set_payload(text)
    };
    assert_eq!(send!(app, csv(2, "person_id,score\nP-1,1\n")).0, StatusCode::NOT_FOUND);
    let (status, _, imported) = send!(app, csv(1, "person_id,score\nP-1,1\nP-2,\n"));
    assert_eq!((status, &imported["version"], &imported["rows"]), (StatusCode::CREATED, &json!(1), &json!(2)), "{imported}");
    let (status, _, bad) = send!(app, csv(1, "person_id,score\nP-1,x\n,1\n"));
    assert_eq!((status, &bad["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("import_faults")));
    assert_eq!((&bad["errors"][0]["row"], &bad["errors"][1]["row"]), (&json!(2), &json!(3)));
    assert_eq!(send!(app, csv(1, "person_id,score\nP-1,1\nP-2,\n")).2["version"], 2);
    let (_, _, versions) = send!(app, get(0, &format!("{roster}/versions?limit=1")));
    assert_eq!(versions["items"][0]["version"], 2);
    let next = format!("{roster}/versions?limit=1&cursor={}", versions["next_cursor"].as_str().unwrap());
    assert_eq!(send!(app, get(0, &next)).2["items"][0]["version"], 1);

    assert_eq!(send!(app, get(1, "/api/v1/audit")).2["code"], "role_required");
    assert_eq!(send!(app, get(0, "/api/v1/audit")).0, StatusCode::OK);
    assert_eq!(send!(app, get(0, "/api/v1/sandbox/clock")).0, StatusCode::NOT_FOUND);
}
