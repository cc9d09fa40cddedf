//! Substitutes: who stands in for whom, and acting in another's name.
//!
//! Guarantee: somebody names their own substitutes, and an administrator those of others, but nobody makes themselves one; nobody does so
//! while acting for another. It is noted in every program the person stood in for takes part in. Whether a substitution is in force is
//! judged again with each request and within each transaction.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::program_entry::ProgramEntry;
use super::{Error, Services};
use crate::domain::command::Principal;
use crate::domain::event::Event;
use crate::domain::rejection::{Rejection, Violation, ViolationKind};
use crate::domain::substitution::{Substitution, acting};
use crate::ids::{CommandId, ProgramId, SubstitutionId, Username};
use crate::instant::Instant;

/// The longest time one may stand in for another, in milliseconds.
const LONGEST: i64 = 366 * 24 * 3_600_000;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSubstitution {
    /// Who is stood in for; oneself unless given.
    pub principal: Option<Username>,
    pub substitute: Username,
    /// From now on unless given.
    pub from: Option<Instant>,
    pub until: Instant,
}

/// One substitution as it is shown. All instants are business time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SubstitutionView {
    pub id: SubstitutionId,
    /// Who is stood in for.
    pub principal: Username,
    pub substitute: Username,
    pub from: Instant,
    /// The first instant at which it is over.
    pub until: Instant,
    pub in_force: bool,
    pub made_by: Username,
}

/// The substitutions somebody is part of, the latest first.
pub async fn list(services: &Services, who: &Principal) -> Result<Vec<SubstitutionView>, Error> {
    let now = services.clock.now();
    let all = services.store.substitutions_of(&name_of(who)).await?;
    Ok(all.into_iter().map(|one| view(one, now)).collect())
}

/// Names a substitute.
pub async fn create(services: &Services, who: &Principal, new: NewSubstitution) -> Result<SubstitutionView, Error> {
    in_own_name(who)?;
    let (now, by) = (services.clock.now(), name_of(who));
    let principal = new.principal.unwrap_or_else(|| by.clone());
    if principal != by && !who.administrator {
        return Err(Error::Forbidden("only an administrator names substitutes of other people".to_owned()));
    }
    let from = new.from.unwrap_or(now).max(now);
    let mut faults = Vec::new();
    let mut fault = |id: &str, message: String| faults.push(Violation::new(ViolationKind::Field, id, message));
    if new.substitute == principal {
        fault("substitute", "nobody stands in for themselves; name another person".to_owned());
    } else if principal != by && new.substitute == by {
        fault("substitute", "name another person than yourself".to_owned());
    }
    for (field, name) in [("substitute", &new.substitute), ("principal", &principal)] {
        if services.store.person(name).await?.is_none_or(|(person, _)| !person.active) {
            fault(field, format!("there is nobody \"{name}\" who can sign in"));
        }
    }
    if new.until <= from {
        fault("until", "must be later than the beginning, and than now".to_owned());
    } else if new.until.millis_since(from) > LONGEST {
        fault("until", "must be at most 366 days after the beginning".to_owned());
    }
    if !faults.is_empty() {
        return Err(Rejection::Violations(faults).into());
    }
    let command = services.ids.command_id(now);
    let made = Substitution {
        id: SubstitutionId(command.0),
        principal,
        substitute: new.substitute,
        from,
        until: new.until,
        made_at: now,
        made_by: by,
    };
    let told = Event::SubstitutionMade { principal: made.principal.clone(), substitute: made.substitute.clone(), from, until: made.until };
    let mut write = services.store.begin_write().await?;
    write.add_substitution(&made).await?;
    note(services, &mut write, &made, who, command, told).await?;
    write.commit().await?;
    services.wake.all();
    Ok(view(made, now))
}

/// Ends a substitution now. Either of the two may, and an administrator.
pub async fn end(services: &Services, who: &Principal, id: SubstitutionId) -> Result<(), Error> {
    in_own_name(who)?;
    let found = services.store.substitution(id).await?.ok_or(Error::NotFound)?;
    let by = name_of(who);
    if found.principal != by && found.substitute != by && !who.administrator {
        return Err(Error::NotFound);
    }
    let now = services.clock.now();
    let mut write = services.store.begin_write().await?;
    if !write.end_substitution(id, now).await? {
        write.rollback().await?;
        return Err(Error::State { code: "wrong_state", message: "this is over already".to_owned() });
    }
    let told = Event::SubstitutionEnded { principal: found.principal.clone(), substitute: found.substitute.clone() };
    note(services, &mut write, &found, who, services.ids.command_id(now), told).await?;
    write.commit().await?;
    services.wake.all();
    Ok(())
}

/// Acts in another's name from now on with this credential, or in one's own again.
pub async fn act_for(services: &Services, who: &Principal, credential: Uuid, principal: Option<&Username>) -> Result<(), Error> {
    if let Some(principal) = principal {
        let (own, _) = services.store.person(&name_of(who)).await?.ok_or(Error::Unauthenticated)?;
        if stand_in(services, &own, principal).await?.is_none() {
            return Err(Error::Forbidden(format!("you do not stand in for {principal} now")));
        }
    }
    Ok(services.store.set_acting_for(credential, principal).await?)
}

/// `person` acting in the name of `principal`; none where they do not stand in for them now.
pub async fn stand_in(services: &Services, person: &Principal, principal: &Username) -> Result<Option<Principal>, Error> {
    let Some((other, _)) = services.store.person(principal).await? else { return Ok(None) };
    let all = services.store.substitutions_of(&name_of(person)).await?;
    Ok(acting(person, &other, &all, services.clock.now()))
}

/// Writes it into the stream of each program the person stood in for takes part in, in the order of their names.
async fn note(
    services: &Services,
    write: &mut crate::store::WriteTransaction,
    about: &Substitution,
    who: &Principal,
    command: CommandId,
    told: Event,
) -> Result<(), Error> {
    let Some((principal, _)) = services.store.person(&about.principal).await? else { return Ok(()) };
    let programs: Vec<&ProgramId> = principal.roles.keys().collect();
    for program in programs {
        let version = match services.programs.latest(program).await {
            Ok(published) => published.program.version,
            Err(Error::NotFound) => continue,
            Err(error) => return Err(error),
        };
        let entry = ProgramEntry::of(program, version, &name_of(who), (command, services.clock.now()), told.clone());
        entry.append(write).await?;
    }
    Ok(())
}

fn in_own_name(who: &Principal) -> Result<(), Error> {
    match &who.stands_for {
        None => Ok(()),
        Some(principal) => Err(Error::Forbidden(format!("you act for {principal}; act in your own name to change who stands in for whom"))),
    }
}

fn view(one: Substitution, now: Instant) -> SubstitutionView {
    let in_force = one.is_in_force(now);
    let Substitution { id, principal, substitute, from, until, made_at: _, made_by } = one;
    SubstitutionView { id, principal, substitute, from, until, in_force, made_by }
}

fn name_of(person: &Principal) -> Username {
    Username::from(person.username.as_str())
}
