//! Roles: each is top or escalates to another one, and following them upwards comes to an end.

use super::report::{FaultCode, Path, Report};
use super::{Program, names};
use crate::ids::RoleId;

/// Roles every installation has; a program may name them but not declare them.
pub const BUILT_IN: [&str; 3] = ["administrator", "auditor", "integrator"];

pub fn check(program: &Program, report: &mut Report) {
    let top = Path::default().to("roles");
    for (id, role) in &program.roles {
        let path = top.to(id);
        if BUILT_IN.contains(&id.as_str()) {
            report.add_key(&path, FaultCode::ReservedRole, format!("{id} is built in and cannot be declared"));
        }
        match (&role.escalates_to, role.top) {
            (None, true) => {}
            (None, false) => {
                let message = format!("{id} needs escalates_to with the role above it, or top: true if the contact stands above it");
                report.add_key(&path, FaultCode::BadEscalation, message);
            }
            (Some(above), true) => {
                let message = format!("{id} is top and escalates to {above}: keep one of the two");
                report.add_key(&path, FaultCode::BadEscalation, message);
            }
            (Some(above), false) => {
                if known(program, above, &path.to("escalates_to"), report) && circles(program, id) {
                    let message = format!("{id} escalates to itself, directly or through others");
                    report.add(&path.to("escalates_to"), FaultCode::BadEscalation, message);
                }
            }
        }
    }
}

/// Reports a role that the program does not declare; true if it does.
pub fn known(program: &Program, role: &RoleId, path: &Path, report: &mut Report) -> bool {
    let found = program.roles.contains_key(role);
    if !found {
        report.unknown(path, FaultCode::UnknownRole, "role", role.as_str(), names(&program.roles));
    }
    found
}

/// True if following `escalates_to` from a role comes back to it.
fn circles(program: &Program, start: &RoleId) -> bool {
    let above = |id: &RoleId| program.roles.get(id).filter(|role| !role.top).and_then(|role| role.escalates_to.as_ref());
    let mut current = above(start);
    for _ in 0..program.roles.len() {
        match current {
            Some(id) if id == start => return true,
            Some(id) => current = above(id),
            None => return false,
        }
    }
    false
}
