//! An HTTP client that costs little, because it shares the processors with the server: one connection, one request at a time.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection of somebody with a token.
pub struct Client {
    stream: TcpStream,
    token: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Client {
    pub async fn connect(address: SocketAddr, token: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server accepts connections");
        stream.set_nodelay(true).expect("a socket can be set up");
        Self { stream, token: token.to_owned(), request: Vec::new(), answer: Vec::new() }
    }

    /// Status and body of the answer.
    pub async fn send(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) -> (u16, &[u8]) {
        self.request.clear();
        let head = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: load\r\nauthorization: Bearer {}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        self.request.extend_from_slice(head.as_bytes());
        self.request.extend_from_slice(body);
        self.stream.write_all(&self.request).await.expect("the server reads");
        self.answer.clear();
        let (head, length) = loop {
            if let Some(found) = head_of(&self.answer) {
                break found;
            }
            self.read().await;
        };
        while self.answer.len() < head + length {
            self.read().await;
        }
        let status = std::str::from_utf8(&self.answer[9..12]).ok().and_then(|text| text.parse().ok()).expect("a status");
        (status, &self.answer[head..head + length])
    }

    pub async fn post(&mut self, path: &str, body: &[u8]) -> (u16, &[u8]) {
        self.send("POST", path, "application/json", body).await
    }

    /// The same for requests that must succeed.
    pub async fn must(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) -> serde_json::Value {
        let (status, answer) = self.send(method, path, kind, body).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {}", String::from_utf8_lossy(answer));
        serde_json::from_slice(answer).unwrap_or_default()
    }

    async fn read(&mut self) {
        let read = self.stream.read_buf(&mut self.answer).await.expect("the server answers");
        assert_ne!(read, 0, "the server closed the connection: {}", String::from_utf8_lossy(&self.answer));
    }
}

/// Where the head ends and how long the body is; none before the whole head is there.
pub fn head_of(bytes: &[u8]) -> Option<(usize, usize)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).expect("a head is text");
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    Some((end, length.unwrap_or(0)))
}
