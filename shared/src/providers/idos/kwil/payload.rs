//! The binary form of a call. Lengths and counts are little-endian; the description of a type and whole numbers are
//! big-endian (client and server code agree).
//!
//! | part | bytes |
//! | --- | --- |
//! | version | u16, 0 |
//! | namespace, action | u32 length and UTF-8, each |
//! | arguments | u16 count; then each: u32 length and the value |
//! | a value | u16 version 0; u32 length and its type; u16 number of items, 1; u32 length and the item |
//! | its type | u16 version 0; u32 length and name; u8 whether it is a list; twice u16 metadata (big-endian) |
//! | an item | 1 and the bytes, or 0 alone for null |

/// Where idOS's actions are.
const NAMESPACE: &str = "main";
const VERSION: [u8; 2] = [0, 0];

/// One argument; none is null, which keeps its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Argument<'a> {
    Uuid(Option<[u8; 16]>),
    Int8(i64),
    Text(Option<&'a str>),
}

impl Argument<'_> {
    /// Of a text that is a UUID.
    pub(in super::super) fn uuid(text: &str) -> Self {
        let digits: String = text.chars().filter(|digit| *digit != '-').collect();
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok();
        Self::Uuid(bytes.and_then(|bytes| bytes.try_into().ok()))
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Uuid(_) => "uuid",
            Self::Int8(_) => "int8",
            Self::Text(_) => "text",
        }
    }

    fn item(self) -> Vec<u8> {
        let given = |bytes: &[u8]| [&[1], bytes].concat();
        match self {
            Self::Uuid(None) | Self::Text(None) => vec![0],
            Self::Text(Some(text)) => given(text.as_bytes()),
            Self::Uuid(Some(bytes)) => given(&bytes),
            Self::Int8(number) => given(&number.to_be_bytes()),
        }
    }

    fn encoded(self) -> Vec<u8> {
        let one_item = [1, 0];
        [&VERSION[..], &counted(&described(self.kind())), &one_item, &counted(&self.item())].concat()
    }
}

fn described(kind: &str) -> Vec<u8> {
    let (not_a_list, metadata) = ([0], [0; 4]);
    [&VERSION[..], &length(kind.len()).to_be_bytes(), kind.as_bytes(), &not_a_list, &metadata].concat()
}

/// A call of an action, which is in lower case.
pub(in super::super) fn call(action: &str, arguments: &[Argument<'_>]) -> Vec<u8> {
    let count = u16::try_from(arguments.len()).unwrap_or(u16::MAX).to_le_bytes();
    let mut payload = [&VERSION[..], &counted(NAMESPACE.as_bytes()), &counted(action.as_bytes()), &count].concat();
    payload.extend(arguments.iter().flat_map(|argument| counted(&argument.encoded())));
    payload
}

fn counted(bytes: &[u8]) -> Vec<u8> {
    [&length(bytes.len()).to_le_bytes(), bytes].concat()
}

/// Everything here is a few bytes long.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use data_encoding::HEXLOWER;
    use serde_json::Value;

    use super::*;

    const GOLDEN: &str = include_str!("../../../../../tests/fixtures/idos/vector.kwil-call-encoding.json");

    fn argument(described: &Value) -> Option<Argument<'_>> {
        Some(match described["type"].as_str().unwrap() {
            "uuid" => described["value"].as_str().map_or(Argument::Uuid(None), Argument::uuid),
            "int8" => Argument::Int8(described["value"].as_i64().unwrap()),
            "text" => Argument::Text(described["value"].as_str()),
            _ => return None,
        })
    }

    #[test]
    fn payloads_are_those_of_the_public_encoder() {
        let golden: Vec<Value> = serde_json::from_str(GOLDEN).unwrap();
        let ours = ["get_credential_shared", "get_access_grants_granted", "get_access_grants_for_credential"];
        let mut seen = Vec::new();
        for vector in &golden {
            let action = vector["action"].as_str().unwrap();
            let arguments: Option<Vec<_>> = vector["args"].as_array().unwrap().iter().map(argument).collect();
            let Some(arguments) = arguments else { continue };
            assert_eq!(HEXLOWER.encode(&call(action, &arguments)), vector["payload_hex"].as_str().unwrap(), "{action}");
            seen.push(action);
        }
        assert!(ours.iter().filter(|action| seen.contains(action)).count() >= 2, "{seen:?}");
        assert!(seen.len() >= 3, "{seen:?}");
    }

    #[test]
    fn a_text_that_is_no_uuid_is_null() {
        assert_eq!(Argument::uuid("7c0f8c7e"), Argument::Uuid(None));
        assert!(matches!(Argument::uuid("7C0F8C7E-2b6c-4d5f-8f43-0a8a4c1d9e01"), Argument::Uuid(Some(_))));
    }
}
