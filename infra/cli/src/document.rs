//! A JSON text in which single members are replaced: the order of all others stays, and how their values are written.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// A value as it stands in a text.
#[derive(Clone)]
pub(crate) enum Document {
    /// Members in their order.
    Object(Vec<(String, Document)>),
    List(Vec<Document>),
    /// A text, a number, a word: as it was written.
    Other(Box<RawValue>),
}

impl Document {
    /// Reads a text.
    pub(crate) fn read(text: &str) -> Result<Self, serde_json::Error> {
        Self::of(serde_json::from_str(text)?)
    }

    /// A value, as this program writes it.
    pub(crate) fn from_value(value: &Value) -> Result<Self, serde_json::Error> {
        Self::read(&value.to_string())
    }

    fn of(raw: Box<RawValue>) -> Result<Self, serde_json::Error> {
        match raw.get().as_bytes().first() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(raw.get())?;
                let read = members.into_iter().map(|(name, raw)| Ok((name, Self::of(raw)?)));
                read.collect::<Result<_, serde_json::Error>>().map(Self::Object)
            }
            Some(b'[') => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(raw.get())?;
                items.into_iter().map(Self::of).collect::<Result<_, serde_json::Error>>().map(Self::List)
            }
            Some(_) | None => Ok(Self::Other(raw)),
        }
    }

    /// Sets the member at that path. Objects on the way are made, what is new stands last.
    pub(crate) fn set(&mut self, path: &[&str], value: &Value) -> Result<(), serde_json::Error> {
        let Some((name, rest)) = path.split_first() else {
            *self = Self::from_value(value)?;
            return Ok(());
        };
        if !matches!(self, Self::Object(_)) {
            *self = Self::Object(Vec::new());
        }
        let Self::Object(members) = self else { return Ok(()) };
        if let Some((_, member)) = members.iter_mut().find(|(own, _)| own == name) {
            return member.set(rest, value);
        }
        let mut member = Self::Object(Vec::new());
        member.set(rest, value)?;
        members.push(((*name).to_owned(), member));
        Ok(())
    }

    /// As a text for people.
    pub(crate) fn pretty(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// As a text on one line.
    pub(crate) fn line(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(members) => serializer.collect_map(members.iter().map(|(name, member)| (name, member))),
            Self::List(items) => serializer.collect_seq(items),
            Self::Other(raw) => raw.serialize(serializer),
        }
    }
}

struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = r#"{
  "zeta": {"b": 1.50, "a": "\u00e9"},
  "alpha": [ {"y": 1, "x": []}, null ]
}"#;

    #[test]
    fn what_is_not_set_stays_as_it_was_written() {
        let mut document = Document::read(TEXT).unwrap();
        assert_eq!(document.line().unwrap(), r#"{"zeta":{"b":1.50,"a":"\u00e9"},"alpha":[{"y":1,"x":[]},null]}"#);
        document.set(&["zeta", "a"], &json!(["new"])).unwrap();
        document.set(&["zeta", "c", "d"], &json!(true)).unwrap();
        document.set(&["alpha"], &json!(null)).unwrap();
        let pretty = document.pretty().unwrap();
        let expected = "{\n  \"zeta\": {\n    \"b\": 1.50,\n    \"a\": [\n      \"new\"\n    ],\n    \"c\": {\n      \"d\": true\n    }\n  },\n  \"alpha\": null\n}\n";
        assert_eq!(pretty, expected);
        assert_eq!(Document::read(&pretty).unwrap().pretty().unwrap(), pretty);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "{\"a\": 1} x", "{\"a\": [1,]}"] {
            assert!(Document::read(text).is_err(), "{text}");
        }
    }
}
