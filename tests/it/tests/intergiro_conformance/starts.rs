//! How a run begins: the requests that go out, against the fixtures of requests; and how it is found after a crash.

use idv_gateway::domain::{Channel, SubjectKind, Timestamp};
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{Entrance, HttpError, ProviderError, Recovery, Started};
use serde_json::{Value, json};
use url::Url;

use crate::harness::{
    ANOTHER, Bench, PERSON, RETURN_URL, Script, account, configured, fixture, individual, list, person, wish,
};

pub(crate) const FIXTURES: &[&str] = &[
    "error.400.validation.errors-list",
    "post.individual.onboard.request",
    "post.individual.onboard.response",
    "post.individual.onboard.response.with-token",
    "post.individuals.request",
    "post.individuals.request.without-address",
    "post.individuals.response",
];

const CREATE: &str = "POST /v3/individuals";
const LIST: &str = "GET /v3/individuals";

fn onboard() -> String {
    format!("POST /v3/individuals/{PERSON}/onboard")
}

fn creating() -> Script {
    Script::new().on(CREATE, 201, &fixture("post.individuals.response"))
}

fn starting() -> Script {
    creating().on(&onboard(), 200, &fixture("post.individual.onboard.response"))
}

fn subject() -> Value {
    fixture("post.individuals.request")
}

fn leads_to(started: &Started, address: &str) -> bool {
    match &started.entrance {
        Entrance::Link { url, embed } => !*embed && url.matches(address.as_bytes()),
        Entrance::Sdk { .. } => false,
    }
}

async fn start(script: Script) -> (Result<Started, ProviderError>, Bench) {
    let bench = script.start();
    let outcome = account().start(bench.reach(), &wish(subject())).await;
    (outcome, bench)
}

#[tokio::test]
async fn a_start_sends_what_the_documentation_shows() {
    for name in ["post.individuals.request", "post.individuals.request.without-address"] {
        let bench = starting().start();
        let mut subject = fixture(name);
        subject["phone_number"] = json!("+46 70-000 00 00");
        subject["kind"] = json!("individual");
        let started = account().start(bench.reach(), &wish(subject)).await.unwrap();
        assert_eq!(bench.sent(CREATE), fixture(name));
        assert_eq!(bench.sent(&onboard()), fixture("post.individual.onboard.request"));
        assert_eq!(started.subject, person());
        assert!(leads_to(&started, "https://integrate.intergiro.com/onboarding/..."));
        assert_eq!(started.expires_at, Timestamp::parse("2021-02-08T14:09:15.000Z"));
        assert_eq!(bench.lines().len(), 3, "a login, a person, a link");
    }
    assert_eq!(account().recovery(&wish(json!({}))), Recovery::ByListing);
}

/// Intergiro refuses nulls and empty texts.
#[tokio::test]
async fn nulls_and_empty_texts_are_never_sent() {
    let bench = starting().start();
    let mut subject = subject();
    subject["address"] = Value::Null;
    subject["middle_name"] = Value::Null;
    account().start(bench.reach(), &wish(subject.clone())).await.unwrap();
    assert_eq!(bench.sent(CREATE), fixture("post.individuals.request.without-address"));
    subject["first_name"] = json!(" ");
    let bad = account().check(&wish(subject)).unwrap_err();
    assert_eq!(bad[0].field, "subject.first_name");
}

#[test]
fn every_wrong_field_is_named_before_anything_is_made() {
    let subject = json!({
        "first_name": 7, "email": "nobody", "phone_number": "0611", "date_of_birth": "1990-02-30", "iban": "SE00",
        "address": {"country_code": "Sweden", "street1": "x", "city": "x", "region": "x", "postal_code": null},
    });
    let mut bad_wish = wish(subject);
    bad_wish.kind = SubjectKind::Company;
    bad_wish.return_url = Some(Url::parse("http://app.example.com/").unwrap());
    bad_wish.options.insert("language".to_owned(), json!("sv"));
    let bad = account().check(&bad_wish).unwrap_err();
    let mut fields: Vec<_> = bad.iter().map(|bad| bad.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "options.language",
            "return_url",
            "subject.address.country_code",
            "subject.address.postal_code",
            "subject.date_of_birth",
            "subject.email",
            "subject.first_name",
            "subject.iban",
            "subject.kind",
            "subject.last_name",
            "subject.phone_number",
        ]
    );
    for value in ["nobody", "0611", "1990-02-30", "SE00", "Sweden", "app.example.com"] {
        assert!(bad.iter().all(|bad| !bad.rule.contains(value)), "{value}");
    }
    assert_eq!(account().check(&wish(fixture("post.individuals.request"))), Ok(()));
    let missing: Vec<_> = account().check(&wish(json!({}))).unwrap_err().into_iter().map(|bad| bad.field).collect();
    assert_eq!(missing.len(), 5, "the address may be left out: {missing:?}");
}

#[tokio::test]
async fn a_way_back_is_needed_and_may_be_configured() {
    let mut without = wish(subject());
    without.return_url = None;
    assert_eq!(account().check(&without).unwrap_err()[0].field, "return_url");
    let usual = configured(&json!({}), &json!({"return_url": RETURN_URL}));
    assert_eq!(usual.check(&without), Ok(()));
    let bench = starting().start();
    usual.start(bench.reach(), &without).await.unwrap();
    assert_eq!(bench.sent(&onboard()), fixture("post.individual.onboard.request"));
    let local = configured(&json!({"api": "http://127.0.0.1:9"}), &json!({}));
    without.return_url = Some(Url::parse("http://127.0.0.1:8/done").unwrap());
    assert_eq!(local.check(&without), Ok(()));
    assert_eq!(account().check(&without).unwrap_err()[0].field, "return_url");
}

#[tokio::test]
async fn an_sdk_gets_the_token() {
    let mut sdk = wish(subject());
    sdk.channel = Channel::Sdk;
    let bench = creating().on(&onboard(), 200, &fixture("post.individual.onboard.response.with-token")).start();
    let started = account().start(bench.reach(), &sdk).await.unwrap();
    assert!(matches!(started.entrance, Entrance::Sdk { token } if token.matches(b"eyJjb...")));
    let outcome = account().start(starting().start().reach(), &sdk).await;
    assert_eq!(outcome.err(), Some(ProviderError::Refused { field: Some("channel".to_owned()) }));
}

#[tokio::test]
async fn create_is_never_repeated_and_the_link_is_asked_for_twice() {
    let made = || Ok(answer(200, &fixture("post.individual.onboard.response")));
    let unavailable = |outcome: &Result<Started, ProviderError>| matches!(outcome, Err(ProviderError::Unavailable(_)));
    type Expected<'a> = &'a dyn Fn(&Result<Started, ProviderError>) -> bool;
    let rows: [(Vec<Result<_, _>>, usize, Expected<'_>); 7] = [
        (vec![Err(HttpError::TimedOut), made()], 2, &Result::is_ok),
        (vec![Ok(empty(404)), made()], 2, &Result::is_ok),
        (vec![Err(HttpError::TimedOut)], 2, &unavailable),
        (vec![Ok(empty(503))], 2, &unavailable),
        (vec![Ok(empty(404))], 2, &unavailable),
        (vec![Ok(empty(429))], 1, &unavailable),
        (vec![Ok(answer(200, &json!({"redirect_url": "javascript:alert(1)"})))], 2, &unavailable),
    ];
    for (answers, links, expected) in rows {
        let (outcome, bench) = start(creating().only(&onboard(), answers)).await;
        assert!(expected(&outcome), "{:?}", outcome.err());
        assert_eq!((bench.count(CREATE), bench.count(&onboard())), (1, links));
    }
    for answers in [
        vec![Err(HttpError::TimedOut)],
        vec![Ok(empty(500))],
        vec![Ok(answer(201, &json!({"id": null})))],
        vec![Ok(empty(404))],
    ] {
        let (outcome, bench) = start(starting().only(CREATE, answers)).await;
        assert!(unavailable(&outcome), "{:?}", outcome.err());
        assert_eq!((bench.count(CREATE), bench.count(&onboard())), (1, 0));
    }
}

#[tokio::test]
async fn a_refusal_names_the_field_and_no_value() {
    for (body, field) in [
        (fixture("error.400.validation.errors-list"), Some("subject.email")),
        (json!({"errors": [{"field": "address.city", "message": "Ekerö"}]}), Some("subject.address.city")),
        (json!({"errors": [{"field": "programme"}]}), Some("programme")),
        (json!({"errors": [{"field": "john@example.com is wrong"}]}), None),
        (json!({"errors": [{"code": "phone_number_taken"}]}), Some("subject.phone_number")),
        (json!({"error": {"code": "email_already_exists", "message": "john@example.com"}}), Some("subject.email")),
        (fixture("error.422.request-blocked"), None),
        (json!({"errors": []}), None),
        (json!([]), None),
    ] {
        for status in [400, 409, 422] {
            let (outcome, bench) = start(starting().only(CREATE, vec![Ok(answer(status, &body))])).await;
            assert_eq!(outcome.err(), Some(ProviderError::Refused { field: field.map(str::to_owned) }), "{body}");
            assert_eq!(bench.count(CREATE), 1);
        }
    }
    let refused = Ok(answer(422, &json!({"errors": [{"field": "return_url"}]})));
    let (outcome, _) = start(starting().only(&onboard(), vec![refused])).await;
    assert_eq!(outcome.err(), Some(ProviderError::Refused { field: Some("return_url".to_owned()) }));
}

fn listed(id: &str, status: &str, created_at: &str) -> Value {
    let mut body = individual(status);
    body["id"] = json!(id);
    body["created_at"] = json!(created_at);
    body
}

async fn recovered(items: &[Value]) -> (Option<Started>, Bench) {
    let bench = starting().on(LIST, 200, &list(items)).start();
    (account().recover(bench.reach(), &wish(subject())).await.unwrap(), bench)
}

/// The onboarding's own id says since when: 2026-11-20T08:00:00Z.
#[tokio::test]
async fn after_a_crash_the_person_is_found_and_gets_a_link() {
    let ours = || listed(PERSON, "pending_activation", "2026-11-20T08:00:01.000Z");
    let (found, bench) = recovered(&[ours()]).await;
    let found = found.unwrap();
    assert_eq!(found.subject, person());
    assert!(leads_to(&found, "https://integrate.intergiro.com/onboarding/..."));
    assert_eq!((bench.count(CREATE), bench.count(&onboard())), (0, 1));
    let query = bench.calls().iter().find(|call| call.line() == LIST).unwrap().url.query().unwrap().to_owned();
    assert_eq!(query, "limit=100&sort_by=created_at&sort_type=desc");
    let repeat = listed(ANOTHER, "pending_activation", "2026-11-20T08:00:09.000Z");
    assert_eq!(recovered(&[repeat, ours()]).await.0.unwrap().subject, person(), "the first that was made");
    let requested = listed(PERSON, "onboarding_requested", "2026-11-20T09:59:59.000+02:00");
    assert!(recovered(&[requested]).await.0.is_some(), "clocks differ by a second");
}

#[tokio::test]
async fn nobody_else_is_found() {
    let at = "2026-11-20T08:00:01.000Z";
    let mut others = vec![
        listed(PERSON, "activated", at),
        listed(PERSON, "blocked", at),
        listed(PERSON, "something_new", at),
        listed(PERSON, "onboarding_requested", "2026-11-20T07:59:00.000Z"),
        listed("no uuid", "pending_activation", at),
    ];
    for (member, value) in [("email", json!("other@example.com")), ("phone_number", json!("46700000009"))] {
        for value in [value, Value::Null] {
            let mut other = listed(PERSON, "pending_activation", at);
            other[member] = value;
            others.push(other);
        }
    }
    for other in &others {
        let (found, bench) = recovered(std::slice::from_ref(other)).await;
        assert!(found.is_none(), "{other}");
        assert_eq!(bench.count(&onboard()), 0);
    }
    assert!(recovered(&others).await.0.is_none());
}

#[tokio::test]
async fn the_search_has_an_end() {
    let old = |second: u8| listed(ANOTHER, "activated", &format!("2026-11-20T08:00:{second:02}.000Z"));
    let page = |second| json!({"data": [old(second)], "has_more": true});
    let endless = starting().on(LIST, 200, &page(30)).start();
    assert!(account().recover(endless.reach(), &wish(subject())).await.unwrap().is_none());
    assert_eq!(endless.count(LIST), 5);
    let mut before = page(0);
    before["data"][0]["created_at"] = json!("2026-11-19T08:00:00.000Z");
    let ended = starting().on(LIST, 200, &page(30)).on(LIST, 200, &before).start();
    assert!(account().recover(ended.reach(), &wish(subject())).await.unwrap().is_none());
    assert_eq!(ended.count(LIST), 2, "older than the onboarding");
    for refusal in [400, 404, 422] {
        let refused = starting().then(LIST, Ok(empty(refusal))).start();
        assert!(account().recover(refused.reach(), &wish(subject())).await.unwrap().is_none(), "{refusal}");
    }
    let silent = starting().then(LIST, Err(HttpError::TimedOut)).start();
    let outcome = account().recover(silent.reach(), &wish(subject())).await;
    assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "it may be there");
    let nothing = starting().start();
    assert!(account().recover(nothing.reach(), &wish(json!({}))).await.unwrap().is_none());
    assert_eq!(nothing.lines().len(), 0, "without the person's data nobody can be found");
}
