//! A caller of the API as people and programs are: over a socket, signed in by password, reading only what is answered.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;

use actix_web::http::Method;
use proviso::app::people::PASSWORD;
use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

/// How often a list that lags is read before it counts as complete.
const LOOKS: usize = 200;

/// What was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// Null where the body is no JSON.
    pub body: Value,
    pub text: String,
}

impl Answer {
    /// The body of an answer that must have this status.
    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }

    /// The problem document of an answer that must be refused in this way.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["type"], format!("/api/problems#{code}"));
        for told in ["title", "detail"] {
            assert!(self.body[told].as_str().is_some_and(|text| !text.is_empty()), "no {told}: {}", self.text);
        }
        self.body
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A client of one server. It signs somebody in the first time they are named.
#[derive(Debug)]
pub struct Api {
    base: String,
    http: reqwest::Client,
    tokens: Mutex<BTreeMap<String, String>>,
}

impl Api {
    pub fn new(address: SocketAddr) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { base: format!("http://{address}"), http, tokens: Mutex::default() }
    }

    /// A request of nobody. A path that does not begin with `//` is one below `/api/v1`.
    pub fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        let url = match path.strip_prefix("//") {
            Some(rest) => format!("{}/{rest}", self.base),
            None => format!("{}/api/v1{path}", self.base),
        };
        self.http.request(method.as_str().parse().expect("a method"), url)
    }

    /// A request of somebody.
    pub async fn request(&self, who: &str, method: Method, path: &str) -> RequestBuilder {
        let token = self.token(who).await;
        self.anonymous(method, path).bearer_auth(token)
    }

    pub async fn get(&self, who: &str, path: &str) -> Answer {
        answer(self.request(who, Method::GET, path).await).await
    }

    pub async fn post(&self, who: &str, path: &str, body: Value) -> Answer {
        answer(self.request(who, Method::POST, path).await.json(&body)).await
    }

    /// Sends a text as it is.
    pub async fn send(&self, who: &str, method: Method, path: &str, media_type: &str, body: impl Into<reqwest::Body>) -> Answer {
        answer(self.request(who, method, path).await.header("content-type", media_type).body(body)).await
    }

    /// Every item of a list, page by page.
    pub async fn all(&self, who: &str, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let glue = if path.contains('?') { '&' } else { '?' };
            let page = self.get(who, &format!("{path}{glue}limit=200&cursor={cursor}")).await.ok(200);
            items.extend(page["items"].as_array().expect("items").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return items,
            }
        }
    }

    /// The events of one type in all audit streams, once there are as many as expected. On PostgreSQL a transaction that a neighbour
    /// runs on the same server holds the newest entries back until it ends; so look again, but not for ever.
    pub async fn audited(&self, kind: &str, expected: usize) -> Vec<Value> {
        let mut found = Vec::new();
        for _ in 0..LOOKS {
            let entries = self.all("auditor", "/audit").await;
            let events = entries.iter().flat_map(|entry| entry["events"].as_array().expect("events"));
            found = events.filter(|event| event["type"] == kind).cloned().collect();
            if found.len() >= expected {
                break;
            }
        }
        found
    }

    /// The bearer token of somebody's session.
    pub async fn token(&self, who: &str) -> String {
        let known = self.tokens.lock().expect("no test panics while it holds the lock").get(who).cloned();
        if let Some(token) = known {
            return token;
        }
        self.sign_in(who, PASSWORD).await
    }

    /// Signs somebody in with a password of their own, for all their requests from now on.
    pub async fn sign_in(&self, who: &str, password: &str) -> String {
        let body = json!({ "username": who, "password": password });
        let session = answer(self.anonymous(Method::POST, "/sessions").json(&body)).await.ok(201);
        let token = session["token"].as_str().expect("a token").to_owned();
        self.tokens.lock().expect("no test panics while it holds the lock").insert(who.to_owned(), token.clone());
        token
    }
}

/// Sends a request and reads the whole answer.
pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.expect("the answer is whole");
    Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null), text }
}
