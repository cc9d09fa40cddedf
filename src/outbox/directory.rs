//! Where the outbox finds a program's definition: its roles, who stands above them, its contact and its zone.

use std::fmt;
use std::sync::Arc;

use crate::domain::definition::Program;
use crate::ids::ProgramId;

type Lookup = dyn Fn(&ProgramId, u32) -> Option<Arc<Program>> + Send + Sync;

/// Published definitions by program and version. Cheap to clone.
#[derive(Clone)]
pub struct Directory(Arc<Lookup>);

impl Directory {
    /// Takes the lookup. It answers none for a version this node does not know yet; notices then wait.
    pub fn new(lookup: impl Fn(&ProgramId, u32) -> Option<Arc<Program>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(lookup))
    }

    /// A directory of exactly these programs.
    pub fn of(programs: Vec<Arc<Program>>) -> Self {
        Self::new(move |id, version| programs.iter().find(|known| known.program == *id && known.version == version).cloned())
    }

    pub fn program(&self, id: &ProgramId, version: u32) -> Option<Arc<Program>> {
        (self.0)(id, version)
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Directory")
    }
}
