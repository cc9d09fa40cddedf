//! Links by which a mail about a breach is answered: whom it went to, what about, and whether it was used.

use entity::{notice, used_link};
use sea_orm::EntityTrait;

use super::{Error, Store};
use crate::ids::{BreachId, NoticeId, Username};
use crate::instant::Instant;

/// What is known of the mail a link stood in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerLink {
    pub to: Username,
    pub breach: BreachId,
    /// Business time.
    pub made_at: Instant,
    pub is_used: bool,
}

impl Store {
    /// The mail a link stood in; none where it is about no breach.
    pub async fn answer_link(&self, mail: NoticeId) -> Result<Option<AnswerLink>, Error> {
        let Some(row) = notice::Entity::find_by_id(mail.0).one(self.reader()).await? else { return Ok(None) };
        let Some(breach) = row.breach_id.map(BreachId) else { return Ok(None) };
        let is_used = used_link::Entity::find_by_id(mail.0).one(self.reader()).await?.is_some();
        Ok(Some(AnswerLink { to: Username(row.recipient), breach, made_at: Instant::clamped(row.queued_at), is_used }))
    }

    /// Notes that a link was used. False where it was used before.
    pub async fn use_answer_link(&self, mail: NoticeId, at: Instant) -> Result<bool, Error> {
        const USE: &str = "INSERT INTO used_link (notice_id, used_at) VALUES ($1, $2) ON CONFLICT (notice_id) DO NOTHING";
        let mut write = self.begin_write().await?;
        let is_first = write.execute(USE, vec![mail.0.into(), at.millis().into()]).await? > 0;
        write.commit().await?;
        Ok(is_first)
    }

    /// Makes a link good again whose answer was not taken.
    pub async fn free_answer_link(&self, mail: NoticeId) -> Result<(), Error> {
        let mut write = self.begin_write().await?;
        used_link::Entity::delete_by_id(mail.0).exec(write.connection()).await?;
        write.commit().await
    }
}
