//! What may be done to the deadline of a step while it runs: for which reasons, how much and how often.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Length, Within};

/// `may_pause: { reasons: { away: The participant is away }, at_most: 5 days, times: 2 }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MayPause {
    /// Code to what it means.
    pub reasons: IndexMap<String, String>,
    /// Most elapsed time of all pauses of one clock together.
    pub at_most: Length,
    /// Most pauses of one clock.
    pub times: u32,
}

/// `may_extend: { reasons: { records_missing: Records are missing }, at_most: 2 business days, times: 1 }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MayExtend {
    /// Code to what it means.
    pub reasons: IndexMap<String, String>,
    /// Most of all extensions of one clock together, in the unit of its deadline.
    pub at_most: Within,
    /// Most extensions of one clock.
    pub times: u32,
}

impl MayExtend {
    /// How much of the unit `length` is: milliseconds of elapsed time, else a count. None if the unit is another one
    /// than the allowance's, or cannot be counted.
    pub fn amount(&self, length: Within) -> Option<i64> {
        if std::mem::discriminant(&self.at_most) == std::mem::discriminant(&length) { amount(length) } else { None }
    }
}

/// How much of its own unit a length is; none for one that cannot be added up.
pub fn amount(length: Within) -> Option<i64> {
    match length {
        Within::Elapsed(length) => Some(length.millis),
        Within::BusinessHours(count) | Within::BusinessDays(count) | Within::CalendarDays(count) => Some(i64::from(count)),
        Within::SameDay | Within::LastDayOfMonth | Within::TimeOnBusinessDay { .. } | Within::BusinessDayOfMonth(_) => None,
    }
}
