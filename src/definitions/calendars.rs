//! Calendar files: reading them strictly, and those that ship with the server.

use std::sync::LazyLock;

use super::embedded;
use super::fault::Fault;
use super::read::Reading;
use crate::domain::calendar::{Calendar, CalendarFile, Calendars, build};

/// Reads a calendar file named `file` in the faults; `known` are the calendars it may build on.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn read_calendar(text: &str, file: &str, known: &Calendars) -> Result<Calendar, Vec<Fault>> {
    let mut reading = Reading::of(text, file);
    let calendar = reading.calendar(known);
    reading.outcome(calendar)
}

impl Reading<'_> {
    fn calendar(&mut self, known: &Calendars) -> Option<Calendar> {
        let mut tree = self.tree()?;
        let file: CalendarFile = self.decode(&mut tree)?;
        match build(file, known) {
            Ok(calendar) => Some(calendar),
            Err(report) => {
                self.tell(&tree, report.findings);
                None
            }
        }
    }
}

/// The calendars that ship with the server.
pub fn built_in() -> &'static Calendars {
    static BUILT_IN: LazyLock<Calendars> = LazyLock::new(|| {
        let mut waiting = embedded::calendars();
        let mut calendars = Calendars::default();
        // A calendar that builds on another is read after it. What cannot be read at all is left out; a test sees to it that there is none.
        while !waiting.is_empty() {
            let before = waiting.len();
            waiting.retain(|(name, text)| match read_calendar(text, name, &calendars) {
                Ok(calendar) => {
                    calendars = calendars.with(calendar);
                    false
                }
                Err(_) => true,
            });
            if waiting.len() == before {
                break;
            }
        }
        calendars
    });
    &BUILT_IN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_calendar_can_be_read() {
        let shipped = embedded::calendars();
        assert!(shipped.len() > 1);
        for (name, text) in &shipped {
            let calendar = read_calendar(text, name, built_in()).unwrap_or_else(|faults| panic!("{faults:#?}"));
            assert_eq!(format!("{}.yaml", calendar.id()), *name);
            assert!(built_in().current(calendar.id()).is_some());
        }
    }
}
