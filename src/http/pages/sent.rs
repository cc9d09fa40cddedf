//! What a form sent: names and texts in the order of the page.

use crate::http::problem::Problem;

/// Most fields of one form; the largest step has some thirty.
const MOST_FIELDS: usize = 2_000;

/// The pairs of an urlencoded body. A name may be there several times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent(Vec<(String, String)>);

impl Sent {
    /// Reads a body. Line breaks become single line feeds, and what follows a NUL is not cut but refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let mut pairs = Vec::new();
        for (name, text) in url::form_urlencoded::parse(bytes) {
            if name.contains('\0') || text.contains('\0') {
                return Err(Problem::malformed("a text holds the character NUL; remove it"));
            }
            if pairs.len() == MOST_FIELDS {
                return Err(Problem::malformed(format!("a form may have {MOST_FIELDS} fields")));
            }
            pairs.push((name.into_owned(), text.replace("\r\n", "\n")));
        }
        Ok(Self(pairs))
    }

    /// The first text of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// The first text of that name that is not blank, without white space around it.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.get(name).map(str::trim).filter(|text| !text.is_empty())
    }

    /// Every text of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, text)| text.as_str())
    }
}

#[cfg(test)]
impl Sent {
    /// A form as a test writes it.
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_it_was_typed() {
        let sent = Sent::parse(b"f.a=one+two&f.a=%3Cb%3E&note=x%0D%0Ay&blank=++").unwrap();
        assert_eq!(sent.all("f.a").collect::<Vec<_>>(), ["one two", "<b>"]);
        assert_eq!(sent.get("note"), Some("x\ny"));
        assert_eq!((sent.get("blank"), sent.given("blank")), (Some("  "), None));
    }

    #[test]
    fn nul_and_floods_of_fields_are_refused() {
        assert!(Sent::parse(b"a=%00").is_err());
        assert!(Sent::parse("a=1&".repeat(MOST_FIELDS + 1).as_bytes()).is_err());
    }
}
