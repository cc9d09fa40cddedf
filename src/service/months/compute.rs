//! Computes a month from the instances, their records and the sources as they stood at an instant.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use indexmap::IndexMap;

use super::months_of;
use crate::domain::definition::{Formula, Published};
use crate::domain::facts::{Facts, Lookup, Row as SourceRow, SourceVersion};
use crate::domain::month::Month;
use crate::domain::month::book::{Book, Computed, SourceRead};
use crate::domain::month::figures::{Column, figures};
use crate::domain::month::roster::{self, Case, Reading, Row};
use crate::ids::SourceId;
use crate::instant::Instant;
use crate::service::aside::aside;
use crate::service::{Error, Services, sources};
use crate::store::roster::StoredCase;

/// Instances read at a time.
const CASES_PER_READ: usize = 200;

/// Sources as they stood: what the rules of figures look up.
#[derive(Debug, Default)]
struct Sources {
    read: BTreeMap<SourceId, Option<SourceVersion>>,
    rows: HashMap<Lookup, Vec<SourceRow>>,
}

/// Computes a month with the rules of `published`, knowing only what was on record at `as_of`. Computed again for the same
/// instant it gives the same bytes.
pub(super) async fn compute(services: &Services, published: &Arc<Published>, month: Month, as_of: Instant) -> Result<Computed, Error> {
    let program = &published.program.program;
    let months = months_of(published)?;
    let bounds = month.bounds(&published.program.time).map_err(|_| Error::NotFound)?;
    let sources = Arc::new(read_sources(services, published, as_of).await?);
    let ids = services.store.decided_in(program, &months.roster, bounds).await?;
    let mut rows: Vec<Row> = Vec::with_capacity(ids.len());
    for part in ids.chunks(CASES_PER_READ) {
        let cases = services.store.cases(part).await?;
        let (published, sources) = (published.clone(), sources.clone());
        rows.extend(aside(move || rows_of(&published, month, as_of, &sources, cases)).await?);
    }
    let published = published.clone();
    aside(move || seal(&published, month, as_of, &sources, rows)).await
}

fn rows_of(published: &Published, month: Month, as_of: Instant, sources: &Sources, cases: Vec<StoredCase>) -> Result<Vec<Row>, Error> {
    let reading = Reading { published, months: months_of(published)?, month, as_of };
    let mut rows = Vec::with_capacity(cases.len());
    for stored in cases {
        let case: Case = stored.read(as_of)?;
        rows.extend(reading.row(&case, &sources.facts(reading.lookups(&case), as_of)));
    }
    Ok(rows)
}

fn seal(published: &Published, month: Month, as_of: Instant, sources: &Sources, mut rows: Vec<Row>) -> Result<Computed, Error> {
    let months = months_of(published)?;
    roster::sort(&mut rows);
    let named = months.figures.values().filter_map(|figure| match &figure.formula {
        Formula::Value { source, .. } => Some(source),
        Formula::Count { .. } | Formula::Sum { .. } | Formula::Ratio { .. } => None,
    });
    let columns = named.map(|source| (source.clone(), sources.column(source, month))).collect();
    let figures: IndexMap<_, _> = figures(months, month, &rows, &columns);
    let read = sources.read.iter().map(|(source, version)| {
        let read = version.as_ref().map(|version| SourceRead { version: version.version, sha256: version.sha256.clone() });
        (source.clone(), read)
    });
    let book = Book {
        program: published.program.program.clone(),
        month,
        version: published.program.version,
        as_of,
        sources: read.collect(),
        rows: 0,
        roster_sha256: String::new(),
        figures,
    };
    Computed::seal(book, rows).map_err(|error| Error::Internal(format!("a month cannot be written: {error}")))
}

impl Sources {
    fn facts(&self, lookups: Vec<Lookup>, as_of: Instant) -> Facts {
        // A figure takes the newest import whatever its age; whether that was fresh is the question of a check.
        let fresh = |version: &SourceVersion| SourceVersion { imported_at: as_of, ..version.clone() };
        let versions = self.read.iter().filter_map(|(source, version)| Some((source.clone(), fresh(version.as_ref()?)))).collect();
        let rows = lookups.into_iter().map(|lookup| (lookup.clone(), self.rows.get(&lookup).cloned().unwrap_or_default())).collect();
        Facts { versions, rows, ..Facts::default() }
    }

    fn column(&self, source: &SourceId, month: Month) -> Column {
        let lookup = Lookup { source: source.clone(), key: month.to_string() };
        let rows = self.rows.get(&lookup).cloned().unwrap_or_default();
        Column { version: self.read.get(source).cloned().flatten(), rows }
    }
}

/// Every source that a figure reads, whole.
async fn read_sources(services: &Services, published: &Published, as_of: Instant) -> Result<Sources, Error> {
    let mut wanted: BTreeSet<&SourceId> = BTreeSet::new();
    for figure in months_of(published)?.figures.values() {
        let rules = figure.formula.rule().into_iter().chain(figure.formula.amount());
        for rule in rules.filter_map(|text| published.rules.get(text)) {
            wanted.extend(rule.reads().lookups.iter().map(|(source, _)| source));
        }
        if let Formula::Value { source, .. } = &figure.formula {
            wanted.insert(source);
        }
    }
    let mut sources = Sources::default();
    for source in wanted {
        let found = sources::as_of(services, &published.program.program, source, as_of).await?;
        let (version, rows) = found.map_or((None, Vec::new()), |(version, rows)| (Some(version), rows));
        sources.read.insert(source.clone(), version);
        for (key, row) in rows {
            sources.rows.entry(Lookup { source: source.clone(), key }).or_default().push(row);
        }
    }
    Ok(sources)
}
