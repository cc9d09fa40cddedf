//! People's daily work over HTTP, the same on both databases: lists in a stated order, pages that go on where the last
//! ended, and nothing shown that a role does not open.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Method;
use actix_web::{App, web};
use proviso::clock::Clock;
use proviso::http::{Site, breaches, deadlines, gates, instances, records, tasks};
use proviso::ids::{IdSource, ProgramId, RoleId, Username};
use proviso::instant::Instant;
use proviso::service::people::{Person, create_many};
use proviso::service::{Services, Wake, authenticate};
use proviso::store::Store;
use serde_json::{Value, json};

use super::support::postgres;

const PROGRAM: &str = r#"
program: demo
title: Demo
version: 1
time: { zone: America/New_York, calendar: us_federal }
contact: { name: On call, email: oncall@example.invalid }
roles:
  nurse: { title: Nurse, escalates_to: chief }
  chief: { title: Chief, top: true }
  lawyer: { title: Lawyer, escalates_to: chief }
registers: { library: Library }
workflows:
  episode:
    one_per: participant
    started_by: [nurse, integrator]
    started_with: { participant: text, noticed_at: timestamp }
    steps:
      intake:
        kind: record
        role: nurse
        due: { within: 2 hours, of: started.noticed_at }
        fields:
          score: { type: integer, from: 0, to: 10 }
          participant: { type: text, filled: started.participant }
        gates:
          reviewed: { says: The lawyer agrees, confirm: evidence, by: lawyer }
        files_to: library
        then: decision
      decision:
        kind: decision
        role: chief
        not_by: intake
        outcomes:
          accepted: { ends: accepted }
          rejected: { ends: rejected }
"#;

struct World {
    services: Services,
    tokens: BTreeMap<&'static str, String>,
}

async fn world(url: &str) -> World {
    let store = Store::connect(url).await.unwrap();
    store.migrate().await.unwrap();
    let start: Instant = "2026-11-23T14:00:00Z".parse().unwrap();
    let services = Services::new(store, Clock::manual(start), IdSource::seeded(1), Wake::default(), None);
    services.programs.publish(PROGRAM.to_owned(), &Username::from("administrator"), start).await.unwrap();
    let names = ["nurse", "chief", "lawyer", "auditor", "stranger"];
    let person = |name: &&str| Person {
        username: (*name).to_owned(),
        name: (*name).to_owned(),
        auditor: *name == "auditor",
        roles: match *name {
            "auditor" | "stranger" => BTreeMap::new(),
            role => BTreeMap::from([(ProgramId::from("demo"), BTreeSet::from([RoleId::from(role)]))]),
        },
        ..Person::default()
    };
    create_many(&services, names.iter().map(person).collect(), "no password").await.unwrap();
    let mut tokens = BTreeMap::new();
    for name in names {
        tokens.insert(name, authenticate::create_token(&services, name, "test", 1, None).await.unwrap().token);
    }
    World { services, tokens }
}

struct Asked {
    status: u16,
    etag: Option<String>,
    replayed: bool,
    body: Value,
}

impl World {
    async fn ask(&self, who: &str, method: Method, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Asked {
        let app = App::new()
            .app_data(web::Data::new(self.services.clone()))
            .app_data(web::Data::new(Site::default()))
            .service(tasks::list)
            .service(tasks::read)
            .service(tasks::claim)
            .service(tasks::release)
            .service(tasks::assign)
            .service(tasks::draft)
            .service(tasks::complete)
            .service(tasks::comment)
            .service(gates::confirm)
            .service(deadlines::read)
            .service(deadlines::preview)
            .service(instances::start)
            .service(instances::batch)
            .service(instances::list)
            .service(instances::read)
            .service(instances::cancel)
            .service(breaches::list)
            .service(breaches::acknowledge)
            .service(breaches::explain)
            .service(records::list);
        let app = actix_web::test::init_service(app).await;
        let mut request = actix_web::test::TestRequest::with_uri(path).method(method);
        request = request.insert_header(("authorization", format!("Bearer {}", self.tokens[who])));
        for header in headers {
            request = request.insert_header(*header);
        }
        if let Some(body) = body {
            request = request.set_json(body);
        }
        let response: ServiceResponse = app.call(request.to_request()).await.unwrap();
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (status, etag, replayed) = (response.status().as_u16(), header("etag"), header("idempotent-replayed").is_some());
        let bytes = actix_web::test::read_body(response).await;
        Asked { status, etag, replayed, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    async fn get(&self, who: &str, path: &str) -> Asked {
        self.ask(who, Method::GET, path, None, &[]).await
    }

    async fn post(&self, who: &str, path: &str, body: Value) -> Asked {
        self.ask(who, Method::POST, path, Some(body), &[]).await
    }

    async fn start(&self, participant: &str, noticed_at: &str) {
        let values = json!({ "participant": participant, "noticed_at": noticed_at });
        let asked = self.post("nurse", "/instances", json!({ "program": "demo", "workflow": "episode", "started_with": values })).await;
        assert_eq!(asked.status, 201, "{}", asked.body);
        self.advance(1_000);
    }

    fn advance(&self, millis: i64) {
        let to = self.services.clock.now().plus_millis(millis).unwrap();
        self.services.clock.set(to).unwrap();
    }
}

fn texts<'a>(page: &'a Value, key: &str) -> Vec<&'a str> {
    page["items"].as_array().unwrap().iter().map(|item| item[key].as_str().unwrap_or("-")).collect()
}

async fn an_inbox_is_paged_by_due_instant(world: &World) {
    world.start("later", "2026-11-23T13:30:00Z").await;
    world.start("sooner", "2026-11-23T13:00:00Z").await;
    world.start("same", "2026-11-23T13:30:00Z").await;
    let whole = world.get("nurse", "/tasks").await;
    assert_eq!(texts(&whole.body, "one_per"), ["sooner", "later", "same"]);
    let mut path = "/tasks?limit=1".to_owned();
    let mut paged = Vec::new();
    loop {
        let page = world.get("nurse", &path).await.body;
        paged.extend(texts(&page, "id").into_iter().map(str::to_owned));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/tasks?limit=1&cursor={cursor}");
        assert_eq!(world.get("nurse", &format!("/breaches?cursor={cursor}")).await.status, 400);
    }
    assert_eq!(paged, texts(&whole.body, "id"));
    assert_eq!(texts(&world.get("nurse", "/tasks?due_before=2026-11-23T15:30:00Z").await.body, "one_per"), ["sooner"]);
    assert_eq!(texts(&world.get("nurse", "/tasks?q=SOON").await.body, "one_per"), ["sooner"]);
    assert_eq!(texts(&world.get("nurse", "/tasks?q=Intake&program=demo&state=open").await.body, "step").len(), 3);
    assert!(texts(&world.get("nurse", "/tasks?q=%25").await.body, "id").is_empty());
}

async fn each_person_finds_what_is_theirs(world: &World) {
    assert!(texts(&world.get("chief", "/tasks").await.body, "id").is_empty());
    assert_eq!(texts(&world.get("lawyer", "/tasks?role=nurse").await.body, "one_per"), ["-", "-", "-"]);
    assert!(texts(&world.get("lawyer", "/tasks?role=nurse&q=sooner").await.body, "id").is_empty());
    assert_eq!(texts(&world.get("auditor", "/tasks?all=true").await.body, "id").len(), 3);
    for path in ["/tasks?all=true", "/tasks?role=nurse", "/instances", "/breaches", "/instances?program=demo"] {
        assert!(texts(&world.get("stranger", path).await.body, "id").is_empty(), "{path}");
    }
    let instances = world.get("nurse", "/instances?program=demo&workflow=episode&state=running&limit=2").await.body;
    assert_eq!(texts(&instances, "one_per"), ["same", "sooner"]);
    let rest = world.get("nurse", &format!("/instances?cursor={}", instances["next_cursor"].as_str().unwrap())).await.body;
    assert_eq!(texts(&rest, "one_per"), ["later"]);
    let id = instances["items"][0]["id"].as_str().unwrap();
    for path in
        [format!("/instances/{id}"), "/instances/1".to_owned(), "/tasks/null".to_owned(), "/registers/demo/library/records".to_owned()]
    {
        assert_eq!(world.get("stranger", &path).await.status, 404, "{path}");
    }
    assert_eq!(world.get("nurse", "/registers/demo/cellar/records").await.status, 404);
}

async fn a_task_is_worked_to_its_end(world: &World) {
    let task = world.get("nurse", "/tasks?q=sooner").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let seen = world.get("nurse", &format!("/tasks/{task}")).await;
    let etag = seen.etag.unwrap();
    assert_eq!(seen.body["allowed"], json!(["claim", "assign", "draft", "complete", "comments"]));
    assert_eq!(world.get("lawyer", &format!("/tasks/{task}")).await.body["restricted"], true);
    let claim = format!("/tasks/{task}/claim");
    let key = ("idempotency-key", "k1");
    let first = world.ask("nurse", Method::POST, &claim, None, &[("if-match", &etag), key]).await;
    assert_eq!((first.status, first.body["state"].as_str(), first.replayed), (200, Some("claimed"), false));
    let again = world.ask("nurse", Method::POST, &claim, None, &[("if-match", &etag), key]).await;
    assert_eq!((again.status, again.replayed), (200, true));
    assert_eq!(again.body, first.body);
    let draft = format!("/tasks/{task}/draft");
    let fields = json!({ "fields": { "score": 4 } });
    assert_eq!(world.post("nurse", &draft, fields.clone()).await.status, 428);
    assert_eq!(world.ask("nurse", Method::POST, &draft, Some(fields.clone()), &[("if-match", &etag)]).await.status, 412);
    let saved = world.ask("nurse", Method::POST, &draft, Some(fields), &[("if-match", &first.etag.unwrap())]).await;
    assert_eq!((saved.status, &saved.body["fields"][0]["value"]), (200, &json!(4)));
    let complete = format!("/tasks/{task}/complete");
    let dry = world.post("nurse", &format!("{complete}?dry_run=true"), json!({ "fields": { "score": 4 } })).await;
    assert_eq!((dry.status, dry.body["violations"][0]["id"].as_str()), (200, Some("reviewed")));
    assert_eq!(world.post("nurse", &complete, json!({ "fields": { "score": 4 } })).await.status, 422);
    assert_eq!(world.post("nurse", &complete, json!({ "feelds": {} })).await.body["code"], "malformed");
    let gate = format!("/tasks/{task}/gates/reviewed");
    let evidence = json!({ "confirmed": true, "evidence": { "note": "agreed", "reference": "L-1" } });
    assert_eq!(world.post("nurse", &gate, evidence.clone()).await.body["code"], "role_required");
    assert_eq!(world.post("lawyer", &gate, evidence).await.body["gates"][0]["confirmation"]["by"], "lawyer");
    assert_eq!(world.post("chief", &format!("/tasks/{task}/comments"), json!({ "text": "hurry" })).await.status, 200);
    world.advance(3 * 3_600_000);
    let done = world.post("nurse", &complete, json!({ "fields": { "score": 4 } })).await;
    assert_eq!((done.status, done.body["task"]["state"].as_str()), (200, Some("completed")), "{}", done.body);
    assert_eq!(done.body["opened"].as_array().unwrap().len(), 1);
    let late = world.get("nurse", &format!("/tasks/{task}")).await.body;
    assert_eq!((&late["record"]["fields"]["score"], &late["overdue"]), (&json!(4), &json!(false)));
    let why = world.get("lawyer", &format!("/tasks/{task}/deadline")).await.body;
    assert_eq!((why["due_at"].as_str(), why["clock"]["state"].as_str()), (Some("2026-11-23T15:00:00.000Z"), Some("breached")), "{why}");
    assert!(!why["because"].as_array().unwrap().is_empty());
}

async fn what_is_late_and_filed_is_on_its_board(world: &World) {
    let board = world.get("chief", "/breaches?acknowledged=false&open=false").await.body;
    let breach = board["items"][0]["id"].as_str().unwrap();
    assert_eq!(board["items"][0]["allowed"], json!(["acknowledge", "explain"]));
    assert_eq!(world.post("lawyer", &format!("/breaches/{breach}/acknowledge"), json!({})).await.body["code"], "role_required");
    let taken = world.post("chief", &format!("/breaches/{breach}/acknowledge"), json!({ "note": "seen" })).await;
    assert_eq!((taken.status, taken.body["acknowledged"]["by"].as_str()), (200, Some("chief")));
    let why = json!({ "code": "late_call", "note": "nobody called" });
    assert_eq!(world.post("nurse", &format!("/breaches/{breach}/explain"), why).await.body["explained"]["code"], "late_call");
    assert!(texts(&world.get("chief", "/breaches?acknowledged=false").await.body, "id").is_empty());
    let filed = world.get("lawyer", "/registers/demo/library/records").await.body;
    assert_eq!((&filed["items"][0]["restricted"], &filed["items"][0]["fields"]), (&json!(true), &Value::Null));
    let filed = world.get("nurse", "/registers/demo/library/records").await.body;
    assert_eq!((&filed["items"][0]["fields"]["score"], &filed["items"][0]["round"]), (&json!(4), &json!(1)));
    let instance = world.get("auditor", &format!("/instances/{}", filed["items"][0]["instance_id"].as_str().unwrap())).await.body;
    let told: Vec<_> = instance["timeline"].as_array().unwrap().iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(told.first(), Some(&"instance.started"));
    assert!(told.contains(&"clock.breached") && told.contains(&"breach.acknowledged"), "{told:?}");
    assert_eq!((instance["tasks"].as_array().unwrap().len(), instance["breaches"].as_array().unwrap().len()), (2, 1));
}

async fn a_batch_answers_each_row(world: &World) {
    let row = |who: &str| json!({ "program": "demo", "workflow": "episode", "started_with": { "participant": who, "noticed_at": "2026-11-23T13:00:00Z" } });
    let body = json!({ "items": [row("new"), row("later"), { "program": "none", "workflow": "x" }] });
    let key = ("idempotency-key", "batch");
    let first = world.ask("nurse", Method::POST, "/instances/batch", Some(body.clone()), &[key]).await.body;
    let statuses: Vec<_> = first["items"].as_array().unwrap().iter().map(|row| row["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [201, 409, 404]);
    assert!(first["items"][1]["problem"]["instance_id"].is_string());
    let again = world.ask("nurse", Method::POST, "/instances/batch", Some(body), &[key]).await.body;
    assert_eq!(again["items"][0]["instance"]["id"], first["items"][0]["instance"]["id"]);
    let other = world.ask("nurse", Method::POST, "/instances/batch", Some(json!({ "items": [row("other")] })), &[key]).await;
    assert_eq!(other.body["code"], "idempotency_key_reused");
    let id = first["items"][0]["instance"]["id"].as_str().unwrap();
    assert_eq!(world.post("nurse", &format!("/instances/{id}/cancel"), json!({ "reason": "wrong" })).await.status, 403);
    assert_eq!(world.post("chief", &format!("/instances/{id}/cancel"), json!({ "reason": "wrong" })).await.body["state"], "cancelled");
}

async fn story(url: &str) {
    let world = world(url).await;
    an_inbox_is_paged_by_due_instant(&world).await;
    each_person_finds_what_is_theirs(&world).await;
    a_task_is_worked_to_its_end(&world).await;
    what_is_late_and_filed_is_on_its_board(&world).await;
    a_batch_answers_each_row(&world).await;
    world.services.store.close().await.unwrap();
}

#[actix_web::test]
async fn people_work_on_sqlite() {
    let folder = std::env::temp_dir().join(format!("proviso-work-{}", std::process::id()));
    story(&format!("sqlite://{}/work.db?mode=rwc", folder.display())).await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[actix_web::test]
async fn people_work_on_postgresql() {
    let database = postgres::empty_database().await;
    story(&database.url()).await;
}

#[test]
fn a_value_of_any_type_fits_the_description() {
    let schema = serde_json::to_value(<tasks::DraftRequest as utoipa::PartialSchema>::schema()).unwrap();
    let value = &schema["properties"]["fields"]["additionalProperties"];
    assert!(value.get("type").is_none(), "{schema}");
}
