//! A locked record amended through pages alone, by two people.

use super::browser::Browser;
use crate::http::episodes::{DECIDER, Episode, RECORDER, SAMPLES, decision};
use crate::support::server::{Backend, Sandbox};

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_amended_by_two_people() {
    let sandbox = Sandbox::start(Backend::Sqlite).await;
    let episode = Episode::start(&sandbox, RECORDER, SAMPLES[0]).await;
    episode.record(RECORDER).await;
    episode.complete(DECIDER, "activation", decision("activated")).await;
    let instance = format!("/instances/{}", episode.id);
    let (nurse, chief) = (Browser::of(&sandbox, RECORDER).await, Browser::of(&sandbox, DECIDER).await);
    let form = nurse.get(&instance).await.ok(200).link(&format!("{instance}/records/"));
    nurse.get(&form).await.ok(200).says("value=\"2026-01-05\"");
    let typed = |date: &'static str, score: &'static str, reason: &'static str| {
        [
            ("action", "propose"),
            ("f.payer_eligibility_status", "active"),
            ("f.oxygen_support_type_code", "concentrator_continuous"),
            ("f.interruption_start_timestamp", "2026-01-05T05:40:00"),
            ("f.interruption_severity_score", score),
            ("f.service_impact_score", "5"),
            ("f.qualifying_trigger_code", "equipment_malfunction"),
            ("f.meets_pilot_definition", "true"),
            ("f.proposed_episode_start_date", date),
            ("reason", reason),
            ("note", "The <day> after was meant"),
        ]
    };
    let refused = nurse.post(&form, &typed("2026-01-06", "9", "")).await.ok(422);
    refused.says("href=\"#reason\"");
    refused.says("value=\"2026-01-06\"");
    refused.says("The &#60;day&#62; after was meant");
    nurse.post(&form, &typed("2026-01-05", "6", "entry_error")).await.ok(422).says("change nothing");
    assert_eq!(nurse.post(&form, &typed("2026-01-06", "6", "entry_error")).await.goes_to(), format!("{instance}#records"));
    let waiting = nurse.get(&instance).await.ok(200);
    waiting.says("Take it back");
    assert!(!waiting.text.contains("value=\"approve\""));
    nurse.post(&form, &[("action", "approve"), ("number", "1")]).await.ok(422).says("another person decides on it");
    let other = Browser::of(&sandbox, "compliance").await;
    other.post(&form, &[("action", "approve"), ("number", "1")]).await.ok(403);
    assert!(!other.get(&instance).await.ok(200).text.contains("after was meant"));

    chief.get(&instance).await.ok(200).says("Approve: file the new version");
    chief.post(&form, &[("action", "reject"), ("number", "1")]).await.ok(422).says("say why");
    chief.post(&form, &[("action", "approve"), ("number", "1")]).await.goes_to();
    let done = nurse.get(&instance).await.ok(200);
    done.says("version 2");
    done.says("An amendment put another version in its place.");
    done.says("Proposed by respiratory_continuity_manager");
    chief.post(&form, &[("action", "approve"), ("number", "1")]).await.ok(409).says("already approved");
    chief.post(&form, &[("action", "drop")]).await.ok(400);
    sandbox.stop().await;
}
