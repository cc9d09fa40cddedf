//! Forward and backward steps of the database.
//!
//! Guarantee: each step runs in one transaction on both backends, so a step that is cut off leaves nothing behind. A
//! published step never changes; later ones expand first and contract in a release of their own.

use sea_orm_migration::prelude::*;

pub use sea_orm_migration::MigratorTrait;

mod dialect;
mod m20261123_000001_create_instance_tables;
mod m20261123_000002_create_audit_tables;
mod m20261123_000003_create_reference_tables;
mod m20261123_000004_create_outbox_tables;
mod m20261125_000022_create_month_tables;
mod m20261126_000009_create_calendar_tables;
mod m20261126_000010_create_calendar_feed;
mod m20261126_000015_create_schedule_tables;
mod m20261126_000017_guard_records;
mod m20261126_000031_extend_webhooks;
mod m20261126_000046_create_roster_opening;
mod m20261126_000056_create_timer_trouble;
mod m20261126_000057_create_node;
mod m20261126_000058_tell_severity;
mod m20261126_000061_hold_mails;
mod m20261126_000062_create_summary_tables;
mod m20261126_000063_create_used_link;
mod m20261126_000064_create_bounced_address;
mod m20261126_000065_create_substitution;
mod m20261126_000066_limit_tokens;
mod m20261127_000067_drop_unread_indexes;
mod m20261127_000068_derived_rows_refer_freely;

/// The ordered list of steps.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_create_instance_tables::Migration),
            Box::new(m20261123_000002_create_audit_tables::Migration),
            Box::new(m20261123_000003_create_reference_tables::Migration),
            Box::new(m20261123_000004_create_outbox_tables::Migration),
            Box::new(m20261125_000022_create_month_tables::Migration),
            Box::new(m20261126_000009_create_calendar_tables::Migration),
            Box::new(m20261126_000010_create_calendar_feed::Migration),
            Box::new(m20261126_000015_create_schedule_tables::Migration),
            Box::new(m20261126_000017_guard_records::Migration),
            Box::new(m20261126_000031_extend_webhooks::Migration),
            Box::new(m20261126_000046_create_roster_opening::Migration),
            Box::new(m20261126_000056_create_timer_trouble::Migration),
            Box::new(m20261126_000057_create_node::Migration),
            Box::new(m20261126_000058_tell_severity::Migration),
            Box::new(m20261126_000061_hold_mails::Migration),
            Box::new(m20261126_000062_create_summary_tables::Migration),
            Box::new(m20261126_000063_create_used_link::Migration),
            Box::new(m20261126_000064_create_bounced_address::Migration),
            Box::new(m20261126_000065_create_substitution::Migration),
            Box::new(m20261126_000066_limit_tokens::Migration),
            Box::new(m20261127_000067_drop_unread_indexes::Migration),
            Box::new(m20261127_000068_derived_rows_refer_freely::Migration),
        ]
    }
}

/// The names of all steps this program knows, in order.
pub fn known_steps() -> Vec<String> {
    Migrator::migrations().iter().map(|step| step.name().to_owned()).collect()
}
