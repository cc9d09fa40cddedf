//! The part of the account page about substitutes: who stands in for the reader, and for whom the reader does.

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;

use super::local_time::{self, Meaning};
use super::sent::Sent;
use super::when::Moment;
use crate::domain::command::Principal;
use crate::ids::Username;
use crate::instant::Instant;
use crate::service::substitutions::{NewSubstitution, SubstitutionView};
use crate::service::{Error, Services, substitutions};

/// The substitutions of one reader that are not over.
#[derive(Debug, Clone, Default)]
pub struct Substitutes {
    /// Who stands in for the reader.
    pub own: Vec<Line>,
    /// For whom the reader stands in.
    pub others: Vec<Line>,
    /// Whether the reader may change anything here: not while acting for somebody.
    pub may_change: bool,
}

/// One substitution.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: String,
    /// The other person.
    pub who: String,
    pub from: Moment,
    pub until: Moment,
    pub in_force: bool,
}

impl Substitutes {
    pub async fn of(services: &Services, reader: &Principal, zone: Tz) -> Result<Self, Error> {
        let now = services.clock.now();
        let all = substitutions::list(services, reader).await?;
        let (own, others): (Vec<_>, Vec<_>) =
            all.into_iter().filter(|one| one.until > now).partition(|one| one.principal.as_str() == reader.username);
        let line = |one: SubstitutionView, who: Username| Line {
            id: one.id.to_string(),
            who: who.to_string(),
            from: Moment::of(one.from, zone),
            until: Moment::of(one.until, zone),
            in_force: one.in_force,
        };
        let own = own.into_iter().map(|one| (one.substitute.clone(), one)).map(|(who, one)| line(one, who)).collect();
        let others = others.into_iter().map(|one| (one.principal.clone(), one)).map(|(who, one)| line(one, who)).collect();
        Ok(Self { own, others, may_change: reader.stands_for.is_none() })
    }
}

/// What the form asks for: whole days, the last one included, in `zone`.
pub fn asked(sent: &Sent, zone: Tz) -> Result<NewSubstitution, Error> {
    let day = |name: &str| {
        let text = sent.given(name)?;
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
    };
    let until = day("until").and_then(|date| date.checked_add_days(Days::new(1))).and_then(|date| beginning(date, zone));
    Ok(NewSubstitution {
        principal: None,
        substitute: Username::from(sent.given("substitute").unwrap_or_default()),
        from: day("from").and_then(|date| beginning(date, zone)),
        until: until.ok_or_else(|| Error::Malformed("write the last day, as in 2026-01-09".to_owned()))?,
    })
}

/// The first instant of a day: where the clocks jump over midnight, the first hour there is.
fn beginning(date: NaiveDate, zone: Tz) -> Option<Instant> {
    (0..3).find_map(|hour| match local_time::read(&format!("{date}T{hour:02}:00"), zone) {
        Meaning::Once(at) | Meaning::Twice { first: (at, _), .. } => Some(at),
        Meaning::LeftOut | Meaning::Unreadable => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_and_the_last_one_is_included() {
        let sent = Sent::of(&[("substitute", " sue "), ("from", "2026-01-05"), ("until", "2026-01-06")]);
        let asked = asked(&sent, chrono_tz::America::New_York).unwrap();
        assert_eq!((asked.substitute.as_str(), asked.from.unwrap().to_string().as_str()), ("sue", "2026-01-05T05:00:00.000Z"));
        assert_eq!(asked.until.to_string(), "2026-01-07T05:00:00.000Z");
        let open = Sent::of(&[("substitute", "sue"), ("until", "2026-01-06")]);
        assert_eq!(super::asked(&open, Tz::UTC).unwrap().from, None);
        assert!(super::asked(&Sent::of(&[("substitute", "sue"), ("until", "soon")]), Tz::UTC).is_err());
    }
}
