//! Escalation ladders: at which moments of a clock who is told, by which channel, until when.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::due::through_text;
use super::{Length, OneOrMany};
use crate::ids::{RoleId, Username};

/// One level of a ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    pub at: At,
    pub tell: Recipient,
    /// How they are told; by email unless given.
    #[serde(default = "by_email")]
    pub by: OneOrMany<Channel>,
    /// What ends the rung's repetitions, and the rung itself if it has not fired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
    /// Fires again after this long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Every>,
    /// Most firings, the first included; 1 unless given with `repeat`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u32>,
}

fn by_email() -> OneOrMany<Channel> {
    OneOrMany(vec![Channel::Email])
}

/// The moment of a rung: `75%` of the clock's budget, `breach`, or `breach + 1 hour`, counted from the due instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum At {
    /// 1 to 99 percent of the budget.
    Percent(u8),
    Breach,
    BreachPlus(Length),
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Recipient {
    /// Who holds the task, or all holders of its role while nobody does.
    Assignee,
    /// The holders of the role that the task's role escalates to.
    Manager,
    /// The holders of the role above the manager's.
    ManagerOfManager,
    /// `role <id>`: the holders of a role.
    Role(RoleId),
    /// `person <username>`.
    Person(Username),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Email,
    Webhook,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    Acknowledged,
}

/// `every 1 hour`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Every(pub Length);

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "breach" {
            return Ok(Self::Breach);
        }
        if let Some(length) = text.strip_prefix("breach").map(str::trim).and_then(|rest| rest.strip_prefix('+')) {
            return length.trim().parse().map(Self::BreachPlus);
        }
        match text.strip_suffix('%').and_then(|number| number.trim().parse().ok()) {
            Some(percent @ 1..=99) => Ok(Self::Percent(percent)),
            _ => Err(format!("\"{text}\" is no moment of a clock: write 75%, breach or breach + 1 hour")),
        }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Breach => f.write_str("breach"),
            Self::BreachPlus(length) => write!(f, "breach + {length}"),
        }
    }
}

impl FromStr for Recipient {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "assignee" => Ok(Self::Assignee),
            "manager" => Ok(Self::Manager),
            "manager of manager" => Ok(Self::ManagerOfManager),
            other => match other.split_once(' ') {
                Some(("role", id)) => Ok(Self::Role(RoleId::from(id.trim()))),
                Some(("person", name)) => Ok(Self::Person(Username::from(name.trim()))),
                _ => Err(format!(
                    "\"{other}\" names nobody to tell: write assignee, manager, manager of manager, role <id> or person <username>"
                )),
            },
        }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Assignee => f.write_str("assignee"),
            Self::Manager => f.write_str("manager"),
            Self::ManagerOfManager => f.write_str("manager of manager"),
            Self::Role(id) => write!(f, "role {id}"),
            Self::Person(name) => write!(f, "person {name}"),
        }
    }
}

impl FromStr for Every {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let length = text.trim().strip_prefix("every ").ok_or_else(|| format!("\"{text}\" lacks every, as in every 1 hour"))?;
        length.parse().map(Self)
    }
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "every {}", self.0)
    }
}

through_text!(At, Recipient, Every);
