//! Sending one webhook: signed, to an address the policy allows, within limits of time and size.
//!
//! Guarantee: no connection is opened to an address the policy forbids, whether the URL names it, hides it in another
//! notation or a name resolves to it; redirects are not followed and no proxy is used.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};

use super::address::{AddressPolicy, check_url};
use super::names::{Guarded, LookUp, NoAllowedAddress};
use super::outcome::Outcome;
use super::signature::Secret;
use crate::ids::NoticeId;
use crate::instant::Instant;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How much of an answer is read, in bytes; what it says is not used.
const READ_CAP: usize = 16 * 1024;

/// One try at one delivery.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The same for each try and for a replay.
    pub id: NoticeId,
    pub url: String,
    /// The subscription's `whsec_…`; two while a new one takes over from another. Each signs.
    pub secrets: Vec<String>,
    pub body: String,
    /// Somebody asked for it again after it had been sent or given up.
    pub replay: bool,
}

/// The client for all receivers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Webhooks {
    client: reqwest::Client,
    policy: AddressPolicy,
    timeout: Duration,
}

impl Webhooks {
    /// Builds the client; a try may take `timeout`, from the first packet to the end of the answer. Fails where the machine
    /// has no usable certificate store.
    pub fn new(policy: AddressPolicy, timeout: Duration) -> Result<Self, String> {
        Self::with_names(policy, timeout, LookUp::of_the_machine())
    }

    /// The same where names are looked up by other means.
    pub fn with_names(policy: AddressPolicy, timeout: Duration, look_up: LookUp) -> Result<Self, String> {
        // An error says that a provider is installed already, which is all that is needed.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = reqwest::Client::builder()
            .user_agent(concat!("proviso/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .timeout(timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(timeout))
            .dns_resolver(Arc::new(Guarded { policy: policy.clone(), look_up }))
            .build()
            .map_err(|why| format!("the client for webhooks cannot be built: {why}"))?;
        Ok(Self { client, policy, timeout })
    }

    /// Longest a try can take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Sends once and sorts the answer. `wall` becomes `webhook-timestamp`.
    pub async fn send(&self, delivery: &Delivery, wall: Instant) -> Outcome {
        let url = match check_url(&delivery.url, &self.policy) {
            Ok(url) => url,
            Err(_) => return Outcome::retry("the receiver's address is not allowed"),
        };
        let (id, seconds) = (delivery.id.to_string(), wall.millis().div_euclid(1_000));
        let Some(signatures) = signatures(delivery, &id, seconds) else {
            return Outcome::dead("the subscription's secret cannot be read");
        };
        let mut request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", signatures);
        if delivery.replay {
            request = request.header("webhook-replay", "true");
        }
        match request.body(delivery.body.clone()).send().await {
            Ok(response) => {
                let outcome = sort(&response, wall);
                drain(response).await;
                outcome
            }
            Err(error) => Outcome::retry(describe(&error)),
        }
    }
}

/// One signature per secret, separated by spaces; none when a secret cannot be read or there is none.
fn signatures(delivery: &Delivery, id: &str, seconds: i64) -> Option<String> {
    let secrets: Vec<Secret> = delivery.secrets.iter().map(|text| Secret::parse(text)).collect::<Result<_, _>>().ok()?;
    let signed: Vec<String> = secrets.iter().map(|secret| secret.sign(id, seconds, &delivery.body)).collect();
    (!signed.is_empty()).then(|| signed.join(" "))
}

fn sort(response: &reqwest::Response, wall: Instant) -> Outcome {
    let status = response.status().as_u16();
    match status {
        200..=299 => Outcome::Sent { status: Some(status) },
        410 => Outcome::Gone { status },
        _ => {
            let asked = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            let detail = match status {
                300..=399 => "the receiver redirects, which is not followed",
                _ => "the receiver did not accept it",
            };
            Outcome::Retry { status: Some(status), detail: detail.to_owned(), after_millis: asked.and_then(|text| asked_wait(text, wall)) }
        }
    }
}

/// Milliseconds that a `Retry-After` asks to wait: seconds, or an HTTP date.
fn asked_wait(text: &str, wall: Instant) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(i64::from(seconds) * 1_000);
    }
    let at = DateTime::parse_from_rfc2822(text).ok()?;
    Some(Instant::clamped(at.timestamp_millis()).millis_since(wall).max(0))
}

/// Reads a little of the answer so that the connection can be used again; a receiver that sends more or slowly is cut off.
async fn drain(mut response: reqwest::Response) {
    let mut read = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        read += chunk.len();
        if read >= READ_CAP {
            return;
        }
    }
}

/// What went wrong, without the address.
fn describe(error: &reqwest::Error) -> &'static str {
    if refused_by_policy(error) {
        "the receiver's name leads to no address that is allowed"
    } else if error.is_timeout() {
        "the receiver did not answer in time"
    } else if error.is_connect() {
        "no connection to the receiver"
    } else {
        "the connection broke before an answer came"
    }
}

fn refused_by_policy(error: &reqwest::Error) -> bool {
    let mut next = error.source();
    while let Some(source) = next {
        if source.is::<NoAllowedAddress>() {
            return true;
        }
        next = source.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_can_be_asked_for_in_seconds_or_as_a_date() {
        let wall: Instant = "2026-11-23T09:00:00Z".parse().unwrap();
        assert_eq!(asked_wait("120", wall), Some(120_000));
        assert_eq!(asked_wait("Mon, 23 Nov 2026 09:05:00 GMT", wall), Some(300_000));
        assert_eq!(asked_wait("Mon, 23 Nov 2026 08:00:00 GMT", wall), Some(0));
        assert_eq!(asked_wait("soon", wall), None);
        assert_eq!(asked_wait("-5", wall), None);
    }
}
