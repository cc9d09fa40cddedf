//! Who the credentials of requests belong to: all that are asked for at the same time are looked up in one statement.
//!
//! Guarantee: a look-up begins after the request that asks for it has come, so what was taken from somebody before is gone; no
//! answer is kept.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};
use uuid::Uuid;

use crate::domain::command::Principal;
use crate::store::credentials::Credential;
use crate::store::{Error, Store};

/// Most credentials of one statement.
const AT_MOST: usize = 64;
/// Requests that may wait; one beyond that waits for a place.
const WAITING_AT_MOST: usize = 10_000;
/// Statements at the same time.
const READERS: usize = 2;

/// A credential with the person it belongs to, as they are now.
pub type Known = (Credential, Principal);

struct Waiting {
    id: Uuid,
    reply: oneshot::Sender<Option<Known>>,
}

/// Where requests ask. Cheap to clone; the readers end with its last clone.
#[derive(Clone)]
pub struct Identities {
    sender: mpsc::Sender<Waiting>,
    store: Store,
}

impl Identities {
    /// Starts the readers.
    pub fn start(store: &Store) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING_AT_MOST);
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..READERS {
            tokio::spawn(read(store.clone(), receiver.clone()));
        }
        Self { sender, store: store.clone() }
    }

    /// A credential and whose it is; none where there is no such credential.
    pub async fn of(&self, id: Uuid) -> Result<Option<Known>, Error> {
        let (reply, answer) = oneshot::channel();
        if self.sender.send(Waiting { id, reply }).await.is_ok()
            && let Ok(known) = answer.await
        {
            return Ok(known);
        }
        // The look-up for all failed. Asking alone tells why.
        Ok(self.store.credentials(&[id]).await?.remove(&id))
    }
}

async fn read(store: Store, receiver: Arc<Mutex<mpsc::Receiver<Waiting>>>) {
    loop {
        let mut asked = Vec::new();
        if receiver.lock().await.recv_many(&mut asked, AT_MOST).await == 0 {
            return;
        }
        let mut ids: Vec<Uuid> = asked.iter().map(|waiting| waiting.id).collect();
        ids.sort_unstable();
        ids.dedup();
        // Who waits hears of a failure by the end of the channel.
        let Ok(found) = store.credentials(&ids).await else { continue };
        answer(asked, &found);
    }
}

fn answer(asked: Vec<Waiting>, found: &HashMap<Uuid, Known>) {
    for waiting in asked {
        // Who has gone away no longer wants the answer.
        let _ = waiting.reply.send(found.get(&waiting.id).cloned());
    }
}
