//! A set of weekdays.

use std::fmt;

use chrono::Weekday;

use super::describe::listed;

/// At least one weekday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weekdays(u8);

const WEEK: [(Weekday, &str); 7] = [
    (Weekday::Mon, "Monday"),
    (Weekday::Tue, "Tuesday"),
    (Weekday::Wed, "Wednesday"),
    (Weekday::Thu, "Thursday"),
    (Weekday::Fri, "Friday"),
    (Weekday::Sat, "Saturday"),
    (Weekday::Sun, "Sunday"),
];

impl Weekdays {
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & bit(day) != 0
    }

    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Reads `Monday`, `Tuesday and Friday`, `Monday, Wednesday and Friday`, in upper or lower case.
    pub(super) fn read(words: &[&str]) -> Result<Self, String> {
        let mut days = 0;
        let mut is_day_next = true;
        for word in words {
            let (name, is_followed) = word.strip_suffix(',').map_or((*word, false), |name| (name, true));
            if name == "and" && !is_day_next && !is_followed {
                is_day_next = true;
                continue;
            }
            let Some((day, _)) = WEEK.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)) else {
                return Err(format!("\"{}\" is no day of the week", name.chars().take(40).collect::<String>()));
            };
            if !is_day_next {
                return Err(format!("write \"and\" or a comma before {name}"));
            }
            if days & bit(*day) != 0 {
                return Err(format!("{name} is named twice"));
            }
            days |= bit(*day);
            is_day_next = is_followed;
        }
        if days == 0 || is_day_next { Err("a day of the week is missing".to_owned()) } else { Ok(Self(days)) }
    }
}

impl fmt::Display for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = WEEK.iter().filter(|(day, _)| self.contains(*day)).map(|(_, name)| *name).collect();
        f.write_str(&listed(&names))
    }
}

fn bit(day: Weekday) -> u8 {
    1 << day.num_days_from_monday()
}
