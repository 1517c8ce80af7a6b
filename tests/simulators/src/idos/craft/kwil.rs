//! The binary payload of a call and of a transaction, taken apart (§4.3, §6). Lengths are little-endian, the type's
//! description and integers big-endian.

use serde_json::{Value, json};

use super::keys;

/// A call: one list of arguments. A transaction: one per batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    pub namespace: String,
    pub action: String,
    pub batches: Vec<Vec<Argument>>,
}

/// None is null; the type stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    Uuid(Option<String>),
    Text(Option<String>),
    Int8(Option<i64>),
    Bool(Option<bool>),
}

impl Argument {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Uuid(_) => "uuid",
            Self::Text(_) => "text",
            Self::Int8(_) => "int8",
            Self::Bool(_) => "bool",
        }
    }

    pub fn shown(&self) -> Value {
        match self {
            Self::Uuid(text) | Self::Text(text) => json!(text),
            Self::Int8(number) => json!(number),
            Self::Bool(truth) => json!(truth),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    #[error("the payload ends too early")]
    TooShort,
    #[error("there is more than the payload says")]
    TooLong,
    #[error("not a known version")]
    Version,
    #[error("a text is not UTF-8")]
    NotUtf8,
    #[error("not a known type")]
    UnknownType,
    #[error("not a value of its type")]
    Value,
    #[error("lists are not understood here")]
    List,
}

/// Of `user.call`.
pub fn call(payload: &[u8]) -> Result<Called, Undecodable> {
    let mut reader = Reader(payload);
    let (namespace, action) = head(&mut reader)?;
    let arguments = arguments(&mut reader)?;
    reader.end()?;
    Ok(Called { namespace, action, batches: vec![arguments] })
}

/// Of an `execute` transaction.
pub fn execution(payload: &[u8]) -> Result<Called, Undecodable> {
    let mut reader = Reader(payload);
    let (namespace, action) = head(&mut reader)?;
    let count = reader.u16()?;
    let batches = (0..count).map(|_| arguments(&mut reader)).collect::<Result<_, _>>()?;
    reader.end()?;
    Ok(Called { namespace, action, batches })
}

fn head(reader: &mut Reader<'_>) -> Result<(String, String), Undecodable> {
    reader.version()?;
    Ok((reader.text()?, reader.text()?))
}

fn arguments(reader: &mut Reader<'_>) -> Result<Vec<Argument>, Undecodable> {
    let count = reader.u16()?;
    (0..count).map(|_| argument(reader.sized()?)).collect()
}

fn argument(bytes: &[u8]) -> Result<Argument, Undecodable> {
    let mut reader = Reader(bytes);
    reader.version()?;
    let kind = kind(reader.sized()?)?;
    if reader.u16()? != 1 {
        return Err(Undecodable::List);
    }
    let item = reader.sized()?;
    reader.end()?;
    let data = match item.split_first() {
        Some((0, [])) => None,
        Some((1, data)) => Some(data),
        Some(_) | None => return Err(Undecodable::Value),
    };
    value(kind, data)
}

/// The name in a description of a type; all of it big-endian.
fn kind(bytes: &[u8]) -> Result<&str, Undecodable> {
    let mut reader = Reader(bytes);
    if reader.take::<2>()? != [0, 0] {
        return Err(Undecodable::Version);
    }
    let length = u32::from_be_bytes(reader.take()?);
    let name = std::str::from_utf8(reader.next(length)?).map_err(|_| Undecodable::NotUtf8)?;
    match reader.take::<1>()? {
        [0] => {}
        _ => return Err(Undecodable::List),
    }
    // precision and scale, of decimals alone
    if reader.take::<4>()? != [0; 4] {
        return Err(Undecodable::UnknownType);
    }
    reader.end()?;
    Ok(name)
}

fn value(kind: &str, data: Option<&[u8]>) -> Result<Argument, Undecodable> {
    match kind {
        "uuid" => data.map(|data| Ok(keys::uuid(&exactly(data)?))).transpose().map(Argument::Uuid),
        "text" => {
            let text = data.map(|data| String::from_utf8(data.to_vec()).map_err(|_| Undecodable::NotUtf8));
            text.transpose().map(Argument::Text)
        }
        "int8" => data.map(|data| Ok(i64::from_be_bytes(exactly(data)?))).transpose().map(Argument::Int8),
        "bool" => data.map(truth).transpose().map(Argument::Bool),
        _ => Err(Undecodable::UnknownType),
    }
}

fn exactly<const N: usize>(data: &[u8]) -> Result<[u8; N], Undecodable> {
    data.try_into().map_err(|_| Undecodable::Value)
}

fn truth(data: &[u8]) -> Result<bool, Undecodable> {
    match data {
        [0] => Ok(false),
        [1] => Ok(true),
        _ => Err(Undecodable::Value),
    }
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Undecodable> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(Undecodable::TooShort)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn next(&mut self, length: u32) -> Result<&'a [u8], Undecodable> {
        let length = usize::try_from(length).map_err(|_| Undecodable::TooShort)?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Undecodable::TooShort)?;
        self.0 = rest;
        Ok(taken)
    }

    fn u16(&mut self) -> Result<u16, Undecodable> {
        Ok(u16::from_le_bytes(self.take()?))
    }

    fn version(&mut self) -> Result<(), Undecodable> {
        if self.u16()? == 0 { Ok(()) } else { Err(Undecodable::Version) }
    }

    fn sized(&mut self) -> Result<&'a [u8], Undecodable> {
        let length = u32::from_le_bytes(self.take()?);
        self.next(length)
    }

    fn text(&mut self) -> Result<String, Undecodable> {
        String::from_utf8(self.sized()?.to_vec()).map_err(|_| Undecodable::NotUtf8)
    }

    fn end(&self) -> Result<(), Undecodable> {
        if self.0.is_empty() { Ok(()) } else { Err(Undecodable::TooLong) }
    }
}
