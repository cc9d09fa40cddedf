//! What was, is and will be delivered to a receiver, and sending it again.

use std::collections::BTreeMap;

use entity::{attempt, notice};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use super::without_query;
use crate::ids::{NoticeId, WebhookId};
use crate::instant::Instant;
use crate::store::{Error, Store, WriteTransaction};

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
    /// What the receiver is sent: ids and codes, never a field's value.
    pub body: String,
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

/// An event as a subscription was, or will be, sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    pub sequence: i64,
    /// The delivery's body.
    pub body: String,
}

/// Which deliveries to send again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    pub deliveries: Vec<NoticeId>,
    pub since: Option<Instant>,
    pub until: Option<Instant>,
    /// From and up to these numbers, both included.
    pub from_sequence: Option<i64>,
    pub to_sequence: Option<i64>,
    /// Only those the receiver never accepted.
    pub missing: bool,
}

impl Store {
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

    /// The numbered events of a subscription after `after`, in order, at most `limit`.
    pub async fn events_after(&self, webhook: WebhookId, after: i64, limit: u64) -> Result<Vec<Numbered>, Error> {
        let rows = notice::Entity::find()
            .select_only()
            .columns([notice::Column::Sequence, notice::Column::Body])
            .filter(notice::Column::WebhookId.eq(webhook.0))
            .filter(notice::Column::Sequence.gt(after))
            .order_by_asc(notice::Column::Sequence)
            .limit(limit)
            .into_tuple::<(i64, String)>()
            .all(self.reader())
            .await?;
        Ok(rows.into_iter().map(|(sequence, body)| Numbered { sequence, body }).collect())
    }
}

impl WriteTransaction {
    /// Queues finished deliveries once more, has those tried now that wait for their next try, and tells how many. Their ids, numbers
    /// and bodies stay.
    pub async fn replay(&mut self, webhook: WebhookId, which: &Replayed, now: Instant) -> Result<u64, Error> {
        let mut finished = Condition::all().add(notice::Column::WebhookId.eq(webhook.0)).add(notice::Column::State.is_in([
            "sent",
            "dead",
            "suppressed",
            "failed",
        ]));
        if !which.deliveries.is_empty() {
            finished = finished.add(notice::Column::Id.is_in(which.deliveries.iter().map(|id| id.0)));
        }
        if let Some(from) = which.from_sequence {
            finished = finished.add(notice::Column::Sequence.gte(from));
        }
        if let Some(to) = which.to_sequence {
            finished = finished.add(notice::Column::Sequence.lte(to));
        }
        if which.missing {
            finished = finished.add(notice::Column::SentAt.is_null());
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
            recipient: without_query(&message.url),
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
            held_until: None,
            quiet_until: None,
            digest_id: None,
        };
        row.into_active_model().reset_all().insert(self.connection()).await?;
        Ok(())
    }
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
        body: row.body,
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
