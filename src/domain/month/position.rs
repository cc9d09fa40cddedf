//! The position the board has taken on a month, and what may be said to the outside under it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Month;
use crate::domain::rejection::{Violation, ViolationKind};

/// How much may be claimed, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Restricted,
    Provisional,
    Supportable,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Restricted => "restricted",
            Self::Provisional => "provisional",
            Self::Supportable => "supportable",
        }
    }

    /// The level a decision of the board stands for: its outcome, with or without `payment_` before it.
    pub fn decided(outcome: &str) -> Option<Self> {
        Self::named(outcome.strip_prefix("payment_").unwrap_or(outcome))
    }

    /// The level of that name.
    pub fn named(text: &str) -> Option<Self> {
        [Self::Restricted, Self::Provisional, Self::Supportable].into_iter().find(|level| level.as_str() == text)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What stands in the way of a statement that claims `claimed`, if anything: no position at all, or a lower one.
pub fn refusal(month: Month, in_force: Option<Level>, claimed: Level) -> Option<Violation> {
    let (id, message) = match in_force {
        None => ("position", format!("the board has not decided on {month} yet: nothing may be stated about it")),
        Some(level) if claimed > level => {
            ("level", format!("the statement claims {claimed}, and the board's position on {month} is {level}: claim no more than that"))
        }
        Some(_) => return None,
    };
    Some(Violation::new(ViolationKind::State, id, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_claims_at_most_the_position_in_force() {
        let month: Month = "2026-01".parse().unwrap();
        let levels = [Level::Restricted, Level::Provisional, Level::Supportable];
        for (at, position) in levels.into_iter().enumerate() {
            for (claim, claimed) in levels.into_iter().enumerate() {
                assert_eq!(refusal(month, Some(position), claimed).is_some(), claim > at, "{claimed} under {position}");
            }
            assert_eq!(Level::named(position.as_str()), Some(position));
        }
        assert_eq!(refusal(month, None, Level::Restricted).unwrap().id, "position");
        assert_eq!(refusal(month, Some(Level::Restricted), Level::Provisional).unwrap().kind, ViolationKind::State);
    }
}
