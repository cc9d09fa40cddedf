//! `proviso audit export` and `proviso audit verify`: evidence that leaves the machine, and whether it is whole.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::open;
use super::outcome::{Answer, Unusable, tell};
use crate::config::database;
use crate::domain::audit::export::Reader;
use crate::domain::audit::verify::Report;
use crate::service::audit::{export, verify};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Writes every audit entry into one file that can be checked anywhere
    Export(Box<Export>),
    /// Looks for what was changed, left out, put in or moved
    Verify(Box<Verify>),
}

#[derive(Debug, clap::Args)]
struct Export {
    /// The file to write; what was there is replaced when the export is whole
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: database::Args,
}

#[derive(Debug, clap::Args)]
struct Verify {
    /// An export, which is checked without a database; without it the database itself is checked
    file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: database::Args,
}

/// 1 when something was found.
pub async fn run(args: Args) -> ExitCode {
    match args.action {
        Action::Export(args) => {
            let json = args.json;
            tell(write(*args).await, json)
        }
        Action::Verify(args) => {
            let json = args.json;
            tell(check(*args).await, json)
        }
    }
}

async fn write(args: Export) -> Result<Answer, Unusable> {
    let store = open::existing(args.database).await?;
    let failed = |error: std::io::Error| Unusable(format!("{}: {error}", args.out.display()));
    // Under its own name only when it is whole: a half export must not be taken for one.
    let mut name = args.out.clone().into_os_string();
    name.push(".part");
    let part = PathBuf::from(name);
    let mut out = BufWriter::new(File::create(&part).map_err(failed)?);
    let written = match export::export(&store, env!("CARGO_PKG_VERSION"), &mut out).await {
        Ok(written) => written,
        Err(error) => {
            let _ = std::fs::remove_file(&part);
            return Err(Unusable::new(error));
        }
    };
    out.flush().and_then(|()| out.get_ref().sync_all()).and_then(|()| std::fs::rename(&part, &args.out)).map_err(failed)?;
    store.close().await?;
    let (entries, streams, sha256) = (written.end.entries, written.end.heads.len(), &written.end.sha256);
    let text = format!(
        "{}: {entries} entries of {streams} streams, sha256 {sha256}\nKeep that hash elsewhere: the file alone cannot show that it was written anew as a whole.",
        args.out.display()
    );
    let json = json!({
        "file": args.out, "entries": entries, "streams": streams, "sha256": sha256, "up_to_position": written.up_to_position,
    });
    Ok(Answer::fine(text, json))
}

async fn check(args: Verify) -> Result<Answer, Unusable> {
    match &args.file {
        Some(file) => {
            let (report, sha256) = read(file)?;
            let beside = sha256.as_ref().map(|sha256| format!("sha256 {sha256}"));
            let mut answer = answer(&report, beside);
            answer.json["sha256"] = json!(sha256);
            Ok(answer)
        }
        None => {
            let store = open::existing(args.database).await?;
            let report = verify::verify(&store).await?;
            store.close().await?;
            let mut answer = answer(&report, Some(format!("{} records", report.records)));
            answer.json["records"] = json!(report.records);
            Ok(answer)
        }
    }
}

/// Reads an export line by line.
fn read(file: &Path) -> Result<(Report, Option<String>), Unusable> {
    let failed = |error: std::io::Error| Unusable(format!("{}: {error}", file.display()));
    let mut input = BufReader::new(File::open(file).map_err(failed)?);
    let mut reader = Reader::default();
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line).map_err(failed)? > 0 {
        reader.line(&line);
        line.clear();
    }
    let sha256 = reader.sha256();
    Ok((reader.finish(), sha256))
}

fn answer(report: &Report, beside: Option<String>) -> Answer {
    let Report { entries, streams, records: _, findings } = report;
    let mut lines: Vec<String> = findings.listed.iter().map(ToString::to_string).collect();
    let more = findings.total - findings.listed.len() as u64;
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    let verdict = match findings.total {
        0 => "nothing was changed".to_owned(),
        1 => "1 finding".to_owned(),
        total => format!("{total} findings"),
    };
    let beside = beside.map(|beside| format!(", {beside}")).unwrap_or_default();
    lines.push(format!("{entries} entries of {streams} streams{beside}: {verdict}"));
    let json = json!({ "entries": entries, "streams": streams, "findings": findings.total, "listed": findings.listed });
    Answer { text: lines.join("\n"), json, has_findings: findings.total > 0 }
}
