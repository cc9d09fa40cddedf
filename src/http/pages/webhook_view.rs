//! Subscriptions and deliveries in the words of a page.

use super::when::{Moment, length};
use super::wording::as_words;
use crate::instant::Instant;
use crate::service::webhooks::{Delivery, Signing, Webhook, WebhookState, without_query};

/// A subscription.
pub struct Subscription {
    pub id: String,
    /// Without its query, which often holds a key.
    pub receiver: String,
    pub owner: String,
    pub state: Health,
    pub events: Vec<String>,
    /// None: of all programs, of all roles.
    pub program: Option<String>,
    pub role: Option<String>,
    pub heartbeat_minutes: Option<u32>,
    pub last_sequence: i64,
    pub signature: &'static str,
    pub public_keys: Vec<String>,
    pub created: Moment,
}

/// How it does.
pub struct Health {
    pub is_active: bool,
    pub words: &'static str,
    pub mark: &'static str,
    pub class: &'static str,
    /// `5 failures in a row`.
    pub failures: Option<String>,
    pub failing_since: Option<Moment>,
    /// Nothing is sent before.
    pub left_alone_until: Option<Moment>,
    pub disabled: Option<Moment>,
}

/// A delivery with its tries.
pub struct Line {
    pub id: String,
    pub event: String,
    pub sequence: Option<i64>,
    pub state: String,
    pub queued: Moment,
    pub next: Option<Moment>,
    pub tries: Vec<TryLine>,
    /// What the receiver is sent, or that it cannot be read.
    pub message: String,
    /// Whether it can be sent again.
    pub is_over: bool,
}

/// One try.
pub struct TryLine {
    pub number: u32,
    pub at: Moment,
    /// `204 in 12 ms: accepted`.
    pub words: String,
}

impl Subscription {
    pub fn of(webhook: &Webhook, now: Instant, moment: impl Fn(Instant) -> Moment) -> Self {
        Self {
            id: webhook.id.to_string(),
            receiver: without_query(&webhook.url),
            owner: webhook.owner.to_string(),
            state: Health::of(webhook, now, &moment),
            events: webhook.events.clone(),
            program: webhook.program.as_ref().map(ToString::to_string),
            role: webhook.role.as_ref().map(ToString::to_string),
            heartbeat_minutes: webhook.heartbeat_minutes,
            last_sequence: webhook.last_sequence,
            signature: Signing::of(webhook).as_str(),
            public_keys: webhook.public_keys.clone(),
            created: moment(webhook.created_at),
        }
    }
}

impl Health {
    fn of(webhook: &Webhook, now: Instant, moment: &impl Fn(Instant) -> Moment) -> Self {
        let health = &webhook.health;
        let left_alone_until = health.open_until.filter(|until| *until > now);
        let is_active = webhook.state == WebhookState::Active;
        let (words, mark, class) = match (is_active, webhook.disabled, left_alone_until, health.failures) {
            (false, Some((reason, _)), ..) => match reason.as_str() {
                "gone" => ("Disabled: the receiver says that it is gone", "▲", "late"),
                _ => ("Disabled: the receiver failed for days", "▲", "late"),
            },
            (false, None, ..) => ("Disabled by a person", "▲", "late"),
            (true, _, Some(_), _) => ("Left alone for a while, because it fails", "◆", "soon"),
            (true, _, None, 1..) => ("Fails, and is tried again", "◆", "soon"),
            (true, _, None, 0) => ("Active", "○", "ahead"),
        };
        Self {
            is_active,
            words,
            mark,
            class,
            failures: match health.failures {
                0 => None,
                1 => Some("1 failure".to_owned()),
                more => Some(format!("{more} failures in a row")),
            },
            failing_since: health.failing_since.map(moment),
            left_alone_until: left_alone_until.map(moment),
            disabled: webhook.disabled.map(|(_, at)| moment(at)),
        }
    }
}

impl Line {
    /// `is_left_alone`: nothing is sent to the receiver for a while.
    pub fn of(delivery: &Delivery, is_left_alone: bool, moment: impl Fn(Instant) -> Moment) -> Self {
        let waits = matches!(delivery.state.as_str(), "queued" | "failed");
        Self {
            id: delivery.id.to_string(),
            event: delivery.event.clone(),
            sequence: delivery.sequence,
            state: match delivery.state.as_str() {
                "queued" if is_left_alone => "waits until the receiver is tried again".to_owned(),
                "queued" | "sending" => "on its way".to_owned(),
                "sent" => "accepted".to_owned(),
                "failed" => "failed, is tried again".to_owned(),
                "dead" => "given up".to_owned(),
                "suppressed" => "not sent".to_owned(),
                other => as_words(other),
            },
            queued: moment(delivery.queued_at),
            next: (waits && delivery.attempts > 0).then(|| moment(delivery.next_attempt_at)),
            tries: delivery
                .tries
                .iter()
                .map(|one| {
                    let took = if one.took_ms < 60_000 { format!("{} ms", one.took_ms) } else { length(one.took_ms) };
                    let status = one.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
                    TryLine { number: one.number, at: moment(one.at), words: format!("{status} in {took}: {}", one.detail) }
                })
                .collect(),
            message: serde_json::from_str::<serde_json::Value>(&delivery.body)
                .and_then(|message| serde_json::to_string_pretty(&message))
                .unwrap_or_else(|_| "The stored message cannot be read.".to_owned()),
            is_over: matches!(delivery.state.as_str(), "sent" | "dead" | "suppressed" | "failed"),
        }
    }
}
