//! The database: which one, and how many connections to it.

use std::path::PathBuf;

use super::secret::from_text_or_file;
use super::variable::number;
use super::{Fault, Faults, Secret};

/// Where a live server keeps its data when nothing else is said, below the working directory.
pub const DEFAULT_SQLITE_FILE: &str = "data/proviso.db";
/// Shorter than this nothing may be kept.
const SHORTEST_KEEP_DAYS: u32 = 30;

#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Database")]
pub struct Args {
    /// Database: sqlite://FILE or postgres://USER@HOST/NAME; default: DATABASE_URL, else the SQLite file data/proviso.db (a
    /// throw-away file in the sandbox)
    #[arg(long, env = "PROVISO_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<Secret>,

    /// File that holds the database URL
    #[arg(long, env = "PROVISO_DATABASE_URL_FILE", value_name = "FILE")]
    pub database_url_file: Option<String>,

    /// Database URL as hosting platforms name it, read when PROVISO_DATABASE_URL is not set
    #[arg(long = "database-url-fallback", hide = true, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url_fallback: Option<Secret>,

    /// Largest number of open database connections of this node, 2 to 200
    #[arg(long, env = "PROVISO_DATABASE_CONNECTIONS", value_name = "COUNT", default_value = "10")]
    pub database_connections: String,

    /// Days for which sent mails and deliveries, answers kept for repeated requests, and timers of ended work are kept, 30 to 36500; 0
    /// keeps them for good
    #[arg(long, env = "PROVISO_KEEP_DAYS", value_name = "DAYS", default_value = "400")]
    pub keep_days: String,
}

/// The checked section.
#[derive(Debug, Clone)]
pub struct Database {
    /// What was asked for; `None` leaves the choice to the server: a throw-away file in the sandbox, [`Target::default_file`] when live.
    pub target: Option<Target>,
    pub max_connections: u32,
    /// For how many days what only carried closed work is kept; none: for good.
    pub keep_days: Option<u32>,
}

/// One database, of one of the two kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The file; its folder may not exist yet.
    Sqlite(PathBuf),
    /// A `postgres://` URL, with its password.
    Postgres(Secret),
}

impl Target {
    pub fn default_file() -> Self {
        Self::Sqlite(PathBuf::from(DEFAULT_SQLITE_FILE))
    }
}

impl Args {
    pub fn resolve(self) -> Result<Database, Faults> {
        let mut faults = Faults::default();
        let url = from_text_or_file("PROVISO_DATABASE_URL", self.database_url, self.database_url_file)
            .and_then(|url| match url {
                Some(url) => Ok(Some(url)),
                None => from_text_or_file("DATABASE_URL", self.database_url_fallback, None),
            })
            .and_then(|url| url.map(|url| target(&url)).transpose());
        let target = faults.note(url);
        let max_connections = faults.note(number("PROVISO_DATABASE_CONNECTIONS", &self.database_connections, 2..=200));
        let keep_days = faults.note(keep_days(&self.keep_days));
        match (target, max_connections, keep_days) {
            (Some(target), Some(max_connections), Some(keep_days)) => Ok(Database { target, max_connections, keep_days }),
            _ => Err(faults),
        }
    }
}

fn keep_days(text: &str) -> Result<Option<u32>, Fault> {
    let days = number("PROVISO_KEEP_DAYS", text, 0..=36_500)?;
    if (1..SHORTEST_KEEP_DAYS).contains(&days) {
        let message = format!("is {days}: mails are tried again for days, so write {SHORTEST_KEEP_DAYS} or more, or 0 to keep everything");
        return Err(Fault::new("PROVISO_KEEP_DAYS", message));
    }
    Ok((days > 0).then_some(days))
}

fn target(url: &Secret) -> Result<Target, Fault> {
    let text = url.expose();
    let fault = |message: &str| Fault::new("PROVISO_DATABASE_URL", message);
    if let Some(rest) = text.strip_prefix("sqlite:") {
        let path = rest.strip_prefix("//").unwrap_or(rest);
        let path = path.split('?').next().unwrap_or_default();
        if path.is_empty() || path == ":memory:" {
            return Err(fault("names no SQLite file: write for example sqlite://data/proviso.db"));
        }
        return Ok(Target::Sqlite(PathBuf::from(path)));
    }
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        let url: url::Url = text.parse().map_err(|error| fault(&format!("is not a URL ({error})")))?;
        if url.path().trim_matches('/').is_empty() && !url.query_pairs().any(|(key, _)| key == "dbname") {
            return Err(fault("names no database: write for example postgres://proviso@localhost/proviso"));
        }
        return Ok(Target::Postgres(Secret::new(text)));
    }
    Err(fault("is neither sqlite://FILE nor postgres://USER@HOST/NAME"))
}
