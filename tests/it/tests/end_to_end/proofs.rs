//! Every proof of a webhook, right and wrong, through the front door.

use std::time::{Duration, Instant};

use idv_it::stage::{MAC, Plan, Reply, Stage, basic, now, request, signed};
use idv_simulators::ondato::{Act, PairIn, Subscription, signature};
use serde_json::{Value, json};

const CLIENT: &str = "client-secret-of-at-least-32-characters";

/// Proven and readable, about nothing of ours: answered 200 and silent.
pub(crate) const BODY: &[u8] =
    br#"{"type":"Nothing.Known","applicationId":"00000000-0000-4000-8000-000000000000","payload":{}}"#;

fn webhook(config: &mut Value, proofs: Value) {
    config["connections"]["ondato"]["webhook"] = proofs;
}

fn plan() -> Plan {
    Plan::of(&["mac"])
        .and("basic", |config| webhook(config, json!({"basic": [
            {"username": "ondato", "password": "first:password-of-basic"}, {"username": "ondato", "password": "second-password-of-basic"},
        ]})))
        .and("token", |config| webhook(config, json!({"oauth2": [{"client_id": "ondato", "client_secret": CLIENT}]})))
        .and("near", |config| webhook(config, json!({"hmac": [{"secret": MAC}], "sources": ["127.0.0.0/8"]})))
        .and("far", |config| webhook(config, json!({"hmac": [{"secret": MAC}], "sources": ["published", "203.0.113.7/32"]})))
        .and("both", |config| {
            webhook(config, json!({"hmac": [{"secret": MAC}], "basic": [{"username": "u", "password": "password-of-both"}]}));
            config["connections"]["ondato"]["settings"]["webhook_proofs"] = json!("all");
        })
}

fn mac(secret: &str, age: i64, body: &[u8]) -> Vec<(&'static str, String)> {
    vec![("ondato-signature", signature(secret, now() - age, body, false))]
}

async fn token(stage: &Stage, tenant: &str, headers: &[(&str, String)], form: &str) -> Reply {
    let mut all = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
    all.extend(headers.iter().cloned());
    let url = format!("{}/v1/oauth/{tenant}/ondato/token", stage.stack.api_url());
    request("POST", &url, &all, form.as_bytes()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn right_proofs_are_accepted_and_wrong_ones_get_the_same_401() {
    let stage = Stage::with(plan()).await;
    let bearer = |value: &str| vec![("authorization", format!("Bearer {value}"))];
    let form = format!("grant_type=client_credentials&client_id=ondato&client_secret={CLIENT}");
    let granted = token(&stage, "token", &[], &form).await;
    assert_eq!((granted.status, granted.header("cache-control")), (200, Some("no-store")), "{granted:?}");
    let granted = granted.json();
    assert_eq!((&granted["token_type"], &granted["expires_in"]), (&json!("Bearer"), &json!(600)));
    let access = granted["access_token"].as_str().unwrap().to_owned();
    let by_header = token(&stage, "token", &[basic("ondato", CLIENT)], "grant_type=client_credentials").await;
    let by_header = by_header.json()["access_token"].as_str().unwrap().to_owned();

    let accepted = [
        ("mac", mac(MAC, 0, BODY)),
        ("mac", mac(MAC, 24 * 3600, BODY)),
        ("basic", vec![basic("ondato", "first:password-of-basic")]),
        ("basic", vec![basic("ondato", "second-password-of-basic")]),
        ("token", bearer(&access)),
        ("token", bearer(&by_header)),
        ("near", mac(MAC, 0, BODY)),
        ("both", [mac(MAC, 0, BODY), vec![basic("u", "password-of-both")]].concat()),
    ];
    for (tenant, headers) in accepted {
        let reply = stage.post(tenant, &headers, BODY).await;
        assert_eq!(reply.status, 200, "{tenant} {headers:?} {reply:?}");
    }

    let unknown = stage.post("nobody", &mac(MAC, 0, BODY), BODY).await.seen();
    assert_eq!(unknown.0, 401);
    let mut flipped = access.clone().into_bytes();
    flipped[10] ^= 1;
    let flipped = String::from_utf8_lossy(&flipped).into_owned();
    let duplicated = [mac(MAC, 0, BODY), mac("another-secret-of-somebody", 0, BODY)].concat();
    let refused = [
        ("mac", vec![]),
        ("mac", mac("another-secret-of-somebody", 0, BODY)),
        ("mac", mac(MAC, 26 * 3600, BODY)),
        ("mac", mac(MAC, -3600, BODY)),
        ("mac", mac(MAC, 0, b"{}")),
        ("mac", duplicated),
        ("mac", vec![("ondato-signature", String::new())]),
        ("mac", vec![basic("ondato", "first:password-of-basic")]),
        ("basic", vec![basic("ondato", "first:password-of-basi")]),
        ("basic", vec![basic("ondat", "first:password-of-basic")]),
        ("basic", vec![basic("ondato", "first:password-of-basic"), basic("ondato", "second-password-of-basic")]),
        ("basic", mac(MAC, 0, BODY)),
        ("token", bearer(&flipped)),
        ("token", bearer("")),
        ("token", vec![basic("ondato", CLIENT)]),
        ("far", mac(MAC, 0, BODY)),
        (
            "far",
            [
                mac(MAC, 0, BODY),
                vec![("x-forwarded-for", "203.0.113.7".to_owned()), ("forwarded", "for=203.0.113.7".to_owned())],
            ]
            .concat(),
        ),
        ("both", mac(MAC, 0, BODY)),
        ("both", vec![basic("u", "password-of-both")]),
    ];
    for (tenant, headers) in refused {
        assert_eq!(stage.post(tenant, &headers, BODY).await.seen(), unknown, "{tenant} {headers:?}");
    }
    for path in [
        "mac/elsewhere",
        "nobody/ondato",
        "MAC/ondato",
        "mac",
        "mac/ondato/key/more",
        "mac/ondato%2f",
        "mac//ondato",
        "-/ondato",
    ] {
        let url = format!("{}/v1/webhooks/{path}", stage.stack.api_url());
        assert_eq!(request("POST", &url, &mac(MAC, 0, BODY), BODY).await.seen(), unknown, "{path}");
    }
    // another connection's token, right in itself
    assert_eq!(stage.post("mac", &bearer(&access), BODY).await.seen(), unknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_endpoint_refuses_by_the_rules() {
    let stage = Stage::with(plan()).await;
    let form = |secret: &str| format!("grant_type=client_credentials&client_id=ondato&client_secret={secret}");
    let wrong = token(&stage, "token", &[], &form("a-wrong-secret-of-32-characters-and-more")).await;
    assert_eq!((wrong.status, wrong.json()["error"].as_str()), (401, Some("invalid_client")));
    let same = [
        token(&stage, "nobody", &[], &form(CLIENT)).await,
        token(&stage, "token", &[], &form(CLIENT).replace("=ondato", "=somebody")).await,
        token(&stage, "token", &[basic("ondato", "wrong")], "grant_type=client_credentials").await,
    ];
    for reply in same {
        assert_eq!(reply.seen(), wrong.seen());
    }
    for (form, code) in [
        ("grant_type=password".to_owned() + &form(CLIENT)[29..], "unsupported_grant_type"),
        (form(CLIENT)[30..].to_owned(), "invalid_request"),
        (form(CLIENT) + "&client_id=ondato", "invalid_request"),
        (format!("{}&pad={}", form(CLIENT), "x".repeat(9000)), "invalid_request"),
    ] {
        let reply = token(&stage, "token", &[], &form).await;
        assert_eq!((reply.status, reply.json()["error"].as_str()), (400, Some(code)), "{form}");
    }
    let twice = token(&stage, "token", &[basic("ondato", CLIENT)], &form(CLIENT)).await;
    assert_eq!((twice.status, twice.json()["error"].as_str()), (400, Some("invalid_request")));
    let url = format!("{}/v1/oauth/token/ondato/token?{}", stage.stack.api_url(), form(CLIENT));
    assert_eq!(request("GET", &url, &[], b"").await.status, 405);
    // nobody has a client there: ours to mend
    assert_eq!(token(&stage, "mac", &[], &form(CLIENT)).await.status, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_proof_carries_an_onboarding_to_its_end() {
    let stage = Stage::with(plan()).await;
    let token_url = format!("{}/v1/oauth/token/ondato/token", stage.stack.api_url());
    stage.resubscribe("basic", |bare| bare.with_basic("ondato", "first:password-of-basic"));
    stage.resubscribe("both", |bare| bare.with_basic("u", "password-of-both").with_hmac(MAC));
    let by_token = |pair_in: PairIn| {
        let token_url = token_url.clone();
        move |bare: Subscription| {
            let mut subscription = bare.with_oauth2("ondato", CLIENT, token_url);
            subscription.oauth2.as_mut().unwrap().pair_in = pair_in;
            subscription
        }
    };
    stage.resubscribe("token", by_token(PairIn::Body));
    let ends = async |tenant: &str, key: &str| {
        let case = stage.begin(tenant, key).await;
        case.does(Act::whole_approval());
        case.ends("approved").await;
    };
    let (basic, both, near, mac, body) =
        (ends("basic", "1"), ends("both", "1"), ends("near", "1"), ends("mac", "1"), ends("token", "body"));
    tokio::join!(basic, both, near, mac, body);
    stage.resubscribe("token", by_token(PairIn::BasicHeader));
    ends("token", "header").await;

    // another integration's path, kept by an alias
    let alias = format!("{}/elsewhere/notify/mac", stage.stack.api_url());
    let mac = stage.tenant("mac");
    let subscription = Subscription::to(&alias).of(&mac.application.application_id).with_hmac(MAC);
    stage.ondato.resubscribe(mac.subscription, subscription);
    ends("mac", "alias").await;
    let unknown = request("POST", &format!("{alias}x"), &[signed(BODY)], BODY).await;
    assert_eq!(unknown.status, 401, "a name that does not exist is like a proof that does not hold");
    assert_eq!(request("POST", &alias, &[], BODY).await.status, 401);
}

/// Add, switch, remove: at no moment is a right webhook refused; afterwards the old secret is worth nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_rotated_without_a_refusal() {
    const NEW: &str = "another-webhook-secret-of-the-tenant";
    let stage = Stage::start(&["acme"]).await;
    let answer = async |secret: &str| stage.post("acme", &mac(secret, 0, BODY), BODY).await.status;
    let put = async |secrets: Value| {
        let mut config = stage.tenant("acme").config.clone();
        webhook(&mut config, json!({"hmac": secrets}));
        stage.stack.put_tenant("acme", &config).await.unwrap();
    };
    assert_eq!((answer(MAC).await, answer(NEW).await), (200, 401));
    put(json!([{"secret": MAC}, {"secret": NEW}])).await;
    // a failed proof reads the secret again, at most each 10 s
    let added = Instant::now();
    let mut moments = tokio::time::interval(Duration::from_millis(250));
    while answer(NEW).await != 200 {
        assert_eq!(answer(MAC).await, 200, "the old one holds meanwhile");
        assert!(added.elapsed() < Duration::from_secs(20), "the new secret is not heard of");
        moments.tick().await;
    }
    assert_eq!((answer(MAC).await, answer(NEW).await), (200, 200), "both while the provider is switched");
    put(json!([{"secret": NEW}])).await;
    let removed = Instant::now();
    while answer(MAC).await != 401 {
        assert_eq!(answer(NEW).await, 200);
        // a wrong proof makes it read the secret anew, which now has the old one no more
        answer("neither-the-old-nor-the-new-secret").await;
        assert!(removed.elapsed() < Duration::from_secs(20), "the old secret lives on");
        moments.tick().await;
    }
    assert_eq!(answer(NEW).await, 200);
}
