//! A calendar feed: somebody's open tasks with their due instants, for a calendar program that cannot sign in.
//!
//! Guarantee: a feed opens nothing but itself. Its secret is 256 random bits of which only the SHA-256 is kept; roles are
//! read each time, so that what is taken from somebody leaves the feed at once; no participant data is in it.

mod ics;

use self::ics::Event;
use super::authenticate::{hash_secret, random_secret};
use super::queries::{self, Part, TaskQuery};
use super::views::TaskSummary;
use super::{Error, Services};
use crate::domain::command::Principal;
use crate::domain::instance::TaskState;
use crate::ids::Username;
use crate::instant::Instant;
use crate::store::calendar_feeds::CalendarFeed;

/// Most events of a feed.
const MOST_EVENTS: u64 = 1_000;
/// Tells a feed's secret from a session's and an API token's.
const PREFIX: &str = "pvc_";
const SECRET_LENGTH: usize = 43;

/// Makes somebody's feed and answers its token, which cannot be read again. The feed they had before is gone with it.
pub async fn create(services: &Services, person: &Principal) -> Result<String, Error> {
    let secret = random_secret();
    let feed = CalendarFeed { username: name_of(person), secret_hash: hash_secret(&secret), created_at: services.clock.wall() };
    services.store.put_calendar_feed(&feed).await?;
    Ok(format!("{PREFIX}{secret}"))
}

/// Takes somebody's feed away; none to take is no error.
pub async fn revoke(services: &Services, person: &Principal) -> Result<(), Error> {
    Ok(services.store.remove_calendar_feed(&name_of(person)).await?)
}

/// Since when somebody has a feed, in wall time.
pub async fn since(services: &Services, person: &Principal) -> Result<Option<Instant>, Error> {
    Ok(services.store.calendar_feed_since(&name_of(person)).await?)
}

/// The feed behind a token as iCalendar text; its links begin with `address`. `NotFound` for a token that never was, that
/// was revoked, and for somebody who is no longer active.
pub async fn read(services: &Services, token: &str, address: &str) -> Result<String, Error> {
    let secret = token.strip_prefix(PREFIX).filter(|secret| secret.len() == SECRET_LENGTH).ok_or(Error::NotFound)?;
    let owner = services.store.calendar_feed_owner(&hash_secret(secret)).await?.ok_or(Error::NotFound)?;
    let (person, _) = services.store.person(&owner).await?.filter(|(person, _)| person.active).ok_or(Error::NotFound)?;
    let query = TaskQuery { states: vec![TaskState::Open, TaskState::Claimed], ..TaskQuery::default() };
    let tasks = queries::tasks(services, &person, query, Part { after: None, fetch: MOST_EVENTS }).await?;
    let ids: Vec<_> = tasks.iter().map(|task| task.id).collect();
    let generations = services.store.clock_generations(&ids).await?;
    let sequence = |task: &TaskSummary| generations.get(&task.id).copied().unwrap_or(0);
    let events: Vec<_> = tasks.iter().filter_map(|task| event(task, sequence(task), address)).collect();
    Ok(ics::calendar(services.clock.now(), &events))
}

/// The event of a task; none without a deadline.
fn event(task: &TaskSummary, sequence: i64, address: &str) -> Option<Event> {
    Some(Event {
        uid: format!("{}@proviso", task.id),
        sequence,
        at: task.due_at?,
        summary: format!("Due: {} {}", task.id.number(), task.title),
        link: format!("{address}/tasks/{}", task.id),
    })
}

fn name_of(person: &Principal) -> Username {
    Username::from(person.username.as_str())
}
