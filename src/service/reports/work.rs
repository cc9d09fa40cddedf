//! What the report on work before the decision is made of: the source's versions, and the cases of those it names.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Error, Services};
use crate::domain::definition::Program;
use crate::domain::month::roster::Case;
use crate::domain::report::{self, Period, Table, WorkEntry};
use crate::domain::value::Value;
use crate::instant::Instant;
use crate::store::sources::read_rows;

/// Most versions of the source that are looked at.
const VERSIONS: u64 = 400;

/// The table of a program; empty where its months do not say what source work is entered in. Entries come from the versions that
/// were imported since the period began, and from the one that was in force then.
pub async fn table(services: &Services, program: &Program, period: Period) -> Result<Table, Error> {
    let rule = program.months.as_ref().map(|months| &months.roster);
    let Some((rule, work)) = rule.and_then(|rule| Some((rule, rule.work.as_ref()?))) else { return Ok(report::work(&[], 0, period)) };
    let known = services.store.source_versions(&program.program, &work.source, None, VERSIONS).await?;
    let mut versions: Vec<_> = known.into_iter().filter(|version| version.imported_at <= period.as_of).collect();
    let newest = versions.first().map_or(0, |version| version.version);
    let since = versions.iter().take_while(|version| version.imported_at >= period.from).count();
    versions.truncate(since + 1);
    let mut entries: BTreeMap<(String, String), WorkEntry> = BTreeMap::new();
    for version in versions.iter().rev() {
        for (key, document) in services.store.source_rows(version.id).await? {
            let Some(entered_at) = entered_at(&key, &document, work.entered_at.as_str())?.filter(|at| period.holds(*at)) else { continue };
            let new = || WorkEntry { subject: key.clone(), entered_at, first_version: version.version, last_version: version.version };
            entries.entry((key.clone(), document)).or_insert_with(new).last_version = version.version;
        }
    }
    let entries: Vec<WorkEntry> = entries.into_values().collect();
    let subjects: BTreeSet<&str> = entries.iter().map(|entry| entry.subject.as_str()).collect();
    let ids = services.store.instances_about(&program.program, &rule.workflow, &subjects).await?;
    let cases = services.store.cases(&ids).await?.into_iter().map(|case| case.read(period.as_of));
    let cases: Vec<Case> = cases.collect::<Result<_, _>>()?;
    Ok(report::work(&report::early(&entries, &cases, rule), newest, period))
}

fn entered_at(key: &str, document: &str, column: &str) -> Result<Option<Instant>, Error> {
    let rows = read_rows(vec![(key.to_owned(), document.to_owned())])?;
    Ok(rows.first().and_then(|(_, row)| match row.get(column) {
        Some(Value::Timestamp(at)) => Some(*at),
        _ => None,
    }))
}
