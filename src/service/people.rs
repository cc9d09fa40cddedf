//! People: adding them, and what they see of themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::authenticate::{MAX_PASSWORD, hash_password};
use super::{Error, Services};
use crate::domain::command::Principal;
use crate::domain::rejection::{Rejection, Violation, ViolationKind};
use crate::ids::{ProgramId, RoleId, Username};
use crate::store;
use crate::store::people::{NewPerson, TaskCounts};

const MAX_NAME: usize = 200;
const MAX_EMAIL: usize = 254;
const MIN_PASSWORD: usize = 8;

/// Somebody to be added, as it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    pub username: String,
    pub name: String,
    /// None: gets no notices.
    pub email: Option<String>,
    pub administrator: bool,
    pub auditor: bool,
    pub integrator: bool,
    pub roles: BTreeMap<ProgramId, BTreeSet<RoleId>>,
}

/// Adds somebody with a password. All that is wrong is told at once; a username that exists is `wrong_state`.
pub async fn create(services: &Services, person: Person, password: String) -> Result<Username, Error> {
    let mut faults = faults_of(&person);
    let length = password.chars().count();
    if !(MIN_PASSWORD..=MAX_PASSWORD).contains(&length) {
        faults.push(fault("password", format!("a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters")));
    }
    if !faults.is_empty() {
        return Err(Rejection::Violations(faults).into());
    }
    let hash = hash_password(password).await?;
    let new = new_person(services, person, &hash)?;
    let username = new.username.clone();
    match services.store.add_people(&[new], false).await {
        Err(store::Error::Duplicate { .. }) => {
            Err(Error::State { code: "wrong_state", message: format!("there is a person \"{username}\" already") })
        }
        other => other.map(|()| username).map_err(Error::from),
    }
}

/// Adds people who share one password hash, in one transaction. Those who exist stay as they are.
pub async fn create_many(services: &Services, people: Vec<Person>, password_hash: &str) -> Result<(), Error> {
    let faults: Vec<_> = people.iter().flat_map(faults_of).collect();
    if !faults.is_empty() {
        return Err(Rejection::Violations(faults).into());
    }
    let people = people.into_iter().map(|person| new_person(services, person, password_hash)).collect::<Result<Vec<_>, _>>()?;
    Ok(services.store.add_people(&people, true).await?)
}

/// Open and overdue tasks of somebody, in business time.
pub async fn task_counts(services: &Services, who: &Principal) -> Result<TaskCounts, Error> {
    Ok(services.store.task_counts(who, services.clock.now()).await?)
}

/// A username as it is kept: lower case, of ASCII letters, digits, `_`, `.` and `-`. Other scripts are refused, so that no
/// two people look alike.
pub fn normal_username(text: &str) -> Result<Username, String> {
    let lower = text.to_ascii_lowercase();
    let allowed = lower.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.' | b'-'));
    if allowed && (1..=64).contains(&lower.len()) {
        Ok(Username(lower))
    } else {
        Err("a username has 1 to 64 of the characters a-z, 0-9, _, . and -".to_owned())
    }
}

fn new_person(services: &Services, person: Person, password_hash: &str) -> Result<NewPerson, Error> {
    Ok(NewPerson {
        username: normal_username(&person.username).map_err(Error::Malformed)?,
        name: person.name.trim().to_owned(),
        email: person.email,
        password_hash: password_hash.to_owned(),
        administrator: person.administrator,
        auditor: person.auditor,
        integrator: person.integrator,
        roles: person.roles,
        created_at: services.clock.now(),
    })
}

fn faults_of(person: &Person) -> Vec<Violation> {
    let mut faults = Vec::new();
    if let Err(message) = normal_username(&person.username) {
        faults.push(fault("username", message));
    }
    let length = person.name.trim().chars().count();
    if !(1..=MAX_NAME).contains(&length) || person.name.chars().any(is_hidden) {
        faults.push(fault("name", format!("a name has 1 to {MAX_NAME} visible characters")));
    }
    if person.email.as_deref().is_some_and(|email| !is_email(email)) {
        faults.push(fault("email", "write one plain address, for example ada@example.org".to_owned()));
    }
    faults
}

fn fault(field: &str, message: String) -> Violation {
    Violation::new(ViolationKind::Field, field, message)
}

/// Controls, and characters that change direction or take no room: names must look like what they are.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// One bare ASCII address that no mail program could take for an option, a list or a header.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let local_part = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= MAX_EMAIL
        && (1..=64).contains(&local.len())
        && local.bytes().all(local_part)
        && !local.starts_with(['-', '.'])
        && !local.ends_with('.')
        && !local.contains("..")
        && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_one_spelling() {
        assert_eq!(normal_username("Ada.L-1_x").unwrap().as_str(), "ada.l-1_x");
        for bad in ["", "a b", "ädä", "\u{ff41}da", "a\0", &"a".repeat(65)] {
            assert!(normal_username(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn addresses_that_could_be_taken_for_something_else_are_refused() {
        assert!(is_email("ada.l+x@mail.example.org"));
        assert!(is_email("administrator@sandbox.invalid"));
        let long = format!("a@{}.org", "x.".repeat(160));
        for bad in
            ["a@b\r\nBcc:x", "a@b, c@d", "-oX@b.org", "a", "a@", "@b.org", "a@b..org", "a..b@c.org", "ä@b.org", "a@bü.org", "a@b@c", &long]
        {
            assert!(!is_email(bad), "{bad:?}");
        }
    }

    #[test]
    fn everything_wrong_with_a_person_is_told_at_once() {
        let person = Person { username: "Ä".to_owned(), name: " \u{202e} ".to_owned(), email: Some("x".to_owned()), ..Person::default() };
        let fields: Vec<_> = faults_of(&person).into_iter().map(|fault| fault.id).collect();
        assert_eq!(fields, ["username", "name", "email"]);
    }
}
