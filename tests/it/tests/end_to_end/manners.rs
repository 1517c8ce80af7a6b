//! A provider with bad manners: the gateway waits, asks again, believes nothing that cannot be, and gets there.

use idv_it::stage::{Case, PATIENCE, Stage};
use idv_local::SourceQueue;
use idv_simulators::ondato::{Act, ApiManner, ApiRule, Endpoint};
use serde_json::{Value, json};

/// A tenant for each manner, because a pause holds for a whole connection.
const TENANTS: [&str; 12] = [
    "busy",
    "failing",
    "silent",
    "truncated",
    "html",
    "unauthorized",
    "stale",
    "frozen",
    "elsewhere",
    "foreign",
    "closed",
    "dripping",
];

fn once(case: &Case<'_>, stage: &Stage, endpoint: Endpoint, manner: ApiManner, times: u32) {
    stage.ondato.misbehave(ApiRule::always(manner).at(endpoint).about(&case.idv).times(times));
}

/// Spoils the look at an onboarding that is approved meanwhile; it must end approved all the same.
async fn survives(stage: &Stage, tenant: &'static str, endpoint: Endpoint, manner: ApiManner, times: u32) {
    let case = stage.begin(tenant, "customer-1").await;
    once(&case, stage, endpoint, manner.clone(), times);
    case.does(Act::whole_approval());
    case.ends("approved").await;
    let asked = stage.ondato.requests().into_iter().filter(|asked| asked.idv.as_deref() == Some(&*case.idv));
    let spoilt = asked.filter(|asked| asked.manner.is_some()).count();
    assert_eq!(spoilt, usize::try_from(times).unwrap(), "{tenant}: the rule was met");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_does_wrong_for_a_while_changes_nothing() {
    let stage = Stage::start(&TENANTS).await;
    tokio::join!(
        survives(&stage, "busy", Endpoint::GetIdv, ApiManner::TooMany { retry_after: Some(2) }, 2),
        survives(&stage, "failing", Endpoint::GetIdv, ApiManner::Status { code: 503 }, 3),
        survives(&stage, "silent", Endpoint::GetKyc, ApiManner::Silence, 1),
        survives(&stage, "truncated", Endpoint::GetIdv, ApiManner::Truncated, 2),
        survives(&stage, "html", Endpoint::GetKyc, ApiManner::Html, 1),
        survives(&stage, "unauthorized", Endpoint::GetIdv, ApiManner::Status { code: 401 }, 1),
        survives(&stage, "stale", Endpoint::GetKyc, ApiManner::Stale, 2),
        survives(&stage, "frozen", Endpoint::GetIdv, ApiManner::Frozen, 1),
        survives(&stage, "closed", Endpoint::GetIdv, ApiManner::Closed, 1),
        survives(&stage, "dripping", Endpoint::GetKyc, ApiManner::SlowDrip { millis: 400 }, 1),
        survives(&stage, "elsewhere", Endpoint::GetKyc, ApiManner::WrongId, 1),
        survives(&stage, "foreign", Endpoint::GetIdv, ApiManner::ForeignApplication, 1),
    );
    for source in SourceQueue::ALL {
        assert_eq!(stage.stack.dead_letters(source).await.unwrap(), Vec::<Value>::new(), "nothing was given up");
    }
    // a 429 pauses the connection: of the webhooks that came meanwhile none asked
    let busy = stage.ondato.requests().into_iter().filter(|asked| asked.status == Some(429)).count();
    assert_eq!(busy, 2);
    let tokens = stage.ondato.requests_to(Endpoint::Token);
    assert!(tokens <= 4 * TENANTS.len(), "{tokens} tokens: they are kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_never_stored_and_never_an_approval() {
    let stage = Stage::start(&["wrong", "unknown", "reason", "gone", "revoked"]).await;
    tokio::join!(wrong_id(&stage), unknown_status(&stage), unknown_reason(&stage), gone(&stage), revoked(&stage));
}

/// As long as the answer is about another identification, nothing of it is stored.
async fn wrong_id(stage: &Stage) {
    let case = stage.begin("wrong", "customer-1").await;
    let rule = stage.ondato.misbehave(ApiRule::always(ApiManner::WrongId).at(Endpoint::GetKyc).about(&case.idv));
    case.does(Act::whole_approval());
    let asked = || {
        stage
            .ondato
            .requests()
            .into_iter()
            .filter(|asked| asked.manner.is_some() && asked.idv.as_deref() == Some(&*case.idv))
            .count()
    };
    let seen = stage.ondato.wait_for(|_| asked() >= 1, PATIENCE).await;
    assert!(seen.is_ok(), "the answer was asked for");
    assert!(stage.stack.quiet(PATIENCE).await);
    let shown = case.shown().await;
    assert_eq!(shown["parts"].as_array().map(Vec::len), Some(0), "all or nothing: {shown}");
    assert_ne!(shown["status"], "approved");
    stage.ondato.remove_rule(rule);
    stage.ondato.send_again(&case.idv);
    case.ends("approved").await;
    let own = stage.ondato.truth(&case.idv).unwrap().kyc.unwrap()["id"].clone();
    assert_eq!(case.shown().await["provider_ids"]["kyc_identification"], own);
}

async fn unknown_status(stage: &Stage) {
    let case = stage.begin("unknown", "customer-1").await;
    case.does([Act::Open]);
    case.heard("in_progress").await;
    let manner = ApiManner::UnknownStatus { status: "TeleportedApproved".to_owned() };
    let rule = stage.ondato.misbehave(ApiRule::always(manner).at(Endpoint::GetKyc).about(&case.idv));
    case.does(Act::whole_approval().split_off(1));
    let shown = case.shows("an unrecognised part", |shown| !shown["unrecognised"].is_null()).await;
    assert_eq!(
        (&shown["status"], &shown["unrecognised"]["kind"]),
        (&json!("in_progress"), &json!("kyc_identification")),
        "{shown}"
    );
    let part = shown["parts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|part| part["resource"]["kind"] == "kyc_identification")
        .cloned()
        .unwrap();
    assert_eq!(
        (&part["standing"], &part["provider_status"]),
        (&json!("unrecognised"), &json!("TeleportedApproved")),
        "kept and shown"
    );
    assert!(case.timeline().await.iter().all(|change| change["status"] != "approved"));
    stage.ondato.remove_rule(rule);
    stage.ondato.send_again(&case.idv);
    case.ends("approved").await;
    assert!(case.shown().await["unrecognised"].is_null());
}

async fn unknown_reason(stage: &Stage) {
    let case = stage.begin("reason", "customer-1").await;
    let manner = ApiManner::UnknownReason { reason: "MercuryInRetrograde".to_owned() };
    stage.ondato.misbehave(ApiRule::always(manner).at(Endpoint::GetKyc).about(&case.idv));
    case.does(Act::whole_rejection("PoorPhotoQuality"));
    case.ends("rejected").await;
    assert_eq!(case.shown().await["reasons"][0], json!({"code": "other", "provider_code": "MercuryInRetrograde"}));
}

/// The provider forgets it: the status stays, its parts are gone, nobody looks any more.
async fn gone(stage: &Stage) {
    let case = stage.begin("gone", "customer-1").await;
    case.does(Act::whole_approval());
    case.ends("approved").await;
    stage.ondato.forget(&case.idv);
    // a run that was made a moment ago may not be readable everywhere yet: 15 min, here 7.5 s
    let shown = case
        .shows_after_looking("gone parts", |shown| {
            shown["parts"]
                .as_array()
                .is_some_and(|parts| !parts.is_empty() && parts.iter().all(|part| part["gone"] == true))
        })
        .await;
    assert_eq!(shown["status"], "approved");
    case.ends("approved").await;
}

/// The token dies before its time: fetched anew, once, whatever waits for it.
async fn revoked(stage: &Stage) {
    let case = stage.begin("revoked", "customer-1").await;
    case.does([Act::Open]);
    case.heard("in_progress").await;
    stage.ondato.revoke_tokens();
    case.does(Act::whole_approval().split_off(1));
    case.ends("approved").await;
}
