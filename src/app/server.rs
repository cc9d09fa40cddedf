//! A running server: migrated, furnished where it is a sandbox, its loops started, its port open.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::loops::CLOCK_OFFSET;
use super::{Installation, Setting, hints, neighbours, retention};
use crate::clock::Clock;
use crate::config::Config;
use crate::config::database::Target;
use crate::failpoint::{Point, reach};
use crate::http::rates::Rates;
use crate::http::{self, Site, Wiring};
use crate::ids::IdSource;
use crate::instant::Instant;
use crate::outbox::{AddressPolicy, Captured, Mailer, Smtp};
use crate::scheduler::{Pace, Pulse};
use crate::store::{self, InstallationKind, Store};
use crate::{config, service};

/// What kind of server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Real time, real mail, real people.
    Live,
    /// A moveable clock that starts here (at wall time when none), captured mail, made-up people.
    Sandbox { clock: Option<Instant> },
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{0}")]
    Store(#[from] store::Error),
    #[error("{0}")]
    Service(#[from] service::Error),
    #[error("cannot listen on {address}: {why}")]
    Listen { address: SocketAddr, why: std::io::Error },
    #[error("{0}")]
    Other(String),
}

/// A server that answers requests until it is stopped.
pub struct Server {
    pub address: SocketAddr,
    pub installation: Installation,
    handle: Option<ServerHandle>,
    running: tokio::task::JoinHandle<std::io::Result<()>>,
    pulse: Option<Pulse>,
    tracker: TaskTracker,
    stop: CancellationToken,
    /// Removed when the server has stopped.
    throw_away: Option<PathBuf>,
}

impl Server {
    /// Starts a server: when this returns, it answers.
    pub async fn start(config: Config, kind: Kind) -> Result<Self, StartError> {
        let listener = listen(&config)?;
        let address = listener.local_addr().map_err(|why| StartError::Listen { address: config.http.listen, why })?;
        let (url, throw_away) = database(&config, kind)?;
        let store = Store::connect_with(&url, config.database.max_connections).await?;
        store.migrate().await?;
        store
            .claim_installation(match kind {
                Kind::Live => InstallationKind::Live,
                Kind::Sandbox { .. } => InstallationKind::Sandbox,
            })
            .await?;
        reach(Point::BootRecovery);
        let clock = clock(&store, kind).await?;
        let installation = Installation::new(setting(&config, kind, store, clock, address)?)?;
        if matches!(kind, Kind::Sandbox { .. }) {
            installation.furnish(None).await?;
        }
        installation.services.calendars.refresh(&installation.services.store).await?;
        installation.services.programs.compile_all().await?;
        Self::run(config, installation, listener, address, throw_away).await
    }

    async fn run(
        config: Config,
        installation: Installation,
        listener: TcpListener,
        address: SocketAddr,
        throw_away: Option<PathBuf>,
    ) -> Result<Self, StartError> {
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let services = &installation.services;
        let mut pulse = None;
        if config.node.role.works() {
            services.store.free_outbox_leases(&config.node.id).await?;
            installation.loops.start(&tracker, &stop);
            let (store, wake, clock) = (services.store.clone(), services.wake.clone(), services.clock.clone());
            tracker.spawn(hints::listen(store, config.node.id.clone(), wake, clock, stop.clone()));
            let (store, wake, clock) = (services.store.clone(), services.wake.clone(), services.clock.clone());
            tracker.spawn(neighbours::watch(store, config.node.id.clone(), wake, clock, stop.clone()));
            if let (Some(keep_days), None) = (config.database.keep_days, &services.sandbox) {
                let (store, clock) = (services.store.clone(), services.clock.clone());
                tracker.spawn(retention::run(store, clock, keep_days, stop.clone()));
            }
            pulse = Some(Pulse::start(services.wake.clone()).await.map_err(|error| StartError::Other(error.to_string()))?);
        }
        let (store, wake, clock) = (services.store.clone(), services.wake.clone(), services.clock.clone());
        tracker.spawn(hints::send(store, config.node.id.clone(), wake, clock, stop.clone()));
        let (loops, token) = (installation.loops.clone(), stop.clone());
        tracker.spawn(async move { loops.watch_calendars(token).await });
        let site = site(&config, &installation);
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        let server = http::serve(services.clone(), site, listener, workers).map_err(|why| StartError::Listen { address, why })?;
        let handle = server.handle();
        let running = tokio::spawn(server);
        Ok(Self { address, installation, handle: Some(handle), running, pulse, tracker, stop, throw_away })
    }

    /// Stops taking requests, lets those under way finish, ends the loops and closes the database.
    pub async fn stop(mut self) {
        if let Some(handle) = self.handle.take() {
            handle.stop(true).await;
        }
        reach(Point::ShutdownDrain);
        self.stop.cancel();
        if let Some(pulse) = self.pulse.take() {
            pulse.stop().await;
        }
        self.tracker.close();
        self.tracker.wait().await;
        if let Err(error) = self.installation.services.store.close().await {
            tracing::warn!(%error, "the database was not closed cleanly");
        }
        if let Some(folder) = self.throw_away.take() {
            // A folder that stays behind does no harm.
            let _ = std::fs::remove_dir_all(folder);
        }
    }

    /// Waits until the web server ends by itself, which it does only when it fails.
    pub async fn ended(&mut self) -> std::io::Result<()> {
        (&mut self.running).await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
    }
}

fn listen(config: &Config) -> Result<TcpListener, StartError> {
    let address = config.http.listen;
    let listener = TcpListener::bind(address).map_err(|why| StartError::Listen { address, why })?;
    listener.set_nonblocking(true).map_err(|why| StartError::Listen { address, why })?;
    Ok(listener)
}

/// The database URL, and the folder to remove afterwards where it is a throw-away one.
fn database(config: &Config, kind: Kind) -> Result<(String, Option<PathBuf>), StartError> {
    let file = |path: &std::path::Path| format!("sqlite://{}?mode=rwc", path.display());
    Ok(match (&config.database.target, kind) {
        (Some(Target::Postgres(url)), _) => (url.expose().to_owned(), None),
        (Some(Target::Sqlite(path)), _) => (file(path), None),
        (None, Kind::Live) => match Target::default_file() {
            Target::Sqlite(path) => (file(&path), None),
            Target::Postgres(url) => (url.expose().to_owned(), None),
        },
        (None, Kind::Sandbox { .. }) => {
            let folder = std::env::temp_dir().join(format!("proviso-sandbox-{:032x}", rand::random::<u128>()));
            (file(&folder.join("sandbox.db")), Some(folder))
        }
    })
}

/// The clock: real time that never runs behind what the database has seen, or the sandbox's own, which goes on where it
/// stood.
async fn clock(store: &Store, kind: Kind) -> Result<Clock, StartError> {
    // The mark is raised about once a second; what was written since stands in the entries.
    let seen = store.high_water().await?.max(store.newest_entry_at().await?);
    match kind {
        Kind::Live => {
            let clock = Clock::system();
            if let Some(seen) = seen {
                clock.not_before(seen);
            }
            Ok(clock)
        }
        Kind::Sandbox { clock: start } => {
            let offset = store.setting(CLOCK_OFFSET).await?.and_then(|text| text.parse().ok());
            let kept = offset.map(Clock::sandbox_at_offset);
            let start = start.or(kept.map(|clock| clock.now())).unwrap_or_else(|| Clock::system().now());
            // A clock that was moved while the server died must not stand before what has happened.
            let clock = Clock::sandbox(seen.map_or(start, |seen| seen.max(start)));
            store.set_setting(CLOCK_OFFSET, &clock.offset_millis().to_string()).await?;
            Ok(clock)
        }
    }
}

fn setting(config: &Config, kind: Kind, store: Store, clock: Clock, address: SocketAddr) -> Result<Setting, StartError> {
    let smtp = config.smtp.url.as_ref().map(|url| Smtp::new(url.expose())).transpose().map_err(StartError::Other)?;
    let mailer = match (kind, smtp) {
        (Kind::Live, Some(smtp)) => Mailer::Smtp(smtp),
        (Kind::Live, None) => Mailer::Folder(config.smtp.folder.clone()),
        (Kind::Sandbox { .. }, Some(smtp)) => Mailer::CapturedAndSmtp(Captured::default(), smtp),
        (Kind::Sandbox { .. }, None) => Mailer::Captured(Captured::default()),
    };
    Ok(Setting {
        store,
        clock,
        ids: IdSource::Random,
        public_url: public_url(&config.http, address),
        mail_from: config.smtp.from.clone(),
        mailer,
        addresses: AddressPolicy { allow: config.webhook.allow.clone(), allow_loopback: matches!(kind, Kind::Sandbox { .. }) },
        webhook_timeout: config.webhook.timeout,
        node: config.node.id.clone(),
        pace: Pace { poll: config.scheduler.poll, slice: config.scheduler.slice },
    })
}

fn public_url(http: &config::http::Http, address: SocketAddr) -> String {
    http.public_url.as_ref().map_or_else(|| format!("http://{address}"), ToString::to_string)
}

fn site(config: &Config, installation: &Installation) -> Site {
    let metrics: Arc<dyn Fn() -> String + Send + Sync> = match PrometheusBuilder::new().install_recorder() {
        Ok(handle) => Arc::new(move || handle.render()),
        // A second server of the same process writes to the first one's figures.
        Err(_) => Arc::new(String::new),
    };
    let loops = installation.loops.clone();
    let works = config.node.role.works();
    Site {
        settings: http::Settings {
            public_url: config.http.public_url.clone(),
            metrics_token: config.metrics.token.as_ref().map(|token| token.expose().to_owned()),
            max_body_bytes: config.http.max_body_bytes,
            serves_web: config.node.role.serves_web(),
        },
        rates: Rates::of(config.http.token_requests_per_minute),
        receivers: installation.receivers.clone(),
        wiring: Wiring { metrics, loops: Arc::new(move || if works { loops.reasons_not_ready() } else { Vec::new() }) },
        ..Site::default()
    }
}
