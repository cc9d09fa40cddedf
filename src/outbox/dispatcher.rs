//! Sending what is due: lease, look once more whether it still matters, send, write down how it ended.
//!
//! Guarantee: at least once, with the same id and content at each try. No transaction is open while something is sent. A
//! node whose lease ran out writes nothing, so a try that another node has taken over cannot undo what that one wrote.
//! What is taken for one receiver is a lane of its own, so that a receiver that hangs holds up itself only.
//! Order is not promised; deliveries carry their number.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Notify, OnceCell, Semaphore};

use super::captured::CapturedMail;
use super::circuit::{OPEN_AFTER, judge};
use super::conclude::{conclude, is_final_for_now, is_stale, settled};
use super::digest::{self, DIGEST, Digest};
use super::error::Error;
use super::farewell::Farewell;
use super::lane::{HandedIn, Kept, Lane, MAILS, Place, Places};
use super::letter::{Letter, Rendered};
use super::mail::{Mail, Sender};
use super::mailer::Mailer;
use super::operational::DISABLED;
use super::outcome::Outcome;
use super::smtp::{CONNECTIONS, SEND_TIMEOUT};
use super::summary::{SUMMARY, Summary};
use super::webhook::{Delivery, Webhooks};
use crate::clock::Stopwatch;
use crate::domain::link::LinkKey;
use crate::failpoint::{Point, reach};
use crate::instant::Instant;
use crate::store::Store;
use crate::store::outbox::{Ending, LeaseRequest, Leased, Settlement, Way};

/// Deliveries sent at the same time to one subscription.
const PER_WEBHOOK: usize = 2;
/// Deliveries taken at a time to a receiver that is well.
const LANE: usize = 128;
/// After this long a lane begins no further send; what is left is taken anew.
const LANE_LASTS: Duration = Duration::from_secs(10);
/// Mails that are put together or sent at the same time: while a connection waits for the server's word, its next mail is made ready.
const MAILS_AT_A_TIME: usize = 2 * CONNECTIONS;
/// Settlements of one commit.
const SETTLED_TOGETHER: usize = 512;

/// Business time and wall time, read when they are needed.
pub type Times = Arc<dyn Fn() -> (Instant, Instant) + Send + Sync>;

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
    /// Held by a mail from its being put together to its outcome, so that none waits long with its lease running.
    mail_turns: Arc<Semaphore>,
    /// Read from the database when the first link is made.
    link_key: Arc<OnceCell<LinkKey>>,
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
    /// Given back without a try, because the receiver is left alone for now.
    pub waiting: u64,
    /// Another node had taken them over; nothing was written.
    pub lost: u64,
}

impl Sent {
    /// Nothing was due, or other nodes have what is.
    pub fn is_idle(&self) -> bool {
        self.leased == 0
    }

    fn count(&mut self, settlement: &Settlement) {
        match settlement.ending {
            Ending::Sent => self.sent += 1,
            Ending::Failed { .. } => self.retried += 1,
            Ending::Dead => {
                tracing::warn!(notice.id = %settlement.id, "a notice is given up");
                self.dead += 1;
            }
            Ending::Suppressed => self.suppressed += 1,
            Ending::Waiting => self.waiting += 1,
        }
    }
}

impl Dispatcher {
    /// `owner` names this node; no other may have the same name.
    pub fn new(store: Store, sender: Sender, mailer: Mailer, webhooks: Webhooks, owner: &str) -> Self {
        Self {
            store,
            sender,
            mailer,
            webhooks,
            owner: owner.into(),
            leasing: Arc::default(),
            places: Places::default(),
            mail_turns: Arc::new(Semaphore::new(MAILS_AT_A_TIME)),
            link_key: Arc::default(),
        }
    }

    /// Sends at most `limit` notices that are due at `now`, and returns when all is written down. `now` (business time) is what
    /// the schedule and `sent_at` go by; `wall` what leases, `webhook-timestamp` and the Date header go by.
    pub async fn run_once(&self, now: Instant, wall: Instant, limit: usize) -> Result<Sent, Error> {
        let lanes = self.lease(now, wall, limit).await?;
        let leased = lanes.iter().map(Lane::left).sum::<usize>() as u64;
        let times: Times = Arc::new(move || (now, wall));
        let (hand_in, mut handed_in) = unbounded_channel();
        let kept: Kept = Arc::new(());
        let sending = async move {
            join_all(lanes.into_iter().map(|lane| self.work(lane, &times, &hand_in, &kept))).await;
        };
        let (settled, ()) = join(self.settle_all(&mut handed_in, || now), sending).await;
        Ok(Sent { leased, ..settled? })
    }

    /// Told when a receiver, or the mails, can be sent more.
    pub fn freed(&self) -> &Notify {
        self.places.freed()
    }

    /// Lets go what was kept back, then takes at most `limit` due notices. Each lane is to be given to `work`.
    pub async fn lease(&self, now: Instant, wall: Instant, limit: usize) -> Result<Vec<Lane>, Error> {
        let _one_at_a_time = self.leasing.lock().await;
        digest::collect(&self.store, now).await?;
        let request = LeaseRequest {
            owner: &self.owner,
            now,
            wall,
            until: Instant::clamped(wall.millis().saturating_add(self.lease_millis())),
            limit,
            per_webhook: LANE,
            mails: MAILS,
            under_way: self.places.taken(),
        };
        let leased = self.store.lease_notices(&request).await?;
        if !leased.is_empty() {
            reach(Point::OutboxClaimed);
        }
        Ok(self.places.lanes(leased))
    }

    /// More than twice what a lane can take.
    fn lease_millis(&self) -> i64 {
        let longest = self.webhooks.timeout().max(SEND_TIMEOUT) * 2 + LANE_LASTS * 2;
        i64::try_from(longest.as_millis()).unwrap_or(i64::MAX)
    }

    /// Sends what is in a lane and hands in how each ended; `kept` is held until that is written. It stops early, and gives the rest
    /// back, when the receiver is to be left alone or the lane has lasted long enough.
    pub async fn work(&self, lane: Lane, times: &Times, hand_in: &UnboundedSender<HandedIn>, kept: &Kept) {
        let at_a_time = if lane.is_mail { MAILS_AT_A_TIME } else { PER_WEBHOOK };
        let (watch, failed) = (Stopwatch::start(), AtomicU32::new(0));
        let hand = |settlement, place: Arc<Place>| {
            // Nobody takes it when the server stops in the middle: the lease runs out and another try is made.
            let _ = hand_in.send(HandedIn { settlement, kept: (kept.clone(), place) });
        };
        let give_back = || lane.rest().into_iter().for_each(|(left, place)| hand(settled(&left, None, Ending::Waiting), place));
        let worker = async || {
            loop {
                // It is never closed.
                let _turn = if lane.is_mail { self.mail_turns.acquire().await.ok() } else { None };
                if watch.elapsed() > LANE_LASTS {
                    give_back();
                }
                let Some((notice, place)) = lane.next() else { break };
                let settlement = self.handle(&notice, times).await;
                let failures = match settlement.ending {
                    Ending::Sent => 0,
                    _ => failed.fetch_add(1, Ordering::Relaxed) + 1,
                };
                let stop = !lane.is_mail && (is_final_for_now(&settlement) || failures >= OPEN_AFTER);
                hand(settlement, place);
                if stop {
                    give_back();
                }
            }
        };
        join_all((0..at_a_time.min(lane.left())).map(|_| worker())).await;
    }

    /// Writes what is handed in, all that has come at once in one commit, until nobody can hand in any more.
    pub async fn settle_all(&self, handed_in: &mut UnboundedReceiver<HandedIn>, now: impl Fn() -> Instant) -> Result<Sent, Error> {
        let (mut done, mut batch) = (Sent::default(), Vec::new());
        while handed_in.recv_many(&mut batch, SETTLED_TOGETHER).await > 0 {
            let (settlements, kept): (Vec<_>, Vec<_>) = batch.drain(..).map(|one| (one.settlement, one.kept)).unzip();
            reach(Point::AfterSendBeforeMark);
            let lost = self.store.settle_notices(&settlements, now(), judge).await?;
            reach(Point::AfterMark);
            drop(kept);
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

    async fn handle(&self, notice: &Leased, times: &Times) -> Settlement {
        let (watch, (now, wall)) = (Stopwatch::start(), times());
        let outcome = match notice.way {
            Way::Webhook => self.deliver(notice, wall).await,
            Way::Email if notice.event == DIGEST => self.digest(notice, now, wall).await,
            Way::Email if notice.event == SUMMARY => self.summary(notice, now, wall).await,
            Way::Email if notice.event == DISABLED => self.farewell(notice, now, wall).await,
            Way::Email => match serde_json::from_str::<Letter>(&notice.body) {
                Ok(letter) if is_stale(notice, &letter) => return settled(notice, None, Ending::Suppressed),
                Ok(letter) => self.mail(notice, &letter, now, wall).await,
                Err(_) => Outcome::dead("what the mail is made from cannot be read"),
            },
        };
        let took_ms = i64::try_from(watch.elapsed().as_millis()).unwrap_or(i64::MAX);
        conclude(notice, outcome, took_ms, times().0)
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
        reach(Point::BeforeSend);
        self.webhooks.send(&delivery, wall).await
    }

    async fn mail(&self, notice: &Leased, letter: &Letter, now: Instant, wall: Instant) -> Outcome {
        let answer = match letter.may_answer {
            true => match self.link_key().await {
                Ok(key) => Some(format!("{}/answer/{}", self.sender.public_url(), key.answering(notice.id))),
                Err(retry) => return retry,
            },
            false => None,
        };
        let Ok(rendered) = letter.render(self.sender.public_url(), answer.as_deref()) else {
            return Outcome::dead("the mail cannot be put together");
        };
        self.post(notice, rendered, &letter.to_name, now, wall).await
    }

    /// Sends what was collected.
    async fn digest(&self, notice: &Leased, now: Instant, wall: Instant) -> Outcome {
        let Ok(digest) = serde_json::from_str::<Digest>(&notice.body) else {
            return Outcome::dead("what the mail is made from cannot be read");
        };
        let key = match self.link_key().await {
            Ok(key) => key,
            Err(retry) => return retry,
        };
        let digest = digest.with_answers(self.sender.public_url(), key);
        match digest.render(self.sender.public_url()) {
            Ok(rendered) => self.post(notice, rendered, &digest.to_name, now, wall).await,
            Err(_) => Outcome::dead("the mail cannot be put together"),
        }
    }

    /// Sends a daily summary, with the link that ends them.
    async fn summary(&self, notice: &Leased, now: Instant, wall: Instant) -> Outcome {
        let Ok(summary) = serde_json::from_str::<Summary>(&notice.body) else {
            return Outcome::dead("what the mail is made from cannot be read");
        };
        let key = match self.link_key().await {
            Ok(key) => key,
            Err(retry) => return retry,
        };
        let link = format!("{}/unsubscribe/{}", self.sender.public_url(), key.unsubscribing(&summary.to));
        match summary.render(self.sender.public_url(), &link) {
            Ok(rendered) => self.post_with(notice, rendered, (&summary.to_name, Some(link)), now, wall).await,
            Err(_) => Outcome::dead("the mail cannot be put together"),
        }
    }

    async fn link_key(&self) -> Result<&LinkKey, Outcome> {
        let known = self.link_key.get_or_try_init(|| self.store.link_key(rand::random())).await;
        known.map_err(|_| Outcome::retry("the key of the links in mails cannot be read"))
    }

    /// Tells the owner of a subscription that it ended.
    async fn farewell(&self, notice: &Leased, now: Instant, wall: Instant) -> Outcome {
        let Ok(farewell) = serde_json::from_str::<Farewell>(&notice.body) else {
            return Outcome::dead("what the mail is made from cannot be read");
        };
        match farewell.render(self.sender.public_url()) {
            Ok(rendered) => self.post(notice, rendered, &farewell.to_name, now, wall).await,
            Err(_) => Outcome::dead("the mail cannot be put together"),
        }
    }

    async fn post(&self, notice: &Leased, rendered: Rendered, to_name: &str, now: Instant, wall: Instant) -> Outcome {
        self.post_with(notice, rendered, (to_name, None), now, wall).await
    }

    /// The same with the link by which mails of this kind are ended.
    async fn post_with(
        &self,
        notice: &Leased,
        rendered: Rendered,
        (to_name, unsubscribe): (&str, Option<String>),
        now: Instant,
        wall: Instant,
    ) -> Outcome {
        let mail = Mail {
            notice: notice.id,
            instance: notice.instance,
            to_name: to_name.to_owned(),
            to_email: notice.address.clone(),
            rendered,
            unsubscribe,
            wall,
        };
        match self.sender.compose(&mail) {
            Ok(message) => {
                let shown = || CapturedMail::of(&self.sender, &mail, &message, now, notice.attempts + 1);
                reach(Point::BeforeSend);
                let outcome = self.mailer.send(&message, mail.notice, shown).await;
                reach(Point::MailAfterData);
                outcome
            }
            Err(why) => Outcome::dead(why),
        }
    }
}
