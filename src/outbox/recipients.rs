//! Who is told: the people behind a rung's words at the moment it is read.
//!
//! Guarantee: pure. Only active people with an address are told, each once per fact; where nobody stands above a role,
//! the program's contact does.

use super::mail::display_name;
use crate::domain::definition::{Program, Recipient};
use crate::domain::event::Firing;
use crate::ids::{ProgramId, RoleId, RotaId, Username};
use crate::instant::Instant;
use crate::store::outbox::{People, Person};

/// One addressee of a mail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Addressee {
    /// Username, or the name of the program's contact.
    pub recipient: String,
    pub name: String,
    pub email: String,
    /// Whom they stand in for; none where they are told in their own right.
    pub stands_for: Option<String>,
}

fn active<'a>(people: &'a People, username: &Username) -> Option<&'a Person> {
    people.by_name.get(username).filter(|person| person.active)
}

fn reachable(people: &People, username: &Username) -> Option<Addressee> {
    let person = active(people, username)?;
    let email = person.email.clone()?;
    Some(Addressee { recipient: person.username.0.clone(), name: shown_name(person), email, stands_for: None })
}

/// What somebody is called in a mail: their name without what could break or disguise a line, or else their username.
pub fn shown_name(person: &Person) -> String {
    display_name(&person.name).unwrap_or_else(|| person.username.0.clone())
}

/// Active holders of a role that have an address, by username.
pub fn holders_of(people: &People, program: &ProgramId, role: &RoleId) -> Vec<Addressee> {
    let holders = people.holders.get(&(program.clone(), role.clone()));
    holders.into_iter().flatten().filter_map(|username| reachable(people, username)).collect()
}

/// Whom `who` means for a firing at `at`.
pub fn resolve(who: &Recipient, firing: &Firing, at: Instant, program: &Program, people: &People) -> Vec<Addressee> {
    match who {
        Recipient::Assignee => assignee(firing, program, people),
        Recipient::Manager => holders_or_contact(manager_of(firing.role.as_ref(), program), program, people),
        Recipient::ManagerOfManager => {
            let manager = manager_of(firing.role.as_ref(), program);
            holders_or_contact(manager_of(manager, program), program, people)
        }
        Recipient::Role(role) => holders_of(people, &program.program, role),
        Recipient::Person(username) => reachable(people, username).into_iter().collect(),
        Recipient::OnCall(rota) => on_call(rota, program, people, at),
    }
}

/// Who holds the task; all holders of its role while nobody does, or when who held it can no longer sign in.
fn assignee(firing: &Firing, program: &Program, people: &People) -> Vec<Addressee> {
    if let Some(username) = firing.assignee.as_ref().filter(|username| active(people, username).is_some()) {
        return reachable(people, username).into_iter().collect();
    }
    let role = firing.inbox.as_ref().or(firing.role.as_ref());
    role.map(|role| holders_of(people, &program.program, role)).unwrap_or_default()
}

/// Those who stand in now for somebody who is told.
pub fn substitutes_of(addressee: &Addressee, people: &People) -> Vec<Addressee> {
    let stand_in = people.substitutes.get(addressee.recipient.as_str()).into_iter().flatten();
    let told = stand_in.filter_map(|username| reachable(people, username));
    told.map(|to| Addressee { stands_for: Some(addressee.name.clone()), ..to }).collect()
}

/// Who is on call at `at`; while nobody reachable is, the holders of the role that stands in.
fn on_call(id: &RotaId, program: &Program, people: &People, at: Instant) -> Vec<Addressee> {
    let shifts = people.on_call.get(&(program.program.clone(), id.clone()));
    let now = shifts.into_iter().flatten().filter(|shift| shift.from <= at && at < shift.to);
    let told: Vec<Addressee> = now.filter_map(|shift| reachable(people, &shift.person)).collect();
    match program.rotas.get(id) {
        Some(rota) if told.is_empty() => holders_or_contact(Some(&rota.otherwise), program, people),
        _ => told,
    }
}

fn manager_of<'a>(role: Option<&'a RoleId>, program: &'a Program) -> Option<&'a RoleId> {
    program.roles.get(role?)?.escalates_to.as_ref()
}

fn holders_or_contact(role: Option<&RoleId>, program: &Program, people: &People) -> Vec<Addressee> {
    let holders = role.map(|role| holders_of(people, &program.program, role)).unwrap_or_default();
    if holders.is_empty() { vec![contact(program)] } else { holders }
}

fn contact(program: &Program) -> Addressee {
    Addressee {
        recipient: program.contact.name.clone(),
        name: program.contact.name.clone(),
        email: program.contact.email.clone(),
        stands_for: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ClockId, TaskId};
    use crate::store::outbox::Shift;
    use uuid::Uuid;

    fn program() -> Program {
        serde_json::from_value(serde_json::json!({
            "program": "oxygen", "title": "Oxygen", "version": 1, "time": {"zone": "America/New_York", "calendar": "us_federal"},
            "contact": {"name": "Board office", "email": "board@example.org"},
            "roles": {
                "nurse": {"title": "Nurse", "escalates_to": "lead"},
                "lead": {"title": "Lead", "escalates_to": "chief"},
                "chief": {"title": "Chief", "top": true},
                "clerk": {"title": "Clerk", "escalates_to": "nobody_holds_this"},
                "nobody_holds_this": {"title": "Vacant", "top": true},
            },
            "rotas": {"night": {"title": "Night desk", "source": "desk", "person": "who", "from": "since", "to": "until", "otherwise": "lead"}},
            "workflows": {},
        }))
        .unwrap()
    }

    fn people() -> People {
        let mut people = People::default();
        for (username, role, email, active) in [
            ("ann", "nurse", Some("ann@example.org"), true),
            ("bob", "nurse", Some("bob@example.org"), true),
            ("gone", "nurse", Some("gone@example.org"), false),
            ("silent", "nurse", None, true),
            ("lea", "lead", Some("lea@example.org"), true),
            ("cho", "chief", Some("cho@example.org"), true),
        ] {
            let person = Person { username: username.into(), name: username.to_uppercase(), email: email.map(str::to_owned), active };
            people.by_name.insert(username.into(), person);
            people.holders.entry(("oxygen".into(), role.into())).or_default().insert(username.into());
        }
        let shift =
            |person: &str, from: &str, to: &str| Shift { person: person.into(), from: from.parse().unwrap(), to: to.parse().unwrap() };
        let shifts = vec![
            shift("ann", "2026-01-05T10:00:00Z", "2026-01-05T12:00:00Z"),
            shift("bob", "2026-01-05T12:00:00Z", "2026-01-05T18:00:00Z"),
            shift("gone", "2026-01-06T12:00:00Z", "2026-01-06T18:00:00Z"),
        ];
        people.on_call.insert(("oxygen".into(), "night".into()), shifts);
        people
    }

    const NOW: &str = "2026-01-05T12:00:00Z";

    fn told(who: &str, role: Option<&str>, assignee: Option<&str>) -> Vec<String> {
        let firing = Firing {
            clock: ClockId(Uuid::nil()),
            generation: 0,
            task: TaskId(Uuid::nil()),
            step: "record".into(),
            role: role.map(RoleId::from),
            assignee: assignee.map(Username::from),
            inbox: None,
            due_at: Instant::MIN,
            rung: "breach".to_owned(),
            repetition: 1,
            tell: Vec::new(),
        };
        resolve(&who.parse().unwrap(), &firing, NOW.parse().unwrap(), &program(), &people()).into_iter().map(|to| to.recipient).collect()
    }

    #[test]
    fn an_unclaimed_task_concerns_all_reachable_holders_of_its_role() {
        assert_eq!(told("assignee", Some("nurse"), None), ["ann", "bob"]);
        assert_eq!(told("assignee", Some("nurse"), Some("bob")), ["bob"]);
        assert_eq!(told("assignee", Some("nurse"), Some("gone")), ["ann", "bob"]);
        assert!(told("assignee", Some("nurse"), Some("silent")).is_empty());
        assert_eq!(told("assignee", None, Some("lea")), ["lea"]);
    }

    #[test]
    fn managers_hold_the_role_above_and_the_contact_stands_above_the_top() {
        assert_eq!(told("manager", Some("nurse"), Some("ann")), ["lea"]);
        assert_eq!(told("manager of manager", Some("nurse"), None), ["cho"]);
        assert_eq!(told("manager", Some("chief"), None), ["Board office"]);
        assert_eq!(told("manager of manager", Some("lead"), None), ["Board office"]);
        assert_eq!(told("manager", Some("clerk"), None), ["Board office"]);
        assert_eq!(told("manager", None, Some("ann")), ["Board office"]);
    }

    #[test]
    fn who_is_on_call_is_told_and_the_role_that_stands_in_while_nobody_is() {
        let on_call = |at: &str| on_call(&"night".into(), &program(), &people(), at.parse().unwrap());
        let told = |at: &str| on_call(at).into_iter().map(|to| to.recipient).collect::<Vec<_>>();
        assert_eq!(told("2026-01-05T11:59:59.999Z"), ["ann"]);
        assert_eq!(told("2026-01-05T12:00:00Z"), ["bob"], "a change of shift belongs to the later one");
        assert_eq!(told("2026-01-05T18:00:00Z"), ["lea"]);
        assert_eq!(told("2026-01-06T13:00:00Z"), ["lea"], "who can no longer sign in is not told");
    }

    #[test]
    fn named_roles_and_people_are_told_and_nobody_else() {
        assert_eq!(told("role chief", Some("nurse"), None), ["cho"]);
        assert!(told("role nobody_holds_this", Some("nurse"), None).is_empty());
        assert_eq!(told("person lea", Some("nurse"), None), ["lea"]);
        assert!(told("person gone", Some("nurse"), None).is_empty());
    }
}
