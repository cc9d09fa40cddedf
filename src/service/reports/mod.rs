//! Reports: read, put into a table, and given with all that makes them again.
//!
//! Guarantee: a report names its parameters, the instant it knew of and the hash of its rows. Asked again with the same
//! parameters and that instant, it gives the same rows, as long as no deadline of the time was moved meanwhile.

mod work;
mod workbook;

use chrono::{Days, NaiveDate};
use serde::Serialize;

use super::{Error, Services};
use crate::domain::command::Principal;
use crate::domain::deadline;
use crate::domain::definition::{Program, StepKind};
use crate::domain::month::Month;
use crate::domain::month::book::Book;
use crate::domain::record::Record;
use crate::domain::report::{self, FigureLine, Period, ReportKind, Table, TaskLine};
use crate::ids::{InstanceId, ProgramId, StepId};
use crate::instant::Instant;
use crate::store::positions::Position;

pub use workbook::workbook;

/// Days a report looks back unless told otherwise, today included.
const DAYS: u64 = 30;
/// Months of a settlement report.
const MOST_MONTHS: u64 = 120;

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// First day, in the program's zone.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
    /// What happened later is left out; now unless given.
    pub as_of: Option<Instant>,
}

/// A report with what makes it again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub report: &'static str,
    pub title: &'static str,
    pub program: ProgramId,
    pub version: u32,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub as_of: Instant,
    /// Hex, of the rows.
    pub data_sha256: String,
    #[serde(flatten)]
    pub table: Table,
}

/// Makes a report of a program in somebody's scope.
pub async fn report(services: &Services, who: &Principal, kind: ReportKind, program: &ProgramId, asked: &Asked) -> Result<Report, Error> {
    let published = services.programs.visible(who, program).await?;
    let program = &published.program;
    let now = services.clock.now();
    let as_of = asked.as_of.map_or(now, |as_of| as_of.min(now));
    let to = asked.to.unwrap_or_else(|| deadline::local_date(as_of, program.time.zone));
    let from = asked.from.or_else(|| to.checked_sub_days(Days::new(DAYS - 1))).unwrap_or(to);
    if from > to {
        return Err(Error::Malformed("from: lies after to".to_owned()));
    }
    let out_of_range = |_| Error::Malformed("from and to: write days of the years 1 to 9998".to_owned());
    let after = to.succ_opt().ok_or_else(|| out_of_range(deadline::Error::OutOfRange))?;
    let start = |day| deadline::start_of(day, program.time.zone).map_err(out_of_range);
    let period = Period { from: start(from)?, to: start(after)?, as_of };
    let table = table(services, program, kind, period).await?;
    Ok(Report {
        report: kind.as_str(),
        title: kind.title(),
        program: program.program.clone(),
        version: program.version,
        from,
        to,
        as_of,
        data_sha256: table.sha256(),
        table,
    })
}

async fn table(services: &Services, program: &Program, kind: ReportKind, period: Period) -> Result<Table, Error> {
    let id = &program.program;
    Ok(match kind {
        ReportKind::Timeliness => report::timeliness(&tasks(services, id, period).await?, period),
        ReportKind::SameDayRouting => report::routing(&tasks_of(services, program, StepKind::Receipt, period).await?, period),
        ReportKind::MissedReviewSlots => report::slots(&tasks(services, id, period).await?, period),
        ReportKind::StepDurations => report::durations(&tasks(services, id, period).await?, period),
        ReportKind::PendingClarificationAge => {
            report::pending(&tasks_of(services, program, StepKind::Clarification, period).await?, period)
        }
        ReportKind::CasesWithoutAction => {
            let mut lines = tasks_of(services, program, StepKind::Release, period).await?;
            lines.retain(|line| line.closed_at.is_none());
            report::pending(&lines, period)
        }
        ReportKind::ReviewOutcomes => report::outcomes(&services.store.filed_in(id, period).await?),
        ReportKind::FiledCodes => report::codes(&services.store.filed_in(id, period).await?, period),
        ReportKind::Meetings => report::meetings(&services.store.filed_in(id, period).await?),
        ReportKind::Load => report::load(&services.store.filed_of_running(id, period.as_of).await?, period),
        ReportKind::Reconciliations => report::comparisons(&services.store.comparison_lines(id, period).await?, period),
        ReportKind::Positions => report::positions(&positions(services, program).await?, period),
        ReportKind::Statements => {
            let made = services.store.statement_lines(id, period).await?;
            report::statements(&made, &positions(services, program).await?, period)
        }
        ReportKind::SignOffs => {
            let steps = [steps_of(program, StepKind::Review), steps_of(program, StepKind::SignOff)].concat();
            report::sign_offs(&services.store.filed_in(id, period).await?, &steps)
        }
        ReportKind::Attestations => report::attestations(&services.store.filed_in(id, period).await?),
        ReportKind::Restrictions => {
            report::restrictions(&services.store.filed_in(id, period).await?, &steps_of(program, StepKind::BoardDecision), period)
        }
        ReportKind::TimeToActivation => report::decisions(&decisions(services, program, period).await?, period),
        ReportKind::WorkBeforeDecision => work::table(services, program, period).await?,
        ReportKind::RationaleMix => report::rationales(&decisions(services, program, period).await?, period),
        ReportKind::SettlementFigures => report::figures(&figures(services, program, period).await?),
        ReportKind::Breaches => {
            let lines = services.store.breach_lines(id, period).await?;
            let known: Vec<_> = lines.into_iter().filter_map(|line| line.as_of(period.as_of)).collect();
            report::breaches(&known, period)
        }
        ReportKind::RetroactiveChanges => report::amendments(&amendments(services, program).await?, period),
        ReportKind::Removals => {
            let rosters = program.workflows.values().filter_map(|workflow| workflow.roster.as_ref());
            let steps: Vec<StepId> = rosters.map(|roster| roster.removed_opens.clone()).collect();
            report::removals(&services.store.decision_lines(id, &steps, period).await?, period)
        }
    })
}

async fn tasks(services: &Services, program: &ProgramId, period: Period) -> Result<Vec<TaskLine>, Error> {
    let lines = services.store.task_lines(program, period).await?;
    Ok(lines.into_iter().filter_map(|line| line.as_of(period.as_of)).collect())
}

/// The tasks of the steps of a kind.
async fn tasks_of(services: &Services, program: &Program, kind: StepKind, period: Period) -> Result<Vec<TaskLine>, Error> {
    let steps = steps_of(program, kind);
    let mut lines = tasks(services, &program.program, period).await?;
    lines.retain(|line| steps.contains(&line.step));
    Ok(lines)
}

/// Every position of a program's board.
async fn positions(services: &Services, program: &Program) -> Result<Vec<report::PositionLine>, Error> {
    let taken = services.store.all_positions(&program.program, &steps_of(program, StepKind::BoardDecision)).await?;
    let line = |(month, position): (Month, Position)| report::PositionLine {
        month: month.to_string(),
        number: position.number,
        level: position.level,
        taken_at: position.taken_at,
        taken_by: position.taken_by,
    };
    Ok(taken.into_iter().map(line).collect())
}

async fn decisions(services: &Services, program: &Program, period: Period) -> Result<Vec<report::DecisionLine>, Error> {
    Ok(services.store.decision_lines(&program.program, &steps_of(program, StepKind::Decision), period).await?)
}

/// Every later version of a locked record, with what had become of its month.
async fn amendments(services: &Services, program: &Program) -> Result<Vec<report::AmendmentLine>, Error> {
    let stored = services.store.months(&program.program, None, MOST_MONTHS).await?;
    let closed = |month: Month, at: Instant| {
        stored.iter().any(|one| one.month == month && one.closed.as_ref().is_some_and(|closed| closed.closed_at <= at))
    };
    let line = |(instance, record): (InstanceId, Record)| {
        let amends = record.amends?;
        let month = Month::of(record.completed_at, &program.time);
        Some(report::AmendmentLine {
            record: record.id,
            instance,
            step: record.step,
            version: record.version,
            reason: amends.reason,
            completed_at: record.completed_at,
            month: month.to_string(),
            after_closing: closed(month, amends.approved_at),
            amended_at: amends.approved_at,
        })
    };
    Ok(services.store.later_versions(&program.program).await?.into_iter().filter_map(line).collect())
}

/// The steps of a kind, whatever their workflow.
fn steps_of(program: &Program, kind: StepKind) -> Vec<StepId> {
    let steps = program.workflows.values().flat_map(|workflow| &workflow.steps);
    steps.filter(|(_, step)| step.kind == kind).map(|(id, _)| id.clone()).collect()
}

/// The figures of the months that had been closed and have a day in the period.
async fn figures(services: &Services, program: &Program, period: Period) -> Result<Vec<FigureLine>, Error> {
    let (first, last) = (Month::of(period.from, &program.time), Month::of(period.to.plus_millis(-1).unwrap_or(period.to), &program.time));
    let mut stored = services.store.months(&program.program, None, MOST_MONTHS).await?;
    stored.retain(|one| one.month >= first && one.month <= last);
    stored.sort_by_key(|one| one.month);
    let mut lines = Vec::new();
    for closed in stored.into_iter().filter_map(|one| one.closed).filter(|closed| closed.closed_at <= period.as_of) {
        let book: Book =
            serde_json::from_str(&closed.document).map_err(|error| Error::Internal(format!("a closed month cannot be read: {error}")))?;
        let month = book.month.to_string();
        lines.extend(book.figures.into_iter().map(|(id, figure)| FigureLine {
            month: month.clone(),
            figure: id.to_string(),
            value: match figure.value.to_json() {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            },
            because: figure.because,
            numerator: figure.numerator,
            denominator: figure.denominator,
        }));
    }
    Ok(lines)
}
