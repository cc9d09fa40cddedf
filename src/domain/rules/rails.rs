//! Limits a text must keep before the parser sees it, so that neither the parser nor the evaluation can run out of stack
//! or time.

use super::fault::Fault;

/// Most characters of a rule.
pub const MAX_CHARS: usize = 1_000;
/// Most brackets open at once.
pub const MAX_NESTING: usize = 20;
/// Most signs (`.`, `+`, `!`, `?` and the like) of a rule: chains of them nest in the parsed rule.
const MAX_SIGNS: usize = 300;

/// Refuses a text that is empty, too long, too deep, or chains too many operators. Brackets inside texts and comments
/// do not count.
pub fn check(text: &str) -> Result<(), Fault> {
    if text.trim().is_empty() {
        return Err(Fault::new("the rule is empty", None));
    }
    let length = text.chars().count();
    if length > MAX_CHARS {
        return Err(Fault::new(format!("the rule has {length} characters, {MAX_CHARS} are allowed: split it into several"), None));
    }
    let chars: Vec<char> = text.chars().collect();
    let (mut at, mut depth, mut signs) = (0, 0_usize, 0_usize);
    while let Some(&now) = chars.get(at) {
        match now {
            '"' | '\'' => {
                at = end_of_text(&chars, at);
                continue;
            }
            '/' if chars.get(at + 1) == Some(&'/') => {
                at = chars[at..].iter().position(|c| matches!(c, '\n' | '\r')).map_or(chars.len(), |end| at + end);
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '.' | '+' | '-' | '*' | '/' | '%' | '!' | '?' | '<' | '>' | '=' => signs += 1,
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(Fault::new(format!("more than {MAX_NESTING} brackets are open here: split the rule into several"), Some(at)));
        }
        if signs > MAX_SIGNS {
            return Err(Fault::new("the rule chains too many operators: split it into several", Some(at)));
        }
        at += 1;
    }
    Ok(())
}

/// The index behind the text literal that opens at `start`.
fn end_of_text(chars: &[char], start: usize) -> usize {
    let quote = chars[start];
    let is_raw = start > 0 && matches!(chars[start - 1], 'r' | 'R');
    let width = if chars[start..].starts_with(&[quote; 3]) { 3 } else { 1 };
    let mut at = start + width;
    while at < chars.len() {
        if chars[at] == '\\' && !is_raw {
            at += 2;
        } else if chars[at..].starts_with(&[quote; 3][..width]) {
            return at + width;
        } else {
            at += 1;
        }
    }
    chars.len()
}
