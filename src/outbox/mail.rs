//! Mails as they leave: headers that let a mail program thread and deduplicate them, a text and an HTML part.
//!
//! Guarantee: the same notice gives the same Message-ID and the same content at each try; no name or address, however
//! strange, can add a header or stop the sender.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, MultiPartKind, SinglePart};
use lettre::{Address, Message};

use super::letter::Rendered;
use crate::ids::{InstanceId, NoticeId};
use crate::instant::Instant;

/// Most characters of a name in an address line.
const MAX_NAME: usize = 100;

/// Who mails come from, and where their links lead.
#[derive(Debug, Clone)]
pub struct Sender {
    from: Mailbox,
    /// Right-hand side of the Message-IDs.
    host: String,
    /// Where people reach this server, without a slash at its end.
    public_url: String,
}

impl Sender {
    /// Mails come from `from`, and their links lead to `public_url`.
    pub fn new(from: Mailbox, public_url: &str) -> Self {
        let host = from.email.domain().to_owned();
        Self { from, host, public_url: public_url.trim_end_matches('/').to_owned() }
    }

    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The address in the From line.
    pub fn address(&self) -> String {
        self.from.to_string()
    }

    /// `<id@host>`, the Message-ID of a notice.
    pub fn message_id(&self, notice: NoticeId) -> String {
        format!("<{notice}@{}>", self.host)
    }

    /// Puts a mail together. The error says what of the notice cannot be used, without repeating it.
    pub fn compose(&self, mail: &Mail) -> Result<Message, &'static str> {
        // The mail library panics on some control characters in names. They are removed before; should it meet another
        // one, the mail is given up and the sender goes on.
        catch_unwind(AssertUnwindSafe(|| self.compose_checked(mail))).unwrap_or(Err("the mail cannot be put together"))
    }

    fn compose_checked(&self, mail: &Mail) -> Result<Message, &'static str> {
        let address: Address = mail.to_email.parse().map_err(|_| "the address of the recipient cannot be used")?;
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(display_name(&mail.to_name), address))
            .subject(mail.rendered.subject.clone())
            .date(system_time(mail.wall))
            .message_id(Some(self.message_id(mail.notice)))
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()));
        if let Some(link) = &mail.unsubscribe {
            let header = |name, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
            builder = builder.raw_header(header("List-Unsubscribe", &format!("<{link}>")));
            builder = builder.raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
        if let Some(instance) = mail.instance {
            let thread = format!("<{instance}@{}>", self.host);
            builder = builder.in_reply_to(thread.clone()).references(thread);
        }
        let parts = MultiPart::builder()
            .kind(MultiPartKind::Alternative)
            .boundary(format!("proviso-{}", mail.notice.0.simple()))
            .singlepart(SinglePart::plain(mail.rendered.text.clone()))
            .singlepart(SinglePart::html(mail.rendered.html.clone()));
        builder.multipart(parts).map_err(|_| "the mail cannot be put together")
    }
}

/// One mail to one person.
#[derive(Debug, Clone)]
pub struct Mail {
    pub notice: NoticeId,
    pub instance: Option<InstanceId>,
    pub to_name: String,
    pub to_email: String,
    pub rendered: Rendered,
    /// Where one click ends mails of this kind; none where nobody can end them.
    pub unsubscribe: Option<String>,
    /// The Date header.
    pub wall: Instant,
}

/// A name fit for an address line: no control or direction characters, at most 100 characters; none when nothing is left.
pub fn display_name(name: &str) -> Option<String> {
    let cleaned: String = name.chars().map(|c| if c.is_control() || is_directional(c) { ' ' } else { c }).take(MAX_NAME).collect();
    let cleaned = cleaned.split_whitespace().collect::<Vec<_>>().join(" ");
    (!cleaned.is_empty()).then_some(cleaned)
}

fn is_directional(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Within the years a mail date can show.
fn system_time(wall: Instant) -> SystemTime {
    let millis = u64::try_from(wall.millis().clamp(0, Instant::MAX.millis())).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn mail(name: &str, email: &str) -> Mail {
        Mail {
            notice: NoticeId(Uuid::from_u128(7)),
            instance: Some(InstanceId(Uuid::from_u128(9))),
            to_name: name.to_owned(),
            to_email: email.to_owned(),
            rendered: Rendered { subject: "Overdue: T-1".to_owned(), text: "text ü".to_owned(), html: "<p>html</p>".to_owned() },
            unsubscribe: None,
            wall: "2026-11-23T09:00:00Z".parse().unwrap(),
        }
    }

    fn sender() -> Sender {
        Sender::new("Proviso <proviso@mail.example>".parse().unwrap(), "https://proviso.example/")
    }

    #[test]
    fn headers_identify_thread_and_date_the_mail() {
        let formatted = String::from_utf8(sender().compose(&mail("Ann", "ann@example.org")).unwrap().formatted()).unwrap();
        for line in [
            "Message-ID: <00000000-0000-0000-0000-000000000007@mail.example>",
            "In-Reply-To: <00000000-0000-0000-0000-000000000009@mail.example>",
            "References: <00000000-0000-0000-0000-000000000009@mail.example>",
            "Auto-Submitted: auto-generated",
            "Date: Mon, 23 Nov 2026 09:00:00 +0000",
            "multipart/alternative",
        ] {
            assert!(formatted.contains(line), "{line} is missing:\n{formatted}");
        }
        let again = sender().compose(&mail("Ann", "ann@example.org")).unwrap().formatted();
        assert_eq!(formatted.as_bytes(), again);
    }

    #[test]
    fn one_click_ends_what_can_be_ended() {
        let link = "https://proviso.example/unsubscribe/YW5u.c2lnbmVk";
        let mail = Mail { unsubscribe: Some(link.to_owned()), ..mail("Ann", "ann@example.org") };
        let formatted = String::from_utf8(sender().compose(&mail).unwrap().formatted()).unwrap();
        assert!(formatted.contains(&format!("List-Unsubscribe: <{link}>\r\n")), "{formatted}");
        assert!(formatted.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{formatted}");
    }

    #[test]
    fn hostile_names_neither_add_headers_nor_stop_the_sender() {
        let many = "x".repeat(5_000);
        let marks = "e\u{301}".repeat(10_000);
        for name in ["a\r\nBcc: x@y.example", "a\nb", "nul\0nul", "\u{202e}gnirts", "", "   ", "\"quoted\", <b@c.example>", &many, &marks] {
            let message = sender().compose(&mail(name, "ann@example.org")).unwrap();
            let formatted = String::from_utf8(message.formatted()).unwrap();
            assert!(!formatted.contains("\r\nBcc:") && !formatted.contains('\0'), "{formatted}");
            assert_eq!(message.envelope().to().len(), 1, "{name:?}");
        }
        assert_eq!(display_name(" \r\n\t "), None);
        assert_eq!(display_name("Ann\r\nLee").as_deref(), Some("Ann Lee"));
    }

    #[test]
    fn hostile_addresses_are_refused() {
        for email in ["a@b\r\nBcc:x@y", "a@b, c@d", "no address", "", "a b@c.example"] {
            assert_eq!(sender().compose(&mail("Ann", email)).unwrap_err(), "the address of the recipient cannot be used", "{email:?}");
        }
    }

    #[test]
    fn dates_outside_what_a_mail_can_show_do_not_stop_the_sender() {
        for wall in [Instant::MIN, Instant::MAX] {
            assert!(sender().compose(&Mail { wall, ..mail("Ann", "ann@example.org") }).is_ok());
        }
    }
}
