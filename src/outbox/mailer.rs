//! Where mails go: to an SMTP server, into a folder of `.eml` files, or into memory where the sandbox shows them.

use std::path::{Path, PathBuf};

use lettre::Message;

use super::captured::{Captured, CapturedMail};
use super::outcome::Outcome;
use super::smtp::Smtp;
use crate::ids::NoticeId;

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
    /// Hands over the mail of a notice. `shown` says what the sandbox shows of it.
    pub async fn send(&self, message: &Message, notice: NoticeId, shown: impl FnOnce() -> CapturedMail) -> Outcome {
        match self {
            Self::Smtp(smtp) => smtp.send(message).await,
            Self::Folder(folder) => write(folder, message, notice).await,
            Self::Captured(captured) => {
                captured.keep(shown());
                Outcome::Sent { status: None }
            }
            Self::CapturedAndSmtp(captured, smtp) => {
                captured.keep(shown());
                smtp.send(message).await
            }
        }
    }
}

/// Written beside its place and renamed, so that no reader sees half a mail; a second try writes the same file.
async fn write(folder: &Path, message: &Message, notice: NoticeId) -> Outcome {
    let (unfinished, finished) = (folder.join(format!("{notice}.part")), folder.join(format!("{notice}.eml")));
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
