//! One end for all outward calls of an invocation, whatever each piece of its work may take.

#![expect(clippy::unwrap_used, reason = "a test stops loudly")]

use std::sync::Arc;
use std::time::Duration;

use idv_gateway::config::{Rules, read_tenant};
use idv_gateway::domain::Tenant;
use idv_gateway::gateway::{Gateway, Line};
use idv_gateway::memory::bells::MemoryBells;
use idv_gateway::memory::http::{ScriptedHttp, empty};
use idv_gateway::memory::ledger::MemoryLedger;
use idv_gateway::memory::vault::MemoryVault;
use idv_gateway::memory::world::manual;
use idv_gateway::ports::{HttpError, Method, Request};
use serde_json::json;

/// Every call takes the time that it may take, and then some pieces follow each other.
#[tokio::test]
async fn pieces_of_work_that_follow_each_other_end_together() {
    for (within, expected) in [(None, 48), (Some(21), 21), (Some(100), 48)] {
        let (world, clock) = manual(7);
        let taking = Arc::clone(&clock);
        let http = ScriptedHttp::new(move |call| {
            taking.advance(call.deadline);
            Ok(empty(200))
        });
        let vault = MemoryVault::new();
        let value = json!({
            "connections": { "one": {
                "provider": "ondato", "api": { "client_id": "c", "client_secret": "s" },
                "webhook": { "hmac": [{ "secret": "m" }] },
                "settings": { "setup_id": "4e608ca3-7f1b-4d5e-9092-3b4c5d6e7f06" },
            } },
            "sealing_keys": ["c2VhbGluZyBrZXkgb2YgYWNtZSwgMzIgYnl0ZXMgISE="],
        });
        let config = vault.set(read_tenant(&Tenant::parse("acme").unwrap(), &value, Rules::default()).ok().unwrap());
        let gateway = Gateway {
            ledger: Arc::new(MemoryLedger::new(world.pace)),
            bells: Arc::new(MemoryBells::new(Arc::clone(&world.clock))),
            vault: Arc::new(vault),
            http: Arc::new(http),
            world,
            public_url: "https://gateway.example".parse().unwrap(),
            calls_until: None,
        };
        let gateway = within.map_or(gateway.clone(), |seconds| gateway.within(Duration::from_secs(seconds)));
        let begun = gateway.now();
        let connection = config.connections.values().next().unwrap();
        for _ in 0..3 {
            let line = Line::new(&gateway, &config, connection, Duration::from_secs(16));
            let call = || Request::to_provider(Method::Get, "https://provider.example".parse().unwrap());
            while line.reach().http.send(call()).await.map(drop) != Err(HttpError::TimedOut) {}
        }
        assert_eq!(gateway.now().since(begun), Duration::from_secs(expected), "{within:?}");
    }
}
