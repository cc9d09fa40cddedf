//! The mail that tells the owner of a subscription that it ended by itself.

use askama::Template;
use serde::{Deserialize, Serialize};

use super::letter::Rendered;
use crate::ids::WebhookId;
use crate::instant::Instant;

/// The facts of the mail; stored as JSON with its notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Farewell {
    pub to_name: String,
    pub webhook: WebhookId,
    /// The address without its query.
    pub receiver: String,
    /// The receiver said itself that it is gone.
    pub is_gone: bool,
    pub at: Instant,
    /// The first failure after the last success.
    pub failing_since: Option<Instant>,
}

#[derive(Template)]
#[template(path = "webhook_disabled.txt", config = "src/outbox/templates/askama.toml")]
struct Text<'a> {
    told: &'a Farewell,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "webhook_disabled.html", config = "src/outbox/templates/askama.toml")]
struct Html<'a> {
    told: &'a Farewell,
    link: &'a str,
}

impl Farewell {
    /// Writes the mail; `public_url` is the address people reach this server at, without a slash at its end.
    pub fn render(&self, public_url: &str) -> Result<Rendered, askama::Error> {
        let link = format!("{public_url}/webhooks/{}", self.webhook);
        let (told, link) = (self, link.as_str());
        let subject = "Webhook disabled: its receiver does not accept events".to_owned();
        Ok(Rendered { subject, text: Text { told, link }.render()?, html: Html { told, link }.render()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_owner_learns_which_receiver_since_when_and_what_to_do() {
        let farewell = Farewell {
            to_name: "<Ina>".to_owned(),
            webhook: WebhookId(Uuid::from_u128(4)),
            receiver: "https://hooks.example/in".to_owned(),
            is_gone: false,
            at: Instant::clamped(1_790_000_000_000),
            failing_since: Some(Instant::clamped(1_789_000_000_000)),
        };
        let mail = farewell.render("https://proviso.example").unwrap();
        for part in ["https://hooks.example/in", "2026-09-", "https://proviso.example/webhooks/00000000-0000-0000-0000-000000000004"] {
            assert!(mail.text.contains(part) && mail.html.contains(part), "{part}: {}", mail.text);
        }
        assert!(mail.html.contains("&#60;Ina&#62;"), "{}", mail.html);
        assert!(Farewell { is_gone: true, ..farewell }.render("").unwrap().text.contains("gone"));
    }
}
