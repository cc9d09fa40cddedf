//! Brings an empty database to the present schema.

use proviso::store::{Error, Store};

/// Runs every migration on the database at `url`.
pub async fn migrate(url: &str) -> Result<(), Error> {
    let store = Store::connect(url).await?;
    store.migrate().await?;
    store.close().await
}
