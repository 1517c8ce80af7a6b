//! From the link to a decision, and decisions that are changed or cannot be read.

use idv_it::stage::{Person, Plan, Stage};
use idv_simulators::intergiro::{Act, ApiManner, ApiRule, Endpoint};
use serde_json::{Value, json};

use super::nothing_dead;
use crate::invoke::code;

#[tokio::test(flavor = "multi_thread")]
async fn what_intergiro_decides_is_told_once_and_nothing_else_is() {
    let stage = Stage::with(Plan::of(&["acme", "other"]).with_intergiro()).await;
    tokio::join!(
        by_link(&stage),
        by_token(&stage),
        rejected(&stage),
        overturned(&stage),
        unknown_status(&stage),
        never_heard_of(&stage),
    );
    nothing_dead(&stage).await;
    let signed_in = stage.intergiro().sign_ins();
    assert_eq!(signed_in.logins, 2, "one login for each programme, whoever works: {signed_in:?}");
}

async fn by_link(stage: &Stage) {
    let request = stage.person_request("acme", "by-link");
    let first = stage.ask("acme", &request).await;
    let person = Person::of(stage, "acme", "by-link", &first);
    assert_eq!((&first["status"], &first["link"]["embed"]), (&json!("link_issued"), &json!("never")), "{first}");
    let link = person.truth().link.unwrap();
    assert_eq!(first["link"]["expires_at"], json!(link.expires_at));
    assert_eq!(json!(link.return_url), request["return_url"]);
    // a plus sign before the number is ours, not Intergiro's
    assert_eq!(person.truth().individual["phone_number"], "46700000000");
    let again = stage.ask("acme", &request).await;
    assert_eq!((&again["onboarding_id"], &again["link"]), (&first["onboarding_id"], &first["link"]), "the same key");
    assert_eq!((person.calls(Endpoint::Onboard), person.truth().link.unwrap().issued), (1, 1));

    person.does(Act::whole_form());
    person.ends("in_review").await;
    person.does([Act::Activate]);
    person.ends("approved").await;
    let told: Vec<Option<String>> = person.received().into_iter().map(|row| row.status).collect();
    assert_eq!(told, [Some("in_review".to_owned()), Some("approved".to_owned())]);
    assert_eq!(person.shown().await["provider_ids"]["individual"], json!(person.individual));
    let resumed = person.resumes("decided").await;
    assert_eq!((code(&resumed), person.calls(Endpoint::Onboard)), ("not_resumable", 1), "{resumed}");
}

async fn by_token(stage: &Stage) {
    let mut request = stage.person_request("other", "by-token");
    request["channel"] = json!("sdk");
    let answer = stage.ask("other", &request).await;
    let person = Person::of(stage, "other", "by-token", &answer);
    assert!(answer["link"].is_null() && answer["sdk"]["ids"]["individual"] == json!(person.individual), "{answer}");
    let again = stage.ask("other", &request).await;
    assert_eq!(again["sdk"]["token"], answer["sdk"]["token"], "the same key");
    person.does(Act::whole_approval());
    person.ends("approved").await;
}

async fn rejected(stage: &Stage) {
    let person = stage.enrol("acme", "rejected").await;
    person.does(Act::whole_rejection());
    person.ends("rejected").await;
    let shown = person.shown().await;
    assert_eq!(shown["reasons"], json!([{"code": "not_disclosed"}]), "{shown}");
}

/// Blocked after activation, and activated again: each change names what it overturned.
async fn overturned(stage: &Stage) {
    let person = stage.enrol("acme", "overturned").await;
    person.does(Act::whole_approval());
    person.ends("approved").await;
    person.does([Act::Block]);
    person.ends("rejected").await;
    person.does([Act::Activate]);
    person.ends("approved").await;
    let overturned: Vec<Value> =
        person.timeline().await.into_iter().filter(|change| change["overturned"] == true).collect();
    let turns: Vec<_> = overturned.iter().map(|it| (it["previous"].as_str(), it["status"].as_str())).collect();
    assert_eq!(turns, [(Some("approved"), Some("rejected")), (Some("rejected"), Some("approved"))]);
}

/// A status that nobody knows is kept and shown; it is no approval, however it is called.
async fn unknown_status(stage: &Stage) {
    let person = stage.enrol("acme", "unknown").await;
    person.does(Act::whole_form());
    person.ends("in_review").await;
    let manner = ApiManner::UnknownStatus { status: "activated_finally".to_owned() };
    let rule = person.spoils(ApiRule::always(manner).at(Endpoint::GetIndividual));
    person.does([Act::Activate]);
    let shown = person.shows("an unrecognised part", |shown| !shown["unrecognised"].is_null()).await;
    assert_eq!(
        (&shown["status"], &shown["parts"][0]["provider_status"], &shown["parts"][0]["standing"]),
        (&json!("in_review"), &json!("activated_finally"), &json!("unrecognised")),
        "{shown}"
    );
    assert_eq!(person.believed().as_deref(), Some("in_review"));
    stage.intergiro().remove_rule(rule);
    person.ends("approved").await;
    assert!(person.shown().await["unrecognised"].is_null());
}

/// Events of cards and accounts come to the same address: nobody asks for them.
async fn never_heard_of(stage: &Stage) {
    let person = stage.enrol("other", "never-heard-of").await;
    let events = person.does([Act::Other { name: "CardCreated".to_owned() }]);
    person.webhooks_answered().await;
    let sent = stage.intergiro().webhooks_sent();
    assert!(sent.iter().any(|sent| sent.event_id == events[0] && sent.accepted()), "answered 200");
    person.does(Act::whole_rejection());
    person.ends("rejected").await;
    assert_eq!(stage.intergiro().resolves_of(&events[0]), 0);
}
