//! `proviso check <definition…>`: everything that is wrong with definition, rehearsal and calendar files.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::Datelike;
use serde_json::{Value, json};

use super::outcome::{Answer, Unusable, tell};
use crate::definitions;
use crate::domain::definition::{Program, Step};
use crate::rehearsal::{Misread, Script};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Definition files (.yaml), rehearsals (.rehearsal.yaml), calendars, or folders of them
    #[arg(required = true, value_name = "DEFINITION")]
    files: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// 1 when a file has faults.
pub fn run(args: &Args) -> ExitCode {
    tell(check(&args.files), args.json)
}

fn check(given: &[PathBuf]) -> Result<Answer, Unusable> {
    let mut files = Vec::new();
    for path in given {
        collect(path, &mut files)?;
    }
    let mut lines = Vec::new();
    let mut shown = Vec::new();
    let mut faults = 0;
    for path in &files {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| Unusable(format!("{name}: {error}")))?;
        let checked = match kind(path, &text) {
            Kind::Rehearsal => rehearsal(&text, &name),
            Kind::Calendar => calendar(&text, &name),
            Kind::Program => definition(&text, &name),
        };
        faults += checked.faults.len();
        let entries: Vec<Value> = checked.faults.iter().map(|fault| fault.json.clone()).collect();
        match checked.summary {
            Some((text, mut summary)) => {
                lines.push(format!("{name}: {text}"));
                summary["file"] = json!(name);
                summary["faults"] = json!(entries);
                shown.push(summary);
            }
            None => {
                lines.extend(checked.faults.into_iter().map(|fault| fault.text));
                shown.push(json!({ "file": name, "faults": entries }));
            }
        }
    }
    Ok(Answer { text: lines.join("\n"), json: json!({ "files": shown, "faults": faults }), has_findings: faults > 0 })
}

/// The file itself, or every file below the folder that could be meant, in order.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Unusable> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let unreadable = |error: std::io::Error| Unusable(format!("{}: {error}", path.display()));
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        entries.push(entry.map_err(unreadable)?.path());
    }
    entries.retain(|entry| entry.is_file() && entry.extension().is_some_and(|extension| extension == "yaml" || extension == "yml"));
    entries.sort();
    if entries.is_empty() {
        return Err(Unusable(format!("{}: the folder holds no .yaml file", path.display())));
    }
    files.append(&mut entries);
    Ok(())
}

/// What a file defines.
enum Kind {
    Program,
    Rehearsal,
    Calendar,
}

/// A rehearsal by its name, a calendar by its first key.
fn kind(path: &Path, text: &str) -> Kind {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or_default();
    if name.ends_with(".rehearsal.yaml") || name.ends_with(".rehearsal.yml") {
        Kind::Rehearsal
    } else if first.starts_with("calendar:") {
        Kind::Calendar
    } else {
        Kind::Program
    }
}

/// What came of one file.
struct Checked {
    /// None: it has faults.
    summary: Option<(String, Value)>,
    faults: Vec<Fault>,
}

struct Fault {
    text: String,
    json: Value,
}

fn definition(text: &str, name: &str) -> Checked {
    match definitions::read(text, name, definitions::calendars::built_in()) {
        Ok(parsed) => Checked { summary: Some(summary(&parsed.program)), faults: Vec::new() },
        Err(faults) => {
            let faults = faults.iter().map(|fault| Fault { text: fault.to_string(), json: json!(fault) }).collect();
            Checked { summary: None, faults }
        }
    }
}

fn calendar(text: &str, name: &str) -> Checked {
    match definitions::calendars::read_calendar(text, name, definitions::calendars::built_in()) {
        Ok(found) => {
            let days = found.holidays_of(found.last.year()).count();
            let says = format!("calendar {}, known {} to {}, {days} days off in its last year", found.version, found.first, found.last);
            let json = json!({ "calendar": found.version, "first": found.first, "last": found.last });
            Checked { summary: Some((says, json)), faults: Vec::new() }
        }
        Err(faults) => {
            let faults = faults.iter().map(|fault| Fault { text: fault.to_string(), json: json!(fault) }).collect();
            Checked { summary: None, faults }
        }
    }
}

fn rehearsal(text: &str, name: &str) -> Checked {
    match Script::read(text) {
        Ok(script) => {
            let (program, actions) = (&script.rehearsal, script.actions.len());
            let text = format!("rehearsal of {program}, {}", count(actions, "action"));
            Checked { summary: Some((text, json!({ "rehearsal": program, "actions": actions }))), faults: Vec::new() }
        }
        Err(Misread { line, col, message }) => {
            let text = format!("{name}:{line}:{col}: malformed: {message}");
            let json = json!({ "file": name, "line": line, "col": col, "code": "malformed", "message": message, "suggestion": null });
            Checked { summary: None, faults: vec![Fault { text, json }] }
        }
    }
}

fn summary(program: &Program) -> (String, Value) {
    let steps: Vec<&Step> = program.workflows.values().flat_map(|workflow| workflow.steps.values()).collect();
    let sum = |of: fn(&Step) -> usize| steps.iter().map(|step| of(step)).sum::<usize>();
    let counts = [
        ("workflow", program.workflows.len()),
        ("step", steps.len()),
        ("field", sum(|step| step.fields.len())),
        ("gate", sum(|step| step.gates.len())),
        ("check", sum(|step| step.checks.len())),
    ];
    let listed: Vec<String> = counts.iter().map(|(word, number)| count(*number, word)).collect();
    let text = format!("{} version {}: {}", program.program, program.version, listed.join(", "));
    let mut json = json!({ "program": program.program, "version": program.version });
    for (word, number) in counts {
        json[format!("{word}s")] = json!(number);
    }
    (text, json)
}

fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}
