//! Bad manners. How rules ask for them stands in the crate's own module of rules.

use axum::http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    records::Endpoint,
    rpc::{Asked, Content, Refusal, Reply, code, of_code},
    tables,
};
use crate::{
    answers::Plain,
    conduct::{self, Spoilt},
    members, rules,
};

/// Misbehaviour; it is about a copy, its content address or its user.
pub type Rule = rules::ApiRule<Endpoint, Manner>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// 401, 403, 5xx, …; nothing is done.
    Status { code: u16 },
    /// 429; nothing is done. For the gateway's own word see `Rpc`.
    TooMany { retry_after: Option<u64> },
    /// A JSON-RPC error; nothing is done, and no session ends.
    Rpc { code: i64, message: String },
    /// 200, and the error of an action; nothing is done.
    ActionError { message: String },
    /// Done, but the whole table is null.
    NullTable,
    /// Done, but `values` is null.
    NullValues,
    /// Done, but this column has another value in every row, or without a value is missing.
    Column { name: String, value: Option<Value> },
    /// Done, with a column that nobody knows before the others.
    ExtraColumn,
    /// Done, with the columns in the other direction.
    ColumnsReversed,
    /// Done, but a member of `result` has another value, or without a value is missing: a challenge for another domain,
    /// another chain, an unhealthy node.
    Member { name: String, value: Option<Value> },
    /// Logged in, but no cookie comes along.
    NoCookie,
    /// A blob whose first byte is another.
    OtherBytes,
    /// A blob with so many bytes more.
    MoreBytes { count: usize },
    /// A blob with so many bytes fewer.
    FewerBytes { count: usize },
    /// The call is accepted and never answered; nothing is done.
    Silence,
    /// The connection is closed before anything is done.
    Closed,
    /// Done, but the connection is closed instead of an answer.
    AnswerLost,
    /// Done and answered right, but this much later.
    Late { millis: u64 },
    /// Done; JSON arrives two bytes at a time, with this pause between. A blob arrives at once.
    SlowDrip { millis: u64 },
    /// Done, answered 200 with a page.
    Html,
    /// Done, answered with half of the body.
    Truncated,
    /// Done, answered 200 with nothing.
    Empty,
    /// 307 elsewhere; nothing is done.
    Redirect { to: String },
}

impl Manner {
    /// The session is not accepted any more (−901), though it lives.
    pub fn not_authorized() -> Self {
        Self::Rpc { code: code::NOT_AUTHORIZED, message: "authorization required".to_owned() }
    }

    /// The gateway's rate limit (−905).
    pub fn too_many_requests() -> Self {
        Self::Rpc { code: code::TOO_MANY, message: "too many requests".to_owned() }
    }

    /// What is answered to this request in place of the truth.
    pub(super) fn instead(&self, asked: &Asked, gateway_status: u16) -> Option<Reply> {
        match self {
            Self::Rpc { code, message } => Some(asked.error(&Refusal::new(*code, message.clone()), gateway_status)),
            Self::ActionError { message } => Some(asked.result(tables::raised(message))),
            Self::Status { .. }
            | Self::TooMany { .. }
            | Self::NullTable
            | Self::NullValues
            | Self::Column { .. }
            | Self::ExtraColumn
            | Self::ColumnsReversed
            | Self::Member { .. }
            | Self::NoCookie
            | Self::OtherBytes
            | Self::MoreBytes { .. }
            | Self::FewerBytes { .. }
            | Self::Silence
            | Self::Closed
            | Self::AnswerLost
            | Self::Late { .. }
            | Self::SlowDrip { .. }
            | Self::Html
            | Self::Truncated
            | Self::Empty
            | Self::Redirect { .. } => None,
        }
    }

    /// What is done to a true answer.
    pub(super) fn bend(&self, reply: &mut Reply) {
        match (self, &mut reply.content) {
            (Self::NoCookie, _) => reply.header = None,
            (Self::OtherBytes, Content::Bytes(bytes)) => bytes.first_mut().into_iter().for_each(|byte| *byte ^= 0x80),
            (Self::MoreBytes { count }, Content::Bytes(bytes)) => bytes.resize(bytes.len().saturating_add(*count), 0),
            (Self::FewerBytes { count }, Content::Bytes(bytes)) => bytes.truncate(bytes.len().saturating_sub(*count)),
            (manner, Content::Json(body)) => manner.bend_result(body),
            (_, Content::Bytes(_)) => {}
        }
    }

    fn bend_result(&self, body: &mut Value) {
        let Some(result) = body.get_mut("result") else {
            return;
        };
        if let Self::Member { name, value } = self {
            return members::bend(result, name, value.as_ref());
        }
        if *self == Self::NullTable && result.get("query_result").is_some() {
            return members::set(result, "query_result", Value::Null);
        }
        let Some(table) = result.get_mut("query_result").filter(|table| table.get("column_names").is_some()) else {
            return;
        };
        if let Self::Column { name, value } = self {
            column(table, name, value.as_ref());
        } else if *self == Self::NullValues {
            members::set(table, "values", Value::Null);
        } else if *self == Self::ColumnsReversed {
            each_list(table, |list, _| list.reverse());
        } else if *self == Self::ExtraColumn {
            each_list(table, |list, filled| list.insert(0, filled));
        }
    }
}

/// Names, types and every row: with what an unknown column has there.
fn each_list(table: &mut Value, change: impl Fn(&mut Vec<Value>, Value)) {
    let kind = json!({"name": "text", "is_array": false, "metadata": [0, 0]});
    for (member, filled) in [("column_names", json!("surprise")), ("column_types", kind)] {
        table.get_mut(member).and_then(Value::as_array_mut).into_iter().for_each(|list| change(list, filled.clone()));
    }
    let rows = table.get_mut("values").and_then(Value::as_array_mut).into_iter().flatten();
    rows.filter_map(Value::as_array_mut).for_each(|row| change(row, json!("surprise")));
}

fn column(table: &mut Value, name: &str, value: Option<&Value>) {
    let names = table.get("column_names").and_then(Value::as_array);
    let Some(place) = names.and_then(|names| names.iter().position(|it| it == name)) else {
        return;
    };
    match value {
        None => each_list(table, |list, _| {
            list.remove(place);
        }),
        Some(value) => {
            let rows = table.get_mut("values").and_then(Value::as_array_mut).into_iter().flatten();
            rows.filter_map(|row| row.get_mut(place)).for_each(|cell| cell.clone_from(value));
        }
    }
}

impl conduct::Manner for Manner {
    fn comes_to(&self) -> Spoilt {
        match self {
            Self::Status { code } => Spoilt::Instead(Plain::new(of_code(*code), None)),
            Self::TooMany { retry_after } => Spoilt::Instead(Plain::too_many(*retry_after)),
            Self::Silence => Spoilt::Silence,
            Self::Closed | Self::AnswerLost => Spoilt::Closed,
            Self::Late { millis } => Spoilt::Late { millis: *millis },
            Self::SlowDrip { millis } => Spoilt::SlowDrip { millis: *millis },
            Self::Html => Spoilt::Html,
            Self::Truncated => Spoilt::Truncated,
            Self::Empty => Spoilt::Instead(Plain::code(200)),
            Self::Redirect { to } => {
                let to = HeaderValue::from_str(to).ok().map(|to| (header::LOCATION, to));
                Spoilt::Instead(Plain { header: to, ..Plain::code(307) })
            }
            // spoilt before it is written
            Self::Rpc { .. } | Self::ActionError { .. } | Self::NullTable | Self::NullValues => Spoilt::Stale,
            Self::Column { .. } | Self::ExtraColumn | Self::ColumnsReversed | Self::Member { .. } => Spoilt::Stale,
            Self::NoCookie | Self::OtherBytes | Self::MoreBytes { .. } | Self::FewerBytes { .. } => Spoilt::Stale,
        }
    }

    fn does_the_work(&self) -> bool {
        match self {
            Self::Status { .. } | Self::TooMany { .. } | Self::Rpc { .. } | Self::ActionError { .. } => false,
            Self::Silence | Self::Closed | Self::Redirect { .. } => false,
            Self::NullTable | Self::NullValues | Self::Column { .. } | Self::ExtraColumn => true,
            Self::ColumnsReversed | Self::Member { .. } | Self::NoCookie | Self::OtherBytes => true,
            Self::MoreBytes { .. } | Self::FewerBytes { .. } | Self::AnswerLost | Self::Late { .. } => true,
            Self::SlowDrip { .. } | Self::Html | Self::Truncated | Self::Empty => true,
        }
    }
}
