//! Local time in an IANA zone, with a stated answer for times that do not exist or exist twice.
//!
//! The zone rules are compiled in and reach to the end of 2099; after that the offset of the last winter stays.

use chrono::{DateTime, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone};
use chrono_tz::{OffsetName, Tz};

use super::Error;
use crate::instant::Instant;

/// A zone, read in instants and in local times.
#[derive(Debug, Clone, Copy)]
pub(in crate::domain) struct Zone(pub Tz);

/// How a local time lies on the time line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::domain) enum Fit {
    /// It exists once.
    Once,
    /// It is left out; the instant is the first one after the gap.
    Gap,
    /// It exists twice; the instant is the first of the two.
    Overlap,
}

impl Zone {
    pub fn local(self, at: Instant) -> NaiveDateTime {
        at.to_utc().naive_utc() + TimeDelta::seconds(i64::from(self.ahead_seconds(at)))
    }

    pub fn date(self, at: Instant) -> NaiveDate {
        self.local(at).date()
    }

    /// Seconds the local time is ahead of UTC.
    pub fn ahead_seconds(self, at: Instant) -> i32 {
        self.0.offset_from_utc_datetime(&at.to_utc().naive_utc()).fix().local_minus_utc()
    }

    /// What the zone calls its time at that instant, for example `EST`, or the offset, for example `+05:45`.
    pub fn abbreviation(self, at: Instant) -> String {
        let offset = self.0.offset_from_utc_datetime(&at.to_utc().naive_utc());
        offset.abbreviation().map_or_else(|| offset.fix().to_string(), str::to_owned)
    }

    /// The instant of a local time: the first one after a gap, the first of two.
    pub fn resolve(self, local: NaiveDateTime) -> Result<(Instant, Fit), Error> {
        match self.ahead_at(local) {
            MappedLocalTime::Single(ahead) => Ok((utc_of(local, ahead)?, Fit::Once)),
            MappedLocalTime::Ambiguous(one, other) => Ok((utc_of(local, one.max(other))?, Fit::Overlap)),
            MappedLocalTime::None => Ok((self.first_after_gap(local)?, Fit::Gap)),
        }
    }

    /// The last millisecond of a local day, also where midnight or the hour before it comes twice.
    pub fn last_of(self, date: NaiveDate) -> Result<Instant, Error> {
        let midnight = date.succ_opt().ok_or(Error::OutOfRange)?.and_time(NaiveTime::MIN);
        let before = |at: Instant| at.plus_millis(-1).map_err(|_| Error::OutOfRange);
        if let MappedLocalTime::Ambiguous(one, other) = self.ahead_at(midnight) {
            let last = before(utc_of(midnight, one.min(other))?)?;
            // The clocks may have gone back over midnight into this day, or over the first hour of the next day alone.
            if self.date(last) == date {
                return Ok(last);
            }
        }
        // Not through an instant of the next day: the last day of the year 9999 has none.
        match self.ahead_at(midnight) {
            MappedLocalTime::Single(ahead) => utc_of(midnight - TimeDelta::milliseconds(1), ahead),
            MappedLocalTime::Ambiguous(one, other) => utc_of(midnight - TimeDelta::milliseconds(1), one.max(other)),
            MappedLocalTime::None => before(self.first_after_gap(midnight)?),
        }
    }

    /// Seconds ahead of UTC at a local time.
    fn ahead_at(self, local: NaiveDateTime) -> MappedLocalTime<i32> {
        self.0.offset_from_local_datetime(&local).map(|offset| offset.fix().local_minus_utc())
    }

    /// The first instant whose local time is `local` or later, where no instant has exactly that local time.
    fn first_after_gap(self, local: NaiveDateTime) -> Result<Instant, Error> {
        const FAR: i64 = 48 * 3_600_000;
        let wall = local.and_utc().timestamp_millis();
        let (mut before, mut after) = (wall - FAR, wall + FAR);
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if self.wall_at(middle)? >= local { after = middle } else { before = middle }
        }
        instant(after)
    }

    fn wall_at(self, millis: i64) -> Result<NaiveDateTime, Error> {
        let utc = DateTime::from_timestamp_millis(millis).ok_or(Error::OutOfRange)?.naive_utc();
        let ahead = TimeDelta::seconds(i64::from(self.0.offset_from_utc_datetime(&utc).fix().local_minus_utc()));
        utc.checked_add_signed(ahead).ok_or(Error::OutOfRange)
    }
}

fn utc_of(local: NaiveDateTime, ahead_seconds: i32) -> Result<Instant, Error> {
    instant(local.and_utc().timestamp_millis() - i64::from(ahead_seconds) * 1_000)
}

fn instant(millis: i64) -> Result<Instant, Error> {
    Instant::from_millis(millis).map_err(|_| Error::OutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    fn resolved(zone: Tz, text: &str) -> (String, Fit) {
        let (at, fit) = Zone(zone).resolve(local(text)).unwrap();
        (at.to_string(), fit)
    }

    fn last(zone: Tz, text: &str) -> String {
        Zone(zone).last_of(text.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn a_missing_time_is_the_first_moment_after_the_gap() {
        let after = ("2026-03-08T07:00:00.000Z".to_owned(), Fit::Gap);
        assert_eq!(resolved(Tz::America__New_York, "2026-03-08T02:00:00"), after);
        assert_eq!(resolved(Tz::America__New_York, "2026-03-08T02:59:59.999"), after);
        assert_eq!(resolved(Tz::America__New_York, "2026-03-08T03:00:00"), (after.0, Fit::Once));
        // Half an hour, from 02:00 to 02:30.
        assert_eq!(resolved(Tz::Australia__Lord_Howe, "2026-10-04T02:15:00"), ("2026-10-03T15:30:00.000Z".to_owned(), Fit::Gap));
        // A whole day, 30 December 2011.
        assert_eq!(resolved(Tz::Pacific__Apia, "2011-12-30T12:00:00"), ("2011-12-30T10:00:00.000Z".to_owned(), Fit::Gap));
    }

    #[test]
    fn a_repeated_time_is_the_first_of_the_two() {
        assert_eq!(resolved(Tz::America__New_York, "2026-11-01T01:30:00"), ("2026-11-01T05:30:00.000Z".to_owned(), Fit::Overlap));
        assert_eq!(resolved(Tz::America__New_York, "2026-11-01T02:00:00"), ("2026-11-01T07:00:00.000Z".to_owned(), Fit::Once));
        assert_eq!(resolved(Tz::Australia__Lord_Howe, "2026-04-05T01:45:00"), ("2026-04-04T14:45:00.000Z".to_owned(), Fit::Overlap));
    }

    #[test]
    fn a_day_ends_with_its_last_millisecond() {
        assert_eq!(last(Tz::America__New_York, "2026-11-01"), "2026-11-02T04:59:59.999Z");
        assert_eq!(last(Tz::Asia__Kathmandu, "2026-11-25"), "2026-11-25T18:14:59.999Z");
        // Midnight itself is left out: Beirut's clocks go from 00:00 to 01:00.
        assert_eq!(last(Tz::Asia__Beirut, "2026-03-28"), "2026-03-28T21:59:59.999Z");
        // 00:00 comes twice, the day before does not: Havana's clocks go from 01:00 back to 00:00.
        assert_eq!(last(Tz::America__Havana, "2026-10-31"), "2026-11-01T03:59:59.999Z");
        // The end of the day comes twice: the clocks of St. John's went from 00:01 back to 23:01.
        assert_eq!(last(Tz::America__St_Johns, "2010-11-06"), "2010-11-07T03:29:59.999Z");
    }

    #[test]
    fn names_an_offset_that_has_no_letters() {
        let at: Instant = "2026-11-25T12:00:00Z".parse().unwrap();
        assert_eq!(Zone(Tz::Asia__Kathmandu).abbreviation(at), "+05:45");
        assert_eq!(Zone(Tz::America__New_York).abbreviation(at), "EST");
    }
}
