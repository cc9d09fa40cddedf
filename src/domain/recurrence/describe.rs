//! A recurrence in a sentence.

use chrono_tz::Tz;

use super::{Interval, Recurrence};

/// The shortest month has so many days.
const DAYS_OF_EVERY_MONTH: u32 = 28;

impl Recurrence {
    /// When it comes, in a sentence for people.
    pub fn sentence(&self, zone: Tz) -> String {
        let says = match self {
            Self::Every(interval @ Interval::Elapsed { .. }) => return format!("Every {interval} of elapsed time."),
            Self::Every(interval @ Interval::Days(_)) => format!("Every {interval}, at the same local time"),
            Self::MonthlyOnDay { day, .. } if *day > DAYS_OF_EVERY_MONTH => {
                format!("{}, on the last day of a shorter month", self.capitalised())
            }
            Self::MonthlyOnBusinessDay { .. } => format!("{}, on the last business day of a month with fewer", self.capitalised()),
            Self::Cron(cron) => format!("{} (cron {cron})", cron.describe().trim_end_matches('.')),
            Self::Daily { .. } | Self::BusinessDaily { .. } | Self::Weekly { .. } | Self::MonthlyOnDay { .. } => self.capitalised(),
        };
        format!("{says}, in the time of {zone}.")
    }

    fn capitalised(&self) -> String {
        let text = self.to_string();
        let mut letters = text.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }
}

/// `one`, `one and two`, `one, two and three`.
pub(super) fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
