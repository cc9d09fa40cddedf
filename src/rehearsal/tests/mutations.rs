//! One thing spoiled at a time makes the refusal name exactly that thing.

use std::collections::BTreeSet;

use super::forks::{self, Tried};
use crate::definitions::embedded;

/// What no change of data makes the only violation, and why. An entry that is reached after all must go.
const UNREACHED: [(&str, &str); 18] = [
    ("attributed_cohort_targeting board_decision check restriction_has_followup_owner", ASKED_OWNER),
    ("attributed_cohort_targeting cohort_decision check rejected_rationale_coded", ASKED),
    ("attributed_cohort_targeting settlement_file check claims_lag_matches_live_monitor", SAME_SIDE),
    ("behavioral_crisis_response_coverage activation check rejected_rationale_coded", ASKED),
    ("behavioral_crisis_response_coverage board_decision check restriction_has_followup_owner", ASKED_OWNER),
    ("behavioral_crisis_response_coverage reconciliation check escalated_has_dated_next_checkpoint", AT_THE_HUDDLE),
    ("behavioral_crisis_response_coverage settlement_file check claims_lag_matches_live_monitor", SAME_SIDE),
    ("behavioral_escalation_prevention activation check rejected_rationale_coded", ASKED),
    ("behavioral_escalation_prevention board_decision check restriction_has_followup_owner", ASKED_OWNER),
    ("behavioral_escalation_prevention reconciliation check escalated_has_dated_next_checkpoint", AT_THE_HUDDLE),
    ("behavioral_escalation_prevention settlement_file check claims_lag_matches_live_monitor", SAME_SIDE),
    ("functional_recovery_milestones activation check rejected_rationale_coded", ASKED),
    ("functional_recovery_milestones board_decision check restriction_has_followup_owner", ASKED_OWNER),
    ("functional_recovery_milestones progression_review check escalated_has_dated_next_checkpoint", AT_THE_HUDDLE),
    ("oxygen_continuity activation check rejected_rationale_coded", ASKED),
    ("oxygen_continuity board_decision check restriction_has_followup_owner", ASKED_OWNER),
    ("oxygen_continuity reconciliation check escalated_has_dated_next_checkpoint", AT_THE_HUDDLE),
    ("oxygen_continuity settlement_file check claims_lag_matches_live_monitor", SAME_SIDE),
];

const ASKED: &str = "the outcome asks for the code: where it is left out, asks.rationale_code is named";
const ASKED_OWNER: &str = "the outcome asks for the owner: where it is left out, asks.followup_owner is named";
const AT_THE_HUDDLE: &str = "it is carried out when a huddle closes, and blocks nothing before";
const SAME_SIDE: &str = "the field is filled from the monitor: where that is stale or missing, the empty field is named";

#[tokio::test]
async fn one_spoiled_thing_is_the_only_one_that_is_named() {
    let listed: BTreeSet<&str> = UNREACHED.iter().map(|(entry, _)| *entry).collect();
    let (mut faults, mut known) = (Vec::new(), BTreeSet::new());
    for (program, _) in embedded::programs() {
        let Tried { all, shown, faults: found, .. } = forks::spoil(&program).await;
        faults.extend(found);
        let is_listed = |entry: &String| listed.contains(entry.as_str());
        faults.extend(all.difference(&shown).filter(|entry| !is_listed(entry)).map(|entry| format!("{entry} is never the only violation")));
        faults.extend(shown.iter().filter(|entry| is_listed(entry)).map(|entry| format!("{entry} is reached: take its line away")));
        known.extend(all);
    }
    faults.extend(listed.iter().filter(|entry| !known.contains(**entry)).map(|entry| format!("{entry} is in no definition")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
