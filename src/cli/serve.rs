//! `proviso serve`, which is also what the program does without a subcommand (then as a sandbox).

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use crate::app::{Kind, Server, people};
use crate::config::{Config, Fault, Faults, Settings};
use crate::failpoint::{self, Armed};
use crate::instant::Instant;
use crate::telemetry;

const DIE_AT: &str = "PROVISO_DIE_AT";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run a sandbox: made-up people, sample sources, captured mail, a clock that can be moved
    #[arg(long)]
    pub sandbox: bool,
    /// Where the sandbox's clock starts, for example 2026-01-05T13:00:00Z; default: now, or where it stood
    #[arg(long, value_name = "INSTANT", requires = "sandbox")]
    pub clock: Option<Instant>,
    /// Let a sandbox die where it is most likely to leave something half done, for example before_commit:3 (tests)
    #[arg(long, env = DIE_AT, value_name = "PLACE")]
    pub die_at: Option<String>,
    #[command(flatten)]
    pub settings: Settings,
}

/// Serves until it is told to stop.
pub async fn run(args: Args) -> ExitCode {
    let kind = if args.sandbox { Kind::Sandbox { clock: args.clock } } else { Kind::Live };
    let mut faults = Faults::default();
    let armed = faults.note(armed(args.die_at.as_deref(), kind));
    let (Some(config), Some(armed)) = (faults.collect(args.settings.resolve()), armed) else { return refuse(&faults) };
    if let Err(error) = telemetry::init(&config.log) {
        eprintln!("the log cannot be opened: {error}");
        return ExitCode::from(2);
    }
    if matches!(kind, Kind::Sandbox { .. }) && !config.http.listen.ip().is_loopback() {
        eprintln!("a sandbox listens on this machine only: its passwords are known; choose a loopback address with --listen");
        return ExitCode::from(2);
    }
    if let Some(armed) = armed {
        failpoint::arm(armed);
    }
    serve(config, kind).await
}

/// The place to die at, which only a sandbox may have.
fn armed(place: Option<&str>, kind: Kind) -> Result<Option<Armed>, Fault> {
    let Some(place) = place.filter(|place| !place.is_empty()) else { return Ok(None) };
    match kind {
        Kind::Live => Err(Fault::new(DIE_AT, "is for sandboxes only; take it away, or add --sandbox")),
        Kind::Sandbox { .. } => place.parse().map(Some).map_err(|why: String| Fault::new(DIE_AT, why)),
    }
}

fn refuse(faults: &Faults) -> ExitCode {
    eprintln!("{faults}");
    ExitCode::from(2)
}

async fn serve(config: Config, kind: Kind) -> ExitCode {
    let (mut interrupt, mut terminate) = match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        (Ok(interrupt), Ok(terminate)) => (interrupt, terminate),
        (Err(error), _) | (_, Err(error)) => {
            eprintln!("signals cannot be received: {error}");
            return ExitCode::from(2);
        }
    };
    let mut server = match Server::start(config, kind).await {
        Ok(server) => server,
        Err(error) => {
            eprintln!("the server cannot start: {error}");
            return ExitCode::from(2);
        }
    };
    println!("listening on http://{}", server.address);
    if matches!(kind, Kind::Sandbox { .. }) {
        println!("sandbox: sign in as any role, for example respiratory_continuity_manager, with the password {}", people::PASSWORD);
    }
    let failed = tokio::select! {
        ended = server.ended() => ended.err(),
        _ = interrupt.recv() => None,
        _ = terminate.recv() => None,
    };
    server.stop().await;
    match failed {
        None => ExitCode::SUCCESS,
        Some(error) => {
            eprintln!("the web server failed: {error}");
            ExitCode::from(1)
        }
    }
}
