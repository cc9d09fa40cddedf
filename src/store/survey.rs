//! What an operator watches: how far behind the installation is, and whether anything stands that should not.
//!
//! Guarantee: reads only. [`Store::survey`] reads ends of indexes and small tables, so it may run every few seconds on a million
//! timers; [`Store::contradictions`] reads all that runs.

use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use uuid::Uuid;

use super::{Error, Store};
use crate::instant::Instant;

/// Of each kind of contradiction no more are named.
const NAMED: i64 = 100;

/// How far behind the installation is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Survey {
    /// The due instant of the oldest timer that should have fired; those set aside do not count.
    pub oldest_due: Option<Instant>,
    /// The earliest instant at which a notice that waits may be tried.
    pub oldest_notice: Option<Instant>,
    /// Timers that failed and are tried again.
    pub troubled: u64,
    /// Timers that failed too often and wait for a person.
    pub set_aside: u64,
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    pub kind: Kind,
    /// The timer or clock.
    pub id: Uuid,
    pub instance: Uuid,
    pub due_at: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A timer is armed, was due a while ago, and has neither fired nor failed.
    DueButUnfired,
    /// A clock runs for a task that is done.
    ClockOfClosedTask,
    /// A timer is armed for an instance that has ended.
    TimerOfEndedInstance,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::DueButUnfired, Self::ClockOfClosedTask, Self::TimerOfEndedInstance];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::DueButUnfired => "due_but_unfired",
            Self::ClockOfClosedTask => "clock_of_closed_task",
            Self::TimerOfEndedInstance => "timer_of_ended_instance",
        }
    }

    fn sql(self) -> &'static str {
        match self {
            Self::DueButUnfired => {
                "SELECT t.id, t.instance_id, t.due_at FROM timer t WHERE t.state = 'armed' AND t.due_at <= $2 AND NOT EXISTS \
                 (SELECT 1 FROM timer_trouble x WHERE x.timer_id = t.id AND x.generation = t.generation) ORDER BY t.due_at, t.id LIMIT $1"
            }
            Self::ClockOfClosedTask => {
                "SELECT c.id, c.instance_id, c.due_at FROM clock c JOIN task t ON t.id = c.task_id WHERE c.state IN ('running', 'paused') \
                 AND t.state IN ('completed', 'cancelled') ORDER BY c.due_at, c.id LIMIT $1"
            }
            Self::TimerOfEndedInstance => {
                "SELECT t.id, t.instance_id, t.due_at FROM timer t JOIN instance i ON i.id = t.instance_id WHERE t.state = 'armed' \
                 AND i.state <> 'running' ORDER BY t.due_at, t.id LIMIT $1"
            }
        }
    }
}

impl Store {
    /// How far behind the installation is at `now`.
    pub async fn survey(&self, now: Instant) -> Result<Survey, Error> {
        let (troubled, set_aside) = self.trouble_counts().await?;
        Ok(Survey {
            oldest_due: self.next_due_at().await?.filter(|due| *due <= now),
            oldest_notice: self.next_attempt_at().await?.filter(|next| *next <= now),
            troubled,
            set_aside,
        })
    }

    /// What must not be, at most a hundred of a kind. A timer is late when it was due before `late`.
    pub async fn contradictions(&self, late: Instant) -> Result<Vec<Contradiction>, Error> {
        let mut found = Vec::new();
        for kind in Kind::ALL {
            let values: Vec<Value> = match kind {
                Kind::DueButUnfired => vec![NAMED.into(), late.millis().into()],
                Kind::ClockOfClosedTask | Kind::TimerOfEndedInstance => vec![NAMED.into()],
            };
            let statement = Statement::from_sql_and_values(self.reader().get_database_backend(), kind.sql(), values);
            for row in self.reader().query_all_raw(statement).await? {
                found.push(read(kind, &row)?);
            }
        }
        Ok(found)
    }
}

fn read(kind: Kind, row: &QueryResult) -> Result<Contradiction, Error> {
    Ok(Contradiction {
        kind,
        id: row.try_get("", "id")?,
        instance: row.try_get("", "instance_id")?,
        due_at: Instant::clamped(row.try_get("", "due_at")?),
    })
}
