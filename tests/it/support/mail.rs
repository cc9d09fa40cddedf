//! An SMTP server whose answers a test steers.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// One mail as it was handed over.
#[derive(Debug, Clone)]
pub struct Accepted {
    pub from: String,
    pub to: Vec<String>,
    /// Headers and body as they came, dots unstuffed.
    pub data: String,
}

/// A listening SMTP server. It accepts every mail for which no other answer is queued.
#[derive(Debug, Clone)]
pub struct MailServer {
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// What happens at the end of DATA, mail by mail.
    endings: VecDeque<Ending>,
    /// Addresses that are not taken, with the answer to RCPT.
    refused: BTreeMap<String, &'static str>,
    accepted: Vec<Accepted>,
    /// It says that it can encrypt, and then goes on in clear text.
    claims_encryption: bool,
    /// It says that it takes several commands at once.
    pipelines: bool,
    /// It asks for a text even when it took no recipient.
    is_lenient: bool,
    /// Mails whose commands came together.
    announced_at_once: usize,
    /// What it was told, text of mails left out; once encryption was begun, whatever came.
    heard: Vec<String>,
}

/// What the server does with a mail it has read to its end.
#[derive(Debug, Clone, Copy)]
enum Ending {
    Refuse(&'static str),
    /// It takes the mail and never says so.
    Silence,
    /// It takes the mail and hangs up without saying so.
    HangUp,
}

impl MailServer {
    /// Listens on a free port of this machine.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("a local address").port();
        let server = Self { port, state: Arc::default() };
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let serving = accepting.clone();
                // A client that hangs up ends its conversation; the next one is served all the same.
                tokio::spawn(async move { serving.converse(connection).await.ok() });
            }
        });
        server
    }

    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// Answers the next mail with this line, for example `451 4.7.1 try later`, and does not take it.
    pub fn refuse_next(&self, answer: &'static str) {
        self.next(Ending::Refuse(answer));
    }

    /// Takes the next mail and never answers.
    pub fn fall_silent_next(&self) {
        self.next(Ending::Silence);
    }

    /// Takes the next mail and hangs up without an answer.
    pub fn hang_up_next(&self) {
        self.next(Ending::HangUp);
    }

    fn next(&self, ending: Ending) {
        self.state.lock().expect("no test panics while it holds the lock").endings.push_back(ending);
    }

    /// Answers this line whenever `address` is to get a mail; `None` takes it again.
    pub fn refuse_address(&self, address: &str, answer: Option<&'static str>) {
        let mut state = self.state.lock().expect("no test panics while it holds the lock");
        match answer {
            Some(answer) => state.refused.insert(address.to_owned(), answer),
            None => state.refused.remove(address),
        };
    }

    /// Says from now on that it can encrypt, agrees to begin, and goes on in clear text.
    pub fn claim_encryption(&self) {
        self.state.lock().expect("no test panics while it holds the lock").claims_encryption = true;
    }

    /// Says from now on that it takes several commands at once; with `is_lenient` it asks for a text even when it took no recipient.
    pub fn pipeline(&self, is_lenient: bool) {
        let mut state = self.state.lock().expect("no test panics while it holds the lock");
        (state.pipelines, state.is_lenient) = (true, is_lenient);
    }

    /// Mails whose commands came together.
    pub fn announced_at_once(&self) -> usize {
        self.state.lock().expect("no test panics while it holds the lock").announced_at_once
    }

    /// The commands it was given so far.
    pub fn heard(&self) -> Vec<String> {
        self.state.lock().expect("no test panics while it holds the lock").heard.clone()
    }

    /// Everything that was accepted so far.
    pub fn accepted(&self) -> Vec<Accepted> {
        self.state.lock().expect("no test panics while it holds the lock").accepted.clone()
    }

    async fn converse(&self, connection: TcpStream) -> std::io::Result<()> {
        let (read, mut write) = connection.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 mail.test ready\r\n").await?;
        let mut mail = Accepted { from: String::new(), to: Vec::new(), data: String::new() };
        while let Some(line) = lines.next_line().await? {
            let more_came = !lines.get_ref().buffer().is_empty();
            let (claims_encryption, pipelines, is_lenient) = {
                let mut state = self.state.lock().expect("no test panics while it holds the lock");
                state.heard.push(line.clone());
                state.announced_at_once += usize::from(more_came && line.starts_with("MAIL"));
                (state.claims_encryption, state.pipelines, state.is_lenient)
            };
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let answer = match verb.as_str() {
                "EHLO" if claims_encryption => "250-mail.test\r\n250-AUTH PLAIN LOGIN\r\n250-STARTTLS\r\n250 8BITMIME",
                "EHLO" if pipelines => "250-mail.test\r\n250-PIPELINING\r\n250 8BITMIME",
                "EHLO" => "250-mail.test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME",
                "STARTTLS" if claims_encryption => "220 2.0.0 go ahead\r\n250 2.0.0 ok",
                "MAIL" => {
                    mail = Accepted { from: address(&line), to: Vec::new(), data: String::new() };
                    "250 2.1.0 ok"
                }
                "RCPT" => {
                    let to = address(&line);
                    let refusal = self.state.lock().expect("no test panics while it holds the lock").refused.get(&to).copied();
                    if refusal.is_none() {
                        mail.to.push(to);
                    }
                    refusal.unwrap_or("250 2.1.5 ok")
                }
                "DATA" if mail.to.is_empty() && !is_lenient => "503 5.5.1 no recipient",
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await?;
                    loop {
                        // A text that is not ended is no mail.
                        let Some(line) = lines.next_line().await? else { return Ok(()) };
                        if line == "." {
                            break;
                        }
                        mail.data.push_str(line.strip_prefix('.').unwrap_or(&line));
                        mail.data.push('\n');
                    }
                    match self.take(mail.clone()) {
                        None => "250 2.0.0 taken",
                        Some(Ending::Refuse(refusal)) => refusal,
                        Some(Ending::HangUp) => return Ok(()),
                        // Only the other side can end this conversation.
                        Some(Ending::Silence) => {
                            while lines.next_line().await?.is_some() {}
                            return Ok(());
                        }
                    }
                }
                "QUIT" => {
                    write.write_all(b"221 2.0.0 bye\r\n").await?;
                    return Ok(());
                }
                _ => "250 2.0.0 ok",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        Ok(())
    }

    /// Keeps the mail, unless it is refused, and says how its conversation ends.
    fn take(&self, mail: Accepted) -> Option<Ending> {
        let mut state = self.state.lock().expect("no test panics while it holds the lock");
        let ending = state.endings.pop_front();
        if !matches!(ending, Some(Ending::Refuse(_))) {
            state.accepted.push(mail);
        }
        ending
    }
}

fn address(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}
