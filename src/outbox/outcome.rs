//! How one try at sending ended.

/// What the receiving side, or the way to it, answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Accepted.
    Sent { status: Option<u16> },
    /// Not accepted now; worth another try. `after_millis` is how long the receiver asks to wait.
    Retry { status: Option<u16>, detail: String, after_millis: Option<i64> },
    /// Never will be accepted.
    Dead { status: Option<u16>, detail: String },
    /// There is no mailbox at the address of a mail.
    Bounced { status: u16, detail: String },
    /// The receiver says that it is gone: the subscription ends as well.
    Gone { status: u16 },
}

impl Outcome {
    /// A failure without an answer.
    pub fn retry(detail: impl Into<String>) -> Self {
        Self::Retry { status: None, detail: detail.into(), after_millis: None }
    }

    /// A fault of the notice itself.
    pub fn dead(detail: impl Into<String>) -> Self {
        Self::Dead { status: None, detail: detail.into() }
    }
}
