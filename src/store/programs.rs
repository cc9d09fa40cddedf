//! Published program versions. A row is never changed.

use entity::program_version;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use super::{Error, Store, WriteTransaction};
use crate::ids::{ProgramId, Username};
use crate::instant::Instant;

/// A published version with the file it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramVersion {
    pub program: ProgramId,
    pub version: u32,
    pub title: String,
    /// The file as it was published.
    pub text: String,
    /// Hex, of `text`.
    pub sha256: String,
    pub published_at: Instant,
    pub published_by: Username,
}

/// One program and the version new instances start with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramSummary {
    pub program: ProgramId,
    pub version: u32,
    pub title: String,
    pub published_at: Instant,
}

impl Store {
    /// One version of a program.
    pub async fn program_version(&self, program: &ProgramId, version: u32) -> Result<Option<ProgramVersion>, Error> {
        let key = (program.to_string(), number(version));
        program_version::Entity::find_by_id(key).one(self.reader()).await?.map(read).transpose()
    }

    /// The number of a program's latest version.
    pub async fn latest_version(&self, program: &ProgramId) -> Result<Option<u32>, Error> {
        let found: Option<Option<i32>> = program_version::Entity::find()
            .select_only()
            .column_as(program_version::Column::Version.max(), "latest")
            .filter(program_version::Column::Program.eq(program.as_str()))
            .into_tuple()
            .one(self.reader())
            .await?;
        Ok(found.flatten().and_then(|latest| u32::try_from(latest).ok()))
    }

    /// Each program once with its latest version, by id.
    pub async fn programs(&self) -> Result<Vec<ProgramSummary>, Error> {
        let rows: Vec<(String, i32, String, i64)> = program_version::Entity::find()
            .select_only()
            .columns([
                program_version::Column::Program,
                program_version::Column::Version,
                program_version::Column::Title,
                program_version::Column::PublishedAt,
            ])
            .order_by_asc(program_version::Column::Program)
            .order_by_desc(program_version::Column::Version)
            .into_tuple()
            .all(self.reader())
            .await?;
        let mut programs: Vec<ProgramSummary> = Vec::new();
        for (program, version, title, published_at) in rows {
            if programs.last().is_some_and(|last| last.program.as_str() == program) {
                continue;
            }
            let version = u32::try_from(version).unwrap_or(0);
            programs.push(ProgramSummary { program: ProgramId(program), version, title, published_at: Instant::clamped(published_at) });
        }
        Ok(programs)
    }
}

impl WriteTransaction {
    /// Adds a version. `Duplicate` when another writer was first.
    pub async fn add_program_version(&mut self, new: &ProgramVersion) -> Result<(), Error> {
        let row = program_version::Model {
            program: new.program.to_string(),
            version: number(new.version),
            title: new.title.clone(),
            text: new.text.clone(),
            sha256: new.sha256.clone(),
            published_at: new.published_at.millis(),
            published_by: new.published_by.to_string(),
        };
        row.into_active_model().reset_all().insert(self.connection()).await?;
        Ok(())
    }
}

fn number(version: u32) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}

fn read(row: program_version::Model) -> Result<ProgramVersion, Error> {
    let version = u32::try_from(row.version).map_err(|_| Error::BadRow {
        what: "program version",
        id: format!("{} {}", row.program, row.version),
        why: "its number is negative".to_owned(),
    })?;
    Ok(ProgramVersion {
        program: ProgramId(row.program),
        version,
        title: row.title,
        text: row.text,
        sha256: row.sha256,
        published_at: Instant::clamped(row.published_at),
        published_by: Username(row.published_by),
    })
}
