//! Addresses that mails come back from: told to operators, and to the person whose address it is.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Error, Services};
use crate::domain::command::Principal;
use crate::ids::{RoleId, Username};
use crate::instant::Instant;

/// An address to which nothing can be delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BounceView {
    pub address: String,
    /// Usernames of those who have it; none for a program's contact.
    #[schema(value_type = Vec<String>)]
    pub people: Vec<Username>,
    /// The first mail that was returned, and the last one.
    pub since: Instant,
    pub last_at: Instant,
    /// What the mail server answered.
    pub status: u16,
}

/// Every such address, for administrators and auditors.
pub async fn list(services: &Services, person: &Principal) -> Result<Vec<BounceView>, Error> {
    if !person.active || !(person.administrator || person.auditor) {
        return Err(Error::RoleRequired(RoleId::from("administrator")));
    }
    let shown = services.store.bounced_addresses().await?.into_iter().map(|found| BounceView {
        address: found.address,
        people: found.people,
        since: found.since,
        last_at: found.last_at,
        status: found.status,
    });
    Ok(shown.collect())
}

/// Since when mails to somebody come back; none where they do not.
pub async fn since(services: &Services, person: &Principal) -> Result<Option<Instant>, Error> {
    Ok(services.store.bounced_since(&Username::from(person.username.as_str())).await?)
}
