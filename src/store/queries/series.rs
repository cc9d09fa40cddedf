//! The slots of a program's review series, counted by how they were kept.

use sea_orm::{ConnectionTrait, Statement};

use super::get;
use crate::domain::compliance::Kept;
use crate::ids::{ProgramId, StepId, WorkflowId};
use crate::instant::Instant;
use crate::store::{Error, Store};

/// Which slots are counted, and as of when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesFilter {
    pub program: ProgramId,
    /// Due at this instant or later.
    pub from: Instant,
    /// Due before this instant; `Instant::MAX` counts all.
    pub to: Instant,
    pub now: Instant,
}

/// How many slots of a step were kept in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesRow {
    pub workflow: WorkflowId,
    pub step: StepId,
    pub kept: Kept,
    pub many: i64,
}

/// Says in SQL what `Kept::of` says of one task.
const COUNTS: &str = "SELECT workflow, step, kept, COUNT(*) AS many FROM (
    SELECT workflow, step, CASE
        WHEN state = 'missed' THEN 'missed'
        WHEN state = 'completed' AND closed_at <= due_at THEN 'in_time'
        WHEN state = 'completed' THEN 'late'
        WHEN due_at < $4 THEN 'overdue'
        ELSE 'open' END AS kept
    FROM task WHERE program = $1 AND slot IS NOT NULL AND state <> 'cancelled' AND due_at >= $2 AND due_at < $3
) AS slots GROUP BY workflow, step, kept";

impl Store {
    /// The counts of a program, in no order; steps without a slot are left out.
    pub async fn series_counts(&self, filter: &SeriesFilter) -> Result<Vec<SeriesRow>, Error> {
        let values = [filter.program.as_str().into(), filter.from.millis().into(), filter.to.millis().into(), filter.now.millis().into()];
        let reader = self.reader();
        let statement = Statement::from_sql_and_values(reader.get_database_backend(), COUNTS, values);
        let rows = reader.query_all_raw(statement).await?;
        let read = |row| {
            let (workflow, step): (String, String) = (get(row, "workflow")?, get(row, "step")?);
            let kept = kept(&get::<String>(row, "kept")?, &workflow, &step)?;
            Ok(SeriesRow { workflow: WorkflowId(workflow), step: StepId(step), kept, many: get(row, "many")? })
        };
        rows.iter().map(read).collect()
    }
}

fn kept(word: &str, workflow: &str, step: &str) -> Result<Kept, Error> {
    match word {
        "in_time" => Ok(Kept::InTime),
        "late" => Ok(Kept::Late),
        "missed" => Ok(Kept::Missed),
        "overdue" => Ok(Kept::Overdue),
        "open" => Ok(Kept::Open),
        other => {
            Err(Error::BadRow { what: "series", id: format!("{workflow}/{step}"), why: format!("`{other}` is no way to keep a slot") })
        }
    }
}
