//! What a webhook costs while the function is warm.

use std::time::Instant;

use idv_it::stage::{PATIENCE, Plan, Stage, request, signed};
use idv_local::{AwsCall, FunctionName};
use idv_simulators::ondato::{Act, Endpoint, WebhookManner};
use serde_json::json;

use crate::proofs::BODY;

const INGRESS: FunctionName = FunctionName::WebhookIngress;

fn count(calls: &[AwsCall], operation: &str) -> usize {
    calls.iter().filter(|call| call.operation == operation).count()
}

/// One process, so that what is warm is known.
async fn stage() -> Stage {
    Stage::with(Plan { concurrency: 1, ..Plan::of(&["acme"]) }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_proof_nobody_causes_a_call_beyond_the_refreshes() {
    let stage = stage().await;
    let knock = async || {
        let mut answers = Vec::new();
        for path in ["acme/ondato", "acme/nowhere", "nobody/ondato", "Acme/ondato"] {
            let url = format!("{}/v1/webhooks/{path}", stage.stack.api_url());
            answers.push(request("POST", &url, &[("ondato-signature", "t=1, s=00".to_owned())], BODY).await.status);
        }
        let url = format!("{}/v1/oauth/acme/ondato/token", stage.stack.api_url());
        request("POST", &url, &[], b"grant_type=client_credentials&client_id=a&client_secret=b").await;
        answers
    };
    knock().await;
    stage.stack.forget_calls(INGRESS);
    let begun = Instant::now();
    for _ in 0..40 {
        assert_eq!(knock().await, [401, 401, 401, 401]);
    }
    let calls = stage.stack.aws_calls(INGRESS);
    // the index at most each 5 s, the tenant at most each 10 s (design §8); one more for where the window begins
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap();
    let most = if seconds < 5 { 1 } else { 2 + seconds / 5 + seconds / 10 };
    assert!(calls.len() <= most, "{} calls in {seconds} s: {calls:?}", calls.len());
    assert!(calls.iter().all(|call| call.operation == "GetSecretValue"), "{calls:?}");
    assert!(stage.ondato.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_webhook_costs_one_message() {
    let stage = stage().await;
    let body = json!({
        "type": "IdentityVerification.StatusChanged", "applicationId": stage.tenant("acme").application.application_id,
        "payload": {"id": "0d0c4a52-6f0e-4f0b-9c1e-1f5f6f5a0001", "status": "InProgress"},
    })
    .to_string();
    // the index is read again when it is 60 s old: now it is fresh
    request("POST", &format!("{}/v1/webhooks/nobody/ondato", stage.stack.api_url()), &[], b"").await;
    stage.stack.forget_calls(INGRESS);
    for _ in 0..5 {
        assert_eq!(stage.post("acme", &[signed(body.as_bytes())], body.as_bytes()).await.status, 200);
    }
    let calls = stage.stack.aws_calls(INGRESS);
    assert_eq!((count(&calls, "SendMessage"), calls.len()), (5, 5), "{calls:?}");
    stage.stack.forget_calls(INGRESS);
    assert_eq!(stage.post("acme", &[signed(BODY)], BODY).await.status, 200);
    assert_eq!(stage.stack.aws_calls(INGRESS), [], "a silent one costs nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_costs_a_leading_and_a_trailing_look() {
    let stage = Stage::with(Plan::of(&["acme"]).without_schedule()).await;
    let case = stage.begin("acme", "customer-1").await;
    case.does(Act::whole_capture());
    case.heard("submitted").await;
    assert!(stage.stack.quiet(PATIENCE).await);
    let before = stage.ondato.requests_to(Endpoint::GetIdv);
    case.webhooks(WebhookManner::Repeated { copies: 25 });
    let begun = Instant::now();
    case.does([Act::approve(), Act::Complete]);
    case.webhooks_answered().await;
    // a look answers what was sent 2 s before it: a burst that takes longer to come in is several
    let bursts = 1 + usize::try_from(begun.elapsed().as_secs() / 2).unwrap();
    case.ends("approved").await;
    assert!(stage.stack.quiet(PATIENCE).await);
    let looks = stage.ondato.requests_to(Endpoint::GetIdv) - before;
    assert!(looks <= 1 + bursts, "50 webhooks, {looks} looks");
}
