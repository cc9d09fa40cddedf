//! What people change about a subscription.

use entity::{notice, webhook};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ActiveValue, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter};

use super::{UNTIL, Webhook, WebhookChange, WebhookState, signing_secrets, without_query};
use crate::ids::WebhookId;
use crate::instant::Instant;
use crate::store::outbox::Position;
use crate::store::{Error, WriteTransaction};

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
            role: new.role.as_ref().map(ToString::to_string),
            failures: 0,
            failing_since: None,
            open_until: 0,
            disabled_reason: None,
            disabled_at: None,
            untold: 0,
            heartbeat_minutes: new.heartbeat_minutes.map(minutes),
            next_heartbeat_at: new.heartbeat_minutes.map(|every| first_heartbeat(every, new.created_at)),
        };
        row.into_active_model().reset_all().insert(self.connection()).await?;
        Ok(())
    }

    /// Changes a subscription; false when it is not there. One that is made active has a clean slate.
    pub async fn change_webhook(&mut self, id: WebhookId, change: &WebhookChange, now: Instant) -> Result<bool, Error> {
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
        if let Some(role) = &change.role {
            row.role = ActiveValue::Set(role.as_ref().map(ToString::to_string));
        }
        if let Some(every) = change.heartbeat_minutes {
            row.heartbeat_minutes = ActiveValue::Set(every.map(minutes));
            row.next_heartbeat_at = ActiveValue::Set(every.map(|every| first_heartbeat(every, now)));
        }
        if let Some(state) = change.state {
            row.state = ActiveValue::Set(state.as_str().to_owned());
            row.disabled_reason = ActiveValue::Set(None);
            row.disabled_at = ActiveValue::Set(None);
            row.untold = ActiveValue::Set(0);
        }
        if change.state == Some(WebhookState::Active) {
            row.failures = ActiveValue::Set(0);
            row.failing_since = ActiveValue::Set(None);
            row.open_until = ActiveValue::Set(0);
        }
        let found = webhook::Entity::find_by_id(id.0).one(self.connection()).await?.is_some();
        if found && *change != WebhookChange::default() {
            webhook::Entity::update_many().set(row).filter(webhook::Column::Id.eq(id.0)).exec(self.connection()).await?;
        }
        if let (true, Some(url)) = (found, &change.url) {
            notice::Entity::update_many()
                .col_expr(notice::Column::Address, Expr::value(url.clone()))
                .col_expr(notice::Column::Recipient, Expr::value(without_query(url)))
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

    /// Takes a subscription away and suppresses what still waits for it or is under way; false when it is not there.
    pub async fn remove_webhook(&mut self, id: WebhookId) -> Result<bool, Error> {
        // First: a fan-out that queues for it at this moment is waited for, and what it queued is seen below.
        let deleted = webhook::Entity::delete_by_id(id.0).exec(self.connection()).await?;
        let unfinished =
            Condition::all().add(notice::Column::WebhookId.eq(id.0)).add(notice::Column::State.is_in(["queued", "failed", "sending"]));
        notice::Entity::update_many()
            .col_expr(notice::Column::State, Expr::value("suppressed"))
            .filter(unfinished)
            .exec(self.connection())
            .await?;
        Ok(deleted.rows_affected > 0)
    }
}

fn waiting_for(id: WebhookId) -> Condition {
    Condition::all().add(notice::Column::WebhookId.eq(id.0)).add(notice::Column::State.is_in(["queued", "failed"]))
}

fn minutes(every: u32) -> i32 {
    i32::try_from(every).unwrap_or(i32::MAX)
}

fn first_heartbeat(every: u32, now: Instant) -> i64 {
    now.millis().saturating_add(i64::from(every) * 60_000)
}

fn events_text(events: &[String]) -> String {
    serde_json::Value::from(events).to_string()
}

/// What is stored when `new` takes over from the secrets signing at `wall`; the one before signs on until `until`.
fn rotated(stored: &str, new: &str, wall: Instant, until: Instant) -> String {
    match signing_secrets(stored, wall).first() {
        Some(before) => format!("{new} {before}{UNTIL}{}", until.millis()),
        None => new.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::signing_secrets;
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
