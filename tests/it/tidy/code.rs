//! Rust source without what only looks like code.

/// The source with comments removed and the inside of text literals emptied; lines stay where they are.
pub fn of(source: &str) -> String {
    let mut rest = source;
    let mut code = String::with_capacity(source.len());
    while let Some(first) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| raw_text(rest)).or_else(|| text(rest)).or_else(|| character(rest));
        let length = skipped.unwrap_or(first.len_utf8());
        match skipped {
            Some(_) => code.extend(rest[..length].chars().filter(|c| *c == '\n')),
            None => code.push(first),
        }
        rest = &rest[length..];
    }
    code
}

fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    rest.starts_with("/*").then(|| rest.find("*/").map_or(rest.len(), |end| end + 2))
}

/// `r"…"` and `r#"…"#`.
fn raw_text(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    let marks = after.len() - after.trim_start_matches('#').len();
    let inside = after[marks..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(marks));
    let length = inside.find(&end).map_or(inside.len(), |at| at + end.len());
    Some(1 + marks + 1 + length)
}

fn text(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('"')?;
    let mut is_escaped = false;
    for (at, c) in inside.char_indices() {
        match (is_escaped, c) {
            (false, '"') => return Some(1 + at + 1),
            (false, '\\') => is_escaped = true,
            _ => is_escaped = false,
        }
    }
    Some(rest.len())
}

/// `'x'` and `'\n'`, but not a lifetime.
fn character(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let mut chars = inside.char_indices();
    let (_, first) = chars.next()?;
    if first == '\\' {
        return inside[2..].find('\'').map(|at| 1 + 2 + at + 1);
    }
    let (at, second) = chars.next()?;
    (second == '\'').then_some(1 + at + 1)
}

#[test]
fn comments_and_texts_are_not_code() {
    let source = "use a; // use b\n/* use\nc */ let d = \"use \\\" e\"; let f = r#\"use \"g\"\"#; let h = '\"'; fn i<'j>(k: &'j str) {}";
    assert_eq!(of(source), "use a; \n\n let d = ; let f = ; let h = ; fn i<'j>(k: &'j str) {}");
}
