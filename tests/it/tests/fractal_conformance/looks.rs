//! What a look finds and what it means: fixtures, every pair of words, parts in every order, what changes.

use std::sync::Arc;

use idv_gateway::domain::reduce::{Occasion, reduce};
use idv_gateway::domain::{
    Assessment, ChangeKind, Claim, ClaimClass, Evidence, Opinion, Part, Snapshot, Standing, Status, Timestamp, Truth,
};
use idv_gateway::memory::http::json as answer;
use idv_gateway::ports::{Account, ProviderError};
use serde_json::{Value, json};

use crate::harness::{
    ME, Script, UID, account, account_with, case, fixture, journey, level, part, person, resource, run, user,
};

pub(crate) const FIXTURES: &[&str] = &[
    "get.users-me.approved",
    "get.users-me.contacted",
    "get.users-me.doc-response-1.status-only",
    "get.users-me.doc-response-2.with-details",
    "get.users-me.institution",
    "get.users-me.journey-not-completed",
    "get.users-me.partial-approved",
    "get.users-me.pending",
    "get.users-me.rejected",
];

async fn found(account: &Arc<dyn Account>, asked: &str, body: &Value) -> Snapshot {
    let run = journey(asked);
    let bench = Script::default().me(body).rows(&json!([])).arrived(&**account, &run).await;
    account.look(bench.reach(), &run).await.unwrap()
}

fn opinion(account: &Arc<dyn Account>, parts: &[Part]) -> Option<Opinion> {
    match account.assess(parts) {
        Assessment::Known(opinion) => Some(opinion),
        Assessment::Unrecognised { .. } => None,
    }
}

pub(crate) async fn status(asked: &str, body: &Value) -> Option<Status> {
    let account = account();
    let snapshot = found(&account, asked, body).await;
    opinion(&account, snapshot.parts()).map(|opinion| opinion.status)
}

fn after(before: &Truth, snapshot: &Snapshot) -> Truth {
    let account = account();
    let occasion = Occasion { at: Timestamp::from_millis(0), evidence: Evidence::Webhook };
    reduce(before, snapshot, &|parts| account.assess(parts), occasion)
}

fn intended() -> Truth {
    Truth::intended(Timestamp::from_millis(0))
}

#[tokio::test]
async fn every_answer_of_the_fixtures() {
    for (name, asked, wanted) in [
        ("approved", "basic+liveness", Status::Approved),
        ("partial-approved", "basic+liveness", Status::InReview),
        ("pending", "basic+liveness", Status::InReview),
        ("journey-not-completed", "basic+liveness", Status::InProgress),
        ("contacted", "basic+liveness", Status::ActionRequired),
        ("rejected", "basic+liveness", Status::Rejected),
        ("no-cases", "basic+liveness", Status::InProgress),
        ("institution", "plus", Status::Approved),
        ("approved", "basic", Status::Approved),
        ("approved", "basic+liveness+idos", Status::InProgress),
        ("partial-approved", "basic", Status::Approved),
        // the printed samples: joined levels, the verdict in `status`
        ("doc-response-1.status-only", "basic+liveness", Status::Approved),
        ("doc-response-1.status-only", "liveness+basic", Status::Approved),
        ("doc-response-1.status-only", "basic+liveness+wallet-eth", Status::Approved),
        ("doc-response-1.status-only", "plus+selfie", Status::InReview),
        ("doc-response-1.status-only", "plus+selfie+liveness", Status::InReview),
        ("doc-response-2.with-details", "plus+selfie", Status::Approved),
        // a case that says nothing of its verdict
        ("doc-response-2.with-details", "basic", Status::InProgress),
        ("doc-response-2.with-details", "uniqueness", Status::InProgress),
    ] {
        let found = status(asked, &fixture(&format!("get.users-me.{name}"))).await;
        assert_eq!(found, Some(wanted), "{name} {asked}");
    }
}

#[tokio::test]
async fn before_the_person_is_back_there_is_the_run_alone() {
    let bench = Script::default().start();
    let account = account();
    let snapshot = account.look(bench.reach(), &run()).await.unwrap();
    assert_eq!(snapshot.parts(), [Part::new(run(), "not_back", Standing::Open)]);
    assert_eq!(opinion(&account, snapshot.parts()).unwrap().status, Status::LinkIssued);
    assert!(bench.lines().is_empty());
    let other = account.look(bench.reach(), &resource("check", UID)).await;
    assert_eq!(other.err(), Some(ProviderError::NotFound));
}

#[tokio::test]
async fn an_approval_needs_all_in_whatever_order_they_come() {
    const LEVELS: [&str; 3] = ["basic", "liveness", "idos"];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut approved = Vec::new();
        let mut truth = intended();
        for step in order {
            approved.push(LEVELS[step]);
            let cases: Vec<Value> = LEVELS
                .iter()
                .map(|name| {
                    let (status, credential) =
                        if approved.contains(name) { ("done", "approved") } else { ("pending", "pending") };
                    case(name, status, credential)
                })
                .collect();
            let snapshot = found(&account(), "basic+liveness+idos", &person(&cases)).await;
            truth = after(&truth, &snapshot);
            let all = approved.len() == LEVELS.len();
            assert_eq!(truth.status == Status::Approved, all, "{approved:?}");
        }
        let told = truth.changes.iter().filter(|change| change.kind == ChangeKind::Part).count();
        assert_eq!(told, 3, "each is told when it is decided: {order:?}");
    }
}

#[tokio::test]
async fn one_rejection_decides_and_says_no_more() {
    let account = account();
    let snapshot = found(&account, "basic+liveness", &fixture("get.users-me.rejected")).await;
    let opinion = opinion(&account, snapshot.parts()).unwrap();
    assert_eq!(opinion.reasons[0].code.as_str(), "not_disclosed");
    assert_eq!(opinion.reasons[0].provider_code.as_deref(), Some("basic"));
    assert!(account.asking(snapshot.parts()).is_none());
}

#[tokio::test]
async fn who_is_contacted_is_asked_and_has_a_link() {
    let account = account();
    let snapshot = found(&account, "basic+liveness", &fixture("get.users-me.contacted")).await;
    let opinion = opinion(&account, snapshot.parts()).unwrap();
    let action = opinion.action.unwrap();
    assert_eq!((action.ask.as_str(), action.of.as_str()), ("answer_question", "person"));
    assert_eq!(account.asking(snapshot.parts()), Some(level(UID, "basic")));
}

/// What the page shows beside its own list, and what nobody has announced.
#[tokio::test]
async fn what_is_not_known_does_not_disturb() {
    let mut body = fixture("get.users-me.approved");
    body["verification_cases"].as_array_mut().unwrap().extend([
        json!({"level": "v1", "status": "done", "credential": "rejected"}),
        json!({"level": "light+selfie+wallet", "status": "quantum"}),
        json!({"status": "done", "credential": "rejected"}),
        json!({"level": 7}),
        json!("a case"),
        json!(null),
    ]);
    body["phones:"] = json!([{"number": "+44000000000"}]);
    body["persons"] = json!({"new": [1]});
    for case in body["verification_cases"].as_array_mut().unwrap() {
        if case.is_object() {
            case["journey_completed_at"] = json!("2026-01-15T10:00:00Z");
        }
    }
    assert_eq!(status("basic+liveness", &body).await, Some(Status::Approved));
    for no_list in [json!(null)] {
        body["verification_cases"] = no_list;
        assert_eq!(status("basic+liveness", &body).await, Some(Status::InProgress));
    }
    body.as_object_mut().unwrap().remove("verification_cases");
    assert_eq!(status("basic+liveness", &body).await, Some(Status::InProgress));
}

/// Of several cases of one level the one of what was asked counts; of two as good ones the one that is open, for it is
/// the newer one. Of an approval and a rejection nobody knows.
#[tokio::test]
async fn of_several_cases_the_fitting_one_counts() {
    for (cases, wanted) in [
        (vec![("basic+liveness", "approved"), ("basic+liveness+wallet-eth", "pending")], Some(Status::Approved)),
        (vec![("basic+liveness+wallet-eth", "approved"), ("basic+liveness", "pending")], Some(Status::InReview)),
        (vec![("basic+liveness", "rejected"), ("basic+liveness", "pending")], Some(Status::InReview)),
        (vec![("basic+liveness", "contacted"), ("basic+liveness", "rejected")], Some(Status::ActionRequired)),
        (vec![("basic+liveness", "rejected"), ("basic+liveness", "rejected")], Some(Status::Rejected)),
        (vec![("basic+liveness", "approved"), ("basic+liveness", "rejected")], None),
        (vec![("basic+liveness", "rejected"), ("basic+liveness", "approved")], None),
        (vec![("basic", "approved"), ("liveness+wallet-eth", "approved")], Some(Status::Approved)),
        (vec![("basic+wallet-eth", "approved")], Some(Status::InProgress)),
        (vec![("plus+liveness", "approved")], Some(Status::InProgress)),
        (vec![("basic", "approved"), ("liveness", "approved"), ("basic", "quantum")], None),
    ] {
        let rows: Vec<Value> =
            cases.iter().map(|(level, status)| json!({"level": level, "status": status, "details": null})).collect();
        assert_eq!(status("basic+liveness", &person(&rows)).await, wanted, "{cases:?}");
    }
}

#[tokio::test]
async fn a_change_of_contact_or_of_details_is_told_and_not_what() {
    let first = fixture("get.users-me.approved");
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut body = first.clone();
        change(&mut body);
        body
    };
    let email = changed(&|body| body["emails"][0]["address"] = json!("other@example.com"));
    let obsolete = changed(&|body| {
        body["emails"].as_array_mut().unwrap().push(json!({"address": "old@example.com", "source_type": "obsolete"}));
    });
    let misprinted = changed(&|body| body["phones:"] = json!([{"number": "+44000000000"}]));
    let file = changed(&|body| {
        body["verification_cases"][0]["details"]["identification_document_front_file"] =
            json!("https://files.example.com/x?expires=2");
    });
    let name = changed(&|body| body["verification_cases"][0]["details"]["full_name"] = json!("Testa Example"));
    let emptied = changed(&|body| body["verification_cases"][0]["details"] = json!({}));
    for (what, body, wanted) in [
        ("email", email, vec![ChangeKind::ContactChanged]),
        ("an old address", obsolete, vec![]),
        ("a phone number", misprinted, vec![ChangeKind::ContactChanged]),
        ("an address of a file", file, vec![]),
        ("a name", name, vec![ChangeKind::DataChanged]),
        ("deleted at Fractal", emptied, vec![]),
    ] {
        let before = after(&intended(), &found(&account(), "basic+liveness", &first).await);
        let then = after(&before, &found(&account(), "basic+liveness", &body).await);
        let kinds: Vec<ChangeKind> =
            then.changes.iter().filter(|change| change.version > before.version).map(|change| change.kind).collect();
        assert_eq!(kinds, wanted, "{what}");
        let kept = format!("{:?}", then.parts);
        assert!(!kept.contains("Testa") && !kept.contains('@') && !kept.contains("files."), "{kept}");
    }
}

/// The details of the event's level contradict a look from before, and nothing else does.
#[tokio::test]
async fn a_claim_is_held_against_what_is_found() {
    let decided = |name: &str| Claim { class: ClaimClass::Decided, part: Some(level(UID, name)), at: None };
    let partial = found(&account(), "basic+liveness", &fixture("get.users-me.partial-approved")).await;
    assert!(!decided("basic").contradicts(partial.parts()));
    assert!(decided("liveness").contradicts(partial.parts()), "it is older than the event");
    let contacted = Claim { class: ClaimClass::Exists, ..decided("liveness") };
    assert!(!contacted.contradicts(partial.parts()));
}

#[tokio::test]
async fn details_are_as_fractal_tells_them_and_live() {
    let body = fixture("get.users-me.approved");
    let account = account_with(json!({"sweep": false}));
    let bench = Script::default().me(&body).arrived(&*account, &run()).await;
    let details = account.details(bench.reach(), &run()).await.unwrap();
    assert_eq!(details["user"], body);
    let nobody = account.details(bench.reach(), &journey("plus")).await;
    assert!(matches!(nobody, Err(ProviderError::Unsupported(_))));
    assert!(matches!(account.details(bench.reach(), &user(UID)).await, Err(ProviderError::Unsupported(_))));
}

/// Another person's answer is never stored.
#[tokio::test]
async fn another_person_is_foreign() {
    for body in [
        json!({"uid": crate::harness::ANOTHER}),
        json!({"uid": crate::harness::ANOTHER, "verification_cases": [case("basic", "done", "approved")]}),
    ] {
        let bench = Script::default().me(&body).arrived(&*account(), &run()).await;
        let found = account().look(bench.reach(), &run()).await;
        assert!(matches!(found, Err(ProviderError::Foreign(_))), "{found:?}");
    }
    let upper = json!({"uid": UID.to_uppercase()});
    let bench = Script::default().only(ME, vec![Ok(answer(200, &upper))]).arrived(&*account(), &run()).await;
    let snapshot = account().look(bench.reach(), &run()).await.unwrap();
    part(snapshot.parts(), &user(UID));
}
