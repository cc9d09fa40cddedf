//! `proviso import <program> <source> <file>`: a new version of reference data, all rows or none.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::open;
use super::outcome::{Answer, Unusable, refused, tell};
use crate::config::database;
use crate::domain::command::Principal;
use crate::ids::{ProgramId, SourceId};
use crate::service::sources::{self, Format, MAX_BYTES};
use crate::service::{Error, Services, people};

/// Who an import without `--by` is written to. No username has a space in it.
const OPERATOR: &str = "command line";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The program, for example oxygen_continuity
    program: String,
    /// The source of the program
    source: String,
    /// A CSV file whose header names the columns, or a JSON array of objects (.json)
    file: PathBuf,
    /// The integrator or administrator who imports it; without it the version is marked as imported at the command line
    #[arg(long, value_name = "USERNAME")]
    by: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: database::Args,
}

/// Prints version, rows and hash; 1 with every bad value when there are some.
pub async fn run(args: Args) -> ExitCode {
    let json = args.json;
    tell(import(args).await, json)
}

async fn import(args: Args) -> Result<Answer, Unusable> {
    let bytes = read(&args.file)?;
    let format = if args.file.extension().is_some_and(|extension| extension == "json") { Format::Json } else { Format::Csv };
    let services = open::services(open::existing(args.database).await?).await?;
    let (program, source) = (ProgramId(args.program), SourceId(args.source));
    require_source(&services, &program, &source).await?;
    let who = principal(&services, args.by.as_deref()).await?;
    match sources::import(&services, &who, (&program, &source), (format, bytes), None).await {
        Ok(answer) => Ok(imported(answer.body.read())),
        Err(Error::Import(faults)) => Ok(bad_rows(&args.file, &faults)),
        Err(Error::RoleRequired(_)) => Err(Unusable(format!("{} is neither integrator nor administrator", who.username))),
        Err(error) => refused(error),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Unusable> {
    let bytes = std::fs::read(file).map_err(|error| Unusable(format!("{}: {error}", file.display())))?;
    if bytes.len() > MAX_BYTES {
        return Err(Unusable(format!("{} has {} bytes; an import has at most {MAX_BYTES}", file.display(), bytes.len())));
    }
    Ok(bytes)
}

/// Says what there is when program or source are not.
async fn require_source(services: &Services, program: &ProgramId, source: &SourceId) -> Result<(), Unusable> {
    let published = match services.programs.latest(program).await {
        Ok(published) => published,
        Err(Error::NotFound) => {
            let known = services.programs.list().await.map_err(Unusable::new)?;
            let known: Vec<_> = known.iter().map(|one| one.program.as_str()).collect();
            return Err(Unusable(format!("no program {program} is published here; there is: {}", listed(&known))));
        }
        Err(error) => return refused(error).map(|_| ()),
    };
    if published.program.sources.contains_key(source) {
        return Ok(());
    }
    let known: Vec<_> = published.program.sources.keys().map(SourceId::as_str).collect();
    Err(Unusable(format!("{program} has no source {source}; it has: {}", listed(&known))))
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

async fn principal(services: &Services, by: Option<&str>) -> Result<Principal, Unusable> {
    let Some(by) = by else {
        return Ok(Principal { username: OPERATOR.to_owned(), active: true, administrator: true, ..Principal::default() });
    };
    let username = people::normal_username(by).map_err(Unusable)?;
    let found = services.store.person(&username).await?;
    found.map(|(person, _)| person).ok_or_else(|| Unusable(format!("there is no person {username}")))
}

fn imported(version: Value) -> Answer {
    let text = format!(
        "{} version {}: {} rows, sha256 {}",
        version["source"].as_str().unwrap_or_default(),
        version["version"],
        version["rows"],
        version["sha256"].as_str().unwrap_or_default()
    );
    Answer::fine(text, version)
}

fn bad_rows(file: &Path, faults: &[Value]) -> Answer {
    let line = |fault: &Value| {
        let word = |key: &str| fault[key].as_str().unwrap_or_default().to_owned();
        let column = Some(word("column")).filter(|column| !column.is_empty()).map(|column| format!("{column}: ")).unwrap_or_default();
        format!("{}:{}: {}: {column}{}", file.display(), fault["row"], word("code"), word("message"))
    };
    let last = format!("{} faults; nothing was imported", faults.len());
    Answer::faults(faults.iter().map(line).chain([last]), json!({ "errors": faults }))
}
