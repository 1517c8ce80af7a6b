//! What becomes of events: many at once, in any order, and those of a check's end that are not sent at all.

use idv_it::stage::{Plan, Stage};
use idv_simulators::onfido::{Act, Endpoint, Order, Outcome, WebhookManner};
use serde_json::{Value, json};

use super::nothing_dead;

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_events_costs_few_looks() {
    let plan = Plan::of(&[]).and("acme", |config| {
        config["connections"]["onfido"]["settings"]["report_names"] = json!([
            "document",
            "facial_similarity_photo",
            "watchlist_standard",
            "known_faces",
            "proof_of_address",
            "device_intelligence"
        ]);
    });
    // the plan's own looks would be counted, too
    let stage = Stage::with(plan.without_schedule().with_onfido()).await;
    let person = stage.applies("acme", "burst").await;
    person.checked().await;
    person.webhooks_answered().await;
    stage.calm().await;
    let looks = person.calls(Endpoint::ListChecks);
    person.webhooks(WebhookManner::Repeated { copies: 5 });
    let events = person.does([Act::complete()]);
    assert_eq!(events.len(), 7, "six reports and the check");
    person.ends("approved").await;
    person.webhooks_answered().await;
    stage.calm().await;
    let looked = person.calls(Endpoint::ListChecks) - looks;
    assert!((1..=2).contains(&looked), "{looked} looks for {} webhooks", events.len() * 5);
    assert_eq!(person.calls(Endpoint::GetReport), 0, "whose they are is known since `submit`");
    nothing_dead(&stage).await;
}

/// Last first, and after all was over: the end is the same.
#[tokio::test(flavor = "multi_thread")]
async fn events_in_any_order_lead_to_the_same_end() {
    let stage = Stage::with(Plan::of(&["acme"]).with_onfido()).await;
    let person = stage.applies("acme", "reordered").await;
    let rule = person.webhooks(WebhookManner::Held);
    person.checked().await;
    person.does([Act::complete()]);
    stage.onfido().remove_rule(rule);
    stage.onfido().release(&Order::Reversed);
    person.ends("approved").await;
    person.webhooks_answered().await;
    stage.onfido().send_again(&person.applicant);
    person.webhooks_answered().await;
    stage.calm().await;
    person.ends("approved").await;
    nothing_dead(&stage).await;
}

/// Told of reports alone, as such set-ups are, a check is settled soon after its last report.
#[tokio::test(flavor = "multi_thread")]
async fn a_check_whose_end_nobody_tells_is_settled() {
    let stage = Stage::with(Plan::of(&["acme", "globex"]).sharing_onfido()).await;
    let person = stage.applies("acme", "told-of-reports").await;
    person.checked().await;
    person.does([Act::complete_report("document", Outcome::Clear)]);
    person.does([Act::complete_report("facial_similarity_photo", Outcome::Clear)]);
    person
        .shows("both reports", |shown| {
            let parts = shown["parts"].as_array().map(Vec::as_slice).unwrap_or_default();
            let report = |part: &&Value| part["resource"]["kind"] == "report" && part["standing"] == "approved";
            parts.iter().filter(report).count() == 2
        })
        .await;
    assert_ne!(person.shown().await["status"], "approved", "the check still runs");
    person.does([Act::FinishCheck]);
    person.ends("approved").await;
    nothing_dead(&stage).await;
}
