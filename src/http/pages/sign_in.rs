//! Signing in and out.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::failure::Failure;
use super::layout::{Frame, go_on, page};
use super::local_path::local_path;
use super::visitor::{FORM_LIMIT, Posted, read};
use super::wording::sentence;
use crate::http::Site;
use crate::http::auth::{cookie, is_same_origin, no_cookie};
use crate::http::body::Raw;
use crate::http::problem::{FORBIDDEN, Problem};
use crate::service::{Error, Services, authenticate};

/// People of a sandbox that hold no single role.
const EXTRA_PEOPLE: [(&str, &str); 4] = [
    ("double_hatted", "Holds a recorder’s and an approver’s role"),
    ("administrator", "Publishes programs, sees everything"),
    ("auditor", "Reads everything, changes nothing"),
    ("integrator", "Imports sources, starts instances"),
];

/// Where to go on after signing in.
#[derive(Debug, Default, Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
    #[serde(default)]
    out: String,
}

#[derive(Template)]
#[template(path = "sign_in.html", config = "src/http/pages/templates/askama.toml")]
struct SignInPage {
    frame: Frame,
    next: String,
    username: String,
    wrong: Option<String>,
    is_signed_out: bool,
    /// Program title, and its people: username and role. Empty outside a sandbox.
    people: Vec<(String, Vec<(String, String)>)>,
}

/// Shows the form.
pub async fn show(services: web::Data<Services>, query: web::Query<Next>) -> Result<HttpResponse, Failure> {
    let next = local_path(&query.next).unwrap_or_default().to_owned();
    let shown = form(&services, next, String::new(), None).await?;
    page(StatusCode::OK, &SignInPage { is_signed_out: !query.out.is_empty(), ..shown })
}

/// Checks a password and opens a session. Wrong credentials look the same whoever they are for.
pub async fn open(
    request: HttpRequest,
    services: web::Data<Services>,
    site: web::Data<Site>,
    body: Raw<FORM_LIMIT>,
) -> Result<HttpResponse, Failure> {
    let public_url = site.settings.public_url.as_ref();
    if !is_same_origin(request.headers(), public_url) {
        return Err(Problem::new(&FORBIDDEN, "sign in from this server's own page").into());
    }
    let (sent, _) = read(body)?;
    let username = sent.given("username").unwrap_or_default().to_owned();
    let password = sent.get("password").unwrap_or_default().to_owned();
    let next = sent.get("next").and_then(local_path).unwrap_or("/inbox").to_owned();
    let address = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip());
    let (status, wrong) = match authenticate::sign_in(&services, &site.sign_ins, &username, password, address).await {
        Ok(issued) => {
            let mut response = go_on(&next);
            let added = response.add_cookie(&cookie(issued.token, site.settings.is_https()));
            added.map_err(|error| Error::Internal(format!("the session cookie cannot be set: {error}")))?;
            return Ok(response);
        }
        Err(Error::Unauthenticated) => (StatusCode::UNAUTHORIZED, "Username or password is wrong.".to_owned()),
        Err(error @ Error::TooManyAttempts { .. }) => (StatusCode::TOO_MANY_REQUESTS, sentence(&error.to_string())),
        Err(error) => return Err(error.into()),
    };
    page(status, &form(&services, next, username, Some(wrong)).await?)
}

/// Ends the session.
pub async fn close(services: web::Data<Services>, site: web::Data<Site>, posted: Posted) -> Result<HttpResponse, Failure> {
    authenticate::withdraw(&services, posted.visitor.credential).await?;
    let mut response = go_on("/sign-in?out=1");
    let removed = response.add_cookie(&no_cookie(site.settings.is_https()));
    removed.map_err(|error| Error::Internal(format!("the session cookie cannot be taken away: {error}")))?;
    Ok(response)
}

async fn form(services: &Services, next: String, username: String, wrong: Option<String>) -> Result<SignInPage, Failure> {
    let people = if services.sandbox.is_some() { made_up_people(services).await? } else { Vec::new() };
    Ok(SignInPage { frame: Frame::open(services, "Sign in"), next, username, wrong, is_signed_out: false, people })
}

/// In a sandbox each role has one person, whose username is the role's id.
async fn made_up_people(services: &Services) -> Result<Vec<(String, Vec<(String, String)>)>, Failure> {
    let mut groups = Vec::new();
    for listed in services.programs.list().await? {
        let published = services.programs.get(&listed.program, listed.version).await?;
        let roles = &published.program.roles;
        groups.push((listed.title, roles.iter().map(|(id, role)| (id.to_string(), role.title.clone())).collect()));
    }
    let extra = EXTRA_PEOPLE.iter().map(|(username, words)| ((*username).to_owned(), (*words).to_owned()));
    groups.push(("Everywhere".to_owned(), extra.collect()));
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::super::{looked_at, made_up};
    use super::*;

    fn shown(wrong: Option<&str>, people: Vec<(String, Vec<(String, String)>)>) -> String {
        let username = "\"><b>x".to_owned();
        let wrong = wrong.map(str::to_owned);
        let frame = Frame { who: None, ..made_up::a_frame("Sign in", super::super::layout::Place::Elsewhere) };
        SignInPage { frame, next: "/tasks/1".to_owned(), username, wrong, is_signed_out: false, people }.render().unwrap()
    }

    #[test]
    fn a_sandbox_lists_its_people_and_a_live_server_nobody() {
        let people = vec![("Demo".to_owned(), vec![("nurse".to_owned(), "Nurse".to_owned())])];
        let html = shown(Some("Username or password is wrong."), people);
        looked_at::keep("sign-in", &html);
        looked_at::assert_accessible(&html);
        assert!(
            html.contains("<code>nurse</code>")
                && html.contains("role=\"alert\"")
                && html.contains("Sandbox</strong> – made-up people, moved clock")
        );
        assert!(!html.contains("<b>x"));
        assert!(!shown(None, Vec::new()).contains("<code>sandbox</code>"));
    }
}
