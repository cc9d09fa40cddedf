//! A receiver of webhooks whose answers a test steers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// One answer. The default is 204.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A status with header lines, each ending in CRLF.
    Status(u16, &'static str),
    /// Accepts the request and closes the connection without a word.
    HangUp,
    /// Accepts the request and says nothing until `Receiver::release`.
    Hold,
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    pub head: String,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// A listening receiver. It answers 204 when no other answer is queued.
#[derive(Debug, Clone)]
pub struct Receiver {
    port: u16,
    state: Arc<Mutex<State>>,
    released: Arc<Notify>,
    arrived: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    answers: VecDeque<Answer>,
    received: Vec<Received>,
}

impl Receiver {
    /// Listens on a free port of this machine.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("a local address").port();
        let receiver = Self { port, state: Arc::default(), released: Arc::default(), arrived: Arc::default() };
        let accepting = receiver.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let serving = accepting.clone();
                tokio::spawn(async move { serving.serve(connection).await });
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?key=secret", self.port)
    }

    /// Queues the answer to a coming request.
    pub fn answer_next(&self, answer: Answer) {
        self.state.lock().expect("no test panics while it holds the lock").answers.push_back(answer);
    }

    /// Everything that arrived so far.
    pub fn received(&self) -> Vec<Received> {
        self.state.lock().expect("no test panics while it holds the lock").received.clone()
    }

    /// Waits until `count` requests have arrived.
    pub async fn wait_for(&self, count: usize) {
        loop {
            let arrived = self.arrived.notified();
            if self.received().len() >= count {
                return;
            }
            arrived.await;
        }
    }

    /// Lets the requests that are held be answered.
    pub fn release(&self) {
        self.released.notify_waiters();
    }

    async fn serve(&self, mut connection: TcpStream) {
        while let Some(request) = read_request(&mut connection).await {
            let released = self.released.notified();
            let answer = {
                let mut state = self.state.lock().expect("no test panics while it holds the lock");
                state.received.push(request);
                state.answers.pop_front().unwrap_or(Answer::Status(204, ""))
            };
            self.arrived.notify_waiters();
            let reply = match answer {
                Answer::Status(status, headers) => format!("HTTP/1.1 {status} Answer\r\n{headers}content-length: 0\r\n\r\n"),
                Answer::HangUp => return,
                Answer::Hold => {
                    released.await;
                    "HTTP/1.1 204 Answer\r\ncontent-length: 0\r\n\r\n".to_owned()
                }
            };
            if connection.write_all(reply.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

async fn read_request(connection: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = Received { head: head.clone(), body: String::new() }.header("content-length")?.parse::<usize>().ok()?;
            if bytes.len() >= end + 4 + length {
                let body = String::from_utf8_lossy(&bytes[end + 4..end + 4 + length]).into_owned();
                return Some(Received { head, body });
            }
        }
        let mut chunk = [0; 8192];
        match connection.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}
