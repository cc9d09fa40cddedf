//! Addresses to which nothing can be delivered.
//!
//! Guarantee: what a try says about an address is written in the commit that says how the try ended. A mail that is accepted takes the
//! mark away; a marked address is tried with every new mail all the same, so that nothing is lost by an old mark.

use std::collections::{BTreeMap, BTreeSet};

use entity::{bounced_address, person};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::lease::parameters;
use super::settle::Settlement;
use crate::ids::Username;
use crate::instant::Instant;
use crate::store::{Error, Store, WriteTransaction};

/// What a try says about the address it went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressVerdict {
    Works,
    /// The mail server's answer.
    Bounces {
        status: u16,
    },
}

/// An address that is marked, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BouncedAddress {
    pub address: String,
    pub people: Vec<Username>,
    pub since: Instant,
    pub last_at: Instant,
    pub status: u16,
}

/// Writes what `settlements` say about addresses.
pub(super) async fn apply(write: &mut WriteTransaction, settlements: &[&Settlement], now: Instant) -> Result<(), Error> {
    const MARK: &str = "INSERT INTO bounced_address (address, since, last_at, status) \
        SELECT address, CAST($2 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS INTEGER) FROM notice WHERE id = $1 \
        ON CONFLICT (address) DO UPDATE SET last_at = excluded.last_at, status = excluded.status";
    let mut working: Vec<Uuid> = Vec::new();
    for settlement in settlements {
        match settlement.address {
            None => {}
            Some(AddressVerdict::Works) => working.push(settlement.id.0),
            Some(AddressVerdict::Bounces { status }) => {
                let values = vec![settlement.id.0.into(), now.millis().into(), i32::from(status).into()];
                write.execute(MARK, values).await?;
            }
        }
    }
    if !working.is_empty() {
        let mut values = Vec::new();
        let places = parameters(&mut values, &working);
        let unmark = format!("DELETE FROM bounced_address WHERE address IN (SELECT address FROM notice WHERE id IN ({places}))");
        write.execute(&unmark, values).await?;
    }
    Ok(())
}

impl Store {
    /// Which of these addresses are marked.
    pub async fn bounced_among(&self, addresses: BTreeSet<String>) -> Result<BTreeSet<String>, Error> {
        if addresses.is_empty() {
            return Ok(BTreeSet::new());
        }
        let marked = bounced_address::Entity::find().filter(bounced_address::Column::Address.is_in(addresses));
        Ok(marked.all(self.reader()).await?.into_iter().map(|row| row.address).collect())
    }

    /// Since when mails to somebody are returned; none where they are not.
    pub async fn bounced_since(&self, who: &Username) -> Result<Option<Instant>, Error> {
        let Some(address) = person::Entity::find_by_id(who.as_str()).one(self.reader()).await?.and_then(|row| row.email) else {
            return Ok(None);
        };
        let marked = bounced_address::Entity::find_by_id(address).one(self.reader()).await?;
        Ok(marked.map(|row| Instant::clamped(row.since)))
    }

    /// Every marked address, in order.
    pub async fn bounced_addresses(&self) -> Result<Vec<BouncedAddress>, Error> {
        let rows = bounced_address::Entity::find().order_by_asc(bounced_address::Column::Address).all(self.reader()).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let addresses: Vec<String> = rows.iter().map(|row| row.address.clone()).collect();
        let owners = person::Entity::find().filter(person::Column::Email.is_in(addresses)).order_by_asc(person::Column::Username);
        let mut people: BTreeMap<String, Vec<Username>> = BTreeMap::new();
        for row in owners.all(self.reader()).await? {
            if let Some(email) = row.email {
                people.entry(email).or_default().push(Username(row.username));
            }
        }
        let read = |row: bounced_address::Model| BouncedAddress {
            people: people.remove(&row.address).unwrap_or_default(),
            address: row.address,
            since: Instant::clamped(row.since),
            last_at: Instant::clamped(row.last_at),
            status: u16::try_from(row.status).unwrap_or(0),
        };
        Ok(rows.into_iter().map(read).collect())
    }
}
