//! Computing a closed month anew: as it stood when it was closed, which must give the same bytes, and as it stands now,
//! which tells what has to be adjusted.

use serde_json::{Value as Json, json};

use super::{Counted, closed, compute, locked_texts, named, views};
use crate::domain::audit::sha256_hex;
use crate::domain::command::Principal;
use crate::domain::month::book::{Book, Computed};
use crate::domain::month::diff::{Diff, diff};
use crate::domain::month::roster::{self, Row};
use crate::ids::ProgramId;
use crate::service::aside::aside;
use crate::service::{Error, Services};

/// What was locked: as its hashes say, and as it is stored.
struct Locked {
    book: Book,
    rows: Vec<Row>,
    sha256: String,
    stored_sha256: String,
    stored_roster_sha256: String,
}

/// Rebuilds a closed month from the records and sources of that instant. `same` is true where locked, stored and rebuilt
/// have the same hashes; where they have not, `diff` tells what differs.
pub async fn rebuild(services: &Services, who: &Principal, program: &ProgramId, month: &str) -> Result<Json, Error> {
    let (counted, locked, rebuilt) = both(services, who, program, month, true).await?;
    let same = locked.sha256 == rebuilt.sha256
        && locked.stored_sha256 == locked.sha256
        && locked.book.roster_sha256 == rebuilt.book.roster_sha256
        && locked.stored_roster_sha256 == locked.book.roster_sha256;
    let found = if same { None } else { Some(difference(&locked, &rebuilt)) };
    let viewer = views::Viewer::of(&counted.published, who, services.clock.now());
    Ok(json!({
        "program": program,
        "month": rebuilt.book.month,
        "as_of": rebuilt.book.as_of,
        "version": rebuilt.book.version,
        "same": same,
        "locked": { "sha256": locked.sha256, "roster_sha256": locked.book.roster_sha256 },
        "stored": { "sha256": locked.stored_sha256, "roster_sha256": locked.stored_roster_sha256 },
        "rebuilt": { "sha256": rebuilt.sha256, "roster_sha256": rebuilt.book.roster_sha256 },
        "diff": found.map(|found| viewer.diff(&found)),
    }))
}

/// What has come since a month was closed and touches it: the difference to the month as it stands now.
pub async fn adjustments(services: &Services, who: &Principal, program: &ProgramId, month: &str) -> Result<Json, Error> {
    let (counted, locked, current) = both(services, who, program, month, false).await?;
    let found = difference(&locked, &current);
    let viewer = views::Viewer::of(&counted.published, who, services.clock.now());
    Ok(json!({
        "program": program,
        "month": locked.book.month,
        "closed_as_of": locked.book.as_of,
        "as_of": current.book.as_of,
        "sha256": locked.sha256,
        "adjusted": !found.is_empty(),
        "diff": viewer.diff(&found),
    }))
}

async fn both(
    services: &Services,
    who: &Principal,
    program: &ProgramId,
    month: &str,
    as_closed: bool,
) -> Result<(Counted, Locked, Computed), Error> {
    let counted = Counted::of(services, who, program).await?;
    let month = named(month)?;
    let (_, closed) = closed(services, program, month).await?;
    let book = views::book(&closed.document)?;
    let published = services.programs.get(program, closed.version).await?;
    let as_of = if as_closed { book.as_of } else { services.clock.now() };
    let computed = compute::compute(services, &published, month, as_of).await?;
    let texts = locked_texts(services, program, month).await?;
    let stored_sha256 = sha256_hex(closed.document.as_bytes());
    let locked = aside(move || {
        let rows: Vec<Row> = texts.iter().map(|text| views::row(text)).collect::<Result<_, _>>()?;
        let stored_roster_sha256 = roster::hash_of(&texts);
        Ok(Locked { book, rows, sha256: closed.sha256, stored_sha256, stored_roster_sha256 })
    });
    Ok((counted, locked.await?, computed))
}

fn difference(locked: &Locked, other: &Computed) -> Diff {
    diff((&locked.rows, &locked.book.figures), (&other.rows, &other.book.figures))
}
