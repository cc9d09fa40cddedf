//! Outgoing mail: through which server, from whom, or into which folder.

use std::net::IpAddr;
use std::path::PathBuf;

use lettre::message::Mailbox;
use url::{Host, Url};

use super::secret::from_text_or_file;
use super::{Fault, Faults, Secret};

#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Mail")]
pub struct Args {
    /// Mail server: smtps://USER:PASSWORD@HOST for TLS, smtp://…?tls=required for STARTTLS, smtp://HOST:PORT for clear text without
    /// a password; default: none, mails are written to the mail folder
    #[arg(long, env = "PROVISO_SMTP_URL", value_name = "URL", hide_env_values = true)]
    pub smtp_url: Option<Secret>,

    /// File that holds the mail server's URL
    #[arg(long, env = "PROVISO_SMTP_URL_FILE", value_name = "FILE")]
    pub smtp_url_file: Option<String>,

    /// Sender of every mail
    #[arg(long, env = "PROVISO_MAIL_FROM", value_name = "ADDRESS", default_value = "Proviso <proviso@localhost>")]
    pub mail_from: String,

    /// Folder that receives each mail as an .eml file while no mail server is set
    #[arg(long, env = "PROVISO_MAIL_DIR", value_name = "FOLDER", default_value = "data/mail")]
    pub mail_dir: String,
}

/// The checked section.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// The server's URL, fit for lettre's `from_url`; it never sends a password in clear text, except to this machine. `None`: no server.
    pub url: Option<Secret>,
    pub from: Mailbox,
    /// Used when there is no server; it may not exist yet.
    pub folder: PathBuf,
}

impl Args {
    pub fn resolve(self) -> Result<Smtp, Faults> {
        let mut faults = Faults::default();
        let url = from_text_or_file("PROVISO_SMTP_URL", self.smtp_url, self.smtp_url_file);
        let url = faults.note(url.and_then(|url| url.map(safe).transpose()));
        let from = faults.note(self.mail_from.parse::<Mailbox>().map_err(|_| {
            let message = format!("\"{}\" is not a mail address: write for example Proviso <proviso@example.org>", self.mail_from);
            Fault::new("PROVISO_MAIL_FROM", message)
        }));
        let folder = PathBuf::from(&self.mail_dir);
        if self.mail_dir.trim().is_empty() {
            faults.0.push(Fault::new("PROVISO_MAIL_DIR", "is empty: name a folder"));
            return Err(faults);
        }
        match (url, from) {
            (Some(url), Some(from)) => Ok(Smtp { url, from, folder }),
            _ => Err(faults),
        }
    }
}

/// The URL, when it keeps a password from being read on the way. The messages never repeat the URL, which may hold one.
fn safe(secret: Secret) -> Result<Secret, Fault> {
    let fault = |message: &str| Fault::new("PROVISO_SMTP_URL", message);
    let url = Url::parse(secret.expose()).map_err(|error| fault(&format!("is not a URL ({error})")))?;
    let Some(host) = url.host() else {
        return Err(fault("names no host: write for example smtps://mail.example.org"));
    };
    let tls = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value.into_owned());
    let is_protected = match (url.scheme(), tls.as_deref()) {
        ("smtps", None | Some("required")) | ("smtp", Some("required")) => true,
        ("smtp", None | Some("opportunistic")) => false,
        ("smtp" | "smtps", Some(_)) => return Err(fault("has an unknown tls setting: write ?tls=required for STARTTLS")),
        _ => return Err(fault("is neither smtp:// nor smtps://")),
    };
    let has_password = !url.username().is_empty() || url.password().is_some();
    if has_password && !is_protected && !is_loopback(&host) {
        return Err(fault("would send the password in clear text: use smtps:// or add ?tls=required"));
    }
    Ok(secret)
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}
