//! Connections to one mail server, kept open between mails.
//!
//! Guarantee: a mail's text and its final dot leave in one write, so that no mail waits until its own text is acknowledged (up to
//! 40 ms). A connection that failed, fell silent or was left within a mail is not used again. Encryption that is asked for is never
//! done without.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::Message;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Ehlo, Mail, Noop, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::{Error, SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT};
use percent_encoding::percent_decode_str;
use tokio::sync::Semaphore;
use url::Url;

use super::outcome::Outcome;
use super::reply;
use crate::clock::Stopwatch;

/// Mails under way at the same time, each on a connection of its own.
pub const CONNECTIONS: usize = 4;
/// From the connection to the server's last word.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that was idle for longer is asked whether it still lives before it gets a mail.
const SURE_FOR: Duration = Duration::from_secs(1);
/// A connection that was idle for longer is closed instead.
const KEPT_FOR: Duration = Duration::from_secs(30);

/// One mail server. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct Smtp(Arc<Inner>);

struct Inner {
    server: Server,
    places: Semaphore,
    idle: Mutex<Vec<(Connection, Stopwatch)>>,
    /// How long one mail may take.
    patience: Duration,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Smtp(…)")
    }
}

impl Smtp {
    /// Takes a URL that the configuration has checked: `smtp://host:port`, `smtp://user:password@host:587?tls=required`
    /// (STARTTLS) or `smtps://…`. No connection is made yet.
    pub fn new(url: &str) -> Result<Self, String> {
        Self::with_patience(url, SEND_TIMEOUT)
    }

    /// The same with less patience for a server that does not answer.
    pub fn with_patience(url: &str, patience: Duration) -> Result<Self, String> {
        // An error says that a provider is installed already, which is all that is needed.
        rustls::crypto::ring::default_provider().install_default().ok();
        let server = Server::of(url)
            .ok_or("the SMTP URL cannot be used: write for example smtp://user:password@mail.example.org:587?tls=required")?;
        Ok(Self(Arc::new(Inner { server, places: Semaphore::new(CONNECTIONS), idle: Mutex::default(), patience })))
    }

    /// Hands over one mail; waits for a free connection first.
    pub async fn send(&self, message: &Message) -> Outcome {
        // It is never closed; without a place a mail would still be sent.
        let _place = self.0.places.acquire().await;
        match tokio::time::timeout(self.0.patience, self.converse(message)).await {
            Ok(outcome) => outcome,
            Err(_) => Outcome::retry("the mail server did not answer in time"),
        }
    }

    /// A connection that is dropped on the way is closed.
    async fn converse(&self, message: &Message) -> Outcome {
        let mut connection = match self.connection().await {
            Ok(connection) => connection,
            Err(error) => return outcome_of(&error),
        };
        let text = stuffed(&message.formatted());
        let asks = match asks(&connection.smtp, message.envelope(), &text) {
            Ok(asks) => asks,
            Err(outcome) => {
                self.keep(connection);
                return outcome;
            }
        };
        match connection.hand_over(message.envelope(), asks, text).await {
            Ok(status) => {
                self.keep(connection);
                Outcome::Sent { status: Some(status) }
            }
            Err(error) => {
                // A refusal leaves the connection within a mail; 421 announces that the server closes it.
                let is_open = !connection.is_amid_text && error.status().is_some_and(|status| u16::from(status) != 421);
                if is_open && connection.smtp.command(Rset).await.is_ok() {
                    self.keep(connection);
                }
                outcome_of(&error)
            }
        }
    }

    async fn connection(&self) -> Result<Connection, Error> {
        while let Some((mut connection, idle)) = self.take() {
            let idle = idle.elapsed();
            if idle > KEPT_FOR {
                let _ = connection.smtp.command(Quit).await;
            } else if idle <= SURE_FOR || connection.smtp.command(Noop).await.is_ok() {
                return Ok(connection);
            }
        }
        self.0.server.connect().await
    }

    fn take(&self) -> Option<(Connection, Stopwatch)> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, connection: Connection) {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).push((connection, Stopwatch::start()));
    }
}

struct Server {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
    hello: ClientId,
}

enum Encryption {
    None,
    /// Begun in clear text and required before anything else is said.
    StartTls(TlsParameters),
    FromTheStart(TlsParameters),
}

impl Server {
    /// What a URL says; none when it cannot be used.
    fn of(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        let tls = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value.into_owned());
        let parameters = || TlsParameters::new(host.clone()).ok();
        let (encryption, port) = match (url.scheme(), tls.as_deref()) {
            ("smtp", None) => (Encryption::None, SMTP_PORT),
            ("smtp", Some("required")) => (Encryption::StartTls(parameters()?), SUBMISSION_PORT),
            ("smtps", None | Some("required")) => (Encryption::FromTheStart(parameters()?), SUBMISSIONS_PORT),
            _ => return None,
        };
        let name = url.path().trim_matches('/');
        let decoded = |text: &str| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
        let credentials = match url.password() {
            Some(password) => Some(Credentials::new(decoded(url.username())?, decoded(password)?)),
            None => None,
        };
        Some(Self {
            port: url.port().unwrap_or(port),
            encryption,
            credentials,
            hello: if name.is_empty() { ClientId::default() } else { ClientId::Domain(name.to_owned()) },
            host,
        })
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let from_the_start = match &self.encryption {
            Encryption::FromTheStart(parameters) => Some(parameters.clone()),
            Encryption::StartTls(_) | Encryption::None => None,
        };
        let at = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(at, Some(CONNECT_TIMEOUT), &self.hello, from_the_start, None).await?;
        if let Encryption::StartTls(parameters) = &self.encryption {
            connection.starttls(parameters.clone(), &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        // The library keeps only those extensions that it uses itself.
        let offers = connection.command(Ehlo::new(self.hello.clone())).await?;
        let pipelines = offers.message().any(|line| line.trim().eq_ignore_ascii_case("PIPELINING"));
        Ok(Connection { smtp: connection, pipelines, is_amid_text: false })
    }
}

/// What the mail asks of the server beyond the oldest rules (RFC 6152, RFC 6531); an outcome when the server cannot do it.
fn asks(connection: &AsyncSmtpConnection, envelope: &Envelope, text: &str) -> Result<Vec<MailParameter>, Outcome> {
    let offers = |extension| connection.server_info().supports_feature(extension);
    let mut asks = Vec::new();
    let mut addresses = envelope.from().into_iter().chain(envelope.to());
    if addresses.any(|address| !address.to_string().is_ascii()) {
        if !offers(Extension::SmtpUtfEight) {
            return Err(Outcome::dead("the mail server takes no addresses with letters beyond ASCII"));
        }
        asks.push(MailParameter::SmtpUtfEight);
    }
    if !text.is_ascii() {
        if !offers(Extension::EightBitMime) {
            return Err(Outcome::dead("the mail server takes no texts with letters beyond ASCII"));
        }
        asks.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(asks)
}

struct Connection {
    smtp: AsyncSmtpConnection,
    /// The server takes several commands at once (RFC 2920).
    pipelines: bool,
    /// The server waits for a text that will not come.
    is_amid_text: bool,
}

impl Connection {
    /// Hands over a mail; the code of the server's last word.
    async fn hand_over(&mut self, envelope: &Envelope, asks: Vec<MailParameter>, text: String) -> Result<u16, Error> {
        let mut commands = vec![Mail::new(envelope.from().cloned(), asks).to_string()];
        commands.extend(envelope.to().iter().map(|to| Rcpt::new(to.clone(), Vec::new()).to_string()));
        commands.push(Data.to_string());
        if self.pipelines {
            self.announce_at_once(&commands).await?;
        } else {
            for command in &commands {
                self.smtp.command(command).await?;
            }
        }
        Ok(self.smtp.command(text).await?.code().into())
    }

    /// Sends all commands in one write and reads the answer to each; the first refusal counts.
    async fn announce_at_once(&mut self, commands: &[String]) -> Result<(), Error> {
        let mut answer = self.smtp.command(commands.concat()).await;
        let mut refused = None;
        for left in (0..commands.len()).rev() {
            match answer {
                Ok(_) => self.is_amid_text = left == 0 && refused.is_some(),
                Err(error) if error.status().is_none() => return Err(error),
                Err(error) => refused = refused.or(Some(error)),
            }
            if left == 0 {
                break;
            }
            answer = self.smtp.read_response().await;
        }
        refused.map_or(Ok(()), Err)
    }
}

/// The text as it goes over the line (RFC 5321, 4.5.2): a dot at the start of a line is doubled, a dot alone ends it.
fn stuffed(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    let mut stuffed = String::with_capacity(text.len() + 64);
    for line in text.split("\r\n") {
        if line.starts_with('.') {
            stuffed.push('.');
        }
        stuffed.push_str(line);
        stuffed.push_str("\r\n");
    }
    stuffed.push_str(".\r\n");
    stuffed
}

fn outcome_of(error: &Error) -> Outcome {
    if let Some(status) = error.status() {
        let text = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        reply::sort(status.into(), &text)
    } else if error.is_timeout() {
        Outcome::retry("the mail server did not answer in time")
    } else if error.is_tls() {
        Outcome::retry("no encrypted connection to the mail server")
    } else {
        Outcome::retry("no connection to the mail server, or it broke")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_at_the_start_of_a_line_does_not_end_a_mail() {
        assert_eq!(stuffed(b"a: b\r\n\r\n.\r\n..x\r\ny."), "a: b\r\n\r\n..\r\n...x\r\ny.\r\n.\r\n");
        assert_eq!(stuffed(b".a"), "..a\r\n.\r\n");
    }

    #[test]
    fn a_url_says_where_and_how() {
        rustls::crypto::ring::default_provider().install_default().ok();
        let server = Server::of("smtp://u%40x:p%2Fw@mail.example.org/me.example.org?tls=required").unwrap();
        assert_eq!((server.host.as_str(), server.port), ("mail.example.org", 587));
        assert!(matches!(server.encryption, Encryption::StartTls(_)));
        assert_eq!(server.credentials, Some(Credentials::new("u@x".to_owned(), "p/w".to_owned())));
        assert_eq!(server.hello, ClientId::Domain("me.example.org".to_owned()));
        let server = Server::of("smtps://mail.example.org").unwrap();
        assert!(server.port == 465 && matches!(server.encryption, Encryption::FromTheStart(_)) && server.credentials.is_none());
        let server = Server::of("smtp://[::1]:2525").unwrap();
        assert!((server.host.as_str(), server.port) == ("::1", 2525) && matches!(server.encryption, Encryption::None));
        for refused in ["http://mail.example.org", "smtp://mail.example.org?tls=opportunistic", "smtp:", "x"] {
            assert!(Server::of(refused).is_none(), "{refused}");
        }
    }
}
