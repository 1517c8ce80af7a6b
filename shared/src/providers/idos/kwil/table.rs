//! What an action answers: a table, or an error that it raised, which comes with HTTP 200 and looks like an empty table to
//! who does not ask for it first. Columns are taken by name: there are older and newer schemas.
//!
//! A cell is taken from the answer when it is asked for, and not before: one may have megabytes.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::rpc;
use crate::domain::ProviderId;
use crate::ports::{ProviderError, Response};
use crate::providers::answer::Object;
use crate::providers::text::uuid;

const NOT_READ: ProviderError = ProviderError::Unavailable("the answer cannot be read");
const ANOTHER_SHAPE: ProviderError = ProviderError::Unavailable("the answer's table has another shape");

#[derive(Deserialize)]
struct Outcome<'a> {
    #[serde(borrow, default)]
    query_result: Option<Object<Found<'a>>>,
    #[serde(borrow, default)]
    error: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Found<'a> {
    #[serde(borrow, default)]
    column_names: Option<Vec<Text<'a>>>,
    #[serde(borrow, default)]
    values: Option<Vec<Vec<&'a RawValue>>>,
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// What an action raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Raised {
    /// There is no such copy.
    NoCredential,
    /// It is not, or no longer, shared with us.
    NotShared,
}

/// A table's rows.
pub(in super::super) struct Table<'a> {
    names: Vec<Text<'a>>,
    rows: Vec<Vec<&'a RawValue>>,
}

/// One of them.
pub(in super::super) struct Row<'t, 'a> {
    names: &'t [Text<'a>],
    cells: &'t [&'a RawValue],
}

/// The table of an answer.
pub(in super::super) fn read(response: &Response) -> Result<Result<Table<'_>, Raised>, ProviderError> {
    let outcome: Object<Outcome<'_>> = serde_json::from_str(rpc::result(response)?.get()).map_err(|_| NOT_READ)?;
    let Object(Outcome { query_result, error }) = outcome;
    if let Some(Text(error)) = error.filter(|Text(error)| !error.is_empty()) {
        return raised(&error).map(Err).ok_or(ProviderError::Unavailable("an action reports a fault"));
    }
    let found = query_result.map(|Object(found)| found);
    let (names, rows) = found.map_or((None, None), |found| (found.column_names, found.values));
    let (names, rows) = (names.unwrap_or_default(), rows.unwrap_or_default());
    let twice = (1..names.len()).any(|at| {
        let (before, rest) = names.split_at(at);
        rest.first().is_some_and(|name| before.iter().any(|other| other.0 == name.0))
    });
    if twice || rows.iter().any(|row| row.len() != names.len()) {
        return Err(ANOTHER_SHAPE);
    }
    Ok(Ok(Table { names, rows }))
}

/// The node may put words around what an action raises.
fn raised(error: &str) -> Option<Raised> {
    let error = error.to_ascii_lowercase();
    if error.contains("credential does not exist") {
        Some(Raised::NoCredential)
    } else if error.contains("credential is not shared") {
        Some(Raised::NotShared)
    } else {
        None
    }
}

impl<'a> Table<'a> {
    pub(in super::super) fn rows(&self) -> impl Iterator<Item = Row<'_, 'a>> {
        self.rows.iter().map(|cells| Row { names: &self.names, cells })
    }
}

impl<'a> Row<'_, 'a> {
    fn cell(&self, name: &str) -> Option<&'a RawValue> {
        let at = self.names.iter().position(|Text(own)| own == name)?;
        self.cells.get(at).copied().filter(|cell| cell.get() != "null")
    }

    /// A text; none where it is null, or the schema has no such column.
    pub(in super::super) fn text(&self, name: &str) -> Result<Option<Cow<'a, str>>, ProviderError> {
        let text = |cell: &'a RawValue| serde_json::from_str(cell.get()).map(|Text(text)| text);
        self.cell(name).map(text).transpose().map_err(|_| ANOTHER_SHAPE)
    }

    /// A text that must be there.
    pub(in super::super) fn required(&self, name: &str) -> Result<Cow<'a, str>, ProviderError> {
        self.text(name)?.ok_or(ANOTHER_SHAPE)
    }

    /// A UUID that must be there.
    pub(in super::super) fn uuid(&self, name: &str) -> Result<ProviderId, ProviderError> {
        uuid(&self.required(name)?).ok_or(ANOTHER_SHAPE)
    }

    /// A whole number, of which some encoders make a text.
    pub(in super::super) fn number(&self, name: &str) -> Result<Option<i64>, ProviderError> {
        let number = |cell: &RawValue| cell.get().trim_matches('"').parse();
        self.cell(name).map(number).transpose().map_err(|_| ANOTHER_SHAPE)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn answered(result: &Value) -> Response {
        let body = json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string().into_bytes();
        Response { status: 200, retry_after: None, cookies: Vec::new(), body }
    }

    #[test]
    fn columns_are_taken_by_name() {
        let table =
            json!({"column_names": ["new", "size", "text"], "values": [[{"a": 1}, 7, "a\"b"], [null, "9", null]]});
        let response = answered(&json!({"query_result": table, "error": null}));
        let table = read(&response).unwrap().unwrap();
        let rows: Vec<_> = table.rows().collect();
        let seen = |row: &Row<'_, '_>| (row.number("size"), row.text("text").map(|text| text.map(Cow::into_owned)));
        let seen: Vec<_> = rows.iter().map(seen).collect();
        assert_eq!(seen, [(Ok(Some(7)), Ok(Some("a\"b".to_owned()))), (Ok(Some(9)), Ok(None))]);
        assert!(rows.iter().all(|row| row.text("old") == Ok(None) && row.number("old") == Ok(None)));
        assert!(rows.iter().all(|row| row.required("old") == Err(ANOTHER_SHAPE)));
        assert!(rows.first().unwrap().text("size").is_err() && rows.first().unwrap().number("text").is_err());
    }

    #[test]
    fn nothing_is_no_rows() {
        for table in [
            json!(null),
            json!({}),
            json!({"column_names": null, "values": null}),
            json!({"column_names": ["id"], "values": null}),
            json!({"column_names": ["id"], "values": []}),
        ] {
            let response = answered(&json!({"query_result": table}));
            assert_eq!(read(&response).map(|table| table.map(|table| table.rows().count())), Ok(Ok(0)), "{table}");
        }
    }

    #[test]
    fn a_table_of_another_shape_is_none() {
        for table in [
            json!({"column_names": ["id"], "values": [[1, 2]]}),
            json!({"column_names": null, "values": [[1]]}),
            json!({"column_names": ["id", "id"], "values": [[1, 2]]}),
            json!({"column_names": "id", "values": []}),
            json!({"column_names": ["id"], "values": [7]}),
            json!([]),
        ] {
            let response = answered(&json!({"query_result": table}));
            assert!(read(&response).is_err(), "{table}");
        }
    }

    #[test]
    fn what_an_action_raises_comes_first() {
        let raised = |error: Value| {
            let response =
                answered(&json!({"query_result": {"column_names": ["id"], "values": [["x"]]}, "error": error}));
            read(&response).map(|table| table.map(|table| table.rows().count()))
        };
        assert_eq!(raised(json!("the credential does not exist")), Ok(Err(Raised::NoCredential)));
        let around = "ERROR: The credential is not shared with the caller (SQLSTATE P0001)";
        assert_eq!(raised(json!(around)), Ok(Err(Raised::NotShared)));
        for unknown in ["namespace main does not exist", "shared", "something new"] {
            assert_eq!(raised(json!(unknown)), Err(ProviderError::Unavailable("an action reports a fault")));
        }
        assert_eq!((raised(json!(null)), raised(json!(""))), (Ok(Ok(1)), Ok(Ok(1))));
        assert!(raised(json!(7)).is_err());
    }
}
