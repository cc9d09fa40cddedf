//! What a URL or a database that cannot be used is told, and which errors may be tried again.

use proviso::store::{Error, Store};

use super::home;

#[tokio::test]
async fn a_url_of_another_database_is_refused_in_words() {
    for url in ["mysql://localhost/proviso", "proviso.db", "sqlite::memory:"] {
        match Store::connect(url).await {
            Err(Error::Refused(text)) => assert!(text.contains("database"), "{text}"),
            other => panic!("{url}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_may_be_tried_again() {
    let unreachable = "postgres:///proviso?host=/nonexistent-socket-folder&user=proviso";
    match Store::connect(unreachable).await {
        Err(Error::Retryable(_)) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_session_that_was_ended_may_be_tried_again() {
    let home = home::postgres().await;
    let mut transaction = home.store.begin_write().await.unwrap();
    transaction.set_setting("name", "value").await.unwrap();
    let ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    home.beside().await.run(ended).await.unwrap();
    match transaction.set_setting("name", "other").await {
        Err(Error::Retryable(_)) => {}
        other => panic!("{other:?}"),
    }
    drop(transaction);
    home.store.set_setting("name", "again").await.unwrap();
    assert_eq!(home.store.setting("name").await.unwrap().as_deref(), Some("again"));
}

#[tokio::test]
async fn readers_of_sqlite_do_not_wait_for_the_writer() {
    let home = home::sqlite().await;
    home.store.set_setting("name", "before").await.unwrap();
    let mut transaction = home.store.begin_write().await.unwrap();
    transaction.set_setting("name", "after").await.unwrap();
    assert_eq!(home.store.setting("name").await.unwrap().as_deref(), Some("before"));
    transaction.commit().await.unwrap();
    assert_eq!(home.store.setting("name").await.unwrap().as_deref(), Some("after"));
}
