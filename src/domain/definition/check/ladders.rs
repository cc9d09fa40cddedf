//! Ladders: levels in the order in which they happen, each of which tells somebody and comes to an end.

use std::collections::HashSet;

use super::report::{FaultCode, Path, Report};
use super::{Program, roles};
use crate::domain::definition::{At, Recipient, Rung};

/// Most levels of a ladder.
const MAX_RUNGS: usize = 20;
/// Most repetitions of a level.
const MAX_REPEATS: u32 = 100;

pub fn check(program: &Program, report: &mut Report) {
    let top = Path::default().to("ladders");
    for (id, rungs) in &program.ladders {
        let path = top.to(id);
        if rungs.is_empty() || rungs.len() > MAX_RUNGS {
            report.add(&path, FaultCode::BadLadder, format!("a ladder has 1 to {MAX_RUNGS} levels"));
        }
        for (index, rung) in rungs.iter().enumerate() {
            let path = path.to(index);
            if let Some(before) = index.checked_sub(1).and_then(|previous| rungs.get(previous))
                && moment(rung) <= moment(before)
            {
                let message = format!("{} comes after {}: write the levels in the order in which they happen", before.at, rung.at);
                report.add(&path.to("at"), FaultCode::BadLadder, message);
            }
            level(program, rung, &path, report);
        }
    }
}

/// Orders moments: percentages, then the breach, then what follows it.
fn moment(rung: &Rung) -> (u8, i64) {
    match rung.at {
        At::Percent(percent) => (0, i64::from(percent)),
        At::Breach => (1, 0),
        At::BreachPlus(length) => (1, length.millis),
    }
}

fn level(program: &Program, rung: &Rung, path: &Path, report: &mut Report) {
    match &rung.tell {
        Recipient::Role(role) => {
            roles::known(program, role, &path.to("tell"), report);
        }
        Recipient::Person(name) if name.as_str().trim().is_empty() => {
            report.add(&path.to("tell"), FaultCode::NoRecipient, "person must be followed by a username");
        }
        Recipient::Assignee | Recipient::Manager | Recipient::ManagerOfManager | Recipient::Person(_) => {}
    }
    let channels: HashSet<_> = rung.by.iter().collect();
    if channels.is_empty() {
        report.add(&path.to("by"), FaultCode::NoRecipient, "name at least one channel: email, webhook or both");
    } else if channels.len() < rung.by.0.len() {
        report.add(&path.to("by"), FaultCode::BadLadder, "a channel is named twice");
    }
    let before_breach = matches!(rung.at, At::Percent(_));
    if before_breach && rung.until.is_some() {
        report.add(&path.to("until"), FaultCode::BadLadder, "before the breach there is nothing to acknowledge: leave until out");
    }
    if before_breach && rung.repeat.is_some() {
        report.add(&path.to("repeat"), FaultCode::BadLadder, "a level repeats from the breach on only: leave repeat out");
    }
    match (&rung.repeat, rung.at_most) {
        (Some(_), None) => {
            report.add(&path.to("repeat"), FaultCode::BadLadder, "repeat needs at_most, the number of times at which it stops");
        }
        (None, Some(_)) => {
            report.add(&path.to("at_most"), FaultCode::BadLadder, "at_most needs repeat, the time from one message to the next");
        }
        (Some(_), Some(times)) if !(2..=MAX_REPEATS).contains(&times) => {
            report.add(&path.to("at_most"), FaultCode::BadLadder, format!("at_most counts the first message: write 2 to {MAX_REPEATS}"));
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
}
