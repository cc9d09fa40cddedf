//! Answering a breach by the link in the mail that told of it.
//!
//! Guarantee: a link lets nobody in. Only the person it was sent to, signed in, answers by it, once, within a week; what they may do is
//! judged by the roles they hold then. Looking at it changes nothing.

use super::queries;
use super::views::BreachView;
use super::{Error, Services};
use crate::domain::command::Principal;
use crate::ids::NoticeId;

/// How long a link is good, in milliseconds of business time.
const GOOD_FOR: i64 = 7 * 24 * 3_600_000;

/// A link that somebody followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed {
    pub mail: NoticeId,
    pub breach: BreachView,
    pub state: LinkState,
}

/// What a link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    Good,
    Used,
    Expired,
}

/// The link behind a token, for the person it was sent to. `NotFound` where it was not made here or its breach is out of their sight;
/// `Forbidden` for anybody else.
pub async fn follow(services: &Services, person: &Principal, token: &str) -> Result<Followed, Error> {
    let mail = services.store.link_key(rand::random()).await?.answered(token).ok_or(Error::NotFound)?;
    let link = services.store.answer_link(mail).await?.ok_or(Error::NotFound)?;
    if link.to.as_str() != person.username {
        return Err(Error::Forbidden("this link was sent to somebody else; sign in as the person whose mail it is".to_owned()));
    }
    let breach = queries::breach(services, person, link.breach).await?;
    let state = if link.is_used {
        LinkState::Used
    } else if services.clock.now().millis_since(link.made_at) > GOOD_FOR {
        LinkState::Expired
    } else {
        LinkState::Good
    };
    Ok(Followed { mail, breach, state })
}

/// Takes a link for one answer; false when it is taken already.
pub async fn take(services: &Services, mail: NoticeId) -> Result<bool, Error> {
    Ok(services.store.use_answer_link(mail, services.clock.now()).await?)
}

/// Gives a link back whose answer was refused.
pub async fn give_back(services: &Services, mail: NoticeId) -> Result<(), Error> {
    Ok(services.store.free_answer_link(mail).await?)
}
