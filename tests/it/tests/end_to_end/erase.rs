//! Erasing: nothing that was known can be read again, and nothing revives it.

use idv_it::stage::{PATIENCE, Stage, until};
use idv_local::SourceQueue;
use idv_simulators::ondato::{Act, ApiManner, ApiRule, Endpoint, Order, WebhookManner};
use serde_json::{Value, json};

use crate::invoke::code;

async fn table(stage: &Stage) -> String {
    let rows = stage.stack.dynamodb().scan().table_name(stage.stack.table()).send().await.unwrap();
    format!("{:?}", rows.items())
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_destroys_and_nothing_revives() {
    let stage = Stage::start(&["acme", "late"]).await;
    let case = stage.begin("acme", "customer-1").await;
    case.does(Act::whole_approval());
    case.ends("approved").await;
    let told = case.received().len();
    assert!(table(&stage).await.contains(&case.idv));

    // the provider fails in between: the request is repeated and goes on
    stage.ondato.misbehave(ApiRule::always(ApiManner::Status { code: 503 }).at(Endpoint::Redact).times(1));
    let failed = case.ask("erase", json!({})).await;
    assert_eq!(code(&failed), "provider_unavailable", "{failed}");
    let receipt = case.ask("erase", json!({})).await;
    assert_eq!(receipt["provider"][0]["id"], *case.idv, "{receipt}");
    assert_eq!(receipt["not_at_provider"], json!([]));
    assert_eq!(stage.ondato.truth(&case.idv).unwrap().idv["redaction"]["status"], "Completed");

    until("the application is told once", || async { case.received().len() == told + 1 }).await;
    let last = case.received().pop().unwrap();
    assert_eq!((last.event_type.as_str(), last.verified()), ("onboarding.erased", true));
    assert_eq!(last.body["data"]["reasons"], json!([]));

    let rows = table(&stage).await;
    assert!(!rows.contains(&case.idv), "no id of the provider is left, only its digest");
    let shown = case.shown().await;
    assert!(
        shown["erased_at"].is_string() && shown["parts"] == json!([]) && shown["provider_ids"] == json!({}),
        "{shown}"
    );
    assert_eq!(case.timeline().await.len(), 1, "the history is gone but for its end");

    // late webhooks of it, old and new
    let looked = stage.ondato.requests_to(Endpoint::GetIdv);
    stage.ondato.send_again(&case.idv);
    case.does([Act::reject_manually("PossibleFraudAttempt")]);
    case.webhooks_answered().await;
    assert!(stage.stack.quiet(PATIENCE).await);
    assert_eq!(stage.ondato.requests_to(Endpoint::GetIdv), looked, "nobody looks");
    assert_eq!(case.received().len(), told + 1, "nobody is told");
    assert_eq!(case.shown().await, shown);

    let again = case.ask("erase", json!({})).await;
    assert_eq!(
        (&again["onboarding_id"], &again["erased_at"]),
        (&receipt["onboarding_id"], &receipt["erased_at"]),
        "the receipt again"
    );
    assert!(stage.stack.quiet(PATIENCE).await);
    assert_eq!(case.received().len(), told + 1);
    let replay = stage.ask("acme", &stage.start_request("acme", "customer-1")).await;
    assert!(replay["link"].is_null(), "the key of what is erased gives no link: {replay}");
    let letters: Vec<Value> = stage.stack.dead_letters(SourceQueue::Notices).await.unwrap();
    assert_eq!(letters, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_while_webhooks_are_on_their_way() {
    let stage = Stage::start(&["acme"]).await;
    let case = stage.begin("acme", "customer-1").await;
    case.webhooks(WebhookManner::Held);
    case.does(Act::whole_approval());
    stage.ondato.release(&Order::AsHeld);
    let receipt = case.ask("erase", json!({})).await;
    assert!(receipt["erased_at"].is_string(), "{receipt}");
    case.webhooks_answered().await;
    assert!(stage.stack.quiet(PATIENCE).await);
    let told: Vec<String> = case.received().into_iter().map(|row| row.event_type).collect();
    assert_eq!(told.last().map(String::as_str), Some("onboarding.erased"), "{told:?}");
    assert!(!told.iter().any(|kind| kind == "onboarding.approved"), "{told:?}");
    assert!(case.shown().await["erased_at"].is_string());
}
