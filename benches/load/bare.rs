//! The same rows without a server: a driver that knows what a completion writes and does nothing but write it.
//!
//! It is as good as a driver can be that keeps a commit to a command's rows together: what waits shares a transaction, of one
//! prepared statement per table that takes all its rows at once. SQLite has one writer, PostgreSQL the four of a node.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection as _};
use tokio::sync::{Mutex, mpsc, oneshot};

use super::database::{Connection, Database};

/// In the order they are filled, with what their rows belong to. The last two are never updated.
const TABLES: [(&str, &str); 6] = [
    ("instance", "id"),
    ("task", "instance_id"),
    ("clock", "instance_id"),
    ("timer", "instance_id"),
    ("record", "instance_id"),
    ("audit_entry", "instance_id"),
];
const FIRST_THAT_ONLY_GROWS: usize = 4;
/// Commands that are written; more would only take longer.
const AT_MOST: usize = 6_000;
const SLICE: usize = 200;
const POSTGRES_WRITERS: usize = 4;
/// Instances asked for at once.
const ASKED: usize = 500;

/// The rows of one command, as JSON, with the place of their table.
type Rows = Vec<(usize, String)>;

/// The rows of a command and whom to tell that they are committed.
type Waiting = (Rows, oneshot::Sender<()>);

/// What completions wrote.
pub struct Work {
    statements: [String; 6],
    commands: Vec<Rows>,
}

impl Work {
    /// Finds the rows that the completion of each task changed: those that are now and were not before.
    pub async fn read(before: &Database, after: &Database, tasks: &[String]) -> Self {
        let (mut before, mut after) = (before.open().await, after.open().await);
        let mut tables = Vec::new();
        for (table, _) in TABLES {
            tables.push(columns(&mut before, table).await);
        }
        let mut commands = Vec::new();
        for part in tasks[..tasks.len().min(AT_MOST)].chunks(ASKED) {
            let list = part.iter().map(|id| literal(&after, id)).collect::<Vec<_>>().join(",");
            let mut found: HashMap<String, Rows> = HashMap::new();
            for (place, (table, of)) in TABLES.iter().enumerate() {
                let shown = shown(&after, &tables[place]);
                let sql = format!(
                    "SELECT {of_shown} || ' ' || {shown} FROM {table} WHERE {of} IN (SELECT instance_id FROM task WHERE id IN ({list}))",
                    of_shown = id_shown(&after, of)
                );
                let old: HashSet<String> = before.texts(&sql).await.into_iter().collect();
                for row in after.texts(&sql).await.into_iter().filter(|row| !old.contains(row)) {
                    let (instance, json) = row.split_once(' ').expect("an id and a row");
                    found.entry(instance.to_owned()).or_default().push((place, json.to_owned()));
                }
            }
            commands.extend(found.into_values());
        }
        let mut places = 0..TABLES.len();
        let statements = TABLES.map(|(table, _)| {
            let place = places.next().unwrap_or_default();
            statement(&before, table, &tables[place], place < FIRST_THAT_ONLY_GROWS)
        });
        Self { statements, commands }
    }

    pub fn len(&self) -> usize {
        self.commands.len()
    }

    /// Writes all of it, `clients` commands at a time, and tells how long that took.
    pub async fn write(self, into: &Database, clients: usize) -> Duration {
        let statements: &'static [String; 6] = Box::leak(Box::new(self.statements));
        let (sender, receiver) = mpsc::channel::<Waiting>(clients);
        let receiver = Rc::new(Mutex::new(receiver));
        for _ in 0..if matches!(into, Database::Sqlite(_)) { 1 } else { POSTGRES_WRITERS } {
            let mut connection = into.open().await;
            if let Connection::Sqlite(_) = connection {
                connection.run("PRAGMA synchronous = FULL").await;
            }
            tokio::task::spawn_local(writer(connection, statements, receiver.clone()));
        }
        let commands = Rc::new(std::cell::RefCell::new(self.commands));
        let begun = Instant::now();
        let clients: Vec<_> = (0..clients)
            .map(|_| {
                let (sender, commands) = (sender.clone(), commands.clone());
                tokio::task::spawn_local(async move {
                    loop {
                        let Some(rows) = commands.borrow_mut().pop() else { return };
                        let (done, committed) = oneshot::channel();
                        sender.send((rows, done)).await.expect("a writer takes it");
                        committed.await.expect("it was committed");
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.expect("a client writes its rows");
        }
        begun.elapsed()
    }
}

async fn writer(mut connection: Connection, statements: &'static [String; 6], receiver: Rc<Mutex<mpsc::Receiver<Waiting>>>) {
    loop {
        let mut taken = Vec::new();
        if receiver.lock().await.recv_many(&mut taken, SLICE).await == 0 {
            return;
        }
        let mut arrays = [const { String::new() }; 6];
        for (place, row) in taken.iter().flat_map(|(rows, _)| rows) {
            let array = &mut arrays[*place];
            write!(array, "{}{row}", if array.is_empty() { "[" } else { "," }).expect("a text grows");
        }
        let filled =
            arrays.into_iter().enumerate().filter(|(_, array)| !array.is_empty()).map(|(place, array)| (&statements[place], array + "]"));
        commit(&mut connection, filled).await.expect("the rows are written");
        for (_, done) in taken {
            done.send(()).ok();
        }
    }
}

async fn commit(connection: &mut Connection, filled: impl Iterator<Item = (&'static String, String)>) -> Result<(), sqlx::Error> {
    match connection {
        Connection::Sqlite(connection) => {
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
            for (sql, array) in filled {
                sqlx::query(AssertSqlSafe(sql.as_str())).bind(array).execute(&mut *transaction).await?;
            }
            transaction.commit().await
        }
        Connection::Postgres(connection) => {
            let mut transaction = connection.begin().await?;
            for (sql, array) in filled {
                sqlx::query(AssertSqlSafe(sql.as_str())).bind(array).execute(&mut *transaction).await?;
            }
            transaction.commit().await
        }
    }
}

/// Name and type of each column that is written.
async fn columns(connection: &mut Connection, table: &str) -> Vec<(String, String)> {
    let sqlite = format!("SELECT name || ' ' || type FROM pragma_table_info('{table}') WHERE name NOT IN ('position', 'writer')");
    let postgres = format!(
        "SELECT column_name || ' ' || data_type FROM information_schema.columns
         WHERE table_name = '{table}' AND column_name NOT IN ('position', 'writer') ORDER BY ordinal_position"
    );
    let sql = connection.either(&sqlite, &postgres).to_owned();
    let told = connection.texts(&sql).await;
    told.iter().filter_map(|column| column.split_once(' ')).map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
}

fn literal(connection: &Connection, id: &str) -> String {
    match connection {
        Connection::Sqlite(_) => format!("x'{id}'"),
        Connection::Postgres(_) => format!("'{id}'"),
    }
}

fn id_shown(connection: &Connection, column: &str) -> String {
    match connection {
        Connection::Sqlite(_) => format!("hex({column})"),
        Connection::Postgres(_) => format!("{column}::text"),
    }
}

/// A row as a JSON text.
fn shown(connection: &Connection, columns: &[(String, String)]) -> String {
    let function = if matches!(connection, Connection::Sqlite(_)) { "json_object" } else { "json_build_object" };
    let pairs =
        columns.iter().map(|(name, kind)| format!("'{name}', {}", if kind == "BLOB" { format!("hex({name})") } else { name.clone() }));
    let object = format!("{function}({})", pairs.collect::<Vec<_>>().join(", "));
    if matches!(connection, Connection::Sqlite(_)) { object } else { format!("{object}::text") }
}

fn statement(connection: &Connection, table: &str, columns: &[(String, String)], replaces: bool) -> String {
    let names = columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let (values, from) = match connection {
        Connection::Sqlite(_) => {
            let value = |(name, kind): &(String, String)| match kind.as_str() {
                "BLOB" => format!("unhex(x.value ->> '{name}')"),
                _ => format!("x.value ->> '{name}'"),
            };
            (columns.iter().map(value).collect::<Vec<_>>().join(", "), "json_each(?) AS x WHERE true".to_owned())
        }
        Connection::Postgres(_) => {
            let typed = columns.iter().map(|(name, kind)| format!("{name} {kind}")).collect::<Vec<_>>().join(", ");
            (names.clone(), format!("json_to_recordset($1::json) AS x({typed})"))
        }
    };
    let set = columns.iter().filter(|(name, _)| name != "id").map(|(name, _)| format!("{name} = excluded.{name}"));
    let conflict = if replaces { format!("ON CONFLICT (id) DO UPDATE SET {}", set.collect::<Vec<_>>().join(", ")) } else { String::new() };
    format!("INSERT INTO {table} ({names}) SELECT {values} FROM {from} {conflict}")
}
