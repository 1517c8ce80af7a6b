//! The permissions of the table beside what the real functions call in a whole story: what they call is allowed, and what
//! is allowed is called, or there is a reason why this story does not.

use std::collections::BTreeSet;
use std::time::Duration;

use idv_it::stage::{PATIENCE, Plan, Stage, until};
use idv_local::{FunctionName, SourceQueue};
use idv_simulators::app::Behaviour;
use idv_simulators::intergiro as bank;
use idv_simulators::ondato::{Act, WebhookManner};
use serde_json::json;

use super::permissions::granted;
use super::template::Template;

/// Allowed, and not called in this story.
const ELSEWHERE: [(&str, &str, &str); 6] = [
    ("EventFetcher", "dynamodb:DeleteItem", "makes a link ready for somebody who is being erased"),
    ("EventFetcher", "dynamodb:PutItem", "adopts an unknown subject, or spills a change"),
    ("EventFetcher", "dynamodb:Query", "empties the claim on a link of somebody who is being erased"),
    ("EventFetcher", "sqs:ChangeMessageVisibility", "waits for a ledger that does not answer"),
    ("ResultDeliverer", "events:PutEvents", "delivers to an event bus"),
    ("Reconciler", "dynamodb:BatchGetItem", "reads what is due"),
];

/// Done by Lambda around the function, or by a service that it calls, not by the function itself.
const AROUND: [&str; 6] = [
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
];

fn called(stage: &Stage, function: FunctionName) -> BTreeSet<String> {
    let calls = stage.stack.aws_calls(function).into_iter();
    calls.map(|call| format!("{}:{}", call.service, call.operation.trim_end_matches("Batch"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_allowed_is_what_a_whole_story_calls() {
    let stage = Stage::start(&["acme", "leaves"]).await;
    stage.tenant("leaves").app.misbehave(Behaviour::Status { code: 410 }, Some(1));
    let left = stage.begin("leaves", "customer-1").await;
    left.does(Act::whole_approval());
    let case = stage.begin("acme", "customer-1").await;
    case.does(Act::whole_approval());
    case.ends("approved").await;
    // found by the schedule alone
    let unheard = stage.begin("acme", "customer-2").await;
    unheard.webhooks(WebhookManner::Lost);
    unheard.does(Act::whole_approval());
    unheard.ends("approved").await;
    case.timeline().await;
    assert_eq!(stage.ask("acme", &json!({"action": "list"})).await["onboardings"].as_array().map(Vec::len), Some(2));
    for queue in [&stage.stack.queues().notices, &stage.stack.queues().deliveries] {
        stage.stack.sqs().send_message().queue_url(queue).message_body("no JSON").send().await.unwrap();
    }
    for source in [SourceQueue::Notices, SourceQueue::Deliveries] {
        until("poison is put aside", || async { stage.stack.dead_letters(source).await.unwrap().len() == 1 }).await;
    }
    let erased = case.ask("erase", json!({})).await;
    assert!(erased["erased_at"].is_string(), "{erased}");
    stage.tick().await;
    assert!(stage.stack.quiet(PATIENCE).await);

    let (beyond, idle) = beside_the_table(&stage);
    assert!(beyond.is_empty() && idle.is_empty(), "{beyond:#?} {idle:#?}");
}

/// A login that all share, thin events whose person is found out, a link that is made ready unasked, and a feed that tells
/// of what no webhook did.
#[tokio::test(flavor = "multi_thread")]
async fn a_story_of_thin_events_calls_nothing_else() {
    let settings = bank::Settings { link_life: Duration::from_secs(3), ..bank::Settings::default() };
    let plan = Plan::of(&[]).and("acme", |config| {
        // four seconds, as fast as the plan runs here
        config["connections"]["intergiro"]["settings"] = json!({"reissue": "auto", "stalled_after": "8m"});
    });
    let stage = Stage::with(plan.with_intergiro_as(settings)).await;
    let (person, away) = tokio::join!(stage.enrol("acme", "customer-1"), stage.enrol("acme", "customer-2"));
    person.does(bank::Act::whole_approval());
    person.ends("approved").await;
    until("a link is made ready for who stayed away", || async {
        stage.logged(FunctionName::EventFetcher, "reissued").iter().any(|line| line["outcome"] == "ready")
    })
    .await;
    assert!(away.calls(bank::Endpoint::Onboard) > 1, "the first link, and the one made ready");
    person.webhooks(bank::WebhookManner::Lost);
    person.does([bank::Act::Block]);
    person.ends("rejected").await;

    let (beyond, _) = beside_the_table(&stage);
    assert!(beyond.is_empty(), "{beyond:#?}");
    let called = called(&stage, FunctionName::EventFetcher);
    for action in ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchGetItem"] {
        assert!(called.contains(action), "the story has no {action}: {called:?}");
    }
}

/// What the functions called and may not, and what they may and did not call without a reason.
fn beside_the_table(stage: &Stage) -> (Vec<String>, Vec<String>) {
    let template = Template::read();
    let functions = [
        ("WebhookIngress", FunctionName::WebhookIngress),
        ("EventFetcher", FunctionName::EventFetcher),
        ("OnboardingInitiator", FunctionName::OnboardingInitiator),
        ("ResultDeliverer", FunctionName::ResultDeliverer),
        ("Reconciler", FunctionName::Reconciler),
    ];
    let (mut beyond, mut idle) = (Vec::new(), Vec::new());
    for (id, function) in functions {
        let allowed: BTreeSet<String> = granted(&template, id).into_iter().map(|(action, _)| action).collect();
        let called = called(stage, function);
        beyond.extend(called.difference(&allowed).map(|action| format!("{id} calls {action} and may not")));
        let excused = |action: &str| {
            AROUND.contains(&action) || ELSEWHERE.iter().any(|(of, excused, _)| *of == id && *excused == action)
        };
        let unused = allowed.difference(&called).filter(|action| !excused(action));
        idle.extend(unused.map(|action| format!("{id} may {action} and does not")));
    }
    (beyond, idle)
}
