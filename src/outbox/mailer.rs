//! Where mails go: to an SMTP server, into a folder of `.eml` files, or into memory where the sandbox shows them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::PoolConfig;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use super::captured::{Captured, CapturedMail};
use super::outcome::Outcome;
use super::reply;

/// From the connection to the server's last word.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECTIONS: u32 = 4;

/// The way mails take.
#[derive(Debug, Clone)]
pub enum Mailer {
    Smtp(Smtp),
    /// One file per notice, named after its id.
    Folder(PathBuf),
    Captured(Captured),
    /// Captured, and sent as well; the server's answer counts.
    CapturedAndSmtp(Captured, Smtp),
}

impl Mailer {
    /// Hands over one mail. `shown` is what the sandbox shows of it.
    pub async fn send(&self, message: &Message, shown: CapturedMail) -> Outcome {
        match self {
            Self::Smtp(smtp) => smtp.send(message).await,
            Self::Folder(folder) => write(folder, message, &shown).await,
            Self::Captured(captured) => {
                captured.keep(shown);
                Outcome::Sent { status: None }
            }
            Self::CapturedAndSmtp(captured, smtp) => {
                captured.keep(shown);
                smtp.send(message).await
            }
        }
    }
}

/// A pool of connections to one SMTP server.
#[derive(Clone)]
pub struct Smtp {
    /// Holds a password where the server wants one.
    url: Arc<str>,
    pool: Arc<Mutex<AsyncSmtpTransport<Tokio1Executor>>>,
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
        Ok(Self { url: url.into(), pool: Arc::new(Mutex::new(pool(url)?)), patience })
    }

    async fn send(&self, message: &Message) -> Outcome {
        let pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match tokio::time::timeout(self.patience, pool.send(message.clone())).await {
            Ok(Ok(response)) => Outcome::Sent { status: Some(response.code().into()) },
            Ok(Err(error)) => outcome_of(&error),
            Err(_) => {
                self.leave();
                Outcome::retry("the mail server did not answer in time")
            }
        }
    }

    /// Goes on with new connections: a silent one would go back to the others and hold up the next mail too.
    fn leave(&self) {
        if let Ok(fresh) = pool(&self.url) {
            *self.pool.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
    }
}

fn pool(url: &str) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
        .map_err(|_| "the SMTP URL cannot be used: write for example smtp://user:password@mail.example.org:587?tls=required".to_owned())?;
    Ok(builder.timeout(Some(CONNECT_TIMEOUT)).pool_config(PoolConfig::new().max_size(CONNECTIONS)).build())
}

fn outcome_of(error: &lettre::transport::smtp::Error) -> Outcome {
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

/// Written beside its place and renamed, so that no reader sees half a mail; a second try writes the same file.
async fn write(folder: &Path, message: &Message, shown: &CapturedMail) -> Outcome {
    let (unfinished, finished) = (folder.join(format!("{}.part", shown.notice_id)), folder.join(format!("{}.eml", shown.notice_id)));
    let written = async {
        tokio::fs::create_dir_all(folder).await?;
        tokio::fs::write(&unfinished, message.formatted()).await?;
        tokio::fs::rename(&unfinished, &finished).await
    };
    match written.await {
        Ok(()) => Outcome::Sent { status: None },
        Err(why) => Outcome::retry(format!("the mail folder cannot be written: {}", why.kind())),
    }
}
