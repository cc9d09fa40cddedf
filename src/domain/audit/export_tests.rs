//! Exports written, damaged and read again.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::super::{Entry, chain_hash};
use super::*;
use crate::domain::audit::verify::Finding;
use crate::ids::CommandId;
use crate::instant::Instant;

fn stream(number: u128) -> StreamId {
    StreamId(Uuid::from_u128(number))
}

/// The entries of a stream, chained.
fn chain(number: u128, length: i64) -> Vec<Line> {
    let mut previous = String::new();
    let mut lines = Vec::new();
    for sequence in 1..=length {
        let entry = Entry {
            stream: stream(number),
            sequence,
            previous: previous.clone(),
            command: CommandId(Uuid::from_u128(number * 100 + u128::try_from(sequence).unwrap())),
            at: Instant::clamped(1_790_000_000_000 + sequence),
            actor: "recorder".to_owned(),
            acting_for: None,
            program: "demo".into(),
            version: 1,
            workflow: None,
            instance: None,
            events: Vec::new(),
        };
        let body = entry.to_text().unwrap();
        previous = chain_hash(&previous, &body);
        lines.push(Line { stream: stream(number), sequence, position: sequence * 10, body, hash: previous.clone() });
    }
    lines
}

fn written(entries: &[Line]) -> Vec<String> {
    let mut writer = Writer::default();
    let mut lines = vec![writer.header("1.0.0", 99).unwrap()];
    lines.extend(entries.iter().map(|entry| writer.entry(entry).unwrap()));
    lines.push(writer.end().unwrap().0);
    lines
}

fn whole() -> Vec<Line> {
    [chain(1, 4), chain(2, 1), chain(3, 3)].concat()
}

fn found(lines: &[String]) -> Vec<Finding> {
    let mut reader = Reader::default();
    lines.iter().for_each(|line| reader.line(line.as_bytes()));
    reader.finish().findings.listed
}

fn codes(lines: &[String]) -> Vec<(Fault, Option<StreamId>, Option<i64>)> {
    found(lines).into_iter().map(|one| (one.code, one.stream, one.sequence)).collect()
}

#[test]
fn a_whole_export_has_no_findings_and_is_counted() {
    let mut reader = Reader::default();
    written(&whole()).iter().for_each(|line| reader.line(line.as_bytes()));
    assert!(reader.sha256().is_some_and(|sha256| sha256.len() == 64));
    let report = reader.finish();
    assert_eq!((report.entries, report.streams, report.findings.total), (8, 3, 0), "{:?}", report.findings);
    assert_eq!(codes(&written(&[])), []);
}

#[test]
fn an_edited_text_is_found_in_its_own_place_even_when_the_file_is_written_anew() {
    let mut entries = whole();
    entries[1].body = entries[1].body.replace("recorder", "somebody");
    assert_eq!(codes(&written(&entries)), [(Fault::Edited, Some(stream(1)), Some(2))]);
}

#[test]
fn an_entry_that_was_rebuilt_with_a_hash_of_its_own_breaks_the_chain_behind_it() {
    let mut entries = whole();
    let before = entries[0].hash.clone();
    entries[1].body = entries[1].body.replace("recorder", "somebody");
    entries[1].hash = chain_hash(&before, &entries[1].body);
    assert_eq!(codes(&written(&entries)), [(Fault::Unlinked, Some(stream(1)), Some(3))]);
}

#[test]
fn what_is_left_out_moved_or_doubled_is_found_even_when_the_file_is_written_anew() {
    let mut gone = whole();
    gone.remove(1);
    let missing = codes(&written(&gone));
    assert!(missing.contains(&(Fault::Missing, Some(stream(1)), Some(3))), "{missing:?}");
    let mut swapped = whole();
    swapped.swap(1, 2);
    let moved: BTreeSet<Fault> = codes(&written(&swapped)).into_iter().map(|one| one.0).collect();
    assert!(moved.contains(&Fault::Missing) && moved.contains(&Fault::Displaced), "{moved:?}");
    let mut doubled = whole();
    doubled.insert(2, doubled[1].clone());
    assert_eq!(codes(&written(&doubled)), [(Fault::Displaced, Some(stream(1)), Some(2))]);
}

#[test]
fn a_cut_is_found_against_the_last_line() {
    let lines = written(&whole());
    let mut tail = lines.clone();
    tail.remove(8);
    let cut = found(&tail);
    let head = cut.iter().find(|one| one.code == Fault::HeadDiffers).unwrap();
    assert_eq!((head.stream, head.sequence), (Some(stream(3)), Some(2)));
    assert!(head.message.contains("entry 3 is missing"), "{head}");
    for kept in 0..lines.len() {
        assert_ne!(found(&lines[..kept]), [], "cut after line {kept}");
    }
    let mut stream_gone = lines.clone();
    stream_gone.remove(5);
    assert!(codes(&stream_gone).contains(&(Fault::HeadDiffers, Some(stream(2)), Some(0))));
}

#[test]
fn a_change_of_any_single_byte_is_found() {
    let text = written(&whole()).concat().into_bytes();
    for at in 0..text.len() {
        let mut changed = text.clone();
        changed[at] ^= 1;
        let lines = changed.split_inclusive(|byte| *byte == b'\n');
        let mut reader = Reader::default();
        lines.for_each(|line| reader.line(line));
        assert_ne!(reader.finish().findings.total, 0, "byte {at}");
    }
}

#[test]
fn events_this_program_does_not_know_are_no_finding() {
    let mut entries = chain(1, 1);
    entries[0].body = entries[0].body.replace("\"events\":[]", "\"events\":[{\"type\":\"clock.paused\",\"why\":1}]");
    entries[0].hash = chain_hash("", &entries[0].body);
    assert_eq!(codes(&written(&entries)), []);
}

#[test]
fn numbers_at_the_end_of_their_range_do_no_harm() {
    let mut entries = chain(1, 2);
    entries[1].sequence = i64::MAX;
    let mut lines = written(&entries);
    lines.insert(3, lines[2].clone());
    entries[0].sequence = i64::MIN;
    assert_ne!(found(&lines), []);
    assert_ne!(found(&written(&entries)), []);
}

#[test]
fn something_else_is_told_to_be_no_export() {
    let told = found(&["{}\n".to_owned(), "[1,2\n".to_owned(), "\u{0}".to_owned()]);
    assert!(told[0].message.contains("first line"), "{}", told[0]);
    assert!(told.iter().any(|one| one.message.contains("cut off")));
}
