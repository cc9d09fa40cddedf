//! Schemas of their own on PostgreSQL, for what must not touch anything else in the database.

use sea_orm::ConnectionTrait;

use super::{Error, Store};

impl Store {
    /// Makes an empty schema. Its name is of lower case letters, digits and `_`.
    pub async fn create_schema(&self, name: &str) -> Result<(), Error> {
        self.writer.execute_unprepared(&format!("CREATE SCHEMA {}", checked(name)?)).await?;
        Ok(())
    }

    /// Drops a schema with all that is in it.
    pub async fn drop_schema(&self, name: &str) -> Result<(), Error> {
        self.writer.execute_unprepared(&format!("DROP SCHEMA IF EXISTS {} CASCADE", checked(name)?)).await?;
        Ok(())
    }
}

/// A name that cannot be anything but a name.
fn checked(name: &str) -> Result<&str, Error> {
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if plain { Ok(name) } else { Err(Error::Refused("the name of a schema has lower case letters, digits and _ only".to_owned())) }
}
