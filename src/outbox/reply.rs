//! What the answer of a mail server means for the mail, and for the address it went to.
//!
//! Guarantee: pure. A mail is given up only where the server says so about this mail or this address; that it does not let us in, or
//! has a bad day, is tried again. The server's texts can repeat addresses, so only its codes are kept.

use super::outcome::Outcome;

/// What stands in the way of any mail at all: it is about us, not about the mail.
const ABOUT_US: [u16; 5] = [421, 530, 534, 535, 538];
/// There is no such mailbox, where the server gives no finer code.
const NO_MAILBOX: [u16; 3] = [550, 551, 553];

/// Sorts an answer by its code and by the text behind it, which may begin with a finer code as in `5.1.1 no such user`.
pub fn sort(status: u16, text: &str) -> Outcome {
    let refused = |detail: &str| Outcome::Retry { status: Some(status), detail: detail.to_owned(), after_millis: None };
    if ABOUT_US.contains(&status) {
        return refused("the mail server does not take mails from this server; look at its address, user and password");
    }
    if !(500..600).contains(&status) {
        return refused("the mail server refused the mail for now");
    }
    let is_bounce = match finer(text) {
        Some((class, subject, detail)) => class == 5 && (subject == 1 || (subject == 2 && detail == 1)),
        None => NO_MAILBOX.contains(&status),
    };
    if is_bounce {
        return Outcome::Bounced { status, detail: "the mail server says that there is no such mailbox".to_owned() };
    }
    Outcome::Dead { status: Some(status), detail: "the mail server refused the mail for good".to_owned() }
}

/// The three numbers of a finer code.
fn finer(text: &str) -> Option<(u16, u16, u16)> {
    let mut numbers = text.split_whitespace().next()?.splitn(3, '.').map(|number| number.parse::<u16>().ok());
    Some((numbers.next()??, numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(status: u16, text: &str) -> &'static str {
        match sort(status, text) {
            Outcome::Retry { .. } => "again",
            Outcome::Bounced { .. } => "bounced",
            Outcome::Dead { .. } => "dead",
            Outcome::Sent { .. } | Outcome::Gone { .. } => "other",
        }
    }

    #[test]
    fn only_what_is_about_the_mailbox_marks_the_address() {
        for (status, text) in [
            (550, "5.1.1 no such user"),
            (550, "no such user"),
            (551, "user not local"),
            (553, "5.1.3 bad address"),
            (550, "5.2.1 mailbox disabled"),
        ] {
            assert_eq!(sorted(status, text), "bounced", "{status} {text}");
        }
        for (status, text) in
            [(550, "5.7.1 policy"), (552, "5.3.4 too large"), (554, "5.6.0 bad content"), (554, ""), (552, "5.2.2 mailbox full")]
        {
            assert_eq!(sorted(status, text), "dead", "{status} {text}");
        }
    }

    #[test]
    fn what_is_about_us_or_about_today_is_tried_again() {
        for (status, text) in [
            (451, "4.7.1 greylisted"),
            (421, "4.3.2 shutting down"),
            (452, ""),
            (535, "5.7.8 bad credentials"),
            (530, "5.7.0 must issue STARTTLS"),
        ] {
            assert_eq!(sorted(status, text), "again", "{status} {text}");
        }
        for text in ["", "5", "5.1", "a.b.c", "5.1.x no"] {
            assert_eq!(finer(text), None, "{text}");
        }
    }
}
