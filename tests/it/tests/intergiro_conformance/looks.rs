//! What a look finds and what it means: fixtures, the total table, foreign and changing answers.

use idv_gateway::domain::reduce::{Occasion, reduce};
use idv_gateway::domain::{
    Ask, Asked, Assessment, Change, ChangeKind, Claim, ClaimClass, DecidedBy, Evidence, Part, Reason, Snapshot,
    Standing, Status, Timestamp, Truth,
};
use idv_gateway::memory::http::{ScriptedHttp, empty, json as answer};
use idv_gateway::ports::ProviderError;
use serde_json::{Value, json};

use crate::harness::{
    ACTION, ACTIONS, ANOTHER, LOGIN, PERSON, Script, account, action, bench, fixture, individual, individual_line,
    list, person, resource,
};

pub(crate) const FIXTURES: &[&str] = &[
    "get.individual.activated",
    "get.individual.blocked",
    "get.individual.onboarding-data-provided",
    "get.individual.onboarding-requested",
    "get.individual.pending-activation",
    "get.individual.unknown-status",
    "get.pending-action.identity-verification",
    "get.pending-action.no-expiry",
    "get.pending-action.proof-of-address-verification",
    "get.pending-actions.list",
    "get.pending-actions.list.empty",
];

/// The status alone, the status while something is asked, whether that is told; none where it is unrecognised.
const ROWS: &[(&str, Option<Status>, Option<Status>, bool)] = &[
    ("pending-activation", Some(Status::Created), Some(Status::Created), false),
    ("onboarding-requested", Some(Status::LinkIssued), Some(Status::LinkIssued), false),
    ("onboarding-data-provided", Some(Status::InReview), Some(Status::ActionRequired), true),
    ("activated", Some(Status::Approved), Some(Status::Approved), true),
    ("blocked", Some(Status::Rejected), Some(Status::Rejected), true),
    ("unknown-status", None, None, false),
];

pub(crate) async fn look(script: Script) -> Result<Snapshot, ProviderError> {
    account().look(script.start().reach(), &person()).await
}

async fn found(status: &str, actions: &[Value]) -> Snapshot {
    look(Script::new().person(&individual(status)).asking(actions)).await.unwrap()
}

pub(crate) fn after(before: &Truth, snapshot: &Snapshot) -> Truth {
    let account = account();
    let occasion = Occasion { at: Timestamp::from_millis(0), evidence: Evidence::Webhook };
    reduce(before, snapshot, &|parts| account.assess(parts), occasion)
}

fn intended() -> Truth {
    Truth::intended(Timestamp::from_millis(0))
}

fn since<'a>(before: &Truth, after: &'a Truth) -> Vec<&'a Change> {
    after.changes.iter().filter(|change| change.version > before.version).collect()
}

fn kinds(before: &Truth, after: &Truth) -> Vec<ChangeKind> {
    since(before, after).into_iter().map(|change| change.kind).collect()
}

fn part<'a>(snapshot: &'a Snapshot, kind: &str) -> &'a Part {
    snapshot.parts().iter().find(|part| part.resource.kind.as_str() == kind).unwrap()
}

#[tokio::test]
async fn every_status_causes_its_change_with_and_without_an_action() {
    for (name, alone, asked, told) in ROWS {
        for (actions, expected) in [(vec![], alone), (vec![action("identity-verification")], asked)] {
            let body = fixture(&format!("get.individual.{name}"));
            let snapshot = look(Script::new().person(&body).asking(&actions)).await.unwrap();
            let truth = after(&intended(), &snapshot);
            assert_eq!(truth.status, expected.unwrap_or(Status::Created), "{name}");
            assert_eq!(truth.unrecognised.is_some(), expected.is_none(), "{name}");
            assert_eq!(truth.action.is_some(), *told && !actions.is_empty(), "{name}");
            assert_eq!(truth.decided_by, DecidedBy::Unknown);
            let reasons: Vec<_> = truth.reasons.iter().map(|because| because.code).collect();
            let blocked = if *name == "blocked" { vec![Reason::NotDisclosed] } else { vec![] };
            assert_eq!(reasons, blocked, "{name}");
            assert_eq!(kinds(&truth, &after(&truth, &snapshot)), [], "{name}: the same again is no change");
        }
    }
}

#[tokio::test]
async fn parts_say_what_the_provider_said() {
    let snapshot = found("activated", &[action("identity-verification")]).await;
    let (own, asked) = (part(&snapshot, "individual"), part(&snapshot, "pending_action"));
    assert_eq!(
        (own.resource.id.as_str(), own.provider_status.as_str(), own.standing),
        (PERSON, "activated", Standing::Approved)
    );
    assert!(own.digest.is_some() && own.at.is_none());
    assert_eq!((asked.resource.id.as_str(), asked.standing), (ACTION, Standing::Waiting));
    assert_eq!(asked.provider_reason.as_deref(), Some("IdentityVerification"));
    assert_eq!(asked.at, Timestamp::parse("2024-02-15T12:49:56Z"));
    let kept = format!("{snapshot:?}");
    for canary in ["John", "Mayor", "example.com", "46700000000", "1991", "Ekerö", "178 30", "verify your"] {
        assert!(!kept.contains(canary), "{canary}");
    }
}

#[tokio::test]
async fn what_is_asked_names_what_of_whom_and_by_when() {
    for (name, ask, by) in [
        ("identity-verification", Ask::ProvideDocument, Some("2024-02-22T12:49:56.000Z")),
        ("proof-of-address-verification", Ask::ProveAddress, Some("2024-02-22T12:49:56.000Z")),
        ("no-expiry", Ask::ProvideDocument, None),
    ] {
        let snapshot = found("onboarding_data_provided", &[action(name)]).await;
        let asked = after(&intended(), &snapshot).action.unwrap();
        assert_eq!((asked.ask, asked.of, asked.by), (ask, Asked::Person, by.and_then(Timestamp::parse)), "{name}");
        let id = fixture(&format!("get.pending-action.{name}"))["id"].as_str().unwrap().to_owned();
        assert_eq!(account().asking(snapshot.parts()), Some(resource("pending_action", &id)));
    }
}

/// Created, completed, decided: each step is one change, and what is done is not asked any more.
#[tokio::test]
async fn an_action_comes_and_goes() {
    let asked = [action("identity-verification")];
    let review = after(&intended(), &found("onboarding_data_provided", &[]).await);
    let waiting = after(&review, &found("onboarding_data_provided", &asked).await);
    assert_eq!((waiting.status, kinds(&review, &waiting)), (Status::ActionRequired, vec![ChangeKind::Status]));
    let again = after(&waiting, &found("onboarding_data_provided", &[]).await);
    assert_eq!((again.status, &again.action), (Status::InReview, &None));
    assert!(again.parts.iter().any(|part| part.resource.id.as_str() == ACTION && part.gone));
    assert_eq!(account().asking(&again.parts), None);
    let approved = after(&again, &found("activated", &[]).await);
    assert_eq!(approved.status, Status::Approved);
    let overlaid = after(&approved, &found("activated", &asked).await);
    assert_eq!((overlaid.status, kinds(&approved, &overlaid)), (Status::Approved, vec![ChangeKind::Action]));
    let done = after(&overlaid, &found("activated", &[]).await);
    assert_eq!((done.status, kinds(&overlaid, &done)), (Status::Approved, vec![ChangeKind::Action]));
}

#[tokio::test]
async fn a_decision_can_be_overturned_both_ways() {
    let approved = after(&intended(), &found("activated", &[]).await);
    let blocked = after(&approved, &found("blocked", &[]).await);
    let change = blocked.changes.iter().rev().find(|change| change.kind == ChangeKind::Status).unwrap();
    assert_eq!((change.status, change.previous, change.overturned), (Status::Rejected, Status::Approved, true));
    assert_eq!(after(&blocked, &found("activated", &[]).await).status, Status::Approved);
}

/// The documented example is of a card payment: no matter of an onboarding, whomever it is of.
#[tokio::test]
async fn actions_of_cards_are_passed_over() {
    let mut cards = fixture("get.pending-actions.list");
    cards["data"][0]["payload"]["individual_id"] = json!(PERSON);
    for cards in [fixture("get.pending-actions.list"), cards] {
        let script = Script::new().person(&individual("activated")).on(ACTIONS, 200, &cards);
        let snapshot = look(script).await.unwrap();
        assert_eq!(snapshot.parts().len(), 1);
        assert_eq!(after(&intended(), &snapshot).action, None);
    }
    let empty = fixture("get.pending-actions.list.empty");
    let snapshot = look(Script::new().person(&individual("activated")).on(ACTIONS, 200, &empty)).await.unwrap();
    assert_eq!(snapshot.parts().len(), 1);
}

#[tokio::test]
async fn the_list_is_asked_for_as_documented_and_read_to_its_end() {
    let one = action("identity-verification");
    let two = action("proof-of-address-verification");
    let more = json!({"data": [one], "has_more": true});
    let bench =
        Script::new().person(&individual("activated")).on(ACTIONS, 200, &more).on(ACTIONS, 200, &list(&[two])).start();
    let snapshot = account().look(bench.reach(), &person()).await.unwrap();
    assert_eq!(snapshot.parts().len(), 3);
    let queries: Vec<_> = bench
        .calls()
        .iter()
        .filter(|call| call.line() == ACTIONS)
        .map(|call| call.url.query().unwrap().to_owned())
        .collect();
    let first = format!("individual_id={PERSON}&completed=false");
    assert_eq!(queries, [first.clone(), format!("{first}&starting_after={ACTION}")]);
    let endless = Script::new().person(&individual("activated")).on(ACTIONS, 200, &more).start();
    let outcome = account().look(endless.reach(), &person()).await;
    assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{outcome:?}");
    assert_eq!(endless.count(ACTIONS), 2, "the same page again is no other");
}

/// Whoever checks strictly refuses a parameter that is not documented; then no look would ever succeed.
#[tokio::test]
async fn only_documented_parameters_are_sent_where_every_look_hangs_on_them() {
    let actions = list(&[action("identity-verification")]);
    let bench = bench(ScriptedHttp::new(move |call| {
        let documented = ["individual_id", "event_id", "completed"];
        Ok(match call.line().as_str() {
            LOGIN => answer(200, &fixture("post.auth.login.response")),
            ACTIONS if call.url.query_pairs().any(|(name, _)| !documented.contains(&&*name)) => {
                answer(422, &fixture("error.422.request-blocked"))
            }
            ACTIONS => answer(200, &actions),
            line if line == individual_line() => answer(200, &individual("activated")),
            _ => empty(404),
        })
    }));
    let found = account().look(bench.reach(), &person()).await;
    assert_eq!(found.map(|snapshot| snapshot.parts().len()), Ok(2));
}

fn strange() -> Value {
    let mut strange = action("identity-verification");
    strange["type"] = json!("SourceOfFunds");
    strange
}

/// What nobody knows is kept and shown; no decision is taken back or kept from being told for it.
#[tokio::test]
async fn an_action_of_an_unknown_type_is_told() {
    let mut untyped = strange();
    untyped.as_object_mut().unwrap().remove("type");
    let mut strangest = strange();
    strangest["payload"] = json!({"amount": 7});
    strangest["type"] = json!("John de Mayor");
    for (unknown, kept) in [(strange(), Some("SourceOfFunds")), (untyped, None), (strangest, Some("not_a_word"))] {
        let review = after(&intended(), &found("onboarding_data_provided", &[]).await);
        let snapshot = found("onboarding_data_provided", std::slice::from_ref(&unknown)).await;
        assert_eq!(part(&snapshot, "pending_action").provider_reason.as_deref(), kept);
        let asked = after(&review, &snapshot);
        assert_eq!((asked.status, kinds(&review, &asked)), (Status::ActionRequired, vec![ChangeKind::Status]));
        assert_eq!(asked.action.map(|action| (action.ask, action.of)), Some((Ask::AnswerQuestion, Asked::Person)));
        let approved = after(&review, &found("activated", std::slice::from_ref(&unknown)).await);
        assert_eq!((approved.status, approved.action.is_some()), (Status::Approved, true));
        let plain = after(&review, &found("activated", &[]).await);
        let overlaid = after(&plain, &found("activated", std::slice::from_ref(&unknown)).await);
        assert_eq!((overlaid.status, kinds(&plain, &overlaid)), (Status::Approved, vec![ChangeKind::Action]));
        let script = Script::new().person(&individual("activated")).asking(std::slice::from_ref(&unknown));
        let details = account().details(script.start().reach(), &person()).await.unwrap();
        assert_eq!(details["pending_actions"][0]["description"], unknown["description"]);
    }
    let mut foreign = strange();
    foreign["payload"]["individual_id"] = json!(ANOTHER);
    let script = Script::new().person(&individual("activated")).asking(&[foreign]);
    assert!(matches!(look(script).await, Err(ProviderError::Foreign(_))));
}

/// There can be none before the person's data are there.
#[tokio::test]
async fn a_person_who_has_not_come_costs_one_read() {
    for status in ["pending_activation", "onboarding_requested"] {
        let bench = Script::of(status).start();
        account().look(bench.reach(), &person()).await.unwrap();
        assert_eq!(bench.count(ACTIONS), 0);
        account().look(bench.reach(), &person()).await.unwrap();
    }
}

/// Other values make one `data_changed`, contact data one `contact_changed`; the form that is being filled in makes none.
#[tokio::test]
async fn edited_data_are_told_and_never_shown() {
    let script = |body: &Value| Script::new().person(body).asking(&[]);
    let before = after(&intended(), &look(script(&individual("activated"))).await.unwrap());
    for (pointer, value, told) in [
        ("/last_name", json!("Mayor"), ChangeKind::DataChanged),
        ("/date_of_birth", json!("1991-12-07"), ChangeKind::DataChanged),
        ("/address/city", json!("Stockholm"), ChangeKind::DataChanged),
        ("/email", json!("new.address@example.com"), ChangeKind::ContactChanged),
        ("/phone_number", json!("46700000001"), ChangeKind::ContactChanged),
    ] {
        let mut body = individual("activated");
        *body.pointer_mut(pointer).unwrap() = value.clone();
        let edited = after(&before, &look(script(&body)).await.unwrap());
        assert_eq!(kinds(&before, &edited), [told], "{pointer}");
        assert!(!format!("{edited:?}").contains(value.as_str().unwrap()), "{pointer}");
    }
    let mut bare = individual("onboarding_requested");
    bare.as_object_mut().unwrap().remove("address");
    let waiting = after(&intended(), &look(script(&bare)).await.unwrap());
    let filled = after(&waiting, &look(script(&individual("onboarding_data_provided"))).await.unwrap());
    assert_eq!(kinds(&waiting, &filled), [ChangeKind::Status]);
}

/// A read from before the event is told from one after it, as far as Intergiro lets.
#[tokio::test]
async fn claims_are_contradicted_by_what_is_older() {
    let asked = [action("identity-verification")];
    let of = |class, kind, id| Claim { class, part: Some(resource(kind, id)), at: None };
    let decided = of(ClaimClass::Decided, "individual", PERSON);
    let ended = of(ClaimClass::Ended, "individual", PERSON);
    let exists = of(ClaimClass::Exists, "pending_action", ACTION);
    let done = of(ClaimClass::Nothing, "pending_action", ACTION);
    for (status, actions, contradicted) in [
        ("onboarding_requested", &[][..], [true, true, true, false]),
        ("onboarding_data_provided", &[], [true, false, true, false]),
        ("onboarding_data_provided", &asked, [true, false, false, false]),
        ("activated", &[], [false, false, true, false]),
        ("blocked", &asked, [false, false, false, false]),
        ("closed", &asked, [false, false, false, false]),
    ] {
        let snapshot = found(status, actions).await;
        let verdicts = [&decided, &ended, &exists, &done].map(|claim| claim.contradicts(snapshot.parts()));
        assert_eq!(verdicts, contradicted, "{status}");
    }
}

/// Every answer that is about something else is refused.
#[tokio::test]
async fn what_is_not_ours_is_never_taken() {
    let mut other = individual("activated");
    other["id"] = json!(ANOTHER);
    let script = Script::new().person(&other).asking(&[]);
    assert!(matches!(look(script).await, Err(ProviderError::Foreign(_))));
    let foreign = fixture("get.pending-action.identity-verification");
    let script = Script::new().person(&individual("activated")).asking(&[action("no-expiry"), foreign.clone()]);
    assert!(matches!(look(script).await, Err(ProviderError::Foreign(_))));
    let mut nobodys = foreign;
    nobodys["payload"].as_object_mut().unwrap().remove("individual_id");
    let script = Script::new().person(&individual("activated")).asking(&[nobodys]);
    assert!(matches!(look(script).await, Err(ProviderError::Unavailable(_))));
    let shouted: Value =
        serde_json::from_str(&individual("activated").to_string().replace(PERSON, &PERSON.to_uppercase())).unwrap();
    assert!(look(Script::new().person(&shouted).asking(&[])).await.is_ok());
}

#[tokio::test]
async fn a_person_who_is_unknown_is_not_found() {
    assert_eq!(look(Script::new()).await, Err(ProviderError::NotFound));
    let unlisted = Script::new().then(&individual_line(), Ok(answer(200, &individual("activated"))));
    assert!(matches!(look(unlisted).await, Err(ProviderError::Unavailable(_))), "only the person may be not found");
}

#[tokio::test]
async fn an_unknown_status_keeps_the_last_one() {
    let approved = after(&intended(), &found("activated", &[]).await);
    for status in ["closed", "Activated", "ACTIVATED", "activated ", "", "John de Mayor"] {
        let snapshot = found(status, &[]).await;
        assert!(matches!(account().assess(snapshot.parts()), Assessment::Unrecognised { .. }), "{status}");
        let truth = after(&approved, &snapshot);
        assert_eq!((truth.status, truth.unrecognised.is_some()), (Status::Approved, true), "{status}");
        assert_eq!(after(&intended(), &snapshot).status, Status::Created, "{status}");
        assert!(!format!("{snapshot:?}").contains("John"));
    }
}
