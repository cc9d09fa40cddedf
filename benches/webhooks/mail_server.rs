//! A mail server that takes what it is given, and a client that gives it mails as fast as it takes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Starts it on a thread of its own; returns its port and the count of mails it took.
pub fn start() -> (u16, Arc<AtomicU64>) {
    let (told, port) = std::sync::mpsc::channel();
    let taken = Arc::<AtomicU64>::default();
    let counted = taken.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            told.send(listener.local_addr().unwrap().port()).unwrap();
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(converse(connection, counted.clone()));
            }
        });
    });
    (port.recv().unwrap(), taken)
}

async fn converse(connection: TcpStream, taken: Arc<AtomicU64>) -> Option<()> {
    connection.set_nodelay(true).ok()?;
    let (from, mut to) = connection.into_split();
    let mut lines = BufReader::new(from).lines();
    to.write_all(b"220 bench\r\n").await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        let reply: &[u8] = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "DATA" => {
                to.write_all(b"354 go on\r\n").await.ok()?;
                while lines.next_line().await.ok()?? != "." {}
                taken.fetch_add(1, Ordering::Relaxed);
                b"250 taken\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        to.write_all(reply).await.ok()?;
    }
    None
}

/// Gives the server `mails` of about the usual size over `connections`, each mail with the usual four commands.
pub async fn fill(port: u16, mails: usize, connections: usize) {
    let body = format!("subject: x\r\n\r\n{}.\r\n", "a line of a mail, as long as lines of mails are\r\n".repeat(60));
    let one = async || {
        let connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        connection.set_nodelay(true).unwrap();
        let (from, mut to) = connection.into_split();
        let mut lines = BufReader::new(from).lines();
        lines.next_line().await.unwrap();
        for _ in 0..mails / connections {
            for command in ["MAIL FROM:<a@b>\r\n", "RCPT TO:<c@d>\r\n", "DATA\r\n", &body] {
                to.write_all(command.as_bytes()).await.unwrap();
                lines.next_line().await.unwrap();
            }
        }
    };
    futures_util::future::join_all((0..connections).map(|_| one())).await;
}
