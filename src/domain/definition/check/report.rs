//! Collects findings: where in the document, which stable code, what is wrong, what was probably meant.

use std::fmt;

use serde::Serialize;

macro_rules! fault_codes {
    ($($(#[$doc:meta])* $name:ident => $text:literal),+ $(,)?) => {
        /// The stable names of everything that can be wrong with a definition.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum FaultCode {
            $($(#[$doc])* #[serde(rename = $text)] $name),+
        }

        impl FaultCode {
            /// True for faults of what leads where: they cannot be told while a `then` is unreadable.
            pub fn is_about_flow(self) -> bool {
                matches!(self, Self::Unreachable | Self::BadJoin | Self::BadSeries | Self::NoEnd | Self::NoDeadline)
            }

            /// True for faults of what an entry lacks: they cannot be told while something inside it is unreadable.
            pub fn is_about_completeness(self) -> bool {
                matches!(self, Self::BadEscalation | Self::BadGate | Self::NoOwner | Self::NoRecipient | Self::BadCount | Self::NoDeadline)
            }

            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text),+
                }
            }
        }
    };
}

fault_codes! {
    /// The text is no YAML, or exceeds a limit of the reader.
    Malformed => "malformed",
    /// The file is larger than 1 MiB.
    TooLarge => "too_large",
    /// A key stands twice in the same mapping.
    RepeatedKey => "repeated_key",
    /// A key that has no meaning where it stands.
    UnknownKey => "unknown_key",
    /// A key that must be there.
    MissingKey => "missing_key",
    /// A value of another kind than the one that belongs there.
    WrongType => "wrong_type",
    /// A word that is none of the allowed ones.
    UnknownWord => "unknown_word",
    /// A value that cannot be understood.
    BadValue => "bad_value",
    /// An id of another shape than lower-case words joined by `_`.
    BadId => "bad_id",
    /// A text that is blank or too long.
    BadText => "bad_text",
    /// More entries than allowed, or none where one is needed.
    BadCount => "bad_count",
    /// A role the program does not declare.
    UnknownRole => "unknown_role",
    /// A role that has a built-in meaning.
    ReservedRole => "reserved_role",
    /// A role that is neither top nor escalates, or both; or roles that escalate in a circle.
    BadEscalation => "bad_escalation",
    UnknownCodeList => "unknown_code_list",
    UnknownCode => "unknown_code",
    UnknownRegister => "unknown_register",
    UnknownLadder => "unknown_ladder",
    UnknownRota => "unknown_rota",
    UnknownStep => "unknown_step",
    UnknownField => "unknown_field",
    UnknownAsk => "unknown_ask",
    UnknownStartValue => "unknown_start_value",
    UnknownInput => "unknown_input",
    UnknownBody => "unknown_body",
    UnknownWorkflow => "unknown_workflow",
    UnknownSource => "unknown_source",
    UnknownFigure => "unknown_figure",
    /// A field whose limits, list or origin do not go with its type.
    BadField => "bad_field",
    /// A source whose key or columns cannot be read.
    BadSource => "bad_source",
    /// A roster whose source, start values or steps do not go together.
    BadRoster => "bad_roster",
    /// A decision table whose rows contradict its inputs or its type.
    BadTable => "bad_table",
    /// A ladder out of order, or a level that cannot be carried out.
    BadLadder => "bad_ladder",
    /// A level of a ladder that would tell nobody.
    NoRecipient => "no_recipient",
    /// A step nobody is accountable for.
    NoOwner => "no_owner",
    /// A deadline counted from something that is no instant, or that cannot have happened.
    BadDeadline => "bad_deadline",
    /// A ladder whose step has no deadline it could count to.
    NoDeadline => "no_deadline",
    /// A gate that says neither or both of `confirm` and `met_by`.
    BadGate => "bad_gate",
    /// A review, need or separation of duties that cannot work.
    BadReview => "bad_review",
    /// An outcome that both ends and goes on, or opens a step twice.
    BadOutcome => "bad_outcome",
    /// A step no other step leads to.
    Unreachable => "unreachable",
    /// A step reached from several parallel branches that does not say how they join, or waits for ever.
    BadJoin => "bad_join",
    /// A series that opens itself or never stops.
    BadSeries => "bad_series",
    /// A workflow that can never end.
    NoEnd => "no_end",
    /// Start values that do not fit the workflow.
    BadStart => "bad_start",
    /// A calendar nobody has published.
    UnknownCalendar => "unknown_calendar",
    /// A calendar whose hours, days or range cannot be used.
    BadCalendar => "bad_calendar",
    /// A month that cannot be counted, closed or settled.
    BadMonths => "bad_months",
    BadMeeting => "bad_meeting",
    /// A receipt that does not belong to a routed record, or a routed role without one.
    BadReceipt => "bad_receipt",
    /// Mails that would wait for ever, or a clinical ladder named twice.
    BadNotices => "bad_notices",
    /// Zone, calendar or close of business that cannot be used.
    BadTime => "bad_time",
    /// A rule that does not parse, names what does not exist or does not type-check.
    BadRule => "bad_rule",
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A place in the document: keys and list positions from the top.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Path(pub Vec<String>);

impl Path {
    /// The place one key or list position further in.
    #[must_use]
    pub fn to(&self, segment: impl fmt::Display) -> Self {
        let mut further = self.0.clone();
        further.push(segment.to_string());
        Self(further)
    }
}

/// What a finding points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Points {
    /// The key of the entry.
    AtKey,
    /// The value; a mapping is pointed at by its key.
    AtValue,
    /// A character inside the value's text, counted from 0.
    Inside(usize),
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub path: Path,
    pub points: Points,
    pub code: FaultCode,
    pub message: String,
    pub suggestion: Option<String>,
    /// The name the fault is about: a fault about something that could not be read at all is not worth telling.
    pub about: Option<String>,
}

const MAX_SUGGESTIONS: usize = 500;

/// The findings so far.
#[derive(Debug, Default)]
pub struct Report {
    pub findings: Vec<Finding>,
}

impl Report {
    /// Records a fault of the value at `path`.
    pub fn add(&mut self, path: &Path, code: FaultCode, message: impl Into<String>) {
        self.push(path, Points::AtValue, code, message.into());
    }

    /// Records a fault of the value at `path` that is about the thing called `name`.
    pub fn add_about(&mut self, path: &Path, code: FaultCode, name: &str, message: impl Into<String>) {
        self.add(path, code, message);
        if let Some(finding) = self.findings.last_mut() {
            finding.about = Some(name.to_owned());
        }
    }

    /// Records a fault of the key at the end of `path`.
    pub fn add_key(&mut self, path: &Path, code: FaultCode, message: impl Into<String>) {
        self.push(path, Points::AtKey, code, message.into());
    }

    fn push(&mut self, path: &Path, points: Points, code: FaultCode, message: String) {
        self.findings.push(Finding { path: path.clone(), points, code, message, suggestion: None, about: None });
    }

    /// Records a value that names what does not exist, with the nearest that does.
    pub fn unknown<'a>(&mut self, path: &Path, code: FaultCode, what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) {
        // Comparing names costs; a file with hundreds of unknown ones is helped by the first of them.
        let suggestion = if self.findings.len() < MAX_SUGGESTIONS { nearest(name, known) } else { None };
        self.findings.push(Finding {
            path: path.clone(),
            points: Points::AtValue,
            code,
            message: format!("there is no {what} \"{}\"", name.chars().take(60).collect::<String>()),
            suggestion,
            about: Some(name.to_owned()),
        });
    }

    /// As `unknown`, where the key at the end of `path` is the name.
    pub fn unknown_key<'a>(&mut self, path: &Path, code: FaultCode, what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) {
        self.unknown(path, code, what, name, known);
        if let Some(finding) = self.findings.last_mut() {
            finding.points = Points::AtKey;
        }
    }
}

/// The known name nearest to a misspelt one, if one is near enough to be meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    if name.len() > 100 {
        return None;
    }
    known
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(name, candidate), candidate))
        .filter(|(likeness, candidate)| *likeness >= 0.6 || (name.len() >= 4 && candidate.contains(name)))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate.to_owned())
}
