//! Escalation ladders: at which moments of a clock who is told, by which channel, until when.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::due::through_text;
use super::{Length, OneOrMany, Within};
use crate::ids::{RoleId, RotaId, Username};

/// One level of a ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    pub at: At,
    /// Who is told; a level that only acts tells nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tell: Option<Recipient>,
    /// What the server does to the task, besides telling somebody of it.
    #[serde(default, rename = "do", skip_serializing_if = "Option::is_none")]
    pub act: Option<Act>,
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

/// The moment of a rung: `75%` of the clock's budget, `breach`, `breach - 30 minutes` or `breach + 1 business day`, counted from the
/// due instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum At {
    /// 1 to 99 percent of the budget.
    Percent(u8),
    /// So long before the due instant.
    BreachMinus(Distance),
    Breach,
    BreachPlus(Distance),
}

/// How far a rung lies from the due instant: elapsed time, or open time of the clock's calendar. The two are never converted into
/// each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distance {
    Elapsed(Length),
    /// Open hours.
    BusinessHours(u32),
    /// Close of business on the n-th business day before or after the due instant's local date.
    BusinessDays(u32),
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
    /// `on call <rota>`: who is on call then by a rota's list.
    OnCall(RotaId),
}

/// What a level does to a task that still waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Act {
    /// `raise priority`: it stands out in every list from then on.
    RaisePriority,
    /// `reassign to manager`: it moves into the inbox of the role that its own escalates to, claimed by nobody.
    ReassignToManager,
    /// `reassign to role <id>`: it moves into that role's inbox.
    ReassignToRole(RoleId),
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
    /// Somebody acknowledges the breach.
    Acknowledged,
    /// Somebody claims the task; while it is claimed the rung is passed over.
    Claimed,
    /// The task is completed, which ends every rung: this says it in so many words.
    Completed,
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
        if let Some(rest) = text.strip_prefix("breach").map(str::trim) {
            if let Some(distance) = rest.strip_prefix('+') {
                return distance.parse().map(Self::BreachPlus);
            }
            if let Some(distance) = rest.strip_prefix('-') {
                return distance.parse().map(Self::BreachMinus);
            }
        }
        match text.strip_suffix('%').and_then(|number| number.trim().parse().ok()) {
            Some(percent @ 1..=99) => Ok(Self::Percent(percent)),
            _ => Err(format!("\"{text}\" is no moment of a clock: write 75%, breach - 30 minutes, breach or breach + 1 hour")),
        }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Breach => f.write_str("breach"),
            Self::BreachMinus(distance) => write!(f, "breach - {distance}"),
            Self::BreachPlus(distance) => write!(f, "breach + {distance}"),
        }
    }
}

impl FromStr for Distance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if !text.contains(" business ") {
            return text.parse().map(Self::Elapsed);
        }
        match text.parse()? {
            Within::BusinessHours(hours) => Ok(Self::BusinessHours(hours)),
            Within::BusinessDays(days) => Ok(Self::BusinessDays(days)),
            _ => Err(format!("\"{text}\" is no distance: write for example 1 hour, 6 business hours or 1 business day")),
        }
    }
}

impl fmt::Display for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Elapsed(length) => length.fmt(f),
            Self::BusinessHours(hours) => Within::BusinessHours(hours).fmt(f),
            Self::BusinessDays(days) => Within::BusinessDays(days).fmt(f),
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
                Some(("on", rota)) if rota.trim_start().starts_with("call ") => {
                    Ok(Self::OnCall(RotaId::from(rota.trim_start().trim_start_matches("call ").trim())))
                }
                _ => Err(format!(
                    "\"{other}\" names nobody to tell: write assignee, manager, manager of manager, role <id>, person <username> or \
                     on call <rota>"
                )),
            },
        }
    }
}

impl FromStr for Act {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match (text, text.strip_prefix("reassign to role ")) {
            ("raise priority", _) => Ok(Self::RaisePriority),
            ("reassign to manager", _) => Ok(Self::ReassignToManager),
            (_, Some(role)) => Ok(Self::ReassignToRole(RoleId::from(role.trim()))),
            _ => {
                let shown: String = text.chars().take(60).collect();
                Err(format!("\"{shown}\" is nothing a level can do: write raise priority, reassign to manager or reassign to role <id>"))
            }
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RaisePriority => f.write_str("raise priority"),
            Self::ReassignToManager => f.write_str("reassign to manager"),
            Self::ReassignToRole(role) => write!(f, "reassign to role {role}"),
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
            Self::OnCall(rota) => write!(f, "on call {rota}"),
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

through_text!(At, Recipient, Act, Every);
