//! Every answer, and every webhook of verifier and relay, has exactly the form of its fixture; every fixture is met here or named as not.

use std::path::PathBuf;

use idv_simulators::fractal::{Act, ApiManner, ApiRule, Button, Generation, Kyc, Settings, Spelling, Visit};
use serde_json::{Value, json};

use super::client::{Api, KycApi, SCOPES, by_hand, fixture, fractal, fractal_with, query, same_shape};
use crate::support::{Receiver, SOON, shape};

/// The tests of this folder, where a fixture's name stands when it is held against the simulator.
const TESTS: [&str; 7] = [
    include_str!("access.rs"),
    include_str!("authorize.rs"),
    include_str!("bodies.rs"),
    include_str!("client.rs"),
    include_str!("kyc.rs"),
    include_str!("shapes.rs"),
    include_str!("tokens.rs"),
];
/// Wallet proofs and messages of the iframe: no server is asked for them.
const NOT_BUILT: [&str; 6] = [
    "credentials-api.error.400.invalid-signature.json",
    "credentials-api.error.404.user-not-found.json",
    "credentials-api.error.404.user-pending.json",
    "credentials-api.proof.200.json",
    "kraken.iframe-message.completed.json",
    "kraken.iframe-message.rejected.json",
];

#[tokio::test]
async fn tokens_have_the_form_of_their_fixtures() {
    let (fractal, mut api) = fractal().await;
    let gone = fractal.visit(&api.link_for("email:read", "st_1"), &Visit::default()).unwrap();
    let (_, pair) = api.exchange(&query(&gone)["code"]).await;
    same_shape(&pair, "oauth.token.authorization-code.response.json");
    api.take(&pair);
    let (_, renewed) = api.refreshed().await;
    same_shape(&renewed, "oauth.token.refresh.response.json");
    let machine = api.token(&[("grant_type", "client_credentials"), ("scope", "client.stats:read")]).await.1;
    same_shape(&machine, "oauth.token.client-credentials.response.json");
    for (answer, name) in [
        (pair, "oauth.token.authorization-code.response.json"),
        (renewed, "oauth.token.refresh.response.json"),
        (machine, "oauth.token.client-credentials.response.json"),
    ] {
        for member in ["token_type", "expires_in", "scope"] {
            assert_eq!(answer[member], fixture(name)[member], "{member} of {name}");
        }
    }
}

/// Same form, and the same words for each part.
async fn me_like(api: &Api, name: &str) {
    let (status, me) = api.me().await;
    assert_eq!(status, 200);
    same_shape(&me, name);
    let words = |of: &Value| {
        let cases = of["verification_cases"].as_array().unwrap().clone();
        cases
            .into_iter()
            .map(|it| [&it["level"], &it["status"], &it["credential"], &it["journey_completed"]].map(Value::clone))
            .collect::<Vec<_>>()
    };
    assert_eq!(words(&me), words(&fixture(name)), "{name}");
}

#[tokio::test]
async fn persons_have_the_form_of_their_fixtures() {
    let (fractal, mut api) = fractal().await;
    api.arrived(&fractal, "", &Visit::default()).await;
    me_like(&api, "get.users-me.no-cases.json").await;
    let uid = api.arrived(&fractal, SCOPES, &Visit::pressing(Button::Allow)).await;
    me_like(&api, "get.users-me.journey-not-completed.json").await;
    fractal.act(&uid, Act::CompleteJourney { part: None }).unwrap();
    me_like(&api, "get.users-me.pending.json").await;
    fractal.act(&uid, Act::contact("basic")).unwrap();
    me_like(&api, "get.users-me.contacted.json").await;
    fractal.act(&uid, Act::approve("basic")).unwrap();
    me_like(&api, "get.users-me.partial-approved.json").await;
    fractal.perform(&uid, [Act::reject("basic"), Act::approve("liveness")]).unwrap();
    me_like(&api, "get.users-me.rejected.json").await;
    fractal.act(&uid, Act::approve("basic")).unwrap();
    let wallet =
        Act::AddWallet { address: "0x00000000000000000000000000000000000000aa".into(), currency: "eth".into() };
    fractal.act(&uid, wallet).unwrap();
    me_like(&api, "get.users-me.approved.json").await;
    let scopes = "contact:read verification.plus:read verification.plus.details:read";
    let company = api.arrived(&fractal, scopes, &Visit::default().as_institution()).await;
    fractal.act(&company, Act::approve_all()).unwrap();
    me_like(&api, "get.users-me.institution.json").await;
    for case in api.me().await.1["verification_cases"].as_array().unwrap() {
        assert_eq!(case["details"]["company_name"], "Sample Widgets Example Ltd");
    }
}

/// Both printed samples have a wallet's case as their last, with a report that is not built; the others are met whole.
#[tokio::test]
async fn the_samples_contradict_the_list_of_fields() {
    let (fractal, mut api) = fractal().await;
    fractal.spell(Spelling::Samples);
    let who = Visit::default().by("testa.sample@example.com");
    let uid = api.arrived(&fractal, "verification.plus:read verification.selfie:read", &who).await;
    fractal.act(&uid, Act::AddPhone { number: "+44000000000".to_owned() }).unwrap();
    let scopes = "contact:read verification.plus:read verification.selfie:read verification.basic:read \
                  verification.liveness:read";
    api.arrived(&fractal, scopes, &who).await;
    fractal.perform(&uid, [Act::approve("basic"), Act::approve("liveness")]).unwrap();
    let me = api.me().await.1;
    let sample = fixture("get.users-me.doc-response-1.status-only.json");
    let members = |of: &Value| of.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&me), members(&sample));
    assert_eq!((&me["emails"], &me["phones"]), (&sample["emails"], &sample["phones"]));
    for place in [0, 1] {
        assert_eq!(me["verification_cases"][place], sample["verification_cases"][place]);
    }

    let plus = "verification.plus:read verification.plus.details:read";
    let uid = api.arrived(&fractal, plus, &Visit::default().by("second@example.com")).await;
    fractal.act(&uid, Act::AddWallet { address: "0x2003".into(), currency: "eth".into() }).unwrap();
    let more = format!("{plus} verification.selfie:read verification.selfie.details:read");
    api.arrived(&fractal, &more, &Visit::default().by("second@example.com")).await;
    fractal.act(&uid, Act::approve_all()).unwrap();
    let me = api.me().await.1;
    let sample = fixture("get.users-me.doc-response-2.with-details.json");
    assert_eq!((members(&me), &me["wallets"]), (members(&sample), &sample["wallets"]));
    for place in [0, 1] {
        let (case, wanted) = (&me["verification_cases"][place], &sample["verification_cases"][place]);
        assert_eq!(shape(case), shape(wanted));
        assert_eq!((&case["level"], &case["status"]), (&wanted["level"], &wanted["status"]));
    }
}

#[tokio::test]
async fn the_back_office_has_the_form_of_its_fixtures() {
    let (fractal, mut api) = fractal().await;
    let wanted = fixture("get.stats.country-verifications.json");
    for (country, counts) in wanted.as_object().unwrap() {
        for (credential, count) in counts.as_object().unwrap() {
            for _ in 0..count.as_u64().unwrap() {
                let who = Visit::default().from_country(country);
                let gone = fractal.visit(&api.link_for("verification.basic:read", "st_1"), &who).unwrap();
                let act = match credential.as_str() {
                    "approved" => Act::approve_all(),
                    "contacted" => Act::contact("basic"),
                    "rejected" => Act::reject("basic"),
                    _ => Act::Become { part: None, status: "pending".into(), credential: "pending".into() },
                };
                fractal.act(&gone.user.unwrap(), act).unwrap();
            }
        }
    }
    assert_eq!(api.stats("country-verifications").await, wanted);
    let total = api.stats("total-verifications").await;
    same_shape(&total, "get.stats.total-verifications.json");
    assert_eq!(total, json!({"approved": 23, "contacted": 1, "rejected": 2, "pending": 3}));
    same_shape(&api.stats("user-verifications").await, "get.stats.user-verifications.json");

    let (fractal, mut other) = (fractal, api.again());
    let uid = other.arrived(&fractal, "verification.plus:read verification.liveness:read", &Visit::default()).await;
    fractal.act(&uid, Act::approve_all()).unwrap();
    fractal.act(&uid, Act::Expire { part: Some("plus".to_owned()) }).unwrap();
    let again = Visit { user: Some(uid.clone()), ..Visit::default() };
    api.arrived(&fractal, "verification.plus:read verification.basic:read", &again).await;
    fractal.act(&uid, Act::contact("basic")).unwrap();
    let mut expired = fixture("get.stats.user-verifications.expired.json");
    for row in expired.as_array_mut().unwrap() {
        row["user_id"] = json!(uid);
    }
    let rows = api.stats("user-verifications").await;
    assert_eq!(rows.as_array().unwrap()[29..], *expired.as_array().unwrap());
}

#[tokio::test]
async fn verifier_and_relay_have_the_form_of_their_fixtures() {
    let receiver = Receiver::start().await;
    let kyc = Kyc { tells_pending: true, token_once: false, ..Kyc::default() };
    let (fractal, _) = fractal_with(Settings { kyc, ..by_hand() }).await;
    let api = KycApi::of(&fractal, Generation::Verifier, &receiver.url);
    let (user, token) = api.arrived(&fractal);
    let steps = [
        (
            None,
            "kraken.get.kyc-token.pending.json",
            "kraken.get.kyc-status.pending.json",
            "kraken.webhook.pending.early-doc.json",
        ),
        (
            Some(Act::reject_all("Rejection reason")),
            "kraken.get.kyc-token.rejected.json",
            "kraken.get.kyc-status.rejected.json",
            "kraken.webhook.rejected.json",
        ),
        (
            Some(Act::approve_all()),
            "kraken.get.kyc-token.approved.json",
            "kraken.get.kyc-status.approved.json",
            "kraken.webhook.approved.json",
        ),
    ];
    for (act, token_fixture, status_fixture, webhook_fixture) in steps {
        if let Some(act) = act {
            fractal.act(&user, act).unwrap();
        }
        fractal.quiet(SOON).await.unwrap();
        let with = |name: &str, member: &str| {
            let mut wanted = fixture(name);
            wanted[member] = json!(user);
            wanted
        };
        assert_eq!(api.get(&format!("/public/kyc/token/{token}")).await.1, with(token_fixture, "userId"));
        assert_eq!(api.get(&format!("/public/kyc/{user}/status")).await.1, fixture(status_fixture));
        assert_eq!(receiver.arrivals().pop().unwrap().json(), with(webhook_fixture, "id"));
    }
    let (_, mut data) = api.get(&format!("/public/kyc/{user}/data")).await;
    same_shape(&data, "kraken.get.kyc-data.approved.json");
    let wanted = fixture("kraken.get.kyc-data.approved.json");
    data["review"]["levelName"] = wanted["review"]["levelName"].clone();
    assert_eq!((&data["info"], &data["review"]), (&wanted["info"], &wanted["review"]));
}

/// A read that no rule spoils is the same twice.
#[tokio::test]
async fn a_spoilt_answer_differs_from_the_fixture() {
    let (fractal, mut api) = fractal().await;
    api.arrived(&fractal, SCOPES, &Visit::default()).await;
    me_like(&api, "get.users-me.pending.json").await;
    fractal.misbehave(ApiRule::always(ApiManner::Without { member: "level".to_owned() }).times(1));
    assert_ne!(shape(&api.me().await.1), shape(&fixture("get.users-me.pending.json")));
    me_like(&api, "get.users-me.pending.json").await;
}

/// A fixture that comes without a test would document nothing.
#[test]
fn every_fixture_is_met() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/fractal");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let all: Vec<String> = names.filter(|name| name.ends_with(".json")).collect();
    assert_eq!(all.len(), 52);
    for name in &all {
        let met = TESTS.iter().any(|test| test.contains(&format!("\"{name}\"")));
        assert!(met, "{name}");
    }
    assert!(NOT_BUILT.iter().all(|name| all.iter().any(|it| it == name)));
}
