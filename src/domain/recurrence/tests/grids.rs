//! Known instants: changes of the clocks, month ends, leap days, business days.

use chrono_tz::Tz;

use super::{at, grid, next, rule};

const NEW_YORK: Tz = chrono_tz::America::New_York;
const ANY: &str = "2026-01-01T00:00:00Z";

#[test]
fn a_local_time_in_a_gap_comes_with_the_end_of_the_gap_and_a_repeated_one_once() {
    let spring = next("every day at 02:30", NEW_YORK, (ANY, "2026-03-07T12:00:00Z"), 2);
    assert_eq!(spring, ["2026-03-08T07:00Z", "2026-03-09T06:30Z"]);
    let autumn = next("every day at 01:30", NEW_YORK, (ANY, "2026-10-31T12:00:00Z"), 2);
    assert_eq!(autumn, ["2026-11-01T05:30Z", "2026-11-02T06:30Z"]);
    // The clocks of Lord Howe go back by half an hour at 02:00.
    let howe = next("every day at 01:45", chrono_tz::Australia::Lord_Howe, (ANY, "2026-04-04T00:00:00Z"), 2);
    assert_eq!(howe, ["2026-04-04T14:45Z", "2026-04-05T15:15Z"]);
    let pattern = next("cron \"30 1 * * *\"", NEW_YORK, (ANY, "2026-10-31T12:00:00Z"), 2);
    assert_eq!(pattern, autumn);
}

#[test]
fn a_date_the_zone_left_out_has_no_occurrence() {
    let apia = next("every day at 09:00", chrono_tz::Pacific::Apia, (ANY.replace("2026", "2011").as_str(), "2011-12-29T12:00:00Z"), 2);
    assert_eq!(apia, ["2011-12-29T19:00Z", "2011-12-30T19:00Z"], "29 December, then 31 December by local date");
}

#[test]
fn elapsed_intervals_take_no_notice_of_the_clocks_and_days_keep_the_local_time() {
    let anchor = "2026-03-07T17:00:00Z";
    assert_eq!(next("every 12 hours", NEW_YORK, (anchor, anchor), 3), ["2026-03-07T17:00Z", "2026-03-08T05:00Z", "2026-03-08T17:00Z"]);
    assert_eq!(next("every 1 day", NEW_YORK, (anchor, anchor), 3), ["2026-03-07T17:00Z", "2026-03-08T16:00Z", "2026-03-09T16:00Z"]);
    assert_eq!(next("every 24 hours", NEW_YORK, (anchor, anchor), 2), ["2026-03-07T17:00Z", "2026-03-08T17:00Z"]);
}

#[test]
fn every_second_week_counts_from_the_first_one_at_the_anchor() {
    let text = "every 2 weeks on Monday and Thursday at 10:00";
    // 7 January 2026 is a Wednesday: the first one is the Thursday after it.
    let found = next(text, NEW_YORK, ("2026-01-07T05:00:00Z", ANY), 5);
    assert_eq!(found, ["2026-01-08T15:00Z", "2026-01-19T15:00Z", "2026-01-22T15:00Z", "2026-02-02T15:00Z", "2026-02-05T15:00Z"]);
    assert_eq!(next(text, NEW_YORK, ("2026-01-07T05:00:00Z", "2026-01-22T15:00:01Z"), 1), ["2026-02-02T15:00Z"]);
}

#[test]
fn a_day_a_month_does_not_have_is_its_last() {
    let found = next("monthly on day 31 at 09:00", NEW_YORK, (ANY, "2028-01-31T15:00:00Z"), 3);
    assert_eq!(found, ["2028-02-29T14:00Z", "2028-03-31T13:00Z", "2028-04-30T13:00Z"]);
}

#[test]
fn business_days_leave_out_weekends_and_days_off() {
    let found = next("every business day at 09:00", NEW_YORK, (ANY, "2026-12-24T15:00:00Z"), 2);
    assert_eq!(found, ["2026-12-28T14:00Z", "2026-12-29T14:00Z"], "Christmas is a Friday");
    let tenth = next("monthly on business day 10 at 12:00", NEW_YORK, (ANY, ANY), 2);
    assert_eq!(tenth, ["2026-01-15T17:00Z", "2026-02-13T17:00Z"]);
    let last = next("monthly on business day 31 at 12:00", NEW_YORK, (ANY, ANY), 1);
    assert_eq!(last, ["2026-01-30T17:00Z"]);
}

#[test]
fn a_calendar_that_has_run_out_is_an_error_and_the_end_of_time_an_end() {
    let daily = rule("every business day at 09:00");
    let run_out = grid(&daily, ANY, NEW_YORK).next_after(at("2199-12-31T00:00:00Z")).unwrap_err();
    assert!(run_out.to_string().contains("has run out"), "{run_out}");
    let plain = rule("every day at 09:00");
    assert_eq!(grid(&plain, ANY, NEW_YORK).next_after(at("9999-12-31T20:00:00Z")), Ok(None));
}

#[test]
fn a_period_names_the_day_the_week_or_the_month() {
    let period = |text: &str, nominal: &str| {
        let rule = rule(text);
        grid(&rule, "2026-01-05T14:00:00Z", NEW_YORK).period(at(nominal))
    };
    assert_eq!(period("every day at 23:30", "2026-01-06T04:30:00Z"), "2026-01-05");
    assert_eq!(period("every Monday at 09:00", "2026-01-05T14:00:00Z"), "2026-W02");
    assert_eq!(period("every Tuesday and Friday at 09:00", "2026-01-06T14:00:00Z"), "2026-01-06");
    assert_eq!(period("monthly on day 1 at 09:00", "2026-02-01T14:00:00Z"), "2026-02");
    assert_eq!(period("every 8 hours", "2026-01-05T22:00:00Z"), "2026-01-05T22:00:00.000Z");
}
