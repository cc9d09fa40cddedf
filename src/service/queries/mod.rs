//! What people read: lists and single things, inside their programs.
//!
//! Guarantee: the scope is in the query itself, and the policy that commands obey decides once more what is shown of
//! each row. Outside the scope nothing exists.

mod breaches;
mod deadlines;
mod instances;
mod records;
mod series;
mod tasks;

pub use breaches::{BreachQuery, breach, breaches, with_notices};
pub use deadlines::{PreviewRequest, PreviewView, preview};
pub use instances::{InstanceQuery, instance, instances};
pub use records::records;
pub use series::{Period, compliance};
pub use tasks::{TaskQuery, deadline, is_worked_in_bulk, live_by_step, task, task_after, tasks};

pub use crate::store::queries::{DueKey, NewestKey, Part};

use std::sync::Arc;

use super::{Error, Services};
use crate::domain::command::Principal;
use crate::domain::definition::Published;
use crate::domain::policy;
use crate::ids::ProgramId;
use crate::store::queries::Scope;

/// The programs that exist for somebody.
pub fn scope(person: &Principal) -> Scope {
    if person.administrator || person.auditor || person.integrator {
        Scope::All
    } else {
        Scope::Programs(person.roles.keys().cloned().collect())
    }
}

/// The version of a program that an instance is pinned to, if the program exists for the person.
async fn pinned(services: &Services, person: &Principal, program: &ProgramId, version: u32) -> Result<Arc<Published>, Error> {
    if !policy::in_scope(person, program) {
        return Err(Error::NotFound);
    }
    services.programs.get(program, version).await
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn the_scope_in_a_query_is_the_one_of_the_policy() {
        let here = ProgramId::from("here");
        let holder = Principal { active: true, roles: BTreeMap::from([(here.clone(), BTreeSet::new())]), ..Principal::default() };
        let auditor = Principal { active: true, auditor: true, ..Principal::default() };
        let integrator = Principal { active: true, integrator: true, ..Principal::default() };
        let nobody = Principal { active: true, ..Principal::default() };
        for person in [holder, auditor, integrator, nobody] {
            for program in [here.clone(), ProgramId::from("elsewhere")] {
                let listed = match scope(&person) {
                    Scope::All => true,
                    Scope::Programs(programs) => programs.contains(&program),
                };
                assert_eq!(listed, policy::in_scope(&person, &program), "{person:?} {program}");
            }
        }
    }
}
