//! Every form is read and written alike; everything else is refused with the forms there are.

use super::super::Recurrence;

#[test]
fn each_form_is_written_as_it_is_read() {
    for text in [
        "every 8 hours",
        "every 1 hour",
        "every 90 minutes",
        "every 14 hours",
        "every 14 days",
        "every 10 days",
        "every day at 16:00",
        "every business day at 09:00",
        "every Monday at 09:00",
        "every Tuesday and Friday at 15:00",
        "every Monday, Wednesday and Friday at 00:00",
        "every 2 weeks on Thursday at 10:00",
        "monthly on day 31 at 09:00",
        "monthly on business day 10 at 12:00",
        "cron \"0 9 * * 1\"",
        "cron \"*/15 8-17 1,15 * *\"",
    ] {
        let read: Recurrence = text.parse().unwrap();
        assert_eq!(read.to_string(), text);
        assert_eq!(serde_json::from_value::<Recurrence>(serde_json::json!(text)).unwrap(), read);
        assert!(read.sentence(chrono_tz::America::New_York).len() < 200);
    }
    assert_eq!("every 2 weeks".parse::<Recurrence>().unwrap().to_string(), "every 14 days");
    assert_eq!("every monday 09:00".parse::<Recurrence>().unwrap().to_string(), "every Monday at 09:00");
}

#[test]
fn what_says_nothing_of_the_kind_is_refused_in_words() {
    let digits = "9".repeat(500);
    let long = format!("every {digits} hours");
    for text in [
        "",
        "every",
        "daily",
        "hourly",
        "PT0S",
        "P1D",
        "every 0 hours",
        "every -1 hours",
        "every 1.5 hours",
        "every 30 seconds",
        "every 8 moons",
        "every 4000 days",
        "every 99999999999 hours",
        "every day",
        "every day at",
        "every day at 24:00",
        "every day at 7:30",
        "every day at 09:60",
        "every day at 9 am",
        "every Mon at 09:00",
        "every Monday Tuesday at 09:00",
        "every Monday and Monday at 09:00",
        "every Monday and at 09:00",
        "every and Monday at 09:00",
        "every Monday",
        "every 0 weeks on Monday at 09:00",
        "every 521 weeks on Monday at 09:00",
        "every 2 weeks on at 09:00",
        "monthly",
        "monthly on day 0 at 09:00",
        "monthly on day 32 at 09:00",
        "monthly on business day 32 at 09:00",
        "monthly on the last Friday at 09:00",
        "cron",
        "cron 0 9 * * 1",
        "cron \"\"",
        "cron \"0 9 * *\"",
        "cron \"0 0 9 * * 1\"",
        "cron \"61 9 * * *\"",
        "cron \"0 25 * * *\"",
        "cron \"a b c d e\"",
        "cron \"0 9 31 2 *\"",
        "cron \"0 9 30 2 *\"",
        "every ١ hours",
        "every 1\u{200b} hours",
        long.as_str(),
    ] {
        let why = text.parse::<Recurrence>().unwrap_err();
        assert!(why.chars().count() < 700, "{text}: {why}");
        assert!(why.contains("write"), "{text}: {why}");
    }
}
