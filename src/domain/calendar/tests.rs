use chrono::NaiveDate;

use super::{Calendar, Calendars, Day, DayOff};
use crate::definitions::calendars::{built_in, read_calendar};

fn federal() -> &'static Calendar {
    built_in().current(&"us_federal".into()).unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn in_year(calendar: &Calendar, year: i32) -> Vec<String> {
    calendar.holidays_of(year).map(|holiday| format!("{} {}", holiday.date.format("%m-%d"), holiday.name)).collect()
}

#[test]
fn a_date_outside_the_known_years_is_refused() {
    for text in ["1970-12-31", "2100-01-01"] {
        let refused = federal().day(date(text)).unwrap_err();
        assert!(refused.to_string().starts_with("the calendar us_federal/1 has run out"), "{refused}");
    }
    assert!(matches!(federal().day(date("1971-01-01")), Ok(Day::Off(DayOff::Holiday(_)))));
    let Ok(Day::Open { hours, ordinary: true }) = federal().day(date("2099-12-31")) else { panic!("closed") };
    assert_eq!(hours.spans().iter().map(ToString::to_string).collect::<Vec<_>>(), ["09:00-17:00"]);
}

#[test]
fn the_year_2026_has_independence_day_on_a_friday() {
    assert_eq!(
        in_year(federal(), 2026),
        [
            "01-01 New Year's Day",
            "01-19 Martin Luther King Jr. Day",
            "02-16 Washington's Birthday",
            "05-25 Memorial Day",
            "06-19 Juneteenth",
            "07-03 Independence Day",
            "09-07 Labor Day",
            "10-12 Columbus Day",
            "11-11 Veterans Day",
            "11-26 Thanksgiving Day",
            "12-25 Christmas Day",
        ]
    );
}

#[test]
fn new_year_2028_is_observed_in_2027() {
    let days = in_year(federal(), 2027);
    assert_eq!(days.last().unwrap(), "12-31 New Year's Day");
    // Juneteenth on a Saturday, Independence Day on a Sunday, Christmas on a Saturday.
    for expected in ["06-18 Juneteenth", "07-05 Independence Day", "12-24 Christmas Day"] {
        assert!(days.iter().any(|day| day == expected), "{expected} is not in {days:?}");
    }
    assert!(!in_year(federal(), 2028).iter().any(|day| day.contains("New Year")));
}

#[test]
fn each_rule_holds_its_years_only() {
    let names = |year, name: &str| in_year(federal(), year).into_iter().filter(|day| day.contains(name)).collect::<Vec<_>>();
    assert!(names(2020, "Juneteenth").is_empty());
    assert_eq!(names(2021, "Juneteenth"), ["06-18 Juneteenth"]);
    assert!(names(1985, "Luther").is_empty());
    assert_eq!(names(1986, "Luther"), ["01-20 Martin Luther King Jr. Day"]);
    assert_eq!(names(1977, "Veterans"), ["10-24 Veterans Day"]);
    assert_eq!(names(1978, "Veterans"), ["11-10 Veterans Day"]);
}

#[test]
fn a_state_adds_and_drops_days_of_the_federal_calendar() {
    let california = built_in().current(&"us_california".into()).unwrap();
    let days = in_year(california, 2026);
    assert!(days.contains(&"03-31 Cesar Chavez Day".to_owned()) && days.contains(&"11-27 Day after Thanksgiving".to_owned()), "{days:?}");
    assert!(!days.iter().any(|day| day.contains("Columbus") || day.contains("Juneteenth")), "{days:?}");
    // A Saturday's holiday is not moved: 4 July 2026.
    assert!(days.contains(&"07-04 Independence Day".to_owned()), "{days:?}");
    let texas = built_in().current(&"us_texas".into()).unwrap();
    assert!(in_year(texas, 2027).contains(&"12-25 Christmas Day".to_owned()), "not moved from Saturday");
    let florida = built_in().current(&"us_florida".into()).unwrap();
    let days = in_year(florida, 2026);
    assert!(
        days.contains(&"07-03 Independence Day".to_owned()) && days.contains(&"11-27 Friday after Thanksgiving".to_owned()),
        "{days:?}"
    );
    assert_eq!(days.len(), 9, "{days:?}");
    let ohio = built_in().current(&"us_ohio".into()).unwrap();
    assert_eq!(in_year(ohio, 2021), in_year(federal(), 2021));
    let new_york = built_in().current(&"us_new_york".into()).unwrap();
    assert!(in_year(new_york, 2026).contains(&"11-03 Election Day".to_owned()));
}

const SMALL: &str = "calendar: clinic
title: Clinic
version: 3
known: { from: 2026-01-01, to: 2026-12-31 }
week:
  monday: [08:00-12:00, 13:00-17:30]
  saturday: 09:00-12:00
days:
  2026-05-04: { name: Stocktaking }
  2026-05-11: { name: Short day, open: 08:00-10:00 }
";

#[test]
fn a_day_may_have_several_spans_and_a_date_hours_of_its_own() {
    let clinic = read_calendar(SMALL, "clinic.yaml", &Calendars::default()).unwrap();
    let spans = |text: &str| match clinic.day(date(text)).unwrap() {
        Day::Open { hours, .. } => hours.spans().iter().map(ToString::to_string).collect(),
        Day::Off(_) => Vec::new(),
    };
    assert_eq!(spans("2026-05-18"), ["08:00-12:00", "13:00-17:30"]);
    assert_eq!(spans("2026-05-11"), ["08:00-10:00"]);
    assert_eq!(clinic.day(date("2026-05-05")), Ok(Day::Off(DayOff::Weekend)));
    let Ok(Day::Off(DayOff::Holiday(number))) = clinic.day(date("2026-05-04")) else { panic!("open") };
    assert_eq!(&*clinic.holiday(number).unwrap().name, "Stocktaking");
    assert_eq!((clinic.version.to_string(), clinic.week.in_words()), ("clinic/3".to_owned(), "Monday and Saturday".to_owned()));
}

/// The faults of the small calendar after a change.
fn after(from: &str, to: &str) -> Vec<String> {
    assert!(SMALL.contains(from), "{from}");
    let faults = read_calendar(&SMALL.replace(from, to), "clinic.yaml", built_in()).expect_err("a fault");
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_wrong_with_a_calendar_is_told_where_it_stands() {
    for (from, to, expected) in [
        ("version: 3", "version: 0", "clinic.yaml:3:10: bad_value: versions count from 1"),
        ("to: 2026-12-31", "to: 2025-12-31", "clinic.yaml:4:1: bad_calendar: known must run from an earlier date"),
        ("to: 2026-12-31", "to: 9999-12-31", "clinic.yaml:4:1: bad_calendar: known must run from an earlier date"),
        ("13:00-17:30", "11:00-17:30", "overlap or touch"),
        ("13:00-17:30", "17:30-13:00", "closes before it opens"),
        ("09:00-12:00", "nine to five", "is no span of a day"),
        ("monday:", "mondey:", "did you mean monday?"),
        ("title: Clinic", "title: Clinic\nextends: us_federel", "did you mean us_federal?"),
        ("title: Clinic", "title: Clinic\nextends: us_federal\ndrops: [columbus]", "did you mean columbus_day?"),
        ("days:", "holidays: { one: { name: One, on: someday } }\ndays:", "is no day of a year"),
        ("days:", "holidays: { one: { name: One, on: february 30 } }\ndays:", "is no day of a year"),
        ("2026-05-04:", "2026-02-30:", "clinic.yaml:9:3: bad_calendar: \"2026-02-30\" is no date"),
        ("2026-05-04:", "2026-5-4:", "clinic.yaml:9:3: bad_calendar: \"2026-5-4\" is no date"),
        ("2026-05-04:", "+10000-05-04:", "clinic.yaml:9:3: bad_calendar: +10000-05-04 lies outside known"),
        ("2026-05-04:", "2027-05-04:", "clinic.yaml:9:3: bad_calendar: 2027-05-04 lies outside known"),
    ] {
        let faults = after(from, to);
        assert!(faults.iter().any(|fault| fault.contains(expected)), "{to}: {faults:?}");
    }
    let closed = "calendar: shut\ntitle: Shut\nversion: 1\nknown: { from: 2026-01-01, to: 2026-12-31 }\nweek: {}\n";
    let faults = read_calendar(closed, "shut.yaml", built_in()).unwrap_err();
    assert!(faults.iter().any(|fault| fault.to_string().contains("no weekday has open hours")), "{faults:?}");
}
