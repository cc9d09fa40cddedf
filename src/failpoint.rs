//! Named places at which a sandbox can be made to die, so that a test may look at what a crash there leaves behind.
//!
//! Guarantee: nothing happens at a place unless [`arm`] named it in this process, which only a sandbox does. To pass one costs one
//! read of a variable that is never written again.

use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

static ARMED: OnceLock<Armed> = OnceLock::new();

/// A place in the program where dying is most likely to leave something half done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Between two steps of the schema.
    MigrateMid,
    /// The schema is there, the rest of a start is not.
    BootRecovery,
    /// Instances are written, what is derived from them is not.
    AfterStateWrite,
    /// All rows of the workflow are written, the audit entries are not.
    BeforeAudit,
    /// The audit entries are written, the answers kept for repetitions are not.
    BeforeReplies,
    /// All of a slice of requests is written.
    BeforeCommit,
    AfterCommitBeforeAck,
    /// The instances of due timers are locked and loaded.
    TimerClaimed,
    TimerBeforeCommit,
    TimerAfterCommit,
    /// Notices are made, and neither they nor the reader's place are written.
    FanOutBeforeCommit,
    FanOutAfterCommit,
    OutboxClaimed,
    BeforeSend,
    /// A mail was accepted and nobody knows yet.
    MailAfterData,
    /// How sendings ended is known to this process only.
    AfterSendBeforeMark,
    AfterMark,
    /// Where a sandbox's clock is about to stand is kept, and it does not stand there yet.
    ClockKept,
    /// No requests are taken any more, the loops still run.
    ShutdownDrain,
}

impl Point {
    pub const ALL: [Self; 19] = [
        Self::MigrateMid,
        Self::BootRecovery,
        Self::AfterStateWrite,
        Self::BeforeAudit,
        Self::BeforeReplies,
        Self::BeforeCommit,
        Self::AfterCommitBeforeAck,
        Self::TimerClaimed,
        Self::TimerBeforeCommit,
        Self::TimerAfterCommit,
        Self::FanOutBeforeCommit,
        Self::FanOutAfterCommit,
        Self::OutboxClaimed,
        Self::BeforeSend,
        Self::MailAfterData,
        Self::AfterSendBeforeMark,
        Self::AfterMark,
        Self::ClockKept,
        Self::ShutdownDrain,
    ];

    /// For example `before_commit`.
    pub fn name(self) -> &'static str {
        match self {
            Self::MigrateMid => "migrate_mid",
            Self::BootRecovery => "boot_recovery",
            Self::AfterStateWrite => "after_state_write",
            Self::BeforeAudit => "before_audit",
            Self::BeforeReplies => "before_replies",
            Self::BeforeCommit => "before_commit",
            Self::AfterCommitBeforeAck => "after_commit_before_ack",
            Self::TimerClaimed => "timer_claimed",
            Self::TimerBeforeCommit => "timer_before_commit",
            Self::TimerAfterCommit => "timer_after_commit",
            Self::FanOutBeforeCommit => "fan_out_before_commit",
            Self::FanOutAfterCommit => "fan_out_after_commit",
            Self::OutboxClaimed => "outbox_claimed",
            Self::BeforeSend => "before_send",
            Self::MailAfterData => "mail_after_data",
            Self::AfterSendBeforeMark => "after_send_before_mark",
            Self::AfterMark => "after_mark",
            Self::ClockKept => "clock_kept",
            Self::ShutdownDrain => "shutdown_drain",
        }
    }
}

/// A place, and the visit at which to die.
#[derive(Debug)]
pub struct Armed {
    point: Point,
    visits: AtomicU64,
}

impl FromStr for Armed {
    type Err = String;

    /// Reads `point` or `point:n`: die there the first, or the nth, time.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, visit) = text.split_once(':').unwrap_or((text, "1"));
        let point = Point::ALL.into_iter().find(|point| point.name() == name);
        let visit = visit.parse().ok().filter(|visit| *visit > 0);
        match (point, visit) {
            (Some(point), Some(visit)) => Ok(Self { point, visits: AtomicU64::new(visit) }),
            _ => Err(format!("\"{text}\" names no place to die at: write one of {}, or <place>:<nth visit>", names().join(", "))),
        }
    }
}

fn names() -> Vec<&'static str> {
    Point::ALL.map(Point::name).to_vec()
}

/// Makes this process die at a place. Only the first call of a process counts.
pub fn arm(armed: Armed) {
    // It is set already where somebody armed another place before.
    let _ = ARMED.set(armed);
}

/// Dies here, without a handler or a last write, if this is the place and the visit.
#[inline]
pub fn reach(point: Point) {
    if let Some(armed) = ARMED.get() {
        armed.visit(point);
    }
}

/// Whether this process is to die at one of these places.
pub fn is_armed_at(points: &[Point]) -> bool {
    ARMED.get().is_some_and(|armed| points.contains(&armed.point))
}

impl Armed {
    fn visit(&self, point: Point) {
        if self.point == point && self.visits.fetch_sub(1, Ordering::Relaxed) == 1 {
            tracing::error!(point = point.name(), "dying here, as asked");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_with_the_visit_at_which_to_die() {
        for point in Point::ALL {
            let armed: Armed = format!("{}:7", point.name()).parse().unwrap();
            assert_eq!((armed.point, armed.visits.into_inner()), (point, 7));
        }
        assert_eq!("before_send".parse::<Armed>().unwrap().visits.into_inner(), 1);
        for wrong in ["", "before_send:0", "before_send:-1", "before_send:", "elsewhere", "before_send:1:2"] {
            let why = wrong.parse::<Armed>().unwrap_err();
            assert!(why.contains("before_audit, before_replies"), "{why}");
        }
    }

    #[test]
    fn other_places_and_earlier_visits_are_passed() {
        let armed: Armed = "before_send:3".parse().unwrap();
        armed.visit(Point::AfterMark);
        armed.visit(Point::BeforeSend);
        armed.visit(Point::BeforeSend);
        assert_eq!(armed.visits.into_inner(), 1);
    }
}
