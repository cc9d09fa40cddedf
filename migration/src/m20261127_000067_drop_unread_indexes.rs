//! No index that nothing is looked for by: each costs a page of the log for every row written far from the one before.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::wait_for_writers(manager).await?;
        dialect::run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::wait_for_writers(manager).await?;
        dialect::run(manager, DOWN).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// The clocks and breaches of an instance are found through its tasks and their clocks; most tasks are assigned to nobody.
const UP: &[&str] = &[
    "DROP INDEX timer_instance",
    "DROP INDEX clock_instance",
    "DROP INDEX breach_instance",
    "DROP INDEX breach_task",
    "DROP INDEX task_assignee_due",
    "CREATE INDEX task_assignee_due ON task (assignee, due_at, id) WHERE state IN ('open', 'claimed', 'paused') AND assignee IS NOT NULL",
];

const DOWN: &[&str] = &[
    "DROP INDEX task_assignee_due",
    "CREATE INDEX task_assignee_due ON task (assignee, due_at, id) WHERE state IN ('open', 'claimed', 'paused')",
    "CREATE INDEX breach_task ON breach (task_id)",
    "CREATE INDEX breach_instance ON breach (instance_id)",
    "CREATE INDEX clock_instance ON clock (instance_id)",
    "CREATE INDEX timer_instance ON timer (instance_id)",
];
