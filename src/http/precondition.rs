//! `ETag` and `If-Match`: the revision of a task that a caller saw.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};

use super::problem::{PRECONDITION_REQUIRED, Problem};

/// No revision is negative: a tag that cannot be ours matches nothing.
const NEVER: i64 = -1;

/// The revision the caller saw, when the request says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub Option<i64>);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut values = request.headers().get_all(header::IF_MATCH);
        ready(match (values.next(), values.next()) {
            (None, _) => Ok(Self(None)),
            (Some(value), None) => value.to_str().map_err(|_| refused()).and_then(parse),
            (Some(_), Some(_)) => Err(refused()),
        })
    }
}

impl IfMatch {
    /// The revision, where the path cannot do without.
    pub fn required(self) -> Result<i64, Problem> {
        self.0.ok_or_else(|| Problem::new(&PRECONDITION_REQUIRED, "send the task's ETag as If-Match, so that no one's draft is lost"))
    }
}

/// The tag of a revision.
pub fn etag(revision: i64) -> String {
    format!("\"{revision}\"")
}

/// `*` matches whatever there is; a weak tag never matches.
fn parse(text: &str) -> Result<IfMatch, Problem> {
    let text = text.trim();
    if text == "*" {
        return Ok(IfMatch(None));
    }
    let (weak, tag) = text.strip_prefix("W/").map_or((false, text), |rest| (true, rest));
    let inside = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|inside| !inside.contains('"'));
    let inside = inside.ok_or_else(refused)?;
    let ours = inside.parse().ok().filter(|revision: &i64| !weak && *revision >= 0);
    Ok(IfMatch(Some(ours.unwrap_or(NEVER))))
}

fn refused() -> Problem {
    Problem::malformed("If-Match must be one ETag in double quotes, as the task's ETag header gives it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tag_as_it_was_given_matches() {
        assert_eq!(parse(&etag(7)).unwrap(), IfMatch(Some(7)));
        assert_eq!(parse("*").unwrap(), IfMatch(None));
        assert_eq!(parse("W/\"7\"").unwrap(), IfMatch(Some(NEVER)));
        assert_eq!(parse("\"x\"").unwrap(), IfMatch(Some(NEVER)));
        for bad in ["7", "", "\"7", "\"1\", \"2\""] {
            assert_eq!(parse(bad).unwrap_err().code(), "malformed", "{bad}");
        }
    }

    #[test]
    fn a_draft_needs_the_tag() {
        assert_eq!(IfMatch(None).required().unwrap_err().code(), "precondition_required");
        assert_eq!(IfMatch(Some(3)).required().unwrap(), 3);
    }
}
