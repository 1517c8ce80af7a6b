//! A person's way to a provider and back: only what we sealed ourselves sends anybody anywhere, or queues anything.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]

use std::sync::Arc;
use std::time::Duration;

use idv_gateway::config::{Rules, read_tenant};
use idv_gateway::domain::{ConnectionKey, ConnectionName, OnboardingId, Tenant};
use idv_gateway::gateway::{Gateway, Line};
use idv_gateway::ingress::{Answer, Arrival, Ingress};
use idv_gateway::memory::bells::MemoryBells;
use idv_gateway::memory::http::ScriptedHttp;
use idv_gateway::memory::ledger::MemoryLedger;
use idv_gateway::memory::vault::MemoryVault;
use idv_gateway::memory::world::{ManualClock, manual};
use idv_gateway::ports::{HttpError, TenantConfig};
use idv_gateway::state::{Carrier, State, Ticket};
use serde_json::json;
use url::Url;

struct Fixture {
    ingress: Ingress,
    gateway: Gateway,
    bells: Arc<MemoryBells>,
    clock: Arc<ManualClock>,
    config: Arc<TenantConfig>,
}

fn fixture() -> Fixture {
    let (world, clock) = manual(7);
    let vault = MemoryVault::new();
    let config = vault.set(tenant("acme", "c2VhbGluZyBrZXkgb2YgYWNtZSwgMzIgYnl0ZXMgISE="));
    vault.set(tenant("other", "c2VhbGluZyBrZXkgb2Ygb3RoZXIsIDMyIGJ5dGVzICE="));
    let bells = Arc::new(MemoryBells::new(Arc::clone(&world.clock)));
    let gateway = Gateway {
        ledger: Arc::new(MemoryLedger::new(world.pace)),
        bells: bells.clone(),
        vault: Arc::new(vault),
        http: Arc::new(ScriptedHttp::new(|_| Err(HttpError::Unreachable))),
        world,
        public_url: "https://gateway.example".parse().unwrap(),
        calls_until: None,
    };
    Fixture { ingress: Ingress::new(gateway.clone()), gateway, bells, clock, config }
}

fn tenant(name: &str, sealing_key: &str) -> TenantConfig {
    let connection = || {
        json!({
            "provider": "ondato", "api": { "client_id": "c", "client_secret": "s" },
            "webhook": { "hmac": [{ "secret": "m" }] }, "settings": { "setup_id": "4e608ca3-7f1b-4d5e-9092-3b4c5d6e7f06" },
        })
    };
    let value = json!({ "connections": { "one": connection(), "two": connection() }, "sealing_keys": [sealing_key] });
    read_tenant(&Tenant::parse(name).unwrap(), &value, Rules::default()).unwrap_or_else(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        unreachable!("{faults:?}")
    })
}

fn connection(tenant: &str, name: &str) -> ConnectionKey {
    ConnectionKey { tenant: Tenant::parse(tenant).unwrap(), name: ConnectionName::parse(name).unwrap() }
}

impl Fixture {
    fn state(&self) -> String {
        let expires_at = self.gateway.now() + Duration::from_secs(3600);
        let state = State {
            onboarding: OnboardingId::parse("onb_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap(),
            nonce: "once".to_owned(),
            return_url: "https://app.example.com/done".to_owned(),
            expires_at,
        };
        self.carrier(&connection("acme", "one"), |carrier| carrier.seal_state(&state).unwrap())
    }

    fn carrier<T>(&self, key: &ConnectionKey, with: impl FnOnce(Carrier<'_>) -> T) -> T {
        with(Carrier { config: &self.config, connection: key, entropy: &*self.gateway.world.entropy })
    }

    async fn get(&self, path: &str, query: &str, cookie: Option<&str>) -> Answer {
        let headers = cookie.map(|cookie| (b"cookie".to_vec(), cookie.as_bytes().to_vec())).into_iter().collect();
        let arrival = Arrival {
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: Vec::new(),
            source: None,
        };
        self.ingress.answer(&arrival).await
    }
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_str())
}

#[tokio::test]
async fn a_person_comes_back_with_a_code_and_goes_on_to_the_app() {
    let fixture = fixture();
    let state = fixture.state();
    let answer = fixture.get("/v1/return/acme/one", &format!("code=abc&state={state}"), None).await;
    assert_eq!((answer.status, header(&answer, "location")), (303, Some("https://app.example.com/done")));
    assert_eq!(header(&answer, "cache-control"), Some("no-store"));
    assert_eq!(header(&answer, "referrer-policy"), Some("no-referrer"));
    let notices = fixture.bells.notices();
    let returned = notices.first().and_then(|notice| notice.returned.clone()).unwrap();
    assert_eq!(returned.nonce, "once");
    assert!(!returned.code.contains("abc"), "the code travels sealed");
    let key = connection("acme", "one");
    let open = |fixture: &Fixture| {
        fixture.carrier(&key, |carrier| carrier.open_code(&returned.code, fixture.gateway.now()).map(|code| code.len()))
    };
    assert_eq!(open(&fixture).ok(), Some(3));
    fixture.clock.advance(Duration::from_secs(600));
    assert!(open(&fixture).is_err(), "and for ten minutes only");
}

#[tokio::test]
async fn the_state_comes_back_in_the_cookie_of_an_issued_link_too() {
    let fixture = fixture();
    let ticket = Ticket {
        url: "https://provider.example/authorize?client=1".to_owned(),
        state: fixture.state(),
        expires_at: fixture.gateway.now() + Duration::from_secs(3600),
    };
    let sealed = fixture.carrier(&connection("acme", "one"), |carrier| carrier.seal_ticket(&ticket).unwrap());
    let away = fixture.get(&format!("/v1/go/acme/one/{sealed}"), "", None).await;
    assert_eq!((away.status, header(&away, "location")), (303, Some(ticket.url.as_str())));
    let cookie = header(&away, "set-cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-idv-state.acme.one=") && cookie.contains("Secure; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    let pair = cookie.split(';').next().unwrap();
    // a cookie says whose browser it is, not whose code: only where nothing comes back with a code does it count beside one
    let back = fixture.get("/v1/return/acme/one", "code=abc", Some(pair)).await;
    assert_eq!((back.status, header(&back, "location")), (400, None));
    assert_eq!(fixture.bells.notices().len(), 0);
    for query in ["error=access_denied", "error=access_denied&state=", "error=access_denied&error_description=x"] {
        let back = fixture.get("/v1/return/acme/one", query, Some(pair)).await;
        assert_eq!((back.status, header(&back, "location")), (303, Some("https://app.example.com/done")), "{query}");
    }
    let notices = fixture.bells.notices();
    assert_eq!(notices.len(), 3);
    for notice in notices {
        assert_eq!(notice.declined.map(|declined| declined.nonce).as_deref(), Some("once"));
        assert_eq!(notice.returned, None);
    }
}

/// What an account is given for its links is what the front door reads.
#[tokio::test]
async fn a_way_that_an_account_was_given_leads_there_and_back() {
    let fixture = fixture();
    let key = connection("acme", "one");
    let line = Line::new(&fixture.gateway, &fixture.config, &fixture.config.connections[&key.name], Duration::ZERO);
    let way = line.reach().way;
    assert_eq!(way.back().as_str(), "https://gateway.example/v1/return/acme/one");
    let until = fixture.gateway.now() + Duration::from_secs(60);
    let onboarding = OnboardingId::parse("onb_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
    let app = "https://app.example.com/done?step=2".parse().unwrap();
    let (one, other) = (way.carry(&onboarding, &app, until).unwrap(), way.carry(&onboarding, &app, until).unwrap());
    assert_ne!(one.nonce, other.nonce);
    assert!(!one.sealed.contains(&one.nonce) && !one.sealed.contains("onb_"), "{}", one.sealed);
    assert!(one.sealed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte)), "{}", one.sealed);
    let page: Url = "https://provider.example/authorize?client=1&scope=uid%3Aread".parse().unwrap();
    let link = way.through_us(&page, &one, until).unwrap();
    let path = "/v1/go/acme/one/";
    // a link is a secret and is not shown: what it says is made once more
    let ticket = Ticket { url: page.to_string(), state: one.sealed.clone(), expires_at: until };
    let made = fixture.carrier(&key, |carrier| carrier.seal_ticket(&ticket).unwrap());
    assert_eq!(link.len(), "https://gateway.example".len() + path.len() + made.len());
    let away = fixture.get(&format!("{path}{made}"), "", None).await;
    assert_eq!((away.status, header(&away, "location")), (303, Some(page.as_str())));
    let cookie = header(&away, "set-cookie").and_then(|cookie| cookie.split(';').next()).unwrap();
    assert_eq!(cookie, format!("__Host-idv-state.acme.one={}", one.sealed));
    let back = fixture.get("/v1/return/acme/one", &format!("code=abc&state={}", one.sealed), None).await;
    assert_eq!((back.status, header(&back, "location")), (303, Some(app.as_str())));
    let returned = fixture.bells.notices().first().and_then(|notice| notice.returned.clone()).unwrap();
    assert_eq!(returned.nonce, one.nonce);
    fixture.clock.advance(Duration::from_secs(60));
    for (path, query) in [(format!("{path}{made}"), ""), ("/v1/return/acme/one".to_owned(), "code=abc")] {
        let late = fixture.get(&path, &format!("{query}&state={}", one.sealed), Some(cookie)).await;
        assert_eq!((late.status, header(&late, "location")), (400, None), "{query}");
    }
}

#[tokio::test]
async fn an_error_that_is_no_refusal_is_only_looked_into() {
    let fixture = fixture();
    for error in ["server_error", "invalid_scope", "ACCESS_DENIED", "access_denied&error=access_denied", ""] {
        let query = format!("error={error}&state={}", fixture.state());
        assert_eq!(fixture.get("/v1/return/acme/one", &query, None).await.status, 303, "{error}");
    }
    let notices = fixture.bells.notices();
    assert_eq!(notices.len(), 5);
    assert!(notices.iter().all(|notice| notice.declined.is_none() && notice.returned.is_none()));
}

#[tokio::test]
async fn a_code_that_no_notice_has_room_for_is_dropped() {
    let fixture = fixture();
    for (length, kept) in [(1024, true), (1025, false)] {
        let query = format!("code={}&state={}", "c".repeat(length), fixture.state());
        assert_eq!(fixture.get("/v1/return/acme/one", &query, None).await.status, 303);
        assert_eq!(fixture.bells.notices().last().map(|notice| notice.returned.is_some()), Some(kept), "{length}");
    }
}

#[tokio::test]
async fn what_we_did_not_seal_for_this_sends_nobody_anywhere() {
    let fixture = fixture();
    let state = fixture.state();
    let mut bent = state.clone();
    let last = bent.pop().unwrap();
    bent.push(if last == 'A' { 'B' } else { 'A' });
    let expired = {
        let state = fixture.state();
        fixture.clock.advance(Duration::from_secs(3600));
        state
    };
    let fresh = fixture.state();
    let denied = "error=access_denied";
    let rows = [
        ("a refusal without a state", "/v1/return/acme/one", denied.to_owned()),
        ("a refusal with a forged one", "/v1/return/acme/one", format!("{denied}&state=forged")),
        ("a refusal with a bent one", "/v1/return/acme/one", format!("{denied}&state={bent}")),
        ("a refusal past its time", "/v1/return/acme/one", format!("{denied}&state={expired}")),
        ("a refusal of another connection", "/v1/return/acme/two", format!("{denied}&state={fresh}")),
        ("a refusal of another tenant", "/v1/return/other/one", format!("{denied}&state={fresh}")),
        ("no state", "/v1/return/acme/one", "code=abc".to_owned()),
        ("empty", "/v1/return/acme/one", "code=abc&state=".to_owned()),
        ("forged", "/v1/return/acme/one", "code=abc&state=forged".to_owned()),
        ("bent", "/v1/return/acme/one", format!("code=abc&state={bent}")),
        ("past its time", "/v1/return/acme/one", format!("code=abc&state={expired}")),
        ("twice", "/v1/return/acme/one", format!("code=abc&state={fresh}&state={fresh}")),
        ("another connection's", "/v1/return/acme/two", format!("code=abc&state={fresh}")),
        ("another tenant's", "/v1/return/other/one", format!("code=abc&state={fresh}")),
        ("an unknown tenant's", "/v1/return/nobody/one", format!("code=abc&state={fresh}")),
        ("a state for a ticket", &format!("/v1/go/acme/one/{fresh}"), String::new()),
    ];
    for (name, path, query) in rows {
        let answer = fixture.get(path, &query, None).await;
        assert_eq!((answer.status, header(&answer, "location")), (400, None), "{name}");
    }
    // the same in a cookie
    for (name, path, state) in [
        ("forged", "/v1/return/acme/one", "forged"),
        ("bent", "/v1/return/acme/one", bent.as_str()),
        ("past its time", "/v1/return/acme/one", expired.as_str()),
        ("another connection's", "/v1/return/acme/two", fresh.as_str()),
        ("another tenant's", "/v1/return/other/one", fresh.as_str()),
    ] {
        let own = path.trim_start_matches("/v1/return/").replace('/', ".");
        let cookie = format!("a=b; __Host-idv-state.{own}={state}");
        for query in [denied, "code=abc", ""] {
            let answer = fixture.get(path, query, Some(&cookie)).await;
            assert_eq!((answer.status, header(&answer, "location")), (400, None), "{name} {query}");
        }
    }
    assert_eq!(fixture.bells.notices().len(), 0);
}
