//! What must hold of a database after any crash, one function an invariant. Each returns what it found wrong, in words.
//!
//! They read rows and texts, not the product's own types, so that a fault in those does not hide itself.

use std::collections::{BTreeMap, BTreeSet};

use proviso::instant::Instant;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::ledger::{Acknowledged, Goal};
use super::snapshot::{Snapshot, Told, millis};

const HOUR_MILLIS: i64 = 3_600_000;

/// I1: what a client was told is there: its instance, its completed task with one record, its reply. Nothing was done twice.
pub fn acknowledged_is_kept(snapshot: &Snapshot, acknowledged: &[Acknowledged]) -> Vec<String> {
    let mut wrong = Vec::new();
    let replies: BTreeSet<_> = snapshot.replies.iter().map(|row| (row.username.as_str(), row.key.as_str(), row.status)).collect();
    for told in acknowledged {
        let name = &told.request.key;
        match &told.request.goal {
            Goal::Start { participant } => {
                let id = super::snapshot::id(&told.body["id"]);
                let found = snapshot.instances.iter().find(|row| Some(row.id) == id);
                if found.is_none_or(|row| row.one_per.as_ref() != Some(participant)) {
                    wrong.push(format!("{name}: the instance {id:?} of {participant} is gone"));
                }
            }
            Goal::Record { task } | Goal::Reject { task } => wrong.extend(completion_is_kept(snapshot, name, task, told)),
            Goal::Refused { .. } => continue,
        }
        if !replies.contains(&(told.request.who, name.as_str(), i32::from(told.status))) {
            wrong.push(format!("{name}: its reply is gone"));
        }
    }
    let mut episodes: BTreeMap<&str, usize> = BTreeMap::new();
    for participant in snapshot.instances.iter().filter_map(|row| row.one_per.as_deref()) {
        *episodes.entry(participant).or_default() += 1;
    }
    wrong.extend(episodes.iter().filter(|(_, count)| **count > 1).map(|(who, count)| format!("{who} was started {count} times")));
    wrong
}

fn completion_is_kept(snapshot: &Snapshot, name: &str, task: &str, told: &Acknowledged) -> Vec<String> {
    let mut wrong = Vec::new();
    let Some(row) = task.parse().ok().and_then(|id| snapshot.task(id)) else { return vec![format!("{name}: the task {task} is gone")] };
    if row.state != "completed" || row.completed_by.as_deref() != Some(told.request.who) {
        wrong.push(format!("{name}: the task {task} is {} by {:?}", row.state, row.completed_by));
    }
    let records = snapshot.records.iter().filter(|record| record.task_id == row.id).count();
    let events = snapshot.events.iter().filter(|told| told.kind == "task.completed" && told.id("task") == Some(row.id)).count();
    if (records, events) != (1, 1) {
        wrong.push(format!("{name}: the task {task} has {records} records and {events} completions"));
    }
    for opened in told.body["opened"].as_array().into_iter().flatten() {
        if super::snapshot::id(opened).is_none_or(|id| snapshot.task(id).is_none()) {
            wrong.push(format!("{name}: the task {opened} it opened is gone"));
        }
    }
    wrong
}

/// I2: nothing happened before its instant: no breach at or before its due instant, no escalation before its rung, no
/// firing before the instant its timer was armed for.
pub fn nothing_is_early(snapshot: &Snapshot) -> Vec<String> {
    let mut wrong = Vec::new();
    for told in &snapshot.events {
        let Some(due) = millis(&told.event["due_at"]) else { continue };
        let earliest = match told.kind.as_str() {
            "clock.breached" => due + 1,
            "clock.escalated" => due + offset_millis(told),
            "task.missed" => due + 1,
            _ => continue,
        };
        if told.at < earliest {
            wrong.push(format!("{} of {} at {}, {} ms early", told.kind, told.text("clock"), shown(told.at), earliest - told.at));
        }
    }
    for entry in snapshot.entries.iter().filter(|entry| entry.actor == "engine") {
        // A firing's command id begins with the instant its timer was armed for.
        let (high, _) = entry.command_id.as_u64_pair();
        let armed_for = i64::try_from(high >> 16).unwrap_or(i64::MAX);
        if entry.at < armed_for {
            wrong.push(format!("the timer of entry {}/{} fired {} ms early", entry.stream_id, entry.sequence, armed_for - entry.at));
        }
    }
    wrong
}

/// How long after `due_at` a rung `breach + N unit` fires for the n-th time; the ladders here repeat at the same distance.
fn offset_millis(told: &Told) -> i64 {
    let mut words = told.text("rung").split_whitespace().skip(2);
    let count: i64 = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let unit = match words.next().unwrap_or_default().trim_end_matches('s') {
        "hour" => HOUR_MILLIS,
        "day" => 24 * HOUR_MILLIS,
        _ => 0,
    };
    count * unit * told.number("repetition").max(1)
}

/// I3: no command twice, one firing per clock, generation, rung and repetition, one breach per clock and generation.
pub fn nothing_fires_twice(snapshot: &Snapshot) -> Vec<String> {
    let commands = snapshot.entries.iter().map(|entry| format!("command {}", entry.command_id));
    let firings = snapshot.events.iter().filter_map(|told| Some(format!("firing {}", told.firing()?)));
    let breached = snapshot.events.iter().filter(|told| told.kind == "clock.breached");
    let breached = breached.map(|told| format!("breach event {}/{}", told.text("clock"), told.number("generation")));
    let breaches = snapshot.breaches.iter().map(|breach| format!("breach {}/{}", breach.clock_id, breach.generation));
    twice(commands.chain(firings).chain(breached).chain(breaches))
}

fn twice(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.filter(|name| !seen.insert(name.clone())).map(|name| format!("{name} is there twice")).collect()
}

/// I4, at rest: no armed timer is overdue at `now`.
pub fn nothing_is_overdue(snapshot: &Snapshot, now: Instant) -> Vec<String> {
    let overdue = snapshot.armed().filter(|timer| timer.due_at <= now.millis());
    overdue.map(|timer| format!("the timer {} was due at {} and has not fired", timer.id, shown(timer.due_at))).collect()
}

/// I5, first half: every breach has its event and every event of one its breach; every clock belongs to a task.
pub fn breaches_and_events_agree(snapshot: &Snapshot) -> Vec<String> {
    let told: BTreeSet<(Option<Uuid>, Option<Uuid>)> =
        snapshot.events.iter().filter(|told| told.kind == "clock.breached").map(|told| (told.id("breach"), told.id("clock"))).collect();
    let rows: BTreeSet<_> = snapshot.breaches.iter().map(|breach| (Some(breach.id), Some(breach.clock_id))).collect();
    let untold = rows.difference(&told).map(|(id, _)| format!("the breach {id:?} has no event"));
    let lost = told.difference(&rows).map(|(id, _)| format!("the breach {id:?} was told and has no row"));
    let homeless = snapshot.clocks.iter().filter(|clock| snapshot.task(clock.task_id).is_none());
    untold.chain(lost).chain(homeless.map(|clock| format!("the clock {} has no task", clock.id))).collect()
}

/// I6: what is done is left alone: no rung is armed for a closed task, nothing fires after a task was closed, and
/// whoever completed in time has no breach.
pub fn the_done_is_left_alone(snapshot: &Snapshot) -> Vec<String> {
    let mut wrong = Vec::new();
    let armed: BTreeSet<Uuid> = snapshot.armed().map(|timer| timer.id).collect();
    for (instance, document) in snapshot.documents() {
        for timer in document["timers"].as_array().into_iter().flatten() {
            let clock = super::snapshot::id(&timer["kind"]["rung"]).and_then(|id| snapshot.clock(id));
            let Some(task) = clock.and_then(|clock| snapshot.task(clock.task_id)) else { continue };
            if super::snapshot::id(&timer["id"]).is_some_and(|id| armed.contains(&id)) && task.closed_at.is_some() && task.state != "missed"
            {
                wrong.push(format!("{instance}: the timer {} is armed for a task that is {}", timer["id"], task.state));
            }
        }
    }
    for breach in &snapshot.breaches {
        let Some(task) = snapshot.task(breach.task_id) else { continue };
        if task.state == "completed" && task.closed_at.is_some_and(|closed| closed <= breach.due_at) {
            wrong.push(format!("the task {} was completed in time and has the breach {}", task.id, breach.id));
        }
    }
    let mut closed: BTreeMap<Uuid, i64> = BTreeMap::new();
    for told in &snapshot.events {
        let Some(task) = told.id("task") else { continue };
        if matches!(told.kind.as_str(), "task.completed" | "task.cancelled") {
            closed.insert(task, told.sequence);
        } else if told.firing().is_some() && closed.get(&task).is_some_and(|sequence| *sequence < told.sequence) {
            wrong.push(format!("{} of the task {task} after it was closed", told.kind));
        }
    }
    wrong
}

/// I7: a notice is there once per fact, recipient and channel.
pub fn notices_are_unique(snapshot: &Snapshot) -> Vec<String> {
    let keys = snapshot.notices.iter().map(|notice| format!("notice {} {} {}", notice.fact, notice.recipient, notice.channel));
    twice(keys.chain(snapshot.notices.iter().map(|notice| format!("notice {}", notice.id))))
}

/// I7, at rest: every firing that tells somebody by mail has a notice, and every notice was sent, given up, or waits for
/// an instant after `now`.
pub fn notices_are_done(snapshot: &Snapshot, now: Instant) -> Vec<String> {
    let mut wrong = Vec::new();
    let facts: BTreeSet<&str> = snapshot.notices.iter().map(|notice| notice.fact.as_str()).collect();
    for told in &snapshot.events {
        let tells = told.event["tell"].as_array().into_iter().flatten();
        let mails = tells.filter(|tell| tell["by"].as_array().is_some_and(|by| by.iter().any(|by| by == "email"))).count();
        if let Some(fact) = told.firing().filter(|fact| mails > 0 && !facts.contains(fact.as_str())) {
            wrong.push(format!("nobody was told of {fact}"));
        }
    }
    for notice in &snapshot.notices {
        let done = match notice.state.as_str() {
            "sent" | "dead" | "suppressed" => true,
            "sending" => false,
            _ => notice.next_attempt_at > now.millis(),
        };
        if !done {
            wrong.push(format!("the notice {} is {} since {}", notice.id, notice.state, shown(notice.next_attempt_at)));
        }
    }
    wrong
}

/// I8: every stream is numbered from 1 without a gap, each entry's hash covers the one before and the stored text, and
/// the instance knows the end of its stream.
pub fn chains_verify(snapshot: &Snapshot) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut ends: BTreeMap<Uuid, (i64, &str)> = BTreeMap::new();
    for entry in &snapshot.entries {
        let (before, previous) = ends.get(&entry.stream_id).copied().unwrap_or((0, ""));
        let place = format!("entry {}/{}", entry.stream_id, entry.sequence);
        if entry.sequence != before + 1 {
            wrong.push(format!("{place} follows {before}"));
        }
        let digest = Sha256::new().chain_update(previous).chain_update([0]).chain_update(&entry.body).finalize();
        let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        if hash != entry.hash {
            wrong.push(format!("{place} has the hash {} and not {hash}", entry.hash));
        }
        let body = super::snapshot::parse(&entry.body);
        let says = (body["sequence"].as_i64(), body["previous"].as_str(), millis(&body["at"]), body["actor"].as_str());
        if says != (Some(entry.sequence), Some(previous), Some(entry.at), Some(&entry.actor)) {
            wrong.push(format!("{place} says {says:?}"));
        }
        ends.insert(entry.stream_id, (entry.sequence, &entry.hash));
    }
    for (instance, document) in snapshot.documents() {
        let says = (document["audit_sequence"].as_i64().unwrap_or(0), document["audit_head"].as_str().unwrap_or_default());
        if ends.get(&instance) != Some(&says) {
            wrong.push(format!("{instance} ends its stream at {says:?}, the entries at {:?}", ends.get(&instance)));
        }
    }
    wrong
}

/// I9: within a stream, business time does not go back.
pub fn time_does_not_go_back(snapshot: &Snapshot) -> Vec<String> {
    let pairs = snapshot.entries.iter().zip(snapshot.entries.iter().skip(1));
    let back = pairs.filter(|(one, next)| one.stream_id == next.stream_id && next.at < one.at);
    back.map(|(one, next)| format!("entry {}/{} is {} ms before the one before it", next.stream_id, next.sequence, one.at - next.at))
        .collect()
}

fn shown(millis: i64) -> String {
    Instant::clamped(millis).to_string()
}
