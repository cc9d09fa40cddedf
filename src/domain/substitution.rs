//! Substitutes: for some time one person acts in another's name.
//!
//! Guarantee: pure. Who acts for somebody has that person's roles and none of their own, so they can do no more than either of the two; both
//! names go with what they do, and a duty that bars one of the two bars the act.

use super::command::Principal;
use crate::ids::{SubstitutionId, Username};
use crate::instant::Instant;

/// That somebody stands in for another person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substitution {
    pub id: SubstitutionId,
    /// Who is stood in for.
    pub principal: Username,
    pub substitute: Username,
    pub from: Instant,
    /// The first instant at which it is over.
    pub until: Instant,
    pub made_at: Instant,
    pub made_by: Username,
}

impl Substitution {
    pub fn is_in_force(&self, at: Instant) -> bool {
        self.from <= at && at < self.until
    }
}

/// `substitute` acting in the name of `principal`; none where no substitution is in force at `at`, or one of the two is not active.
pub fn acting(substitute: &Principal, principal: &Principal, substitutions: &[Substitution], at: Instant) -> Option<Principal> {
    let stands_in = substitutions
        .iter()
        .any(|one| one.is_in_force(at) && one.principal.as_str() == principal.username && one.substitute.as_str() == substitute.username);
    (stands_in && substitute.active && principal.active).then(|| Principal {
        username: substitute.username.clone(),
        name: substitute.name.clone(),
        active: true,
        roles: principal.roles.clone(),
        administrator: false,
        auditor: false,
        integrator: false,
        stands_for: Some(Username::from(principal.username.as_str())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn person(username: &str, role: &str, active: bool) -> Principal {
        let roles = [("small".into(), [role.into()].into())].into();
        Principal { username: username.to_owned(), active, roles, administrator: true, ..Principal::default() }
    }

    #[test]
    fn a_substitute_has_the_others_roles_for_the_time_given_and_nothing_of_their_own() {
        let one = Substitution {
            id: SubstitutionId(Uuid::nil()),
            principal: "lea".into(),
            substitute: "sue".into(),
            from: Instant::clamped(1_000),
            until: Instant::clamped(2_000),
            made_at: Instant::clamped(0),
            made_by: "lea".into(),
        };
        let (sue, lea) = (person("sue", "clerk", true), person("lea", "lead", true));
        let at = |millis| acting(&sue, &lea, std::slice::from_ref(&one), Instant::clamped(millis));
        let acts = at(1_000).unwrap();
        assert_eq!((acts.username.as_str(), acts.stands_for.as_ref().map(Username::as_str)), ("sue", Some("lea")));
        assert!(acts.holds(&"small".into(), &"lead".into()) && !acts.holds(&"small".into(), &"clerk".into()) && !acts.administrator);
        assert!(at(999).is_none() && at(2_000).is_none());
        assert!(acting(&lea, &sue, std::slice::from_ref(&one), Instant::clamped(1_500)).is_none(), "not the other way round");
        let gone = person("lea", "lead", false);
        assert!(acting(&sue, &gone, &[one], Instant::clamped(1_500)).is_none());
    }
}
