//! Cursor pagination: `?limit=&cursor=` in, `{items, next_cursor}` out.
//!
//! Guarantee: a page never holds more than 200 items; a cursor belongs to one list, and an altered one is refused. A
//! cursor only says where to go on: what a list shows is decided anew for each page.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::problem::Problem;
use crate::service::queries::Part;

/// Items of a page unless the request says otherwise.
pub const DEFAULT_LIMIT: u32 = 50;
/// Most items of a page.
pub const MAX_LIMIT: u32 = 200;

const CHECK_BYTES: usize = 6;

/// Which part of a list is asked for; read from `limit` and `cursor` of the query. Other parameters are left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    pub limit: u32,
    cursor: Option<String>,
}

impl PageRequest {
    /// Reads both parameters out of a query string.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let mut request = Self { limit: DEFAULT_LIMIT, cursor: None };
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "limit" => {
                    request.limit = value
                        .parse()
                        .ok()
                        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                        .ok_or_else(|| Problem::malformed(format!("limit must be a whole number from 1 to {MAX_LIMIT}")))?;
                }
                "cursor" if !value.is_empty() => request.cursor = Some(value.into_owned()),
                _ => {}
            }
        }
        Ok(request)
    }

    /// The key the page starts after, none for the first page. `list` names the list the cursor must come from.
    pub fn after<K: DeserializeOwned>(&self, list: &str) -> Result<Option<K>, Problem> {
        self.cursor.as_deref().map(|cursor| decode(list, cursor)).transpose()
    }

    /// The part of the list to read.
    pub fn part<K: DeserializeOwned>(&self, list: &str) -> Result<Part<K>, Problem> {
        Ok(Part { after: self.after(list)?, fetch: self.fetch() })
    }

    /// How many rows to read: one more than is shown tells whether there is another page.
    pub fn fetch(&self) -> u64 {
        u64::from(self.limit) + 1
    }
}

impl FromRequest for PageRequest {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::parse(request.query_string()))
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Given back as `cursor` for the next page; null at the end.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes the page from up to `request.fetch()` rows; `key` is what the list is sorted by, unique per row.
    pub fn of<K: Serialize>(list: &str, request: &PageRequest, mut rows: Vec<T>, key: impl Fn(&T) -> K) -> Self {
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|last| encode(list, &key(last)));
        Self { items: rows, next_cursor }
    }

    /// The same page with each item turned into what is shown.
    pub fn map<U>(self, show: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(show).collect(), next_cursor: self.next_cursor }
    }
}

/// Makes a cursor of the list out of the last row's key.
pub fn encode<K: Serialize>(list: &str, key: &K) -> String {
    let key = serde_json::to_vec(key).unwrap_or_default();
    let mut bytes = check(list, &key).to_vec();
    bytes.extend_from_slice(&key);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode<K: DeserializeOwned>(list: &str, cursor: &str) -> Result<K, Problem> {
    let refused = || Problem::malformed("the cursor is not one of this list: send next_cursor of the page before, unchanged");
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
    let (sum, key) = bytes.split_at_checked(CHECK_BYTES).ok_or_else(refused)?;
    if sum != check(list, key) {
        return Err(refused());
    }
    serde_json::from_slice(key).map_err(|_| refused())
}

fn check(list: &str, key: &[u8]) -> [u8; CHECK_BYTES] {
    let digest = Sha256::new().chain_update(list.as_bytes()).chain_update([0]).chain_update(key).finalize();
    let mut sum = [0; CHECK_BYTES];
    sum.copy_from_slice(&digest[..CHECK_BYTES]);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_chain_until_the_end() {
        let request = PageRequest::parse("limit=2&role=x").unwrap();
        assert_eq!(request.fetch(), 3);
        let page = Page::of("tasks", &request, vec![1, 2, 3], |number| *number);
        assert_eq!(page.items, [1, 2]);
        let next = PageRequest::parse(&format!("limit=2&cursor={}", page.next_cursor.unwrap())).unwrap();
        assert_eq!(next.after::<i32>("tasks").unwrap(), Some(2));
        assert_eq!(Page::of("tasks", &next, vec![3], |number| *number).next_cursor, None);
    }

    #[test]
    fn a_cursor_of_another_list_or_an_altered_one_is_refused() {
        let cursor = encode("tasks", &7);
        let request = PageRequest { limit: 1, cursor: Some(cursor.clone()) };
        assert!(request.after::<i32>("audit").is_err());
        let altered = PageRequest { limit: 1, cursor: Some(format!("{cursor}A")) };
        assert!(altered.after::<i32>("tasks").is_err());
        assert!(PageRequest { limit: 1, cursor: Some("%".to_owned()) }.after::<i32>("tasks").is_err());
    }

    #[test]
    fn limits_outside_1_to_200_are_refused() {
        for bad in ["0", "201", "-1", "1e9", "x", ""] {
            assert!(PageRequest::parse(&format!("limit={bad}")).is_err(), "{bad}");
        }
        assert_eq!(PageRequest::parse("limit=200").unwrap().limit, 200);
        assert_eq!(PageRequest::parse("").unwrap().limit, DEFAULT_LIMIT);
    }
}
