//! A calendar feed made, replaced and ended on the page of one's account.

use actix_web::http::Method;

use super::browser::Browser;
use crate::support::api::answer;
use crate::support::server::{Backend, Sandbox};

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_a_feed_is_shown_once() {
    let sandbox = Sandbox::start(Backend::Sqlite).await;
    let nurse = Browser::of(&sandbox, "respiratory_continuity_manager").await;
    let account = nurse.get("/inbox").await.ok(200).link("/account");
    nurse.get(&account).await.ok(200).says("You have no feed.");
    let made = nurse.post(&account, &[("action", "create")]).await.ok(200);
    made.says("not shown again");
    assert_eq!(made.header("cache-control"), "no-store");
    let start = format!("value=\"{}/calendar/", nurse.base);
    let token = made.text.split_once(&start).expect("an address").1.split('"').next().unwrap_or_default().to_owned();
    let read = async || answer(sandbox.api.anonymous(Method::GET, &format!("//calendar/{token}"))).await;
    assert_eq!(read().await.status, 200);
    let later = nurse.get(&account).await.ok(200);
    later.says("You have had a feed since");
    assert!(!later.text.contains("/calendar/"));
    nurse.send(&account, "http://evil.example", &[("action", "revoke"), ("token", &later.hidden("token"))]).await.ok(403);
    nurse.send(&account, &nurse.base, &[("action", "revoke"), ("token", "guessed")]).await.ok(403);
    assert_eq!(read().await.status, 200);
    assert_eq!(nurse.post(&account, &[("action", "revoke")]).await.goes_to(), account);
    assert_eq!(read().await.status, 404);
    nurse.get(&account).await.ok(200).says("You have no feed.");
    nurse.post(&account, &[("action", "drop")]).await.ok(400);
    sandbox.stop().await;
}
