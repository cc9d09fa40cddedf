//! A month closed, compared, decided on and spoken about through pages alone.

use super::browser::Browser;
use crate::support::server::{Backend, Sandbox};

const MONTH: &str = "/months/oxygen_continuity/2025-12";

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_closed_by_two_people_and_a_statement_above_the_position_is_refused() {
    let sandbox = Sandbox::start(Backend::Sqlite).await;
    let (finance, officer) = (Browser::of(&sandbox, "finance").await, Browser::of(&sandbox, "chief_financial_officer").await);
    finance.get("/months").await.ok(200).link(MONTH);
    finance.get(MONTH).await.ok(200).says("Propose to close the month");
    assert_eq!(finance.post(MONTH, &[("action", "close")]).await.goes_to(), format!("{MONTH}?done=close"));
    finance.post(MONTH, &[("action", "close")]).await.ok(422).says("another person confirms it");
    officer.get(MONTH).await.ok(200).says("Confirm the closing");
    officer.post(MONTH, &[("action", "close")]).await.goes_to();
    officer.get(MONTH).await.ok(200).says("Hash of the month");
    officer.post(MONTH, &[("action", "close")]).await.ok(409).says("stays closed");
    officer.post(MONTH, &[("action", "compare")]).await.goes_to();

    let claim = [("action", "statement"), ("audience", "Payer"), ("text", "All is <well>"), ("level", "supportable")];
    officer.post(MONTH, &claim).await.ok(422).says("The board has not decided on 2025-12 yet");
    let chair = Browser::of(&sandbox, "board_finance_committee_chair").await;
    chair.post(MONTH, &[("action", "position"), ("level", "provisional"), ("basis", "Minutes")]).await.goes_to();
    let refused = officer.post(MONTH, &claim).await.ok(422);
    refused.says("claim no more than that");
    refused.says("All is &#60;well&#62;");
    let claim = [("action", "statement"), ("audience", "Payer"), ("text", "All is well"), ("level", "provisional")];
    assert_eq!(officer.post(MONTH, &claim).await.goes_to(), format!("{MONTH}?done=statement"));
    let report = "/reports?program=oxygen_continuity&from=2025-12-01&to=&report=";
    officer.get(&format!("{report}settlement_figures")).await.ok(200).says("activated_episode_count is zero");
    officer.get(&format!("{report}nothing")).await.ok(200).says("On time, late and missed");
    officer.get("/reports?report=breaches&program=oxygen_continuity&from=yesterday&to=").await.ok(400);
    officer.get("/reports?report=breaches&program=other").await.ok(404);
    sandbox.stop().await;
}
