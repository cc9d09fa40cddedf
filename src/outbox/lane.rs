//! Notices taken together for one subscription, or mails, and who has how many of them.
//!
//! Guarantee: a place is given back when its settlement is written, however sending went: those of a subscription together, with the
//! last of its lane; those of mails one by one. The loop that leases is told when a subscription has none left, or half of the mails'
//! are free, so that the next mails are taken while the last ones are still on their way.

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::ids::WebhookId;
use crate::store::outbox::{Leased, Settlement};

/// Mails taken at the same time.
pub const MAILS: usize = 256;

/// What is kept until a settlement is written.
pub type Kept = Arc<dyn Any + Send + Sync>;

/// A settlement on its way to the database.
pub struct HandedIn {
    pub settlement: Settlement,
    pub(super) kept: (Kept, Arc<Place>),
}

/// Notices to one receiver, in the order in which they are sent, each with what is given back when it is settled.
pub struct Lane {
    pub(super) notices: Mutex<VecDeque<(Leased, Arc<Place>)>>,
    pub(super) is_mail: bool,
}

impl Lane {
    pub(super) fn next(&self) -> Option<(Leased, Arc<Place>)> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    pub(super) fn rest(&self) -> VecDeque<(Leased, Arc<Place>)> {
        std::mem::take(&mut *self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn left(&self) -> usize {
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
        let mut lanes: BTreeMap<Option<WebhookId>, Vec<Leased>> = BTreeMap::new();
        for notice in leased {
            lanes.entry(notice.webhook.as_ref().map(|target| target.id)).or_default().push(notice);
        }
        let lane = |(key, notices): (Option<WebhookId>, Vec<Leased>)| {
            let together = key.map(|_| Arc::new(self.take(key, notices.len())));
            let place = || together.clone().unwrap_or_else(|| Arc::new(self.take(key, 1)));
            let notices = notices.into_iter().map(|notice| (notice, place())).collect();
            Lane { is_mail: key.is_none(), notices: Mutex::new(notices) }
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
        let left = taken.get(&self.key).map_or(0, |count| count.saturating_sub(self.count));
        if left == 0 {
            taken.remove(&self.key);
        } else {
            taken.insert(self.key, left);
        }
        drop(taken);
        if left == 0 || left == MAILS / 2 {
            self.places.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::ids::NoticeId;
    use crate::store::outbox::{Way, WebhookTarget};

    fn leased(number: usize, webhook: Option<WebhookId>) -> Leased {
        let target = |id| WebhookTarget { id, url: String::new(), secrets: Vec::new(), is_healthy: true };
        Leased {
            id: NoticeId(uuid::Uuid::from_u128(number as u128)),
            fence: 1,
            way: if webhook.is_some() { Way::Webhook } else { Way::Email },
            address: String::new(),
            webhook: webhook.map(target),
            event: String::new(),
            instance: None,
            body: String::new(),
            attempts: 0,
            ended_at_attempt: 0,
            task_state: None,
            acknowledged: false,
        }
    }

    fn is_told(places: &Places) -> bool {
        places.freed().notified().now_or_never().is_some()
    }

    #[test]
    fn the_places_of_mails_are_given_back_one_by_one_and_half_of_them_is_told() {
        let places = Places::default();
        let lanes = places.lanes((0..MAILS).map(|number| leased(number, None)).collect());
        for left in (0..MAILS).rev() {
            drop(lanes[0].next());
            assert_eq!(places.taken().get(&None).copied().unwrap_or(0), left);
            assert_eq!(is_told(&places), left == MAILS / 2 || left == 0, "{left} left");
        }
    }

    #[test]
    fn a_subscription_has_its_places_until_the_last_of_its_lane_is_settled() {
        let (places, key) = (Places::default(), Some(WebhookId(uuid::Uuid::from_u128(9))));
        let lanes = places.lanes((0..3).map(|number| leased(number, key)).collect());
        drop((lanes[0].next(), lanes[0].next()));
        assert!(!is_told(&places) && places.taken() == BTreeMap::from([(key, 3)]));
        drop(lanes[0].rest());
        assert!(is_told(&places) && places.taken().is_empty());
    }
}
