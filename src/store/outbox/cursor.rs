//! How far mails and each subscription have come, and the one step forward: notices and the new place in one commit.
//!
//! A lease keeps other nodes from doing the same work; correctness rests on the fence alone, which each step compares
//! and raises.

use entity::{cursor, notice, webhook};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use super::{Position, Way};
use crate::domain::hold::Hold;
use crate::ids::{BreachId, InstanceId, NoticeId, ProgramId, RoleId, TaskId, WebhookId};
use crate::instant::Instant;
use crate::store::{Error, Store, WriteTransaction};

/// The name of the reader that makes mails.
const MAIL: &str = "mail";
/// Rows of one INSERT; with 26 columns well below SQLite's limit of parameters.
const ROWS: usize = 500;

/// A notice to queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNotice {
    pub id: NoticeId,
    pub way: Way,
    /// Unique with recipient and way.
    pub fact: String,
    pub recipient: String,
    pub address: String,
    pub webhook: Option<WebhookId>,
    pub sequence: Option<i64>,
    pub event: String,
    pub program: ProgramId,
    pub instance: Option<InstanceId>,
    pub task: Option<TaskId>,
    pub breach: Option<BreachId>,
    pub rung: Option<String>,
    pub body: String,
    /// A mail that is kept back.
    pub hold: Option<Hold>,
}

/// Where the reader that makes mails stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailCursor {
    pub at: Position,
    pub fence: i64,
    /// Another node is at work on it.
    pub taken: bool,
}

/// An active subscription that has entries ahead of it and is not another node's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub id: WebhookId,
    pub url: String,
    /// Event types; empty means all.
    pub events: Vec<String>,
    pub program: Option<ProgramId>,
    /// Only events about this role; none means all.
    pub role: Option<RoleId>,
    pub at: Position,
    pub last_sequence: i64,
    pub fence: i64,
}

/// Who moves, and until when (wall time) the others leave the rest to them.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    pub owner: &'a str,
    pub until: Instant,
    /// Business time, when the notices are queued.
    pub now: Instant,
}

/// What a step forward led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advanced {
    /// This many notices were new.
    By(u64),
    /// Another node was faster; nothing was written.
    Overtaken,
}

impl Store {
    /// Where mails stand.
    pub async fn mail_cursor(&self, owner: &str, wall: Instant) -> Result<MailCursor, Error> {
        let Some(row) = cursor::Entity::find_by_id(MAIL.to_owned()).one(self.reader()).await? else {
            return Ok(MailCursor { at: Position::default(), fence: 0, taken: false });
        };
        let taken = is_taken(row.lease_owner.as_deref(), row.lease_until, owner, wall);
        Ok(MailCursor { at: Position { writer: row.writer, position: row.position }, fence: row.fence, taken })
    }

    /// Queues the mails of a page and moves behind it.
    pub async fn advance_mail(&self, from: &MailCursor, to: Position, by: Reader<'_>, notices: Vec<NewNotice>) -> Result<Advanced, Error> {
        const MOVE: &str = "INSERT INTO cursor (name, writer, position, lease_owner, lease_until, fence) VALUES ($1, $2, $3, $4, $5, $6) \
            ON CONFLICT (name) DO UPDATE SET writer = excluded.writer, position = excluded.position, \
            lease_owner = excluded.lease_owner, lease_until = excluded.lease_until, fence = excluded.fence WHERE cursor.fence = $7";
        let mut write = self.begin_write().await?;
        let values = vec![
            MAIL.into(),
            to.writer.into(),
            to.position.into(),
            by.owner.into(),
            by.until.millis().into(),
            (from.fence + 1).into(),
            from.fence.into(),
        ];
        if write.execute(MOVE, values).await? == 0 {
            write.rollback().await?;
            return Ok(Advanced::Overtaken);
        }
        let queued = queue(&mut write, notices, by.now).await?;
        write.commit().await?;
        Ok(Advanced::By(queued))
    }

    /// All that are active, oldest first.
    pub async fn active_subscriptions(&self) -> Result<Vec<Subscription>, Error> {
        self.active_webhooks().await?.into_iter().map(subscription).collect()
    }

    async fn active_webhooks(&self) -> Result<Vec<webhook::Model>, Error> {
        let active = webhook::Entity::find().filter(webhook::Column::State.eq("active"));
        Ok(active.order_by_asc(webhook::Column::Id).all(self.reader()).await?)
    }

    /// Subscriptions that have something ahead of them, oldest first.
    pub async fn subscriptions_behind(&self, owner: &str, wall: Instant) -> Result<Vec<Subscription>, Error> {
        let rows = self.active_webhooks().await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let last = self.journal_last().await?;
        let free = rows.into_iter().filter(|row| !is_taken(row.lease_owner.as_deref(), row.lease_until, owner, wall));
        free.map(subscription).filter(|found| found.as_ref().map_or(true, |found| found.at < last)).collect()
    }

    /// Queues the deliveries of a page, numbered on from the last one, and moves behind it.
    pub async fn advance_subscription(
        &self,
        from: &Subscription,
        to: Position,
        by: Reader<'_>,
        notices: Vec<NewNotice>,
    ) -> Result<Advanced, Error> {
        const MOVE: &str = "UPDATE webhook SET cursor_writer = $1, cursor_position = $2, last_sequence = $3, lease_owner = $4, \
            lease_until = $5, fence = fence + 1 WHERE id = $6 AND fence = $7 AND state = 'active'";
        let last_sequence = notices.iter().filter_map(|notice| notice.sequence).max().unwrap_or(from.last_sequence);
        let mut write = self.begin_write().await?;
        let values = vec![
            to.writer.into(),
            to.position.into(),
            last_sequence.into(),
            by.owner.into(),
            by.until.millis().into(),
            from.id.0.into(),
            from.fence.into(),
        ];
        if write.execute(MOVE, values).await? == 0 {
            write.rollback().await?;
            return Ok(Advanced::Overtaken);
        }
        let queued = queue(&mut write, notices, by.now).await?;
        write.commit().await?;
        Ok(Advanced::By(queued))
    }
}

fn is_taken(lease_owner: Option<&str>, lease_until: i64, owner: &str, wall: Instant) -> bool {
    lease_until > wall.millis() && lease_owner.is_some_and(|holder| holder != owner)
}

fn subscription(row: webhook::Model) -> Result<Subscription, Error> {
    let events = serde_json::from_str(&row.events).map_err(|why| Error::BadRow {
        what: "webhook",
        id: row.id.to_string(),
        why: format!("its events: {why}"),
    })?;
    Ok(Subscription {
        id: WebhookId(row.id),
        url: row.url,
        events,
        program: row.program.map(ProgramId),
        role: row.role.map(RoleId),
        at: Position { writer: row.cursor_writer, position: row.cursor_position },
        last_sequence: row.last_sequence,
        fence: row.fence,
    })
}

/// Inserts what is not there yet and counts it.
pub(in crate::store) async fn queue(write: &mut WriteTransaction, notices: Vec<NewNotice>, now: Instant) -> Result<u64, Error> {
    let mut inserted = 0;
    let mut rows = notices.into_iter().map(|notice| row(notice, now)).peekable();
    while rows.peek().is_some() {
        let known = OnConflict::columns([notice::Column::Fact, notice::Column::Recipient, notice::Column::Channel]).do_nothing().to_owned();
        let insert = notice::Entity::insert_many(rows.by_ref().take(ROWS)).on_conflict(known);
        inserted += insert.exec_without_returning(write.connection()).await?;
    }
    Ok(inserted)
}

fn row(new: NewNotice, now: Instant) -> notice::ActiveModel {
    notice::ActiveModel {
        id: Set(new.id.0),
        channel: Set(new.way.as_str().to_owned()),
        fact: Set(new.fact),
        recipient: Set(new.recipient),
        address: Set(new.address),
        webhook_id: Set(new.webhook.map(|id| id.0)),
        sequence: Set(new.sequence),
        event: Set(new.event),
        program: Set(new.program.0),
        instance_id: Set(new.instance.map(|id| id.0)),
        task_id: Set(new.task.map(|id| id.0)),
        breach_id: Set(new.breach.map(|id| id.0)),
        rung: Set(new.rung),
        state: Set("queued".to_owned()),
        body: Set(new.body),
        queued_at: Set(now.millis()),
        sent_at: Set(None),
        attempts: Set(0),
        next_attempt_at: Set(new.hold.map_or(now, |hold| hold.until).millis()),
        lease_owner: Set(None),
        lease_until: Set(0),
        fence: Set(0),
        held_until: Set(new.hold.map(|hold| hold.until.millis())),
        quiet_until: Set(new.hold.map(|hold| hold.quiet_until.millis())),
        digest_id: Set(None),
    }
}
