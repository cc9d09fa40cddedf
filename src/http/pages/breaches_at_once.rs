//! Acknowledging all breaches of the board that are shown, in one go.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use futures_util::future::join_all;

use super::breaches::{CARDS, Filter, board};
use super::failure::Failure;
use super::layout::{go_on, page};
use super::trouble::{Refused, Trouble, TroubleLine};
use super::visitor::Posted;
use crate::domain::command::{Command, Idempotency};
use crate::http::command;
use crate::ids::BreachId;
use crate::service::{Error, Services};

/// Acknowledges what the form names; each for itself, so that one that cannot be acknowledged stops no other.
pub async fn act(services: web::Data<Services>, posted: Posted) -> Result<HttpResponse, Failure> {
    let named: Result<Vec<BreachId>, _> = posted.sent.all("breach").map(str::parse).collect();
    let breaches = named.map_err(|_| Error::NotFound)?;
    if breaches.is_empty() || breaches.len() > CARDS as usize {
        return Err(Error::Malformed(format!("the form names 1 to {CARDS} breaches")).into());
    }
    let note = posted.sent.given("note");
    let answers = join_all(breaches.iter().enumerate().map(|(row, breach)| {
        let once = posted.once.as_ref().map(|once| Idempotency { key: format!("{}#{row}", once.key), ..once.clone() });
        let command = Command::Acknowledge { breach: *breach, note: note.map(str::to_owned) };
        services.execute(command::envelope(&services, &posted.visitor.person, command, command::Sent::from(once)))
    }));
    let mut lines = Vec::new();
    for (breach, answer) in breaches.iter().zip(answers.await) {
        if let Err(error) = answer {
            let refused = Refused::of(error)?;
            let says = refused.state.or_else(|| refused.violations.first().map(|violation| violation.message.clone()));
            lines.push(TroubleLine { says: says.unwrap_or_default(), href: Some(format!("#b-{breach}")) });
        }
    }
    if lines.is_empty() {
        return Ok(go_on("/breaches?done=all"));
    }
    let heading = format!("{} of {} acknowledged", breaches.len() - lines.len(), breaches.len());
    let shown = board(&services, &posted.visitor, &Filter::default(), Some(Trouble { heading, lines })).await?;
    page(StatusCode::CONFLICT, &shown)
}
