//! Parts of a list, by the cursor in a page's address.

use crate::http::page::PageRequest;
use crate::http::problem::Problem;

/// The part of a list that begins at `cursor`; an empty one is the first.
pub fn part(limit: u32, cursor: &str) -> Result<PageRequest, Problem> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    PageRequest::parse(&query.append_pair("limit", &limit.to_string()).append_pair("cursor", cursor).finish())
}
