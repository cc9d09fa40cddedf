//! Bodies that decide in meetings: when they meet, and by when they want what they decide on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::GridStart;
use crate::domain::recurrence::Recurrence;

/// A body that meets, by a rule, on dates, or both. Local times are the program's. `due: { at: next meeting of <body> }` counts on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Body {
    pub title: String,
    /// The rule it meets by, for example `monthly on business day 12 at 15:00` or `cron "0 15 * * 3#3"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meets: Option<Recurrence>,
    /// Meetings on dates, in their order: `2026-02-04 10:00`. A list without a rule runs out; then nothing that is due at the next
    /// meeting can open until the list goes on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub meets_on: Vec<GridStart>,
    /// Days, of 24 hours each, before a meeting by which its papers are in: what comes later is for the meeting after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub papers_days_before: Option<u32>,
}
