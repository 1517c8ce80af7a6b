//! Lists by page (§1.3): cursors as at the sister API, which is an assumption for this one.

use serde_json::{Value, json};

use super::call::{Call, Reply};

const MOST: usize = 100;
const USUAL: usize = 10;

/// One page of `rows`, which come oldest first. A cursor names a row of the list; the page begins behind it
/// (`starting_after`) or ends before it (`ending_before`), in the order of the list.
pub(super) fn page(call: &Call, rows: Vec<Value>, newest_first: bool) -> Result<Reply, Reply> {
    let limit = limit(call)?;
    let rows = sorted(call, rows, newest_first)?;
    let cursor = |name: &'static str| match call.query(name) {
        Some(id) => place(&rows, &id).map(Some).ok_or_else(|| Reply::invalid(name, "No such id")),
        None => Ok(None),
    };
    let (after, before) = (cursor("starting_after")?, cursor("ending_before")?);
    let (first, end, has_more) = match (after, before) {
        (Some(_), Some(_)) => return Err(Reply::invalid("ending_before", "Only one cursor is taken")),
        (None, Some(before)) => {
            let first = before.saturating_sub(limit);
            (first, before, first > 0)
        }
        (after, None) => {
            let first = after.map_or(0, |after| after.saturating_add(1));
            let end = first.saturating_add(limit).min(rows.len());
            (first, end, end < rows.len())
        }
    };
    let data = rows.get(first..end).unwrap_or_default();
    Ok(Reply::ok(json!({"data": data, "has_more": has_more})))
}

fn limit(call: &Call) -> Result<usize, Reply> {
    let Some(text) = call.query("limit") else {
        return Ok(USUAL);
    };
    let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
    limit.ok_or_else(|| Reply::invalid("limit", "Must be from 1 to 100"))
}

fn sorted(call: &Call, mut rows: Vec<Value>, newest_first: bool) -> Result<Vec<Value>, Reply> {
    if call.query("sort_by").is_some_and(|by| by != "created_at") {
        return Err(Reply::invalid("sort_by", "Invalid value"));
    }
    let newest_first = match call.query("sort_type").as_deref() {
        Some("desc") => true,
        Some("asc") => false,
        Some(_) => return Err(Reply::invalid("sort_type", "Invalid value")),
        None => newest_first,
    };
    if newest_first {
        rows.reverse();
    }
    Ok(rows)
}

fn place(rows: &[Value], id: &str) -> Option<usize> {
    rows.iter().position(|row| row.get("id").and_then(Value::as_str) == Some(id))
}
