//! Answers of actions (§4.4): a table, or the error that an action raises inside a good answer.

use serde_json::{Value, json};

use super::settings::NoRows;

/// Name and type.
type Column = (&'static str, &'static str);

pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Value>>,
}

impl Table {
    pub(super) fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    /// One row of one column.
    pub(super) fn one(column: Column, value: Value) -> Self {
        Self { columns: vec![column], rows: vec![vec![value]] }
    }

    /// Takes from each row what the columns name.
    pub(super) fn with(mut self, rows: impl IntoIterator<Item = Value>) -> Self {
        for row in rows {
            let cells = self.columns.iter().map(|(name, _)| row.get(name).cloned().unwrap_or_default());
            self.rows.push(cells.collect());
        }
        self
    }

    pub(super) fn answer(self, no_rows: NoRows) -> Value {
        let names: Vec<_> = self.columns.iter().map(|(name, _)| *name).collect();
        let types: Vec<_> =
            self.columns.iter().map(|(_, kind)| json!({"name": kind, "is_array": false, "metadata": [0, 0]})).collect();
        let values = if self.rows.is_empty() && no_rows == NoRows::Null { Value::Null } else { json!(self.rows) };
        let table = json!({"column_names": names, "column_types": types, "values": values});
        json!({"query_result": table, "logs": "", "error": null})
    }
}

/// HTTP 200, a result, and the error in it.
pub(super) fn raised(message: &str) -> Value {
    let nothing = json!({"column_names": null, "column_types": null, "values": null});
    json!({"query_result": nothing, "logs": "", "error": message})
}
