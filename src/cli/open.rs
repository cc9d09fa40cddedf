//! Opening the database a command works on.

use super::outcome::Unusable;
use crate::app::CLOCK_OFFSET;
use crate::clock::Clock;
use crate::config::database::{Args, Target};
use crate::ids::IdSource;
use crate::service::{Services, Wake};
use crate::store::{InstallationKind, Store};

/// Opens a database that exists and is of the present schema.
pub async fn existing(args: Args) -> Result<Store, Unusable> {
    let target = target(args)?;
    if let Target::Sqlite(file) = &target
        && !file.exists()
    {
        return Err(Unusable(format!(
            "there is no database at {}: name one with --database-url, or make it with proviso migrate",
            file.display()
        )));
    }
    let store = connect(&target).await?;
    let status = store.migration_status().await?;
    if !status.unknown.is_empty() {
        return Err(Unusable(newer(&status.unknown)));
    }
    if !status.pending.is_empty() {
        let steps = status.pending.len();
        return Err(Unusable(format!("the database lacks {steps} step{}: run proviso migrate first", if steps == 1 { "" } else { "s" })));
    }
    Ok(store)
}

/// The database that is meant: the one named, or the file a live server uses.
pub fn target(args: Args) -> Result<Target, Unusable> {
    Ok(args.resolve()?.target.unwrap_or_else(Target::default_file))
}

/// Opens a database and makes its file where there is none.
pub async fn connect(target: &Target) -> Result<Store, Unusable> {
    let url = match target {
        Target::Sqlite(file) => format!("sqlite://{}?mode=rwc", file.display()),
        Target::Postgres(url) => url.expose().to_owned(),
    };
    Store::connect(&url).await.map_err(Unusable::from)
}

/// What to say of a database that a newer program has changed.
pub fn newer(unknown: &[String]) -> String {
    format!("the database was changed by a newer version of this program ({}): use that version", unknown.join(", "))
}

/// The use cases over a database, at the time its server has: real time, or where the sandbox's clock stands. It never lies
/// before an instant the database was used at.
pub async fn services(store: Store) -> Result<Services, Unusable> {
    let clock = match store.installation_kind().await? {
        Some(InstallationKind::Sandbox) => {
            let offset = store.setting(CLOCK_OFFSET).await?.and_then(|text| text.parse().ok());
            Clock::sandbox_at_offset(offset.unwrap_or(0))
        }
        Some(InstallationKind::Live) | None => Clock::system(),
    };
    if let Some(mark) = store.high_water().await? {
        clock.not_before(mark);
    }
    Ok(Services::new(store, clock, IdSource::Random, Wake::default(), None))
}
