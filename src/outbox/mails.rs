//! The mails an audit entry leads to.
//!
//! Guarantee: pure. A mail is unique per fact, recipient and channel, so telling somebody twice by one rung is one mail.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::Entry;
use super::identity::notice_id;
use super::letter::{Kind, Letter, Receipt, find_step};
use super::recipients::{Addressee, holders_of, resolve, substitutes_of};
use crate::domain::definition::{Channel, Program, Recipient};
use crate::domain::event::{Event, Firing, Tell};
use crate::domain::hold::{Hold, hold};
use crate::ids::{BreachId, RecordId, RoleId, RotaId, StepId, TaskId, Username};
use crate::store::outbox::{NewNotice, People, Way};

/// Whether the entry can lead to a mail at all.
pub fn concerns_people(entry: &Entry) -> bool {
    entry.version > 0
        && entry.events.iter().any(|(_, event)| match event {
            Event::RecordFiled { routes, .. } => !routes.is_empty(),
            other => firing(other).is_some_and(|told| tells_by_email(told.firing)),
        })
}

/// People the entry names by username.
pub fn people_named(entry: &Entry) -> BTreeSet<Username> {
    let firings = entry.events.iter().filter_map(|(_, event)| firing(event)).map(|told| told.firing);
    firings
        .flat_map(|firing| {
            let persons = firing.tell.iter().filter_map(|tell| match &tell.who {
                Recipient::Person(username) => Some(username.clone()),
                Recipient::Assignee | Recipient::Manager | Recipient::ManagerOfManager | Recipient::Role(_) | Recipient::OnCall(_) => None,
            });
            persons.chain(firing.assignee.clone())
        })
        .collect()
}

/// Rotas the entry asks for.
pub fn rotas_asked(entry: &Entry) -> BTreeSet<RotaId> {
    let firings = entry.events.iter().filter_map(|(_, event)| firing(event)).flat_map(|told| &told.firing.tell);
    let rota = |tell: &Tell| match &tell.who {
        Recipient::OnCall(rota) => Some(rota.clone()),
        _ => None,
    };
    firings.filter_map(rota).collect()
}

/// The mails of one entry, in the order of its events.
pub fn of_entry(entry: &Entry, program: &Program, people: &People) -> Vec<NewNotice> {
    let mut notices = Vec::new();
    for (_, event) in &entry.events {
        if let Some(told) = firing(event) {
            of_firing(&told, entry, program, people, &mut notices);
        } else if let Event::RecordFiled { record, task, step, routes, .. } = event {
            let filed = Filed { record: *record, task: *task, step };
            for role in routes {
                of_route(&filed, role, entry, program, people, &mut notices);
            }
        }
    }
    notices
}

struct Told<'a> {
    kind: Kind,
    event: &'static str,
    breach: Option<BreachId>,
    firing: &'a Firing,
}

fn firing(event: &Event) -> Option<Told<'_>> {
    match event {
        Event::ClockWarned { firing } => Some(Told { kind: Kind::Warned, event: "clock.warned", breach: None, firing }),
        Event::ClockBreached { breach, firing } => {
            Some(Told { kind: Kind::Breached, event: "clock.breached", breach: Some(*breach), firing })
        }
        Event::ClockEscalated { breach, firing } => {
            Some(Told { kind: Kind::Escalated, event: "clock.escalated", breach: Some(*breach), firing })
        }
        _ => None,
    }
}

fn tells_by_email(firing: &Firing) -> bool {
    firing.tell.iter().any(|tell| tell.by.contains(&Channel::Email))
}

fn of_firing(told: &Told<'_>, entry: &Entry, program: &Program, people: &People, notices: &mut Vec<NewNotice>) {
    let firing = told.firing;
    let fact = format!("{}/{}/{}/{}", firing.clock, firing.generation, firing.rung, firing.repetition);
    let ladder = find_step(program, entry, &firing.step).and_then(|step| step.ladder.as_ref());
    let hold = hold(program, ladder, entry.at);
    let by_email = firing.tell.iter().filter(|tell| tell.by.contains(&Channel::Email));
    let mut addressees: BTreeMap<String, Addressee> = by_email
        .flat_map(|tell| resolve(&tell.who, firing, entry.at, program, people))
        .map(|addressee| (addressee.recipient.clone(), addressee))
        .collect();
    let standing_in: Vec<Addressee> = addressees.values().flat_map(|addressee| substitutes_of(addressee, people)).collect();
    for addressee in standing_in {
        // Who is told in their own right is told once.
        addressees.entry(addressee.recipient.clone()).or_insert(addressee);
    }
    for addressee in addressees.into_values() {
        // Whoever cannot sign in, as the program's contact, cannot answer either.
        let may_answer =
            told.breach.is_some() && people.by_name.contains_key(addressee.recipient.as_str()) && addressee.stands_for.is_none();
        let stands_for = addressee.stands_for.clone();
        let letter = Letter { may_answer, stands_for, ..Letter::of_firing(told.kind, &addressee.name, entry, firing, program) };
        let about = About { event: told.event, task: firing.task, breach: told.breach, rung: Some(firing.rung.clone()), hold };
        notices.push(notice(&fact, addressee, &letter, about, entry));
    }
}

struct Filed<'a> {
    record: RecordId,
    task: TaskId,
    step: &'a StepId,
}

fn of_route(filed: &Filed<'_>, role: &RoleId, entry: &Entry, program: &Program, people: &People, notices: &mut Vec<NewNotice>) {
    let fact = format!("{}/route/{role}", filed.record);
    let receipt = receipt_of(filed, role, entry, program);
    for addressee in holders_of(people, &program.program, role) {
        let letter = match receipt {
            Some(receipt) => Letter::of_receipt(&addressee.name, entry, receipt, program),
            None => Letter::of_record(&addressee.name, entry, filed.task, filed.step, program),
        };
        let about = About { event: "record.filed", task: letter.task, breach: None, rung: None, hold: None };
        notices.push(notice(&fact, addressee, &letter, about, entry));
    }
}

/// The task in which the role confirms that the record has arrived; it opened with the completion.
fn receipt_of<'a>(filed: &Filed<'_>, role: &RoleId, entry: &'a Entry, program: &Program) -> Option<Receipt<'a>> {
    let routes = find_step(program, entry, filed.step)?.routes.as_ref()?;
    entry.events.iter().find_map(|(_, event)| match event {
        Event::TaskOpened { task, step, role: Some(of), due_at, .. }
            if of == role && routes.receipts.iter().any(|receipt| receipt == step) =>
        {
            Some(Receipt { task: *task, step, due_at: *due_at })
        }
        _ => None,
    })
}

struct About {
    event: &'static str,
    task: TaskId,
    breach: Option<BreachId>,
    rung: Option<String>,
    hold: Option<Hold>,
}

fn notice(fact: &str, to: Addressee, letter: &Letter, about: About, entry: &Entry) -> NewNotice {
    NewNotice {
        id: notice_id(entry.at, fact, &to.recipient, Way::Email.as_str()),
        way: Way::Email,
        fact: fact.to_owned(),
        recipient: to.recipient,
        address: to.email,
        webhook: None,
        sequence: None,
        event: about.event.to_owned(),
        program: entry.program.clone(),
        instance: entry.instance,
        task: Some(about.task),
        breach: about.breach,
        rung: about.rung,
        // A struct of texts and numbers always serializes.
        body: serde_json::to_string(letter).unwrap_or_default(),
        hold: about.hold,
    }
}
