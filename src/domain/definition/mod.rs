//! A program as its file declares it: roles, codes, sources, ladders, workflows and their steps.
//!
//! The types here are the shape of the file (`definitions/<program>.yaml`) and of `definitions/schema.json`, which is
//! generated from them. A `Program` that reached an instance has passed `check`: every name in it resolves, every rule
//! type-checks and every step can be reached.

mod allowance;
mod body;
pub mod check;
mod due;
mod field;
mod ladder;
mod meeting;
mod months;
mod notices;
mod program;
mod published;
mod roster;
mod rota;
mod starts;
mod step;
mod then;
mod within;

pub use allowance::{MayExtend, MayPause, amount};
pub use body::Body;
pub use due::{Anchor, Due, Terms};
pub use field::{Bound, Field, FieldType, Filled, OccurrenceValue};
pub use ladder::{Act, At, Channel, Distance, Every, Recipient, Rung, Until};
pub use meeting::{Agenda, Ranking, Requirement};
pub use months::{Against, Figure, Formula, Months, Reconciliation, RosterRule, WorkRule};
pub use notices::{Notices, Quiet, QuietHours, TimeOfDay};
pub use program::{Contact, Program, Role, Source, Table, TableRow, TimeRules, Workflow};
pub use published::Published;
pub use roster::{ComparedWith, Roster};
pub use rota::Rota;
pub use starts::{GridStart, IfStillRunning, Starts};
pub use step::{Check, Confirm, Gate, Joins, LaterMoment, Outcome, Routes, Step, StepKind, Stops};
pub use then::{OneOrMany, Then};
pub use within::{Length, Within};
