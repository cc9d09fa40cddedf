//! What each mail looks like, made from made-up facts.

use uuid::Uuid;

use super::digest::{Digest, Line};
use super::farewell::Farewell;
use super::letter::{Kind, Letter, Rendered};
use super::summary::Summary;
use crate::ids::{NoticeId, TaskId, WebhookId};
use crate::instant::Instant;

/// The mails that can be looked at.
pub const PREVIEWS: [&str; 7] = ["warned", "breached", "escalated", "routed", "digest", "summary", "webhook_disabled"];

const PUBLIC_URL: &str = "https://proviso.example";

/// The mail of that name; none where there is none.
pub fn preview(name: &str) -> Option<Rendered> {
    let answer = format!("{PUBLIC_URL}/answer/…");
    let rendered = match name {
        "warned" => letter(Kind::Warned).render(PUBLIC_URL, None),
        "breached" => letter(Kind::Breached).render(PUBLIC_URL, Some(&answer)),
        "escalated" => letter(Kind::Escalated).render(PUBLIC_URL, Some(&answer)),
        "routed" => letter(Kind::Routed).render(PUBLIC_URL, None),
        "digest" => digest().render(PUBLIC_URL, |_| answer.clone()),
        "summary" => summary().render(PUBLIC_URL, &format!("{PUBLIC_URL}/unsubscribe/…")),
        "webhook_disabled" => farewell().render(PUBLIC_URL),
        _ => return None,
    };
    rendered.ok()
}

fn task(number: u128) -> TaskId {
    TaskId(Uuid::from_u128(0x0190_a0f0_0000_7000_8000_0000_abcd_ef00 + number))
}

fn letter(kind: Kind) -> Letter {
    let has_due = kind != Kind::Routed;
    Letter {
        kind,
        to_name: "Example Lead".to_owned(),
        program: "Example program".to_owned(),
        step: "Release the pathway".to_owned(),
        role: Some("Example role".to_owned()),
        task: task(1),
        assignee: Some("example.nurse".into()),
        due: has_due.then(|| "Monday 5 January 2026 12:00 EST (America/New_York), 2026-01-05 17:00 UTC".to_owned()),
        due_at: None,
        span: has_due.then(|| "1 hour".to_owned()),
        rung: (kind == Kind::Escalated).then(|| "breach + 1 hour".to_owned()),
        repetition: 1,
        until_acknowledged: kind == Kind::Escalated,
        until_claimed: false,
        may_answer: has_due && kind != Kind::Warned,
        stands_for: None,
    }
}

fn lines() -> Vec<Line> {
    let line = |number, is_overdue| Line {
        is_overdue,
        task: task(number),
        step: "Release the pathway".to_owned(),
        program: "Example program".to_owned(),
        assignee: is_overdue.then(|| "example.nurse".into()),
        due: Some("Monday 5 January 2026 12:00 EST (America/New_York), 2026-01-05 17:00 UTC".to_owned()),
        mail: is_overdue.then(|| NoticeId(Uuid::from_u128(number))),
    };
    vec![line(1, true), line(2, true), line(3, false)]
}

fn digest() -> Digest {
    Digest { to_name: "Example Lead".to_owned(), overdue: 2, soon: 1, lines: lines() }
}

fn summary() -> Summary {
    Summary {
        to: "example.lead".into(),
        to_name: "Example Lead".to_owned(),
        program: "Example program".to_owned(),
        overdue: 2,
        soon: 1,
        unacknowledged: 2,
        unexplained: 4,
        lines: lines(),
    }
}

fn farewell() -> Farewell {
    Farewell {
        to_name: "Example Integrator".to_owned(),
        webhook: WebhookId(Uuid::from_u128(4)),
        receiver: "https://hooks.example/in".to_owned(),
        is_gone: false,
        at: Instant::clamped(1_767_636_000_000),
        failing_since: Some(Instant::clamped(1_767_204_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mail_can_be_looked_at() {
        for name in PREVIEWS {
            let mail = preview(name).unwrap();
            assert!(
                !mail.subject.is_empty() && mail.text.contains("Hello Example") && mail.html.contains("</html>"),
                "{name}: {}",
                mail.text
            );
        }
        assert!(preview("unknown").is_none());
    }
}
