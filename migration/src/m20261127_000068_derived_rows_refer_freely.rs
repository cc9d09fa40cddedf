//! PostgreSQL no longer asks of each derived row whether its instance or task is there.
//!
//! Rows of tasks, clocks, timers, breaches and records are written from the document of their instance in the same transaction, and nothing
//! that they refer to is ever removed, so the answer was always yes; it took a query and a row lock for each of them. SQLite looks into one
//! index for it and goes on doing so.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Postgres => {
                dialect::wait_for_writers(manager).await?;
                dialect::run(manager, UP).await
            }
            _ => Ok(()),
        }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Postgres => {
                dialect::wait_for_writers(manager).await?;
                dialect::run(manager, DOWN).await
            }
            _ => Ok(()),
        }
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const UP: &[&str] = &[
    "ALTER TABLE task DROP CONSTRAINT task_instance_id_fkey",
    "ALTER TABLE clock DROP CONSTRAINT clock_task_id_fkey",
    "ALTER TABLE timer DROP CONSTRAINT timer_instance_id_fkey",
    "ALTER TABLE breach DROP CONSTRAINT breach_instance_id_fkey",
    "ALTER TABLE record DROP CONSTRAINT record_instance_id_fkey",
];

const DOWN: &[&str] = &[
    "ALTER TABLE task ADD CONSTRAINT task_instance_id_fkey FOREIGN KEY (instance_id) REFERENCES instance (id)",
    "ALTER TABLE clock ADD CONSTRAINT clock_task_id_fkey FOREIGN KEY (task_id) REFERENCES task (id)",
    "ALTER TABLE timer ADD CONSTRAINT timer_instance_id_fkey FOREIGN KEY (instance_id) REFERENCES instance (id)",
    "ALTER TABLE breach ADD CONSTRAINT breach_instance_id_fkey FOREIGN KEY (instance_id) REFERENCES instance (id)",
    "ALTER TABLE record ADD CONSTRAINT record_instance_id_fkey FOREIGN KEY (instance_id) REFERENCES instance (id)",
];
