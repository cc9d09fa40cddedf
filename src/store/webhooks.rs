//! Subscriptions of receivers and what was delivered to them.
//!
//! Only what people change about a subscription is written here; how far its events are numbered belongs to the fan-out.

use std::collections::BTreeMap;

use entity::{attempt, notice, webhook};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, Condition, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::outbox::Position;
use super::{Error, Store, WriteTransaction};
use crate::ids::{NoticeId, ProgramId, Username, WebhookId};
use crate::instant::Instant;

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
    pub owner: Username,
    pub state: WebhookState,
    pub created_at: Instant,
    pub last_sequence: i64,
}

/// What a change sets; none leaves a part as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookChange {
    pub url: Option<String>,
    pub events: Option<Vec<String>>,
    pub program: Option<Option<ProgramId>>,
    pub state: Option<WebhookState>,
}

/// One message to a receiver with its tries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: NoticeId,
    pub event: String,
    /// None for a test message.
    pub sequence: Option<i64>,
    pub state: String,
    pub queued_at: Instant,
    pub sent_at: Option<Instant>,
    pub attempts: u32,
    pub next_attempt_at: Instant,
    pub tries: Vec<Try>,
}

/// One try at sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    pub number: u32,
    pub at: Instant,
    pub took_ms: i64,
    pub result: String,
    pub status: Option<u16>,
    pub detail: String,
}

/// A message that stands outside the numbered events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestMessage {
    pub id: NoticeId,
    pub webhook: WebhookId,
    pub url: String,
    pub event: &'static str,
    pub body: String,
    pub at: Instant,
}

/// Which deliveries to send again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    pub deliveries: Vec<NoticeId>,
    pub since: Option<Instant>,
    pub until: Option<Instant>,
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

/// What is stored when `new` takes over from the secrets signing at `wall`; the one before signs on until `until`.
fn rotated(stored: &str, new: &str, wall: Instant, until: Instant) -> String {
    match signing_secrets(stored, wall).first() {
        Some(before) => format!("{new} {before}{UNTIL}{}", until.millis()),
        None => new.to_owned(),
    }
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

    /// Deliveries of a subscription, newest first, at most `limit` older than `before`, in one state where it is given.
    pub async fn deliveries(
        &self,
        webhook: WebhookId,
        state: Option<&str>,
        before: Option<(Instant, NoticeId)>,
        limit: u64,
    ) -> Result<Vec<Delivery>, Error> {
        let mut query = notice::Entity::find()
            .filter(notice::Column::WebhookId.eq(webhook.0))
            .order_by_desc(notice::Column::QueuedAt)
            .order_by_desc(notice::Column::Id)
            .limit(limit);
        if let Some(state) = state {
            query = query.filter(notice::Column::State.eq(state));
        }
        if let Some((at, id)) = before {
            let older = Condition::any()
                .add(notice::Column::QueuedAt.lt(at.millis()))
                .add(Condition::all().add(notice::Column::QueuedAt.eq(at.millis())).add(notice::Column::Id.lt(id.0)));
            query = query.filter(older);
        }
        let rows = query.all(self.reader()).await?;
        let tries = attempt::Entity::find()
            .filter(attempt::Column::NoticeId.is_in(rows.iter().map(|row| row.id)))
            .order_by_asc(attempt::Column::Number)
            .all(self.reader())
            .await?;
        let mut by_notice: BTreeMap<uuid::Uuid, Vec<Try>> = BTreeMap::new();
        for one in tries {
            by_notice.entry(one.notice_id).or_default().push(read_try(one));
        }
        Ok(rows
            .into_iter()
            .map(|row| {
                let tries = by_notice.remove(&row.id).unwrap_or_default();
                read_delivery(row, tries)
            })
            .collect())
    }
}

impl WriteTransaction {
    /// Adds a subscription. It begins with what is committed after it: earlier events are not sent.
    pub async fn add_webhook(&mut self, new: &Webhook, secret: &str, start: Position) -> Result<(), Error> {
        let row = webhook::Model {
            id: new.id.0,
            url: new.url.clone(),
            secret: secret.to_owned(),
            events: events_text(&new.events),
            program: new.program.as_ref().map(ToString::to_string),
            owner: new.owner.to_string(),
            state: new.state.as_str().to_owned(),
            created_at: new.created_at.millis(),
            cursor_writer: start.writer,
            cursor_position: start.position,
            last_sequence: 0,
            lease_owner: None,
            lease_until: 0,
            fence: 0,
        };
        row.into_active_model().reset_all().insert(self.connection()).await?;
        Ok(())
    }

    /// Changes a subscription; false when it is not there.
    pub async fn change_webhook(&mut self, id: WebhookId, change: &WebhookChange) -> Result<bool, Error> {
        let mut row = <webhook::ActiveModel as Default>::default();
        if let Some(url) = &change.url {
            row.url = ActiveValue::Set(url.clone());
        }
        if let Some(events) = &change.events {
            row.events = ActiveValue::Set(events_text(events));
        }
        if let Some(program) = &change.program {
            row.program = ActiveValue::Set(program.as_ref().map(ToString::to_string));
        }
        if let Some(state) = change.state {
            row.state = ActiveValue::Set(state.as_str().to_owned());
        }
        let found = webhook::Entity::find_by_id(id.0).one(self.connection()).await?.is_some();
        if found && *change != WebhookChange::default() {
            webhook::Entity::update_many().set(row).filter(webhook::Column::Id.eq(id.0)).exec(self.connection()).await?;
        }
        if let (true, Some(url)) = (found, &change.url) {
            notice::Entity::update_many()
                .col_expr(notice::Column::Address, Expr::value(url.clone()))
                .col_expr(notice::Column::Recipient, Expr::value(url.clone()))
                .filter(waiting_for(id))
                .exec(self.connection())
                .await?;
        }
        Ok(found)
    }

    /// Puts a new secret in the place of the present one, which signs on until `until`; false when the subscription is not there.
    pub async fn rotate_webhook(&mut self, id: WebhookId, new: &str, wall: Instant, until: Instant) -> Result<bool, Error> {
        let Some(row) = webhook::Entity::find_by_id(id.0).one(self.connection()).await? else { return Ok(false) };
        webhook::Entity::update_many()
            .col_expr(webhook::Column::Secret, Expr::value(rotated(&row.secret, new, wall, until)))
            .filter(webhook::Column::Id.eq(id.0))
            .exec(self.connection())
            .await?;
        Ok(true)
    }

    /// Takes a subscription away and suppresses what still waits for it; false when it is not there.
    pub async fn remove_webhook(&mut self, id: WebhookId) -> Result<bool, Error> {
        notice::Entity::update_many()
            .col_expr(notice::Column::State, Expr::value("suppressed"))
            .filter(waiting_for(id))
            .exec(self.connection())
            .await?;
        let deleted = webhook::Entity::delete_by_id(id.0).exec(self.connection()).await?;
        Ok(deleted.rows_affected > 0)
    }

    /// Queues finished deliveries once more and tells how many. Their ids, numbers and bodies stay.
    pub async fn replay(&mut self, webhook: WebhookId, which: &Replayed, now: Instant) -> Result<u64, Error> {
        let mut finished =
            Condition::all().add(notice::Column::WebhookId.eq(webhook.0)).add(notice::Column::State.is_in(["sent", "dead", "suppressed"]));
        if !which.deliveries.is_empty() {
            finished = finished.add(notice::Column::Id.is_in(which.deliveries.iter().map(|id| id.0)));
        }
        if let Some(since) = which.since {
            finished = finished.add(notice::Column::QueuedAt.gte(since.millis()));
        }
        if let Some(until) = which.until {
            finished = finished.add(notice::Column::QueuedAt.lt(until.millis()));
        }
        let changed = notice::Entity::update_many()
            .col_expr(notice::Column::State, Expr::value("queued"))
            .col_expr(notice::Column::NextAttemptAt, Expr::value(now.millis()))
            .filter(finished)
            .exec(self.connection())
            .await?;
        Ok(changed.rows_affected)
    }

    /// Queues a message that has no number.
    pub async fn add_test_message(&mut self, message: &TestMessage) -> Result<(), Error> {
        let row = notice::Model {
            id: message.id.0,
            channel: "webhook".to_owned(),
            fact: format!("test/{}", message.id),
            recipient: message.url.clone(),
            address: message.url.clone(),
            webhook_id: Some(message.webhook.0),
            sequence: None,
            event: message.event.to_owned(),
            program: String::new(),
            instance_id: None,
            task_id: None,
            breach_id: None,
            rung: None,
            state: "queued".to_owned(),
            body: message.body.clone(),
            queued_at: message.at.millis(),
            sent_at: None,
            attempts: 0,
            next_attempt_at: message.at.millis(),
            lease_owner: None,
            lease_until: 0,
            fence: 0,
        };
        row.into_active_model().reset_all().insert(self.connection()).await?;
        Ok(())
    }
}

fn waiting_for(id: WebhookId) -> Condition {
    Condition::all().add(notice::Column::WebhookId.eq(id.0)).add(notice::Column::State.is_in(["queued", "failed"]))
}

fn events_text(events: &[String]) -> String {
    serde_json::Value::from(events).to_string()
}

fn read(row: webhook::Model) -> Result<Webhook, Error> {
    let bad = |why: String| Error::BadRow { what: "webhook", id: row.id.to_string(), why };
    Ok(Webhook {
        id: WebhookId(row.id),
        events: serde_json::from_str(&row.events).map_err(|why| bad(why.to_string()))?,
        state: match row.state.as_str() {
            "active" => WebhookState::Active,
            "disabled" => WebhookState::Disabled,
            other => return Err(bad(format!("{other} is no state"))),
        },
        url: row.url,
        program: row.program.map(ProgramId),
        owner: Username(row.owner),
        created_at: Instant::clamped(row.created_at),
        last_sequence: row.last_sequence,
    })
}

fn read_delivery(row: notice::Model, tries: Vec<Try>) -> Delivery {
    Delivery {
        id: NoticeId(row.id),
        event: row.event,
        sequence: row.sequence,
        state: row.state,
        queued_at: Instant::clamped(row.queued_at),
        sent_at: row.sent_at.map(Instant::clamped),
        attempts: u32::try_from(row.attempts).unwrap_or(0),
        next_attempt_at: Instant::clamped(row.next_attempt_at),
        tries,
    }
}

fn read_try(row: attempt::Model) -> Try {
    Try {
        number: u32::try_from(row.number).unwrap_or(0),
        at: Instant::clamped(row.at),
        took_ms: row.took_ms,
        result: row.result,
        status: row.status.and_then(|status| u16::try_from(status).ok()),
        detail: row.detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_before_signs_on_until_its_time() {
        let (now, until) = (Instant::clamped(1_000), Instant::clamped(5_000));
        let stored = rotated("whsec_a", "whsec_b", now, until);
        assert_eq!(signing_secrets(&stored, now), ["whsec_b", "whsec_a"]);
        assert_eq!(signing_secrets(&stored, until), ["whsec_b"]);
        let again = rotated(&stored, "whsec_c", now, until);
        assert_eq!(signing_secrets(&again, now), ["whsec_c", "whsec_b"]);
    }
}
