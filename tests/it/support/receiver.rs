//! A receiver of webhooks whose answers a test steers.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use proviso::clock::Clock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// One answer. The default is 204.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A status with header lines, each ending in CRLF.
    Status(u16, &'static str),
    /// A redirection with this status to this address.
    Redirect(u16, String),
    /// Accepts the request and closes the connection without a word.
    HangUp,
    /// Accepts the request and says nothing until `Receiver::release`.
    Hold,
    /// Begins an answer with this text and then sends one byte after the other until it is cut off, or until `Receiver::release`.
    Drip(&'static str),
    /// Accepts the request and resets the connection.
    Reset,
    /// Status 200 with a body that has no end in sight.
    Flood,
    /// A head that has no end in sight.
    EndlessHead,
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

/// More than the buffers between two sockets of one machine take.
const FLOOD_CHUNKS: usize = 1_024;
/// Between two bytes: shorter than any time limit of a sender.
const DRIP: Duration = Duration::from_millis(20);
static CHUNK: [u8; 65_536] = [b'x'; 65_536];

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
    /// Given when no other answer is queued; none is 204.
    otherwise: Option<Answer>,
    received: Vec<Received>,
    connections: usize,
    cut_off: usize,
}

impl Receiver {
    /// Listens on a free port of this machine.
    pub async fn start() -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into()).await
    }

    /// Listens on an address of this machine.
    pub async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let port = listener.local_addr().expect("a local address").port();
        let receiver = Self { port, state: Arc::default(), released: Arc::default(), arrived: Arc::default() };
        let accepting = receiver.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                accepting.locked().connections += 1;
                accepting.arrived.notify_waiters();
                let serving = accepting.clone();
                tokio::spawn(async move { serving.serve(connection).await });
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?key=secret", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds the lock")
    }

    /// Gives this answer to every request for which none is queued.
    pub fn answer_always(&self, answer: Answer) {
        self.locked().otherwise = Some(answer);
    }

    /// Connections opened so far.
    pub fn connections(&self) -> usize {
        self.locked().connections
    }

    /// Waits until `count` connections were opened.
    pub async fn wait_for_connections(&self, count: usize) {
        loop {
            let arrived = self.arrived.notified();
            if self.connections() >= count {
                return;
            }
            arrived.await;
        }
    }

    /// Answers the sender did not read to their end.
    pub fn cut_off(&self) -> usize {
        self.locked().cut_off
    }

    /// Queues the answer to a coming request.
    pub fn answer_next(&self, answer: Answer) {
        self.locked().answers.push_back(answer);
    }

    /// Everything that arrived so far.
    pub fn received(&self) -> Vec<Received> {
        self.locked().received.clone()
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
                let mut state = self.locked();
                state.received.push(request);
                let queued = state.answers.pop_front();
                queued.or_else(|| state.otherwise.clone()).unwrap_or(Answer::Status(204, ""))
            };
            self.arrived.notify_waiters();
            let reply = match answer {
                Answer::Status(status, headers) => format!("HTTP/1.1 {status} Answer\r\n{headers}content-length: 0\r\n\r\n"),
                Answer::Redirect(status, to) => format!("HTTP/1.1 {status} Answer\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n"),
                Answer::HangUp => return,
                Answer::Reset => {
                    connection.set_zero_linger().expect("the socket is open");
                    return;
                }
                Answer::Drip(head) => {
                    self.drip(connection, head, released).await;
                    return;
                }
                Answer::Flood => {
                    self.pour(connection, "HTTP/1.1 200 Answer\r\n\r\n").await;
                    return;
                }
                Answer::EndlessHead => {
                    self.pour(connection, "HTTP/1.1 200 Answer\r\nx-long: ").await;
                    return;
                }
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

impl Receiver {
    async fn drip(&self, mut connection: TcpStream, head: &str, released: Notified<'_>) {
        let clock = Clock::system();
        let dripping = async {
            if connection.write_all(head.as_bytes()).await.is_ok() {
                while connection.write_all(b"z").await.is_ok() {
                    clock.wall_sleep(DRIP).await;
                }
            }
        };
        tokio::select! {
            () = dripping => self.leave_off(),
            () = released => {}
        }
    }

    fn leave_off(&self) {
        self.locked().cut_off += 1;
        self.arrived.notify_waiters();
    }

    async fn pour(&self, mut connection: TcpStream, head: &str) {
        let mut poured = connection.write_all(head.as_bytes()).await;
        for _ in 0..FLOOD_CHUNKS {
            poured = poured.and(connection.write_all(&CHUNK).await);
            if poured.is_err() {
                self.leave_off();
                return;
            }
        }
    }

    /// Waits until the sender has left `count` answers unread.
    pub async fn wait_for_cut_off(&self, count: usize) {
        loop {
            let arrived = self.arrived.notified();
            if self.cut_off() >= count {
                return;
            }
            arrived.await;
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
