//! Receivers that answer as fast as a machine can: one thread, no parsing but of what is measured.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use proviso::clock::Clock;
use proviso::instant::Instant;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const ACCEPTED: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// What arrived at one endpoint.
#[derive(Debug, Default)]
pub struct Seen {
    pub count: AtomicU64,
    /// From the event's `time` to its arrival, in milliseconds.
    pub delays: Mutex<Vec<i64>>,
    /// It accepts connections and answers nothing.
    pub hangs: AtomicBool,
}

/// Starts endpoints on a thread of their own; returns each port and what it sees.
pub fn start(endpoints: usize, clock: &Clock) -> Vec<(u16, Arc<Seen>)> {
    let (told, ports) = std::sync::mpsc::channel();
    let clock = clock.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for _ in 0..endpoints {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
                let seen = Arc::<Seen>::default();
                told.send((listener.local_addr().unwrap().port(), seen.clone())).unwrap();
                let clock = clock.clone();
                tokio::spawn(async move {
                    while let Ok((connection, _)) = listener.accept().await {
                        connection.set_nodelay(true).unwrap();
                        tokio::spawn(answer(connection, seen.clone(), clock.clone()));
                    }
                });
            }
            std::future::pending::<()>().await;
        });
    });
    ports.iter().take(endpoints).collect()
}

async fn answer(mut connection: TcpStream, seen: Arc<Seen>, clock: Clock) {
    let mut bytes = Vec::with_capacity(8_192);
    loop {
        while let Some(length) = whole(&bytes) {
            if seen.hangs.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            if let Some(at) = time(&bytes[..length]) {
                seen.delays.lock().unwrap().push(clock.wall().millis_since(at));
            }
            seen.count.fetch_add(1, Ordering::Relaxed);
            bytes.drain(..length);
            if connection.write_all(ACCEPTED).await.is_err() {
                return;
            }
        }
        match connection.read_buf(&mut bytes).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// The length of the first request, once it is whole.
fn whole(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).ok()?;
    let length = text.split("content-length: ").nth(1)?.split('\r').next()?.parse::<usize>().ok()?;
    (bytes.len() >= head + length).then_some(head + length)
}

fn time(request: &[u8]) -> Option<Instant> {
    std::str::from_utf8(request).ok()?.split("\"time\":\"").nth(1)?.split('"').next()?.parse().ok()
}
