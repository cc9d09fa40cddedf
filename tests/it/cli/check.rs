//! `proviso check` tells everything that is wrong with every file.

use super::evidence::PROGRAM;
use super::program::Desk;
use crate::support::checkout;

#[test]
fn the_shipped_definitions_and_rehearsals_are_fine() {
    let desk = Desk::new();
    let folder = checkout::root().join("definitions").display().to_string();
    let ran = desk.run(&["check", &folder]).expect(0);
    let line = ran.out.lines().find(|line| line.contains("oxygen_continuity.yaml: ")).unwrap();
    assert!(line.contains("oxygen_continuity version 1: ") && line.contains(" steps, ") && line.contains(" gates, "), "{line}");
    assert!(ran.out.lines().any(|line| line.contains("oxygen_continuity.rehearsal.yaml: rehearsal of oxygen_continuity, ")), "{}", ran.out);
}

#[test]
fn every_fault_of_every_file_is_told_with_its_place() {
    let desk = Desk::new();
    let one = desk.write("one.yaml", &PROGRAM.replace("role: nurse\n", "role: nurze\n").replace("then: decision", "then: decission"));
    let two = desk.write("two.yaml", &PROGRAM.replace("title: Demo", "titel: Demo"));
    let good = desk.write("good.yaml", PROGRAM);
    let script =
        desk.write("demo.rehearsal.yaml", "rehearsal: demo\ntitle: T\nstarts_at: 2026-01-05T13:00:00Z\nseed: 1\nactions:\n  - dance: x\n");
    let ran = desk.run(&["check", &one, &two, &good, &script]).expect(1);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines.iter().any(|line| line.starts_with(&format!("{one}:21:")) && line.contains("did you mean nurse?")), "{}", ran.out);
    assert!(lines.iter().any(|line| line.starts_with(&one) && line.contains("did you mean decision?")), "{}", ran.out);
    assert!(lines.iter().any(|line| line.starts_with(&format!("{two}:3:1: unknown_key: "))), "{}", ran.out);
    assert!(lines.contains(&format!("{good}: demo version 1: 1 workflow, 2 steps, 2 fields, 0 gates, 0 checks").as_str()), "{}", ran.out);
    assert!(
        lines.iter().any(|line| line.starts_with(&format!("{script}:6:")) && line.contains(": malformed: ") && !line.contains(" at line ")),
        "{}",
        ran.out
    );
    let json = desk.run(&["check", "--json", &one, &two, &good, &script]).expect(1).json();
    assert_eq!(json["files"].as_array().unwrap().len(), 4);
    assert_eq!(json["files"][0]["faults"][0]["line"], 21);
    assert_eq!(json["files"][2]["steps"], 2);
    assert_eq!(json["faults"], lines.len() - 1, "one line per fault, and one for the good file");
}

#[test]
fn what_cannot_be_read_is_a_wrong_use() {
    let desk = Desk::new();
    let gone = desk.run(&["check", "gone.yaml"]).expect(2);
    assert!(gone.err.starts_with("gone.yaml: ") && gone.out.is_empty(), "{gone:?}");
    std::fs::create_dir(desk.path("empty")).unwrap();
    assert!(desk.run(&["check", "empty"]).expect(2).err.contains("no .yaml file"));
    desk.run(&["check"]).expect(2);
    desk.run(&["dance"]).expect(2);
}
