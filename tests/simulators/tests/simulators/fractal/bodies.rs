//! Every classic webhook is its fixture, with the person and the time of now where those cannot be chosen.

use idv_simulators::fractal::{Act, Classic, Order, Settings, Visit, WebhookManner, WebhookRule};
use serde_json::{Value, json};

use super::client::{SCOPES, by_hand, fixture, listening, text};
use crate::support::SOON;

/// The event of this fixture as it arrives, with the fixture's own person and time.
async fn arrived_like(settings: Settings, act: Act, name: &str) {
    let (fractal, mut api, receiver) = listening(settings).await;
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    fractal.act(&uid, act).unwrap();
    fractal.quiet(SOON).await.unwrap();
    let arrived = receiver.arrivals().remove(0);
    let mut wanted = fixture(name);
    if wanted["data"].get("user_id").is_some() {
        wanted["data"]["user_id"] = json!(uid);
    }
    let mut body = arrived.json();
    // what was made now
    for member in ["shared_at", "timestamp"] {
        if body["data"].get(member).is_some() && wanted["type"] != "verification_approved" {
            assert!(text(&body, &format!("/data/{member}")).ends_with('Z'));
            body["data"][member] = wanted["data"][member].clone();
        }
    }
    assert_eq!(body, wanted, "{name}");
}

fn at(name: &str) -> Option<String> {
    Some(text(&fixture(name), "/data/timestamp"))
}

fn part(name: &str) -> Option<String> {
    Some(text(&fixture(name), "/data/level"))
}

#[tokio::test]
async fn classic_webhooks_have_the_form_of_their_fixtures() {
    for name in ["webhook.verification-approved.json", "webhook.verification-approved.addon-liveness.json"] {
        arrived_like(by_hand(), Act::Approve { part: part(name), at: at(name) }, name).await;
    }
    let name = "webhook.verification-contacted.json";
    arrived_like(by_hand(), Act::Contact { part: part(name), at: at(name) }, name).await;
    let name = "webhook.verification-rejected.json";
    let reject = Act::Reject { part: part(name), note: String::new(), at: at(name) };
    arrived_like(by_hand(), reject, name).await;
    for name in ["webhook.credential-shared.json", "webhook.credential-shared.uuid-values.json"] {
        let of = |member: &str| Some(text(&fixture(name), &format!("/data/{member}")));
        let share = Act::ShareCredential { human: of("idos_human_id"), credential: of("credential_id") };
        arrived_like(by_hand(), share, name).await;
    }
    let name = "webhook.email-changed.json";
    let email = text(&fixture(name), "/data/email");
    arrived_like(by_hand(), Act::ChangeEmail { email }, name).await;
    let name = "webhook.unknown-type.json";
    arrived_like(by_hand(), Act::Other { name: text(&fixture(name), "/type") }, name).await;
    let classic = Classic { tells_revocation: true, ..Classic::default() };
    let revoke = Act::Revoke { application: None };
    let name = "webhook.authorization-revoked.removed.json";
    arrived_like(Settings { classic, ..by_hand() }, revoke, name).await;
}

#[tokio::test]
async fn older_and_overtaken_webhooks_have_the_form_of_their_fixtures() {
    let (fractal, mut api, receiver) = listening(by_hand()).await;
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    fractal.misdeliver(WebhookRule::always(WebhookManner::Without { member: "timestamp".to_owned() }).times(1));
    fractal.misdeliver(WebhookRule::always(WebhookManner::UnknownLevel { level: "v1".to_owned() }).times(1));
    fractal.act(&uid, Act::approve("basic")).unwrap();
    fractal.quiet(SOON).await.unwrap();
    let with = |mut wanted: Value| {
        wanted["data"]["user_id"] = json!(uid);
        wanted
    };
    let legacy = with(fixture("webhook.verification-approved.no-timestamp.legacy.json"));
    assert_eq!(receiver.arrivals()[0].json(), legacy);
    let pair = fixture("webhook.pair.out-of-order.json");
    let (approved, contacted) = (&pair[0], &pair[1]);
    fractal.misdeliver(WebhookRule::always(WebhookManner::Held));
    let time = |of: &Value| Some(text(of, "/data/timestamp"));
    fractal.act(&uid, Act::Contact { part: Some("basic".into()), at: time(contacted) }).unwrap();
    fractal.act(&uid, Act::Approve { part: Some("basic".into()), at: time(approved) }).unwrap();
    fractal.release(&Order::Reversed);
    fractal.wait_for(|it| it.webhooks_sent().len() == 3, SOON).await.unwrap();
    let bodies: Vec<Value> = receiver.arrivals()[1..].iter().map(|it| it.json()).collect();
    assert_eq!(bodies, [with(approved.clone()), with(contacted.clone())]);
}
