//! An opened box, and the JSON in it. Neither can be printed: they are a person's documents. They live in memory only.
//!
//! A member that is there twice is a fault: a reader who takes the first and one who takes the last would see two
//! credentials. Anyone can seal a box for us, so what is in it is bounded while it is read, before anything of it is
//! proven: a text of a few megabytes could else be a hundred times as much in memory.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use ring::digest::{SHA256, digest};
use secrecy::zeroize::Zeroizing;
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// More values, on all levels together, no credential has; those with all members that the contexts define have sixty.
const VALUES: usize = 512;
/// No credential is deeper: three in the known ones.
const DEPTH: u8 = 6;

/// A content in the clear: personal data, wiped when dropped.
pub(in super::super) struct Opened(Zeroizing<Vec<u8>>);

impl From<Vec<u8>> for Opened {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl Opened {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn sha256(&self) -> [u8; 32] {
        let mut sum = [0; 32];
        sum.copy_from_slice(digest(&SHA256, self.bytes()).as_ref());
        sum
    }

    /// None where it is no JSON object, has a member twice, or too many of them. Why, is not said: a parser's message
    /// quotes its input.
    pub(super) fn read(&self) -> Option<Members> {
        match parsed(self.bytes(), &Cell::new(VALUES))? {
            Node::Members(members) => Some(members),
            Node::Text(_) | Node::List(_) | Node::Plain(_) => None,
        }
    }
}

/// A JSON value as small as a credential's, from anybody.
pub(super) fn bounded(text: &str) -> Option<Node> {
    parsed(text.as_bytes(), &Cell::new(VALUES))
}

fn parsed(text: &[u8], left: &Cell<usize>) -> Option<Node> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let node = Json { left, deeper: DEPTH }.deserialize(&mut reader).ok()?;
    reader.end().ok().map(|()| node)
}

/// A JSON value.
pub(super) enum Node {
    Text(String),
    List(Vec<Node>),
    Members(Members),
    /// A number, a truth value or null.
    Plain(Value),
}

impl Node {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::List(_) | Self::Members(_) | Self::Plain(_) => None,
        }
    }

    pub(super) fn list(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(list),
            Self::Text(_) | Self::Members(_) | Self::Plain(_) => None,
        }
    }

    pub(super) fn members(&self) -> Option<&Members> {
        match self {
            Self::Members(members) => Some(members),
            Self::Text(_) | Self::List(_) | Self::Plain(_) => None,
        }
    }
}

/// The members of a JSON object, each once.
pub(super) struct Members(BTreeMap<String, Node>);

impl Members {
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.0.get(name)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.text()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.0.iter().map(|(name, node)| (name.as_str(), node))
    }
}

/// For the tenant alone, who asked for it.
impl From<Node> for Value {
    fn from(node: Node) -> Self {
        match node {
            Node::Text(text) => Self::String(text),
            Node::List(list) => list.into_iter().map(Self::from).collect(),
            Node::Members(members) => members.into(),
            Node::Plain(value) => value,
        }
    }
}

impl From<Members> for Value {
    fn from(members: Members) -> Self {
        Self::Object(members.0.into_iter().map(|(name, node)| (name, node.into())).collect::<Map<_, _>>())
    }
}

/// Reads one value, while there are some left.
#[derive(Clone, Copy)]
struct Json<'a> {
    left: &'a Cell<usize>,
    deeper: u8,
}

impl Json<'_> {
    fn inner<E: Error>(self) -> Result<Self, E> {
        let deeper = self.deeper.checked_sub(1).ok_or_else(|| E::custom("too deep"))?;
        Ok(Self { deeper, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Json<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        self.left.set(self.left.get().checked_sub(1).ok_or_else(|| D::Error::custom("too many values"))?);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Json<'_> {
    type Value = Node;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Node, E> {
        Ok(Node::Text(text))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Node, E> {
        Ok(Node::Plain(truth.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Plain(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Plain(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Plain(number.into()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Plain(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let (inner, mut list) = (self.inner()?, Vec::new());
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let (inner, mut members) = (self.inner()?, BTreeMap::new());
        while let Some(name) = items.next_key::<String>()? {
            match members.entry(name) {
                Entry::Vacant(place) => place.insert(items.next_value_seed(inner)?),
                Entry::Occupied(_) => return Err(A::Error::custom("a member twice")),
            };
        }
        Ok(Node::Members(Members(members)))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::{Debug, Display};

    use super::*;

    /// Does not compile once one of them can be printed or compared: then there are two `it`s to choose from.
    #[test]
    fn neither_can_be_shown() {
        trait Hidden<Way> {
            fn it() {}
        }
        impl<T> Hidden<()> for T {}
        impl<T: Debug> Hidden<u8> for T {}
        impl<T: Display> Hidden<u16> for T {}
        impl<T: PartialEq> Hidden<u32> for T {}
        <Opened as Hidden<_>>::it();
        <Node as Hidden<_>>::it();
        <Members as Hidden<_>>::it();
        <super::super::Key as Hidden<_>>::it();
    }

    #[test]
    fn a_member_twice_is_no_json_here() {
        let read = |text: &str| Opened::from(text.as_bytes().to_vec()).read().map(Value::from);
        let whole = r#"{"a":["x",1,-2,0.5,true,null,{"b":{}}]}"#;
        assert_eq!(read(whole), serde_json::from_str(whole).ok());
        for text in [
            r#"{"a":"1","a":"2"}"#,
            r#"{"a":{"b":1,"b":1}}"#,
            r#"[{"a":1,"\u0061":2}]"#,
            "[]",
            "\"text\"",
            "1",
            "",
            "{",
            "{}x",
            r#"{"a":"\ud800"}"#,
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }

    /// How many values were made of a text, and whether it was read.
    fn made(text: &str) -> (usize, bool) {
        let left = Cell::new(VALUES);
        let read = parsed(text.as_bytes(), &left).is_some();
        (VALUES - left.get(), read)
    }

    #[test]
    fn what_is_read_is_bounded_while_it_is_read() {
        let list = |count: usize, item: &str| format!("[{}]", vec![item; count].join(","));
        assert_eq!(made(r#"{"a":["x",1],"b":{"c":null}}"#), (6, true));
        assert_eq!(made(&list(VALUES - 1, "0")), (VALUES, true));
        assert_eq!(made(&list(VALUES, "0")), (VALUES, false));
        let members: Vec<String> = (0..VALUES).map(|n| format!(r#""{n}":0"#)).collect();
        assert_eq!(made(&format!("{{{}}}", members.join(","))), (VALUES, false));
        let bomb = list(4 * 1024 * 1024 / 7, r#"{"":0}"#);
        assert_eq!(made(&bomb), (512, false), "no more than that of four megabytes");
        assert_eq!(made(&format!(r#"{{"a":{bomb}}}"#)), (VALUES, false));
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!((made(&deep(6)), made(&deep(7))), ((6, true), (7, false)));
        assert!(!made(&deep(1_000_000)).1);
        // a document is one value, however long
        assert_eq!(made(&format!(r#"{{"a":"{}"}}"#, "x".repeat(1_000_000))), (2, true));
    }
}
