//! A receiver of webhooks that accepts everything at once and remembers when it came.

use std::cell::RefCell;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::rc::Rc;

use proviso::clock::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::client::head_of;

/// A body and the wall time at which it had come, in milliseconds.
type Received = Rc<RefCell<Vec<(Vec<u8>, i64)>>>;

pub struct Sink {
    pub address: SocketAddr,
    received: Received,
}

impl Sink {
    /// Must run inside a `LocalSet`.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let received = Received::default();
        let shared = received.clone();
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::task::spawn_local(serve(stream, shared.clone()));
            }
        });
        Self { address, received }
    }

    pub fn count(&self) -> usize {
        self.received.borrow().len()
    }

    /// Of each delivery, how long after its task's due instant it came, in milliseconds; and how many came twice.
    pub fn lateness(&self) -> (Vec<f64>, usize) {
        let (mut ids, mut late) = (HashSet::new(), Vec::new());
        for (body, at) in self.received.borrow().iter() {
            let body: serde_json::Value = serde_json::from_slice(body).expect("a delivery is JSON");
            let due: proviso::instant::Instant = body["data"]["due_at"].as_str().and_then(|text| text.parse().ok()).expect("a due instant");
            if ids.insert(body["id"].as_str().unwrap_or_default().to_owned()) {
                late.push((at - due.millis()) as f64);
            }
        }
        let double = self.count() - late.len();
        (late, double)
    }
}

async fn serve(mut stream: TcpStream, received: Received) {
    let clock = Clock::system();
    stream.set_nodelay(true).ok();
    let mut bytes = Vec::new();
    loop {
        while let Some((head, length)) = head_of(&bytes).filter(|(head, length)| bytes.len() >= head + length) {
            received.borrow_mut().push((bytes[head..head + length].to_vec(), clock.wall().millis()));
            bytes.drain(..head + length);
            if stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.is_err() {
                return;
            }
        }
        match stream.read_buf(&mut bytes).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}
