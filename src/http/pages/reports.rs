//! Reports with their bars, and the files they can be taken away as.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::failure::Failure;
use super::layout::{Frame, Place, page};
use super::programs::Programs;
use super::visitor::Visitor;
use super::when::Moment;
use super::wording::as_words;
use crate::domain::report::{Cell, ReportKind, Table};
use crate::http::reports::day;
use crate::ids::ProgramId;
use crate::service::Services;
use crate::service::reports::{self, Asked};

/// Rows that a page shows; the files have all.
const ROWS: usize = 500;
/// Bars of one chart.
const BARS: usize = 40;
/// Width of the longest bar, and the height of a line.
const WIDTH: i64 = 400;
const LINE: usize = 26;

/// What the reader looks at.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    report: String,
    #[serde(default)]
    program: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
}

#[derive(Template)]
#[template(path = "reports.html", config = "src/http/pages/templates/askama.toml")]
struct ReportsPage {
    frame: Frame,
    programs: Vec<(String, String, bool)>,
    /// Id, title, whether it is the chosen one.
    kinds: Vec<(&'static str, &'static str, bool)>,
    from: String,
    to: String,
    shown: Option<Shown>,
}

/// A report that was made.
struct Shown {
    title: &'static str,
    from: String,
    to: String,
    as_of: Moment,
    sha256: String,
    csv: String,
    xlsx: String,
    columns: Vec<String>,
    /// The cells of each row; those under the first column name it.
    rows: Vec<Vec<String>>,
    more: usize,
    chart: Option<Chart>,
}

/// Bars of one column.
struct Chart {
    column: String,
    height: usize,
    bars: Vec<Bar>,
}

struct Bar {
    name: String,
    value: i64,
    width: i64,
    y: usize,
    text_y: usize,
}

impl Chart {
    /// The bars of the column that tells most, where a report has one.
    fn of(kind: ReportKind, table: &Table) -> Option<Self> {
        let (column, names) = match kind {
            ReportKind::Timeliness | ReportKind::MissedReviewSlots => ("on_time", 2),
            ReportKind::SameDayRouting => ("missing", 3),
            ReportKind::TimeToActivation | ReportKind::StepDurations => ("median_minutes", 2),
            ReportKind::PendingClarificationAge | ReportKind::CasesWithoutAction => ("age_minutes", 2),
            ReportKind::RationaleMix => ("decisions", 4),
            ReportKind::Attestations => ("confirmed", 2),
            ReportKind::ReviewOutcomes | ReportKind::SignOffs => ("reviews", 2),
            ReportKind::FiledCodes => ("records", 3),
            ReportKind::Load => ("running_cases", 3),
            ReportKind::Meetings
            | ReportKind::SettlementFigures
            | ReportKind::Reconciliations
            | ReportKind::Positions
            | ReportKind::Statements
            | ReportKind::WorkBeforeDecision
            | ReportKind::RetroactiveChanges
            | ReportKind::Removals
            | ReportKind::Restrictions => return None,
            ReportKind::Breaches => ("late_minutes", 3),
        };
        let at = table.columns.iter().position(|known| *known == column)?;
        let value = |row: &Vec<Cell>| match row.get(at) {
            Some(Cell::Number(number)) => Some(*number),
            _ => None,
        };
        let longest = table.rows.iter().take(BARS).filter_map(value).max().filter(|longest| *longest > 0)?;
        let bars = table.rows.iter().take(BARS).enumerate().filter_map(|(line, row)| {
            let value = value(row)?.max(0);
            let name = row.iter().take(names).map(Cell::shown).filter(|part| part.len() < 36 && !part.is_empty());
            Some(Bar {
                name: as_words(&name.collect::<Vec<_>>().join(", ")),
                value,
                width: (value.saturating_mul(WIDTH) / longest).max(1),
                y: line * LINE + 4,
                text_y: line * LINE + 18,
            })
        });
        let bars: Vec<Bar> = bars.collect();
        Some(Self { column: as_words(column), height: bars.len() * LINE + 4, bars })
    }
}

/// Shows the form, and the report it asked for.
pub async fn show(services: web::Data<Services>, visitor: Visitor, wanted: web::Query<Wanted>) -> Result<HttpResponse, Failure> {
    let programs = Programs::of(&services, &visitor.person).await?;
    let shown = match ReportKind::named(&wanted.report) {
        Some(kind) if !wanted.program.is_empty() => Some(made(&services, &visitor, &programs, kind, &wanted).await?),
        _ => None,
    };
    let choices = programs.choices().map(|(id, title)| (id.to_string(), title.to_owned(), id.as_str() == wanted.program));
    let kinds = ReportKind::ALL.iter().map(|kind| (kind.as_str(), kind.title(), kind.as_str() == wanted.report));
    let shown = ReportsPage {
        frame: Frame::of(&services, &visitor, "Reports", Place::Reports, programs.any_zone()),
        programs: choices.collect(),
        kinds: kinds.collect(),
        from: wanted.from.clone(),
        to: wanted.to.clone(),
        shown,
    };
    page(StatusCode::OK, &shown)
}

async fn made(services: &Services, visitor: &Visitor, programs: &Programs, kind: ReportKind, wanted: &Wanted) -> Result<Shown, Failure> {
    let program = ProgramId::from(wanted.program.as_str());
    let asked = Asked { from: day("from", Some(&wanted.from))?, to: day("to", Some(&wanted.to))?, as_of: None };
    let report = reports::report(services, &visitor.person, kind, &program, &asked).await?;
    let as_of = report.as_of.to_string();
    let file = |format: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let (from, to) = (report.from.to_string(), report.to.to_string());
        for (name, value) in [("program", program.as_str()), ("from", &from), ("to", &to), ("as_of", &as_of), ("format", format)] {
            query.append_pair(name, value);
        }
        format!("/api/v1/reports/{}?{}", report.report, query.finish())
    };
    let zone = programs.zone(&program);
    let cell = |cell: &Cell| match cell {
        Cell::At(at) => Moment::of(*at, zone).text,
        other => other.shown(),
    };
    Ok(Shown {
        title: report.title,
        from: report.from.to_string(),
        to: report.to.to_string(),
        as_of: Moment::of(report.as_of, zone),
        sha256: report.data_sha256.clone(),
        csv: file("csv"),
        xlsx: file("xlsx"),
        columns: report.table.columns.iter().map(|column| as_words(column)).collect(),
        rows: report.table.rows.iter().take(ROWS).map(|row| row.iter().map(cell).collect()).collect(),
        more: report.table.rows.len().saturating_sub(ROWS),
        chart: Chart::of(kind, &report.table),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{looked_at, made_up};
    use super::*;

    #[test]
    fn a_report_has_a_table_bars_and_files() {
        let row = |step: &str, on_time: i64| vec![Cell::text("episode"), Cell::text(step), Cell::Number(9), Cell::Number(on_time)];
        let table =
            Table { columns: vec!["workflow", "step", "due", "on_time"], rows: vec![row("<act>", 2), row("wait", 0), row("look", 8)] };
        let chart = Chart::of(ReportKind::Timeliness, &table).unwrap();
        assert_eq!(chart.bars.iter().map(|bar| (bar.value, bar.width)).collect::<Vec<_>>(), [(2, 100), (0, 1), (8, 400)]);
        assert!(Chart::of(ReportKind::Timeliness, &Table { rows: vec![row("wait", 0)], ..table.clone() }).is_none());
        let shown = Shown {
            title: "Late",
            from: "2026-01-01".to_owned(),
            to: "2026-01-31".to_owned(),
            as_of: Moment::of("2026-02-01T00:00:00Z".parse().unwrap(), chrono_tz::Tz::UTC),
            sha256: "ab".to_owned(),
            csv: "/api/v1/reports/timeliness?format=csv".to_owned(),
            xlsx: "/api/v1/reports/timeliness?format=xlsx".to_owned(),
            columns: table.columns.iter().map(|column| as_words(column)).collect(),
            rows: table.rows.iter().map(|row| row.iter().map(Cell::shown).collect()).collect(),
            more: 0,
            chart: Some(chart),
        };
        let page = ReportsPage {
            frame: made_up::a_frame("Reports", Place::Reports),
            programs: vec![("demo".to_owned(), "Demo".to_owned(), true)],
            kinds: ReportKind::ALL.iter().map(|kind| (kind.as_str(), kind.title(), false)).collect(),
            from: String::new(),
            to: String::new(),
            shown: Some(shown),
        };
        let html = page.render().unwrap();
        looked_at::keep("reports", &html);
        looked_at::assert_accessible(&html);
        for words in ["<svg", "width=\"400\"", "format=xlsx", "&#60;act&#62;", "ab"] {
            assert!(html.contains(words), "{words}");
        }
    }
}
