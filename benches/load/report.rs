//! What a scenario found, as one line of JSON, and the figures of processes.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Bench;

/// Prints a scenario's line.
pub fn line(bench: &Bench, scenario: &str, figures: Value) {
    let mut all = Map::new();
    all.insert("scenario".to_owned(), json!(scenario));
    all.insert("backend".to_owned(), json!(bench.backend.name()));
    all.insert("scale".to_owned(), json!(bench.scale.of("small", "full")));
    if let Value::Object(figures) = figures {
        all.extend(figures);
    }
    all.insert("load_average".to_owned(), json!(load_average()));
    println!("{}", Value::Object(all));
}

/// Of how many processes others were waiting or running, over the last minute.
fn load_average() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0.0)
}

/// p50, p99 and the largest of some values.
pub fn spread(values: &mut [f64]) -> Value {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get((values.len().saturating_sub(1) as f64 * share).round() as usize).copied().map(rounded);
    json!({ "p50": at(0.5), "p99": at(0.99), "max": at(1.0) })
}

/// Three digits behind the point.
pub fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// How many a second.
pub fn rate(count: usize, took: Duration) -> f64 {
    (count as f64 / took.as_secs_f64()).round()
}

/// Processor seconds used so far by the server, by the database's processes and by this one.
#[derive(Debug, Clone, Copy)]
pub struct Processors {
    server: f64,
    database: f64,
    generator: f64,
}

impl Processors {
    /// A server that is not there yet is process 0.
    pub fn now(bench: &Bench, server: u32) -> Self {
        Self {
            server: seconds_of(server, false),
            database: bench.database_process().map_or(0.0, family),
            generator: seconds_of(std::process::id(), false),
        }
    }

    /// What was used since, in seconds.
    pub fn since(self, bench: &Bench, server: u32) -> Value {
        let now = Self::now(bench, server);
        let mut used = json!({ "server": rounded(now.server - self.server), "generator": rounded(now.generator - self.generator) });
        if bench.database_process().is_some() {
            used["database"] = json!(rounded(now.database - self.database));
        }
        used
    }
}

/// A process with its children, those that have ended among them.
fn family(process: u32) -> f64 {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let children = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(|id| parent_of(*id) == Some(process));
    seconds_of(process, true) + children.map(|id| seconds_of(id, true)).sum::<f64>()
}

fn fields_of(process: u32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in the second field may hold blanks.
    Some(text.rsplit_once(") ")?.1.split(' ').map(str::to_owned).collect())
}

fn parent_of(process: u32) -> Option<u32> {
    fields_of(process)?.get(1)?.parse().ok()
}

fn seconds_of(process: u32, with_ended_children: bool) -> f64 {
    let Some(fields) = fields_of(process) else { return 0.0 };
    let last = if with_ended_children { 14 } else { 12 };
    let ticks: f64 = fields.get(11..=last).into_iter().flatten().filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / 100.0
}
