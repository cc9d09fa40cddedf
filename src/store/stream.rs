//! The audit stream of a program: what happened there that belongs to no instance, or changed none.
//!
//! Guarantee: its sequence has no gaps, no two writers give out the same number, and its instants do not go back. On PostgreSQL an advisory lock of the
//! stream is held until the transaction ends; the unique key of the stream stands behind it.

use sea_orm::Value;
use sha2::{Digest, Sha256};

use super::{Backend, Error, WriteTransaction};
use crate::ids::{CommandId, InstanceId, ProgramId, StreamId, Username};
use crate::instant::Instant;

/// An entry of a program's stream before it has its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// The instance it speaks of, where there is one.
    pub instance: Option<InstanceId>,
    pub command: CommandId,
    pub at: Instant,
    /// A username, or `engine`.
    pub actor: String,
    /// In whose name, where a substitute acted.
    pub acting_for: Option<Username>,
}

/// What an entry says, and the hash (hex) its stream ends in from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub body: String,
    pub hash: String,
}

/// The stream of a program: the same id on every installation.
pub fn program_stream(program: &ProgramId) -> StreamId {
    let digest = Sha256::new().chain_update(b"program stream ").chain_update(program.as_str().as_bytes()).finalize();
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    StreamId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

const SQLITE_HEAD: &str = "SELECT sequence, hash, at FROM audit_entry WHERE stream_id = ? ORDER BY sequence DESC LIMIT 1";
const POSTGRES_HEAD: &str = "SELECT sequence, hash, at FROM audit_entry WHERE stream_id = $1 ORDER BY sequence DESC LIMIT 1";
const SQLITE_APPEND: &str = "INSERT INTO audit_entry (stream_id, sequence, program, instance_id, command_id, at, actor, body, hash) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
const POSTGRES_APPEND: &str = "INSERT INTO audit_entry (stream_id, sequence, program, instance_id, command_id, at, actor, body, hash) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

impl WriteTransaction {
    /// Appends an entry to the stream of `program` and returns its sequence. `seal` gets that sequence, the hash before it
    /// (empty for the first) and its instant: that of the entry, or of the one before where another transaction, which judged later, came
    /// to the stream first. Append after instances are locked, and to several programs in the order of their names.
    pub async fn append_to_program<F>(&mut self, program: &ProgramId, entry: NewEntry, seal: F) -> Result<i64, Error>
    where
        F: FnOnce(i64, &str, Instant) -> Result<Sealed, Error>,
    {
        let stream = program_stream(program);
        let (head, append) = match self.backend {
            Backend::Sqlite => (SQLITE_HEAD, SQLITE_APPEND),
            Backend::Postgres => {
                // A statement of its own: the next one must see what the lock's last holder committed.
                self.query("SELECT pg_advisory_xact_lock($1)", vec![lock_key(stream).into()]).await?;
                (POSTGRES_HEAD, POSTGRES_APPEND)
            }
        };
        let rows = self.query(head, vec![stream.0.into()]).await?;
        let (last, previous, at) = match rows.first() {
            None => (0, String::new(), entry.at),
            Some(row) => {
                let before = Instant::clamped(row.try_get("", "at")?);
                (row.try_get::<i64>("", "sequence")?, row.try_get::<String>("", "hash")?, entry.at.max(before))
            }
        };
        let sealed = seal(last + 1, &previous, at)?;
        let values: Vec<Value> = vec![
            stream.0.into(),
            (last + 1).into(),
            program.as_str().into(),
            entry.instance.map(|instance| instance.0).into(),
            entry.command.0.into(),
            at.millis().into(),
            entry.actor.into(),
            sealed.body.into(),
            sealed.hash.into(),
        ];
        self.execute(append, values).await?;
        Ok(last + 1)
    }
}

fn lock_key(stream: StreamId) -> i64 {
    let (high, low) = stream.0.as_u64_pair();
    i64::from_be_bytes((high ^ low).to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_programs_have_two_streams_and_each_keeps_its_own() {
        let (one, other) = (ProgramId::from("one"), ProgramId::from("other"));
        assert_eq!(program_stream(&one), program_stream(&one));
        assert_ne!(program_stream(&one), program_stream(&other));
        assert_ne!(lock_key(program_stream(&one)), lock_key(program_stream(&other)));
    }
}
