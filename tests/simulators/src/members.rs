//! Members of JSON objects.

use serde_json::Value;

/// Empty if there is none or it is no text.
pub(crate) fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// The texts of a list; empty if it is none.
pub(crate) fn texts(value: Option<&Value>) -> Vec<String> {
    let rows = value.and_then(Value::as_array).into_iter().flatten();
    rows.filter_map(Value::as_str).map(str::to_owned).collect()
}

pub(crate) fn set(value: &mut Value, member: &str, to: Value) {
    if let Some(members) = value.as_object_mut() {
        members.insert(member.to_owned(), to);
    }
}

/// Replaces a member, or removes it.
pub(crate) fn bend(value: &mut Value, member: &str, to: Option<&Value>) {
    match to {
        Some(to) => set(value, member, to.clone()),
        None => {
            value.as_object_mut().map(|members| members.remove(member));
        }
    }
}
