#![expect(clippy::unwrap_used, reason = "a test stops loudly")]

use serde_json::json;

use super::*;
use crate::config::{Rules, read_file};

fn entry(callers: &Value) -> Value {
    json!({"tenant": "acme", "connection": "ondato", "callers": callers})
}

fn index(text: &str) -> Index {
    read_index(&index_of(Document::read(text.as_bytes()).unwrap())).ok().unwrap()
}

/// Faults that are not the tenant's own.
fn faults(subscriptions: &str) -> Vec<String> {
    let tenants = json!({"acme": {"connections": {"ondato": {}}}});
    let file = format!(r#"{{"tenants": {tenants}, "subscriptions": {subscriptions}}}"#);
    let faults = read_file(&file, Rules::default()).err().unwrap_or_default();
    faults.iter().map(ToString::to_string).filter(|fault| !fault.starts_with("tenants.")).collect()
}

#[test]
fn a_subscription_names_its_connection_and_its_callers() {
    let role = "arn:aws:iam::111122223333:role/fintechos";
    let read = index(
        &json!({"tenants": {"acme": "1"}, "subscriptions": {"Sub-1": entry(&json!([role, "portal"]))}}).to_string(),
    );
    let found = &read.subscriptions.get("Sub-1").unwrap();
    assert_eq!((found.connection.tenant.as_str(), found.connection.name.as_str()), ("acme", "ondato"));
    assert_eq!(found.callers, BTreeSet::from([role.to_owned(), "portal".to_owned()]));
    assert!(!read.subscriptions.contains_key("sub-1"), "letters count");
}

#[test]
fn what_is_wrong_with_a_subscription_is_told_with_its_place() {
    let one = |id: &str, entry: &Value| faults(&json!({id: entry}).to_string());
    let good = entry(&json!(["portal"]));
    let cases = [
        (one("s", &good), vec![]),
        (one("a b", &good), vec!["subscriptions.a b: a subscription's id is 1 to 256 of letters, digits and . _ -"]),
        (one("a,b", &good), vec!["subscriptions.a,b: a subscription's id is 1 to 256 of letters, digits and . _ -"]),
        (one("s", &entry(&json!([]))), vec!["subscriptions.s.callers: must name at least one caller"]),
        (one("s", &entry(&Value::Null)), vec!["subscriptions.s.callers: must name at least one caller"]),
        (one("s", &entry(&json!("portal"))), vec!["subscriptions.s.callers: must be a list"]),
        (one("s", &entry(&json!([""]))), vec!["subscriptions.s.callers[0]: must be a text that is not empty"]),
        (one("s", &entry(&json!(["a", "a"]))), vec!["subscriptions.s.callers: names somebody twice"]),
        (
            one("s", &entry(&json!(["arn:*"]))),
            vec!["subscriptions.s.callers: must be exact names without spaces and *"],
        ),
        (one("s", &entry(&json!(["a "]))), vec!["subscriptions.s.callers: must be exact names without spaces and *"]),
        (
            one("s", &json!({"tenant": "acme", "connection": "ghost", "callers": ["a"]})),
            vec!["subscriptions.s: names no tenant and connection that exist"],
        ),
        (
            one("s", &json!({"tenant": "acme", "connection": "ondato", "callers": ["a"], "key": 1})),
            vec!["subscriptions.s.key: is not known here"],
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
}

#[test]
fn a_name_that_stands_twice_is_an_error_of_the_file() {
    let good = entry(&json!(["portal"]));
    let twice = faults(&format!(r#"{{"s": {good}, "t": {good}, "s": {good}}}"#));
    assert_eq!(twice, ["subscriptions.s: stands twice"]);
    let inside = faults(r#"{"s": {"tenant": "acme", "connection": "ondato", "callers": ["a"], "callers": ["b"]}}"#);
    assert_eq!(inside, ["subscriptions.s.callers: stands twice"]);
    let aliases = r#"{"tenants": {}, "aliases": {"/a": {}, "/a": {}}, "aliases": {}}"#;
    let told: Vec<String> =
        read_file(aliases, Rules::default()).err().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(told, ["aliases: stands twice", "aliases./a: stands twice"]);
}

#[test]
fn of_what_stands_twice_in_an_index_neither_counts_and_its_neighbours_do() {
    let (mine, theirs) = (entry(&json!(["mine"])), entry(&json!(["theirs"])));
    let head = r#""tenants": {"acme": "1"}"#;
    let read = index(&format!(r#"{{{head}, "subscriptions": {{"s": {mine}, "t": {mine}, "s": {theirs}}}}}"#));
    assert_eq!(read.subscriptions.keys().collect::<Vec<_>>(), ["t"]);
    let read = index(&format!(
        r#"{{{head}, "subscriptions": {{"s": {{"tenant": "acme", "connection": "ondato", "callers": ["a"], "callers": ["b"]}}, "t": {mine}}}}}"#
    ));
    assert_eq!(read.subscriptions.keys().collect::<Vec<_>>(), ["t"]);
    let read = index(&format!(r#"{{{head}, "subscriptions": {{"s": {mine}}}, "subscriptions": {{"t": {theirs}}}}}"#));
    assert!(read.subscriptions.is_empty());
    let alias = json!({"tenant": "acme", "connection": "ondato"});
    let read = index(&format!(r#"{{{head}, "aliases": {{"/a": {alias}, "/b": {alias}, "/a": {alias}}}}}"#));
    assert_eq!(read.aliases.keys().collect::<Vec<_>>(), ["/b"]);
    // an entry of a tenant that is not there, or with a fault, is skipped alone
    let read = index(&json!({"tenants": {"acme": "1"}, "subscriptions": {
        "s": {"tenant": "nobody", "connection": "ondato", "callers": ["a"]}, "t": mine, "u": entry(&json!([])), "v": 1,
    }}).to_string());
    assert_eq!(read.subscriptions.keys().collect::<Vec<_>>(), ["t"]);
}

#[test]
fn a_name_with_two_meanings_in_two_parts_means_nothing() {
    let part = |callers: &[&str]| {
        index(&json!({"tenants": {"acme": "1"}, "subscriptions": {"s": entry(&json!(callers))}}).to_string())
    };
    let whole = join(vec![part(&["a"]), part(&["b"]), part(&["a"])]);
    assert!(whole.subscriptions.is_empty());
    assert_eq!(join(vec![part(&["a"]), part(&["a"])]).subscriptions.len(), 1);
}
