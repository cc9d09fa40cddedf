//! What is wrong with a rule's text, for the person who wrote it.

/// One thing that is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    pub message: String,
    /// Where in the rule's text, in characters from its start.
    pub offset: Option<usize>,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>, offset: Option<usize>) -> Self {
        Self { message: message.into(), offset, suggestion: None }
    }

    pub(super) fn suggesting(mut self, suggestion: Option<String>) -> Self {
        self.suggestion = suggestion;
        self
    }
}

/// The known name that is most like `wrong`, where one is like it at all.
pub(super) fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(wrong, name), name))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name.to_owned())
}
