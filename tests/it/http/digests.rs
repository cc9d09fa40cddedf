//! A day on which five hundred deadlines pass at once: each manager gets one mail, the clinical ones come at once, and what is told is
//! exactly what the ladders say.

use std::collections::BTreeMap;

use actix_web::http::Method;
use proviso::app::people::PASSWORD;
use proviso::ids::{ProgramId, Username};
use proviso::service::authenticate::hash_password;
use proviso::store::Store;
use proviso::store::people::NewPerson;
use serde_json::{Value, json};

use super::on_both;
use crate::support::receiver::Receiver;
use crate::support::server::{START, Sandbox};

on_both!(five_hundred_breaches_are_one_mail_for_each_manager, what_comes_at_night_waits_unless_it_is_clinical);

pub const PROGRAM: &str = "busy_day";
const LEADS: [&str; 5] = ["lead_a", "lead_b", "lead_c", "lead_d", "lead_e"];
const STAFF: [(&str, &str); 5] =
    [("clerk_a", "clerk"), ("clerk_b", "clerk"), ("nurse_a", "nurse"), ("ward_lead", "ward_lead"), ("chief_a", "chief")];
const OFFICE: usize = 480;
const WARD: usize = 20;

fn program(quiet: &str) -> String {
    let case = |id: &str, role: &str| {
        format!(
            "  {id}_case:\n    one_per: name\n    started_by: [{role}, integrator]\n    started_with: {{ name: text, known_at: timestamp }}\n    \
             steps:\n      {id}_note: {{ kind: record, role: {role}, due: {{ within: 4 hours, of: started.known_at }}, ladder: {id}, \
             outcomes: {{ done: {{ ends: done }} }} }}\n"
        )
    };
    format!(
        "program: {PROGRAM}\ntitle: Busy day\nversion: 1\ntime: {{ zone: America/New_York, calendar: us_federal }}\n\
         contact: {{ name: On call, email: oncall@example.invalid }}\nroles:\n  clerk: {{ title: Clerk, escalates_to: lead }}\n  \
         lead: {{ title: Lead, escalates_to: chief }}\n  nurse: {{ title: Nurse, escalates_to: ward_lead }}\n  \
         ward_lead: {{ title: Ward lead, escalates_to: chief }}\n  chief: {{ title: Chief, top: true }}\nladders:\n  ward:\n    \
         - {{ at: breach, tell: manager, by: [email, webhook] }}\n    - {{ at: breach + 1 hour, tell: manager of manager, by: [email, webhook], \
         until: acknowledged, repeat: every 1 hour, at_most: 4 }}\n  office:\n    - {{ at: 75%, tell: assignee }}\n    \
         - {{ at: breach, tell: manager, by: [email, webhook] }}\n    - {{ at: breach + 1 day, tell: manager of manager, \
         by: [email, webhook], until: acknowledged, repeat: every 1 day, at_most: 3 }}\n\
         notices: {{ clinical: [ward], digest: 15 minutes{quiet} }}\nworkflows:\n{}{}",
        case("ward", "nurse"),
        case("office", "clerk"),
    )
}

/// Publishes the program, with its people; `quiet` is the rest of its `notices`.
pub async fn furnish(sandbox: &Sandbox, quiet: &str) {
    let people: Vec<(&str, &str)> = STAFF.into_iter().chain(LEADS.map(|name| (name, "lead"))).collect();
    staff(sandbox, PROGRAM, &people).await;
    let path = format!("/programs/{PROGRAM}");
    sandbox.api.send("administrator", Method::PUT, &path, "application/yaml", program(quiet)).await.ok(201);
}

/// Adds people, each with a role of a program and the sandbox's password.
pub(super) async fn staff(sandbox: &Sandbox, program: &str, people: &[(&str, &str)]) {
    let store = Store::connect(&sandbox.database_url()).await.unwrap();
    let password_hash = hash_password(PASSWORD.to_owned()).await.unwrap();
    let person = |(name, role): &(&str, &str)| NewPerson {
        username: Username::from(*name),
        name: name.to_uppercase(),
        email: Some(format!("{name}@sandbox.invalid")),
        password_hash: password_hash.clone(),
        administrator: false,
        auditor: false,
        integrator: false,
        roles: [(ProgramId::from(program), [(*role).into()].into())].into(),
        created_at: START.parse().unwrap(),
    };
    let people: Vec<NewPerson> = people.iter().map(person).collect();
    store.add_people(&people, false).await.unwrap();
    store.close().await.unwrap();
}

/// Starts so many cases of a workflow, all known since the clock started, and returns their tasks.
pub async fn start(sandbox: &Sandbox, workflow: &str, count: usize, known_at: &str) -> Vec<String> {
    let row = |number: usize| json!({ "program": PROGRAM, "workflow": workflow, "started_with": { "name": format!("{workflow}-{number} {known_at}"), "known_at": known_at } });
    let rows: Vec<Value> = (0..count).map(row).collect();
    let mut tasks = Vec::new();
    for rows in rows.chunks(200) {
        let answer = sandbox.api.post("integrator", "/instances/batch", json!({ "items": rows })).await.ok(200);
        for row in answer["items"].as_array().unwrap() {
            assert_eq!(row["status"], 201, "{row}");
            tasks.push(row["instance"]["tasks"][0]["id"].as_str().unwrap().to_owned());
        }
    }
    tasks
}

/// Mails so far by username, those that tell one thing and those that tell many.
async fn mails(sandbox: &Sandbox) -> BTreeMap<String, (usize, usize)> {
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for mail in sandbox.api.all("auditor", "/sandbox/mail").await {
        let to = mail["to"][0].as_str().unwrap().split('@').next().unwrap().to_owned();
        // Other programs of the sandbox tell their own people of what starts by itself.
        if !STAFF.iter().any(|(name, _)| *name == to) && !LEADS.contains(&&*to) {
            continue;
        }
        let counted = counts.entry(to).or_default();
        if mail["subject"].as_str().unwrap().contains(" tasks") { counted.1 += 1 } else { counted.0 += 1 }
    }
    counts
}

fn expected(counts: &[(&str, usize, usize)]) -> BTreeMap<String, (usize, usize)> {
    counts.iter().map(|(name, single, digests)| ((*name).to_owned(), (*single, *digests))).collect()
}

/// Acknowledges the breaches of these tasks in the name of `who`.
async fn acknowledge(sandbox: &Sandbox, who: &str, tasks: &[String]) {
    let breaches = sandbox.api.all(who, &format!("/breaches?program={PROGRAM}")).await;
    let of_task: BTreeMap<&str, &str> =
        breaches.iter().map(|breach| (breach["task_id"].as_str().unwrap(), breach["id"].as_str().unwrap())).collect();
    for task in tasks {
        sandbox.api.post(who, &format!("/breaches/{}/acknowledge", of_task[task.as_str()]), json!({})).await.ok(200);
    }
}

async fn complete(sandbox: &Sandbox, who: &str, tasks: &[String]) {
    for task in tasks {
        sandbox.api.post(who, &format!("/tasks/{task}/complete"), json!({ "outcome": "done" })).await.ok(200);
    }
}

/// Rungs that fired, by kind.
async fn fired(sandbox: &Sandbox) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for entry in sandbox.api.all("auditor", "/audit").await {
        for event in entry["events"].as_array().unwrap() {
            let kind = event["type"].as_str().unwrap();
            let is_ours = event["step"].as_str().is_some_and(|step| ["office_note", "ward_note"].contains(&step));
            if is_ours && ["clock.warned", "clock.breached", "clock.escalated"].contains(&kind) {
                *counts.entry(kind.to_owned()).or_default() += 1;
            }
        }
    }
    counts
}

fn counted(warned: usize, breached: usize, escalated: usize) -> BTreeMap<String, usize> {
    let all = [("clock.warned", warned), ("clock.breached", breached), ("clock.escalated", escalated)];
    all.into_iter().filter(|(_, count)| *count > 0).map(|(kind, count)| (kind.to_owned(), count)).collect()
}

async fn five_hundred_breaches_are_one_mail_for_each_manager(sandbox: &Sandbox) {
    furnish(sandbox, "").await;
    let receiver = Receiver::start().await;
    let wanted = json!({ "url": receiver.url(), "events": ["clock.warned", "clock.breached", "clock.escalated"], "program": PROGRAM });
    sandbox.api.post("integrator", "/webhooks", wanted).await.ok(201);
    let office = start(sandbox, "office_case", OFFICE, START).await;
    let ward = start(sandbox, "ward_case", WARD, START).await;

    sandbox.advance("PT4H1M").await;
    let lead = |digests: usize| LEADS.map(|name| (name, 0, digests));
    let staff = [("clerk_a", 0, 1), ("clerk_b", 0, 1), ("ward_lead", WARD, 0)];
    assert_eq!(mails(sandbox).await, expected(&staff), "the clinical ones come at once, the others wait for their burst");
    let waiting = sandbox.api.get("lead_a", &format!("/breaches?program={PROGRAM}&limit=1")).await.ok(200);
    assert!(waiting["items"][0]["notices"].as_array().unwrap().iter().any(|told| told["held_until"].is_string()), "{waiting}");

    sandbox.advance("PT15M").await;
    let with_leads = [&staff[..], &lead(1)[..]].concat();
    assert_eq!(mails(sandbox).await, expected(&with_leads));
    let digest = sandbox.api.all("auditor", "/sandbox/mail?to=lead_a@sandbox.invalid").await.pop().unwrap();
    assert_eq!(digest["subject"], format!("Overdue: {OFFICE} tasks"));
    assert!(digest["headers"].get("List-Unsubscribe").is_none(), "nobody unsubscribes from breaches");
    assert_eq!(fired(sandbox).await, counted(OFFICE, OFFICE + WARD, 0));
    receiver.wait_for(OFFICE + WARD).await;
    assert_eq!(receiver.received().len(), OFFICE + WARD, "warnings are not told by webhook");

    // Each mail of a digest is on its breach, as it left.
    let told = sandbox.api.all("lead_a", &format!("/breaches?program={PROGRAM}")).await;
    let office_notices: Vec<&Value> = told
        .iter()
        .filter(|breach| breach["step"] == "office_note")
        .flat_map(|breach| breach["notices"].as_array().unwrap())
        .filter(|notice| notice["channel"] == "email")
        .collect();
    assert_eq!(office_notices.len(), OFFICE * LEADS.len());
    assert!(office_notices.iter().all(|notice| notice["state"] == "sent" && notice["digest_id"].is_string()));

    // Of 20 clinical breaches 10 are acknowledged and 4 completed: the other 6 are told four times.
    acknowledge(sandbox, "ward_lead", &ward[..10]).await;
    complete(sandbox, "nurse_a", &ward[10..14]).await;
    acknowledge(sandbox, "lead_a", &office[..100]).await;
    complete(sandbox, "clerk_a", &office[100..150]).await;
    sandbox.advance("PT8H").await;
    let chief = |single: usize, digests: usize| [&with_leads[..], &[("chief_a", single, digests)][..]].concat();
    assert_eq!(mails(sandbox).await, expected(&chief(6 * 4, 0)));

    // Of 480 others 330 are neither acknowledged nor completed: one mail on each of three days.
    sandbox.advance("P1D").await;
    assert_eq!(mails(sandbox).await, expected(&chief(6 * 4, 1)));
    sandbox.advance("P5D").await;
    assert_eq!(mails(sandbox).await, expected(&chief(6 * 4, 3)));
    assert_eq!(fired(sandbox).await, counted(OFFICE, OFFICE + WARD, 6 * 4 + 330 * 3));
    receiver.wait_for(OFFICE + WARD + 6 * 4 + 330 * 3).await;

    complete(sandbox, "clerk_b", &office[..100]).await;
    complete(sandbox, "clerk_b", &office[150..]).await;
    sandbox.advance("P30D").await;
    assert_eq!(mails(sandbox).await, expected(&chief(6 * 4, 3)), "none after completion");
    assert_eq!(receiver.received().len(), OFFICE + WARD + 6 * 4 + 330 * 3);
}

async fn what_comes_at_night_waits_unless_it_is_clinical(sandbox: &Sandbox) {
    furnish(sandbox, ", quiet_hours: { email: { from: \"20:00\", to: \"07:00\" } }").await;
    // Due at 21:00 in New York, which the sandbox reaches 13 hours after its start.
    sandbox.advance("PT9H").await;
    let known_at = sandbox.now().await;
    start(sandbox, "office_case", 3, &known_at).await;
    start(sandbox, "ward_case", 3, &known_at).await;
    sandbox.advance("PT13H50M").await;
    let at_night = [("ward_lead", 3, 0), ("chief_a", 3 * 4, 0)];
    assert_eq!(mails(sandbox).await, expected(&at_night), "06:50");
    sandbox.advance("PT20M").await;
    let morning = [&at_night[..], &LEADS.map(|name| (name, 0, 1)), &[("clerk_a", 0, 1), ("clerk_b", 0, 1)]].concat();
    assert_eq!(mails(sandbox).await, expected(&morning), "07:10");
    for mail in sandbox.api.all("auditor", "/sandbox/mail?to=lead_b@sandbox.invalid").await {
        let at = mail["at"].as_str().unwrap();
        assert!(at.starts_with("2026-01-06T12:00:0"), "{at}");
    }
}
