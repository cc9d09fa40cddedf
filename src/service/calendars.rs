//! The calendars of this installation, in every version, at hand for each decision.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use crate::definitions::calendars::built_in;
use crate::domain::calendar::Calendars;

/// Where the use cases find the calendars. Cheap to clone; clones share what they hold.
#[derive(Clone)]
pub struct Shelf(Arc<RwLock<Calendars>>);

impl Shelf {
    /// Holds the calendars that ship with the server.
    pub fn built_in() -> Self {
        Self(Arc::new(RwLock::new(built_in().clone())))
    }

    /// The calendars as they are now; what a decision uses from its beginning to its end.
    pub fn book(&self) -> Calendars {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shelf")
    }
}
