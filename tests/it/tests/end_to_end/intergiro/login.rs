//! One login for all functions: tokens that end while many work, a session that is not what it seems, a revoked key.

use futures_util::future::join_all;
use idv_it::stage::{Person, Plan, Stage};
use idv_local::FunctionName;
use idv_simulators::intergiro::{Act, ApiManner, ApiRule, Endpoint, SignIns};
use serde_json::{Value, json};

use super::nothing_dead;
use crate::invoke::code;

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_shared_renewed_and_replaced() {
    let stage = Stage::with(Plan::of(&["acme"]).with_intergiro()).await;
    tokens_that_end(&stage).await;
    refreshed_too_early(&stage).await;
    revoked(&stage).await;
    nothing_dead(&stage).await;
}

async fn enrolled<'a>(stage: &'a Stage, name: &str, count: usize) -> Vec<Person<'a>> {
    let keys: Vec<String> = (0..count).map(|number| format!("{name}-{number}")).collect();
    join_all(keys.iter().map(|key| stage.enrol("acme", key))).await
}

async fn all_end(people: &[Person<'_>], status: &str) {
    join_all(people.iter().map(|person| person.ends(status))).await;
}

/// A session has three refreshes; then somebody logs in. One at a time does, whoever works.
async fn tokens_that_end(stage: &Stage) {
    let people = enrolled(stage, "many", 10).await;
    people.iter().for_each(|person| drop(person.does(Act::whole_form())));
    all_end(&people, "in_review").await;
    assert_eq!(stage.intergiro().sign_ins(), SignIns { logins: 1, most_logins_in_a_minute: 1, ..SignIns::default() });
    for (act, status) in
        [(Act::Activate, "approved"), (Act::Block, "rejected"), (Act::Activate, "approved"), (Act::Block, "rejected")]
    {
        stage.intergiro().expire_access_tokens();
        people.iter().for_each(|person| drop(person.does([act.clone()])));
        all_end(&people, status).await;
    }
    let after = stage.intergiro().sign_ins();
    let expected = SignIns {
        logins: 2,
        refreshes: 3,
        most_logins_in_a_minute: after.most_logins_in_a_minute,
        ..SignIns::default()
    };
    assert_eq!(after, expected, "never early, never two at once, nobody punished");
}

/// A call is refused while the token still lives: the refresh is early and refused with 400, so one logs in.
async fn refreshed_too_early(stage: &Stage) {
    let before = stage.intergiro().sign_ins();
    let person = stage.enrol("acme", "early").await;
    // a process that still held the pair before would only read the newer one
    stage.calm().await;
    stage.stack.kill(FunctionName::EventFetcher).await;
    person.spoils(ApiRule::always(ApiManner::Status { code: 401 }).at(Endpoint::GetEvent).times(1));
    person.does(Act::whole_approval());
    person.ends("approved").await;
    // the feed may have told of it before the webhook's own event was asked for
    person.webhooks_answered().await;
    stage.calm().await;
    let after = stage.intergiro().sign_ins();
    assert_eq!(after.early_refreshes, before.early_refreshes + 1, "{after:?}");
    assert_eq!(after.logins, before.logins + 1, "{after:?}");
    assert_eq!((after.parallel_refreshes, after.sessions_punished), (0, 0), "{after:?}");
}

/// The reason is shown to the operator and to the app; what happened meanwhile is found once there is a new key.
async fn revoked(stage: &Stage) {
    let people = enrolled(stage, "revoked", 2).await;
    people.iter().for_each(|person| drop(person.does(Act::whole_form())));
    all_end(&people, "in_review").await;
    let tenant = stage.tenant("acme");
    let old = tenant.programme.as_ref().unwrap().api_key.clone();
    stage.intergiro().revoke_key(&old);
    people.iter().for_each(|person| drop(person.does([Act::Activate])));
    for person in &people {
        person.webhooks_answered().await;
    }
    let put_off = || {
        let lines = stage.logged(FunctionName::EventFetcher, "look_put_off");
        lines.iter().any(|line| line.to_string().contains("provider_unauthorized"))
    };
    idv_it::stage::until("the operator's log has the reason", || async { put_off() }).await;
    let refused = people[0].ask("get", json!({"refresh": true})).await;
    assert!(matches!(code(&refused), "provider_rejected" | "rate_limited"), "{refused}");
    let request = stage.person_request("acme", "in-between");
    let refused = stage.ask("acme", &request).await;
    let message = refused["error"]["message"].as_str().unwrap_or_default();
    assert!(code(&refused) == "provider_rejected" && message.contains("check `api`"), "{refused}");
    assert!(!refused.to_string().contains(&old), "{refused}");
    assert!(stage.intergiro().individual_by_email("in-between@acme.example").is_none());
    for person in &people {
        assert_eq!(person.shown().await["status"], "in_review", "a refusal decides nothing");
    }
    let asked = stage.intergiro().sign_ins().bad_keys;

    let mut config: Value = tenant.config.clone();
    config["connections"]["intergiro"]["api"]["api_key"] = json!(stage.intergiro().new_key("acme"));
    stage.stack.put_tenant("acme", &config).await.unwrap();
    // a process hears of a new secret within a minute; a new one at once
    for function in [FunctionName::EventFetcher, FunctionName::OnboardingInitiator] {
        stage.stack.kill(function).await;
    }
    all_end(&people, "approved").await;
    let started = stage.ask("acme", &request).await;
    assert!(started["link"]["url"].is_string(), "the same key works: {started}");
    stage.calm().await;
    assert!(asked < 60, "a bad key is not tried for ever: {asked}");
}
