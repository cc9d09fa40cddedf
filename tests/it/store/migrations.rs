//! The schema goes up, down and up again, under a lock, and never on a newer database.

use std::collections::BTreeSet;

use migration::{Migrator, MigratorTrait};
use proviso::store::{Error, Store};

use super::home::{self, Home};

async fn up_down_up(home: Home, tables: &str) {
    home.store.migrate().await.unwrap();
    let beside = home.beside().await;
    let first = beside.texts(tables).await;
    assert_eq!(first.len(), 39, "{first:?}");
    Migrator::down(&beside.connection, None).await.unwrap();
    assert_eq!(beside.texts(tables).await, Vec::<String>::new());
    let status = home.store.migration_status().await.unwrap();
    assert_eq!((status.applied.len(), status.pending.len()), (0, migration::known_steps().len()));
    home.store.migrate().await.unwrap();
    assert_eq!(beside.texts(tables).await, first);
    home.store.migrate().await.unwrap();
    let status = home.store.migration_status().await.unwrap();
    assert_eq!((status.applied, status.pending, status.unknown), (migration::known_steps(), Vec::new(), Vec::new()));
}

#[tokio::test]
async fn sqlite_goes_up_down_and_up_again() {
    let tables = "SELECT name AS v FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'seaql_migrations'
        ORDER BY name";
    up_down_up(home::empty_sqlite().await, tables).await;
}

#[tokio::test]
async fn postgres_goes_up_down_and_up_again() {
    let tables = "SELECT tablename::text AS v FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'seaql_migrations'
        ORDER BY tablename";
    up_down_up(home::empty_postgres().await, tables).await;
}

#[tokio::test]
async fn of_four_nodes_that_start_at_once_one_migrates() {
    let home = home::empty_postgres().await;
    let nodes: Vec<_> = (0..4)
        .map(|_| {
            let url = home.url.clone();
            tokio::spawn(async move {
                let node = Store::connect(&url).await.unwrap();
                node.migrate().await
            })
        })
        .collect();
    for node in nodes {
        node.await.unwrap().unwrap();
    }
    let taken = home.beside().await.texts("SELECT version AS v FROM seaql_migrations ORDER BY version").await;
    assert_eq!(taken, migration::known_steps());
}

async fn newer(home: Home) {
    home.beside().await.run("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_future', 0)").await.unwrap();
    match home.store.migrate().await {
        Err(Error::Refused(text)) => assert!(text.contains("m29990101_000001_future"), "{text}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(home.store.migration_status().await.unwrap().unknown, ["m29990101_000001_future"]);
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused() {
    newer(home::sqlite().await).await;
    newer(home::postgres().await).await;
}

/// The names of `table`'s columns.
async fn columns(home: &Home, table: &str) -> BTreeSet<String> {
    let sql = match home.store.postgres_pool() {
        None => format!("SELECT name AS v FROM pragma_table_info('{table}')"),
        Some(_) => format!("SELECT column_name::text AS v FROM information_schema.columns WHERE table_name = '{table}'"),
    };
    home.beside().await.texts(&sql).await.into_iter().collect()
}

#[tokio::test]
async fn both_backends_have_the_columns_of_every_entity() {
    use sea_orm::{EntityTrait, Iden, Iterable};
    let (sqlite, postgres) = (home::sqlite().await, home::postgres().await);
    macro_rules! check {
        ($($table:ident),+) => {$(
            let expected: BTreeSet<String> = <entity::$table::Entity as EntityTrait>::Column::iter().map(|column| column.to_string()).collect();
            assert_eq!(columns(&sqlite, stringify!($table)).await, expected);
            assert_eq!(columns(&postgres, stringify!($table)).await, expected);
        )+};
    }
    check!(
        attempt,
        audit_entry,
        bounced_address,
        breach,
        calendar_feed,
        calendar_version,
        clock,
        credential,
        cursor,
        idempotency,
        instance,
        notice,
        person,
        program_version
    );
    check!(
        occurrence,
        outage,
        record,
        reprojection,
        reprojection_move,
        role_holding,
        roster_opening,
        schedule,
        setting,
        source_row,
        source_version,
        task
    );
    check!(substitution, summary, timer, unsubscription, used_link, webhook);
}
