//! I5, second half: rows are derived from documents, so a row that says something else was half written.

use std::collections::BTreeSet;

use serde_json::Value;
use uuid::Uuid;

use super::snapshot::{Snapshot, id, millis, parse};

/// Rows of tasks, clocks, timers and breaches say what the documents of their instances say, and nothing runs that its
/// document does not hold.
pub fn rows_and_documents_agree(snapshot: &Snapshot) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut held: BTreeSet<Uuid> = BTreeSet::new();
    for row in &snapshot.instances {
        let document = parse(&row.document);
        let says = (document["state"].as_str(), document["revision"].as_i64(), id(&document["id"]));
        if says != (Some(row.state.as_str()), Some(row.revision), Some(row.id)) {
            wrong.push(format!("the instance {} is {}, its document {says:?}", row.id, row.state));
        }
        for part in ["tasks", "clocks", "timers", "breaches"] {
            let items = document[part].as_array().cloned().unwrap_or_default();
            held.extend(items.iter().filter_map(|item| id(&item["id"])));
            wrong.extend(items.iter().filter_map(|item| differs(snapshot, part, item).map(|why| format!("{}: {part} {why}", row.id))));
        }
    }
    let tasks = snapshot.tasks.iter().filter(|task| matches!(task.state.as_str(), "open" | "claimed" | "paused")).map(|task| task.id);
    let clocks = snapshot.clocks.iter().filter(|clock| matches!(clock.state.as_str(), "running" | "paused")).map(|clock| clock.id);
    let running = tasks.chain(clocks).chain(snapshot.armed().map(|timer| timer.id));
    wrong.extend(running.filter(|id| !held.contains(id)).map(|id| format!("{id} runs and is in no document")));
    wrong
}

/// Whether what a row keeps beside its columns stands in the part of the document as well.
fn agrees(rest: &str, item: &Value) -> bool {
    parse(rest).as_object().is_some_and(|rest| rest.iter().all(|(name, value)| item[name] == *value))
}

/// What a part of a document and its row disagree on.
fn differs(snapshot: &Snapshot, part: &str, item: &Value) -> Option<String> {
    let Some(known) = id(&item["id"]) else { return Some(format!("{item} has no id")) };
    let agrees = match part {
        "tasks" => snapshot.task(known).map(|row| {
            let columns = (row.state.as_str(), row.due_at, row.closed_at, row.assignee.as_deref());
            columns == (text(item, "state"), millis(&item["due_at"]), millis(&item["closed_at"]), item["assignee"].as_str())
                && agrees(&row.document, item)
        }),
        "clocks" => snapshot.clock(known).map(|row| {
            let columns = (row.state.as_str(), Some(row.generation), Some(row.due_at), row.next_at, Some(row.task_id));
            let next = millis(&item["next"]["at"]);
            let runs = row.state != "running"
                || snapshot
                    .armed()
                    .any(|timer| timer.instance_id == row.instance_id && Some(timer.due_at) == next && holds(snapshot, row, timer.id));
            columns == (text(item, "state"), item["generation"].as_i64(), millis(&item["due_at"]), next, id(&item["task"]))
                && agrees(&row.document, item)
                && runs
        }),
        "timers" => snapshot.timers.iter().find(|row| row.id == known).map(|row| {
            (row.state.as_str(), Some(row.generation), Some(row.due_at)) == ("armed", item["generation"].as_i64(), millis(&item["due_at"]))
        }),
        _ => snapshot.breaches.iter().find(|row| row.id == known).map(|row| {
            let columns = (Some(row.clock_id), Some(row.task_id), Some(row.due_at), Some(row.detected_at), row.completed_at);
            columns
                == (
                    id(&item["clock"]),
                    id(&item["task"]),
                    millis(&item["due_at"]),
                    millis(&item["detected_at"]),
                    millis(&item["completed_at"]),
                )
        }),
    };
    match agrees {
        Some(true) => None,
        Some(false) => Some(format!("{known} says {item}, its row something else")),
        None => Some(format!("{known} has no row")),
    }
}

/// Whether the timer is the one of this clock.
fn holds(snapshot: &Snapshot, clock: &entity::clock::Model, timer: Uuid) -> bool {
    let Some(instance) = snapshot.instances.iter().find(|instance| instance.id == clock.instance_id) else { return false };
    let document = parse(&instance.document);
    let mut timers = document["timers"].as_array().into_iter().flatten();
    timers.any(|armed| id(&armed["id"]) == Some(timer) && id(&armed["kind"]["rung"]) == Some(clock.id))
}

fn text<'a>(item: &'a Value, key: &str) -> &'a str {
    item[key].as_str().unwrap_or_default()
}
