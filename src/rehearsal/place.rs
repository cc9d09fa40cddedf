//! Where a rehearsal is held: a database of its own that is gone afterwards.

use std::path::PathBuf;
use std::time::Duration;

use super::driver::Error;
use super::script::Script;
use super::story::Story;
use crate::app::{Installation, Pace, Setting};
use crate::clock::Clock;
use crate::ids::IdSource;
use crate::outbox::{AddressPolicy, Captured, Mailer};
use crate::store::{InstallationKind, Store};

const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(15);
/// Where links of rehearsed mails lead.
const PUBLIC_URL: &str = "http://rehearsal.invalid";
const MAIL_FROM: &str = "Proviso <proviso@sandbox.invalid>";

/// The database a rehearsal uses.
#[derive(Debug, Clone)]
pub enum Place {
    /// A new SQLite file in a new folder below this one.
    Folder(PathBuf),
    /// A new schema of this PostgreSQL database.
    Postgres(String),
}

/// Reads a script, runs it in a place of its own and removes the place.
pub async fn hold(text: &str, seed: Option<u64>, place: Place) -> Result<Story, Error> {
    let mut script = Script::read(text).map_err(|error| Error::Script(error.to_string()))?;
    script.seed = seed.unwrap_or(script.seed);
    let name = format!("rehearsal_{}", uuid::Uuid::from_u128(rand::random()).simple());
    match place {
        Place::Folder(folder) => {
            let folder = folder.join(name);
            let told = tell(&script, &format!("sqlite://{}?mode=rwc", folder.join("rehearsal.db").display())).await;
            // A folder that stays behind does no harm; the story is what counts.
            let _ = std::fs::remove_dir_all(folder);
            told
        }
        Place::Postgres(url) => {
            let outside = Store::connect(&url).await?;
            outside.create_schema(&name).await?;
            let told = tell(&script, &in_schema(&url, &name)).await;
            outside.drop_schema(&name).await?;
            outside.close().await?;
            told
        }
    }
}

async fn tell(script: &Script, url: &str) -> Result<Story, Error> {
    let (installation, captured) = furnished(script, url).await?;
    let store = installation.services.store.clone();
    let told = super::driver::rehearse(&installation, &captured, script).await;
    drop(installation);
    store.close().await?;
    told
}

/// An installation with the program of the script, on a clock that stands at its beginning.
pub(super) async fn furnished(script: &Script, url: &str) -> Result<(Installation, Captured), Error> {
    let store = Store::connect(url).await?;
    store.migrate().await?;
    store.claim_installation(InstallationKind::Sandbox).await?;
    let captured = Captured::default();
    let setting = Setting {
        store,
        clock: Clock::manual(script.starts_at),
        ids: IdSource::seeded(script.seed),
        public_url: PUBLIC_URL.to_owned(),
        mail_from: MAIL_FROM.parse().map_err(|_| Error::Stage("the sender's address cannot be read".to_owned()))?,
        mailer: Mailer::Captured(captured.clone()),
        addresses: AddressPolicy { allow_loopback: true, ..AddressPolicy::default() },
        webhook_timeout: WEBHOOK_TIMEOUT,
        node: "rehearsal".to_owned(),
        pace: Pace::default(),
    };
    let installation = Installation::new(setting)?;
    installation.furnish(Some(&script.rehearsal)).await?;
    Ok((installation, captured))
}

/// The URL with the schema as its search path.
fn in_schema(url: &str, schema: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}options[search_path]={schema}")
}
