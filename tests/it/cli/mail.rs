//! Mails looked at on the command line.

use super::program::Desk;

#[test]
fn each_mail_can_be_looked_at_and_an_unknown_one_names_the_others() {
    let desk = Desk::new();
    let listed = desk.run(&["mail", "preview"]).expect(0);
    assert!(listed.out.lines().count() >= 7, "{}", listed.out);
    for name in listed.out.lines() {
        let shown = desk.run(&["mail", "preview", name]).expect(0);
        assert!(shown.out.starts_with("Subject: ") && shown.out.contains("Hello Example"), "{name}: {}", shown.out);
        assert!(desk.run(&["mail", "preview", name, "--html"]).expect(0).out.starts_with("<!doctype html>"), "{name}");
        let json = desk.run(&["mail", "preview", name, "--json"]).expect(0).json();
        assert!(json["subject"].is_string() && json["html"].is_string(), "{json}");
    }
    let unknown = desk.run(&["mail", "preview", "breeched"]).expect(2);
    assert!(unknown.err.contains("there is no mail \"breeched\"; there are warned, breached"), "{}", unknown.err);
}
