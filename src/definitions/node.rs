//! A definition file as a tree whose every part knows its line and column.
//!
//! Guarantee: what is read stays within fixed limits of size, depth and repetition, so a hostile file costs no more
//! than an honest one.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{DuplicateKeyPolicy, MergeKeyPolicy, Options, Spanned};

use super::fault::Position;
use crate::domain::value::Json;

/// Largest definition file in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;
/// Deepest nesting of lists and mappings.
const MAX_DEPTH: usize = 32;
/// Most nodes, copies made by aliases included.
const MAX_NODES: usize = 50_000;

/// Most parser events that aliases may repeat.
const MAX_REPLAYED: usize = 10_000;

/// One value of the file and where it stands.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where the value begins.
    pub at: Position,
    /// Where its key begins, for a value in a mapping.
    pub key_at: Option<Position>,
    pub content: Content,
}

#[derive(Debug, Clone)]
pub enum Content {
    /// Text, a number, a boolean or nothing.
    Scalar(Json),
    List(Vec<Node>),
    /// Entries in the order of the file; keys may repeat until `take_repeated` was called.
    Map(Vec<(String, Node)>),
}

/// Why a text is no YAML, or too much of it.
pub struct Unreadable {
    pub at: Position,
    pub message: String,
}

impl Node {
    /// Reads YAML text.
    ///
    /// # Errors
    /// Text that is no YAML, holds more than one document, or exceeds a limit.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
            let at = error.location().map_or(Position::START, |place| Position::new(place.line(), place.column()));
            let message = error.without_snippet().to_string();
            Unreadable { at, message: message.lines().next().unwrap_or_default().to_owned() }
        })
    }

    /// The node at a path of keys and list positions.
    pub fn find<S: AsRef<str>>(&self, path: &[S]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        self.child(first.as_ref())?.find(rest)
    }

    /// The node at the longest part of the path that exists, and whether that is all of it.
    pub fn nearest<S: AsRef<str>>(&self, path: &[S]) -> (&Self, bool) {
        let Some((first, rest)) = path.split_first() else { return (self, true) };
        self.child(first.as_ref()).map_or((self, false), |child| child.nearest(rest))
    }

    fn child(&self, name: &str) -> Option<&Self> {
        match &self.content {
            Content::Scalar(_) => None,
            Content::List(items) => items.get(name.parse::<usize>().ok()?),
            Content::Map(entries) => entries.iter().find(|(key, _)| key == name).map(|(_, node)| node),
        }
    }

    fn child_mut(&mut self, name: &str) -> Option<&mut Self> {
        match &mut self.content {
            Content::Scalar(_) => None,
            Content::List(items) => items.get_mut(name.parse::<usize>().ok()?),
            Content::Map(entries) => entries.iter_mut().find(|(key, _)| key == name).map(|(_, node)| node),
        }
    }

    /// The node at a path, to be changed.
    pub fn find_mut(&mut self, path: &[String]) -> Option<&mut Self> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        self.child_mut(first)?.find_mut(rest)
    }

    /// Takes the entry at a path out of the tree.
    pub fn remove(&mut self, path: &[String]) -> Option<Self> {
        let (last, owner) = path.split_last()?;
        match &mut self.find_mut(owner)?.content {
            Content::Scalar(_) => None,
            Content::List(items) => {
                let index = last.parse::<usize>().ok().filter(|index| *index < items.len())?;
                Some(items.remove(index))
            }
            Content::Map(entries) => {
                let index = entries.iter().position(|(key, _)| key == last)?;
                Some(entries.remove(index).1)
            }
        }
    }

    /// Puts an entry into the mapping at `owner`.
    pub fn insert(&mut self, owner: &[String], key: &str, value: Json) {
        if let Some(node) = self.find_mut(owner)
            && let at = node.at
            && let Content::Map(entries) = &mut node.content
        {
            entries.push((key.to_owned(), Self { at, key_at: None, content: Content::of(value) }));
        }
    }

    /// Removes every entry whose key the same mapping already has, and says where they stood: path and key position.
    pub fn take_repeated(&mut self) -> Vec<(Vec<String>, Position)> {
        let mut found = Vec::new();
        self.collect_repeated(&mut Vec::new(), &mut found);
        found
    }

    fn collect_repeated(&mut self, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, Position)>) {
        match &mut self.content {
            Content::Scalar(_) => {}
            Content::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    path.push(index.to_string());
                    item.collect_repeated(path, found);
                    path.pop();
                }
            }
            Content::Map(entries) => {
                let mut seen = std::collections::HashSet::new();
                entries.retain(|(key, node)| {
                    let first = seen.insert(key.clone());
                    if !first {
                        let path = path.iter().chain([key]).cloned().collect();
                        found.push((path, node.key_at.unwrap_or(node.at)));
                    }
                    first
                });
                for (key, node) in entries {
                    path.push(key.clone());
                    node.collect_repeated(path, found);
                    path.pop();
                }
            }
        }
    }
}

impl Content {
    /// A scalar, or an empty list or mapping.
    pub fn of(value: Json) -> Self {
        match value {
            Json::Array(_) => Self::List(Vec::new()),
            Json::Object(_) => Self::Map(Vec::new()),
            scalar => Self::Scalar(scalar),
        }
    }
}

/// The reader's settings: YAML 1.2 booleans, no merge keys, no unknown tags, repeated keys handed on to be reported.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_documents: 1,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        reject_unsupported_tags: true,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_REPLAYED, max_replay_stack_depth: 8 },
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value: content, referenced, .. } = Spanned::<Content>::deserialize(deserializer)?;
        Ok(Self { at: Position::new(referenced.line(), referenced.column()), key_at: None, content })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list or a mapping")
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Scalar(Json::Null))
    }

    fn visit_none<E>(self) -> Result<Content, E> {
        Ok(Content::Scalar(Json::Null))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Content, E> {
        Ok(Content::Scalar(truth.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Content, E> {
        Ok(Content::Scalar(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Content, E> {
        Ok(Content::Scalar(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Content, E> {
        Ok(Content::Scalar(number.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Content, E> {
        Ok(Content::Scalar(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Content, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Content::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let mut node: Node = map.next_value()?;
            node.key_at = Some(Position::new(key.referenced.line(), key.referenced.column()));
            entries.push((key.value, node));
        }
        Ok(Content::Map(entries))
    }
}
