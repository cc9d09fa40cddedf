//! Filed records of a register.

use super::{pinned, scope};
use crate::domain::command::Principal;
use crate::domain::policy;
use crate::ids::{ProgramId, RegisterId};
use crate::service::views::{self, Home, RecordView, Standing, Viewer};
use crate::service::{Error, Services};
use crate::store::queries::{NewestKey, Part, RecordFilter};

/// One part of a register, the record completed last first. A register that the newest version does not name does not
/// exist.
pub async fn records(
    services: &Services,
    person: &Principal,
    program: ProgramId,
    register: RegisterId,
    part: Part<NewestKey>,
) -> Result<Vec<RecordView>, Error> {
    let now = services.clock.now();
    if !policy::in_scope(person, &program) {
        return Err(Error::NotFound);
    }
    if !services.programs.latest(&program).await?.program.registers.contains_key(&register) {
        return Err(Error::NotFound);
    }
    let filter = RecordFilter { scope: scope(person), program, register };
    let mut shown = Vec::new();
    for row in services.store.records(&filter, part).await? {
        let published = pinned(services, person, &filter.program, row.version).await?;
        let standing = Standing { locked: row.locked, amended_by: row.amended_by };
        let home = Home { id: row.instance, workflow: &row.workflow, one_per: None };
        shown.push(views::record(&Viewer::new(&published.program, person, now), home, standing, &row.record));
    }
    Ok(shown)
}
