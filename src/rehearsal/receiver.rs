//! A receiver of webhooks on this machine that checks every signature and keeps what it was sent.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::outbox::Secret;

/// Most bytes of one request.
const REQUEST_AT_MOST: usize = 256 * 1024;

/// One request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The event type its body names.
    pub event: String,
    pub sequence: i64,
    /// Whether the signature was made with the subscription's secret over exactly these bytes.
    pub verified: bool,
    /// The status it was answered with.
    pub answered: u16,
}

#[derive(Debug, Default)]
struct State {
    secret: Option<String>,
    /// The first tries at events up to this number are refused.
    refuse: i64,
    tried: std::collections::BTreeSet<i64>,
    received: Vec<Received>,
}

/// A listening receiver; it stops when dropped.
#[derive(Debug)]
pub struct Listening {
    url: String,
    state: Arc<Mutex<State>>,
    stop: CancellationToken,
}

impl Listening {
    /// Listens on a free port of the loopback address.
    pub async fn start(refuse: i64) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let state = Arc::new(Mutex::new(State { refuse, ..State::default() }));
        let stop = CancellationToken::new();
        tokio::spawn(accept(listener, state.clone(), stop.clone()));
        Ok(Self { url, state, stop })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The secret to check signatures with, known once the subscription exists.
    pub fn trust(&self, secret: String) {
        lock(&self.state).secret = Some(secret);
    }

    /// What has arrived since the last call, in order of sequence and arrival.
    pub fn take(&self) -> Vec<Received> {
        let mut received = std::mem::take(&mut lock(&self.state).received);
        received.sort_by_key(|one| one.sequence);
        received
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! { () = stop.cancelled() => return, accepted = listener.accept() => accepted };
        if let Ok((stream, _)) = accepted {
            tokio::spawn(serve(stream, state.clone()));
        }
    }
}

/// Answers one request and closes the connection.
async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let Some((head, body)) = read_request(&mut stream).await else { return };
    let answered = {
        let mut state = lock(&state);
        let verified = state.secret.as_deref().is_some_and(|secret| verifies(secret, &head, &body));
        let value: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
        let event = value["type"].as_str().unwrap_or("unreadable").to_owned();
        let sequence = value["sequence"].as_i64().unwrap_or(0);
        let is_first_try = state.tried.insert(sequence);
        let answered = if is_first_try && sequence <= state.refuse { 503 } else { 204 };
        state.received.push(Received { event, sequence, verified, answered });
        answered
    };
    let reply = format!("HTTP/1.1 {answered} Rehearsed\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    // The sender sees a broken connection as a failed try; there is nothing to do about it here.
    let _ = stream.write_all(reply.as_bytes()).await;
}

async fn read_request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0_u8; 8192];
        let count = stream.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(chunk.get(..count)?);
        if bytes.len() > REQUEST_AT_MOST {
            return None;
        }
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
        let length: usize = header(&head, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        if let Some(body) = bytes.get(end + 4..end + 4 + length) {
            return Some((head, String::from_utf8_lossy(body).into_owned()));
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().filter_map(|line| line.split_once(':')).find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn verifies(secret: &str, head: &str, body: &str) -> bool {
    let parts = (header(head, "webhook-id"), header(head, "webhook-timestamp"), header(head, "webhook-signature"));
    let (Some(id), Some(timestamp), Some(signatures)) = parts else { return false };
    let (Ok(secret), Ok(seconds)) = (Secret::parse(secret), timestamp.parse()) else { return false };
    let expected = secret.sign(id, seconds, body);
    signatures.split(' ').any(|signature| signature == expected)
}
