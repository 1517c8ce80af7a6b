//! Every answer and every webhook has exactly the form of its fixture; every fixture is met here or named as not.

use std::path::PathBuf;

use idv_simulators::intergiro::{Act, ActionType, ApiManner, ApiRule, Endpoint, Settings, Validity};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Api, fixture, intergiro, intergiro_with, listening, same_shape, text};
use crate::support::SOON;

/// The tests of this folder, where a fixture's name stands when it is held against the simulator.
const TESTS: [&str; 7] = [
    include_str!("actions.rs"),
    include_str!("client.rs"),
    include_str!("delivery.rs"),
    include_str!("individuals.rs"),
    include_str!("lists.rs"),
    include_str!("shapes.rs"),
    include_str!("sign_in.rs"),
];

#[tokio::test]
async fn individuals_have_the_form_of_their_fixtures() {
    let (intergiro, api) = intergiro().await;
    let (status, created) = api.post("/v3/individuals", &fixture("post.individuals.request.json")).await;
    assert_eq!(status, 200);
    same_shape(&created, "post.individuals.response.json");
    let id = text(&created, "/id");
    let lone = api.post("/v3/individuals", &fixture("post.individuals.request.without-address.json")).await;
    assert_eq!((lone.0, lone.1.get("address")), (200, None));
    like(&api, &id, "get.individual.pending-activation.json").await;
    let (_, link) = api.onboard(&id).await;
    same_shape(&link, "post.individual.onboard.response.with-token.json");
    like(&api, &id, "get.individual.onboarding-requested.json").await;
    intergiro.perform(&id, Act::whole_form()).unwrap();
    like(&api, &id, "get.individual.onboarding-data-provided.json").await;
    intergiro.act(&id, Act::Activate).unwrap();
    like(&api, &id, "get.individual.activated.json").await;
    intergiro.act(&id, Act::Block).unwrap();
    like(&api, &id, "get.individual.blocked.json").await;
    intergiro.act(&id, Act::Become { status: "closed".to_owned() }).unwrap();
    like(&api, &id, "get.individual.unknown-status.json").await;
    let (_older, api) = intergiro_with(Settings { mobile_token: false, ..Settings::default() }).await;
    let id = api.created().await;
    same_shape(&api.onboard(&id).await.1, "post.individual.onboard.response.json");
}

async fn like(api: &Api, id: &str, name: &str) {
    let (status, shown) = api.individual(id).await;
    assert_eq!(status, 200);
    same_shape(&shown, name);
    assert_eq!(shown["status"], fixture(name)["status"]);
    assert_eq!(shown["first_name"], fixture(name)["first_name"]);
}

#[tokio::test]
async fn actions_and_consents_have_the_form_of_their_fixtures() {
    let (intergiro, api) = intergiro().await;
    let id = api.invited().await;
    let check = format!("/v3/simulations/individuals/{id}/identity_verification");
    assert_eq!(api.post(&check, &Value::Null).await, (422, fixture("error.422.request-blocked.json")));
    let (_, none) = api.get("/v3/pending_actions").await;
    assert_eq!(none, fixture("get.pending-actions.list.empty.json"));
    intergiro.perform(&id, Act::whole_form()).unwrap();
    let rows = [
        ("get.pending-action.identity-verification.json", ActionType::IdentityVerification, Validity::Usual),
        ("get.pending-action.no-expiry.json", ActionType::IdentityVerification, Validity::Open),
        (
            "get.pending-action.proof-of-address-verification.json",
            ActionType::ProofOfAddressVerification,
            Validity::Usual,
        ),
    ];
    for (name, action, valid) in rows {
        intergiro.act(&id, Act::Request { action, valid }).unwrap();
        let action = intergiro.truth(&id).unwrap().actions.pop().unwrap();
        let (status, shown) = api.get(&format!("/v3/pending_actions/{}", action.id)).await;
        assert_eq!(status, 200);
        same_shape(&shown, name);
        assert_eq!(shown["type"], fixture(name)["type"]);
    }
    let consent = text(&api.actions_of(&id, false).await[0], "/payload/consent_id");
    same_shape(&api.get(&format!("/v3/consents/{consent}")).await.1, "get.consent.pending.json");
    let (_, method) = api.post(&format!("/v3/consents/{consent}"), &fixture("post.consent.request.json")).await;
    same_shape(&method, "post.consent.response.json");
    let card = api.invited().await;
    intergiro.perform(&card, Act::whole_approval()).unwrap();
    intergiro.act(&card, Act::request(ActionType::AuthenticateCardOperation)).unwrap();
    let (_, list) = api.get(&format!("/v3/pending_actions?individual_id={card}")).await;
    same_shape(&list, "get.pending-actions.list.json");
    assert_eq!(list["data"][0]["description"], fixture("get.pending-actions.list.json")["data"][0]["description"]);
    older_consent(&api, &intergiro).await;
}

async fn older_consent(api: &Api, intergiro: &idv_simulators::intergiro::Intergiro) {
    let rule = ApiRule::always(ApiManner::ConsentRequired { with_scope: true }).at(Endpoint::ListEvents).times(1);
    intergiro.misbehave(rule);
    let (status, wanted) = api.get("/v3/events").await;
    assert_eq!(status, 412);
    same_shape(&wanted, "error.412.consent-required.with-scope.json");
}

#[tokio::test]
async fn events_and_webhooks_have_the_form_of_their_fixtures() {
    let (intergiro, api, receiver) = listening(Settings { other_events: Vec::new(), ..Settings::default() }).await;
    let id = api.invited().await;
    intergiro.perform(&id, Act::whole_approval()).unwrap();
    same_shape(&api.get("/v3/events").await.1, "get.events.list.json");
    intergiro.perform(&id, [Act::Block, Act::request(ActionType::IdentityVerification), Act::complete()]).unwrap();
    intergiro.act(&id, Act::Other { name: "AccountCreated".to_owned() }).unwrap();
    intergiro.quiet(SOON).await.unwrap();
    let arrivals = receiver.arrivals();
    assert_eq!(arrivals.len(), 6);
    for arrival in arrivals {
        assert!(arrival.header("authorization").is_none(), "nothing proves it");
        let thin = arrival.json();
        let (name, id) = (text(&thin, "/name"), text(&thin, "/id"));
        if name == "AccountCreated" {
            same_shape(&thin, "webhook.unknown-event.json");
            continue;
        }
        let spelt = kebab(&name);
        same_shape(&thin, &format!("webhook.{spelt}.json"));
        assert_eq!(name, text(&fixture(&format!("webhook.{spelt}.json")), "/name"));
        let (status, event) = api.get(&format!("/v3/events/{id}")).await;
        assert_eq!((status, &event["created_at"]), (200, &thin["created_at"]));
        same_shape(&event, &format!("get.event.{spelt}.json"));
    }
}

fn kebab(name: &str) -> String {
    let spelt = name.chars().flat_map(|letter| {
        let dash = letter.is_ascii_uppercase().then_some('-');
        dash.into_iter().chain([letter.to_ascii_lowercase()])
    });
    spelt.collect::<String>().trim_start_matches('-').to_owned()
}

#[tokio::test]
async fn requests_of_the_fixtures_are_taken() {
    let (intergiro, mut api) = intergiro().await;
    let (status, webhook) = api.post("/v3/webhooks", &fixture("post.webhooks.request.json")).await;
    assert_eq!(status, 200);
    let (_, list) = api.get("/v3/webhooks").await;
    same_shape(&list, "get.webhooks.list.json");
    assert_eq!(list["data"], json!([webhook]));
    let path = format!("/v3/webhooks/{}", text(&webhook, "/id"));
    assert_eq!(api.send(Method::DELETE, &path, &Value::Null).await.0, 204);
    assert_eq!(api.send(Method::DELETE, &path, &Value::Null).await.0, 404);
    assert_eq!(api.get("/v3/webhooks").await.1, json!({"data": []}));
    let mut refresh = fixture("post.auth.refresh.request.json");
    refresh["refresh_token"] = json!(api.refresh);
    intergiro.expire_access_tokens();
    let (status, pair) = api.post("/v3/auth/refresh", &refresh).await;
    assert_eq!(status, 200);
    api.take(&pair);
    let id = api.invited().await;
    let of = |name: &str| {
        let mut body = fixture(name);
        body["individual_id"] = json!(id);
        body
    };
    for (path, name) in [
        ("kyc", "post.simulations.onboarding-kyc.request.json"),
        ("status", "post.simulations.onboarding-status.request.activated.json"),
        ("status", "post.simulations.onboarding-status.request.blocked.json"),
    ] {
        assert_eq!(api.post(&format!("/v3/simulations/onboarding/{path}"), &of(name)).await.0, 204, "{name}");
    }
    assert_eq!(intergiro.truth(&id).unwrap().status(), "blocked");
}

/// A fixture that comes without a test would document nothing.
#[test]
fn every_fixture_is_met() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/intergiro");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    // these are named by their events
    let by_event = |name: &str| name.starts_with("get.event.") || name.starts_with("webhook.");
    let all: Vec<String> = names.filter(|name| name.ends_with(".json")).collect();
    assert!(!all.is_empty());
    for name in &all {
        assert!(by_event(name) || TESTS.iter().any(|test| test.contains(&format!("\"{name}\""))), "{name}");
    }
}
