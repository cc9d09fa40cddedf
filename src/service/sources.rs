//! Importing reference data: whole versions, all rows or none.
//!
//! Guarantee: a version holds only values of the declared types; every bad value of a file is told at once; a version
//! is never changed, and the same bytes again make a new version, which renews how fresh the source is; each version has
//! its entry in the audit stream of its program.

mod table;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::aside::aside;
use super::program_entry::ProgramEntry;
use super::programs::require_integrator;
use super::replies::{self, ATTEMPTS, may_try_again};
use super::{Answer, Error, Services};
use crate::domain::command::{Idempotency, Principal};
use crate::domain::definition::Source;
use crate::domain::event::Event;
use crate::domain::facts::{Row, SourceVersion};
use crate::domain::policy::in_scope;
use crate::ids::{CommandId, ProgramId, SourceId, SourceVersionId, Username};
use crate::instant::Instant;
use crate::store;
use crate::store::sources::{ImportedVersion, read_rows};

pub use table::Format;

/// Most bytes of one import.
pub const MAX_BYTES: usize = 5 << 20;
/// Most bad values that are listed.
const MAX_FAULTS: usize = 1_000;

/// One bad value.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// The line of the file, or the 1-based number of the object.
    pub row: usize,
    /// Empty where the row as a whole is meant.
    pub column: String,
    pub code: &'static str,
    pub message: String,
}

/// Imports a version of a source. Needs an integrator or an administrator; `Import` lists every bad value.
pub async fn import(
    services: &Services,
    who: &Principal,
    (program, source): (&ProgramId, &SourceId),
    (format, bytes): (Format, Vec<u8>),
    asked: Option<&Idempotency>,
) -> Result<Answer, Error> {
    if !in_scope(who, program) {
        return Err(Error::NotFound);
    }
    let published = services.programs.latest(program).await?;
    let declared = published.program.sources.get(source).ok_or(Error::NotFound)?.clone();
    require_integrator(who)?;
    let username = Username(who.username.clone());
    if let Some(earlier) = replies::earlier(services, &username, asked).await? {
        return Ok(earlier);
    }
    let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let rows = read(declared, format, bytes).await?;
    let now = services.clock.now();
    let mut version = ImportedVersion {
        id: SourceVersionId(services.ids.command_id(now).0),
        program: program.clone(),
        source: source.clone(),
        version: 0,
        rows: u32::try_from(rows.len()).unwrap_or(u32::MAX),
        sha256,
        imported_at: now,
        imported_by: username,
    };
    for _ in 0..ATTEMPTS {
        match write(services, published.program.version, &mut version, &rows, asked).await {
            Ok(answer) => return Ok(answer),
            Err(error) if may_try_again(&error) => {
                if let Some(earlier) = replies::earlier(services, &version.imported_by, asked).await? {
                    return Ok(earlier);
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Conflict)
}

/// Versions of a source below `before`, newest first, at most `limit`.
pub async fn versions(
    services: &Services,
    who: &Principal,
    program: &ProgramId,
    source: &SourceId,
    before: Option<u32>,
    limit: u64,
) -> Result<Vec<ImportedVersion>, Error> {
    let published = services.programs.visible(who, program).await?;
    if !published.program.sources.contains_key(source) {
        return Err(Error::NotFound);
    }
    Ok(services.store.source_versions(program, source, before, limit).await?)
}

/// A version as the API shows it.
pub fn shown(version: &ImportedVersion) -> serde_json::Value {
    json!({
        "source": version.source,
        "version": version.version,
        "rows": version.rows,
        "sha256": version.sha256,
        "imported_at": version.imported_at,
        "imported_by": version.imported_by,
    })
}

async fn read(declared: Source, format: Format, bytes: Vec<u8>) -> Result<Vec<(String, Row)>, Error> {
    let read = tokio::task::spawn_blocking(move || table::read(&declared, format, &bytes)).await;
    let read = read.map_err(|error| Error::Internal(format!("reading an import broke off: {error}")))?;
    read.map_err(|mut faults| {
        faults.truncate(MAX_FAULTS);
        Error::Import(faults.iter().map(|fault| json!(fault)).collect())
    })
}

async fn write(
    services: &Services,
    program_version: u32,
    version: &mut ImportedVersion,
    rows: &[(String, Row)],
    asked: Option<&Idempotency>,
) -> Result<Answer, store::Error> {
    let mut write = services.store.begin_write().await?;
    version.version = write.next_source_version(&version.program, &version.source).await?;
    write.add_source_version(version, rows).await?;
    let event = Event::SourceImported {
        source: version.source.clone(),
        version: version.version,
        rows: version.rows,
        sha256: version.sha256.clone(),
    };
    let command = (CommandId(version.id.0), version.imported_at);
    ProgramEntry::of(&version.program, program_version, &version.imported_by, command, event).append(&mut write).await?;
    let answer = Answer { status: 201, body: shown(version).into(), etag: None, replayed: false };
    replies::keep(&mut write, &version.imported_by, asked, &answer, version.imported_at).await?;
    write.commit().await?;
    Ok(answer)
}

/// The version of a source that was the newest at an instant, with its rows.
pub(super) async fn as_of(
    services: &Services,
    program: &ProgramId,
    source: &SourceId,
    at: Instant,
) -> Result<Option<(SourceVersion, Vec<(String, Row)>)>, Error> {
    let Some(version) = services.store.source_as_of(program, source, at).await? else { return Ok(None) };
    let rows = rows_of(services, version.id).await?;
    Ok(Some((version, rows)))
}

/// Every row of a version of a source.
pub(super) async fn rows_of(services: &Services, version: SourceVersionId) -> Result<Vec<(String, Row)>, Error> {
    let rows = services.store.source_rows(version).await?;
    aside(move || Ok(read_rows(rows)?)).await
}
