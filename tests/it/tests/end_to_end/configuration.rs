//! `idv check`: every error at once, each with its place.

use idv_it::stage::binaries;
use serde_json::{Value, json};
use tokio::process::Command;

async fn check(name: &str, text: &str) -> (Option<i32>, String) {
    let file = std::env::temp_dir().join(format!("idv-check-{}-{name}.json", std::process::id()));
    std::fs::write(&file, text).unwrap();
    let ran = Command::new(&binaries().await.idv).args(["check", "--config"]).arg(&file).output().await.unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(ran.stdout.is_empty(), "standard output is for programs");
    (ran.status.code(), String::from_utf8(ran.stderr).unwrap())
}

fn good() -> Value {
    json!({"tenants": {"acme": {
        "connections": {"ondato": {
            "provider": "ondato",
            "api": {"client_id": "id", "client_secret": "the-client-secret-that-is-never-shown"},
            "webhook": {"hmac": [{"secret": "a-webhook-secret-that-is-never-shown"}]},
            "settings": {"setup_id": "4e608ca3-7f1b-4d5e-9092-3b4c5d6e7f06"},
        }},
        "delivery": {"kind": "webhook", "url": "https://app.example.com/idv", "secrets": ["whsec_ZW5kLXRvLWVuZC1zZWNyZXQtb2YtYS10ZW5hbnQ="]},
        "return_urls": ["https://app.example.com/"],
        "allowed_actions": ["erase"],
        "sealing_keys": ["ZW5kLXRvLWVuZCBzZWFsaW5nIGtleSwgMzIgYnl0ZXM="],
    }}, "aliases": {"/elsewhere": {"tenant": "acme", "connection": "ondato"}}})
}

#[tokio::test]
async fn five_errors_are_five_lines_and_exit_code_2() {
    assert_eq!(check("good", &good().to_string()).await.0, Some(0));
    let mut bad = good();
    let acme = &mut bad["tenants"]["acme"];
    acme["connections"]["ondato"]["provider"] = json!("fax");
    acme["connections"]["ondato"]["webhook"]["hmac"] = json!([{"secret": 7}]);
    acme["delivery"]["url"] = json!("http://app.example.com/idv");
    acme["allowed_actions"] = json!(["everything"]);
    bad["aliases"]["/elsewhere"]["tenant"] = json!("nobody");
    let (code, told) = check("bad", &bad.to_string()).await;
    assert_eq!(code, Some(2), "{told}");
    let lines: Vec<&str> = told.lines().filter(|line| line.starts_with("  ")).collect();
    let places = [
        "tenants.acme.connections.ondato.provider",
        "tenants.acme.connections.ondato.webhook.hmac",
        "tenants.acme.delivery.url",
        "tenants.acme.allowed_actions",
        "aliases./elsewhere",
    ];
    assert_eq!(lines.len(), places.len(), "{told}");
    for place in places {
        assert!(lines.iter().any(|line| line.contains(place)), "{place}: {told}");
    }
    assert!(!told.contains("never-shown"), "no value of a secret: {told}");
    let (code, told) = check("text", "{\n  \"tenants\": }").await;
    assert!(code == Some(2) && told.contains("line 2"), "{told}");
}
