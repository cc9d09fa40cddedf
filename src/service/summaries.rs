//! Who gets daily summaries, and when a program's come.
//!
//! Guarantee: somebody ends or renews their own only, signed in or by the link of a mail to them. Mails about breaches have no such switch.

use super::{Error, Services};
use crate::domain::command::Principal;
use crate::domain::definition::Program;
use crate::domain::summary::next_after;
use crate::ids::Username;
use crate::instant::Instant;
use crate::store::{self, WriteTransaction};

/// Whether somebody gets summaries.
pub async fn wanted(services: &Services, person: &Principal) -> Result<bool, Error> {
    Ok(services.store.gets_summaries(&Username::from(person.username.as_str())).await?)
}

/// Whether somebody gets summaries from now on.
pub async fn want(services: &Services, person: &Principal, wanted: bool) -> Result<(), Error> {
    Ok(services.store.set_summaries(&Username::from(person.username.as_str()), wanted, services.clock.wall()).await?)
}

/// Whose summaries a link ends. `NotFound` where it was not made here.
pub async fn owner_of(services: &Services, token: &str) -> Result<Username, Error> {
    let owner = services.store.link_key(rand::random()).await?.unsubscribed(token).ok_or(Error::NotFound)?;
    services.store.person(&owner).await?.ok_or(Error::NotFound)?;
    Ok(owner)
}

/// Ends somebody's summaries by the link of one. A second time changes nothing.
pub async fn end_by_link(services: &Services, token: &str) -> Result<(), Error> {
    let owner = owner_of(services, token).await?;
    Ok(services.store.set_summaries(&owner, false, services.clock.wall()).await?)
}

/// Lets a program's summaries follow the version that is being published, within its transaction.
pub(super) async fn follow(write: &mut WriteTransaction, program: &Program, at: Instant) -> Result<(), store::Error> {
    write.put_summary(&program.program, program.version, next_after(program, at)).await
}
