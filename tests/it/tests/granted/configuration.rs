//! A connection whose settings name another one: the operator is told when it is not there, a running tenant is served.

use idv_gateway::config::{Rules, read_file, read_tenant};
use idv_gateway::domain::Tenant;
use serde_json::{Value, json};

fn fractal(names: Option<&str>) -> Value {
    let mut settings = json!({ "generation": "classic", "level": "basic" });
    if let Some(name) = names {
        settings["idos_connection"] = name.into();
    }
    json!({
        "provider": "fractal", "api": { "client_id": "client", "client_secret": "secret" }, "settings": settings,
        "base_urls": {
            "app": "https://app.example.com", "auth": "https://auth.example.com", "resource": "https://resource.example.com",
        },
        "webhook": { "hmac": [{ "secret": "secret of the webhook" }] },
    })
}

fn ondato() -> Value {
    json!({
        "provider": "ondato", "api": { "client_id": "c", "client_secret": "s" },
        "webhook": { "hmac": [{ "secret": "m" }] }, "settings": { "setup_id": "4e608ca3-7f1b-4d5e-9092-3b4c5d6e7f06" },
    })
}

fn idos() -> Value {
    json!({
        "provider": "idos", "base_urls": { "gateway": "https://nodes.example.com" },
        "api": {
            "signing_key": "f78a1a3ca24eca5f9c97535eb6bec6047246a239d94799ce23d5e1f73deac511",
            "encryption_key": "QJJe7ZnS6sVxquPqdfrB7KQnhCzqEKYcVstgC3me/1s=",
        },
        "settings": {
            "issuers": [{
                "base_url": "https://issuer.example.com/idos",
                "public_key": "z6MktjtEjdENPQPSzAha1cHpbWELSsEupsT6CRey6DDb7pwz",
                "signers": ["67175599832e5e9ed577ed2bb397945aed9524843040ff6fccff797785338e02"],
            }],
            "share_url": "https://app.example.com/share",
        },
    })
}

fn tenant(connections: &Value) -> Value {
    json!({ "connections": connections, "sealing_keys": ["c2VhbGluZyBrZXkgb2YgYWNtZSwgMzIgYnl0ZXMgISE="] })
}

#[test]
fn a_reference_that_leads_nowhere_is_the_operators_to_mend_and_takes_nothing_down() {
    let off = {
        let mut idos = idos();
        idos["enabled"] = false.into();
        idos
    };
    let rows = [
        ("none", json!({ "one": fractal(None) }), false),
        ("there", json!({ "one": fractal(Some("vault")), "vault": idos() }), false),
        ("there and off", json!({ "one": fractal(Some("vault")), "vault": off }), false),
        ("missing", json!({ "one": fractal(Some("vault")) }), true),
        ("of another name", json!({ "one": fractal(Some("vault")), "vaults": idos() }), true),
        ("of another provider", json!({ "one": fractal(Some("vault")), "vault": ondato() }), true),
        ("itself", json!({ "one": fractal(Some("one")) }), true),
    ];
    for (name, connections, wrong) in rows {
        // another tenant's counts for nothing
        let other = tenant(&json!({ "vault": idos() }));
        let file = json!({ "tenants": { "acme": tenant(&connections), "other": other } }).to_string();
        let told: Vec<String> = match read_file(&file, Rules::default()) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(told.len(), usize::from(wrong), "{name}: {told:?}");
        if let Some(told) = told.first() {
            assert!(told.starts_with("tenants.acme.connections.one.settings.idos_connection"), "{name}: {told}");
            assert!(told.contains("idos") && (name == "itself" || told.contains("vault")), "{name}: {told}");
        }
        let served = read_tenant(&Tenant::parse("acme").unwrap(), &tenant(&connections), Rules::default());
        assert!(
            served.is_ok_and(|config| config.connections.len() == connections.as_object().unwrap().len()),
            "{name}"
        );
    }
}
