//! The import rules of docs/architecture.md, read from its tables.

use super::super::support::{checkout, markdown};
use super::{code, none};

/// What one folder or file of `src/` may and may not name.
struct Rule {
    module: String,
    may_import: Vec<String>,
    never_names: Vec<String>,
}

fn rules() -> Vec<Rule> {
    let rows = markdown::table(&checkout::text("docs/architecture.md"), "module");
    let rule =
        |row: Vec<String>| Rule { module: row[0].clone(), may_import: markdown::list(&row[1]), never_names: markdown::list(&row[2]) };
    rows.into_iter().map(rule).collect()
}

/// The source files of the product as (path, module path from the crate's root), for example `(src/http/auth.rs, http::auth)`.
fn modules() -> Vec<(String, String)> {
    let paths = checkout::rust_files().into_iter().filter(|path| path.starts_with("src/") && !is_test(path));
    let module = |path: String| {
        let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
        let inner = inner.trim_end_matches("/mod").replace('/', "::");
        (path, inner)
    };
    paths.map(module).filter(|(_, module)| module != "lib" && module != "main").collect()
}

fn is_inside(path: &str, outer: &str) -> bool {
    path == outer || path.strip_prefix(outer).is_some_and(|rest| rest.starts_with("::"))
}

#[test]
fn every_module_has_its_row_in_the_architecture() {
    let rules = rules();
    let unknown = modules().into_iter().filter(|(_, module)| !rules.iter().any(|rule| is_inside(module, &rule.module)));
    let unknown: Vec<String> = unknown.map(|(path, _)| path).collect();
    none(&unknown, "docs/architecture.md does not say what these may import");
}

#[test]
fn a_module_imports_only_what_the_architecture_lets_it() {
    let rules = rules();
    let mut offences = Vec::new();
    for (path, module) in modules() {
        let Some(rule) = rules.iter().find(|rule| is_inside(&module, &rule.module)) else { continue };
        let code = code::of(&checkout::text(&path));
        let lawful =
            |used: &String| rule.may_import.iter().any(|may| may == "everything" || is_inside(used, may)) || is_inside(used, &rule.module);
        let is_ours = |used: &String| rules.iter().any(|rule| is_inside(used, &rule.module));
        let mut used = uses(&code, module.split("::").count());
        used.retain(|used| is_ours(used) && !lawful(used));
        used.dedup();
        offences.extend(used.into_iter().map(|used| format!("{path} imports {used}")));
        let named = rule.never_names.iter().filter(|name| names(&code, name));
        offences.extend(named.map(|name| format!("{path} names {name}")));
    }
    none(&offences, "docs/architecture.md forbids these imports");
}

#[test]
fn a_library_is_named_only_where_it_belongs() {
    let rows = markdown::table(&checkout::text("docs/architecture.md"), "library");
    let mut offences = Vec::new();
    for (path, module) in modules() {
        let code = code::of(&checkout::text(&path));
        for row in &rows {
            let lawful = markdown::list(&row[1]).iter().any(|place| is_inside(&module, place));
            let named = markdown::list(&row[0]).into_iter().filter(|library| !lawful && names(&code, library));
            offences.extend(named.map(|library| format!("{path} names {library}, which belongs to {}", row[1])));
        }
    }
    none(&offences, "docs/architecture.md keeps these libraries in one place");
}

/// True when the code has `name` as a path of its own: not as part of a longer word and not below another path.
fn names(code: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        let is_whole = !before.ends_with(is_word) && !before.trim_end().ends_with('.') && !after.starts_with(is_word);
        let is_path = name.contains("::") || name.starts_with(char::is_uppercase) || after.starts_with("::");
        let is_first = !before.ends_with("::") || name.contains("::");
        is_whole && is_path && is_first
    })
}

/// Every path from the crate's root that the code names: after `crate::`, and after as many `super::` as the file lies deep.
fn uses(code: &str, depth: usize) -> Vec<String> {
    let up = "super::".repeat(depth);
    let mut found = Vec::new();
    for start in ["crate::", up.as_str()] {
        for (at, _) in code.match_indices(start) {
            let before = &code[..at];
            if !before.ends_with(|c: char| c.is_alphanumeric() || c == '_') && !before.ends_with("super::") {
                tree(&code[at + start.len()..], "", &mut found);
            }
        }
    }
    found.sort();
    found
}

/// Reads one use tree, adds its paths to `found` and returns what follows it.
fn tree<'a>(code: &'a str, prefix: &str, found: &mut Vec<String>) -> &'a str {
    let code = code.trim_start();
    if let Some(mut rest) = code.strip_prefix('{') {
        loop {
            rest = rest.trim_start();
            if rest.is_empty() || rest.starts_with('}') {
                return rest.get(1..).unwrap_or_default();
            }
            rest = tree(rest, prefix, found);
            // Past an `as` name or whatever else stands before the next branch.
            rest = rest.trim_start_matches(|c: char| c != ',' && c != '}');
            rest = rest.strip_prefix(',').unwrap_or(rest);
        }
    }
    let end = code.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(code.len());
    let path = if prefix.is_empty() { code[..end].to_owned() } else { format!("{prefix}::{}", &code[..end]) };
    match code[end..].strip_prefix("::") {
        Some(rest) if end > 0 => tree(rest, &path, found),
        _ => {
            found.push(path);
            &code[end..]
        }
    }
}

#[test]
fn a_use_is_found_in_every_form() {
    let code = "use crate::{store::{a, b as c}, ids::*}; fn f() { crate::http::g(); super::super::app::h() } use super::own;";
    assert_eq!(uses(code, 2), ["app::h", "http::g", "ids::", "store::a", "store::b"]);
    assert!(is_inside("service::wake::W", "service::wake") && !is_inside("service::wakeful", "service::wake"));
}

#[test]
fn a_library_is_found_by_its_own_name_only() {
    assert!(names("let x = tokio::spawn(y);", "tokio") && names("use std::fs::read;", "std::fs"));
    assert!(!names("use my_tokio::x; self.tokio.y", "tokio") && !names("use a::cel::b;", "cel"));
    assert!(names("let s = IdSource::Random;", "IdSource"));
}

/// A file of tests stands on whatever it needs.
fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path.ends_with("_tests.rs")
}
