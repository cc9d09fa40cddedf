//! Titles, zones and roles of the programs a page speaks of.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono_tz::Tz;

use super::wording;
use crate::domain::command::Principal;
use crate::domain::definition::{Program, Published};
use crate::domain::policy::in_scope;
use crate::ids::{ProgramId, RoleId};
use crate::service::{Error, Services};

/// The newest version of some programs.
#[derive(Debug, Default)]
pub struct Programs(BTreeMap<ProgramId, Arc<Published>>);

impl Programs {
    /// Every program that exists for somebody.
    pub async fn of(services: &Services, person: &Principal) -> Result<Self, Error> {
        let mut found = BTreeMap::new();
        for listed in services.programs.list().await? {
            if in_scope(person, &listed.program) {
                let published = services.programs.get(&listed.program, listed.version).await?;
                found.insert(listed.program, published);
            }
        }
        Ok(Self(found))
    }

    pub fn get(&self, id: &ProgramId) -> Option<&Program> {
        self.0.get(id).map(|published| published.program.as_ref())
    }

    /// The program's zone; UTC for one that is not known.
    pub fn zone(&self, id: &ProgramId) -> Tz {
        self.get(id).map_or(Tz::UTC, |program| program.time.zone)
    }

    pub fn title(&self, id: &ProgramId) -> String {
        self.get(id).map_or_else(|| wording::as_words(id.as_str()), |program| program.title.clone())
    }

    pub fn role(&self, program: &ProgramId, role: &RoleId) -> String {
        wording::role(self.get(program), role)
    }

    /// A zone for what belongs to no program: that of the first one.
    pub fn any_zone(&self) -> Tz {
        self.0.values().next().map_or(Tz::UTC, |published| published.program.time.zone)
    }

    /// Ids with titles, for a filter.
    pub fn choices(&self) -> impl Iterator<Item = (&ProgramId, &str)> {
        self.0.iter().map(|(id, published)| (id, published.program.title.as_str()))
    }
}
