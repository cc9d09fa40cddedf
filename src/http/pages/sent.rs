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

    /// The part of a form whose names begin like this, without that beginning.
    pub fn part(&self, beginning: &str) -> Self {
        let pairs = self.0.iter().filter_map(|(name, text)| Some((name.strip_prefix(beginning)?.to_owned(), text.clone())));
        Self(pairs.collect())
    }

    /// This form, with what `other` gives where it gives nothing.
    pub fn or(&self, other: &Self) -> Self {
        let own = self.0.iter().filter(|(name, _)| self.given(name).is_some() || other.given(name).is_none());
        let others = other.0.iter().filter(|(name, _)| self.given(name).is_none() && other.given(name).is_some());
        Self(own.chain(others).cloned().collect())
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
    fn a_row_is_a_part_and_takes_from_another_what_it_leaves_empty() {
        let sent = Sent::parse(b"all.a=1&all.b=2&all.b=3&r1.a=+&r1.c=4&r10.a=5").unwrap();
        assert_eq!(sent.part("r1."), Sent::of(&[("a", " "), ("c", "4")]));
        let row = sent.part("r1.").or(&sent.part("all."));
        assert_eq!((row.get("a"), row.all("b").collect::<Vec<_>>(), row.get("c")), (Some("1"), vec!["2", "3"], Some("4")));
        assert_eq!(sent.part("r10.").or(&sent.part("all.")).get("a"), Some("5"));
    }

    #[test]
    fn nul_and_floods_of_fields_are_refused() {
        assert!(Sent::parse(b"a=%00").is_err());
        assert!(Sent::parse("a=1&".repeat(MOST_FIELDS + 1).as_bytes()).is_err());
    }
}
