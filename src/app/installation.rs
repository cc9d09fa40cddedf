//! Services and loops over one database: what a server, a sandbox and a rehearsal are made of.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::loops::Loops;
use crate::clock::Clock;
use crate::ids::IdSource;
use crate::outbox::{AddressPolicy, Captured, Dispatcher, FanOut, Mailbox, Mailer, Sender, Webhooks, check_templates};
use crate::scheduler::Pace;
use crate::service::sandbox::Sandbox;
use crate::service::webhooks::Receivers;
use crate::service::{Error, Services, Wake};
use crate::store::Store;
use futures_util::FutureExt;

/// How an installation is set up.
pub struct Setting {
    /// Migrated already.
    pub store: Store,
    pub clock: Clock,
    pub ids: IdSource,
    /// Where links in mails lead.
    pub public_url: String,
    pub mail_from: Mailbox,
    pub mailer: Mailer,
    pub addresses: AddressPolicy,
    /// What a receiver of webhooks gets, from connecting to the last byte.
    pub webhook_timeout: Duration,
    /// Names this node in leases.
    pub node: String,
    /// Of the timer engine.
    pub pace: Pace,
}

/// One installation. Cheap to clone; nothing runs by itself until `loops.start`.
#[derive(Clone)]
pub struct Installation {
    pub services: Services,
    pub loops: Loops,
    pub receivers: Receivers,
}

impl Installation {
    /// Wires the parts. A clock that can be moved and mail that is captured make it a sandbox.
    pub fn new(setting: Setting) -> Result<Self, Error> {
        check_templates().map_err(Error::Internal)?;
        let wake = Wake::default();
        let walker: Arc<OnceLock<Loops>> = Arc::default();
        let captured = match &setting.mailer {
            Mailer::Captured(captured) | Mailer::CapturedAndSmtp(captured, _) => Some(captured.clone()),
            Mailer::Smtp(_) | Mailer::Folder(_) => None,
        };
        let sandbox = captured.filter(|_| setting.clock.is_movable()).map(|captured| sandbox(walker.clone(), captured));
        let services = Services::new(setting.store.clone(), setting.clock, setting.ids, wake.clone(), sandbox);
        let sender = Sender::new(setting.mail_from, &setting.public_url);
        let sending = Webhooks::new(setting.addresses.clone(), setting.webhook_timeout).map_err(Error::Internal)?;
        let fan_out = FanOut::new(setting.store.clone(), super::directory(&services.programs), wake, &setting.node);
        let dispatcher = Dispatcher::new(setting.store, sender, setting.mailer, sending, &setting.node);
        let loops = Loops::new(services.clone(), fan_out, dispatcher, setting.pace);
        // Set once: nothing has been shared before this line.
        let _ = walker.set(loops.clone());
        Ok(Self { services, loops, receivers: super::receivers(setting.addresses) })
    }
}

fn sandbox(walker: Arc<OnceLock<Loops>>, captured: Captured) -> Sandbox {
    let walk = move |to| {
        let walker = walker.clone();
        async move {
            match walker.get() {
                Some(loops) => loops.advance_to(to).await,
                None => Err(Error::Internal("the sandbox is not ready".to_owned())),
            }
        }
        .boxed()
    };
    let mail =
        move |to: Option<&str>| captured.list(to, None, usize::MAX).iter().filter_map(|mail| serde_json::to_value(mail).ok()).collect();
    Sandbox::new(walk, mail)
}
