//! Who waits how long for whom: the template's numbers beside the code's constants and the patience of those outside.

use std::time::Duration;

use idv_gateway::adapters::aws::{PROVIDER_PATIENCE, Patience};
use idv_gateway::adapters::sqs::{MAX_BATCH, MAX_DELAY, MAX_VISIBILITY};
use idv_gateway::adapters::vault::{INDEX_LIFE, PREFETCH_LIMIT, STALE_LIMIT, TENANT_LIFE};
use idv_gateway::delivery::webhook::DELIVERY_DEADLINE;
use idv_gateway::{deliver, fetch, invoke, look, reconcile};
use serde_json::{Value, json};

use super::held;
use super::template::{FUNCTIONS, Template};

const DAY: u64 = 24 * 3600;
/// API Gateway waits no longer for an integration of an HTTP API.
const API_LIMIT: Duration = Duration::from_secs(30);
/// SQS keeps nothing longer.
const QUEUE_LIMIT: u64 = 14 * DAY;
/// The longest that a provider goes on sending (Sumsub: 24.1 h).
const PROVIDER_HORIZON: Duration = Duration::from_secs(25 * 3600);
/// Lambda's own limit for INIT.
const INIT_LIMIT: Duration = Duration::from_secs(10);
/// Proving and reducing 256 KiB, with room.
const PROVING: Duration = Duration::from_millis(300);
/// What people get to answer an alarm before dead letters go.
const RESPONSE: u64 = 7 * DAY;
/// Short retries of a message end within this (design §2).
const SHORT_RETRIES: Duration = Duration::from_secs(120);

/// The queues, who receives from them, and the sources.
const QUEUES: [(&str, &str, &str, &str); 2] = [
    ("Notices", "NoticesDlq", "EventFetcher", "EventFetcherSource"),
    ("Deliveries", "DeliveriesDlq", "ResultDeliverer", "ResultDelivererSource"),
];

fn timeout(template: &Template, function: &str) -> Duration {
    Duration::from_secs(template.property(function, "Timeout").as_u64().unwrap_or_default())
}

fn faults(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let mut less = |what: &str, smaller: Duration, larger: Duration| {
        if smaller > larger {
            faults.push(format!("{what}: {smaller:?} is more than {larger:?}"));
        }
    };
    let of = |function| timeout(template, function);
    let seconds = |pointer: &str| Duration::from_secs(template.number(pointer));
    let worker = Patience::WORKER;

    // the front door: what the ingress does by itself ends before the least patient provider goes, the function is not cut
    // off before that, and the API waits for the function
    let own = Patience::INGRESS.vault.operation * 3 + Patience::INGRESS.bells.operation + PROVING;
    less("the ingress answers in time", own, PROVIDER_PATIENCE);
    less("the ingress is not cut off", PROVIDER_PATIENCE, of("WebhookIngress"));
    let integration =
        Duration::from_millis(template.number("/Resources/IngressIntegration/Properties/TimeoutInMillis"));
    less("the API waits for the ingress", of("WebhookIngress") + Duration::from_secs(1), integration);
    less("the API can wait so long", integration, API_LIMIT);
    less("what is read ahead fits into INIT", PREFETCH_LIMIT * 2, INIT_LIMIT);

    // the fetcher: all calls of a batch together, finding out whose it is, an exchange, a look, a link made ready, and the
    // ledger's write after them, end within the function; a look's lease is not over before
    less("a batch's calls end in time", fetch::CALLS + worker.ledger.operation, of("EventFetcher"));
    less("a look is one of a batch's calls", look::LOOK_BUDGET, fetch::CALLS);
    less("a look's lease outlives the look", look::LOOK_BUDGET + worker.ledger.operation, look::LEASE);
    less("a look's lease outlives the fetcher", of("EventFetcher"), look::LEASE);

    // the initiator: an app waits for a look, a link and a run, all in one request; nobody takes a claim over while its
    // first holder may work, who may be the fetcher, too
    less("a request's calls end in time", invoke::CALLS + worker.ledger.operation, of("OnboardingInitiator"));
    less("the main work is one of a request's calls", invoke::BUDGET, invoke::CALLS);
    for holder in ["OnboardingInitiator", "EventFetcher"] {
        let outlived = of(holder) + Duration::from_secs(1);
        less(&format!("a claim outlives its holder, {holder}"), outlived, invoke::CLAIM_DEADLINE);
    }
    less(
        "a key is remembered beyond providers' retries",
        PROVIDER_HORIZON + Duration::from_secs(DAY),
        invoke::REMEMBERED,
    );
    less("a key is remembered beyond dead letters", Duration::from_secs(QUEUE_LIMIT + DAY), invoke::REMEMBERED);

    // the deliverer: a hand-over ends in time, the lease is not over before
    let longest = DELIVERY_DEADLINE.max(worker.targets.operation);
    less("a report leaves time for its hand-over", deliver::REPORT * 2, DELIVERY_DEADLINE);
    less("a hand-over ends in time", longest + worker.ledger.operation, of("ResultDeliverer"));
    less("a delivery's lease outlives the deliverer", of("ResultDeliverer") * 2, deliver::LEASE);

    // the reconciler: what it moved is not rung again while it may still be at work
    less("a tick ends before what it rang is due again", of("Reconciler"), reconcile::AGAIN);

    // secrets
    less("the index is fresher than what it names", INDEX_LIFE, TENANT_LIFE);
    less("tenants are read anew before they are too old", TENANT_LIFE, STALE_LIMIT);

    for (queue, dlq, function, _) in QUEUES {
        let at = |queue: &str, name: &str| format!("/Resources/{queue}/Properties/{name}");
        let visibility = seconds(&at(queue, "VisibilityTimeout"));
        less(&format!("{queue}: nobody else sees what is worked on"), of(function) * 6, visibility);
        less(&format!("{queue}: SQS hides it so long"), visibility, MAX_VISIBILITY);
        let receives = template.number(&at(queue, "RedrivePolicy/maxReceiveCount"));
        let kept = seconds(&at(queue, "MessageRetentionPeriod"));
        let tried = visibility * u32::try_from(receives).unwrap_or(u32::MAX) + MAX_DELAY + SHORT_RETRIES;
        less(&format!("{queue}: kept until it was tried"), tried, kept);
        let dead = seconds(&at(dlq, "MessageRetentionPeriod"));
        less(&format!("{dlq}: people have time"), kept + Duration::from_secs(RESPONSE), dead);
        less(&format!("{dlq}: SQS keeps it so long"), dead, Duration::from_secs(QUEUE_LIMIT));
    }
    faults.extend(sources(template));
    faults
}

/// What Lambda is told of the queues, of the schedule and of concurrency.
fn sources(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for (queue, dlq, function, source) in QUEUES {
        let own = template.at(&format!("/Resources/{queue}/Properties/RedrivePolicy"));
        if own["deadLetterTargetArn"] != json!({"Fn::GetAtt": [dlq, "Arn"]}) || own["maxReceiveCount"] != 4 {
            faults.push(format!("{queue} does not give up to {dlq} after 4"));
        }
        let source_is = template.at(&format!("/Resources/{source}/Properties"));
        let expected = [
            ("FunctionName", json!({"Ref": function})),
            ("EventSourceArn", json!({"Fn::GetAtt": [queue, "Arn"]})),
            ("FunctionResponseTypes", json!(["ReportBatchItemFailures"])),
        ];
        for (name, value) in expected {
            if source_is[name] != value {
                faults.push(format!("{source}: {name} is {}", source_is[name]));
            }
        }
        if source_is["BatchSize"].as_u64().is_none_or(|size| size > u64::try_from(MAX_BATCH).unwrap_or_default()) {
            faults.push(format!("{source}: BatchSize is {}", source_is["BatchSize"]));
        }
        if !source_is["MaximumBatchingWindowInSeconds"].is_null() {
            faults.push(format!("{source} waits for more, which the visibility does not count"));
        }
        let bound = &source_is["ScalingConfig"]["MaximumConcurrency"]["Ref"];
        let bound = template.at(&format!("/Parameters/{}", bound.as_str().unwrap_or_default()));
        // Lambda takes 2 to 1000
        if bound["MinValue"] != 2 || bound["MaxValue"] != 1000 {
            faults.push(format!("{source} is not bounded by a parameter"));
        }
    }
    let mapped = template.of_type("AWS::Lambda::EventSourceMapping").count();
    if mapped != QUEUES.len() {
        faults.push(format!("{mapped} sources"));
    }
    for (function, _) in FUNCTIONS {
        if !template.property(function, "ReservedConcurrentExecutions").is_null() {
            faults.push(format!("{function} takes concurrency from the account"));
        }
    }
    let rule = template.at("/Resources/EachMinute/Properties");
    let retries = |of: &Value| (of["MaximumRetryAttempts"].clone(), of["MaximumEventAgeInSeconds"].clone());
    let none = (json!(0), json!(60));
    if rule["ScheduleExpression"] != "rate(1 minute)"
        || rule["Targets"][0]["Arn"] != json!({"Fn::GetAtt": ["Reconciler", "Arn"]})
        || retries(&rule["Targets"][0]["RetryPolicy"]) != none
        || retries(template.property("Reconciler", "EventInvokeConfig")) != none
    {
        faults.push("the reconciler is not invoked once each minute".to_owned());
    }
    faults
}

#[test]
fn everybody_waits_long_enough_and_no_longer() {
    let set = |pointer: &str, value: u64| Template::spoilt(&format!("/Resources/{pointer}"), json!(value));
    held(
        faults,
        &[
            (set("WebhookIngress/Properties/Timeout", 4), "the ingress is not cut off"),
            (set("WebhookIngress/Properties/Timeout", 16), "the API waits for the ingress"),
            (set("IngressIntegration/Properties/TimeoutInMillis", 30_001), "the API can wait so long"),
            (set("EventFetcher/Properties/Timeout", 28), "a batch's calls end in time"),
            (set("EventFetcher/Properties/Timeout", 60), "a claim outlives its holder, EventFetcher"),
            (set("EventFetcher/Properties/Timeout", 31), "a look's lease outlives the fetcher"),
            (set("EventFetcher/Properties/Timeout", 31), "Notices: nobody else sees"),
            (set("OnboardingInitiator/Properties/Timeout", 60), "a claim outlives its holder, OnboardingInitiator"),
            (set("OnboardingInitiator/Properties/Timeout", 27), "a request's calls end in time"),
            (set("ResultDeliverer/Properties/Timeout", 46), "a delivery's lease outlives"),
            (set("ResultDeliverer/Properties/Timeout", 15), "a hand-over ends in time"),
            (set("Reconciler/Properties/Timeout", 900), "a tick ends"),
            (set("Deliveries/Properties/VisibilityTimeout", 179), "Deliveries: nobody else sees"),
            (set("Notices/Properties/MessageRetentionPeriod", 1500), "Notices: kept until it was tried"),
            (set("Notices/Properties/MessageRetentionPeriod", 8 * DAY), "NoticesDlq: people have time"),
            (set("Notices/Properties/RedrivePolicy/maxReceiveCount", 1), "Notices does not give up"),
            (set("EventFetcherSource/Properties/BatchSize", 100), "BatchSize is 100"),
            (set("EventFetcherSource/Properties/MaximumBatchingWindowInSeconds", 5), "waits for more"),
            (set("Reconciler/Properties/ReservedConcurrentExecutions", 1), "takes concurrency"),
            (
                Template::without("/Resources/ResultDelivererSource/Properties/FunctionResponseTypes"),
                "FunctionResponseTypes",
            ),
            (Template::without("/Resources/ResultDelivererSource/Properties/ScalingConfig"), "not bounded"),
            (Template::without("/Resources/Reconciler/Properties/EventInvokeConfig"), "not invoked once each minute"),
            (
                Template::spoilt("/Resources/EachMinute/Properties/ScheduleExpression", json!("rate(1 hour)")),
                "each minute",
            ),
        ],
    );
}
