//! Evidence that leaves the machine: exported, and verified without the database.

use super::evidence::{self, PARTICIPANT};
use super::program::Desk;
use crate::store::home::{self, Home};

on_both!(an_export_is_whole_and_the_same_each_time);

async fn an_export_is_whole_and_the_same_each_time(home: Home) {
    evidence::make(&home.store).await;
    let desk = Desk::new();
    let export = |name: &str| desk.run(&["audit", "export", "--database-url", &home.url, "--out", name]).expect(0);
    let told = export("one.jsonl");
    let told_again = desk.run(&["audit", "export", "--database-url", &home.url, "--out", "two.jsonl", "--json"]).expect(0).json();
    let text = std::fs::read_to_string(desk.path("one.jsonl")).unwrap();
    assert_eq!(text, std::fs::read_to_string(desk.path("two.jsonl")).unwrap());
    assert!(!desk.path("one.jsonl.part").exists());
    let sha256 = told_again["sha256"].as_str().unwrap();
    assert!(told.out.contains(sha256), "{told:?}");
    assert_eq!(
        (&told_again["entries"], &told_again["streams"]),
        (&14.into(), &4.into()),
        "three instances and a program, whose publication is an entry too"
    );
    assert_eq!(text.lines().count(), 16);
    assert!(!text.contains(PARTICIPANT), "what people typed stays in the database");
    let verified = desk.run(&["audit", "verify", "one.jsonl"]).expect(0);
    assert_eq!(verified.out, format!("14 entries of 4 streams, sha256 {sha256}: nothing was changed\n"));
    let live = desk.run(&["audit", "verify", "--database-url", &home.url]).expect(0);
    assert_eq!(live.out, "14 entries of 4 streams, 7 records: nothing was changed\n");
}

#[tokio::test]
async fn an_empty_database_has_an_empty_export_that_is_whole() {
    let (desk, home) = (Desk::new(), home::sqlite().await);
    desk.run(&["audit", "export", "--database-url", &home.url, "--out", "none.jsonl"]).expect(0);
    let json = desk.run(&["audit", "verify", "none.jsonl", "--json"]).expect(0).json();
    assert_eq!((&json["entries"], &json["findings"]), (&0.into(), &0.into()));
}

#[tokio::test]
async fn findings_name_stream_and_entry_and_nothing_about_participants() {
    let (desk, home) = (Desk::new(), home::sqlite().await);
    evidence::make(&home.store).await;
    desk.run(&["audit", "export", "--database-url", &home.url, "--out", "all.jsonl"]).expect(0);
    let text = std::fs::read_to_string(desk.path("all.jsonl")).unwrap();
    let heads = home.store.streams().await.unwrap();
    let last = heads.iter().max_by_key(|head| head.sequence).unwrap();
    let place = format!("\"stream\":\"{}\",\"sequence\":2,", last.stream);
    let line = text.lines().position(|line| line.contains(&place)).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let forged = lines[line].replacen("nurse", "chief", 1);
    lines[line] = &forged;
    desk.write("forged.jsonl", &(lines.join("\n") + "\n"));
    let found = desk.run(&["audit", "verify", "forged.jsonl"]).expect(1).out;
    assert!(found.starts_with(&format!("edited: line {}: stream {}, entry 2: ", line + 1, last.stream)), "{found}");
    assert!(found.ends_with(": 2 findings\n") && !found.contains(PARTICIPANT), "{found}");
    let json = desk.run(&["audit", "verify", "forged.jsonl", "--json"]).expect(1).json();
    assert_eq!((&json["listed"][0]["code"], &json["listed"][0]["sequence"]), (&"edited".into(), &2.into()));
    desk.write("cut.jsonl", &(lines[..lines.len() - 1].join("\n") + "\n"));
    assert!(desk.run(&["audit", "verify", "cut.jsonl"]).expect(1).out.contains("cut off"));
    assert!(desk.run(&["audit", "verify", "gone.jsonl"]).expect(2).err.starts_with("gone.jsonl: "));
    desk.run(&["audit", "export", "--database-url", &home.url, "--out", "no/such/folder.jsonl"]).expect(2);
}
