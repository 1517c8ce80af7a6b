//! Who may ask: whom the API's authoriser has found out and the index lists beside the subscription, through the one alias.

use std::collections::BTreeSet;

use idv_it::rig::Setup;
use serde_json::{Value, json};

use crate::scene::{A, A2, ACME, B, BOLT, Scene, config, event, fixture};

fn applicants(subscription: &str, caller: &str) -> Value {
    event("applicants", subscription, caller, &fixture("create_applicant"))
}

fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut event = applicants(A, ACME);
    change(&mut event);
    event
}

#[test]
fn whoever_may_not_is_answered_the_same_bytes_and_costs_the_index_at_most() {
    let scene = Scene::new();
    let authorizer = |value: Value| with(|event| event["requestContext"]["authorizer"] = value);
    let header = |name: &str, value: &str| with(|event| event["headers"][name] = json!(value));
    let nothing: &[&str] = &[];
    let index: &[&str] = &["vault.subscription"];
    let cases = [
        ("a caller of another tenant", applicants(A, BOLT), index),
        ("another tenant's subscription", applicants(B, ACME), index),
        ("an unknown id", applicants("Subscription-C", ACME), index),
        ("an id in other letters", applicants("subscription-a", ACME), index),
        ("no id", with(|event| drop(event["headers"].as_object_mut().unwrap().remove("subscriptionid"))), nothing),
        ("an empty id", applicants("", ACME), nothing),
        ("the id twice", applicants(&format!("{A},{A}"), ACME), nothing),
        ("the id beside another", applicants(&format!("{A}, {B}"), ACME), nothing),
        ("the id in two spellings", header("SubscriptionId", A), nothing),
        ("an id with a space", applicants(&format!(" {A}"), ACME), nothing),
        (
            "the id in the query alone",
            with(|event| {
                event["headers"].as_object_mut().unwrap().remove("subscriptionid");
                event["queryStringParameters"] = json!({"subscriptionid": A});
            }),
            nothing,
        ),
        (
            "no authoriser",
            with(|event| drop(event["requestContext"].as_object_mut().unwrap().remove("authorizer"))),
            nothing,
        ),
        ("an authoriser of none", authorizer(Value::Null), nothing),
        ("nobody", authorizer(json!({})), nothing),
        ("an empty ARN", authorizer(json!({"iam": {"userArn": ""}})), nothing),
        ("a custom authoriser's word", authorizer(json!({"lambda": {"userArn": ACME, "sub": ACME}})), nothing),
        (
            "two authorisers",
            authorizer(json!({"iam": {"userArn": ACME}, "jwt": {"claims": {"sub": "portal-acme"}}})),
            nothing,
        ),
        ("a token without a name", authorizer(json!({"jwt": {"claims": {"aud": "portal-acme"}}})), nothing),
        ("a token of somebody else", authorizer(json!({"jwt": {"claims": {"sub": "portal-bolt"}}})), index),
        ("a token whose subject looks like an ARN", authorizer(json!({"jwt": {"claims": {"sub": ACME}}})), index),
        (
            "a name in a header",
            with(|event| {
                event["requestContext"]["authorizer"] = json!({"jwt": {"claims": {"sub": "x"}}});
                event["headers"]["x-local-caller"] = json!(ACME);
                event["headers"]["x-amzn-iam-user-arn"] = json!(ACME);
                event["headers"]["authorization"] = json!(ACME);
            }),
            index,
        ),
    ];
    let mut texts = BTreeSet::new();
    for (what, event, cost) in cases {
        let before = scene.points();
        let answer = scene.answer(event);
        assert_eq!(answer.status, 403, "{what} {answer:?}");
        assert_eq!(scene.since(before), cost, "{what}");
        texts.insert((answer.text, answer.headers.to_string()));
    }
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert_eq!((scene.rig.ledger.writes(), scene.lobby.state().applicants.len()), (0, 0));
}

#[test]
fn those_who_are_listed_may_by_signature_or_by_token() {
    let scene = Scene::new();
    assert_eq!(scene.answer(applicants(A, ACME)).status, 201);
    assert_eq!(scene.answer(applicants(B, BOLT)).status, 201);
    let token = |claims: Value| {
        with(|event| event["requestContext"]["authorizer"] = json!({"jwt": {"claims": claims, "scopes": null}}))
    };
    assert_eq!(scene.answer(token(json!({"sub": "portal-acme", "exp": "1"}))).status, 201);
    assert_eq!(scene.answer(token(json!({"sub": "x", "client_id": "portal-acme"}))).status, 201);
    let owners: Vec<String> = scene.rig.onboardings().iter().map(|it| it.key.tenant.to_string()).collect();
    assert_eq!(owners.iter().filter(|owner| *owner == "acme").count(), 3);
}

#[test]
fn no_other_qualifier_has_its_payload_read_as_a_request_of_the_api() {
    let scene = Scene::new();
    let asked = applicants(A, ACME);
    let mut dressed = asked.clone();
    dressed["tenant"] = json!("acme");
    dressed["action"] = json!("start");
    for qualifier in [None, Some("t-acme"), Some("live"), Some("$LATEST"), Some("1"), Some("Drop-In"), Some("drop-in ")]
    {
        for payload in [&asked, &dressed] {
            let before = scene.points();
            let answer = scene.rig.ask(qualifier, payload.clone()).done().unwrap();
            let refused = if qualifier.is_some_and(|it| it.starts_with("t-")) || payload == &asked {
                ["invalid_request"].as_slice()
            } else {
                &["invalid_request", "forbidden"]
            };
            let code = answer["error"]["code"].as_str().unwrap_or_else(|| panic!("{answer}"));
            assert!(refused.contains(&code), "{qualifier:?} {answer}");
            assert_eq!(scene.points(), before, "{qualifier:?}");
        }
    }
    assert_eq!(scene.rig.ledger.writes(), 0);
}

#[test]
fn the_alias_acts_for_nobody_whose_payload_is_no_request_of_the_api() {
    let scene = Scene::new();
    let start = idv_it::rig::play::start("acme", "key-1");
    let without = |name: &str| with(|event| drop(event.as_object_mut().unwrap().remove(name)));
    let cases = [
        start.clone(),
        json!({"action": "list", "tenant": "acme"}),
        json!({}),
        json!([]),
        json!(null),
        json!("drop-in"),
        without("version"),
        without("routeKey"),
        without("requestContext"),
        with(|event| event["version"] = json!("1.0")),
        with(|event| drop(event["requestContext"].as_object_mut().unwrap().remove("http"))),
        // the API's older form, and a load balancer's
        json!({"httpMethod": "POST", "path": "/dcs/kyc2/applicants", "headers": {"SubscriptionId": A}, "body": "{}"}),
    ];
    for payload in cases {
        let before = scene.points();
        let answer = scene.send(payload.clone());
        assert_eq!(answer["error"]["code"], "forbidden", "{payload} {answer}");
        assert_eq!(scene.points(), before, "{payload}");
    }
    // one of both kinds is a request of the API, and nothing of the app's
    let mut both = applicants(A, ACME);
    both.as_object_mut().unwrap().extend(start.as_object().unwrap().clone());
    assert_eq!(scene.answer(both).status, 201);
    assert_eq!(scene.rig.onboardings()[0].identity.reference.as_str(), "ftos-account-000123");
}

#[test]
fn another_path_or_method_is_no_operation() {
    let scene = Scene::new();
    for (route, method) in [
        ("POST /dcs/kyc2/erase", "POST"),
        ("$default", "POST"),
        ("GET /dcs/kyc2/applicants", "GET"),
        ("POST /dcs/kyc2/applicants", "GET"),
        ("POST /dcs/kyc2/applicants/", "POST"),
    ] {
        let before = scene.points();
        let answer = scene.answer(with(|event| {
            event["routeKey"] = json!(route);
            event["requestContext"]["http"]["method"] = json!(method);
        }));
        assert_eq!((answer.status, scene.points()), (404, before), "{route}");
    }
}

#[test]
fn an_applicant_of_somebody_else_is_one_that_is_not_there() {
    let scene = Scene::new();
    let (own, erased) = (scene.applicant(), scene.applicant());
    let theirs = scene.answer(applicants(B, BOLT)).text("applicantId");
    let second = scene.answer(applicants(A2, ACME)).text("applicantId");
    let gone = scene.rig.onboardings().into_iter().find(|onboarding| {
        onboarding.truth.attempt().and_then(|run| run.subject.as_ref()).is_some_and(|run| run.id.as_str() == erased)
    });
    let erase = json!({"action": "erase", "tenant": "acme", "onboarding_id": gone.unwrap().key.id});
    assert!(scene.rig.ask(None, erase).done().unwrap()["erased_at"].is_string());

    let checks = scene.lobby.state().checks.len();
    for operation in ["sdk-token", "checks"] {
        let ask = |applicant: &str| scene.ask(operation, &json!({"applicantId": applicant}));
        let unknown = ask("applicant-999");
        assert_eq!((unknown.status, unknown.field()), (404, "applicantId".to_owned()));
        for other in [&theirs, &second, &erased] {
            let before = scene.points();
            assert_eq!(ask(other), unknown, "{operation} {other}");
            assert!(!scene.since(before).iter().any(|point| point.starts_with("account.")), "{operation}");
        }
        assert_ne!(ask(&own).status, 404);
    }
    assert_eq!(scene.lobby.state().checks.len(), checks + 1, "their applicants were not checked");
}

#[test]
fn what_is_off_is_refused_and_what_we_cannot_tell_is_not() {
    let scene = Scene::new();
    let refused = scene.answer(applicants(A, BOLT));
    let setup = Setup::of(&["acme", "bolt"]);
    let mut off = config(&setup, &scene.lobby, "acme");
    off.enabled = false;
    scene.rig.vault.set(off);
    assert_eq!(scene.answer(applicants(A, ACME)), refused, "the tenant");
    let mut off = config(&setup, &scene.lobby, "acme");
    off.connections.values_mut().for_each(|connection| connection.enabled = false);
    scene.rig.vault.set(off);
    assert_eq!(scene.answer(applicants(A, ACME)), refused, "the connection");
    scene.rig.vault.fail(Some("denied"));
    let cannot_tell = scene.answer(applicants(A, ACME));
    assert_eq!((cannot_tell.status, cannot_tell.headers["retry-after"].clone()), (503, json!("30")));
    scene.rig.vault.fail(None);
    let mut later = config(&setup, &scene.lobby, "acme");
    let names: Vec<_> = std::mem::take(&mut later.connections).into_keys().collect();
    later.unreadable = names.into_iter().map(|name| (name, "provider".to_owned())).collect();
    scene.rig.vault.set(later);
    assert_eq!(scene.answer(applicants(A, ACME)), cannot_tell, "a connection of a later version");
    assert_eq!(scene.rig.ledger.writes(), 0);
}
