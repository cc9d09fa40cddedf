//! Published calendar versions. A row is never changed.

use entity::calendar_version;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryOrder};

use super::{Error, Store, WriteTransaction};
use crate::domain::calendar::CalendarFile;
use crate::ids::{CalendarId, Username};
use crate::instant::Instant;

/// A published version with the file it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCalendar {
    pub calendar: CalendarId,
    pub version: u32,
    pub title: String,
    /// The file as it was published.
    pub text: String,
    /// The same with what it takes over from another calendar written out, so that a later version of that one changes nothing.
    pub whole: CalendarFile,
    /// Hex, of `text`.
    pub sha256: String,
    pub published_at: Instant,
    pub published_by: Username,
}

impl Store {
    /// Every version of every calendar, by id and version.
    pub async fn calendars(&self) -> Result<Vec<KeptCalendar>, Error> {
        let rows = calendar_version::Entity::find()
            .order_by_asc(calendar_version::Column::Calendar)
            .order_by_asc(calendar_version::Column::Version)
            .all(self.reader())
            .await?;
        rows.into_iter().map(read).collect()
    }

    /// How many versions there are. None is ever taken away, so another number means that there is something new.
    pub async fn count_calendars(&self) -> Result<u64, Error> {
        Ok(calendar_version::Entity::find().count(self.reader()).await?)
    }
}

impl WriteTransaction {
    /// Adds a version. `Duplicate` when another writer was first.
    pub async fn add_calendar_version(&mut self, new: &KeptCalendar) -> Result<(), Error> {
        let row = calendar_version::Model {
            calendar: new.calendar.to_string(),
            version: number(new.version),
            title: new.title.clone(),
            text: new.text.clone(),
            document: serde_json::to_string(&new.whole).map_err(|why| bad(&new.calendar, &why))?,
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

fn bad(calendar: &CalendarId, why: &impl ToString) -> Error {
    Error::BadRow { what: "calendar", id: calendar.to_string(), why: why.to_string() }
}

fn read(row: calendar_version::Model) -> Result<KeptCalendar, Error> {
    let calendar = CalendarId(row.calendar);
    Ok(KeptCalendar {
        version: u32::try_from(row.version).map_err(|_| bad(&calendar, &"its version is negative"))?,
        title: row.title,
        text: row.text,
        whole: serde_json::from_str(&row.document).map_err(|why| bad(&calendar, &why))?,
        sha256: row.sha256,
        published_at: Instant::clamped(row.published_at),
        published_by: Username(row.published_by),
        calendar,
    })
}
