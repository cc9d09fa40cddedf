//! Published programs: found by version, compiled once, and published anew.
//!
//! Guarantee: a published version never changes, so what is in the cache is what is in the table; a version is the one
//! after the latest or it is refused; publishing it leaves an entry in the audit stream of the program.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::Error;
use super::calendars::Shelf;
use super::program_entry::ProgramEntry;
use super::replies::{ATTEMPTS, may_try_again};
use super::{schedules, summaries};
use crate::definitions;
use crate::domain::calendar::Calendars;
use crate::domain::command::Principal;
use crate::domain::definition::Published;
use crate::domain::event::Event;
use crate::domain::policy::in_scope;
use crate::ids::{ProgramId, RoleId, Username, publication_command};
use crate::instant::Instant;
use crate::store::programs::ProgramVersion;
use crate::store::{self, Store};

type Compiled = HashMap<(ProgramId, u32), Arc<Published>>;

/// All programs of the installation. Cheap to clone; clones share the cache.
#[derive(Clone)]
pub struct Programs {
    store: Store,
    calendars: Shelf,
    compiled: Arc<RwLock<Compiled>>,
}

/// A program as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub program: ProgramId,
    /// The version new instances start with.
    pub version: u32,
    pub title: String,
    pub published_at: Instant,
}

/// What publishing led to.
#[derive(Debug, Clone)]
pub struct Publication {
    pub published: Arc<Published>,
    /// False when the same bytes were the latest version already.
    pub is_new: bool,
}

impl Programs {
    pub fn new(store: Store, calendars: Shelf) -> Self {
        Self { store, calendars, compiled: Arc::default() }
    }

    /// One version. `NotFound` when it was never published.
    pub async fn get(&self, program: &ProgramId, version: u32) -> Result<Arc<Published>, Error> {
        let key = (program.clone(), version);
        if let Some(found) = self.compiled.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(found.clone());
        }
        let row = self.store.program_version(program, version).await?.ok_or(Error::NotFound)?;
        self.calendars.refresh(&self.store).await?;
        let published = compile(row.text, file_name(program), self.calendars.book()).await?.map_err(|faults| {
            Error::Internal(format!("version {version} of {program} was published and can no longer be read: {} faults", faults.len()))
        })?;
        Ok(self.remember(key, published))
    }

    /// One version, if it has been compiled already.
    pub fn compiled(&self, program: &ProgramId, version: u32) -> Option<Arc<Published>> {
        let compiled = self.compiled.read().unwrap_or_else(PoisonError::into_inner);
        compiled.get(&(program.clone(), version)).cloned()
    }

    /// The version new instances start with. `NotFound` when there is none.
    pub async fn latest(&self, program: &ProgramId) -> Result<Arc<Published>, Error> {
        let version = self.store.latest_version(program).await?.ok_or(Error::NotFound)?;
        self.get(program, version).await
    }

    /// Compiles every published version, so that none is met uncompiled later.
    pub async fn compile_all(&self) -> Result<(), Error> {
        for listed in self.list().await? {
            for version in 1..=listed.version {
                self.get(&listed.program, version).await?;
            }
        }
        Ok(())
    }

    /// Every program with its latest version, by id.
    pub async fn list(&self) -> Result<Vec<Listed>, Error> {
        let found = self.store.programs().await?;
        Ok(found
            .into_iter()
            .map(|one| Listed { program: one.program, version: one.version, title: one.title, published_at: one.published_at })
            .collect())
    }

    /// The latest version of a program in somebody's scope; outside it there is none.
    pub async fn visible(&self, who: &Principal, program: &ProgramId) -> Result<Arc<Published>, Error> {
        if in_scope(who, program) { self.latest(program).await } else { Err(Error::NotFound) }
    }

    /// Publishes a definition file as the version after the latest. The same bytes as the latest change nothing. All faults
    /// are told at once (`Definition`); another number is `version_exists`.
    pub async fn publish(&self, text: String, by: &Username, at: Instant) -> Result<Publication, Error> {
        self.publish_as(None, text, by, at).await
    }

    /// The same, where the file must be one of `expected`.
    pub async fn publish_as(&self, expected: Option<&ProgramId>, text: String, by: &Username, at: Instant) -> Result<Publication, Error> {
        let file = expected.map_or_else(|| "definition".to_owned(), file_name);
        self.calendars.refresh(&self.store).await?;
        let published = compile(text.clone(), file, self.calendars.book()).await?.map_err(Error::Definition)?;
        let program = published.program.program.clone();
        if let Some(expected) = expected.filter(|expected| **expected != program) {
            return Err(Error::Malformed(format!("the file defines {program}, the path names {expected}; make them equal")));
        }
        for _ in 0..ATTEMPTS {
            if let Some(done) = self.against_latest(&program, &published).await? {
                return Ok(done);
            }
            let row = ProgramVersion {
                program: program.clone(),
                version: published.program.version,
                title: published.program.title.clone(),
                text: text.clone(),
                sha256: published.sha256.clone(),
                published_at: at,
                published_by: by.clone(),
            };
            match self.insert(&row, &published).await {
                Ok(()) => {
                    let published = self.remember((program, row.version), published);
                    return Ok(Publication { published, is_new: true });
                }
                Err(error) if may_try_again(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Conflict)
    }

    /// What the latest version makes of a publication: nothing to do, refused, or (none) to be written.
    async fn against_latest(&self, program: &ProgramId, published: &Published) -> Result<Option<Publication>, Error> {
        let asked = published.program.version;
        let latest = self.store.latest_version(program).await?;
        let next = latest.unwrap_or(0) + 1;
        if let Some(latest) = latest {
            let current = self.get(program, latest).await?;
            if current.sha256 == published.sha256 {
                return Ok(Some(Publication { published: current, is_new: false }));
            }
        }
        if asked == next {
            return Ok(None);
        }
        let message = match latest {
            Some(latest) => format!("version {latest} of {program} is the latest; write version: {next}, not {asked}"),
            None => format!("{program} has no version yet; write version: 1, not {asked}"),
        };
        Err(Error::State { code: "version_exists", message })
    }

    async fn insert(&self, row: &ProgramVersion, published: &Published) -> Result<(), store::Error> {
        let mut write = self.store.begin_write().await?;
        write.add_program_version(row).await?;
        summaries::follow(&mut write, &published.program, row.published_at).await?;
        let missed = schedules::follow(&mut write, published, &self.calendars.book(), row).await?;
        let command = publication_command(&row.program, &row.sha256, row.published_at);
        let event = Event::ProgramPublished { version: row.version, sha256: row.sha256.clone() };
        let entry = ProgramEntry::of(&row.program, row.version, &row.published_by, (command, row.published_at), event);
        for entry in std::iter::once(entry).chain(missed) {
            entry.append(&mut write).await?;
        }
        write.commit().await
    }

    fn remember(&self, key: (ProgramId, u32), published: Published) -> Arc<Published> {
        let mut compiled = self.compiled.write().unwrap_or_else(PoisonError::into_inner);
        compiled.entry(key).or_insert_with(|| Arc::new(published)).clone()
    }
}

impl fmt::Debug for Programs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Programs")
    }
}

/// Refuses everybody but administrators.
pub fn require_administrator(who: &Principal) -> Result<(), Error> {
    if who.active && who.administrator { Ok(()) } else { Err(Error::RoleRequired(RoleId::from("administrator"))) }
}

/// Refuses everybody but integrators and administrators.
pub fn require_integrator(who: &Principal) -> Result<(), Error> {
    if who.active && (who.integrator || who.administrator) { Ok(()) } else { Err(Error::RoleRequired(RoleId::from("integrator"))) }
}

fn file_name(program: &ProgramId) -> String {
    format!("{program}.yaml")
}

/// Reads and compiles a definition on a thread of its own; rules take time and stack.
async fn compile(text: String, file: String, calendars: Calendars) -> Result<Result<Published, Vec<serde_json::Value>>, Error> {
    let compiled = tokio::task::spawn_blocking(move || definitions::publish(&text, &file, &calendars)).await;
    let compiled = compiled.map_err(|error| Error::Internal(format!("compiling a definition broke off: {error}")))?;
    Ok(compiled
        .map_err(|faults| faults.iter().map(|fault| serde_json::to_value(fault).unwrap_or_else(|_| fault.to_string().into())).collect()))
}
