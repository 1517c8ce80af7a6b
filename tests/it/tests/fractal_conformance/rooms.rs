//! How long a return URL may be: the longest that is taken is begun with, on the way that is really ours, and leaves room
//! for all that an onboarding may ever hold.

use std::sync::Arc;

use idv_gateway::config::{Rules, read_tenant};
use idv_gateway::domain::{Attempt, MAX_ATTEMPTS, OnboardingId, OnboardingKey, Tenant, Timestamp, Truth};
use idv_gateway::gateway::Gateway;
use idv_gateway::invoke::Initiator;
use idv_gateway::memory::bells::MemoryBells;
use idv_gateway::memory::http::ScriptedHttp;
use idv_gateway::memory::ledger::MemoryLedger;
use idv_gateway::memory::vault::MemoryVault;
use idv_gateway::memory::world::manual;
use idv_gateway::ports::{HttpError, Ledger};
use idv_simulators::fractal::KeyPair;
use serde_json::{Value, json};

use crate::harness::{resource, user};

/// Our own address is 128 characters long with it, of tenant and connection.
const ORIGIN: &str = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/production";
const APP: &str = "https://app.example.com/";
const MOST: &str = "basic+liveness+selfie+sow+ssn+telegram+twitter+uniq+idos+wallet+wallet-ada+wallet-eth";

struct House {
    initiator: Initiator,
    ledger: Arc<MemoryLedger>,
}

fn connection(generation: &str, settings: Value, api: Value) -> Value {
    let mut all = json!({"generation": generation, "level": "basic+liveness"});
    for (name, value) in settings.as_object().unwrap() {
        all[name] = value.clone();
    }
    json!({"provider": "fractal", "api": api, "webhook": {"hmac": [{"secret": "m"}]}, "settings": all})
}

fn house(origin: &str, tenant: &str) -> House {
    let (world, _) = manual(7);
    let vault = MemoryVault::new();
    let signed = || json!({"client_id": "c".repeat(64), "signing_key": KeyPair::generate().unwrap().private_key});
    let secret = || json!({"client_id": "c".repeat(64), "client_secret": "s"});
    let value = json!({
        "connections": {
            "classic": connection("classic", json!({}), secret()),
            "direct": connection("classic", json!({"cookie": false}), secret()),
            "frugal": connection("classic", json!({"details": false}), secret()),
            "verifier": connection("verifier", json!({}), signed()),
            "relay": connection("relay", json!({}), signed()),
        },
        "return_urls": [APP],
        "sealing_keys": ["c2VhbGluZyBrZXkgb2YgYWNtZSwgMzIgYnl0ZXMgISE="],
    });
    let config = read_tenant(&Tenant::parse(tenant).unwrap(), &value, Rules::default()).unwrap_or_else(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        panic!("{faults:?}")
    });
    vault.set(config);
    let ledger = Arc::new(MemoryLedger::new(world.pace));
    let gateway = Gateway {
        ledger: ledger.clone(),
        bells: Arc::new(MemoryBells::new(Arc::clone(&world.clock))),
        vault: Arc::new(vault),
        http: Arc::new(ScriptedHttp::new(|_| Err(HttpError::Unreachable))),
        world,
        public_url: origin.parse().unwrap(),
        calls_until: None,
    };
    House { initiator: Initiator::new(gateway, false), ledger }
}

/// Of so many characters.
fn back(length: usize) -> String {
    format!("{APP}{}", "x".repeat(length - APP.len()))
}

async fn start(house: &House, tenant: &str, connection: &str, level: &str, return_url: &str) -> Value {
    let request = json!({
        "action": "start", "tenant": tenant, "connection": connection, "channel": "link",
        "reference": format!("{connection}-{}", level.len()), "subject": {"kind": "individual"},
        "return_url": return_url, "options": {"level": level},
        "idempotency_key": format!("{connection}-{}-{}", level.len(), return_url.len()),
    });
    house.initiator.answer(None, request).await
}

/// What is told of one that is too long: the most that there may be.
fn most(answer: &Value) -> usize {
    let text = answer.to_string();
    assert!(text.contains("return_url"), "{text}");
    let rule = text.split("must be at most ").nth(1).unwrap_or_else(|| panic!("{text}"));
    rule.split(' ').next().unwrap().parse().unwrap()
}

/// Everything else of an onboarding as long as it gets here.
fn full(sealed: &str) -> Truth {
    let at = Timestamp::from_millis(1_800_000_000_000);
    let id = "i".repeat(128);
    let attempt = |number: u8| Attempt {
        subject: Some(resource("journey", &id)),
        link_expires_at: Some(at),
        sealed_link: Some(sealed.to_owned()),
        return_nonce: Some("n".repeat(32)),
        earlier_nonce: Some("n".repeat(32)),
        exchanging: Some(format!("0123456789abcdef.{}", "d".repeat(43))),
        link_used: true,
        declined: true,
        names: vec![user(&id)],
        link_for: Some(resource("level", &id)),
        renewals: u8::MAX,
        renewed_at: Some(at),
        ..Attempt::intended(number, at)
    };
    let mut truth = Truth::intended(at);
    truth.attempts = (1..=MAX_ATTEMPTS).map(attempt).collect();
    truth.at_rest()
}

#[tokio::test]
async fn the_longest_that_is_taken_has_room() {
    let house = house(ORIGIN, "a-tenant-of-22-letters");
    for (connection, least) in [("classic", 350), ("frugal", 350), ("direct", 1000), ("verifier", 500), ("relay", 500)]
    {
        for level in ["basic", "basic+liveness+idos", MOST] {
            let refused = start(&house, "a-tenant-of-22-letters", connection, level, &back(2048)).await;
            let longest = most(&refused);
            assert!(longest >= if level == MOST { 100 } else { least }, "{connection} {level}: {longest}");
            let above = start(&house, "a-tenant-of-22-letters", connection, level, &back(longest + 1)).await;
            assert_eq!(most(&above), longest);
            let begun = start(&house, "a-tenant-of-22-letters", connection, level, &back(longest)).await;
            assert_eq!(begun["status"], "link_issued", "{connection} {level}: {begun}");
            let id = OnboardingId::parse(begun["onboarding_id"].as_str().unwrap()).unwrap();
            let key = OnboardingKey { tenant: Tenant::parse("a-tenant-of-22-letters").unwrap(), id };
            let found = house.ledger.read(&key).await.unwrap().unwrap();
            let sealed = found.truth.attempt().unwrap().sealed_link.clone().unwrap();
            assert!(full(&sealed).has_room(), "{connection} {level}: {}", sealed.len());
        }
    }
}

/// Nobody knows our own address when a wish is checked. Where it is longer than most, what is made is measured.
#[tokio::test]
async fn with_a_longer_address_of_ours_it_is_refused_as_what_it_is() {
    let house = house(&format!("{ORIGIN}/{}", "p".repeat(400)), "acme");
    for connection in ["classic", "verifier", "relay"] {
        let longest = most(&start(&house, "acme", connection, "basic", &back(2048)).await);
        let refused = start(&house, "acme", connection, "basic", &back(longest)).await;
        assert_eq!(refused["error"]["field"], "return_url", "{refused}");
        assert_ne!(refused["error"]["code"], "internal", "{refused}");
        let begun = start(&house, "acme", connection, "basic", &back(100)).await;
        assert_eq!(begun["status"], "link_issued", "{begun}");
    }
}
