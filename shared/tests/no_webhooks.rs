//! A provider that sends no webhooks: its connections have no proofs, and whatever is posted to one is refused as if there
//! were no such connection.

#![expect(clippy::unwrap_used, reason = "a test stops loudly")]

use std::sync::Arc;

use idv_gateway::config::{Rules, read_tenant};
use idv_gateway::domain::Tenant;
use idv_gateway::gateway::Gateway;
use idv_gateway::ingress::{Arrival, Ingress};
use idv_gateway::memory::bells::MemoryBells;
use idv_gateway::memory::http::ScriptedHttp;
use idv_gateway::memory::ledger::MemoryLedger;
use idv_gateway::memory::vault::MemoryVault;
use idv_gateway::memory::world::manual;
use idv_gateway::ports::{HttpError, TenantConfig};
use serde_json::{Value, json};

fn tenant(webhook: Option<Value>) -> Result<TenantConfig, Vec<String>> {
    let mut idos = json!({
        "provider": "idos",
        "api": {
            "signing_key": "42".repeat(32), "encryption_key": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=",
        },
        "settings": {"issuers": [{
            "base_url": "https://issuer.example.com/idos",
            "public_key": "z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7",
            "signers": ["d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737"],
        }]},
    });
    if let (Some(idos), Some(webhook)) = (idos.as_object_mut(), webhook) {
        idos.insert("webhook".to_owned(), webhook);
    }
    let value = json!({
        "connections": {"idos": idos}, "sealing_keys": ["c2VhbGluZyBrZXkgb2YgYWNtZSwgMzIgYnl0ZXMgISE="],
    });
    let read = read_tenant(&Tenant::parse("acme").unwrap(), &value, Rules::default());
    read.map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

#[test]
fn a_configuration_needs_no_proofs_and_may_have_none() {
    assert!(tenant(None).is_ok() && tenant(Some(json!({}))).is_ok());
    for proof in ["hmac", "url_keys", "bearer", "anything"] {
        let faults = tenant(Some(json!({proof: ["a"]}))).err().unwrap();
        let place = format!("connections.idos.webhook.{proof}: ");
        assert!(matches!(faults.as_slice(), [only] if only.contains(&place)), "{faults:?}");
    }
}

#[tokio::test]
async fn whatever_is_posted_is_refused() {
    let (world, _) = manual(7);
    let vault = MemoryVault::new();
    vault.set(tenant(None).unwrap());
    let bells = Arc::new(MemoryBells::new(Arc::clone(&world.clock)));
    let ingress = Ingress::new(Gateway {
        ledger: Arc::new(MemoryLedger::new(world.pace)),
        bells: bells.clone(),
        vault: Arc::new(vault),
        http: Arc::new(ScriptedHttp::new(|_| Err(HttpError::Unreachable))),
        world,
        public_url: "https://gateway.example".parse().unwrap(),
        calls_until: None,
    });
    let posted = async |path: &str| {
        let arrival = Arrival {
            method: "POST".to_owned(),
            path: path.to_owned(),
            query: String::new(),
            headers: vec![(b"authorization".to_vec(), b"Bearer a".to_vec())],
            body: br#"{"type":"credential_shared"}"#.to_vec(),
            source: None,
        };
        let answer = ingress.answer(&arrival).await;
        (answer.status, answer.body)
    };
    let nobody = posted("/v1/webhooks/acme/nobody").await;
    assert_eq!(nobody.0, 401);
    for path in ["/v1/webhooks/acme/idos", "/v1/webhooks/acme/idos/kY3vQ9x0Zr7Lw2Tn5Bc8Df"] {
        assert_eq!(posted(path).await, nobody, "{path}");
    }
    assert!(bells.notices().is_empty());
}
