//! Who may see and do what: one predicate for lists, reads and commands.
//!
//! Scope is the programs in which somebody holds a role; administrators and auditors see all. Outside it things do not
//! exist; inside it task states can be read, and a task's contents by the holders of its role or of one above it.

use super::command::Principal;
use super::definition::{Program, Step};
use crate::ids::{ProgramId, RoleId, Username};

/// What somebody may do with a task's contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It does not exist for them.
    None,
    /// State, role and deadline only.
    State,
    /// Its fields, records and evidence too.
    Contents,
    /// Also claim, save and complete.
    Work,
}

/// Whether a program's instances exist for somebody.
pub fn in_scope(person: &Principal, program: &ProgramId) -> bool {
    person.active && (person.administrator || person.auditor || person.integrator_of(program) || person.roles.contains_key(program))
}

impl Principal {
    /// Whether one of the two names behind them is this one.
    pub fn is_or_stands_for(&self, name: &Username) -> bool {
        name.as_str() == self.username || self.stands_for.as_ref() == Some(name)
    }

    /// Integrators start instances and import sources in every program.
    pub fn integrator_of(&self, _program: &ProgramId) -> bool {
        self.integrator
    }

    pub fn holds(&self, program: &ProgramId, role: &RoleId) -> bool {
        self.active && self.roles.get(program).is_some_and(|roles| roles.contains(role))
    }
}

/// Access to a task of `role`, or of `assignee` where a person was named.
pub fn task_access(person: &Principal, program: &Program, role: Option<&RoleId>, assignee: Option<&Username>) -> Access {
    if !in_scope(person, &program.program) {
        return Access::None;
    }
    let is_assignee = assignee.is_some_and(|name| person.is_or_stands_for(name));
    let works = match role {
        Some(role) => person.holds(&program.program, role),
        None => is_assignee,
    };
    if works || (is_assignee && role.is_none()) {
        return Access::Work;
    }
    let manages = role.is_some_and(|role| manages(person, program, role));
    if manages || person.auditor { Access::Contents } else { Access::State }
}

/// Whether somebody confirms a gate of a step that another role completes. They may open the task; what was entered, and
/// whom it is about, stays closed to them.
pub fn confirms(person: &Principal, program: &Program, step: &Step) -> bool {
    step.gates.values().filter_map(|gate| gate.by.as_ref()).any(|role| person.holds(&program.program, role))
}

/// Whether somebody holds a role above `role`.
pub fn manages(person: &Principal, program: &Program, role: &RoleId) -> bool {
    above(program, role).any(|manager| person.holds(&program.program, manager))
}

/// The roles above `role`, nearest first. A circle of roles ends at the first repetition.
pub fn above<'a>(program: &'a Program, role: &'a RoleId) -> impl Iterator<Item = &'a RoleId> {
    let mut next = program.roles.get(role).and_then(|found| found.escalates_to.as_ref());
    let mut left = program.roles.len();
    std::iter::from_fn(move || {
        let current = next?;
        left = left.checked_sub(1)?;
        next = program.roles.get(current).and_then(|found| found.escalates_to.as_ref());
        Some(current)
    })
}

/// Whether somebody may propose and decide on amendments of a record: a holder of the step's role or of one above it; where a
/// person was named, that person or a holder of a top role.
pub fn may_amend(person: &Principal, program: &Program, role: Option<&RoleId>, completed_by: Option<&Username>) -> bool {
    let leads = |id: &RoleId| person.holds(&program.program, id);
    match role {
        Some(role) => leads(role) || manages(person, program, role),
        None => {
            let own = person.active && completed_by.is_some_and(|name| name.as_str() == person.username);
            own && in_scope(person, &program.program) || program.roles.iter().any(|(id, role)| role.top && leads(id))
        }
    }
}

/// Whether somebody may give a task more time: a holder of a role above its own, or of a top role where a person was
/// named; never who works it.
pub fn may_extend(person: &Principal, program: &Program, role: Option<&RoleId>, assignee: Option<&Username>) -> bool {
    let is_assignee = assignee.is_some_and(|name| person.is_or_stands_for(name));
    let leads = match role {
        Some(role) => manages(person, program, role),
        None => program.roles.iter().any(|(id, role)| role.top && person.holds(&program.program, id)),
    };
    leads && !is_assignee && task_access(person, program, role, assignee) != Access::Work
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: &str = r#"
program: small
title: Small
version: 1
time: { zone: UTC, calendar: us_federal }
contact: { name: A, email: a@example.org }
roles:
  worker: { title: Worker, escalates_to: boss }
  boss: { title: Boss, escalates_to: chief }
  chief: { title: Chief, top: true }
  here: { title: Here, escalates_to: there }
  there: { title: There, escalates_to: here }
workflows: {}
"#;

    fn program() -> Program {
        serde_saphyr::from_str(PROGRAM).unwrap()
    }

    fn holder(role: &str) -> Principal {
        let roles = [(ProgramId::from("small"), [RoleId::from(role)].into())].into();
        Principal { username: role.to_owned(), active: true, roles, ..Principal::default() }
    }

    #[test]
    fn the_roles_above_come_nearest_first_and_a_circle_ends() {
        let program = program();
        let names = |role: &str| above(&program, &role.into()).map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names("worker"), ["boss", "chief"]);
        assert!(names("chief").is_empty() && names("nobody").is_empty());
        assert_eq!(names("here").len(), program.roles.len(), "a circle is walked at most once per role");
    }

    #[test]
    fn a_role_works_its_tasks_those_above_read_them_others_see_their_state() {
        let (program, worker) = (program(), RoleId::from("worker"));
        let access = |person: &Principal| task_access(person, &program, Some(&worker), None);
        let built_in = |set: fn(&mut Principal)| {
            let mut person = Principal { active: true, ..Principal::default() };
            set(&mut person);
            person
        };
        assert_eq!(access(&holder("worker")), Access::Work);
        assert_eq!(access(&holder("boss")), Access::Contents);
        assert_eq!(access(&holder("chief")), Access::Contents);
        assert_eq!(access(&holder("here")), Access::State);
        assert_eq!(access(&built_in(|person| person.auditor = true)), Access::Contents);
        assert_eq!(access(&built_in(|person| person.administrator = true)), Access::State);
        assert_eq!(access(&built_in(|person| person.integrator = true)), Access::State);
        assert_eq!(access(&built_in(|_| ())), Access::None);
        assert_eq!(access(&Principal { active: false, ..holder("worker") }), Access::None);
    }

    #[test]
    fn a_task_of_a_named_person_is_worked_by_that_person_alone() {
        let (program, ann) = (program(), Username::from("worker"));
        assert_eq!(task_access(&holder("worker"), &program, None, Some(&ann)), Access::Work);
        assert_eq!(task_access(&holder("boss"), &program, None, Some(&ann)), Access::State);
        assert_eq!(task_access(&holder("worker"), &program, None, None), Access::State);
        let (boss, role) = (holder("boss"), RoleId::from("worker"));
        assert_eq!(
            task_access(&boss, &program, Some(&role), Some(&"boss".into())),
            Access::Contents,
            "the role decides where there is one"
        );
    }
}
