//! Every shipped rehearsal is told to its end as its script says, and in the same bytes on both databases.

use proviso::definitions::embedded;
use proviso::rehearsal::{Place, hold};

use super::support::postgres;

#[tokio::test]
async fn every_rehearsal_tells_the_same_story_on_both_databases() {
    let database = postgres::empty_database().await;
    for (program, _) in embedded::programs() {
        let script = embedded::rehearsal(&program).unwrap_or_else(|| panic!("{program} has no rehearsal"));
        let on_sqlite = hold(&script, None, Place::Folder(std::env::temp_dir())).await.unwrap_or_else(|error| panic!("{program}: {error}"));
        assert_eq!(on_sqlite.unmet(), 0, "{program}:\n{}", on_sqlite.to_text());
        let on_postgres = hold(&script, None, Place::Postgres(database.url())).await.unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(on_sqlite.to_text() == on_postgres.to_text(), "{program} on PostgreSQL:\n{}", on_postgres.to_text());
    }
}
