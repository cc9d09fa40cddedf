//! What an installation remembers about itself: sandbox or live, the highest instant it has judged by, and other settings.

use entity::setting;
use sea_orm::EntityTrait;

use super::{Backend, Error, Store, WriteTransaction};
use crate::instant::Instant;

/// Neither kind starts on the other's database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstallationKind {
    Sandbox,
    Live,
}

impl InstallationKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Live => "live",
        }
    }
}

const KIND: &str = "installation";
const HIGH_WATER: &str = "high_water";

impl Store {
    /// The value of a setting.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, Error> {
        Ok(setting::Entity::find_by_id(name).one(self.reader()).await?.map(|row| row.value))
    }

    /// Writes a setting in a transaction of its own.
    pub async fn set_setting(&self, name: &str, value: &str) -> Result<(), Error> {
        let mut transaction = self.begin_write().await?;
        transaction.set_setting(name, value).await?;
        transaction.commit().await
    }

    /// What kind of installation the database says it is; none before the first start.
    pub async fn installation_kind(&self) -> Result<Option<InstallationKind>, Error> {
        match self.setting(KIND).await?.as_deref() {
            None => Ok(None),
            Some("sandbox") => Ok(Some(InstallationKind::Sandbox)),
            Some("live") => Ok(Some(InstallationKind::Live)),
            Some(other) => Err(Error::BadRow { what: "setting", id: KIND.to_owned(), why: format!("{other} is no kind of installation") }),
        }
    }

    /// Makes the database one of `kind` if it is none yet. `Error::Refused` when it is the other.
    pub async fn claim_installation(&self, kind: InstallationKind) -> Result<(), Error> {
        let mut transaction = self.begin_write().await?;
        let sql = match self.backend {
            Backend::Sqlite => "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
            Backend::Postgres => "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        };
        transaction.execute(sql, vec![KIND.into(), kind.as_str().into()]).await?;
        transaction.commit().await?;
        match self.installation_kind().await? {
            Some(found) if found == kind => Ok(()),
            found => Err(Error::Refused(format!(
                "this database belongs to a {} installation and cannot be used by a {} one; name another database",
                found.map_or("unknown", InstallationKind::as_str),
                kind.as_str()
            ))),
        }
    }

    /// The highest instant ever raised to; none before the first.
    pub async fn high_water(&self) -> Result<Option<Instant>, Error> {
        let Some(text) = self.setting(HIGH_WATER).await? else { return Ok(None) };
        let millis = text.parse().map_err(|why| Error::BadRow {
            what: "setting",
            id: HIGH_WATER.to_owned(),
            why: format!("{text} is not a number of milliseconds: {why}"),
        })?;
        Ok(Some(Instant::clamped(millis)))
    }
}

const SQLITE_SET: &str = "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
const POSTGRES_SET: &str = "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

impl WriteTransaction {
    /// Writes a setting together with whatever else the transaction writes.
    pub async fn set_setting(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let sql = match self.backend {
            Backend::Sqlite => SQLITE_SET,
            Backend::Postgres => POSTGRES_SET,
        };
        self.execute(sql, vec![name.into(), value.into()]).await?;
        Ok(())
    }

    /// Raises the high-water mark of time to `now`; a lower one leaves it where it is. One statement.
    pub async fn raise_high_water(&mut self, now: Instant) -> Result<(), Error> {
        let (sql, lower) = match self.backend {
            Backend::Sqlite => (SQLITE_SET, "CAST(setting.value AS INTEGER) < CAST(excluded.value AS INTEGER)"),
            Backend::Postgres => (POSTGRES_SET, "setting.value::bigint < excluded.value::bigint"),
        };
        self.execute(&format!("{sql} WHERE {lower}"), vec![HIGH_WATER.into(), now.millis().to_string().into()]).await?;
        Ok(())
    }
}
