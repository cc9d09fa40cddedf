//! Many participants of a list decided on in one table, through pages alone.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::browser::Browser;
use crate::support::server::{Backend, Sandbox};

const PROGRAM: &str = "attributed_cohort_targeting";
const PARTICIPANTS: [&str; 3] = ["BK-1", "BK-2", "BK-3"];

async fn import(sandbox: &Sandbox, source: &str, header: &str, rest: &str) {
    let rows: String = PARTICIPANTS.iter().map(|id| format!("{id},{rest}\n")).collect();
    let path = format!("/programs/{PROGRAM}/sources/{source}");
    sandbox.api.send("integrator", Method::POST, &path, "text/csv", format!("participant_id,{header}\n{rows}")).await.ok(201);
}

/// Opens a roster of three participants and gives the lines in their order.
async fn opened(sandbox: &Sandbox) -> Vec<String> {
    import(sandbox, "payer_attribution_file", "attribution_date,file_number", "2026-01-01,F-1").await;
    import(sandbox, "case_management_system", "care_setting,other_pilot", "home,false").await;
    import(sandbox, "service_authorization_register", "status", "active").await;
    import(sandbox, "cohort_roster", "attribution_date,authorization_status,care_setting", "2026-01-01,active,home").await;
    let path = format!("/programs/{PROGRAM}/rosters/attribution/open");
    let roster = sandbox.api.post("population_health_director", &path, json!({})).await.ok(201);
    roster["rows"].as_array().unwrap().iter().map(|row| row["instance_id"].as_str().unwrap().to_owned()).collect()
}

/// The state and outcome of a step of each line.
async fn standing(sandbox: &Sandbox, lines: &[String], step: &str) -> Vec<(Value, Value)> {
    let mut found = Vec::new();
    for line in lines {
        let instance = sandbox.api.get("auditor", &format!("/instances/{line}")).await.ok(200);
        let task = instance["tasks"].as_array().unwrap().iter().find(|task| task["step"] == step).unwrap_or(&Value::Null).clone();
        found.push((task["state"].clone(), task["outcome"].clone()));
    }
    found
}

/// The form of a table with what its rows carry, and what somebody types.
async fn sent<'a>(browser: &Browser, table: &str, typed: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    let shown = browser.get(table).await.ok(200);
    let mut pairs = vec![("once".to_owned(), shown.hidden("once"))];
    for number in 1..=PARTICIPANTS.len() {
        for name in ["task", "revision"] {
            let name = format!("r{number}.{name}");
            pairs.push((name.clone(), shown.hidden(&name)));
        }
    }
    pairs.extend(typed.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
    pairs
}

fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}

/// Which row of the table is a participant's.
fn row_of(text: &str, participant: &str) -> usize {
    let before = text.split_once(&format!("> {participant}</label>")).expect("a row of the participant").0;
    before.matches("<input type=\"hidden\" name=\"r").count() / 2 + 1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_confirmed_entered_and_decided_row_by_row() {
    let sandbox = Sandbox::start(Backend::Sqlite).await;
    let lines = opened(&sandbox).await;
    let entry = format!("/bulk/{PROGRAM}/attribution/roster_entry");

    // Who only confirms gates finds the table as well, and types the evidence once for all rows.
    let payer = Browser::of(&sandbox, "payer_relations").await;
    assert_eq!(payer.get("/bulk").await.ok(200).link("/bulk/"), entry);
    payer.get(&entry).await.ok(200).says("Confirm in the ticked rows");
    let letter = |gate: &str| {
        [("confirmed", "yes"), ("note", "Letter of the payer"), ("reference", "LETTER-1")]
            .map(|(part, text)| (format!("all.g.{gate}.{part}"), text.to_owned()))
    };
    let mut confirmed = sent(&payer, &entry, &[("action", "send"), ("all.chosen", "yes")]).await;
    confirmed.extend(letter("latest_approved_attribution_file_confirmed_in_writing"));
    confirmed.extend(letter("inclusion_criteria_unchanged_confirmed_in_writing"));
    payer.post(&entry, &borrowed(&confirmed)).await.ok(200).says("3 rows are done");

    let director = Browser::of(&sandbox, "population_health_director").await;
    director.get("/inbox").await.ok(200).says("href=\"/bulk\"");
    let common = [
        ("all.chosen", "yes"),
        ("all.f.payer_attribution_date", "2026-01-01"),
        ("all.f.qualifying_diagnosis_or_service_category", "serious_mental_illness"),
        ("all.f.active_authorization_status", "active"),
    ];
    let checked =
        sent(&director, &entry, &[&[("action", "check"), ("r2.f.payer_attribution_date", "2026-01-02")], &common[..]].concat()).await;
    let checked = director.post(&entry, &borrowed(&checked)).await.ok(422);
    checked.says("Nothing is missing.");
    checked.says("from this day on");
    assert_eq!(
        standing(&sandbox, &lines, "roster_entry").await.iter().filter(|(state, _)| state == "open").count(),
        3,
        "a check changes nothing"
    );
    let entered = sent(&director, &entry, &[&[("action", "send")], &common[..]].concat()).await;
    director.post(&entry, &borrowed(&entered)).await.ok(200).says("Every row of this table is done");
    // Sent again by a reload, it is done once.
    director.post(&entry, &borrowed(&entered)).await.ok(200).says("3 rows are done");

    decided(&sandbox, &director, &lines).await;
    sandbox.stop().await;
}

/// The list that was entered is decided on: one row is accepted, one refused and mended, one left.
async fn decided(sandbox: &Sandbox, director: &Browser, lines: &[String]) {
    let table = format!("/bulk/{PROGRAM}/attribution/cohort_decision");
    director.get(&table).await.ok(403);
    let officer = Browser::of(sandbox, "chief_operating_officer").await;
    let shown = officer.get(&table).await.ok(200);
    shown.says("Serious mental illness");
    let rows = PARTICIPANTS.map(|participant| row_of(&shown.text, participant));
    let (active, pending, left) = (format!("r{}", rows[0]), format!("r{}", rows[1]), format!("r{}", rows[2]));
    let own = [
        (format!("{active}.outcome"), "active".to_owned()),
        (format!("{pending}.outcome"), "pending_clarification".to_owned()),
        (format!("{pending}.a.pending_clarification.question"), "Which <date>?".to_owned()),
        (format!("{left}.f.next_checkpoint_date"), "2026-02-02".to_owned()),
    ];
    let mut decided =
        sent(&officer, &table, &[("action", "send"), ("all.f.control_status", "in_control"), ("all.f.next_checkpoint_date", "2026-01-19")])
            .await;
    decided.extend(own);
    let refused = officer.post(&table, &borrowed(&decided)).await.ok(422);
    refused.says("1 row is done");
    refused.says("BK-1: Active");
    refused.says("A person is named who will clear up the question");
    refused.says("Which &#60;date&#62;?");
    refused.says("value=\"2026-02-02\"");
    let open = (json!("open"), Value::Null);
    assert_eq!(standing(sandbox, lines, "cohort_decision").await, [(json!("completed"), json!("active")), open.clone(), open]);

    // The row that was refused is mended where it stands.
    let mut mended: Vec<(String, String)> =
        ["r1.task", "r1.revision", "r2.task", "r2.revision"].map(|name| (name.to_owned(), refused.hidden(name))).into();
    let row = format!("r{}", row_of(&refused.text, "BK-2"));
    mended.extend([
        ("action".to_owned(), "send".to_owned()),
        ("once".to_owned(), refused.hidden("once")),
        (format!("{row}.outcome"), "pending_clarification".to_owned()),
        (format!("{row}.f.control_status"), "in_control".to_owned()),
        (format!("{row}.f.next_checkpoint_date"), "2026-01-19".to_owned()),
        (format!("{row}.a.pending_clarification.owner"), "payer_relations".to_owned()),
        (format!("{row}.a.pending_clarification.deadline"), "2026-01-07T12:00".to_owned()),
        (format!("{row}.a.pending_clarification.question"), "Which <date>?".to_owned()),
    ]);
    officer.post(&table, &borrowed(&mended)).await.ok(200).says("BK-2: Pending clarification");
    let still = officer.get(&table).await.ok(200);
    assert!(still.text.contains("> BK-3</label>") && !still.text.contains("> BK-1</label>") && !still.text.contains("> BK-2</label>"));
    let nothing = sent_nothing(&still);
    officer.post(&table, &borrowed(&nothing)).await.ok(422).says("Tick the rows you mean");
}

fn sent_nothing(shown: &super::browser::Shown) -> Vec<(String, String)> {
    let kept = ["once", "r1.task", "r1.revision"].map(|name| (name.to_owned(), shown.hidden(name)));
    kept.into_iter().chain([("action".to_owned(), "send".to_owned())]).collect()
}
