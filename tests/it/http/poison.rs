//! A timer that cannot be fired holds up no other, is given up after five tries, and fires when its cause is mended.

use proviso::store::Store;
use sea_orm::{ConnectionTrait, Database};

use super::episodes::{Episode, RECORDER, SAMPLES};
use super::on_both;
use crate::support::server::Sandbox;

on_both!(a_timer_that_cannot_be_fired_is_passed_over);

async fn a_timer_that_cannot_be_fired_is_passed_over(sandbox: &Sandbox) {
    let poisoned = Episode::start(sandbox, RECORDER, SAMPLES[0]).await;
    let healthy = Episode::start(sandbox, RECORDER, SAMPLES[1]).await;
    let beside = Database::connect(sandbox.database_url()).await.unwrap();
    let damage = |state: &str| format!("UPDATE instance SET document = {state} WHERE one_per = '{}'", SAMPLES[0].id);
    assert_eq!(beside.execute_unprepared(&damage("'!' || document")).await.unwrap().rows_affected(), 1);
    sandbox.advance("PT3H").await;

    let store = Store::connect(&sandbox.database_url()).await.unwrap();
    let troubles = store.troubles(10).await.unwrap();
    assert_eq!(troubles.len(), 1, "{troubles:?}");
    assert_eq!((troubles[0].instance.to_string(), troubles[0].tries, troubles[0].retry_at), (poisoned.id.clone(), 5, None));
    assert!(troubles[0].why.contains("cannot be read"), "{troubles:?}");
    let board = sandbox.api.all("auditor", "/breaches").await;
    let breached: Vec<&str> = board.iter().filter_map(|breach| breach["instance_id"].as_str()).collect();
    assert!(breached.contains(&healthy.id.as_str()) && !breached.contains(&poisoned.id.as_str()), "{board:?}");

    assert_eq!(beside.execute_unprepared(&damage("substr(document, 2)")).await.unwrap().rows_affected(), 1);
    assert!(store.release_timer(troubles[0].timer).await.unwrap());
    sandbox.advance("PT1M").await;
    assert_eq!(store.troubles(10).await.unwrap(), []);
    let board = sandbox.api.all("auditor", "/breaches").await;
    let late = board.iter().find(|breach| breach["instance_id"] == poisoned.id).expect("its breach is told late");
    assert!(late["due_at"].as_str() < late["detected_at"].as_str(), "{late}");
    store.close().await.unwrap();
}
