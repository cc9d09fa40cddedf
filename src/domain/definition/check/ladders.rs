//! Ladders: levels in the order in which they happen, each of which tells somebody and comes to an end.

use std::collections::HashSet;

use super::report::{FaultCode, Path, Report};
use super::{Program, names, roles};
use crate::domain::definition::{Act, At, Distance, Recipient, Rung, Until};

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
                && is_out_of_order(before, rung)
            {
                let message = format!("{} comes after {}: write the levels in the order in which they happen", before.at, rung.at);
                report.add(&path.to("at"), FaultCode::BadLadder, message);
            }
            level(program, rung, &path, report);
        }
    }
}

/// Whether a level surely does not come after the one before it. Levels in different units cannot be compared: a percentage and
/// a distance before the breach, or open and elapsed time on the same side of it.
fn is_out_of_order(before: &Rung, rung: &Rung) -> bool {
    let ((earlier_side, earlier_unit, earlier), (side, unit, place)) = (moment(before), moment(rung));
    side < earlier_side || (side == earlier_side && unit == earlier_unit && place <= earlier)
}

/// The side of the breach, the unit, and the place within both.
fn moment(rung: &Rung) -> (u8, u8, i64) {
    match rung.at {
        At::Percent(percent) => (0, 0, i64::from(percent)),
        At::BreachMinus(distance) => (0, unit(distance), -counted(distance)),
        At::Breach => (1, 0, 0),
        At::BreachPlus(distance) => (2, unit(distance), counted(distance)),
    }
}

fn unit(distance: Distance) -> u8 {
    match distance {
        Distance::Elapsed(_) => 1,
        Distance::BusinessHours(_) => 2,
        Distance::BusinessDays(_) => 3,
    }
}

fn counted(distance: Distance) -> i64 {
    match distance {
        Distance::Elapsed(length) => length.millis,
        Distance::BusinessHours(count) | Distance::BusinessDays(count) => i64::from(count),
    }
}

fn level(program: &Program, rung: &Rung, path: &Path, report: &mut Report) {
    match &rung.tell {
        Some(Recipient::Role(role)) => {
            roles::known(program, role, &path.to("tell"), report);
        }
        Some(Recipient::Person(name)) if name.as_str().trim().is_empty() => {
            report.add(&path.to("tell"), FaultCode::NoRecipient, "person must be followed by a username");
        }
        Some(Recipient::OnCall(rota)) if !program.rotas.contains_key(rota) => {
            report.unknown(&path.to("tell"), FaultCode::UnknownRota, "rota", rota.as_str(), names(&program.rotas));
        }
        None if rung.act.is_none() => {
            report.add(path, FaultCode::NoRecipient, "a level tells somebody, does something, or both: write tell, do or both");
        }
        Some(Recipient::Assignee | Recipient::Manager | Recipient::ManagerOfManager | Recipient::Person(_) | Recipient::OnCall(_))
        | None => {}
    }
    if let Some(Act::ReassignToRole(role)) = &rung.act {
        roles::known(program, role, &path.to("do"), report);
    }
    if rung.act.is_some() && rung.repeat.is_some() {
        let message = "what a level does is done once: give the repetition a level of its own";
        report.add(&path.to("do"), FaultCode::BadLadder, message);
    }
    let channels: HashSet<_> = rung.by.iter().collect();
    if channels.is_empty() {
        report.add(&path.to("by"), FaultCode::NoRecipient, "name at least one channel: email, webhook or both");
    } else if channels.len() < rung.by.0.len() {
        report.add(&path.to("by"), FaultCode::BadLadder, "a channel is named twice");
    }
    let before_breach = matches!(rung.at, At::Percent(_) | At::BreachMinus(_));
    if before_breach && rung.until == Some(Until::Acknowledged) {
        report.add(&path.to("until"), FaultCode::BadLadder, "before the breach there is nothing to acknowledge: leave until out");
    }
    if rung.at == At::Breach && rung.until == Some(Until::Claimed) {
        report.add(&path.to("until"), FaultCode::BadLadder, "the breach is always told, also of a claimed task: leave until out");
    }
    if rung.at == At::Breach && rung.repeat.is_some() {
        let message = "the breach itself is told once: repeat a level such as breach + 1 hour";
        report.add(&path.to("repeat"), FaultCode::BadLadder, message);
    }
    if before_breach && rung.repeat.is_some() {
        report.add(&path.to("repeat"), FaultCode::BadLadder, "a level repeats after the breach only: leave repeat out");
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
