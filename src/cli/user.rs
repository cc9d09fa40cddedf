//! `proviso user add`: somebody who may sign in.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::open;
use super::outcome::{Answer, Unusable, refused, tell};
use crate::config::database;
use crate::ids::{ProgramId, RoleId};
use crate::service::people::{self, Person};
use crate::service::{Error, Services};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Adds a person. The password is read from standard input unless a flag says otherwise
    Add(Box<Add>),
}

#[derive(Debug, clap::Args)]
struct Add {
    /// What the person signs in with: a-z, 0-9, _, . and -
    username: String,
    /// The person's name, as others see it
    #[arg(long)]
    name: String,
    /// Where notices go; without it the person gets none
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// A role of a published program; may be given several times
    #[arg(long = "role", value_name = "PROGRAM:ROLE")]
    roles: Vec<String>,
    /// May publish programs and manage everything
    #[arg(long)]
    administrator: bool,
    /// May read everything, and the audit streams
    #[arg(long)]
    auditor: bool,
    /// May import sources, start instances and manage webhooks
    #[arg(long)]
    integrator: bool,
    /// Read the password from the first line of a file
    #[arg(long, value_name = "FILE", conflicts_with = "generate_password")]
    password_file: Option<PathBuf>,
    /// Make a password and print it, once
    #[arg(long)]
    generate_password: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: database::Args,
}

/// Prints whom it added; 1 with everything that is wrong with them.
pub async fn run(args: Args) -> ExitCode {
    let Action::Add(add) = args.action;
    let json = add.json;
    tell(create(*add).await, json)
}

async fn create(add: Add) -> Result<Answer, Unusable> {
    let wanted = add.roles.iter().map(|text| role(text)).collect::<Result<Vec<_>, _>>()?;
    let services = open::services(open::existing(add.database).await?).await?;
    let faults = unknown_roles(&services, &wanted).await?;
    if !faults.is_empty() {
        let errors: Vec<_> = faults.iter().map(|message| json!({ "kind": "field", "id": "role", "message": message })).collect();
        return Ok(Answer::faults(faults.iter().map(|fault| format!("role: {fault}")), json!({ "errors": errors })));
    }
    let password = match (add.generate_password, &add.password_file) {
        (true, _) => generated(),
        (false, Some(file)) => from_file(file)?,
        (false, None) => from_input(&add.username)?,
    };
    let mut roles: BTreeMap<ProgramId, BTreeSet<RoleId>> = BTreeMap::new();
    for (program, role) in wanted {
        roles.entry(program).or_default().insert(role);
    }
    let person = Person {
        username: add.username,
        name: add.name,
        email: add.email,
        administrator: add.administrator,
        auditor: add.auditor,
        integrator: add.integrator,
        roles,
    };
    match people::create(&services, person, password.clone()).await {
        Ok(username) if add.generate_password => Ok(Answer::fine(
            format!("{username} was added with this password, which is not shown again:\n{password}"),
            json!({ "username": username, "password": password }),
        )),
        Ok(username) => Ok(Answer::fine(format!("{username} was added"), json!({ "username": username }))),
        Err(error) => refused(error),
    }
}

fn role(text: &str) -> Result<(ProgramId, RoleId), Unusable> {
    match text.split_once(':') {
        Some((program, role)) if !program.is_empty() && !role.is_empty() => Ok((program.into(), role.into())),
        _ => {
            Err(Unusable(format!("--role {text}: write the program, a colon and the role, for example oxygen_continuity:quality_director")))
        }
    }
}

/// What is wrong with the roles asked for: a role that no program has would never see a task.
async fn unknown_roles(services: &Services, wanted: &[(ProgramId, RoleId)]) -> Result<Vec<String>, Unusable> {
    let mut faults = Vec::new();
    for (program, role) in wanted {
        match services.programs.latest(program).await {
            Ok(published) if published.program.roles.contains_key(role) => {}
            Ok(published) => {
                let known: Vec<_> = published.program.roles.keys().map(RoleId::as_str).collect();
                faults.push(format!("{program} has no role {role}; it has: {}", known.join(", ")));
            }
            Err(Error::NotFound) => faults.push(format!("no program {program} is published in this database")),
            Err(error) => return refused(error).map(|_| Vec::new()),
        }
    }
    Ok(faults)
}

/// 128 random bits as 22 characters that can be typed.
fn generated() -> String {
    let bytes: [u8; 16] = rand::random();
    URL_SAFE_NO_PAD.encode(bytes)
}

fn from_file(file: &Path) -> Result<String, Unusable> {
    let text = std::fs::read_to_string(file).map_err(|error| Unusable(format!("{}: {error}", file.display())))?;
    first_line(&text).ok_or_else(|| Unusable(format!("{}: the first line is empty", file.display())))
}

fn from_input(username: &str) -> Result<String, Unusable> {
    let input = std::io::stdin();
    if input.is_terminal() {
        let _ = write!(std::io::stderr(), "password of {username}, shown while you type: ");
    }
    let mut text = String::new();
    input.lock().read_line(&mut text).map_err(|error| Unusable(format!("the password cannot be read: {error}")))?;
    first_line(&text).ok_or_else(|| {
        Unusable("there is no password on standard input: pipe it in, or use --password-file or --generate-password".to_owned())
    })
}

/// The line without its end, and nothing else taken off.
fn first_line(text: &str) -> Option<String> {
    text.lines().next().filter(|line| !line.is_empty()).map(str::to_owned)
}
