//! The reports there are, with the name each is asked for by and its title.

/// A report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportKind {
    Timeliness,
    StepDurations,
    TimeToActivation,
    WorkBeforeDecision,
    CasesWithoutAction,
    PendingClarificationAge,
    SameDayRouting,
    MissedReviewSlots,
    ReviewOutcomes,
    RationaleMix,
    FiledCodes,
    Load,
    Meetings,
    SettlementFigures,
    Reconciliations,
    Positions,
    Statements,
    Breaches,
    RetroactiveChanges,
    Removals,
    SignOffs,
    Restrictions,
    Attestations,
}

impl ReportKind {
    pub const ALL: [Self; 23] = [
        Self::Timeliness,
        Self::StepDurations,
        Self::TimeToActivation,
        Self::WorkBeforeDecision,
        Self::CasesWithoutAction,
        Self::PendingClarificationAge,
        Self::SameDayRouting,
        Self::MissedReviewSlots,
        Self::ReviewOutcomes,
        Self::RationaleMix,
        Self::FiledCodes,
        Self::Load,
        Self::Meetings,
        Self::SettlementFigures,
        Self::Reconciliations,
        Self::Positions,
        Self::Statements,
        Self::Breaches,
        Self::RetroactiveChanges,
        Self::Removals,
        Self::SignOffs,
        Self::Restrictions,
        Self::Attestations,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeliness => "timeliness",
            Self::StepDurations => "step_durations",
            Self::TimeToActivation => "time_to_activation",
            Self::WorkBeforeDecision => "work_before_decision",
            Self::CasesWithoutAction => "cases_without_action",
            Self::PendingClarificationAge => "pending_clarification_age",
            Self::SameDayRouting => "same_day_routing",
            Self::MissedReviewSlots => "missed_review_slots",
            Self::ReviewOutcomes => "review_outcomes",
            Self::RationaleMix => "rationale_mix",
            Self::FiledCodes => "filed_codes",
            Self::Load => "load",
            Self::Meetings => "meetings",
            Self::SettlementFigures => "settlement_figures",
            Self::Reconciliations => "reconciliations",
            Self::Positions => "positions",
            Self::Statements => "statements",
            Self::Breaches => "breaches",
            Self::RetroactiveChanges => "retroactive_changes",
            Self::Removals => "removals",
            Self::SignOffs => "sign_offs",
            Self::Restrictions => "restrictions",
            Self::Attestations => "attestations",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Timeliness => "On time, late and missed, by step",
            Self::StepDurations => "From the opening of a step to its completion",
            Self::TimeToActivation => "From start to decision",
            Self::WorkBeforeDecision => "Work entered before the decision that lets it begin",
            Self::CasesWithoutAction => "Cases that wait for their first action",
            Self::PendingClarificationAge => "Age of pending clarifications",
            Self::SameDayRouting => "Routed records, received and late",
            Self::MissedReviewSlots => "Review slots held and missed",
            Self::ReviewOutcomes => "What reviews found, and found again",
            Self::RationaleMix => "Reasons given with decisions",
            Self::FiledCodes => "Codes on filed records, and cases still running with them",
            Self::Load => "Running cases by the person they name",
            Self::Meetings => "Meetings, who sat in them and what was missing",
            Self::SettlementFigures => "Settlement figures by month",
            Self::Reconciliations => "Comparisons of sources with the locked roster",
            Self::Positions => "Positions of the board and their reversals",
            Self::Statements => "Statements to the outside, registered and refused",
            Self::Breaches => "Breaches and what was said about them",
            Self::RetroactiveChanges => "Locked records that were changed",
            Self::Removals => "Who was gone from a roster, and what was decided",
            Self::SignOffs => "Reviews and sign-offs, cleared or returned as disputed",
            Self::Restrictions => "What the board restricted, and who follows it up",
            Self::Attestations => "Gates that rest on somebody's word, and those the server found met",
        }
    }

    /// The report of that name.
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}
