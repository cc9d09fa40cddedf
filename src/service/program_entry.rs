//! What happens in a program that belongs to no instance, as entries of the program's own audit stream.

use crate::domain::audit;
use crate::domain::event::Event;
use crate::ids::{CommandId, InstanceId, ProgramId, Username};
use crate::instant::Instant;
use crate::store::{self, NewEntry, Sealed, WriteTransaction, program_stream};

/// An entry before it has its place in the stream.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgramEntry {
    pub program: ProgramId,
    /// The program version that decided, or that came about.
    pub version: u32,
    pub entry: NewEntry,
    pub event: Event,
}

impl ProgramEntry {
    /// An entry of something `by` did at `at` that concerns no instance.
    pub fn of(program: &ProgramId, version: u32, by: &Username, (command, at): (CommandId, Instant), event: Event) -> Self {
        let entry = NewEntry { instance: None, command, at, actor: by.to_string(), acting_for: None };
        Self { program: program.clone(), version, entry, event }
    }

    /// Appends it in the transaction of what it tells. Comes after every other lock the transaction takes.
    pub async fn append(&self, write: &mut WriteTransaction) -> Result<(), store::Error> {
        let seal = |sequence, previous: &str, at| {
            self.seal(sequence, previous, at).map_err(|error| store::Error::Refused(format!("an audit entry cannot be written: {error}")))
        };
        write.append_to_program(&self.program, self.entry.clone(), seal).await.map(|_| ())
    }

    /// The text and hash of its entry at a place in the stream.
    fn seal(&self, sequence: i64, previous: &str, at: Instant) -> Result<Sealed, serde_json::Error> {
        let instance: Option<InstanceId> = self.entry.instance;
        let entry = audit::Entry {
            stream: program_stream(&self.program),
            sequence,
            previous: previous.to_owned(),
            command: self.entry.command,
            at,
            actor: self.entry.actor.clone(),
            acting_for: self.entry.acting_for.clone(),
            program: self.program.clone(),
            version: self.version,
            workflow: None,
            instance,
            events: vec![self.event.clone()],
        };
        let body = entry.to_text()?;
        let hash = audit::chain_hash(previous, &body);
        Ok(Sealed { body, hash })
    }
}
