//! How mails reach people: the clinical ladders exist, a burst ends, and quiet hours leave some of the day.

use super::report::{FaultCode, Path, Report};
use super::{Program, names};

/// The shortest and the longest time a mail may be kept back to be collected, in milliseconds.
const BURST: std::ops::RangeInclusive<i64> = 60_000..=24 * 3_600_000;

pub fn check(program: &Program, report: &mut Report) {
    let Some(notices) = &program.notices else { return };
    let path = Path::default().to("notices");
    for (index, ladder) in notices.clinical.iter().enumerate() {
        let place = path.to("clinical").to(index);
        if !program.ladders.contains_key(ladder) {
            report.unknown(&place, FaultCode::UnknownLadder, "ladder", ladder.as_str(), names(&program.ladders));
        } else if notices.clinical[..index].contains(ladder) {
            report.add(&place, FaultCode::BadNotices, format!("{ladder} is named twice"));
        }
    }
    if notices.digest.is_some_and(|length| !BURST.contains(&length.millis)) {
        report.add(&path.to("digest"), FaultCode::BadNotices, "a mail waits for others at least 1 minute and at most 24 hours");
    }
    if let Some(quiet) = notices.quiet_hours.as_ref().map(|hours| hours.email)
        && quiet.from == quiet.to
    {
        let message = "quiet hours that end when they begin would never end: write two times that differ, or leave them out";
        report.add(&path.to("quiet_hours").to("email"), FaultCode::BadNotices, message);
    }
}
