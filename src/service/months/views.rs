//! Months as the API shows them. What names a participant is shown to those who close, decide or audit, and to whom the
//! decision itself is open.

use indexmap::IndexMap;
use serde_json::{Value as Json, json};

use crate::domain::command::Principal;
use crate::domain::definition::{Formula, Published};
use crate::domain::month::Month;
use crate::domain::month::book::Book;
use crate::domain::month::diff::{Diff, Moved};
use crate::domain::month::figures::FigureValue;
use crate::domain::month::reconcile::Reconciled;
use crate::domain::month::roster::Row;
use crate::domain::policy::{self, Access};
use crate::domain::record::Verdict;
use crate::ids::{FigureId, InstanceId, ProgramId, ReconciliationId};
use crate::instant::Instant;
use crate::service::Error;
use crate::store::months::{StoredComparison, StoredMonth};
use crate::store::positions::{Position, Statement};

/// Rows, and instances behind a figure, that one answer holds; `…/roster` has all.
const SHOWN: usize = 500;

/// Somebody who looks at a month.
pub(super) struct Viewer<'a> {
    published: &'a Published,
    now: Instant,
    /// Whether they see what names a participant.
    sees: bool,
}

/// Reads a locked book.
pub(super) fn book(document: &str) -> Result<Book, Error> {
    serde_json::from_str(document).map_err(|error| Error::Internal(format!("a closed month cannot be read: {error}")))
}

/// Reads a row of a locked roster.
pub(super) fn row(document: &str) -> Result<Row, Error> {
    serde_json::from_str(document).map_err(|error| Error::Internal(format!("a row of a closed month cannot be read: {error}")))
}

/// A month without its contents.
pub(super) fn listed(program: &ProgramId, stored: &StoredMonth) -> Json {
    let closed = stored.closed.as_ref();
    json!({
        "program": program,
        "month": stored.month,
        "state": if closed.is_some() { "closed" } else { "proposed" },
        "proposed": { "at": stored.proposed_at, "by": stored.proposed_by },
        "closed": closed.map(|closed| json!({ "at": closed.closed_at, "by": closed.closed_by })),
        "version": closed.map(|closed| closed.version),
        "sha256": closed.map(|closed| &closed.sha256),
        "settlement_id": closed.and_then(|closed| closed.settlement),
    })
}

pub(super) fn position(position: &Position) -> Json {
    json!({
        "number": position.number,
        "level": position.level,
        "basis": position.basis,
        "taken_at": position.taken_at,
        "taken_by": position.taken_by,
    })
}

pub(super) fn statement(statement: &Statement) -> Json {
    json!({
        "id": statement.id,
        "month": statement.month,
        "level": statement.level,
        "audience": statement.audience,
        "text": statement.text,
        "state": if statement.registered { "registered" } else { "refused" },
        "position": statement.in_force,
        "made_at": statement.made_at,
        "made_by": statement.made_by,
    })
}

impl<'a> Viewer<'a> {
    pub fn of(published: &'a Published, who: &Principal, now: Instant) -> Self {
        let program = &published.program;
        let months = program.months.as_ref();
        let roles = months.into_iter().flat_map(|months| months.closed_by.iter().chain(&months.position_by));
        let decision = months.and_then(|months| published.step(&months.roster.workflow, &months.roster.activated_by));
        let opens = decision
            .is_some_and(|step| matches!(policy::task_access(who, program, step.role.as_ref(), None), Access::Contents | Access::Work));
        let sees = who.auditor || opens || roles.into_iter().any(|role| who.holds(&program.program, role));
        Self { published, now, sees }
    }

    /// The whole month.
    pub fn month(
        &self,
        month: Month,
        stored: Option<&StoredMonth>,
        book: &Book,
        rows: &[Row],
        comparison: Option<&StoredComparison>,
        positions: &[Position],
    ) -> Result<Json, Error> {
        let time = &self.published.program.time;
        let end = month.bounds(time).map_err(|_| Error::NotFound)?.1;
        let program = &book.program;
        let open = || json!({ "program": program, "month": month, "state": "open", "proposed": null, "closed": null });
        let mut shown = stored.map_or_else(open, |stored| listed(program, stored));
        let is_closed = stored.is_some_and(|stored| stored.closed.is_some());
        let more = json!({
            "ends_at": end,
            "can_be_closed": !is_closed && self.now >= end,
            "version": book.version,
            "as_of": book.as_of,
            "sha256": stored.and_then(|stored| stored.closed.as_ref()).map(|closed| &closed.sha256),
            "roster_sha256": is_closed.then_some(&book.roster_sha256),
            "roster_count": rows.len(),
            "roster": rows.iter().take(SHOWN).map(|row| self.row(row)).collect::<Vec<_>>(),
            "figures": book.figures.iter().map(|(id, figure)| self.figure(id, figure, rows)).collect::<Vec<_>>(),
            "sources": book.sources,
            "comparison": comparison.map(|comparison| self.comparison(comparison)).transpose()?,
            "position": positions.last().map(|position| position.level),
            "positions": positions.iter().map(position).collect::<Vec<_>>(),
        });
        if let (Json::Object(shown), Json::Object(more)) = (&mut shown, more) {
            shown.extend(more);
        }
        Ok(shown)
    }

    /// A row of a roster.
    pub fn row(&self, row: &Row) -> Json {
        let said: IndexMap<&FigureId, Json> = row
            .said
            .iter()
            .map(|(id, said)| {
                let (verdict, because) = match &said.verdict {
                    Verdict::Pass => ("pass", None),
                    Verdict::Fail => ("fail", None),
                    Verdict::CannotTell { because } => ("cannot_tell", Some(because)),
                };
                (id, json!({ "verdict": verdict, "because": because, "amount": said.amount }))
            })
            .collect();
        json!({
            "instance_id": row.instance,
            "subject": row.subject.as_ref().filter(|_| self.sees),
            "activated_at": row.activated_at,
            "record_id": row.record,
            "figures": said,
        })
    }

    /// A figure, opened to the instances behind it: those it counts, or for a ratio those its numerator counts.
    fn figure(&self, id: &FigureId, figure: &FigureValue, rows: &[Row]) -> Json {
        let formula = Formula::try_from(figure.formula.clone()).ok();
        let behind = match &formula {
            Some(Formula::Ratio { of, .. }) => of,
            _ => id,
        };
        let all = !self.asked_of_rows(behind) && matches!(formula, Some(Formula::Count { rule: None }));
        let counts = |row: &&Row| all || row.said.get(behind).is_some_and(|said| said.verdict == Verdict::Pass);
        let mut instances: Vec<InstanceId> = rows.iter().filter(counts).map(|row| row.instance).collect();
        let total = instances.len();
        instances.truncate(SHOWN);
        json!({
            "id": id,
            "says": figure.says,
            "formula": figure.formula,
            "value": figure.value.to_json(),
            "because": figure.because,
            "numerator": figure.numerator,
            "denominator": figure.denominator,
            "cannot_tell": figure.cannot_tell,
            "instances": instances,
            "instance_count": total,
        })
    }

    fn asked_of_rows(&self, id: &FigureId) -> bool {
        self.published.program.months.as_ref().is_some_and(|months| months.figures.contains_key(id))
    }

    /// A comparison with its differences.
    pub fn comparison(&self, stored: &StoredComparison) -> Result<Json, Error> {
        let results: IndexMap<ReconciliationId, Reconciled> = serde_json::from_str(&stored.document)
            .map_err(|error| Error::Internal(format!("a comparison of a month cannot be read: {error}")))?;
        let declared = self.published.program.months.as_ref().map(|months| &months.reconciliations);
        let shown = |(id, one): (&ReconciliationId, &Reconciled)| {
            json!({
                "id": id,
                "says": declared.and_then(|declared| declared.get(id)).map(|declared| &declared.says),
                "source": one.source,
                "source_version": one.source_version,
                "against": one.against,
                "against_version": one.against_version,
                "agrees": one.agrees,
                "difference_count": one.count,
                "differences": if self.sees { json!(one.differences) } else { json!([]) },
            })
        };
        Ok(json!({
            "compared_at": stored.compared_at,
            "compared_by": stored.compared_by,
            "sha256": stored.sha256,
            "results": results.iter().map(shown).collect::<Vec<_>>(),
        }))
    }

    /// What differs between two computations.
    pub fn diff(&self, found: &Diff) -> Json {
        let some = |rows: &[Row]| rows.iter().take(SHOWN).map(|row| self.row(row)).collect::<Vec<_>>();
        let changed = found.changed.iter().take(SHOWN).map(
            |changed| json!({ "instance_id": changed.instance, "before": self.row(&changed.before), "after": self.row(&changed.after) }),
        );
        let moved = |(id, moved): (&FigureId, &Moved)| {
            let value = |figure: &Option<FigureValue>| figure.as_ref().map(|figure| figure.value.to_json());
            json!({ "id": id, "before": value(&moved.before), "after": value(&moved.after), "adjustment": moved.adjustment })
        };
        json!({
            "added": some(&found.added),
            "added_count": found.added.len(),
            "removed": some(&found.removed),
            "removed_count": found.removed.len(),
            "changed": changed.collect::<Vec<_>>(),
            "changed_count": found.changed.len(),
            "figures": found.figures.iter().map(moved).collect::<Vec<_>>(),
        })
    }
}
