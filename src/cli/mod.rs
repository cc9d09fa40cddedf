//! The command line: one subcommand a file. Exit code 0 is fine, 1 means findings, 2 means it was not used right.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line answers on its standard streams")]

mod audit;
mod calendar;
mod check;
mod deadline;
mod import;
mod mail;
mod migrate;
mod open;
mod openapi;
mod outcome;
mod rehearse;
mod serve;
mod timers;
mod token;
mod user;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::file;

/// Workflow orchestration server with a deadline scheduler. Without a subcommand it serves a sandbox.
#[derive(Debug, Parser)]
#[command(name = "proviso", version, about)]
struct Cli {
    #[command(flatten)]
    file: file::Args,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the API and the pages, fires timers and sends notices
    Serve(Box<serve::Args>),
    /// Runs a program's rehearsal at full speed on a moved clock and prints the story
    Rehearse(rehearse::Args),
    /// Tells everything that is wrong with definition and rehearsal files
    Check(check::Args),
    /// Says when something would be due, and why
    Deadline(deadline::Args),
    /// Helps to write calendars
    Calendar(calendar::Args),
    /// Imports a version of a program's reference data
    Import(Box<import::Args>),
    /// Shows what mails look like
    Mail(mail::Args),
    /// Brings the database to the present schema
    Migrate(Box<migrate::Args>),
    /// Adds people
    User(user::Args),
    /// Makes API tokens
    Token(token::Args),
    /// Prints the description of the API
    Openapi(openapi::Args),
    /// Tells which timers failed or are late, and has them tried again
    Timers(timers::Args),
    /// Exports and verifies the audit streams
    Audit(audit::Args),
}

/// The description of the command line, with every setting.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    // An error says that a provider is installed already, which is all that is needed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.len() <= 1 {
        arguments.extend([OsString::from("serve"), OsString::from("--sandbox")]);
    }
    let command = match file::apply(command(), arguments.iter().cloned()) {
        Ok(command) => command,
        Err(faults) => {
            eprintln!("{faults}");
            return ExitCode::from(2);
        }
    };
    let cli = match command.try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the runtime cannot be started: {error}");
            return ExitCode::from(2);
        }
    };
    match cli.command {
        Some(Command::Serve(args)) => runtime.block_on(serve::run(*args)),
        Some(Command::Rehearse(args)) => runtime.block_on(rehearse::run(args)),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Deadline(args)) => deadline::run(args),
        Some(Command::Calendar(args)) => calendar::run(&args),
        Some(Command::Import(args)) => runtime.block_on(import::run(*args)),
        Some(Command::Mail(args)) => mail::run(&args),
        Some(Command::Migrate(args)) => runtime.block_on(migrate::run(*args)),
        Some(Command::User(args)) => runtime.block_on(user::run(args)),
        Some(Command::Token(args)) => runtime.block_on(token::run(args)),
        Some(Command::Openapi(args)) => openapi::run(&args),
        Some(Command::Timers(args)) => runtime.block_on(timers::run(args)),
        Some(Command::Audit(args)) => runtime.block_on(audit::run(args)),
        None => ExitCode::from(2),
    }
}
