//! Notices taken together for one subscription, or mails, and who has how many of them.
//!
//! Guarantee: a place is given back when the last settlement of its lane is written, however sending went; the loop that
//! leases is told then.

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::ids::WebhookId;
use crate::store::outbox::{Leased, Settlement};

/// What is kept until a settlement is written.
pub type Kept = Arc<dyn Any + Send + Sync>;

/// A settlement on its way to the database.
pub struct HandedIn {
    pub settlement: Settlement,
    pub(super) kept: (Kept, Arc<Place>),
}

/// Notices to one receiver, in the order in which they are sent.
pub struct Lane {
    pub(super) notices: Mutex<VecDeque<Leased>>,
    pub(super) is_mail: bool,
    pub(super) place: Arc<Place>,
}

impl Lane {
    pub(super) fn next(&self) -> Option<Leased> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    pub(super) fn rest(&self) -> VecDeque<Leased> {
        std::mem::take(&mut *self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn len(&self) -> usize {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// How many notices are under way by subscription; none is the mails.
#[derive(Debug, Clone, Default)]
pub struct Places {
    taken: Arc<Mutex<BTreeMap<Option<WebhookId>, usize>>>,
    freed: Arc<Notify>,
}

impl Places {
    pub fn taken(&self) -> BTreeMap<Option<WebhookId>, usize> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Told when places were given back.
    pub fn freed(&self) -> &Notify {
        &self.freed
    }

    /// Sorts what was leased into lanes.
    pub fn lanes(&self, leased: Vec<Leased>) -> Vec<Lane> {
        let mut lanes: BTreeMap<Option<WebhookId>, VecDeque<Leased>> = BTreeMap::new();
        for notice in leased {
            lanes.entry(notice.webhook.as_ref().map(|target| target.id)).or_default().push_back(notice);
        }
        let lane = |(key, notices): (Option<WebhookId>, VecDeque<Leased>)| {
            let place = Arc::new(self.take(key, notices.len()));
            Lane { is_mail: key.is_none(), notices: Mutex::new(notices), place }
        };
        lanes.into_iter().map(lane).collect()
    }

    fn take(&self, key: Option<WebhookId>, count: usize) -> Place {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += count;
        Place { places: self.clone(), key, count }
    }
}

/// Given back when dropped.
#[derive(Debug)]
pub struct Place {
    places: Places,
    key: Option<WebhookId>,
    count: usize,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.key) {
            *count = count.saturating_sub(self.count);
            if *count == 0 {
                taken.remove(&self.key);
            }
        }
        drop(taken);
        self.places.freed.notify_one();
    }
}
