//! JSON whose doubled members are seen. The usual reader keeps the last of two members of one name and says nothing, so
//! whoever writes a name twice would not learn which of the two counts.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A text, read.
pub struct Document {
    /// What it says; of doubled members the last.
    pub value: Value,
    /// The places of members that stand more than once, from the outermost name inwards.
    pub doubled: Vec<Vec<String>>,
}

impl Document {
    /// Reads a text.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn read(text: &[u8]) -> Result<Self, serde_json::Error> {
        let doubled = RefCell::default();
        let mut json = serde_json::Deserializer::from_slice(text);
        let value = Place { names: Vec::new(), doubled: &doubled }.deserialize(&mut json)?;
        json.end()?;
        Ok(Self { value, doubled: doubled.into_inner() })
    }
}

/// A value at its place.
struct Place<'a> {
    names: Vec<String>,
    doubled: &'a RefCell<Vec<Vec<String>>>,
}

impl Place<'_> {
    fn below(&self, name: &str) -> Self {
        let names = self.names.iter().cloned().chain([name.to_owned()]).collect();
        Self { names, doubled: self.doubled }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.below(&list.len().to_string()))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let place = self.below(&name);
            let names = place.names.clone();
            if object.insert(name, members.next_value_seed(place)?).is_some() {
                self.doubled.borrow_mut().push(names);
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]

    use super::*;

    #[test]
    fn it_reads_what_the_usual_reader_reads() {
        let texts =
            [r#"{"a": [1, -2, 3.5, 18446744073709551615, null, true, "ä\n"], "b": {"c": {}}}"#, "[]", "\"x\"", " 7 "];
        for text in texts {
            let document = Document::read(text.as_bytes()).unwrap();
            assert_eq!(document.value, serde_json::from_str::<Value>(text).unwrap(), "{text}");
            assert!(document.doubled.is_empty(), "{text}");
        }
        for text in ["", "{", r#"{"a": 1} x"#, r#"{"a" 1}"#, "\"\u{1}\""] {
            assert!(Document::read(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn doubled_members_are_told_with_their_place_and_the_last_one_stands() {
        let document = Document::read(br#"{"a": {"b": 1, "\u0062": 2, "B": 3}, "l": [{"x": 1, "x": 2}], "a": 4}"#);
        let document = document.unwrap();
        assert_eq!(document.value["a"], 4);
        assert_eq!(document.value["l"][0]["x"], 2);
        assert_eq!(document.doubled, [vec!["a", "b"], vec!["l", "0", "x"], vec!["a"]]);
    }
}
