//! Sessions and API tokens, by the hash of their secret.

use entity::{credential, person, role_holding};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, JoinType, QueryFilter};
use uuid::Uuid;

use super::people::PersonRow;
use super::{Error, Store};
use crate::domain::command::Principal;
use crate::ids::{ProgramId, RoleId, Username};
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
            acting_for: new.acting_for.as_ref().map(ToString::to_string),
        };
        row.into_active_model().reset_all().insert(write.connection()).await?;
        write.commit().await
    }

    /// A credential and the person it belongs to with the roles they hold now, in one statement.
    pub async fn credential(&self, id: Uuid) -> Result<Option<(Credential, Principal)>, Error> {
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
            .and_where(Expr::col((credential::Entity, credential::Column::Id)).eq(id))
            .to_owned();
        let rows = self.reader().query_all(&select).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let kind: String = first.try_get("", "kind")?;
        let found = Credential {
            id,
            username: Username(first.try_get("", "username")?),
            kind: match kind.as_str() {
                "session" => CredentialKind::Session,
                "token" => CredentialKind::Token,
                _ => return Err(Error::BadRow { what: "credential", id: id.to_string(), why: "its kind is unknown".to_owned() }),
            },
            name: String::new(),
            secret_hash: first.try_get("", "secret_hash")?,
            created_at: Instant::clamped(first.try_get("", "created_at")?),
            expires_at: Instant::clamped(first.try_get("", "expires_at")?),
            acting_for: first.try_get::<Option<String>>("", "acting_for")?.map(Username),
        };
        let mut principal = PersonRow::read(first)?;
        for row in &rows {
            let program: Option<String> = row.try_get("", "program")?;
            let role: Option<String> = row.try_get("", "role")?;
            if let (Some(program), Some(role)) = (program, role) {
                principal.roles.entry(ProgramId(program)).or_default().insert(RoleId(role));
            }
        }
        Ok(Some((found, principal)))
    }

    /// Withdraws a credential. One that is not there is withdrawn already.
    pub async fn remove_credential(&self, id: Uuid) -> Result<(), Error> {
        let mut write = self.begin_write().await?;
        credential::Entity::delete_by_id(id).exec(write.connection()).await?;
        write.commit().await
    }
}

fn columns_of_credential() -> [(credential::Entity, credential::Column); 6] {
    use credential::Column;
    [Column::Username, Column::Kind, Column::SecretHash, Column::CreatedAt, Column::ExpiresAt, Column::ActingFor]
        .map(|column| (credential::Entity, column))
}
