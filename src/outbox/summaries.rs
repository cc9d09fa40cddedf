//! Sending the daily summaries that are due.
//!
//! Guarantee: a summary is sent once; of days on which no server ran, the last one stands for all.

use std::collections::{BTreeMap, BTreeSet};

use super::directory::Directory;
use super::error::Error;
use super::fan_out::FannedOut;
use super::identity::notice_id;
use super::recipients::shown_name;
use super::summary::{SUMMARY, Summary};
use crate::domain::definition::Program;
use crate::domain::summary::{AHEAD_MILLIS, Overview, next_after, overview};
use crate::ids::{RoleId, Username};
use crate::instant::Instant;
use crate::store::Store;
use crate::store::outbox::{NewNotice, People, Person, Way};
use crate::store::summaries::DueSummary;

/// Queues the mails of the summaries due at `now`.
pub async fn send_due(store: &Store, directory: &Directory, now: Instant, done: &mut FannedOut) -> Result<(), Error> {
    for due in store.due_summaries(now).await? {
        let Some(program) = directory.program(&due.program, due.version) else {
            done.stuck += 1;
            continue;
        };
        let mails = mails(store, &program, &due, now).await?;
        done.mails += store.queue_summary(&due, next_after(&program, now), mails, now).await?;
    }
    Ok(())
}

async fn mails(store: &Store, program: &Program, due: &DueSummary, now: Instant) -> Result<Vec<NewNotice>, Error> {
    let ahead = Instant::clamped(now.millis().saturating_add(AHEAD_MILLIS));
    let (waiting, owed) = store.open_work(&due.program, ahead).await?;
    let people = store.people_for(&BTreeSet::from([due.program.clone()]), &BTreeSet::new()).await?;
    let without = store.unsubscribed().await?;
    let told = roles(&people, due).into_iter().filter(|(username, _)| !without.contains(username));
    let mail = |(username, roles): (Username, BTreeSet<RoleId>)| {
        let person = people.by_name.get(&username).filter(|person| person.active)?;
        let found = overview(program, &username, &roles, (&waiting, &owed), now)?;
        notice(person, program, due, found, now)
    };
    Ok(told.filter_map(mail).collect())
}

/// Who holds which roles of the program.
fn roles(people: &People, due: &DueSummary) -> BTreeMap<Username, BTreeSet<RoleId>> {
    let mut roles: BTreeMap<Username, BTreeSet<RoleId>> = BTreeMap::new();
    for ((_, role), holders) in people.holders.iter().filter(|((program, _), _)| *program == due.program) {
        for holder in holders {
            roles.entry(holder.clone()).or_default().insert(role.clone());
        }
    }
    roles
}

fn notice(to: &Person, program: &Program, due: &DueSummary, found: Overview, now: Instant) -> Option<NewNotice> {
    let fact = format!("{SUMMARY}/{}/{}", due.program, due.due_at.millis());
    let summary = Summary::of((&to.username, &shown_name(to)), program, found, now);
    Some(NewNotice {
        id: notice_id(now, &fact, to.username.as_str(), Way::Email.as_str()),
        way: Way::Email,
        fact,
        recipient: to.username.to_string(),
        address: to.email.clone()?,
        webhook: None,
        sequence: None,
        event: SUMMARY.to_owned(),
        program: due.program.clone(),
        instance: None,
        task: None,
        breach: None,
        rung: None,
        // A struct of texts and numbers always serializes.
        body: serde_json::to_string(&summary).unwrap_or_default(),
        hold: None,
    })
}
