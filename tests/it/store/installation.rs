//! What an installation remembers about itself.

use proviso::store::{Error, InstallationKind};

use super::home::Home;
use super::samples::at;

on_both!(a_setting_is_written_and_overwritten, neither_kind_starts_on_the_others_database, the_high_water_mark_only_rises);

async fn a_setting_is_written_and_overwritten(home: Home) {
    assert_eq!(home.store.setting("clock_offset").await.unwrap(), None);
    home.store.set_setting("clock_offset", "1").await.unwrap();
    home.store.set_setting("clock_offset", "2").await.unwrap();
    assert_eq!(home.store.setting("clock_offset").await.unwrap().as_deref(), Some("2"));
}

async fn neither_kind_starts_on_the_others_database(home: Home) {
    assert_eq!(home.store.installation_kind().await.unwrap(), None);
    home.store.claim_installation(InstallationKind::Sandbox).await.unwrap();
    home.store.claim_installation(InstallationKind::Sandbox).await.unwrap();
    match home.store.claim_installation(InstallationKind::Live).await {
        Err(Error::Refused(text)) => assert!(text.contains("sandbox"), "{text}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(home.store.installation_kind().await.unwrap(), Some(InstallationKind::Sandbox));
}

async fn the_high_water_mark_only_rises(home: Home) {
    assert_eq!(home.store.high_water().await.unwrap(), None);
    for (raise, expected) in [(500, 500), (200, 500), (900, 900)] {
        let mut transaction = home.store.begin_write().await.unwrap();
        transaction.raise_high_water(at(raise)).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(home.store.high_water().await.unwrap(), Some(at(expected)));
    }
}
