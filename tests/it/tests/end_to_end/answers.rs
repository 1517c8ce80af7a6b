//! What a provider is answered when something is wrong with a webhook, with our configuration, or with AWS.

use idv_it::stage::{PATIENCE, Plan, Reply, Stage, request, signed, until};
use idv_local::{FunctionName, SourceQueue};
use idv_simulators::ondato::{Act, Endpoint, WebhookManner, WebhookRule};
use serde_json::{Value, json};

use crate::proofs::BODY;

const INGRESS: FunctionName = FunctionName::WebhookIngress;

fn come_again(reply: &Reply) {
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(reply.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()), "{reply:?}");
}

async fn post(stage: &Stage, tenant: &str, body: &[u8]) -> Reply {
    stage.post(tenant, &[signed(body)], body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proven_body_that_is_no_event_is_refused_by_its_fault() {
    let stage = Stage::start(&["acme"]).await;
    let longest = format!("{{\"type\":\"x\",\"pad\":\"{}\"}}", "x".repeat(256 * 1024 - 21));
    assert_eq!(longest.len(), 256 * 1024);
    assert_eq!(post(&stage, "acme", longest.as_bytes()).await.status, 200, "exactly 256 KiB");
    let longer = longest.replace("pad", "padd");
    assert_eq!(post(&stage, "acme", longer.as_bytes()).await.status, 413);
    assert_eq!(stage.post("acme", &[], longer.as_bytes()).await.status, 413, "nobody hashes so much for a stranger");
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let bodies: [&[u8]; 12] = [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        br#"{"type":7}"#,
        br#"{"type":"a","type":"b"}"#,
        br#"{"type":"a","Type":"b"}"#,
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        br#"{"type":"IdentityVerification.StatusChanged","payload":[]}"#,
        deep.as_bytes(),
    ];
    for body in bodies {
        let reply = post(&stage, "acme", body).await;
        assert_eq!(reply.status, 400, "{} {reply:?}", String::from_utf8_lossy(body));
        assert_eq!(stage.post("acme", &[], body).await.status, 401, "unproven, nothing is read");
    }
    let url = stage.webhooks("acme");
    assert_eq!(request("GET", &url, &[], b"").await.status, 405);
    assert_eq!(request("PUT", &url, &[signed(BODY)], BODY).await.status, 405);
    let override_method = [signed(BODY), ("x-http-method-override", "DELETE".to_owned())];
    assert_eq!(stage.post("acme", &override_method, BODY).await.status, 200, "not heard");
    assert!(stage.ondato.requests().is_empty());
    assert_eq!(stage.stack.dead_letters(SourceQueue::Notices).await.unwrap(), Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_we_cannot_tell_is_503_and_comes_again() {
    let plan = Plan::of(&["acme"])
        .and("unproven", |config| config["connections"]["ondato"]["webhook"] = json!({}))
        .and("broken", |config| config["enabled"] = json!("perhaps"))
        .and("off", |config| config["connections"]["ondato"]["enabled"] = json!(false))
        .and("closed", |config| config["enabled"] = json!(false));
    let stage = Stage::with(plan).await;
    for tenant in ["unproven", "broken", "off", "closed"] {
        come_again(&post(&stage, tenant, BODY).await);
    }
    // the queue is down
    let case = stage.begin("acme", "customer-1").await;
    stage.stack.outage(INGRESS, "sqs", true).unwrap();
    case.does([Act::Open]);
    until("the provider was told to come again", || async {
        stage.ondato.webhooks_sent().iter().any(|sent| sent.answer == idv_simulators::ondato::Answer::Status(503))
    })
    .await;
    stage.stack.outage(INGRESS, "sqs", false).unwrap();
    case.does(Act::whole_approval().split_off(1));
    case.ends("approved").await;

    // the secrets cannot be read: known ones serve on, a new process knows none
    stage.stack.outage(INGRESS, "secretsmanager", true).unwrap();
    assert_eq!(post(&stage, "acme", BODY).await.status, 200);
    stage.stack.kill(INGRESS).await;
    come_again(&post(&stage, "acme", BODY).await);
    come_again(&post(&stage, "nobody", BODY).await);
    stage.stack.outage(INGRESS, "secretsmanager", false).unwrap();
    until("it reads the secrets again", || async { post(&stage, "acme", BODY).await.status == 200 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_no_use_are_accepted_and_silent() {
    let stage = Stage::with(Plan::of(&["acme"]).without_schedule()).await;
    let case = stage.begin("acme", "customer-1").await;
    let manners = [WebhookManner::ForeignApplication, WebhookManner::UnknownType { name: "Robot.Approved".to_owned() }];
    for (manner, act) in manners.into_iter().zip([Act::Open, Act::Consent]) {
        stage.ondato.misdeliver(WebhookRule::always(manner).about(&case.idv).times(1));
        case.does([act]);
        case.webhooks_answered().await;
    }
    let payload = json!({"status": "InProgress"});
    for body in [
        json!({"type": "IdentityVerification.StatusChanged", "payload": payload}),
        json!({"type": "IdentityVerification.StatusChanged", "payload": {"id": "not a uuid"}}),
        json!({"type": "IdentityVerification.StatusChanged"}),
        json!({"type": "KycIdentification.Approved", "payload": {"id": "0d0c4a52-6f0e-4f0b-9c1e-1f5f6f5a0001"}}),
    ] {
        let body = body.to_string();
        assert_eq!(post(&stage, "acme", body.as_bytes()).await.status, 200, "{body}");
    }
    assert!(stage.stack.quiet(PATIENCE).await);
    assert_eq!(stage.ondato.requests_to(Endpoint::GetIdv), 0, "nobody looked");
    let reasons: Vec<String> = stage.logged(INGRESS, "webhook_silent").iter().map(Value::to_string).collect();
    for reason in ["foreign_application", "unknown_event", "no_subject"] {
        assert!(reasons.iter().any(|line| line.contains(reason)), "{reason} is counted: {reasons:?}");
    }
    assert_eq!(case.shown().await["status"], "link_issued");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_of_nobody_is_a_stranger_and_costs_nothing_more() {
    let stage = Stage::start(&["acme", "other"]).await;
    let stranger = stage.ondato.create_elsewhere(Some("somebody-else")).unwrap();
    // of the first application by name
    let case = stage.begin("acme", "customer-1").await;
    stage.ondato.perform(&stranger, [Act::Open]).unwrap();
    until("it is known as a stranger", || async { !stage.logged(FunctionName::EventFetcher, "stranger").is_empty() })
        .await;
    assert!(stage.stack.quiet(PATIENCE).await);
    let asked = stage.ondato.requests_to(Endpoint::GetIdv);
    stage.ondato.perform(&stranger, [Act::Consent]).unwrap();
    until("its webhooks are answered", || async { stage.ondato.quiet(PATIENCE).await.is_ok() }).await;
    assert!(stage.stack.quiet(PATIENCE).await);
    let known = stage.logged(FunctionName::EventFetcher, "notice_of_no_one");
    assert_eq!(stage.ondato.requests_to(Endpoint::GetIdv), asked, "it is remembered: {known:?}");
    // the same run, told through another tenant's door: not theirs either
    let body = json!({
        "type": "IdentityVerification.StatusChanged", "applicationId": stage.tenant("other").application.application_id,
        "payload": {"id": case.idv, "status": "Completed"},
    })
    .to_string();
    assert_eq!(post(&stage, "other", body.as_bytes()).await.status, 200);
    assert!(stage.stack.quiet(PATIENCE).await);
    assert_eq!(case.shown().await["status"], "link_issued");
    assert_eq!(stage.ask("other", &json!({"action": "list"})).await["onboardings"], json!([]));
}
