//! Identifiers: newtypes over UUIDv7 for rows, newtypes over words for names in a definition, and the rule that makes
//! every id inside a command a function of that command, so that a retry writes the same rows.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::instant::Instant;

macro_rules! row_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

row_ids! {
    /// One command; everything it writes is derived from it.
    CommandId,
    /// One running workflow.
    InstanceId,
    /// One step waiting for a person.
    TaskId,
    /// One running deadline.
    ClockId,
    /// One durable wake-up.
    TimerId,
    /// The fact that a clock ran out.
    BreachId,
    /// One filed record.
    RecordId,
    /// One audit stream: an instance, or a program for what belongs to no instance.
    StreamId,
    /// One outgoing message.
    NoticeId,
    /// One webhook subscription.
    WebhookId,
    /// One imported version of a source.
    SourceVersionId,
    /// One statement to the outside, registered or refused.
    StatementId,
    /// One proposal to move running clocks onto another version.
    ReprojectionId,
    /// One time in which somebody stands in for another person.
    SubstitutionId,
}

impl TaskId {
    /// The short form that mails, pages and calendars show: `T-` and the last eight hex digits.
    pub fn number(self) -> String {
        let hex = self.0.simple().to_string();
        format!("T-{}", hex[hex.len() - 8..].to_ascii_uppercase())
    }
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema, utoipa::ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    )+};
}

names! {
    /// A program's id, for example `oxygen_continuity`.
    ProgramId,
    /// A calendar, for example `us_federal`.
    CalendarId,
    /// A body that decides in meetings.
    BodyId,
    /// A workflow of a program.
    WorkflowId,
    /// A step of a workflow.
    StepId,
    /// A role of a program, or `administrator`, `auditor`, `integrator`.
    RoleId,
    /// A person's username.
    Username,
    /// A field, an ask or a start value.
    FieldId,
    /// A gate of a step.
    GateId,
    /// A check of a step.
    CheckId,
    /// A code list of a program.
    CodeListId,
    /// A source of reference data.
    SourceId,
    /// A decision table.
    TableId,
    /// An escalation ladder.
    LadderId,
    /// Who is on call when.
    RotaId,
    /// A register records are filed in.
    RegisterId,
    /// An outcome of a step or an instance.
    OutcomeId,
    /// A figure of a month.
    FigureId,
    /// A comparison of a source with a month's roster.
    ReconciliationId,
}

/// Makes the ids of one command: the n-th is a UUIDv7 of the command's instant whose 74 free bits come from
/// SHA-256(command id ‖ n).
#[derive(Debug, Clone)]
pub struct Mint {
    command: CommandId,
    at: Instant,
    next: u32,
}

impl Mint {
    pub fn new(command: CommandId, at: Instant) -> Self {
        Self { command, at, next: 0 }
    }

    /// The next id. Two mints of the same command and instant give the same sequence.
    pub fn mint(&mut self) -> Uuid {
        let digest = Sha256::new().chain_update(self.command.0.as_bytes()).chain_update(self.next.to_be_bytes()).finalize();
        self.next += 1;
        let mut random = [0_u8; 10];
        random.copy_from_slice(&digest[..10]);
        let millis = u64::try_from(self.at.millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

/// The command id of a timer's firing: the same for each try at the same generation.
pub fn timer_command(timer: TimerId, generation: i64, due_at: Instant) -> CommandId {
    derived(Sha256::new().chain_update(timer.0.as_bytes()).chain_update(generation.to_be_bytes()), due_at)
}

/// The command id of publishing a definition file, `sha256` being its hash: the same for each try.
pub fn publication_command(program: &ProgramId, sha256: &str, at: Instant) -> CommandId {
    derived(Sha256::new().chain_update(program.as_str().as_bytes()).chain_update([0]).chain_update(sha256.as_bytes()), at)
}

/// The command id of moving one clock: the same for each try, also after a restart.
pub fn reprojection_command(reprojection: ReprojectionId, clock: ClockId, at: Instant) -> CommandId {
    derived(Sha256::new().chain_update(reprojection.0.as_bytes()).chain_update(clock.0.as_bytes()), at)
}

/// The command id of starting what starts by itself: the same for each try at the same instant of the grid.
pub fn occurrence_command(program: &ProgramId, workflow: &WorkflowId, nominal_at: Instant) -> CommandId {
    let named = Sha256::new().chain_update(program.as_str().as_bytes()).chain_update([0]).chain_update(workflow.as_str().as_bytes());
    derived(named.chain_update([1]).chain_update(nominal_at.millis().to_be_bytes()), nominal_at)
}

fn derived(hashed: Sha256, at: Instant) -> CommandId {
    let mut random = [0_u8; 10];
    random.copy_from_slice(&hashed.finalize()[..10]);
    let millis = u64::try_from(at.millis()).unwrap_or(0);
    CommandId(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

/// Where command ids and secrets come from: the operating system, or a seed that gives the same sequence again.
#[derive(Debug)]
pub enum IdSource {
    Random,
    Seeded { seed: u64, next: std::sync::atomic::AtomicU64 },
}

impl IdSource {
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded { seed, next: std::sync::atomic::AtomicU64::new(0) }
    }

    /// A fresh command id of the instant `at`.
    pub fn command_id(&self, at: Instant) -> CommandId {
        let random: [u8; 10] = match self {
            Self::Random => rand::random(),
            Self::Seeded { seed, next } => {
                let n = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let digest = Sha256::new().chain_update(seed.to_be_bytes()).chain_update(n.to_be_bytes()).finalize();
                let mut bytes = [0_u8; 10];
                bytes.copy_from_slice(&digest[..10]);
                bytes
            }
        };
        let millis = u64::try_from(at.millis()).unwrap_or(0);
        CommandId(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_command_mints_the_same_ids_in_order() {
        let at = Instant::clamped(1_790_000_000_000);
        let command = CommandId(Uuid::from_u128(7));
        let mut one = Mint::new(command, at);
        let mut two = Mint::new(command, at);
        let first = one.mint();
        assert_eq!(first, two.mint());
        assert_ne!(first, one.mint());
        assert_eq!(first.get_version_num(), 7);
    }

    #[test]
    fn a_task_number_is_the_end_of_its_id() {
        let task: TaskId = "0190a0f0-0000-7000-8000-0000abcdef12".parse().unwrap();
        assert_eq!(task.number(), "T-ABCDEF12");
    }
}
