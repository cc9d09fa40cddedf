//! Imported source versions and their rows. Neither is ever changed.

use entity::{source_row, source_version};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use super::{Error, Store, WriteTransaction};
use crate::domain::facts::{Row, SourceVersion};
use crate::ids::{ProgramId, SourceId, SourceVersionId, Username};
use crate::instant::Instant;

/// Rows of one INSERT; each takes four parameters and SQLite allows 32,766.
const ROWS_PER_INSERT: usize = 4_000;

/// An imported version without its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedVersion {
    pub id: SourceVersionId,
    pub program: ProgramId,
    pub source: SourceId,
    pub version: u32,
    pub rows: u32,
    /// Hex, of the imported bytes.
    pub sha256: String,
    /// Business time.
    pub imported_at: Instant,
    pub imported_by: Username,
}

impl Store {
    /// At most `limit` versions of a source below `before`, newest first.
    pub async fn source_versions(
        &self,
        program: &ProgramId,
        source: &SourceId,
        before: Option<u32>,
        limit: u64,
    ) -> Result<Vec<ImportedVersion>, Error> {
        let mut query = source_version::Entity::find()
            .filter(source_version::Column::Program.eq(program.as_str()))
            .filter(source_version::Column::Source.eq(source.as_str()))
            .order_by_desc(source_version::Column::Version)
            .limit(limit);
        if let Some(before) = before {
            query = query.filter(source_version::Column::Version.lt(number(before)));
        }
        Ok(query.all(self.reader()).await?.into_iter().map(read).collect())
    }

    /// The newest version of a source that had been imported by an instant.
    pub async fn source_as_of(&self, program: &ProgramId, source: &SourceId, at: Instant) -> Result<Option<SourceVersion>, Error> {
        let found = source_version::Entity::find()
            .filter(source_version::Column::Program.eq(program.as_str()))
            .filter(source_version::Column::Source.eq(source.as_str()))
            .filter(source_version::Column::ImportedAt.lte(at.millis()))
            .order_by_desc(source_version::Column::Version)
            .one(self.reader())
            .await?;
        Ok(found.map(|row| SourceVersion {
            id: SourceVersionId(row.id),
            version: u32::try_from(row.version).unwrap_or(0),
            imported_at: Instant::clamped(row.imported_at),
            sha256: row.sha256,
        }))
    }

    /// Every row of a version with its key, in the order of the import, as JSON.
    pub async fn source_rows(&self, version: SourceVersionId) -> Result<Vec<(String, String)>, Error> {
        Ok(source_row::Entity::find()
            .select_only()
            .columns([source_row::Column::Key, source_row::Column::Document])
            .filter(source_row::Column::VersionId.eq(version.0))
            .order_by_asc(source_row::Column::Ordinal)
            .into_tuple()
            .all(self.reader())
            .await?)
    }
}

/// Reads rows of a source.
pub fn read_rows(rows: Vec<(String, String)>) -> Result<Vec<(String, Row)>, Error> {
    let read = |(key, document): (String, String)| match serde_json::from_str(&document) {
        Ok(row) => Ok((key, row)),
        Err(why) => Err(Error::BadRow { what: "source row", id: "of a version".to_owned(), why: why.to_string() }),
    };
    rows.into_iter().map(read).collect()
}

impl WriteTransaction {
    /// The number the next version of a source gets.
    pub async fn next_source_version(&mut self, program: &ProgramId, source: &SourceId) -> Result<u32, Error> {
        let latest = source_version::Entity::find()
            .filter(source_version::Column::Program.eq(program.as_str()))
            .filter(source_version::Column::Source.eq(source.as_str()))
            .order_by_desc(source_version::Column::Version)
            .one(self.connection())
            .await?;
        Ok(latest.map_or(1, |row| u32::try_from(row.version).unwrap_or(0) + 1))
    }

    /// Adds a version with its rows, each with its key. `Duplicate` when another writer took the number.
    pub async fn add_source_version(&mut self, new: &ImportedVersion, rows: &[(String, Row)]) -> Result<(), Error> {
        let head = source_version::Model {
            id: new.id.0,
            program: new.program.to_string(),
            source: new.source.to_string(),
            version: number(new.version),
            rows: number(new.rows),
            sha256: new.sha256.clone(),
            imported_at: new.imported_at.millis(),
            imported_by: new.imported_by.to_string(),
        };
        head.into_active_model().reset_all().insert(self.connection()).await?;
        let mut ordinal = 0;
        for chunk in rows.chunks(ROWS_PER_INSERT) {
            let mut models = Vec::with_capacity(chunk.len());
            for (key, row) in chunk {
                ordinal += 1;
                let document = serde_json::to_string(row).map_err(|why| Error::BadRow {
                    what: "source row",
                    id: ordinal.to_string(),
                    why: why.to_string(),
                })?;
                let model = source_row::Model { version_id: new.id.0, ordinal, key: key.clone(), document };
                models.push(model.into_active_model().reset_all());
            }
            source_row::Entity::insert_many(models).exec_without_returning(self.connection()).await?;
        }
        Ok(())
    }
}

fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

fn read(row: source_version::Model) -> ImportedVersion {
    ImportedVersion {
        id: SourceVersionId(row.id),
        program: ProgramId(row.program),
        source: SourceId(row.source),
        version: u32::try_from(row.version).unwrap_or(0),
        rows: u32::try_from(row.rows).unwrap_or(0),
        sha256: row.sha256,
        imported_at: Instant::clamped(row.imported_at),
        imported_by: Username(row.imported_by),
    }
}
