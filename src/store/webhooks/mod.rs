//! Subscriptions of receivers and what was delivered to them.
//!
//! Only what people change about a subscription is written here; how far its events are numbered belongs to the fan-out.

mod changes;
mod deliveries;
mod disabled;
mod heartbeats;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entity::webhook;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::outbox::{DisabledReason, Health};
use super::{Error, Store};
use crate::ids::{ProgramId, RoleId, Username, WebhookId};
use crate::instant::Instant;

pub use deliveries::{Delivery, Numbered, Replayed, TestMessage, Try};
pub use disabled::Untold;
pub use heartbeats::Silent;

/// Whether deliveries are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookState {
    Active,
    Disabled,
}

impl WebhookState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

/// A subscription. Its secret is read by the sender only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    pub id: WebhookId,
    pub url: String,
    /// Event types; empty means all.
    pub events: Vec<String>,
    pub program: Option<ProgramId>,
    /// Only events about this role; none means all.
    pub role: Option<RoleId>,
    pub owner: Username,
    pub state: WebhookState,
    pub created_at: Instant,
    pub last_sequence: i64,
    /// From one sign of life to the next.
    pub heartbeat_minutes: Option<u32>,
    /// As its last tries showed the receiver.
    pub health: Health,
    /// Why and when it was disabled without a person's doing.
    pub disabled: Option<(DisabledReason, Instant)>,
    /// What verifies its signatures where they are asymmetric, the newest first.
    pub public_keys: Vec<String>,
}

/// What a change sets; none leaves a part as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookChange {
    pub url: Option<String>,
    pub events: Option<Vec<String>>,
    pub program: Option<Option<ProgramId>>,
    pub role: Option<Option<RoleId>>,
    pub heartbeat_minutes: Option<Option<u32>>,
    pub state: Option<WebhookState>,
}

/// What may be shown of a receiver to people who did not subscribe it: a query often holds a key.
pub fn without_query(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// What a rotated secret leaves of the one before: both sign until then.
const UNTIL: char = '@';

/// The secrets that sign at `wall`, the newest first, out of a stored `secret` column.
pub fn signing_secrets(stored: &str, wall: Instant) -> Vec<&str> {
    stored
        .split(' ')
        .filter_map(|part| match part.split_once(UNTIL) {
            None => Some(part),
            Some((secret, until)) => until.parse::<i64>().is_ok_and(|until| until > wall.millis()).then_some(secret),
        })
        .filter(|secret| !secret.is_empty())
        .collect()
}

impl Store {
    /// Every subscription, oldest first, at most `limit` after `after`.
    pub async fn webhooks(&self, after: Option<WebhookId>, limit: u64) -> Result<Vec<Webhook>, Error> {
        let mut query = webhook::Entity::find().order_by_asc(webhook::Column::Id).limit(limit);
        if let Some(after) = after {
            query = query.filter(webhook::Column::Id.gt(after.0));
        }
        query.all(self.reader()).await?.into_iter().map(read).collect()
    }

    /// How many subscriptions there are.
    pub async fn count_webhooks(&self) -> Result<u64, Error> {
        Ok(webhook::Entity::find().count(self.reader()).await?)
    }

    /// One subscription.
    pub async fn webhook(&self, id: WebhookId) -> Result<Option<Webhook>, Error> {
        webhook::Entity::find_by_id(id.0).one(self.reader()).await?.map(read).transpose()
    }
}

fn read(row: webhook::Model) -> Result<Webhook, Error> {
    let bad = |why: String| Error::BadRow { what: "webhook", id: row.id.to_string(), why };
    let reason = row.disabled_reason.as_deref().and_then(DisabledReason::named);
    Ok(Webhook {
        id: WebhookId(row.id),
        events: serde_json::from_str(&row.events).map_err(|why| bad(why.to_string()))?,
        state: match row.state.as_str() {
            "active" => WebhookState::Active,
            "disabled" => WebhookState::Disabled,
            other => return Err(bad(format!("{other} is no state"))),
        },
        public_keys: row.secret.split(' ').filter_map(public_key).collect(),
        url: row.url,
        program: row.program.map(ProgramId),
        role: row.role.map(RoleId),
        owner: Username(row.owner),
        created_at: Instant::clamped(row.created_at),
        last_sequence: row.last_sequence,
        heartbeat_minutes: row.heartbeat_minutes.and_then(|minutes| u32::try_from(minutes).ok()),
        health: Health::of(row.failures, row.failing_since, row.open_until),
        disabled: reason.zip(row.disabled_at.map(Instant::clamped)),
    })
}

/// The public half of a stored signing key, `whpk_…`; none for a symmetric secret. `whsk_` is followed by the private half and the
/// public one, 32 bytes each.
fn public_key(stored: &str) -> Option<String> {
    let encoded = stored.split(UNTIL).next()?.strip_prefix("whsk_")?;
    let bytes = STANDARD.decode(encoded).ok()?;
    Some(format!("whpk_{}", STANDARD.encode(bytes.get(32..64)?)))
}
