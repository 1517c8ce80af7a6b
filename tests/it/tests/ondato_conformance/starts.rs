//! How a run begins and how it is erased: the requests that go out, against the fixtures of requests.

use std::time::Duration;

use idv_gateway::domain::{Channel, SubjectKind};
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{Entrance, HttpError, ProviderError, Recovery, Started};
use serde_json::{Value, json};
use url::Url;

use crate::harness::{
    Bench, IDV, KYB_SETUP, ONBOARDING, SETUP, Script, account, configured, fixture, resource, run, wish,
};

pub(crate) const FIXTURES: &[&str] = &[
    "get.identity-verification.setup",
    "post.connect-token.request",
    "post.connect-token.response",
    "post.identity-verifications.request.face-authentication",
    "post.identity-verifications.request.full",
    "post.identity-verifications.request.minimal",
    "post.identity-verifications.response.201",
    "put.identity-verification.redact.request",
    "put.identity-verification.setup-localisations.request",
];

const CREATE: &str = "POST idvapi.ondato.com/v1/identity-verifications";
const CREATED: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

fn setup_line() -> String {
    format!("GET idvapi.ondato.com/v1/identity-verifications/{CREATED}/setup")
}

fn localise_line() -> String {
    format!("PUT idvapi.ondato.com/v1/identity-verifications/{CREATED}/setup-localisations")
}

fn creating() -> Script {
    Script::new().on(CREATE, answer(201, &fixture("post.identity-verifications.response.201")))
}

fn sent(bench: &Bench, line: &str) -> Value {
    bench
        .calls()
        .iter()
        .find(|call| crate::harness::line(call) == line)
        .map(idv_gateway::memory::http::Call::json)
        .unwrap()
}

fn leads_to(started: &Started, address: &str) -> bool {
    match &started.entrance {
        Entrance::Link { url, embed } => !*embed && url.matches(address.as_bytes()),
        Entrance::Sdk { .. } => false,
    }
}

#[tokio::test]
async fn a_start_sends_what_the_documentation_shows() {
    let bench = creating().start();
    let documented = fixture("post.identity-verifications.request.full");
    let mut subject = documented["registration"].clone();
    subject["phoneNumber"] = json!("+370 624 515141");
    let started = account().start(bench.reach(), &wish(subject, json!({}))).await.unwrap();
    let body = sent(&bench, CREATE);
    assert_eq!(body["registration"], documented["registration"]);
    assert_eq!((body["setupId"].as_str(), body["externalReferenceId"].as_str()), (Some(SETUP), Some(ONBOARDING)));
    assert_eq!(body.as_object().unwrap().len(), 3);
    assert_eq!(started.subject, resource("identity_verification", CREATED));
    assert!(leads_to(&started, &format!("https://idv.ondato.com/?id={CREATED}")));
    let life = started.expires_at.unwrap().since(idv_gateway::ports::Clock::now(&*bench.clock));
    assert_eq!(life, Duration::from_secs(7 * 24 * 3600));
    assert_eq!(account().recovery(&wish(json!({}), json!({}))), Recovery::None);
}

#[tokio::test]
async fn the_token_is_asked_for_once_and_sent_with_every_call() {
    let bench = creating().start();
    let account = account();
    for _ in 0..3 {
        account.start(bench.reach(), &wish(json!({}), json!({}))).await.unwrap();
    }
    let calls = bench.calls();
    let (asked, others): (Vec<_>, Vec<_>) = calls.iter().partition(|call| call.url.path() == "/connect/token");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    let form = String::from_utf8(asked[0].body.clone()).unwrap();
    assert_eq!(form, "grant_type=client_credentials&client_id=client&client_secret=secret");
    let documented = fixture("post.connect-token.request");
    assert!(form.split('&').all(|pair| documented.get(pair.split('=').next().unwrap()).is_some()));
    let token = format!("Bearer {}", fixture("post.connect-token.response")["access_token"].as_str().unwrap());
    assert!(others.iter().all(|call| call.authorization.as_deref() == Some(&token)));
}

#[tokio::test]
async fn the_least_start_sends_the_least() {
    let bench = creating().start();
    account().start(bench.reach(), &wish(json!({}), json!({}))).await.unwrap();
    let body = sent(&bench, CREATE);
    for member in fixture("post.identity-verifications.request.minimal").as_object().unwrap().keys() {
        assert!(body.get(member).is_some(), "{member}");
    }
    assert_eq!(body, json!({"setupId": SETUP, "externalReferenceId": ONBOARDING}));
}

#[tokio::test]
async fn a_company_has_its_own_setup() {
    let bench = creating().start();
    let representative = "E80A264D-1915-47f8-9abc-d5e6f7081910";
    let mut company = wish(json!({}), json!({"representative_id": representative}));
    company.kind = SubjectKind::Company;
    account().start(bench.reach(), &company).await.unwrap();
    let body = sent(&bench, CREATE);
    assert_eq!(body["setupId"], KYB_SETUP);
    assert_eq!(body["representativeId"], representative.to_lowercase());
    let without = configured(&json!({}), &json!({"setup_id": SETUP}));
    let bad = without.check(&company).unwrap_err();
    assert_eq!(bad.iter().map(|bad| bad.field.as_str()).collect::<Vec<_>>(), ["subject.kind"]);
}

#[test]
fn every_wrong_field_is_named_before_anything_is_made() {
    let subject = json!({"email": "nobody", "phoneNumber": "0611", "dateOfBirth": "1990-02-30", "iban": "LT00"});
    let face = fixture("post.identity-verifications.request.face-authentication");
    let bad = account()
        .check(&wish(subject, json!({"language": "English", "faceAuthentication": face["faceAuthentication"]})))
        .unwrap_err();
    let mut fields: Vec<_> = bad.iter().map(|bad| bad.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "options.faceAuthentication",
            "options.language",
            "subject.dateOfBirth",
            "subject.email",
            "subject.iban",
            "subject.phoneNumber",
        ]
    );
    for value in ["nobody", "0611", "1990-02-30", "LT00", "English"] {
        assert!(bad.iter().all(|bad| !bad.rule.contains(value)), "{value}");
    }
    assert_eq!(account().check(&wish(json!({}), json!({}))), Ok(()));
}

#[tokio::test]
async fn the_way_back_is_set_in_the_documented_form() {
    let documented = fixture("put.identity-verification.setup-localisations.request");
    let page = &documented["localisationSettings"][0];
    let setup = json!({"webAppSetting": {"baseUrl": "https://idv.ondato.com/", "localisationSettings": [
        {"language": page["language"], "pageTitle": page["pageTitle"], "successRedirectUrl": "https://elsewhere.example.com"}]}});
    let bench = creating().on(&setup_line(), answer(200, &setup)).on(&localise_line(), empty(204)).start();
    let account = account();
    let mut back = wish(json!({}), json!({}));
    back.return_url = Some(Url::parse(page["successRedirectUrl"].as_str().unwrap()).unwrap());
    let started = account.start(bench.reach(), &back).await.unwrap();
    assert_eq!(sent(&bench, &localise_line()), documented);
    assert!(leads_to(&started, &format!("https://idv.ondato.com/?id={CREATED}")));
    account.start(bench.reach(), &back).await.unwrap();
    assert_eq!(bench.count(&setup_line()), 1, "the setup is read once in ten minutes");
    bench.clock.advance(Duration::from_secs(601));
    account.start(bench.reach(), &back).await.unwrap();
    assert_eq!(bench.count(&setup_line()), 2);
}

/// A start whose way back cannot be set hands nothing out, and never creates twice.
#[tokio::test]
async fn create_is_never_repeated() {
    let refusal = answer(400, &json!({"params": {"localisationSettings[0].language": [{"reason": "Invalid"}]}}));
    let unavailable = |outcome: &Result<Started, ProviderError>| matches!(outcome, Err(ProviderError::Unavailable(_)));
    let refused = |outcome: &Result<Started, ProviderError>| matches!(outcome, Err(ProviderError::Refused { field: Some(field) }) if field == "options.language");
    type Expected<'a> = &'a dyn Fn(&Result<Started, ProviderError>) -> bool;
    let rows: [(Vec<Result<_, _>>, usize, Expected<'_>); 6] = [
        (vec![Err(HttpError::TimedOut), Ok(empty(204))], 2, &Result::is_ok),
        (vec![Ok(empty(404)), Ok(empty(204))], 2, &Result::is_ok),
        (vec![Err(HttpError::TimedOut)], 2, &unavailable),
        (vec![Ok(empty(503))], 2, &unavailable),
        (vec![Ok(empty(429))], 1, &unavailable),
        (vec![Ok(refusal)], 1, &refused),
    ];
    for (answers, puts, expected) in rows {
        let bench = creating().only(&localise_line(), answers).start();
        let mut back = wish(json!({}), json!({}));
        back.return_url = Some(Url::parse("https://app.example.com/return").unwrap());
        let outcome = account().start(bench.reach(), &back).await;
        assert!(expected(&outcome), "{:?}", outcome.err());
        let localised = bench.lines().iter().filter(|line| line.starts_with("PUT")).count();
        assert_eq!((bench.count(CREATE), localised), (1, puts));
    }
    for answers in [
        vec![Err(HttpError::TimedOut)],
        vec![Ok(empty(500))],
        vec![Ok(answer(201, &json!({"id": null})))],
        vec![Ok(empty(404))],
    ] {
        let bench = Script::new().only(CREATE, answers).start();
        let outcome = account().start(bench.reach(), &wish(json!({}), json!({}))).await;
        assert!(unavailable(&outcome), "{:?}", outcome.err());
        assert_eq!(bench.count(CREATE), 1);
    }
}

#[tokio::test]
async fn a_white_label_address_of_the_setup_is_used_unless_one_is_configured() {
    let setup = fixture("get.identity-verification.setup");
    let script = || creating().on(&setup_line(), answer(200, &setup));
    let bench = script().start();
    let started = account().start(bench.reach(), &wish(json!({}), json!({}))).await.unwrap();
    assert!(leads_to(&started, &format!("https://sandbox-idv.ondato.com/?id={CREATED}")));
    let bench = script().start();
    let own = configured(&json!({"app": "https://verify.example.com/start?brand=acme"}), &json!({"setup_id": SETUP}));
    let started = own.start(bench.reach(), &wish(json!({}), json!({}))).await.unwrap();
    assert!(leads_to(&started, &format!("https://verify.example.com/start?brand=acme&id={CREATED}")));
    assert_eq!(bench.count(&setup_line()), 0);
}

#[tokio::test]
async fn an_sdk_takes_the_id_alone() {
    let bench = creating().start();
    let mut sdk = wish(json!({}), json!({}));
    sdk.channel = Channel::Sdk;
    sdk.return_url = Some(Url::parse("https://app.example.com/return").unwrap());
    let started = account().start(bench.reach(), &sdk).await.unwrap();
    assert!(matches!(started.entrance, Entrance::Sdk { token } if token.matches(CREATED.as_bytes())));
    assert_eq!(bench.lines().len(), 2, "a token and a create");
}

#[tokio::test]
async fn erasing_is_asked_for_in_the_documented_form_and_may_be_repeated() {
    let line = format!("PUT idvapi.ondato.com/v1/identity-verifications/{IDV}/redact");
    let bench = Script::new().on(&line, empty(204)).start();
    assert_eq!(account().erase(bench.reach(), &run()).await, Ok(()));
    assert_eq!(sent(&bench, &line), fixture("put.identity-verification.redact.request"));
    let single = configured(&json!({}), &json!({"setup_id": SETUP, "redact_scope": "PersonalData"}));
    single.erase(bench.reach(), &run()).await.unwrap();
    assert_eq!(bench.calls().last().unwrap().json(), json!({"scope": "PersonalData"}));
    let gone = Script::new().start();
    assert_eq!(account().erase(gone.reach(), &run()).await, Ok(()), "what is not there is erased");
    for (idv, done) in [("redacted", true), ("completed", false)] {
        let idv = fixture(&format!("get.identity-verification.{idv}"));
        let bench = Script::new().on(&line, empty(409)).idv(&idv).start();
        assert_eq!(account().erase(bench.reach(), &run()).await.is_ok(), done);
    }
    let busy = Script::new().on(&line, empty(429)).start();
    assert_eq!(account().erase(busy.reach(), &run()).await, Err(ProviderError::Busy { retry_after: None }));
}

#[tokio::test]
async fn details_are_the_identification_live() {
    let kyc = fixture("get.identification.approved.automatic");
    let bench = Script::new().idv(&fixture("get.identity-verification.completed")).kyc(&kyc).start();
    let details = account().details(bench.reach(), &run()).await.unwrap();
    assert_eq!(details, json!({"kyc_identification": kyc}));
    let mut other = kyc;
    other["identityVerificationId"] = json!(CREATED);
    let bench = Script::new().idv(&fixture("get.identity-verification.completed")).kyc(&other).start();
    assert!(matches!(account().details(bench.reach(), &run()).await, Err(ProviderError::Foreign(_))));
}
