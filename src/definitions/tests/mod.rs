mod bodies;
mod dates;
mod deadlines;
mod faults;
mod meetings;
mod months;
mod notices;
mod rosters;
mod samples;
mod shipped;

use super::calendars::built_in;
use super::read;

/// The code and message of each fault that a sound text has once its first `from` is `to`.
fn told(sound: &str, from: &str, to: &str) -> Vec<String> {
    assert!(sound.contains(from), "{from}");
    let faults = read(&sound.replacen(from, to, 1), "sample.yaml", built_in()).err().unwrap_or_default();
    faults.iter().map(|fault| format!("{}: {}", fault.code, fault.message)).collect()
}

#[track_caller]
fn refuses(sound: &str, from: &str, to: &str, expected: &str) {
    let found = told(sound, from, to);
    assert!(found.iter().any(|fault| fault.starts_with(expected)), "{to}: {found:#?}");
}
