//! The made-up people of a sandbox and of rehearsals: one per role, and those who stand beside the roles.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::definition::{Program, StepKind};
use crate::ids::{ProgramId, RoleId};
use crate::service::people::Person;

/// The password of everybody in a sandbox.
pub const PASSWORD: &str = "sandbox";
/// Holds a recorder's and a decider's role at once, to show separation of duties.
pub const DOUBLE_HATTED: &str = "double_hatted";
pub const ADMINISTRATOR: &str = "administrator";
/// Approves what the other one proposed.
pub const DEPUTY_ADMINISTRATOR: &str = "deputy_administrator";
pub const AUDITOR: &str = "auditor";
pub const INTEGRATOR: &str = "integrator";

/// Everybody the programs need. A person's username is the id of their role.
pub fn cast(programs: &[&Program]) -> Vec<Person> {
    let mut holders: BTreeMap<String, (String, BTreeMap<ProgramId, BTreeSet<RoleId>>)> = BTreeMap::new();
    let mut double: BTreeMap<ProgramId, BTreeSet<RoleId>> = BTreeMap::new();
    for program in programs {
        for (id, role) in &program.roles {
            let holder = holders.entry(id.to_string()).or_insert_with(|| (role.title.clone(), BTreeMap::new()));
            holder.1.entry(program.program.clone()).or_default().insert(id.clone());
        }
        double.entry(program.program.clone()).or_default().extend(recorder_and_decider(program));
    }
    let mut people: Vec<Person> = holders
        .into_iter()
        .map(|(username, (title, roles))| Person { email: Some(address(&username)), name: title, username, roles, ..Person::default() })
        .collect();
    let beside = |username: &str, name: &str| Person {
        username: username.to_owned(),
        name: name.to_owned(),
        email: Some(address(username)),
        ..Person::default()
    };
    // No address: whoever holds two roles to show a conflict would only double every notice.
    people.push(Person { email: None, roles: double, ..beside(DOUBLE_HATTED, "Double-hatted person") });
    people.push(Person { administrator: true, ..beside(ADMINISTRATOR, "Administrator") });
    people.push(Person { administrator: true, ..beside(DEPUTY_ADMINISTRATOR, "Deputy administrator") });
    people.push(Person { auditor: true, ..beside(AUDITOR, "Auditor") });
    people.push(Person { integrator: true, ..beside(INTEGRATOR, "Integrator") });
    people
}

/// The roles of the first record and of the first decision that its recorder may not take.
fn recorder_and_decider(program: &Program) -> BTreeSet<RoleId> {
    let steps = program.workflows.values().flat_map(|workflow| &workflow.steps);
    let decision = steps.clone().find(|(_, step)| step.kind == StepKind::Decision && !step.not_by.is_empty());
    let Some((_, decision)) = decision else { return BTreeSet::new() };
    let recorder =
        decision.not_by.iter().next().and_then(|id| steps.clone().find(|(step, _)| *step == id)).and_then(|(_, step)| step.role.clone());
    recorder.into_iter().chain(decision.role.clone()).collect()
}

fn address(username: &str) -> String {
    format!("{username}@sandbox.invalid")
}
