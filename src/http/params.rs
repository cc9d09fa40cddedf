//! Query parameters: strict about names and values, and refused as problem documents.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The query of a request as `T`, which names every parameter its path takes, `limit` and `cursor` of a list included.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Params<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::parse(request.query_string()))
    }
}

impl<T: DeserializeOwned> Params<T> {
    fn parse(query: &str) -> Result<Self, Problem> {
        let read = web::Query::<T>::from_query(query);
        read.map(|found| Self(found.into_inner())).map_err(|error| Problem::malformed(format!("the query cannot be read: {error}")))
    }
}

/// Reads a parameter that is a word out of a list; none where it is left out or empty. `name` is told with an error.
pub fn word<T: DeserializeOwned>(name: &str, text: Option<&str>) -> Result<Option<T>, Problem> {
    let Some(text) = given(text) else { return Ok(None) };
    let read = T::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text));
    read.map(Some).map_err(|error| Problem::malformed(format!("{name}: {error}")))
}

/// A parameter that was sent and is not empty.
pub fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// Whether a command is only tried out.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DryRun {
    /// `true` answers what is missing and changes nothing.
    #[serde(default)]
    pub dry_run: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instance::TaskState;

    #[test]
    fn unknown_doubled_and_ill_typed_parameters_are_refused() {
        assert!(Params::<DryRun>::parse("dry_run=true").unwrap().0.dry_run);
        for bad in ["dry=true", "dry_run=1", "dry_run=true&dry_run=false"] {
            assert_eq!(Params::<DryRun>::parse(bad).unwrap_err().code(), "malformed", "{bad}");
        }
    }

    #[test]
    fn a_word_outside_the_list_is_refused() {
        assert_eq!(word::<TaskState>("state", Some("open")).unwrap(), Some(TaskState::Open));
        assert_eq!(word::<TaskState>("state", Some("")).unwrap(), None);
        assert_eq!(word::<TaskState>("state", Some("opened")).unwrap_err().code(), "malformed");
    }
}
