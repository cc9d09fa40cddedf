//! Publishing a version of a calendar, and looking at those there are.
//!
//! Guarantee: a version is the one after the latest or it is refused; publishing it moves no running deadline; it leaves an entry in
//! the audit stream of the calendar.

use serde::Serialize;
use utoipa::ToSchema;

use crate::definitions::calendars::read_calendar;
use crate::definitions::embedded;
use crate::domain::audit::sha256_hex;
use crate::domain::calendar::{Calendar, CalendarFile, CalendarVersion, Calendars};
use crate::domain::event::Event;
use crate::ids::{CalendarId, ProgramId, Username, publication_command};
use crate::instant::Instant;
use crate::service::program_entry::ProgramEntry;
use crate::service::replies::{ATTEMPTS, may_try_again};
use crate::service::{Error, Services};
use crate::store;
use crate::store::calendars::KeptCalendar;

/// A calendar as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Listed {
    #[schema(value_type = String)]
    pub calendar: CalendarId,
    pub title: String,
    /// The version new deadlines are computed with.
    pub version: u32,
    /// Every version there is, oldest first.
    pub versions: Vec<u32>,
    /// The first and the last date the current version knows.
    #[schema(value_type = String, format = Date)]
    pub from: chrono::NaiveDate,
    #[schema(value_type = String, format = Date)]
    pub to: chrono::NaiveDate,
}

/// One version of a calendar.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CalendarShown {
    #[serde(flatten)]
    pub listed: Listed,
    /// The number of the version that is shown.
    pub shown: u32,
    /// Hex, of `text`.
    pub sha256: String,
    /// The file as it was published.
    pub text: String,
    /// The same as data, with what it takes over from another calendar written out.
    #[schema(value_type = Object)]
    pub definition: CalendarFile,
    /// Null for a version that ships with the server.
    pub published_at: Option<Instant>,
    #[schema(value_type = Option<String>)]
    pub published_by: Option<Username>,
}

/// What publishing led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    pub version: CalendarVersion,
    pub title: String,
    pub sha256: String,
    /// False when the same bytes were the latest version already.
    pub is_new: bool,
}

/// Every calendar, by id.
pub async fn list(services: &Services) -> Result<Vec<Listed>, Error> {
    services.calendars.refresh(&services.store).await?;
    let book = services.calendars.book();
    Ok(book.ids().filter_map(|id| listed(&book, id)).collect())
}

/// One version of a calendar, the current one where none is named.
pub async fn show(services: &Services, id: &CalendarId, version: Option<u32>) -> Result<CalendarShown, Error> {
    services.calendars.refresh(&services.store).await?;
    let book = services.calendars.book();
    let listed = listed(&book, id).ok_or(Error::NotFound)?;
    let number = version.unwrap_or(listed.version);
    let found = book.version(&CalendarVersion { calendar: id.clone(), number }).ok_or(Error::NotFound)?;
    let kept = services.store.calendars().await?.into_iter().find(|kept| kept.calendar == *id && kept.version == number);
    let text = match &kept {
        Some(kept) => kept.text.clone(),
        None => shipped_text(id).ok_or(Error::NotFound)?,
    };
    Ok(CalendarShown {
        shown: number,
        sha256: sha256_hex(text.as_bytes()),
        text,
        definition: found.file().clone(),
        published_at: kept.as_ref().map(|kept| kept.published_at),
        published_by: kept.map(|kept| kept.published_by),
        listed,
    })
}

/// Publishes a calendar file as the version after the latest; it must be one of `expected`. The same bytes as the latest change
/// nothing. All faults are told at once (`Definition`); another number is `version_exists`.
pub async fn publish(services: &Services, expected: &CalendarId, text: String, by: &Username) -> Result<Publication, Error> {
    let sha256 = sha256_hex(text.as_bytes());
    for _ in 0..ATTEMPTS {
        services.calendars.refresh(&services.store).await?;
        let book = services.calendars.book();
        let calendar = read(&text, expected, &book)?;
        if let Some(done) = against_latest(services, &book, &calendar, &sha256).await? {
            return Ok(done);
        }
        let kept = KeptCalendar {
            calendar: calendar.id().clone(),
            version: calendar.version.number,
            title: calendar.title.clone(),
            whole: calendar.file().clone(),
            text: text.clone(),
            sha256: sha256.clone(),
            published_at: services.clock.now(),
            published_by: by.clone(),
        };
        match insert(services, &kept).await {
            Ok(()) => {
                services.calendars.refresh(&services.store).await?;
                return Ok(publication(&calendar, &sha256, true));
            }
            Err(error) if may_try_again(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Conflict)
}

fn read(text: &str, expected: &CalendarId, book: &Calendars) -> Result<Calendar, Error> {
    let shown = |fault| serde_json::to_value(&fault).unwrap_or_else(|_| fault_text(&fault));
    let calendar = read_calendar(text, &format!("{expected}.yaml"), book)
        .map_err(|faults| Error::Definition(faults.into_iter().map(shown).collect()))?;
    if calendar.id() == expected {
        Ok(calendar)
    } else {
        Err(Error::Malformed(format!("the file defines {}, the path names {expected}; make them equal", calendar.id())))
    }
}

fn fault_text(fault: &impl ToString) -> serde_json::Value {
    fault.to_string().into()
}

/// What the latest version makes of a publication: nothing to do, refused, or (none) to be written.
async fn against_latest(services: &Services, book: &Calendars, new: &Calendar, sha256: &str) -> Result<Option<Publication>, Error> {
    let asked = new.version.number;
    let Some(latest) = book.current(new.id()) else {
        let message = format!("{} has no version yet; write version: 1, not {asked}", new.id());
        return if asked == 1 { Ok(None) } else { Err(Error::State { code: "version_exists", message }) };
    };
    if show(services, new.id(), Some(latest.version.number)).await?.sha256 == sha256 {
        return Ok(Some(publication(latest, sha256, false)));
    }
    let next = latest.version.number + 1;
    if asked == next {
        return Ok(None);
    }
    let message = format!("version {} of {} is the latest; write version: {next}, not {asked}", latest.version.number, new.id());
    Err(Error::State { code: "version_exists", message })
}

async fn insert(services: &Services, kept: &KeptCalendar) -> Result<(), store::Error> {
    let mut write = services.store.begin_write().await?;
    write.add_calendar_version(kept).await?;
    write.look_at_schedules().await?;
    let event = Event::CalendarPublished { calendar: kept.calendar.clone(), version: kept.version, sha256: kept.sha256.clone() };
    let stream = stream(&kept.calendar);
    let command = publication_command(&stream, &kept.sha256, kept.published_at);
    ProgramEntry::of(&stream, kept.version, &kept.published_by, (command, kept.published_at), event).append(&mut write).await?;
    write.commit().await
}

/// The name of a calendar's audit stream, which no program can have.
pub fn stream(calendar: &CalendarId) -> ProgramId {
    ProgramId(format!("calendar {calendar}"))
}

fn publication(calendar: &Calendar, sha256: &str, is_new: bool) -> Publication {
    Publication { version: calendar.version.clone(), title: calendar.title.clone(), sha256: sha256.to_owned(), is_new }
}

fn listed(book: &Calendars, id: &CalendarId) -> Option<Listed> {
    let current = book.current(id)?;
    Some(Listed {
        calendar: id.clone(),
        title: current.title.clone(),
        version: current.version.number,
        versions: book.versions(id).map(|one| one.version.number).collect(),
        from: current.first,
        to: current.last,
    })
}

fn shipped_text(id: &CalendarId) -> Option<String> {
    let name = format!("{id}.yaml");
    embedded::calendars().into_iter().find(|(file, _)| *file == name).map(|(_, text)| text)
}
