#![expect(clippy::unwrap_used, reason = "a test stops loudly")]

use serde_json::json;

use super::*;

#[test]
fn an_entry_of_the_index_with_a_fault_holds_up_no_other() {
    let index = read_index(&json!({
        "tenants": {"acme": "v1", "NOBODY": "v2", "globex": 3},
        "aliases": {
            "/acme": {"tenant": "acme", "connection": "ondato"},
            "/removed": {"tenant": "initech", "connection": "ondato"},
            "/v1/own": {"tenant": "acme", "connection": "ondato"},
            "/text": "acme",
            "/half": {"tenant": "acme"},
        },
        "prefetch": ["acme", 7, "NOBODY"],
    }))
    .ok()
    .unwrap();
    assert_eq!(index.tenants.keys().map(Tenant::as_str).collect::<Vec<_>>(), ["acme", "globex"]);
    assert_eq!(index.aliases.keys().collect::<Vec<_>>(), ["/acme"]);
    assert_eq!(index.prefetch, [Tenant::parse("acme").unwrap()]);
    assert!(read_index(&json!([])).is_err(), "what is no index is one fault");
    assert!(read_index(&json!({"tenants": "acme"})).is_err());
}

fn faults_of(file: &Value) -> Vec<String> {
    let faults = read_file(&file.to_string(), Rules::default()).err().unwrap_or_default();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn an_alias_is_not_blamed_for_its_connection() {
    let alias = |name: &str| json!({"/a": {"tenant": "acme", "connection": name}});
    let tenants = json!({"acme": {"connections": {"ondato": {"provider": "nobody"}}}});
    let faults = faults_of(&json!({"tenants": tenants, "aliases": alias("ondato")}));
    assert!(faults.iter().any(|fault| fault.starts_with("tenants.acme.connections.ondato.provider")), "{faults:?}");
    assert!(!faults.iter().any(|fault| fault.starts_with("aliases")), "{faults:?}");
    let faults = faults_of(&json!({"tenants": tenants, "aliases": alias("ghost")}));
    assert!(faults.contains(&"aliases./a: names no tenant and connection that exist".to_owned()), "{faults:?}");
}
