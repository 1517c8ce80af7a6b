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

/// A provider whose events cannot be made has nothing to give to an instance that wants them.
#[test]
fn providers_events_are_for_providers_that_have_some() {
    let ondato = |own: Option<&Value>| {
        json!({
            "provider": "ondato", "api": {"client_id": "c", "client_secret": "s"},
            "webhook": {"hmac": [{"secret": "m"}]}, "settings": {"setup_id": "4e608ca3-7f1b-4d5e-9092-3b4c5d6e7f06"},
            "delivery": own,
        })
    };
    let to = |content: &str| {
        json!({
            "kind": "fintechos", "endpoint": "https://acme.example", "client_id": "c", "username": "u",
            "password": "p", "content": content,
        })
    };
    let faults = |of_all: &Value, own: Option<&Value>| {
        let tenant = json!({
            "connections": {"main": ondato(own)}, "delivery": of_all,
            "sealing_keys": ["ZXhhbXBsZS1zZWFsaW5nLWtleS1vZi0zMi1ieXRlcy0="],
        });
        faults_of(&json!({"tenants": {"acme": tenant}}))
    };
    let (event, canonical) = (to("provider_event"), to("canonical"));
    let why = "of ondato no events can be made, which connection main needs: only canonical";
    assert_eq!(faults(&event, None), [format!("tenants.acme.delivery.content: {why}")]);
    let place = "tenants.acme.connections.main.delivery.content";
    assert_eq!(faults(&canonical, Some(&to("provider_event_with_report"))), [format!("{place}: {why}")]);
    // nothing of that connection goes there
    assert!(faults(&event, Some(&canonical)).is_empty());
    assert!(faults(&canonical, None).is_empty());
}
