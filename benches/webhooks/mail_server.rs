//! A mail server that takes what it is given, and a client that gives it mails as fast as it takes them.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proviso::clock::Clock;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, BufWriter};
use tokio::net::{TcpListener, TcpStream};

/// A running server.
pub struct MailServer {
    pub port: u16,
    /// Mails it took.
    pub taken: Arc<AtomicU64>,
}

impl MailServer {
    /// Starts one on a thread of its own. With a folder it puts each mail on disk before it says that it took it, as a mail server
    /// must that answers for what it took; without, it forgets it. It thinks that long about each mail, as one does that is further away.
    pub fn start(folder: Option<PathBuf>, thinks: Duration) -> Self {
        let (told, port) = std::sync::mpsc::channel();
        let taken = Arc::<AtomicU64>::default();
        let counted = taken.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
                told.send(listener.local_addr().unwrap().port()).unwrap();
                for number in 0_u32.. {
                    let (connection, _) = listener.accept().await.unwrap();
                    let file = folder.as_deref().map(|folder| spool(folder, number));
                    tokio::spawn(converse(connection, counted.clone(), file, thinks));
                }
            });
        });
        Self { port: port.recv().unwrap(), taken }
    }
}

fn spool(folder: &Path, number: u32) -> Arc<File> {
    std::fs::create_dir_all(folder).unwrap();
    Arc::new(File::create(folder.join(number.to_string())).unwrap())
}

/// Answers when no further command has come, as servers do that take several at once.
async fn converse(connection: TcpStream, taken: Arc<AtomicU64>, file: Option<Arc<File>>, thinks: Duration) -> Option<()> {
    connection.set_nodelay(true).ok()?;
    let (from, to) = connection.into_split();
    let (mut lines, mut to) = (BufReader::with_capacity(32_768, from).lines(), BufWriter::new(to));
    to.write_all(b"220 bench\r\n").await.ok()?;
    to.flush().await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        let reply: &[u8] = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "DATA" => {
                to.write_all(b"354 go on\r\n").await.ok()?;
                to.flush().await.ok()?;
                let mut text = String::new();
                while let Some(line) = lines.next_line().await.ok()?.filter(|line| line != ".") {
                    text.push_str(&line);
                    text.push('\n');
                }
                if let Some(file) = file.clone() {
                    tokio::task::spawn_blocking(move || keep(&file, &text)).await.unwrap();
                }
                if !thinks.is_zero() {
                    Clock::system().wall_sleep(thinks).await;
                }
                taken.fetch_add(1, Ordering::Relaxed);
                b"250 taken\r\n"
            }
            "EHLO" => b"250-bench\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
            "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        to.write_all(reply).await.ok()?;
        if lines.get_ref().buffer().is_empty() {
            to.flush().await.ok()?;
        }
    }
    None
}

fn keep(mut file: &File, text: &str) {
    file.write_all(text.as_bytes()).unwrap();
    file.sync_data().unwrap();
}

/// Gives the server `mails` of about the usual size over `connections`, the commands of each at once.
pub async fn fill(port: u16, mails: usize, connections: usize) {
    let body = format!("subject: x\r\n\r\n{}.\r\n", "a line of a mail, as long as lines of mails are\r\n".repeat(60));
    let one = async || {
        let connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        connection.set_nodelay(true).unwrap();
        let (from, mut to) = connection.into_split();
        let mut lines = BufReader::new(from).lines();
        lines.next_line().await.unwrap();
        for _ in 0..mails / connections {
            for (said, answers) in [("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", 3), (&body, 1)] {
                to.write_all(said.as_bytes()).await.unwrap();
                for _ in 0..answers {
                    lines.next_line().await.unwrap();
                }
            }
        }
    };
    futures_util::future::join_all((0..connections).map(|_| one())).await;
}
