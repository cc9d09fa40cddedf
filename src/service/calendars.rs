//! The calendars of this installation, in every version, at hand for each decision; and publishing another version.
//!
//! Guarantee: a version never changes, so what is on the shelf is what was published. A version that another node published is
//! found at the latest when a deadline that follows it is decided on.

mod publish;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use crate::definitions::calendars::built_in;
use crate::domain::calendar::{CalendarVersion, Calendars, build};
use crate::store::calendars::KeptCalendar;
use crate::store::{Error, Store};

pub(super) use publish::stream;
pub use publish::{CalendarShown, Listed, Publication, list, publish, show};

/// Where the use cases find the calendars. Cheap to clone; clones share what they hold.
#[derive(Clone)]
pub struct Shelf(Arc<RwLock<Held>>);

struct Held {
    book: Calendars,
    /// How many published versions are in it.
    published: u64,
}

impl Shelf {
    /// Holds the calendars that ship with the server.
    pub fn built_in() -> Self {
        Self(Arc::new(RwLock::new(Held { book: built_in().clone(), published: 0 })))
    }

    /// The calendars as they are now; what a decision uses from its beginning to its end.
    pub fn book(&self) -> Calendars {
        self.0.read().unwrap_or_else(PoisonError::into_inner).book.clone()
    }

    /// Reads what was published since, if anything was.
    pub async fn refresh(&self, store: &Store) -> Result<(), Error> {
        let published = store.count_calendars().await?;
        if self.0.read().unwrap_or_else(PoisonError::into_inner).published == published {
            return Ok(());
        }
        let kept = store.calendars().await?;
        let held = Held { book: book_of(&kept)?, published: kept.len() as u64 };
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // None is ever taken away: fewer means that somebody read later and wrote here first.
        if held.published > shelf.published {
            *shelf = held;
        }
        Ok(())
    }

    /// The calendars with these versions among them, if they exist anywhere.
    pub async fn knowing<'a>(&self, store: &Store, versions: impl Iterator<Item = &'a CalendarVersion>) -> Calendars {
        let book = self.book();
        if versions.into_iter().all(|version| book.version(version).is_some()) {
            return book;
        }
        if let Err(error) = self.refresh(store).await {
            tracing::warn!(%error, "published calendars could not be read");
        }
        self.book()
    }
}

/// What ships and what was published. Of a calendar the installation publishes by itself, shipped versions count only below its own
/// first, so that another release of the server changes nothing.
fn book_of(kept: &[KeptCalendar]) -> Result<Calendars, Error> {
    let shipped = built_in();
    let own = |version: &CalendarVersion| kept.iter().any(|own| own.calendar == version.calendar && own.version <= version.number);
    let mut book = Calendars::default();
    for calendar in shipped.ids().flat_map(|id| shipped.versions(id)).filter(|calendar| !own(&calendar.version)) {
        book = book.with((**calendar).clone());
    }
    for own in kept {
        let calendar = build(own.whole.clone(), &Calendars::default()).map_err(|report| Error::BadRow {
            what: "calendar",
            id: format!("{}/{}", own.calendar, own.version),
            why: format!("{} faults", report.findings.len()),
        })?;
        book = book.with(calendar);
    }
    Ok(book)
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shelf")
    }
}
