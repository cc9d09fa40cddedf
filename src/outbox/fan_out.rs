//! From audit entries to notices: who is told what, decided once per fact.
//!
//! Guarantee: a page of entries and the reader's new place are one commit, compared by a fence, so that a second pass, a
//! second node or a crash at any line queues nothing twice and skips nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ahead::{Ahead, Seen};
use super::deliveries;
use super::directory::Directory;
use super::entry::Entry;
use super::error::Error;
use super::mails;
use super::operational;
use super::summaries;
use crate::domain::definition::Program;
use crate::failpoint::{Point, reach};
use crate::instant::Instant;
use crate::service::wake::Wake;
use crate::store::Store;
use crate::store::outbox::{Advanced, JournalEntry, NewNotice, People, Position, Reader, Subscription};

/// Most entries of one commit.
const PAGE: u64 = 200;
/// How long other nodes leave a reader to the one that moved it last, in milliseconds of wall time.
const LEASE_MILLIS: i64 = 15_000;

/// Makes notices of audit entries. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FanOut {
    store: Store,
    directory: Directory,
    wake: Wake,
    owner: Arc<str>,
    ahead: Ahead,
}

/// What one pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FannedOut {
    /// Mails queued.
    pub mails: u64,
    /// Deliveries queued.
    pub deliveries: u64,
    /// Entries passed, those that concern nobody too; each reader counts for itself. 0 when all have come to the end.
    pub entries: u64,
    /// Entries are committed that can be read only when older transactions end: another pass will find them.
    pub held_back: bool,
    /// A page was full: more may be behind it.
    pub more: bool,
    /// Readers that wait for a definition this node does not know yet.
    pub stuck: u64,
}

impl FannedOut {
    /// Nothing was read and nothing is waiting to be read.
    pub fn is_idle(&self) -> bool {
        self.entries == 0 && !self.held_back
    }
}

impl FanOut {
    /// `owner` names this node; no other may have the same name.
    pub fn new(store: Store, directory: Directory, wake: Wake, owner: &str) -> Self {
        Self { store, directory, wake, owner: owner.into(), ahead: Ahead::new() }
    }

    /// One page of mails and one page of each subscription, and what is due by itself. `now` (business time) is when the notices are queued and due;
    /// `wall` judges leases.
    pub async fn run_once(&self, now: Instant, wall: Instant) -> Result<FannedOut, Error> {
        let mut done = self.pass(now, wall, &Ahead::none()).await?;
        self.tell_what_is_due(now, &mut done).await?;
        Ok(done)
    }

    /// What is told because it is time, not because of an entry: ended subscriptions, signs of life and daily summaries.
    pub async fn run_due(&self, now: Instant) -> Result<FannedOut, Error> {
        let mut done = FannedOut::default();
        self.tell_what_is_due(now, &mut done).await?;
        Ok(done)
    }

    async fn tell_what_is_due(&self, now: Instant, done: &mut FannedOut) -> Result<(), Error> {
        let before = done.mails + done.deliveries;
        operational::tell_of_disabled(&self.store, now, done).await?;
        operational::send_heartbeats(&self.store, now, done).await?;
        summaries::send_due(&self.store, &self.directory, now, done).await?;
        if done.mails + done.deliveries > before {
            self.wake.sender.notify_one();
        }
        Ok(())
    }

    /// The same pages for a loop that passes often: a step over entries that concern nobody is written down a second later at the latest,
    /// together with those after it, so that not every command is followed by a commit that says nothing.
    pub async fn run_often(&self, now: Instant, wall: Instant) -> Result<FannedOut, Error> {
        self.pass(now, wall, &self.ahead).await
    }

    async fn pass(&self, now: Instant, wall: Instant, ahead: &Ahead) -> Result<FannedOut, Error> {
        let mut done = FannedOut::default();
        let until = Instant::clamped(wall.millis().saturating_add(LEASE_MILLIS));
        let reader = Reader { owner: &self.owner, until, now };
        self.mail_page(reader, wall, ahead, &mut done).await?;
        for subscription in self.store.subscriptions_behind(&self.owner, wall).await? {
            self.subscription_page(&subscription, reader, (wall, ahead), &mut done).await?;
        }
        if done.mails + done.deliveries > 0 {
            self.wake.sender.notify_one();
        }
        Ok(done)
    }

    async fn mail_page(&self, reader: Reader<'_>, wall: Instant, ahead: &Ahead, done: &mut FannedOut) -> Result<(), Error> {
        let cursor = self.store.mail_cursor(&self.owner, wall).await?;
        if cursor.taken {
            return Ok(());
        }
        let seen = Seen { lane: None, fence: cursor.fence };
        let page = self.page(ahead.of(seen, cursor.at), done).await?;
        let known = self.known_prefix(&page.entries, mails::concerns_people, done);
        let notices = self.mails_of(&known, reader.now).await?;
        let Some(to) = ahead.step(seen, known.to, wall, !notices.is_empty() || page.is_full) else {
            done.entries += known.passed;
            return Ok(());
        };
        if !notices.is_empty() {
            reach(Point::FanOutBeforeCommit);
        }
        if let Advanced::By(queued) = self.store.advance_mail(&cursor, to, reader, notices).await? {
            done.mails += queued;
            done.entries += known.passed;
            if queued > 0 {
                reach(Point::FanOutAfterCommit);
            }
        }
        Ok(())
    }

    async fn mails_of(&self, known: &Known, now: Instant) -> Result<Vec<NewNotice>, Error> {
        if known.concerned.is_empty() {
            return Ok(Vec::new());
        }
        let programs: BTreeSet<_> = known.concerned.iter().map(|(entry, _)| entry.program.clone()).collect();
        let mut named: BTreeSet<_> = known.concerned.iter().flat_map(|(entry, _)| mails::people_named(entry)).collect();
        let mut on_call = BTreeMap::new();
        for (entry, program) in &known.concerned {
            for id in mails::rotas_asked(entry) {
                let Some(rota) = program.rotas.get(&id) else { continue };
                let shifts = self.store.shifts(&program.program, rota).await?;
                named.extend(shifts.iter().map(|shift| shift.person.clone()));
                on_call.insert((program.program.clone(), id), shifts);
            }
        }
        let substitutes = self.store.substitutes_at(now).await?;
        named.extend(substitutes.values().flatten().cloned());
        let people = People { on_call, substitutes, ..self.store.people_for(&programs, &named).await? };
        Ok(known.concerned.iter().flat_map(|(entry, program)| mails::of_entry(entry, program, &people)).collect())
    }

    async fn page(&self, after: Position, done: &mut FannedOut) -> Result<Page, Error> {
        let page = self.store.journal_after(after, PAGE).await?;
        let is_full = page.entries.len() as u64 == PAGE;
        done.held_back |= page.held_back;
        done.more |= is_full;
        Ok(Page { entries: page.entries, is_full })
    }

    async fn subscription_page(
        &self,
        subscription: &Subscription,
        reader: Reader<'_>,
        (wall, ahead): (Instant, &Ahead),
        done: &mut FannedOut,
    ) -> Result<(), Error> {
        let seen = Seen { lane: Some(subscription.id), fence: subscription.fence };
        let page = self.page(ahead.of(seen, subscription.at), done).await?;
        let known = self.known_prefix(&page.entries, |entry| deliveries::is_wanted(entry, subscription), done);
        let mut last = subscription.last_sequence;
        let of_entry = |(entry, program): &(Entry, Arc<Program>)| deliveries::of_entry(entry, subscription, program, &mut last);
        let notices: Vec<_> = known.concerned.iter().flat_map(of_entry).collect();
        let Some(to) = ahead.step(seen, known.to, wall, !notices.is_empty() || page.is_full) else {
            done.entries += known.passed;
            return Ok(());
        };
        if let Advanced::By(queued) = self.store.advance_subscription(subscription, to, reader, notices).await? {
            done.deliveries += queued;
            done.entries += known.passed;
        }
        Ok(())
    }

    /// The entries up to the first one that is concerned and whose definition is not known here.
    fn known_prefix(&self, page: &[JournalEntry], concerned: impl Fn(&Entry) -> bool, done: &mut FannedOut) -> Known {
        let mut known = Known { concerned: Vec::new(), to: None, passed: 0 };
        for row in page {
            match Entry::parse(&row.body) {
                Ok(entry) if concerned(&entry) => match self.directory.program(&entry.program, entry.version) {
                    Some(program) => known.concerned.push((entry, program)),
                    None => {
                        tracing::warn!(program = %entry.program, version = entry.version, "notices wait for a definition that is not loaded");
                        done.stuck += 1;
                        return known;
                    }
                },
                Ok(_) => {}
                // It will never be readable; waiting would hold up everything behind it. The audit check reports it too.
                Err(why) => tracing::error!(position = row.at.position, %why, "an audit entry cannot be read; nobody is told about it"),
            }
            known.to = Some(row.at);
            known.passed += 1;
        }
        known
    }
}

/// Entries in order.
struct Page {
    entries: Vec<JournalEntry>,
    is_full: bool,
}

/// What can be done of a page.
struct Known {
    concerned: Vec<(Entry, Arc<Program>)>,
    /// The place of the last entry that was passed.
    to: Option<Position>,
    passed: u64,
}
