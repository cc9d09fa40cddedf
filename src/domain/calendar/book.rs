//! Every calendar there is, in every version.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Calendar, CalendarVersion};
use crate::ids::CalendarId;

/// All versions of all calendars. Immutable and cheap to clone; adding one makes another book.
#[derive(Debug, Clone, Default)]
pub struct Calendars(Arc<BTreeMap<CalendarId, BTreeMap<u32, Arc<Calendar>>>>);

impl Calendars {
    /// The version new deadlines are computed with: the one with the highest number.
    pub fn current(&self, id: &CalendarId) -> Option<&Arc<Calendar>> {
        self.0.get(id)?.values().next_back()
    }

    /// One version.
    pub fn version(&self, version: &CalendarVersion) -> Option<&Arc<Calendar>> {
        self.0.get(&version.calendar)?.get(&version.number)
    }

    /// The same book with one more version, which replaces one of the same number.
    #[must_use]
    pub fn with(&self, calendar: Calendar) -> Self {
        let mut all = (*self.0).clone();
        all.entry(calendar.id().clone()).or_default().insert(calendar.version.number, Arc::new(calendar));
        Self(Arc::new(all))
    }

    /// The ids there are, in order.
    pub fn ids(&self) -> impl Iterator<Item = &CalendarId> {
        self.0.keys()
    }

    /// Every version of one calendar, oldest first.
    pub fn versions(&self, id: &CalendarId) -> impl Iterator<Item = &Arc<Calendar>> {
        self.0.get(id).into_iter().flat_map(BTreeMap::values)
    }
}
