//! `proviso import` takes all rows of a file or none.

use super::evidence;
use super::program::Desk;
use crate::store::home;

const ROWS: &str = "participant,status,since\np1,active,2026-01-05\np2,,\n";

#[tokio::test]
async fn a_file_becomes_the_next_version() {
    let (desk, home) = (Desk::new(), home::sqlite().await);
    let services = evidence::services(&home.store).await;
    let file = desk.write("roster.csv", ROWS);
    let import = |more: &[&str]| desk.run(&[&["import", "demo", "roster", &file, "--database-url", &home.url], more].concat());
    let first = import(&[]).expect(0).out;
    let sha256 = first.strip_prefix("roster version 1: 2 rows, sha256 ").unwrap();
    assert_eq!(sha256.trim_end().len(), 64, "{first}");
    let second = import(&["--json"]).expect(0).json();
    assert_eq!((&second["version"], &second["imported_by"]), (&2.into(), &"command line".into()));
    let refused = import(&["--by", "nurse"]).expect(2);
    assert!(refused.err.contains("nurse is neither integrator nor administrator"), "{refused:?}");
    assert!(import(&["--by", "nobody"]).expect(2).err.contains("no person nobody"));
    let versions = services.store.source_versions(&"demo".into(), &"roster".into(), None, 10).await.unwrap();
    assert_eq!(versions.len(), 2);
}

#[tokio::test]
async fn every_bad_value_is_told_and_nothing_is_imported() {
    let (desk, home) = (Desk::new(), home::sqlite().await);
    let services = evidence::services(&home.store).await;
    let file = desk.write("bad.csv", "participant,status,since\np1,active,yesterday\n,active,2026-01-05\np3,active,2026-13-01\n");
    let arguments = ["import", "demo", "roster", &file, "--database-url", &home.url];
    let ran = desk.run(&arguments).expect(1);
    for line in [2, 3, 4] {
        assert!(ran.out.lines().any(|text| text.starts_with(&format!("{file}:{line}: "))), "{ran:?}");
    }
    assert!(ran.out.ends_with("3 faults; nothing was imported\n"), "{ran:?}");
    let json = desk.run(&[&arguments[..], &["--json"]].concat()).expect(1).json();
    assert_eq!(json["errors"][0]["row"], 2);
    assert!(services.store.source_versions(&"demo".into(), &"roster".into(), None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_does_not_exist_is_named_with_what_does() {
    let (desk, home) = (Desk::new(), home::sqlite().await);
    evidence::services(&home.store).await;
    let file = desk.write("roster.csv", ROWS);
    let import =
        |program: &str, source: &str, file: &str| desk.run(&["import", program, source, file, "--database-url", &home.url]).expect(2).err;
    assert!(import("gone", "roster", &file).contains("there is: demo"));
    assert!(import("demo", "rooster", &file).contains("it has: roster"));
    assert!(import("demo", "roster", "gone.csv").starts_with("gone.csv: "));
}
