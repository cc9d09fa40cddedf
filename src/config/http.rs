//! The web server: where it listens and how people reach it.

use std::net::SocketAddr;

use url::Url;

use super::{Fault, Faults};

const LARGEST_BODY_BYTES: usize = 64 * 1024 * 1024;

#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Web server")]
pub struct Args {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, env = "PROVISO_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub listen: String,

    /// Address people reach the server at, used in the links of mails and webhooks; default: http:// and the listen address
    #[arg(long, env = "PROVISO_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// Largest request body in bytes, 1024 to 67108864
    #[arg(long, env = "PROVISO_MAX_BODY_BYTES", value_name = "BYTES", default_value = "1048576")]
    pub max_body_bytes: String,

    /// Requests a program may make per minute with one API token, on each node, up to 1000000; 0 for any number
    #[arg(long, env = "PROVISO_TOKEN_REQUESTS_PER_MINUTE", value_name = "COUNT", default_value = "6000")]
    pub token_requests_per_minute: String,
}

/// The checked section.
#[derive(Debug, Clone)]
pub struct Http {
    pub listen: SocketAddr,
    /// `None`: the address that was bound, which is known only then when the port is 0.
    pub public_url: Option<Url>,
    pub max_body_bytes: usize,
    pub token_requests_per_minute: u32,
}

impl Args {
    pub fn resolve(self) -> Result<Http, Faults> {
        let mut faults = Faults::default();
        let listen = faults.note(listen(&self.listen));
        let public_url = faults.note(super::secret::given(self.public_url).map(|text| public_url(&text)).transpose());
        let max_body_bytes =
            faults.note(super::variable::number("PROVISO_MAX_BODY_BYTES", &self.max_body_bytes, 1024..=LARGEST_BODY_BYTES));
        let per_minute = super::variable::number("PROVISO_TOKEN_REQUESTS_PER_MINUTE", &self.token_requests_per_minute, 0..=1_000_000);
        match (listen, public_url, max_body_bytes, faults.note(per_minute)) {
            (Some(listen), Some(public_url), Some(max_body_bytes), Some(token_requests_per_minute)) => {
                Ok(Http { listen, public_url, max_body_bytes, token_requests_per_minute })
            }
            _ => Err(faults),
        }
    }
}

fn listen(text: &str) -> Result<SocketAddr, Fault> {
    let text = text.trim().replacen("localhost:", "127.0.0.1:", 1);
    text.parse()
        .map_err(|_| Fault::new("PROVISO_LISTEN", format!("\"{text}\" is not an address and port: write for example 127.0.0.1:8080")))
}

fn public_url(text: &str) -> Result<Url, Fault> {
    let fault =
        |message: &str| Fault::new("PROVISO_PUBLIC_URL", format!("\"{text}\" {message}: write for example https://proviso.example.org"));
    let url = Url::parse(text).map_err(|error| fault(&format!("is not a URL ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(fault("is not an http or https address"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(fault("has a user, a query or a fragment, which a link cannot be built on"));
    }
    Ok(url)
}
