//! Days off out of an iCalendar file, at the command line.

use super::program::Desk;

const CLOSED: &str = "BEGIN:VCALENDAR\r
BEGIN:VEVENT\r
DTSTART;VALUE=DATE:20261224\r
DTEND;VALUE=DATE:20261226\r
SUMMARY:Closed: \"Yule\"\r
END:VEVENT\r
END:VCALENDAR\r
";

#[test]
fn the_days_of_an_ics_file_fit_into_a_calendar_file() {
    let desk = Desk::new();
    let file = desk.write("closed.ics", CLOSED);
    let ran = desk.run(&["calendar", "days", &file]).expect(0);
    let calendar = format!(
        "calendar: clinic\ntitle: Clinic\nversion: 1\nextends: us_federal\nknown: {{ from: 2026-01-01, to: 2026-12-31 }}\n{}",
        ran.out
    );
    let checked = desk.run(&["check", &desk.write("clinic.yaml", &calendar)]).expect(0);
    // Eleven federal holidays, Christmas Day among them, and Christmas Eve.
    assert!(checked.out.contains("12 days off in its last year"), "{}", checked.out);
    let json = desk.run(&["calendar", "days", "--json", &file]).expect(0).json();
    assert_eq!(json["days"]["2026-12-25"]["name"], "Closed: \"Yule\"");
}

#[test]
fn what_is_no_day_off_is_told_with_its_line() {
    let desk = Desk::new();
    let file = desk.write("closed.ics", &CLOSED.replace("SUMMARY", "RRULE:FREQ=YEARLY\r\nSUMMARY"));
    let ran = desk.run(&["calendar", "days", &file]).expect(1);
    assert!(ran.out.contains("closed.ics:5:1: bad_calendar: the event repeats (RRULE)"), "{}", ran.out);
    assert_eq!(desk.run(&["calendar", "days", "--json", &file]).expect(1).json()["errors"][0]["line"], 5);
    desk.run(&["calendar", "days", "missing.ics"]).expect(2);
}
