//! Sending what is due: lease, look once more whether it still matters, send, write down how it ended.
//!
//! Guarantee: at least once, with the same id and content at each try. No transaction is open while something is sent. A
//! node whose lease ran out writes nothing, so a try that another node has taken over cannot undo what that one wrote.
//! Order is not promised; deliveries carry their number.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;

use super::captured::CapturedMail;
use super::error::Error;
use super::letter::{Kind, Letter};
use super::mail::{Mail, Sender};
use super::mailer::{Mailer, SEND_TIMEOUT};
use super::outcome::Outcome;
use super::retry::next_try;
use super::webhook::{Delivery, Webhooks};
use crate::clock::Stopwatch;
use crate::domain::instance::TaskState;
use crate::ids::WebhookId;
use crate::instant::Instant;
use crate::store::Store;
use crate::store::outbox::{Ending, LeaseRequest, Leased, Settlement, Try, Way};

/// Notices sent at the same time by one pass.
pub const AT_A_TIME: usize = 16;
/// Deliveries sent at the same time to one subscription, so that a receiver that hangs holds up itself only.
pub const PER_WEBHOOK: usize = 2;

/// Sends notices. Cheap to clone; clones share the count of what is under way.
#[derive(Debug, Clone)]
pub struct Dispatcher {
    store: Store,
    sender: Sender,
    mailer: Mailer,
    webhooks: Webhooks,
    owner: Arc<str>,
    /// Held while leasing, so that two passes of this node do not fill the same subscription's places.
    leasing: Arc<tokio::sync::Mutex<()>>,
    places: Places,
}

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Notices taken; 0 when nothing is due.
    pub leased: u64,
    pub sent: u64,
    /// Failed and to be tried again.
    pub retried: u64,
    /// Given up.
    pub dead: u64,
    /// No longer of interest: not sent.
    pub suppressed: u64,
    /// Another node had taken them over; nothing was written.
    pub lost: u64,
}

impl Sent {
    /// Nothing was due, or other nodes have what is.
    pub fn is_idle(&self) -> bool {
        self.leased == 0
    }
}

impl Dispatcher {
    /// `owner` names this node; no other may have the same name.
    pub fn new(store: Store, sender: Sender, mailer: Mailer, webhooks: Webhooks, owner: &str) -> Self {
        Self { store, sender, mailer, webhooks, owner: owner.into(), leasing: Arc::default(), places: Places::default() }
    }

    /// Sends at most `limit` notices that are due at `now`, and not more than 16. `now` (business time) is what the schedule
    /// and `sent_at` go by; `wall` what leases, `webhook-timestamp` and the Date header go by.
    pub async fn run_once(&self, now: Instant, wall: Instant, limit: usize) -> Result<Sent, Error> {
        let leased = self.lease(now, wall, limit.min(AT_A_TIME)).await?;
        let mut done = Sent { leased: leased.len() as u64, ..Sent::default() };
        let tries = stream::iter(leased).map(|(notice, place)| async move {
            let settlement = self.handle(&notice, now, wall).await;
            drop(place);
            settlement
        });
        let mut settled = tries.buffer_unordered(AT_A_TIME).ready_chunks(AT_A_TIME);
        while let Some(settlements) = settled.next().await {
            let lost = self.store.settle_notices(&settlements, now).await?;
            for settlement in settlements {
                if lost.contains(&settlement.id) {
                    tracing::warn!(notice.id = %settlement.id, "the lease of a notice ran out before its try was over");
                    done.lost += 1;
                } else {
                    done.count(&settlement);
                }
            }
        }
        Ok(done)
    }

    async fn lease(&self, now: Instant, wall: Instant, limit: usize) -> Result<Vec<(Leased, Option<Place>)>, Error> {
        let _one_at_a_time = self.leasing.lock().await;
        let request = LeaseRequest {
            owner: &self.owner,
            now,
            wall,
            until: Instant::clamped(wall.millis().saturating_add(self.lease_millis())),
            limit,
            per_webhook: PER_WEBHOOK,
            under_way: self.places.taken(),
        };
        let leased = self.store.lease_notices(&request).await?;
        let with_place = |notice| {
            let place = self.places.take(&notice);
            (notice, place)
        };
        Ok(leased.into_iter().map(with_place).collect())
    }

    /// More than twice what a try can take.
    fn lease_millis(&self) -> i64 {
        let longest = self.webhooks.timeout().max(SEND_TIMEOUT) * 2 + Duration::from_secs(10);
        i64::try_from(longest.as_millis()).unwrap_or(i64::MAX)
    }

    async fn handle(&self, notice: &Leased, now: Instant, wall: Instant) -> Settlement {
        let watch = Stopwatch::start();
        let outcome = match notice.way {
            Way::Webhook => self.deliver(notice, wall).await,
            Way::Email => match serde_json::from_str::<Letter>(&notice.body) {
                Ok(letter) if is_stale(notice, &letter) => return settled(notice, None, Ending::Suppressed),
                Ok(letter) => self.mail(notice, &letter, now, wall).await,
                Err(_) => Outcome::dead("what the mail is made from cannot be read"),
            },
        };
        let took_ms = i64::try_from(watch.elapsed().as_millis()).unwrap_or(i64::MAX);
        conclude(notice, outcome, took_ms, now)
    }

    async fn deliver(&self, notice: &Leased, wall: Instant) -> Outcome {
        let Some(target) = &notice.webhook else {
            return Outcome::dead("the subscription is gone");
        };
        let delivery = Delivery {
            id: notice.id,
            url: target.url.clone(),
            secrets: target.secrets.clone(),
            body: notice.body.clone(),
            replay: notice.ended_at_attempt > 0,
        };
        self.webhooks.send(&delivery, wall).await
    }

    async fn mail(&self, notice: &Leased, letter: &Letter, now: Instant, wall: Instant) -> Outcome {
        let Ok(rendered) = letter.render(self.sender.public_url()) else {
            return Outcome::dead("the mail cannot be put together");
        };
        let mail = Mail {
            notice: notice.id,
            instance: notice.instance,
            to_name: letter.to_name.clone(),
            to_email: notice.address.clone(),
            rendered,
            wall,
        };
        match self.sender.compose(&mail) {
            Ok(message) => {
                let shown = CapturedMail::of(&self.sender, &mail, &message, now, notice.attempts + 1);
                self.mailer.send(&message, shown).await
            }
            Err(why) => Outcome::dead(why),
        }
    }
}

impl Sent {
    fn count(&mut self, settlement: &Settlement) {
        match settlement.ending {
            Ending::Sent => self.sent += 1,
            Ending::Failed { .. } => self.retried += 1,
            Ending::Dead => {
                tracing::warn!(notice.id = %settlement.id, "a notice is given up");
                self.dead += 1;
            }
            Ending::Suppressed => self.suppressed += 1,
        }
    }
}

/// Whether a mail has lost its point since it was queued. A breach is a fact and is always told. A missed task of a series
/// goes on being escalated, because somebody still has to answer for it.
fn is_stale(notice: &Leased, letter: &Letter) -> bool {
    if letter.until_claimed && notice.task_state == Some(TaskState::Claimed) {
        return true;
    }
    match letter.kind {
        Kind::Warned => notice.task_state.is_some_and(|state| !state.is_live()),
        Kind::Escalated => {
            let over = matches!(notice.task_state, Some(TaskState::Completed | TaskState::Cancelled));
            over || (letter.until_acknowledged && notice.acknowledged)
        }
        Kind::Breached | Kind::Routed => false,
    }
}

fn conclude(notice: &Leased, outcome: Outcome, took_ms: i64, now: Instant) -> Settlement {
    let number = notice.attempts + 1;
    let made = |status, detail: &str| Some(Try { number, took_ms, status, detail: detail.to_owned() });
    match outcome {
        Outcome::Sent { status } => settled(notice, made(status, "accepted"), Ending::Sent),
        Outcome::Dead { status, detail } => settled(notice, made(status, &detail), Ending::Dead),
        Outcome::Gone { status } => {
            let attempt = made(Some(status), "the receiver is gone; the subscription is disabled");
            let disable = notice.webhook.as_ref().map(|target| target.id);
            Settlement { disable, ..settled(notice, attempt, Ending::Dead) }
        }
        Outcome::Retry { status, detail, after_millis } => {
            let tried = u32::try_from(number - notice.ended_at_attempt).unwrap_or(u32::MAX);
            let ending =
                next_try(notice.id, tried, now, after_millis).map_or(Ending::Dead, |next_attempt_at| Ending::Failed { next_attempt_at });
            settled(notice, made(status, &detail), ending)
        }
    }
}

fn settled(notice: &Leased, attempt: Option<Try>, ending: Ending) -> Settlement {
    Settlement { id: notice.id, fence: notice.fence, attempt, ending, disable: None }
}

/// How many deliveries are under way to each subscription.
#[derive(Debug, Clone, Default)]
struct Places(Arc<Mutex<BTreeMap<WebhookId, usize>>>);

impl Places {
    fn taken(&self) -> BTreeMap<WebhookId, usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take(&self, notice: &Leased) -> Option<Place> {
        let webhook = notice.webhook.as_ref()?.id;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(webhook).or_default() += 1;
        Some(Place { places: self.clone(), webhook })
    }
}

/// Given back when dropped, however the try ended.
struct Place {
    places: Places,
    webhook: WebhookId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = places.get_mut(&self.webhook) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                places.remove(&self.webhook);
            }
        }
    }
}
