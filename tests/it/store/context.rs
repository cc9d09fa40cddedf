//! Everything a decision reads besides its instances.

use entity::{person, role_holding, source_row, source_version};
use proviso::domain::facts::Lookup;
use proviso::domain::value::Value;
use proviso::ids::{ProgramId, RoleId, WorkflowId};
use proviso::store::slice::{Context, Wanted};
use sea_orm::{EntityTrait, IntoActiveModel};
use uuid::Uuid;

use super::home::Home;
use super::samples::{PROGRAM, commit, complete, instance_id, reply, start};

on_both!(
    people_come_with_their_roles,
    an_earlier_reply_is_found_by_person_key_and_route,
    facts_are_those_of_the_newest_version,
    a_lookup_reads_no_more_than_it_may,
    a_running_instance_stands_in_the_way_and_an_ended_one_does_not,
    running_instances_come_for_a_meeting_up_to_a_limit,
    wanting_nothing_costs_nothing,
);

async fn read(home: &Home, wanted: &Wanted) -> Context {
    let mut transaction = home.store.begin_write().await.unwrap();
    let context = transaction.context(wanted).await.unwrap();
    assert!(transaction.statements() <= 1);
    context
}

async fn people_come_with_their_roles(home: Home) {
    let person = |username: &str, active| person::Model {
        username: username.to_owned(),
        name: format!("The {username}"),
        email: None,
        password_hash: String::new(),
        administrator: false,
        auditor: true,
        integrator: false,
        active,
        created_at: 0,
    };
    let role = |program: &str, role: &str| role_holding::Model { username: "ada".into(), program: program.into(), role: role.into() };
    let beside = home.beside().await.connection;
    let people = [person("ada", true), person("bob", false)].map(IntoActiveModel::into_active_model);
    person::Entity::insert_many(people).exec(&beside).await.unwrap();
    let roles = [role(PROGRAM, "recorder"), role(PROGRAM, "approver"), role("other", "recorder")].map(IntoActiveModel::into_active_model);
    role_holding::Entity::insert_many(roles).exec(&beside).await.unwrap();

    let wanted = Wanted { people: vec!["ada".into(), "bob".into(), "ada".into(), "nobody".into()], ..Wanted::default() };
    let people = read(&home, &wanted).await.people;
    assert_eq!(people.len(), 2);
    let ada = &people["ada"];
    assert_eq!((ada.name.as_str(), ada.active, ada.auditor, ada.administrator, ada.integrator), ("The ada", true, true, false, false));
    assert_eq!(ada.roles[&ProgramId::from(PROGRAM)], ["approver", "recorder"].map(RoleId::from).into());
    assert_eq!(ada.roles.len(), 2);
    assert!(!people["bob"].active);
}

async fn an_earlier_reply_is_found_by_person_key_and_route(home: Home) {
    let started = start(1);
    commit(&home.store, &[started.clone(), complete(&started.decision.instance, 7)]).await.unwrap();
    let mut other_route = reply("key 7").idempotency;
    other_route.route = "/claim".to_owned();
    let mut other_body = reply("key 7").idempotency;
    other_body.body_hash = "cd".repeat(32);
    let ask = |who: &str, key| Wanted { replies: vec![(who.into(), key)], ..Wanted::default() };
    assert_eq!(read(&home, &ask("coordinator", other_body)).await.replies, [reply("key 7")], "the caller compares the bodies");
    assert_eq!(read(&home, &ask("coordinator", other_route)).await.replies, []);
    assert_eq!(read(&home, &ask("recorder", reply("key 7").idempotency)).await.replies, []);
}

/// Version `version` of the source `vendors`, with `rows` rows of the key `v1`.
async fn import(home: &Home, version: i32, rows: i32) {
    let beside = home.beside().await.connection;
    let id = Uuid::from_u128(u128::try_from(version).unwrap());
    let model = source_version::Model {
        id,
        program: PROGRAM.into(),
        source: "vendors".into(),
        version,
        rows,
        sha256: format!("hash {version}"),
        imported_at: 1_790_000_000_000,
        imported_by: "integrator".into(),
    };
    source_version::Entity::insert(model.into_active_model()).exec(&beside).await.unwrap();
    let row = |ordinal| source_row::Model {
        version_id: id,
        ordinal,
        key: "v1".into(),
        document: format!("{{\"name\":{{\"text\":\"version {version}\"}},\"ordinal\":{{\"integer\":{ordinal}}}}}"),
    };
    let rows: Vec<_> = (1..=rows).map(|ordinal| row(ordinal).into_active_model()).collect();
    source_row::Entity::insert_many(rows).exec(&beside).await.unwrap();
}

fn vendors(keys: &[&str]) -> Wanted {
    let lookup = |key: &&str| (PROGRAM.into(), Lookup { source: "vendors".into(), key: (*key).to_owned() });
    Wanted { lookups: keys.iter().map(lookup).collect(), ..Wanted::default() }
}

async fn facts_are_those_of_the_newest_version(home: Home) {
    import(&home, 1, 3).await;
    import(&home, 2, 2).await;
    let facts = read(&home, &vendors(&["v1", "v2"])).await.facts.remove(&ProgramId::from(PROGRAM)).unwrap();
    let version = &facts.versions["vendors"];
    assert_eq!((version.version, version.sha256.as_str(), version.id.0), (2, "hash 2", Uuid::from_u128(2)));
    let rows = &facts.rows[&Lookup { source: "vendors".into(), key: "v1".to_owned() }];
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["name"], Value::Text("version 2".to_owned()));
    assert_eq!((&rows[0]["ordinal"], &rows[1]["ordinal"]), (&Value::Integer(1), &Value::Integer(2)));
    let none = &facts.rows[&Lookup { source: "vendors".into(), key: "v2".to_owned() }];
    assert!(none.is_empty(), "present, and empty");
}

async fn a_lookup_reads_no_more_than_it_may(home: Home) {
    import(&home, 1, 600).await;
    let facts = read(&home, &vendors(&["v1", "v1"])).await.facts.remove(&ProgramId::from(PROGRAM)).unwrap();
    let rows = &facts.rows[&Lookup { source: "vendors".into(), key: "v1".to_owned() }];
    assert_eq!(rows.len(), 501);
    assert_eq!(rows[500]["ordinal"], Value::Integer(501));
}

async fn a_running_instance_stands_in_the_way_and_an_ended_one_does_not(home: Home) {
    let ended = start(2);
    commit(&home.store, &[start(1), ended.clone()]).await.unwrap();
    commit(&home.store, &[complete(&ended.decision.instance, 7)]).await.unwrap();
    let start_of = |household: &str| (PROGRAM.into(), "interruption".into(), household.to_owned());
    let wanted = Wanted { one_per: vec![start_of("household 1"), start_of("household 2"), start_of("household 3")], ..Wanted::default() };
    let running = read(&home, &wanted).await.running;
    assert_eq!(running, [(PROGRAM.into(), "interruption".into(), "household 1".to_owned(), instance_id(1))]);
}

async fn running_instances_come_for_a_meeting_up_to_a_limit(home: Home) {
    let ended = start(2);
    commit(&home.store, &[start(3), ended.clone(), start(1)]).await.unwrap();
    commit(&home.store, &[complete(&ended.decision.instance, 7)]).await.unwrap();
    let workflow = (ProgramId::from(PROGRAM), WorkflowId::from("interruption"));
    let wanted = Wanted { cases: vec![workflow.clone(), workflow.clone()], ..Wanted::default() };
    let found: Vec<_> = read(&home, &wanted).await.cases[&workflow].iter().map(|case| case.id).collect();
    assert_eq!(found, [instance_id(1), instance_id(3)]);

    let many: Vec<_> = (10..520).map(start).collect();
    commit(&home.store, &many).await.unwrap();
    assert_eq!(read(&home, &wanted).await.cases[&workflow].len(), 501);
}

async fn wanting_nothing_costs_nothing(home: Home) {
    let mut transaction = home.store.begin_write().await.unwrap();
    assert_eq!(transaction.context(&Wanted::default()).await.unwrap(), Context::default());
    assert_eq!(transaction.statements(), 0);
}
