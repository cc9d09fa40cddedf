//! Holds the house to its rules. What clippy can hold stands in `.clippy.toml`; the rest is here.

mod code;
mod imports;
mod licences;

use super::support::checkout;

const LONGEST_FILE: usize = 400;

/// Fails with every offender on a line of its own.
fn none(offenders: &[String], rule: &str) {
    assert!(offenders.is_empty(), "{rule}\n  {}", offenders.join("\n  "));
}

#[test]
fn a_file_has_one_subject() {
    let long = checkout::rust_files().into_iter().filter_map(|path| {
        let lines = checkout::text(&path).lines().count();
        (lines > LONGEST_FILE).then(|| format!("{path}: {lines} lines"))
    });
    none(&long.collect::<Vec<_>>(), "over 400 lines a file has two subjects; give the second a file of its own");
}

#[test]
fn a_module_is_named_after_its_subject() {
    let buckets = ["util", "utils", "helper", "helpers", "common", "misc", "types", "manager", "managers"];
    let named =
        checkout::rust_files().into_iter().filter(|path| path.trim_end_matches(".rs").split('/').any(|part| buckets.contains(&part)));
    none(&named.collect::<Vec<_>>(), "these names attract everything; name the subject");
}

#[test]
fn no_test_is_switched_off() {
    let ignored = checkout::rust_files().into_iter().filter(|path| code::of(&checkout::text(path)).contains("#[ignore"));
    none(&ignored.collect::<Vec<_>>(), "an ignored test guards nothing; mend it or take it out");
}

#[test]
fn there_is_one_integration_binary() {
    let others = checkout::files().into_iter().filter(|path| {
        let name = path.strip_prefix("tests/").unwrap_or_default();
        name.ends_with(".rs") && !name.contains('/')
    });
    none(&others.collect::<Vec<_>>(), "each file directly in tests/ would link the whole server again; put it in tests/it/");
}

#[test]
fn nothing_names_a_place_on_one_persons_machine() {
    let places = ["work", "root", "home", "Users"].map(|folder| format!("/{folder}/"));
    let named = checkout::files().into_iter().flat_map(|path| {
        let text = std::fs::read(checkout::root().join(&path)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let found: Vec<String> = places.iter().filter(|place| mentions(&text, place)).cloned().collect();
        found.into_iter().map(move |place| format!("{path}: {place}…"))
    });
    none(&named.collect::<Vec<_>>(), "a path that exists on one machine only");
}

/// True when `place` stands in the text as the beginning of a path, not in the middle of one or of a web address.
fn mentions(text: &str, place: &str) -> bool {
    text.match_indices(place).any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric() || "._-$}{>)*~".contains(c)))
}

#[test]
fn every_decision_is_listed_and_every_listed_one_exists() {
    let index = checkout::text("docs/decisions/README.md");
    let files = checkout::files().into_iter().filter_map(|path| path.strip_prefix("docs/decisions/").map(str::to_owned));
    let files: Vec<String> = files.filter(|name| name != "README.md").collect();
    let unlisted = files.iter().filter(|name| !index.contains(&format!("]({name})"))).cloned();
    none(&unlisted.collect::<Vec<_>>(), "not listed in docs/decisions/README.md");
    assert_eq!(index.matches(".md)").count(), files.len(), "docs/decisions/README.md lists a decision that is not there");
}
