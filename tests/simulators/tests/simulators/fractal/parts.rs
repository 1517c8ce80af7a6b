//! Parts: approved in any order, contacted, rejected, expired; the sweep; files; several applications.

use std::time::Duration;

use idv_simulators::fractal::{Act, Application, Button, Callback, Classic, NotPossible, Settings, Visit};
use serde_json::{Value, json};

use super::client::{Api, SCOPES, by_hand, fractal, fractal_with, listening, text};
use crate::support::{Receiver, SOON};

fn words(status: &str, credential: &str) -> (String, String) {
    (status.to_owned(), credential.to_owned())
}

#[tokio::test]
async fn parts_are_decided_in_any_order() {
    let (fractal, mut api, receiver) = listening(by_hand()).await;
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    fractal.act(&uid, Act::approve("liveness")).unwrap();
    let cases = api.cases().await;
    assert_eq!((&cases["basic"], &cases["liveness"]), (&words("pending", "pending"), &words("done", "approved")));
    assert_eq!(api.stats("user-verifications").await[0]["credential"], "pending", "all or nothing in the sweep");
    fractal.act(&uid, Act::contact("basic")).unwrap();
    assert_eq!(api.cases().await["basic"], words("contacted", "pending"));
    fractal.act(&uid, Act::Respond { part: None }).unwrap();
    assert_eq!(api.cases().await["basic"], words("pending", "pending"));
    fractal.act(&uid, Act::approve("basic")).unwrap();
    assert_eq!(
        api.stats("user-verifications").await[0],
        json!({"user_id": uid, "level": "basic+liveness", "credential": "approved"})
    );
    // not final
    fractal.act(&uid, Act::reject("basic")).unwrap();
    assert_eq!(fractal.truth(&uid).unwrap().part("basic"), Some(("done", "rejected")));
    fractal.quiet(SOON).await.unwrap();
    // four at once may overtake each other on the wire
    let mut told: Vec<(String, String)> =
        receiver.arrivals().iter().map(|it| (text(&it.json(), "/type"), text(&it.json(), "/data/level"))).collect();
    told.sort();
    let told: Vec<(&str, &str)> = told.iter().map(|(name, level)| (name.as_str(), level.as_str())).collect();
    assert_eq!(
        told,
        [
            ("verification_approved", "basic"),
            ("verification_approved", "liveness"),
            ("verification_contacted", "basic"),
            ("verification_rejected", "basic")
        ]
    );
}

#[tokio::test]
async fn what_the_state_forbids_changes_nothing() {
    let (fractal, mut api) = fractal().await;
    let uid = api.arrived(&fractal, SCOPES, &Visit::pressing(Button::Allow)).await;
    assert_eq!(fractal.act(&uid, Act::approve_all()), Err(NotPossible::NoPart), "the journey is not done");
    assert_eq!(fractal.act(&uid, Act::CompleteJourney { part: None }), Ok(Vec::new()));
    assert_eq!(fractal.act(&uid, Act::CompleteJourney { part: None }), Err(NotPossible::NoPart));
    assert_eq!(fractal.act(&uid, Act::approve("sow")), Err(NotPossible::NoPart), "nobody asked for it");
    assert_eq!(fractal.act(&uid, Act::Expire { part: None }), Err(NotPossible::NoPart));
    assert_eq!(fractal.act(&uid, Act::approve_all()).unwrap().len(), 2);
    assert_eq!(fractal.act(&uid, Act::approve_all()), Err(NotPossible::NoPart));
    assert_eq!(fractal.act("nobody", Act::approve_all()), Err(NotPossible::Absent("person")));
    assert_eq!(fractal.events().len(), 2);
}

#[tokio::test]
async fn the_sweep_alone_tells_what_has_expired() {
    let (fractal, mut api, receiver) = listening(by_hand()).await;
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    fractal.act(&uid, Act::approve_all()).unwrap();
    fractal.act(&uid, Act::Expire { part: Some("basic".to_owned()) }).unwrap();
    assert_eq!(api.cases().await["basic"], words("done", "approved"));
    assert_eq!(api.stats("user-verifications").await[0]["credential"], "expired");
    assert_eq!(api.stats("total-verifications").await["expired"], 1);
    fractal.quiet(SOON).await.unwrap();
    assert_eq!(receiver.arrivals().len(), 2, "nobody is told");
    // taking access back ends the token, not the row
    fractal.act(&uid, Act::Revoke { application: None }).unwrap();
    assert_eq!((api.me().await.0, api.stats("user-verifications").await.as_array().unwrap().len()), (401, 1));

    let classic = Classic { joined_in_stats: false, ..Classic::default() };
    let (fractal, mut api) = fractal_with(Settings { classic, ..by_hand() }).await;
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    fractal.act(&uid, Act::approve("basic")).unwrap();
    let rows = api.stats("user-verifications").await;
    let levels: Vec<(String, String)> =
        rows.as_array().unwrap().iter().map(|it| (text(it, "/level"), text(it, "/credential"))).collect();
    assert_eq!(levels, [words("basic", "approved"), words("liveness", "pending")]);
}

#[tokio::test]
async fn a_further_add_on_is_a_case_of_its_own() {
    let (fractal, mut api) = fractal().await;
    let first = Visit::default().by("testa.sample@example.com");
    let uid = api.arrived(&fractal, "verification.basic:read", &first).await;
    fractal.act(&uid, Act::approve_all()).unwrap();
    let same = api.arrived(&fractal, "verification.basic:read verification.sow:read", &first).await;
    assert_eq!(same, uid);
    let cases = api.cases().await;
    assert_eq!((&cases["basic"], &cases["sow"]), (&words("done", "approved"), &words("pending", "pending")));
    fractal
        .act(&uid, Act::Become { part: Some("sow".into()), status: "frozen".into(), credential: "odd".into() })
        .unwrap();
    assert_eq!(api.cases().await["sow"], words("frozen", "odd"));
    let rows = api.stats("user-verifications").await;
    assert_eq!((rows[0]["credential"].as_str(), rows[1]["credential"].as_str()), (Some("approved"), Some("odd")));
}

#[tokio::test]
async fn files_are_addresses_that_end() {
    let (fractal, mut api) = fractal().await;
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    fractal.act(&uid, Act::approve_all()).unwrap();
    let file = |me: &Value| text(me, "/verification_cases/0/details/identification_document_front_file");
    let front = file(&api.me().await.1);
    let answer = api.http.get(&front).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"].to_str().unwrap(), "image/jpeg");
    assert!(answer.bytes().await.unwrap().starts_with(&[0xff, 0xd8]));
    let status = |url: String| async { api.http.get(url).send().await.unwrap().status().as_u16() };
    let longer = front.replace("?expires=1", "?expires=9");
    assert_eq!(status(longer).await, 403, "the end is signed");
    fractal.advance_tokens(Duration::from_hours(4));
    assert_eq!(status(front.clone()).await, 403);
    fractal.expire_access_tokens();
    let pair = api.refreshed().await.1;
    let mut fresh = api.again();
    fresh.take(&pair);
    let front = file(&fresh.me().await.1);
    assert_eq!(status(front.clone()).await, 200, "a fresh answer has a fresh address");
    fractal.act(&uid, Act::EraseData).unwrap();
    assert_eq!(status(front).await, 404);
    assert!(fresh.me().await.1["verification_cases"][0]["details"].is_null(), "still approved, without details");
    assert_eq!(fresh.cases().await["basic"], words("done", "approved"));

    let classic = Classic { files_need_token: true, ..Classic::default() };
    let (fractal, mut api) = fractal_with(Settings { classic, ..by_hand() }).await;
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    fractal.act(&uid, Act::approve_all()).unwrap();
    let front = file(&api.me().await.1);
    assert_eq!(api.http.get(&front).send().await.unwrap().status().as_u16(), 401);
    assert_eq!(api.http.get(&front).bearer_auth(&api.access).send().await.unwrap().status().as_u16(), 200);
}

#[tokio::test]
async fn each_application_sees_and_hears_its_own() {
    let (fractal, mut api, receiver) = listening(by_hand()).await;
    let other = Application::another("other");
    fractal.add_application(other.clone());
    let others = Receiver::start().await;
    fractal.register(Callback::to(&others.url).of("other"));
    let mut elsewhere = Api::of(&fractal, &other);
    let who = Visit::default().by("testa.sample@example.com");
    let uid = api.arrived(&fractal, SCOPES, &who).await;
    assert_eq!(elsewhere.arrived(&fractal, "verification.plus:read", &who).await, uid, "one person");
    fractal.act(&uid, Act::approve("plus")).unwrap();
    fractal.quiet(SOON).await.unwrap();
    assert_eq!((receiver.arrivals().len(), others.types()), (0, vec!["verification_approved".to_owned()]));
    assert_eq!(elsewhere.cases().await.keys().collect::<Vec<_>>(), ["plus"]);
    assert_eq!(api.cases().await.len(), 2);
    assert_eq!(elsewhere.stats("user-verifications").await[0]["level"], "plus");
    fractal.act(&uid, Act::ChangeEmail { email: "new@example.com".to_owned() }).unwrap();
    fractal.quiet(SOON).await.unwrap();
    assert_eq!((receiver.types(), others.arrivals().len()), (vec!["email_changed".to_owned()], 2));
    fractal.act(&uid, Act::Revoke { application: Some("other".to_owned()) }).unwrap();
    assert_eq!((elsewhere.me().await.0, api.me().await.0), (401, 200));
}
