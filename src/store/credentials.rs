//! Sessions and API tokens, by the hash of their secret.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use entity::{credential, person, role_holding};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, JoinType, QueryFilter, QueryResult};
use uuid::Uuid;

use super::people::PersonRow;
use super::{Error, Store};
use crate::domain::command::Principal;
use crate::ids::{ProgramId, RoleId, SourceId, Username};
use crate::instant::Instant;

/// Which of the two a credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// Made by signing in; lives for hours.
    Session,
    /// Made for a program that calls the API.
    Token,
}

impl CredentialKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Token => "token",
        }
    }
}

/// The one source a token may import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneSource {
    pub program: ProgramId,
    pub source: SourceId,
}

impl std::fmt::Display for OneSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.program, self.source)
    }
}

impl OneSource {
    /// Reads `program/source`.
    pub fn read(text: &str) -> Option<Self> {
        let (program, source) = text.split_once('/').filter(|(program, source)| !program.is_empty() && !source.is_empty())?;
        Some(Self { program: program.into(), source: source.into() })
    }
}

/// A credential as it is kept: the secret itself is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub id: Uuid,
    pub username: Username,
    pub kind: CredentialKind,
    pub name: String,
    /// Hex of SHA-256 of the secret.
    pub secret_hash: String,
    /// Wall time.
    pub created_at: Instant,
    /// Wall time.
    pub expires_at: Instant,
    /// It may import this source and do nothing else; none: all that the person may.
    pub imports: Option<OneSource>,
    /// In whose name its owner acts with it.
    pub acting_for: Option<Username>,
}

impl Store {
    /// Keeps a new credential and forgets those of the same person that expired before it was made.
    pub async fn add_credential(&self, new: &Credential) -> Result<(), Error> {
        let mut write = self.begin_write().await?;
        credential::Entity::delete_many()
            .filter(credential::Column::Username.eq(new.username.as_str()))
            .filter(credential::Column::ExpiresAt.lt(new.created_at.millis()))
            .exec(write.connection())
            .await?;
        let row = credential::Model {
            id: new.id,
            username: new.username.to_string(),
            kind: new.kind.as_str().to_owned(),
            name: new.name.clone(),
            secret_hash: new.secret_hash.clone(),
            created_at: new.created_at.millis(),
            expires_at: new.expires_at.millis(),
            imports: new.imports.as_ref().map(ToString::to_string),
            acting_for: new.acting_for.as_ref().map(ToString::to_string),
        };
        row.into_active_model().reset_all().insert(write.connection()).await?;
        write.commit().await
    }

    /// Those of the credentials that exist, each with the person it belongs to and the roles they hold now, in one statement.
    pub async fn credentials(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, (Credential, Principal)>, Error> {
        let Some(last) = ids.last() else { return Ok(HashMap::new()) };
        // Few texts, so that each stays prepared: as many ids as the next power of two, the last one repeated.
        let padded = ids.iter().chain(std::iter::repeat(last)).take(ids.len().next_power_of_two()).copied();
        let select = Query::select()
            .columns(columns_of_credential())
            .columns(PersonRow::columns())
            .columns([(role_holding::Entity, role_holding::Column::Program), (role_holding::Entity, role_holding::Column::Role)])
            .from(credential::Entity)
            .join(
                JoinType::InnerJoin,
                person::Entity,
                Expr::col((person::Entity, person::Column::Username)).equals((credential::Entity, credential::Column::Username)),
            )
            .join(
                JoinType::LeftJoin,
                role_holding::Entity,
                Expr::col((role_holding::Entity, role_holding::Column::Username)).equals((person::Entity, person::Column::Username)),
            )
            .and_where(Expr::col((credential::Entity, credential::Column::Id)).is_in(padded))
            .to_owned();
        let mut found: HashMap<Uuid, (Credential, Principal)> = HashMap::new();
        for row in &self.reader().query_all(&select).await? {
            let id: Uuid = row.try_get("", "id")?;
            let (_, principal) = match found.entry(id) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert((credential(row, id)?, PersonRow::read(row)?)),
            };
            let program: Option<String> = row.try_get("", "program")?;
            let role: Option<String> = row.try_get("", "role")?;
            if let (Some(program), Some(role)) = (program, role) {
                principal.roles.entry(ProgramId(program)).or_default().insert(RoleId(role));
            }
        }
        Ok(found)
    }

    /// Withdraws a credential. One that is not there is withdrawn already.
    pub async fn remove_credential(&self, id: Uuid) -> Result<(), Error> {
        let mut write = self.begin_write().await?;
        credential::Entity::delete_by_id(id).exec(write.connection()).await?;
        write.commit().await
    }
}

fn columns_of_credential() -> [(credential::Entity, credential::Column); 8] {
    use credential::Column;
    [
        Column::Id,
        Column::Username,
        Column::Kind,
        Column::SecretHash,
        Column::CreatedAt,
        Column::ExpiresAt,
        Column::Imports,
        Column::ActingFor,
    ]
    .map(|column| (credential::Entity, column))
}

fn credential(row: &QueryResult, id: Uuid) -> Result<Credential, Error> {
    let kind: String = row.try_get("", "kind")?;
    let bad = |why: &str| Error::BadRow { what: "credential", id: id.to_string(), why: why.to_owned() };
    let imports: Option<String> = row.try_get("", "imports")?;
    Ok(Credential {
        id,
        username: Username(row.try_get("", "username")?),
        kind: match kind.as_str() {
            "session" => CredentialKind::Session,
            "token" => CredentialKind::Token,
            _ => return Err(bad("its kind is unknown")),
        },
        name: String::new(),
        secret_hash: row.try_get("", "secret_hash")?,
        created_at: Instant::clamped(row.try_get("", "created_at")?),
        expires_at: Instant::clamped(row.try_get("", "expires_at")?),
        acting_for: row.try_get::<Option<String>>("", "acting_for")?.map(Username),
        imports: match imports {
            None => None,
            // What cannot be read must not open more than it was to.
            Some(text) => Some(OneSource::read(&text).ok_or_else(|| bad("what it may import cannot be read"))?),
        },
    })
}
