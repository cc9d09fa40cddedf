//! Hundreds of ways to change an export, each found; most of them by somebody who knows the format and writes a last line
//! that fits as far as it can without the heads of the streams.

use std::collections::BTreeMap;

use proviso::domain::audit::chain_hash;
use proviso::domain::audit::export::{End, Line, Reader};
use proviso::service::audit::export;
use sha2::{Digest, Sha256};

use super::evidence;
use crate::store::home;

const ROUNDS: u64 = 600;

/// Numbers that look random and are the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }
}

/// The export as lines without their ends.
type Lines = Vec<String>;

fn entry(lines: &Lines, dice: &mut Dice) -> usize {
    1 + dice.below(lines.len() - 2)
}

fn change(lines: &mut Lines, at: usize, change: impl FnOnce(&mut Line)) {
    let mut entry: Line = serde_json::from_str(&lines[at]).unwrap();
    change(&mut entry);
    lines[at] = serde_json::to_string(&entry).unwrap();
}

/// One digit of the text becomes another letter, so that it stays JSON or not as chance has it.
fn edit(text: &mut String, dice: &mut Dice) {
    let at = dice.below(text.len());
    let new = if text.as_bytes()[at] == b'x' { "y" } else { "x" };
    if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
        text.replace_range(at..=at, new);
    }
}

/// Makes count and hash of the last line fit what stands before it now.
fn mend(lines: &mut Lines) {
    let Some(Ok(mut end)) = lines.last().map(|last| serde_json::from_str::<End>(last)) else { return };
    let before: String = lines[..lines.len() - 1].iter().map(|line| format!("{line}\n")).collect();
    end.entries = lines.len() as u64 - 2;
    end.sha256 = Sha256::digest(before.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let last = lines.len() - 1;
    lines[last] = serde_json::to_string(&end).unwrap();
}

/// One change, and what it was.
fn mutate(lines: &mut Lines, dice: &mut Dice) -> &'static str {
    let at = entry(lines, dice);
    let knows_the_format = dice.below(4) > 0;
    let kind = match dice.below(9) {
        0 => {
            change(lines, at, |entry| edit(&mut entry.body, dice));
            "edit a byte of a text"
        }
        1 => {
            change(lines, at, |entry| edit(&mut entry.hash, dice));
            "edit a byte of a hash"
        }
        2 => {
            lines.remove(at);
            "delete a line"
        }
        3 => {
            let other = entry(lines, dice);
            lines.swap(at, other);
            "swap two lines"
        }
        4 => {
            let to = entry(lines, dice);
            lines.insert(to, lines[at].clone());
            "double a line"
        }
        5 => {
            lines.drain(at..lines.len() - 1);
            "cut the tail before the last line"
        }
        6 => {
            change(lines, at, |entry| {
                let previous = serde_json::from_str::<serde_json::Value>(&entry.body).unwrap()["previous"].as_str().unwrap().to_owned();
                entry.body = entry.body.replace("\"version\":1", "\"version\":2");
                entry.hash = chain_hash(&previous, &entry.body);
            });
            "rebuild one entry without relinking"
        }
        7 => {
            let by = 1 + i64::try_from(dice.below(3)).unwrap();
            change(lines, at, |entry| entry.sequence += by);
            "renumber an entry"
        }
        _ => {
            let other: Line = serde_json::from_str(&lines[entry(lines, dice)]).unwrap();
            change(lines, at, |entry| entry.stream = other.stream);
            "move an entry to another stream"
        }
    };
    if knows_the_format {
        mend(lines);
    }
    kind
}

fn findings(text: &str) -> u64 {
    let mut reader = Reader::default();
    text.as_bytes().split_inclusive(|byte| *byte == b'\n').for_each(|line| reader.line(line));
    reader.finish().findings.total
}

#[tokio::test]
async fn every_random_change_of_an_export_is_found() {
    let home = home::sqlite().await;
    evidence::make(&home.store).await;
    let mut bytes = Vec::new();
    export::export(&home.store, "1.0.0", &mut bytes).await.unwrap();
    let whole = String::from_utf8(bytes).unwrap();
    assert_eq!(findings(&whole), 0);
    let lines: Lines = whole.lines().map(str::to_owned).collect();
    let mut found: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..ROUNDS {
        let mut dice = Dice(seed);
        let mut changed = lines.clone();
        let kind = mutate(&mut changed, &mut dice);
        if changed == lines {
            continue;
        }
        let text: String = changed.iter().map(|line| format!("{line}\n")).collect();
        assert_ne!(findings(&text), 0, "round {seed}: {kind}\n{text}");
        *found.entry(kind).or_default() += 1;
    }
    assert!(found.len() == 9 && found.values().all(|times| *times >= 20), "{found:?}");
    assert!(found.values().sum::<u32>() >= 400, "{found:?}");
}

#[tokio::test]
async fn a_cut_anywhere_is_found() {
    let home = home::sqlite().await;
    evidence::make(&home.store).await;
    let mut bytes = Vec::new();
    export::export(&home.store, "1.0.0", &mut bytes).await.unwrap();
    let mut dice = Dice(1);
    for _ in 0..100 {
        let kept = dice.below(bytes.len());
        assert_ne!(findings(&String::from_utf8_lossy(&bytes[..kept])), 0, "cut after {kept} bytes");
    }
}
