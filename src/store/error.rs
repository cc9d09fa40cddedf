//! What can go wrong below the service: sorted by whether trying the whole transaction again can help.

use sea_orm::{DbErr, RuntimeErr, sqlx};

/// An error of the database or of a row in it. Its text goes to the log, never to a caller.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Serialization failure, deadlock, lost connection, busy database: the whole transaction may be tried again.
    #[error("the database asks to try again: {0}")]
    Retryable(DbErr),
    /// A unique key already exists; `constraint` is `<table>_pkey` or `<table>_<columns>_key` on both backends.
    #[error("a row with the same {constraint} exists")]
    Duplicate { constraint: String },
    /// A compare-and-set found another revision than it was given.
    #[error("the row changed meanwhile")]
    Conflict,
    /// A stored document or column does not hold what its type allows.
    #[error("{what} {id} cannot be read: {why}")]
    BadRow { what: &'static str, id: String, why: String },
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Database(DbErr),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        let verdict = match &error {
            DbErr::ConnectionAcquire(_) => Verdict::Retry,
            DbErr::Conn(RuntimeErr::SqlxError(inner))
            | DbErr::Exec(RuntimeErr::SqlxError(inner))
            | DbErr::Query(RuntimeErr::SqlxError(inner)) => judge(inner),
            _ => Verdict::Fatal,
        };
        match verdict {
            Verdict::Retry => Self::Retryable(error),
            Verdict::Duplicate(constraint) => Self::Duplicate { constraint },
            Verdict::Fatal => Self::Database(error),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        DbErr::Query(RuntimeErr::SqlxError(error.into())).into()
    }
}

enum Verdict {
    Retry,
    Duplicate(String),
    Fatal,
}

fn judge(error: &sqlx::Error) -> Verdict {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Verdict::Retry,
        sqlx::Error::Database(inner) => {
            let code = inner.code().unwrap_or_default();
            if inner.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
                judge_sqlite(&code, inner.message())
            } else {
                judge_postgres(&code, inner.constraint())
            }
        }
        _ => Verdict::Fatal,
    }
}

/// SQLSTATE: 40001 serialization failure, 40P01 deadlock, 55P03 lock timeout, 57P01 to 57P03 shutdown or start of the server,
/// 25P03 idle in transaction, 53300 too many connections, class 08 connection.
fn judge_postgres(code: &str, constraint: Option<&str>) -> Verdict {
    match code {
        "40001" | "40P01" | "55P03" | "57P01" | "57P02" | "57P03" | "25P03" | "53300" => Verdict::Retry,
        "23505" => Verdict::Duplicate(constraint.unwrap_or("unique key").to_owned()),
        _ if code.starts_with("08") => Verdict::Retry,
        _ => Verdict::Fatal,
    }
}

/// Extended result codes: the low byte 5 is busy and 6 is locked; 1555 and 2067 are a doubled primary or unique key.
fn judge_sqlite(code: &str, message: &str) -> Verdict {
    match code.parse::<i32>() {
        Ok(1555) => Verdict::Duplicate(sqlite_constraint(message, |table, _| format!("{table}_pkey"))),
        Ok(2067) => Verdict::Duplicate(sqlite_constraint(message, |table, columns| format!("{table}_{columns}_key"))),
        Ok(number) if matches!(number & 0xff, 5 | 6) => Verdict::Retry,
        _ => Verdict::Fatal,
    }
}

/// SQLite names the columns (`UNIQUE constraint failed: task.a, task.b`), not the index.
fn sqlite_constraint(message: &str, name: impl Fn(&str, &str) -> String) -> String {
    let Some((_, list)) = message.rsplit_once("failed: ") else { return message.to_owned() };
    let pairs: Vec<(&str, &str)> = list.split(", ").filter_map(|column| column.trim().split_once('.')).collect();
    match pairs.first() {
        Some((table, _)) => name(table, &pairs.iter().map(|(_, column)| *column).collect::<Vec<_>>().join("_")),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubled_key_has_the_same_name_on_both_backends() {
        let Verdict::Duplicate(name) =
            judge_sqlite("2067", "UNIQUE constraint failed: instance.program, instance.workflow, instance.one_per")
        else {
            panic!("not a duplicate")
        };
        assert_eq!(name, "instance_program_workflow_one_per_key");
        let Verdict::Duplicate(name) = judge_sqlite("1555", "UNIQUE constraint failed: idempotency.username, idempotency.key") else {
            panic!("not a duplicate")
        };
        assert_eq!(name, "idempotency_pkey");
    }

    #[test]
    fn a_busy_snapshot_and_a_deadlock_may_be_tried_again() {
        assert!(matches!(judge_sqlite("517", "database is locked"), Verdict::Retry));
        assert!(matches!(judge_postgres("40P01", None), Verdict::Retry));
        assert!(matches!(judge_postgres("08006", None), Verdict::Retry));
        assert!(matches!(judge_postgres("42601", None), Verdict::Fatal));
    }
}
