//! Mails the sandbox caught: the answer of `GET /sandbox/mail`.

use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use lettre::Message;
use serde::Serialize;
use uuid::Uuid;

use super::identity::derived;
use super::mail::{Mail, Sender};
use crate::ids::NoticeId;
use crate::instant::Instant;

/// Most mails that are kept; older ones are forgotten.
const KEPT: usize = 10_000;

/// One mail as it left, in the shape the API shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CapturedMail {
    /// One per try at sending; sorts by time.
    #[schema(value_type = String, format = Uuid)]
    pub id: Uuid,
    pub message_id: String,
    pub from: String,
    pub to: Vec<String>,
    pub subject: String,
    pub text: String,
    pub html: String,
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub headers: IndexMap<String, String>,
    /// Business time.
    pub at: Instant,
    #[schema(value_type = String, format = Uuid)]
    pub notice_id: NoticeId,
}

impl CapturedMail {
    /// What a try at `at` (business time) with the number `attempt` sends.
    pub fn of(sender: &Sender, mail: &Mail, message: &Message, at: Instant, attempt: i32) -> Self {
        Self {
            id: derived(at, &[&mail.notice.to_string(), &attempt.to_string()]),
            message_id: sender.message_id(mail.notice),
            from: sender.address(),
            to: vec![mail.to_email.clone()],
            subject: mail.rendered.subject.clone(),
            text: mail.rendered.text.clone(),
            html: mail.rendered.html.clone(),
            headers: headers(message),
            at,
            notice_id: mail.notice,
        }
    }
}

/// Header names and values in the order they are sent, folded lines joined.
fn headers(message: &Message) -> IndexMap<String, String> {
    let formatted = message.formatted();
    let text = String::from_utf8_lossy(&formatted);
    let head = text.split_once("\r\n\r\n").map_or(&*text, |(head, _)| head).replace("\r\n ", " ");
    head.lines().filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
}

/// The mails caught so far; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<CapturedMail>>>);

impl Captured {
    pub fn keep(&self, mail: CapturedMail) {
        let mut mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = mails.partition_point(|kept| kept.id < mail.id);
        mails.insert(place, mail);
        if mails.len() > KEPT {
            mails.remove(0);
        }
    }

    /// At most `limit` mails to the address `to` (to anybody when none), oldest first, after the one with the id `after`.
    pub fn list(&self, to: Option<&str>, after: Option<Uuid>, limit: usize) -> Vec<CapturedMail> {
        let mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = mails.iter().filter(|mail| after.is_none_or(|after| mail.id > after));
        wanted.filter(|mail| to.is_none_or(|to| mail.to.iter().any(|address| address == to))).take(limit).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::letter::Rendered;

    fn caught(n: u128, to: &str, at: &str) -> CapturedMail {
        let sender = Sender::new("proviso@mail.example".parse().unwrap(), "https://proviso.example");
        let mail = Mail {
            notice: NoticeId(Uuid::from_u128(n)),
            instance: None,
            to_name: "Ann".to_owned(),
            to_email: to.to_owned(),
            rendered: Rendered { subject: "Overdue: a rather long subject ".repeat(5), text: "t".to_owned(), html: "h".to_owned() },
            unsubscribe: None,
            wall: Instant::clamped(0),
        };
        let message = sender.compose(&mail).unwrap();
        CapturedMail::of(&sender, &mail, &message, at.parse().unwrap(), 1)
    }

    #[test]
    fn mails_are_listed_by_time_however_they_arrived_and_by_address() {
        let captured = Captured::default();
        captured.keep(caught(2, "ben@example.org", "2026-11-23T10:00:00Z"));
        captured.keep(caught(1, "ann@example.org", "2026-11-23T09:00:00Z"));
        captured.keep(caught(3, "ann@example.org", "2026-11-23T11:00:00Z"));
        let ids = |mails: Vec<CapturedMail>| mails.iter().map(|mail| mail.notice_id.0.as_u128()).collect::<Vec<_>>();
        assert_eq!(ids(captured.list(None, None, 10)), [1, 2, 3]);
        assert_eq!(ids(captured.list(Some("ann@example.org"), None, 10)), [1, 3]);
        let first = captured.list(None, None, 1);
        assert_eq!(ids(captured.list(None, Some(first[0].id), 1)), [2]);
    }

    #[test]
    fn headers_are_whole_lines() {
        let mail = caught(1, "ann@example.org", "2026-11-23T09:00:00Z");
        assert_eq!(mail.headers["Message-ID"], mail.message_id);
        assert_eq!(mail.headers["Auto-Submitted"], "auto-generated");
        assert!(mail.headers["Subject"].starts_with("Overdue: a rather long subject Overdue:"), "{:?}", mail.headers);
    }
}
