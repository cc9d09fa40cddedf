//! When something would be due, asked at the command line.

use super::program::Desk;

const FROM: [&str; 4] = ["--zone", "America/New_York", "--from", "2026-11-25T16:30:00-05:00"];

#[test]
fn the_instant_comes_first_and_then_why() {
    let desk = Desk::new();
    let ran = desk.run(&[&["deadline", "--calendar", "us_federal", "--within", "1 business day"], &FROM[..]].concat()).expect(0);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines[0], "2026-11-27T22:00:00.000Z");
    assert!(lines.contains(&"  Thu 26 Nov 2026 is Thanksgiving Day."), "{}", ran.out);
    let json = desk
        .run(&[&["deadline", "--json", "--calendar", "us_california", "--within", "1 business day"], &FROM[..]].concat())
        .expect(0)
        .json();
    assert_eq!((&json["due_at"], &json["calendar"]), (&"2026-11-30T22:00:00.000Z".into(), &"us_california/1".into()));
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let desk = Desk::new();
    let wrong = ["deadline", "--calendar", "mars", "--zone", "Mars/X", "--from", "2026-11-25T16:30:00", "--within", "PT0S"];
    let ran = desk.run(&wrong).expect(1);
    let wrong = [&wrong[..], &["--cut-off", "3 pm"]].concat();
    assert!(!desk.run(&wrong).expect(1).out.contains("cut_off: "), "a cut-off cannot be read without a calendar");
    let times = ["deadline", "--zone", "Mars/X", "--from", "now", "--within", "soon", "--cut-off", "3 pm"];
    let told = desk.run(&times).expect(1);
    assert_eq!(told.out.lines().count(), 4, "{}", told.out);
    for id in ["calendar: ", "zone: ", "from: ", "within: "] {
        assert!(ran.out.lines().any(|line| line.starts_with(id) && line.len() > 20), "{id}{}", ran.out);
    }
    for within in ["-P1D", "0 hours", "99999999999999999999 days", "4000 business days", "by 25:00 on the next business day"] {
        desk.run(&[&["deadline", "--within", within], &FROM[..]].concat()).expect(1);
    }
    for late in ["2099-12-31T23:00:00Z", "9999-12-31T23:59:59Z"] {
        let ran = desk.run(&["deadline", "--zone", "UTC", "--from", late, "--within", "1 business day"]).expect(1);
        assert!(ran.out.contains("has run out"), "{}", ran.out);
    }
    desk.run(&["deadline", "--within", "1 business day"]).expect(2);
}
