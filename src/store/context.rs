//! Reading everything a slice of decisions needs besides its instances, in one statement: people with their roles,
//! earlier replies, the newest reference data, and running instances that stand in the way of a start.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::QueryResult;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::slice::{Context, StoredReply, Wanted};
use super::{Backend, Error, WriteTransaction};
use crate::domain::command::{Idempotency, Principal};
use crate::domain::facts::{Compared, Lookup, Row, SourceVersion};
use crate::domain::meeting::MOST_CASES;
use crate::domain::month::book::Book;
use crate::domain::month::reconcile::Reconciled;
use crate::domain::substitution::Substitution;
use crate::ids::{InstanceId, ProgramId, ReconciliationId, RoleId, SourceId, SourceVersionId, SubstitutionId, Username, WorkflowId};
use crate::instant::Instant;

/// Running instances read per workflow: one more than a meeting looks through, so that it can tell "too many".
const CASES_PER_AGENDA: usize = MOST_CASES + 1;

/// Rows read per lookup: one more than a decision accepts, so that it can tell "too many".
const ROWS_PER_LOOKUP: &str = "501";

const PERSON: i32 = 1;
const ROLE: i32 = 2;
const REPLY: i32 = 3;
const VERSION: i32 = 4;
const SOURCE_ROW: i32 = 5;
const MONTH: i32 = 7;
const COMPARISON: i32 = 8;
const CASE: i32 = 9;
const SUBSTITUTION: i32 = 10;

/// Parameters: people, replies, lookups, starts, months, agendas; each a JSON array. `t1` to `t5` are texts, `n1` and `n2` numbers.
fn sql(backend: Backend) -> String {
    let array = |parameter: usize, names: &[&str]| match backend {
        Backend::Sqlite => sqlite_array(parameter, names),
        Backend::Postgres => postgres_array(parameter, names),
    };
    let people = match backend {
        Backend::Sqlite => "SELECT j.value AS username FROM json_each(?1) AS j",
        Backend::Postgres => "SELECT j.value AS username FROM json_array_elements_text($1::json) AS j",
    };
    let (replies, lookups) = (array(2, &["username", "key", "route"]), array(3, &["program", "source", "key"]));
    let (starts, months) = (array(4, &["program", "workflow", "one_per"]), array(5, &["program", "month"]));
    let agendas = array(6, &["program", "workflow"]);
    let flags = "CASE WHEN p.active THEN 1 ELSE 0 END + CASE WHEN p.administrator THEN 2 ELSE 0 END
        + CASE WHEN p.auditor THEN 4 ELSE 0 END + CASE WHEN p.integrator THEN 8 ELSE 0 END";
    let (text, number, id) = match backend {
        Backend::Sqlite => ("NULL", "NULL", "NULL"),
        Backend::Postgres => ("NULL::text", "NULL::bigint", "NULL::uuid"),
    };
    let number_of = |expression: &str| match backend {
        Backend::Sqlite => expression.to_owned(),
        Backend::Postgres => format!("({expression})::bigint"),
    };
    let rows = source_rows(backend);
    let cases = cases(backend);
    let by_key = |table: &str, alias: &str, condition: &str| by_key(backend, table, alias, condition);
    let version = "v.program = w.program AND v.source = w.source \
        AND v.version = (SELECT max(n.version) FROM source_version n WHERE n.program = w.program AND n.source = w.source)";
    let comparison = "c.program = w.program AND c.month = w.month \
        AND c.ordinal = (SELECT max(n.ordinal) FROM month_comparison n WHERE n.program = w.program AND n.month = w.month)";
    let running = "i.program = w.program AND i.workflow = w.workflow AND i.one_per = w.one_per AND i.state = 'running'";
    format!(
        "WITH people AS ({people}), replies AS ({replies}), lookups AS ({lookups}), starts AS ({starts}), months AS ({months}), agendas AS ({agendas}),
newest AS MATERIALIZED (SELECT v.id, v.program, v.source, v.version, v.imported_at, v.sha256
    FROM (SELECT DISTINCT program, source FROM lookups) w {newest})
SELECT {PERSON} AS tag, p.username AS t1, p.name AS t2, {text} AS t3, {text} AS t4, {text} AS t5, {flags} AS n1, {number} AS n2, {id} AS id
    FROM people w {person}
UNION ALL SELECT {ROLE}, h.username, h.program, h.role, {text}, {text}, {number}, {number}, {id}
    FROM people w {holding}
UNION ALL SELECT {SUBSTITUTION}, s.principal, s.substitute, s.made_by, {text}, {text}, s.from_at, s.until_at, s.id
    FROM people w {standing_in}
UNION ALL SELECT {REPLY}, d.username, d.key, d.route, d.body_hash, d.response, {status}, {number}, {id}
    FROM replies w {reply}
UNION ALL SELECT {VERSION}, v.program, v.source, v.sha256, {text}, {text}, {version_number}, v.imported_at, v.id FROM newest v
UNION ALL SELECT {SOURCE_ROW}, l.program, l.source, l.key, r.document, {text}, {ordinal}, {number}, {id}
    FROM lookups l JOIN newest v ON v.program = l.program AND v.source = l.source {rows}
UNION ALL SELECT 6, i.program, i.workflow, i.one_per, {text}, {text}, {number}, {number}, i.id
    FROM starts w {running}
UNION ALL SELECT {MONTH}, m.program, m.month, m.document, {text}, {text}, {number}, {number}, {id}
    FROM months w {month}
UNION ALL SELECT {COMPARISON}, c.program, c.month, c.document, c.sha256, {text}, {number}, {number}, {id}
    FROM months w {comparison}
UNION ALL SELECT {CASE}, i.program, i.workflow, i.document, {text}, {text}, {number}, {number}, i.id
    FROM agendas w {cases}",
        newest = by_key("source_version", "v", version),
        person = by_key("person", "p", "p.username = w.username"),
        holding = by_key("role_holding", "h", "h.username = w.username"),
        standing_in = by_key("substitution", "s", "s.substitute = w.username"),
        reply = by_key("idempotency", "d", "d.username = w.username AND d.key = w.key AND d.route = w.route"),
        running = by_key("instance", "i", running),
        month = by_key("pilot_month", "m", "m.program = w.program AND m.month = w.month AND m.state = 'closed'"),
        comparison = by_key("month_comparison", "c", comparison),
        status = number_of("d.status"),
        version_number = number_of("v.version"),
        ordinal = number_of("r.ordinal"),
        flags = number_of(flags),
    )
}

/// Joins the rows of a table that belong to each row before it, and looks for them by their key whatever the planner thinks of the
/// size of the table: a plan is kept while tables grow.
fn by_key(backend: Backend, table: &str, alias: &str, condition: &str) -> String {
    match backend {
        Backend::Sqlite => format!("CROSS JOIN {table} {alias} ON {condition}"),
        Backend::Postgres => format!("CROSS JOIN LATERAL (SELECT * FROM {table} {alias} WHERE {condition} OFFSET 0) {alias}"),
    }
}

/// The rows `r` of the newest version `v` of a source that have the key of a lookup `l`.
fn source_rows(backend: Backend) -> String {
    match backend {
        // The cross join keeps the lookups outside, as written: otherwise the planner goes through the whole source for each of them.
        Backend::Sqlite => format!(
            "CROSS JOIN source_row r ON r.version_id = v.id AND r.key = l.key AND r.ordinal IN (SELECT s.ordinal FROM source_row s
                WHERE s.version_id = v.id AND s.key = l.key ORDER BY s.ordinal LIMIT {ROWS_PER_LOOKUP})"
        ),
        Backend::Postgres => format!(
            "CROSS JOIN LATERAL (SELECT s.ordinal, s.document FROM source_row s
                WHERE s.version_id = v.id AND s.key = l.key ORDER BY s.ordinal LIMIT {ROWS_PER_LOOKUP}) r"
        ),
    }
}

/// The running instances `i` of the workflow an agenda `w` names.
fn cases(backend: Backend) -> String {
    let running = |columns: &str| {
        format!(
            "SELECT {columns} FROM instance s WHERE s.program = w.program AND s.workflow = w.workflow AND s.state = 'running'
                ORDER BY s.id LIMIT {CASES_PER_AGENDA}"
        )
    };
    match backend {
        Backend::Sqlite => format!("JOIN instance i ON i.id IN ({})", running("s.id")),
        Backend::Postgres => format!("CROSS JOIN LATERAL ({}) i", running("s.id, s.program, s.workflow, s.document")),
    }
}

fn sqlite_array(parameter: usize, names: &[&str]) -> String {
    let columns: Vec<String> = names.iter().map(|name| format!("j.value ->> '{name}' AS {name}")).collect();
    format!("SELECT {} FROM json_each(?{parameter}) AS j", columns.join(", "))
}

fn postgres_array(parameter: usize, names: &[&str]) -> String {
    let columns: Vec<String> = names.iter().map(|name| format!("{name} TEXT")).collect();
    format!("SELECT * FROM json_to_recordset(${parameter}::json) AS j({})", columns.join(", "))
}

static SQLITE: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| sql(Backend::Sqlite));
static POSTGRES: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| sql(Backend::Postgres));

impl WriteTransaction {
    /// Reads what `wanted` names, as of this transaction, in one statement; none when nothing is wanted. A lookup of a
    /// source is present with an empty list where it has no rows; at most 501 rows of one key are read.
    pub async fn context(&mut self, wanted: &Wanted) -> Result<Context, Error> {
        let mut context = Context::default();
        for (program, lookup) in &wanted.lookups {
            context.facts.entry(program.clone()).or_default().rows.insert(lookup.clone(), Vec::new());
        }
        if *wanted == Wanted::default() {
            return Ok(context);
        }
        let sql: &str = match self.backend {
            Backend::Sqlite => &SQLITE,
            Backend::Postgres => &POSTGRES,
        };
        let rows = self.query(sql, parameters(wanted).into_iter().map(|array| array.to_string().into()).collect()).await?;
        let mut source_rows = Vec::new();
        for row in &rows {
            take(&mut context, &mut source_rows, row)?;
        }
        source_rows.sort_by_key(|(ordinal, ..)| *ordinal);
        for cases in context.cases.values_mut() {
            cases.sort_by_key(|case| case.id);
        }
        for (_, program, lookup, row) in source_rows {
            context.facts.entry(program).or_default().rows.entry(lookup).or_default().push(row);
        }
        Ok(context)
    }
}

/// Each distinct thing once: a doubled lookup would double its rows.
fn parameters(wanted: &Wanted) -> [Json; 6] {
    let people: BTreeSet<&Username> = wanted.people.iter().collect();
    let replies: BTreeSet<_> = wanted.replies.iter().map(|(who, key)| (who.as_str(), key.key.as_str(), key.route.as_str())).collect();
    let lookups: BTreeSet<_> = wanted.lookups.iter().collect();
    let starts: BTreeSet<_> = wanted.one_per.iter().collect();
    let months: BTreeSet<_> = wanted.months.iter().collect();
    let agendas: BTreeSet<_> = wanted.cases.iter().collect();
    [
        json!(people),
        replies.into_iter().map(|(username, key, route)| json!({ "username": username, "key": key, "route": route })).collect(),
        lookups.into_iter().map(|(program, lookup)| json!({ "program": program, "source": lookup.source, "key": lookup.key })).collect(),
        starts
            .into_iter()
            .map(|(program, workflow, value)| json!({ "program": program, "workflow": workflow, "one_per": value }))
            .collect(),
        months.into_iter().map(|(program, month)| json!({ "program": program, "month": month })).collect(),
        agendas.into_iter().map(|(program, workflow)| json!({ "program": program, "workflow": workflow })).collect(),
    ]
}

type SourceRow = (i64, ProgramId, Lookup, Row);

fn take(context: &mut Context, source_rows: &mut Vec<SourceRow>, row: &QueryResult) -> Result<(), Error> {
    let tag: i32 = row.try_get("", "tag")?;
    let (first, second): (String, String) = (row.try_get("", "t1")?, row.try_get("", "t2")?);
    match tag {
        PERSON => {
            let flags: i64 = row.try_get("", "n1")?;
            let person = context.people.entry(Username(first.clone())).or_default();
            person.username = first;
            person.name = second;
            set_flags(person, flags);
        }
        ROLE => {
            let person = context.people.entry(Username(first)).or_default();
            person.roles.entry(ProgramId(second)).or_default().insert(RoleId(row.try_get("", "t3")?));
        }
        SUBSTITUTION => context.substitutions.push(substitution(first, second, row)?),
        REPLY => context.replies.push(reply(first, second, row)?),
        VERSION => {
            let version = SourceVersion {
                id: SourceVersionId(row.try_get::<Uuid>("", "id")?),
                version: u32::try_from(row.try_get::<i64>("", "n1")?).unwrap_or(0),
                imported_at: Instant::clamped(row.try_get("", "n2")?),
                sha256: row.try_get("", "t3")?,
            };
            context.facts.entry(ProgramId(first)).or_default().versions.insert(SourceId(second), version);
        }
        SOURCE_ROW => {
            let (ordinal, document): (i64, String) = (row.try_get("", "n1")?, row.try_get("", "t4")?);
            let values: Row = serde_json::from_str(&document).map_err(|why| Error::BadRow {
                what: "source row",
                id: format!("{first}/{second} {ordinal}"),
                why: why.to_string(),
            })?;
            let lookup = Lookup { source: SourceId(second), key: row.try_get("", "t3")? };
            source_rows.push((ordinal, ProgramId(first), lookup, values));
        }
        MONTH => {
            let book: Book = of_month(&first, &second, row)?;
            let month = context.facts.entry(ProgramId(first)).or_default().months.entry(second).or_default();
            month.figures = book.figures.into_iter().map(|(id, figure)| (id, figure.value)).collect();
        }
        COMPARISON => {
            let compared: BTreeMap<ReconciliationId, Reconciled> = of_month(&first, &second, row)?;
            let sha256: String = row.try_get("", "t4")?;
            let month = context.facts.entry(ProgramId(first)).or_default().months.entry(second).or_default();
            let came_out = |one: Reconciled| Compared {
                source_version: one.source_version,
                against_version: one.against_version,
                agrees: one.agrees,
                sha256: sha256.clone(),
            };
            month.reconciled = compared.into_iter().map(|(id, one)| (id, came_out(one))).collect();
        }
        CASE => {
            let id = InstanceId(row.try_get::<Uuid>("", "id")?);
            let case = super::load::parse(id, &row.try_get::<String>("", "t3")?)?;
            context.cases.entry((ProgramId(first), WorkflowId(second))).or_default().push(case);
        }
        _ => {
            let running = InstanceId(row.try_get::<Uuid>("", "id")?);
            context.running.push((ProgramId(first), WorkflowId(second), row.try_get("", "t3")?, running));
        }
    }
    Ok(())
}

fn substitution(principal: String, substitute: String, row: &QueryResult) -> Result<Substitution, Error> {
    let from = Instant::clamped(row.try_get("", "n1")?);
    Ok(Substitution {
        id: SubstitutionId(row.try_get::<Uuid>("", "id")?),
        principal: Username(principal),
        substitute: Username(substitute),
        from,
        until: Instant::clamped(row.try_get("", "n2")?),
        // A decision asks only whether it is in force.
        made_at: from,
        made_by: Username(row.try_get("", "t3")?),
    })
}

/// The document of a month's row.
fn of_month<T: DeserializeOwned>(program: &str, month: &str, row: &QueryResult) -> Result<T, Error> {
    let document: String = row.try_get("", "t3")?;
    serde_json::from_str(&document).map_err(|why| Error::BadRow { what: "month", id: format!("{program}/{month}"), why: why.to_string() })
}

fn set_flags(person: &mut Principal, flags: i64) {
    person.active = flags & 1 != 0;
    person.administrator = flags & 2 != 0;
    person.auditor = flags & 4 != 0;
    person.integrator = flags & 8 != 0;
}

fn reply(username: String, key: String, row: &QueryResult) -> Result<StoredReply, Error> {
    let idempotency = Idempotency { key, route: row.try_get("", "t3")?, body_hash: row.try_get("", "t4")? };
    let status: i64 = row.try_get("", "n1")?;
    Ok(StoredReply {
        username: Username(username),
        idempotency,
        status: u16::try_from(status).unwrap_or(500),
        body: row.try_get("", "t5")?,
    })
}
