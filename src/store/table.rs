//! Which columns the write path fills, and the statements that fill them from one JSON array per table.
//!
//! The texts are made once: a statement whose text never changes stays prepared on its connection.

/// What a column holds, as JSON carries it and as the database keeps it.
#[derive(Debug, Clone, Copy)]
pub enum Holds {
    Uuid,
    Text,
    Integer,
    Bigint,
}

use Holds::{Bigint, Integer, Text, Uuid};

/// A table, the columns to fill and what to do with a row that is there already.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [(&'static str, Holds)],
    pub on_conflict: &'static str,
}

impl Table {
    /// Inserts the rows of the JSON array in the only parameter.
    pub fn sqlite(&self) -> String {
        let values: Vec<String> = self.columns.iter().map(|(name, holds)| sqlite_value(name, *holds)).collect();
        // "WHERE true" tells the parser that ON CONFLICT does not belong to a join.
        format!(
            "INSERT INTO {} ({}) SELECT {} FROM json_each(?) AS x WHERE true {}",
            self.name,
            self.names(),
            values.join(", "),
            self.on_conflict
        )
    }

    /// Inserts the rows of the JSON array in parameter `number`, and returns a row for each.
    pub fn postgres(&self, number: usize, after: &str) -> String {
        format!(
            "INSERT INTO {} ({names}) SELECT {names} FROM {} {after} {} RETURNING 1",
            self.name,
            postgres_rows(number, self.columns),
            self.on_conflict,
            names = self.names(),
        )
    }

    fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}

fn sqlite_value(name: &str, holds: Holds) -> String {
    match holds {
        Uuid => format!("unhex(x.value ->> '{name}', '-')"),
        Text | Integer | Bigint => format!("x.value ->> '{name}'"),
    }
}

fn postgres_rows(number: usize, columns: &[(&str, Holds)]) -> String {
    let typed: Vec<String> = columns
        .iter()
        .map(|(name, holds)| {
            let kind = match holds {
                Uuid => "UUID",
                Text => "TEXT",
                Integer => "INTEGER",
                Bigint => "BIGINT",
            };
            format!("{name} {kind}")
        })
        .collect();
    format!("json_to_recordset(${number}::json) AS x({})", typed.join(", "))
}

/// Columns of an instance that a command can change, and what identifies it.
const MOVED: &[(&str, Holds)] = &[
    ("id", Uuid),
    ("expected", Bigint),
    ("state", Text),
    ("outcome", Text),
    ("ended_at", Bigint),
    ("revision", Bigint),
    ("document", Text),
];

const MOVE: &str = "UPDATE instance SET state = x.state, outcome = x.outcome, ended_at = x.ended_at, revision = x.revision, \
     document = x.document FROM";

/// Moves instances that still have the revision they were loaded with.
pub fn move_sqlite() -> String {
    let values: Vec<String> = MOVED.iter().map(|(name, holds)| format!("{} AS {name}", sqlite_value(name, *holds))).collect();
    format!("{MOVE} (SELECT {} FROM json_each(?) AS x) AS x WHERE instance.id = x.id AND instance.revision = x.expected", values.join(", "))
}

/// The same with parameter `number`; returns a row for each instance moved.
pub fn move_postgres(number: usize) -> String {
    format!("{MOVE} {} WHERE instance.id = x.id AND instance.revision = x.expected RETURNING 1", postgres_rows(number, MOVED))
}

pub const INSTANCE: Table = Table {
    name: "instance",
    columns: &[
        ("id", Uuid),
        ("program", Text),
        ("version", Integer),
        ("workflow", Text),
        ("one_per", Text),
        ("state", Text),
        ("outcome", Text),
        ("started_at", Bigint),
        ("started_by", Text),
        ("ended_at", Bigint),
        ("revision", Bigint),
        ("document", Text),
    ],
    on_conflict: "",
};

pub const TASK: Table = Table {
    name: "task",
    columns: &[
        ("id", Uuid),
        ("instance_id", Uuid),
        ("program", Text),
        ("workflow", Text),
        ("step", Text),
        ("round", Integer),
        ("slot", Integer),
        ("state", Text),
        ("role", Text),
        ("assignee", Text),
        ("opened_at", Bigint),
        ("due_at", Bigint),
        ("closed_at", Bigint),
        ("completed_by", Text),
        ("outcome", Text),
        ("revision", Bigint),
        ("document", Text),
    ],
    on_conflict: "ON CONFLICT (id) DO UPDATE SET state = excluded.state, role = excluded.role, assignee = excluded.assignee, \
                  due_at = excluded.due_at, closed_at = excluded.closed_at, completed_by = excluded.completed_by, \
                  outcome = excluded.outcome, revision = excluded.revision, document = excluded.document",
};

pub const CLOCK: Table = Table {
    name: "clock",
    columns: &[
        ("id", Uuid),
        ("instance_id", Uuid),
        ("task_id", Uuid),
        ("step", Text),
        ("role", Text),
        ("state", Text),
        ("generation", Bigint),
        ("anchor_at", Bigint),
        ("due_at", Bigint),
        ("next_at", Bigint),
        ("document", Text),
    ],
    on_conflict: "ON CONFLICT (id) DO UPDATE SET role = excluded.role, state = excluded.state, generation = excluded.generation, \
                  anchor_at = excluded.anchor_at, due_at = excluded.due_at, next_at = excluded.next_at, document = excluded.document",
};

/// A timer changes only while it is armed, or when it is armed anew with a higher generation.
pub const TIMER: Table = Table {
    name: "timer",
    columns: &[("id", Uuid), ("instance_id", Uuid), ("kind", Text), ("state", Text), ("generation", Bigint), ("due_at", Bigint)],
    on_conflict: "ON CONFLICT (id) DO UPDATE SET state = excluded.state, generation = excluded.generation, due_at = excluded.due_at \
                  WHERE timer.generation < excluded.generation OR (timer.generation = excluded.generation AND timer.state = 'armed')",
};

pub const BREACH: Table = Table {
    name: "breach",
    columns: &[
        ("id", Uuid),
        ("instance_id", Uuid),
        ("task_id", Uuid),
        ("clock_id", Uuid),
        ("generation", Bigint),
        ("program", Text),
        ("step", Text),
        ("role", Text),
        ("due_at", Bigint),
        ("detected_at", Bigint),
        ("completed_at", Bigint),
        ("acknowledged_at", Bigint),
        ("acknowledged_by", Text),
        ("acknowledged_note", Text),
        ("explained_at", Bigint),
        ("explained_by", Text),
        ("explained_code", Text),
        ("explained_note", Text),
        ("acknowledged_for", Text),
        ("explained_for", Text),
    ],
    on_conflict: "ON CONFLICT (id) DO UPDATE SET completed_at = excluded.completed_at, acknowledged_at = excluded.acknowledged_at, \
                  acknowledged_by = excluded.acknowledged_by, acknowledged_note = excluded.acknowledged_note, \
                  explained_at = excluded.explained_at, explained_by = excluded.explained_by, \
                  explained_code = excluded.explained_code, explained_note = excluded.explained_note, \
                  acknowledged_for = excluded.acknowledged_for, explained_for = excluded.explained_for",
};

pub const RECORD: Table = Table {
    name: "record",
    columns: &[
        ("id", Uuid),
        ("instance_id", Uuid),
        ("task_id", Uuid),
        ("program", Text),
        ("register", Text),
        ("step", Text),
        ("round", Integer),
        ("slot", Integer),
        ("version", Integer),
        ("completed_at", Bigint),
        ("completed_by", Text),
        ("outcome", Text),
        ("sha256", Text),
        ("document", Text),
    ],
    on_conflict: "",
};

pub const AUDIT_ENTRY: Table = Table {
    name: "audit_entry",
    columns: &[
        ("stream_id", Uuid),
        ("sequence", Bigint),
        ("program", Text),
        ("instance_id", Uuid),
        ("command_id", Uuid),
        ("at", Bigint),
        ("actor", Text),
        ("body", Text),
        ("hash", Text),
    ],
    on_conflict: "",
};

pub const IDEMPOTENCY: Table = Table {
    name: "idempotency",
    columns: &[
        ("username", Text),
        ("key", Text),
        ("route", Text),
        ("body_hash", Text),
        ("status", Integer),
        ("response", Text),
        ("at", Bigint),
    ],
    on_conflict: "",
};
