//! Which columns the write path fills, and the statements that fill them: on SQLite from bound values, on PostgreSQL from one JSON
//! array per table and, beside it, an array of the rows' documents, so that none is written into and read out of another one.
//!
//! A statement whose text never changes stays prepared on its connection.

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
    /// The column whose texts PostgreSQL gets in an array of their own; never NULL.
    pub document: Option<&'static str>,
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

    /// Inserts up to `places` rows of bound values; one whose first column is NULL is no row.
    pub fn sqlite_bound(&self, places: usize) -> String {
        // The WHERE also tells the parser that ON CONFLICT does not belong to a join.
        format!(
            "INSERT INTO {} ({}) SELECT * FROM ({}) AS x WHERE x.column1 IS NOT NULL {}",
            self.name,
            self.names(),
            values(places, self.columns.len()),
            self.on_conflict
        )
    }

    /// Inserts the rows of the JSON array in parameter `number` and the documents in the one behind it, and returns a row for each.
    pub fn postgres(&self, number: usize, after: &str) -> String {
        format!(
            "INSERT INTO {} ({names}) SELECT {names} FROM {} {after} {} RETURNING 1",
            self.name,
            postgres_rows(number, self.columns, self.document),
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

/// Rows of parameters, whose columns are `column1` and so on.
fn values(places: usize, width: usize) -> String {
    let row = format!("({})", vec!["?"; width].join(","));
    format!("VALUES {}", vec![row; places].join(","))
}

fn postgres_rows(number: usize, columns: &[(&str, Holds)], document: Option<&str>) -> String {
    let short: Vec<_> = columns.iter().filter(|(name, _)| Some(*name) != document).collect();
    let typed: Vec<String> = short
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
    let (rows, typed) = (format!("json_to_recordset(${number}::json)"), typed.join(", "));
    match document {
        None => format!("{rows} AS x({typed})"),
        Some(document) => {
            let names: Vec<&str> = short.iter().map(|(name, _)| *name).collect();
            format!("ROWS FROM ({rows} AS ({typed}), unnest(${}::text[])) AS x({}, {document})", number + 1, names.join(", "))
        }
    }
}

/// Columns of an instance that a command can change, and what identifies it. `expected` is no column but the revision it must have.
pub const MOVED: &[(&str, Holds)] = &[
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

/// Moves up to `places` instances that still have the revision they were loaded with. The pluses forbid an index over the rows of `x`,
/// for which the planner would otherwise go through all instances once it has statistics.
pub fn move_sqlite(places: usize) -> String {
    let columns: Vec<String> = MOVED.iter().enumerate().map(|(place, (name, _))| format!("column{} AS {name}", place + 1)).collect();
    format!(
        "{MOVE} (SELECT {} FROM ({})) AS x WHERE instance.id = +x.id AND instance.revision = +x.expected",
        columns.join(", "),
        values(places, MOVED.len())
    )
}

/// The same with the rows in parameter `number` and the one behind it; returns a row for each instance moved. An insert that meets the row
/// there is needs no join: the plan of one, once kept, would go through all instances of a table that was small when it was made. The
/// expected revision travels in the place of `started_at`, which nothing changes; a row that is not there is not inserted.
pub fn move_postgres(number: usize) -> String {
    let typed: Vec<(&str, Holds)> = INSTANCE.columns.iter().copied().chain([("expected", Bigint)]).collect();
    let values: Vec<&str> = INSTANCE.columns.iter().map(|(name, _)| if *name == "started_at" { "expected" } else { *name }).collect();
    format!(
        "INSERT INTO instance ({}) SELECT {} FROM {} WHERE (SELECT i.revision FROM instance i WHERE i.id = x.id) = x.expected \
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, outcome = excluded.outcome, ended_at = excluded.ended_at, \
         revision = excluded.revision, document = excluded.document WHERE instance.revision = excluded.started_at RETURNING 1",
        INSTANCE.names(),
        values.join(", "),
        postgres_rows(number, &typed, INSTANCE.document),
    )
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
    document: Some("document"),
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
    document: Some("document"),
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
    document: Some("document"),
    on_conflict: "ON CONFLICT (id) DO UPDATE SET role = excluded.role, state = excluded.state, generation = excluded.generation, \
                  anchor_at = excluded.anchor_at, due_at = excluded.due_at, next_at = excluded.next_at, document = excluded.document",
};

/// A timer changes only while it is armed, or when it is armed anew with a higher generation.
pub const TIMER: Table = Table {
    name: "timer",
    columns: &[
        ("id", Uuid),
        ("instance_id", Uuid),
        ("kind", Text),
        ("state", Text),
        ("generation", Bigint),
        ("due_at", Bigint),
        ("severity", Integer),
    ],
    document: None,
    on_conflict: "ON CONFLICT (id) DO UPDATE SET state = excluded.state, generation = excluded.generation, due_at = excluded.due_at, \
                  severity = excluded.severity \
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
    document: None,
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
    document: Some("document"),
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
    document: Some("body"),
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
    document: Some("response"),
    on_conflict: "",
};
