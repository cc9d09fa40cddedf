//! One person's browser: keeps the session cookie, sends forms with what the page put into them, follows nothing by itself.

use std::sync::Mutex;

use proviso::app::people::PASSWORD;
use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder};

use crate::support::server::Sandbox;

/// What a page answered.
pub struct Shown {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Shown {
    #[track_caller]
    pub fn ok(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Where the answer sends the browser on to.
    #[track_caller]
    pub fn goes_to(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.text);
        self.header(LOCATION.as_str())
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The value of the first hidden input of that name.
    #[track_caller]
    pub fn hidden(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let rest = self.text.split_once(&start).unwrap_or_else(|| panic!("no {name} on the page: {}", self.text)).1;
        rest.split('"').next().unwrap_or_default().to_owned()
    }

    /// The first address on the page that begins like this.
    #[track_caller]
    pub fn link(&self, start: &str) -> String {
        let rest = self.text.split_once(&format!("href=\"{start}")).unwrap_or_else(|| panic!("no link to {start}: {}", self.text)).1;
        format!("{start}{}", rest.split('"').next().unwrap_or_default())
    }

    #[track_caller]
    pub fn says(&self, words: &str) {
        assert!(self.text.contains(words), "the page does not say \"{words}\": {}", self.text);
    }
}

/// A browser at one server.
pub struct Browser {
    pub base: String,
    http: Client,
    cookie: Mutex<Option<String>>,
}

impl Browser {
    /// A browser in which nobody has signed in.
    pub fn fresh(sandbox: &Sandbox) -> Self {
        let http = Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client");
        Self { base: format!("http://{}", sandbox.server.address), http, cookie: Mutex::default() }
    }

    /// A browser in which somebody has signed in.
    pub async fn of(sandbox: &Sandbox, username: &str) -> Self {
        let browser = Self::fresh(sandbox);
        let shown = browser.sign_in(username, PASSWORD, "").await;
        assert_eq!(shown.goes_to(), "/inbox");
        browser
    }

    pub async fn sign_in(&self, username: &str, password: &str, next: &str) -> Shown {
        self.send("/sign-in", &self.base, &[("username", username), ("password", password), ("next", next)]).await
    }

    pub async fn get(&self, path: &str) -> Shown {
        self.shown(self.request(Method::GET, path)).await
    }

    /// Sends a form as the page at `path` would, with its token.
    pub async fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Shown {
        let token = self.get("/sandbox/clock").await.ok(200).hidden("token");
        let pairs: Vec<_> = [("token", token.as_str())].into_iter().chain(pairs.iter().copied()).collect();
        self.send(path, &self.base, &pairs).await
    }

    /// Sends a form as a page of `origin` would; no origin where it is empty.
    pub async fn send(&self, path: &str, origin: &str, pairs: &[(&str, &str)]) -> Shown {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let mut request = self.request(Method::POST, path).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        if !origin.is_empty() {
            request = request.header(ORIGIN, origin);
        }
        self.shown(request).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base)).header("accept", "text/html");
        match self.cookie.lock().expect("no test panics while it holds the lock").as_deref() {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        }
    }

    async fn shown(&self, request: RequestBuilder) -> Shown {
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        if let Some(set) = headers.get(SET_COOKIE).and_then(|value| value.to_str().ok()) {
            let pair = set.split(';').next().unwrap_or_default().to_owned();
            *self.cookie.lock().expect("no test panics while it holds the lock") = Some(pair);
        }
        Shown { status, headers, text: response.text().await.expect("the answer is whole") }
    }
}
