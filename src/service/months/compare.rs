//! Compares the sources a program names with the roster of a closed month, and keeps what came out.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::{Counted, closed, locked_rows, months_of, named, views};
use crate::domain::audit::sha256_hex;
use crate::domain::command::{Idempotency, Principal};
use crate::domain::definition::Published;
use crate::domain::event::Event;
use crate::domain::facts::{Row as SourceRow, SourceVersion};
use crate::domain::month::Month;
use crate::domain::month::reconcile::{Reconciled, reconcile};
use crate::domain::month::roster::Row;
use crate::ids::{ProgramId, ReconciliationId, Username};
use crate::instant::Instant;
use crate::service::aside::aside;
use crate::service::{Answer, Error, Services, replies, sources};
use crate::store;
use crate::store::months::StoredComparison;

/// A source's version with its rows and their keys.
type Found = (SourceVersion, Vec<(String, SourceRow)>);

/// How every source compared.
pub(super) struct Comparison {
    pub results: BTreeMap<ReconciliationId, Reconciled>,
    text: String,
    sha256: String,
}

impl Comparison {
    pub fn stored(&self, by: &Username, at: Instant) -> StoredComparison {
        StoredComparison { compared_at: at, compared_by: by.clone(), sha256: self.sha256.clone(), document: self.text.clone() }
    }

    pub fn event(&self, month: Month) -> Event {
        let named = |agrees: bool| self.results.iter().filter(|(_, one)| one.agrees == agrees).map(|(id, _)| id.clone()).collect();
        Event::MonthCompared { month, agree: named(true), differ: named(false), sha256: self.sha256.clone() }
    }
}

/// Compares with the newest versions of the sources.
pub(super) async fn run(
    services: &Services,
    published: &Arc<Published>,
    month: Month,
    rows: Arc<Vec<Row>>,
    now: Instant,
) -> Result<Comparison, Error> {
    let mut results = BTreeMap::new();
    for (id, declared) in &months_of(published)?.reconciliations {
        let program = &published.program.program;
        let found = sources::as_of(services, program, &declared.source, now).await?;
        let other = match &declared.against {
            Some(against) => sources::as_of(services, program, &against.source, now).await?,
            None => None,
        };
        let (declared, rows) = (declared.clone(), rows.clone());
        let one = aside(move || Ok(reconcile(&declared, month, &rows, side(found.as_ref()), side(other.as_ref()))));
        results.insert(id.clone(), one.await?);
    }
    let text = serde_json::to_string(&results).map_err(|error| Error::Internal(format!("a comparison cannot be written: {error}")))?;
    let sha256 = sha256_hex(text.as_bytes());
    Ok(Comparison { results, text, sha256 })
}

fn side(found: Option<&Found>) -> Option<(u32, &[(String, SourceRow)])> {
    found.map(|(version, rows)| (version.version, rows.as_slice()))
}

/// Compares a closed month's roster with the sources as they are now. Open to those who may close a month.
pub async fn compare(
    services: &Services,
    who: &Principal,
    program: &ProgramId,
    month: &str,
    asked: Option<&Idempotency>,
) -> Result<Answer, Error> {
    let counted = Counted::of(services, who, program).await?;
    let month = named(month)?;
    counted.require(services, who, &counted.months()?.closed_by).await?;
    let username = Username::from(who.username.as_str());
    if let Some(earlier) = replies::earlier(services, &username, asked).await? {
        return Ok(earlier);
    }
    let (_, closed) = closed(services, program, month).await?;
    let version = services.programs.get(program, closed.version).await?;
    let rows = Arc::new(locked_rows(services, program, month).await?);
    replies::again(services, async || {
        let now = services.clock.now();
        let comparison = run(services, &version, month, rows.clone(), now).await?;
        let stored = comparison.stored(&username, now);
        let body: Json = views::Viewer::of(&counted.published, who, now).comparison(&stored)?;
        let answer = Answer { status: 200, body: body.into(), etag: None, replayed: false };
        let written: Result<(), store::Error> = async {
            let mut write = services.store.begin_write().await?;
            write.add_month_comparison(program, month, &stored).await?;
            counted.entry(services, who, now, comparison.event(month)).append(&mut write).await?;
            replies::keep(&mut write, &username, asked, &answer, now).await?;
            write.commit().await
        }
        .await;
        Ok(written.map(|()| answer))
    })
    .await
}
