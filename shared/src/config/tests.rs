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

/// What only a later version knows is left out alone by the functions, and is a fault of a file.
#[test]
fn a_connection_of_a_later_version_takes_no_other_down() {
    let ondato = |own: Value| {
        json!({
            "provider": "ondato", "api": {"client_id": "c", "client_secret": "s"},
            "webhook": {"hmac": [{"secret": "m"}]}, "settings": {"setup_id": "4e608ca3-7f1b-4d5e-9092-3b4c5d6e7f06"},
            "delivery": own,
        })
    };
    let queue = json!({"kind": "sqs", "queue_arn": "arn:aws:sqs:eu-central-1:111122223333:changes"});
    let later = json!({"kind": "carrier_pigeon", "loft": 7});
    let tenant = |delivery: &Value| {
        json!({
            "connections": {
                "main": ondato(Value::Null), "own": ondato(queue.clone()), "pigeon": ondato(later.clone()),
                "unheard": {"provider": "nobody", "api": 7, "settings": {"shared_account": "perhaps"}},
            },
            "delivery": delivery, "sealing_keys": ["ZXhhbXBsZS1zZWFsaW5nLWtleS1vZi0zMi1ieXRlcy0="],
        })
    };
    let acme = Tenant::parse("acme").unwrap();
    let read = |value: &Value| {
        let config = read_tenant(&acme, value, Rules::default()).ok().unwrap();
        let names = |names: Vec<&ConnectionName>| names.into_iter().map(ToString::to_string).collect::<Vec<_>>();
        let can_tell = config.connections.keys().all(|name| config.can_tell(name).is_ok());
        let waits = config.unreadable.keys().all(|name| {
            config.can_tell(name).is_err() && config.connection(name).is_none() && config.destination(name).is_none()
        });
        assert!(can_tell && waits);
        assert!(config.unreadable.values().all(|why| why.contains("must be one of")), "{:?}", config.unreadable);
        (names(config.connections.keys().collect()), names(config.unreadable.keys().collect()))
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(read(&tenant(&queue)), (names(&["main", "own"]), names(&["pigeon", "unheard"])));
    // a tenant's own destination takes those with it whose changes go there
    assert_eq!(read(&tenant(&later)), (names(&["own"]), names(&["main", "pigeon", "unheard"])));

    let faults = faults_of(&json!({"tenants": {"acme": tenant(&later)}}));
    for place in ["connections.unheard.provider", "connections.pigeon.delivery.kind", "delivery.kind"] {
        let place = format!("tenants.acme.{place}: must be one of");
        assert!(faults.iter().any(|fault| fault.starts_with(&place)), "{place} {faults:?}");
    }
    // a mistake is one for both
    for wrong in [json!({"kind": 7}), json!({}), json!({"kind": "sqs"})] {
        assert!(read_tenant(&acme, &tenant(&wrong), Rules::default()).is_err(), "{wrong}");
    }
    let mut nameless = tenant(&queue);
    *nameless.pointer_mut("/connections/unheard/provider").unwrap() = json!(7);
    assert!(read_tenant(&acme, &nameless, Rules::default()).is_err());
}
