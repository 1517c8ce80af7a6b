//! Canonical N-Quads: a set of lines in the order of code points. With at most one blank node, which is called `_:c14n0`,
//! that is all that is left of canonicalisation (URDNA2015).
//!
//! A line is made of texts that somebody else wrote. Literals are escaped; an IRI that could end its own brackets is
//! refused: it would be other quads than the JSON says.

use std::collections::BTreeSet;

use ring::digest::{Context, SHA256};

/// The one blank node.
pub(super) const BLANK: &str = "_:c14n0";
pub(super) const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const DATE_TIME: &str = "http://www.w3.org/2001/XMLSchema#dateTime";

#[derive(Default)]
pub(super) struct Quads(BTreeSet<String>);

impl Quads {
    /// `node` and `object` are written already; `predicate` is a constant.
    pub(super) fn add(&mut self, node: &str, predicate: &str, object: &str) {
        self.0.insert(format!("{node} <{predicate}> {object} .\n"));
    }

    pub(super) fn sha256(&self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        self.0.iter().for_each(|line| context.update(line.as_bytes()));
        let mut sum = [0; 32];
        sum.copy_from_slice(context.finish().as_ref());
        sum
    }

    #[cfg(test)]
    pub(super) fn written(&self) -> String {
        self.0.iter().map(String::as_str).collect()
    }
}

/// An absolute IRI as N-Quads write it.
pub(super) fn iri(text: &str) -> Option<String> {
    let (scheme, _) = text.split_once(':')?;
    let named = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let closed = !text.chars().any(|c| c <= ' ' || matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '^' | '`' | '\\'));
    (named && closed).then(|| format!("<{text}>"))
}

pub(super) fn literal(text: &str) -> String {
    let mut written = String::with_capacity(text.len().saturating_add(2));
    written.push('"');
    for c in text.chars() {
        match c {
            '\\' => written.push_str("\\\\"),
            '"' => written.push_str("\\\""),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            _ => written.push(c),
        }
    }
    written.push('"');
    written
}

pub(super) fn date_time(text: &str) -> String {
    format!("{}^^<{DATE_TIME}>", literal(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iri_cannot_end_itself() {
        for text in ["https://issuer.example.com/idos/keys/1", "uuid:6a9a5f0e", "a+b-c.1:x", "urn:é", "a:"] {
            assert_eq!(iri(text), Some(format!("<{text}>")));
        }
        for text in [
            "",
            "relative",
            "/path",
            ":x",
            "_:b0",
            "1a:x",
            "a b:x",
            "uuid:1> <http://www.w3.org/2001/XMLSchema#string> \"Mallory\" .\n<uuid:1",
            "uuid:1 2",
            "uuid:1\n",
            "uuid:\t",
            "uuid:\u{0}",
            "uuid:<",
            "uuid:\"",
            "uuid:\\u003e",
            "uuid:{",
            "uuid:|",
            "uuid:^",
            "uuid:`",
        ] {
            assert_eq!(iri(text), None, "{text}");
        }
    }

    #[test]
    fn the_same_line_twice_is_one_and_four_letters_are_escaped() {
        let mut quads = Quads::default();
        for text in ["b", "a\"\\\n\r\t\u{7f}é", "b"] {
            quads.add(BLANK, "x:p", &literal(text));
        }
        assert_eq!(quads.written(), "_:c14n0 <x:p> \"a\\\"\\\\\\n\\r\t\u{7f}é\" .\n_:c14n0 <x:p> \"b\" .\n");
    }
}
