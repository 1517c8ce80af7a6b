//! How a run begins, both ways: the requests that go out, against the fixtures of requests; and how it is found after a
//! crash.

use std::time::Duration;

use idv_gateway::domain::{Channel, SubjectKind, Timestamp};
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{Account, Clock, Entrance, HttpError, ProviderError, Recovery, Started, Wish};
use serde_json::{Value, json};
use url::Url;

use crate::harness::{
    ANOTHER, APPLICANT, Bench, NEW_APPLICANT, NEW_RUN, NEW_TOKEN, ONBOARDING, RETURN_URL, Script, WORKFLOW, account,
    account_with, answered, applicant, applicant_line, configured, fixture, members, run, wish,
};

pub(crate) const FIXTURES: &[&str] = &[
    "error.validation.422",
    "error.validation.legacy_fields.422",
    "list_workflow_runs.response.200",
    "post_applicants.minimal.request",
    "post_applicants.request",
    "post_applicants.response.201",
    "post_sdk_token.mobile.request",
    "post_sdk_token.response.200",
    "post_sdk_token.web.request",
    "post_workflow_runs.minimal.request",
    "post_workflow_runs.request",
    "post_workflow_runs.response.201",
];

fn creating() -> Script {
    Script::new().on(NEW_APPLICANT, 201, &fixture("post_applicants.response.201"))
}

fn classic() -> Script {
    creating().on(NEW_TOKEN, 200, &answered("post_sdk_token"))
}

pub(crate) fn studio() -> Script {
    creating().on(NEW_RUN, 201, &fixture("post_workflow_runs.response.201"))
}

fn subject() -> Value {
    fixture("post_applicants.request")
}

fn by_classic(options: Value) -> Wish {
    let mut all = json!({"flow": "classic"});
    options.as_object().unwrap().iter().for_each(|(name, value)| all[name] = value.clone());
    wish(Channel::Sdk, subject(), all)
}

pub(crate) fn by_studio(options: Value) -> Wish {
    Wish { return_url: Some(Url::parse(RETURN_URL).unwrap()), ..wish(Channel::Link, subject(), options) }
}

async fn started(account: &dyn Account, script: Script, wish: &Wish) -> (Started, Bench) {
    let bench = script.start();
    assert_eq!(account.check(wish), Ok(()));
    let started = account.start(bench.reach(), wish).await;
    (started.unwrap_or_else(|error| panic!("{error}: {:?}", bench.lines())), bench)
}

async fn outcome(script: Script, wish: &Wish) -> (Result<Started, ProviderError>, Bench) {
    let bench = script.start();
    let outcome = account().start(bench.reach(), wish).await;
    (outcome, bench)
}

fn is_token(entrance: &Entrance, text: &str) -> bool {
    matches!(entrance, Entrance::Sdk { token } if token.matches(text.as_bytes()))
}

fn fields(bad: Result<(), Vec<idv_gateway::ports::BadField>>) -> Vec<String> {
    let mut fields: Vec<_> = bad.err().unwrap_or_default().into_iter().map(|bad| bad.field).collect();
    fields.sort_unstable();
    fields
}

#[tokio::test]
async fn a_classic_start_sends_what_the_documentation_shows() {
    for name in ["post_applicants.request", "post_applicants.minimal.request"] {
        let wish = wish(Channel::Sdk, fixture(name), json!({"flow": "classic"}));
        let (begun, bench) = started(&*account(), classic(), &wish).await;
        assert_eq!(bench.sent(NEW_APPLICANT), fixture(name));
        assert_eq!(bench.sent(NEW_TOKEN), fixture("post_sdk_token.web.request"));
        assert_eq!(bench.lines().len(), 2);
        assert_eq!(begun.subject, applicant());
        assert!(is_token(&begun.entrance, answered("post_sdk_token")["token"].as_str().unwrap()));
        let life = begun.expires_at.unwrap().since(bench.clock.now());
        assert!(life <= Duration::from_secs(90 * 60) && life > Duration::from_secs(85 * 60), "{life:?}");
        let call = bench.call(NEW_APPLICANT);
        assert_eq!(call.authorization.as_deref(), Some("Token token=api_live.example0001"));
        assert_eq!(call.url.host_str(), Some("api.eu.onfido.com"));
    }
}

#[tokio::test]
async fn a_token_is_for_pages_or_for_an_application() {
    let mobile = configured(&json!({"application_id": "com.example.onboarding", "report_names": ["document"]}));
    let (_, bench) = started(&*mobile, classic(), &by_classic(json!({}))).await;
    assert_eq!(bench.sent(NEW_TOKEN), fixture("post_sdk_token.mobile.request"));
    let own = by_classic(json!({"application_id": "com.example.onboarding"}));
    let (_, bench) = started(&*account(), classic(), &own).await;
    assert_eq!(bench.sent(NEW_TOKEN), fixture("post_sdk_token.mobile.request"));
    let neither = configured(&json!({"report_names": ["document"]}));
    assert!(!fields(neither.check(&by_classic(json!({})))).is_empty(), "a token is for somewhere");
}

/// What is ours is added to what the documentation shows, and nothing else.
#[tokio::test]
async fn a_studio_start_sends_what_the_documentation_shows() {
    let documented = fixture("post_workflow_runs.request");
    let options = json!({"custom_data": documented["custom_data"], "language": documented["link"]["language"]});
    let (begun, bench) = started(&*account(), studio(), &by_studio(options)).await;
    let sent = bench.sent(NEW_RUN);
    let within = |sent: &Value, documented: &Value| {
        sent.as_object().unwrap().keys().all(|member| documented.get(member).is_some())
    };
    assert!(within(&sent, &documented), "{sent}");
    for member in ["workflow_id", "applicant_id", "custom_data"] {
        assert_eq!(sent[member], documented[member], "{member}");
    }
    assert_eq!(sent["customer_user_id"], ONBOARDING);
    let tags = sent["tags"].as_array().unwrap();
    assert!(tags.contains(&json!(format!("idv:{ONBOARDING}"))) && tags.contains(&json!("idv-attempt:1")), "{tags:?}");
    let link = &sent["link"];
    assert_eq!((&link["language"], &link["completed_redirect_url"]), (&json!("en_US"), &json!(RETURN_URL)));
    assert!(within(link, &documented["link"]), "{link}");
    let ends = Timestamp::parse(link["expires_at"].as_str().unwrap()).unwrap();
    assert_eq!(ends.since(bench.clock.now()).as_secs().div_ceil(60), 7 * 24 * 60);
    // what Onfido answers counts
    assert_eq!((begun.subject, begun.expires_at), (run(), Timestamp::parse("2026-03-09T09:00:00Z")));
    let url = "https://eu.onfido.app/l/5e8d7f60-2b3c-4d5e-9f60-71829a3b4001";
    assert!(matches!(&begun.entrance, Entrance::Link { url: found, .. } if found.matches(url.as_bytes())));
    assert_eq!(bench.lines(), [NEW_APPLICANT, NEW_RUN]);
}

#[tokio::test]
async fn a_plain_studio_start_needs_a_workflow_alone() {
    let (_, bench) = started(&*account(), studio(), &wish(Channel::Link, subject(), json!({}))).await;
    let (sent, minimal) = (bench.sent(NEW_RUN), fixture("post_workflow_runs.minimal.request"));
    assert_eq!((&sent["workflow_id"], &sent["applicant_id"]), (&minimal["workflow_id"], &minimal["applicant_id"]));
    assert!(sent["link"].get("completed_redirect_url").is_none_or(Value::is_null));
    let other = json!({"workflow_id": ANOTHER});
    let (_, bench) = started(&*account(), studio(), &wish(Channel::Link, subject(), other)).await;
    assert_eq!(bench.sent(NEW_RUN)["workflow_id"], ANOTHER);
}

/// The run's own token lives five weeks (fact sheet §2.2).
#[tokio::test]
async fn an_app_gets_the_token_of_its_run() {
    let (begun, bench) = started(&*account(), studio(), &wish(Channel::Sdk, subject(), json!({}))).await;
    let made = fixture("post_workflow_runs.response.201");
    assert!(is_token(&begun.entrance, made["sdk_token"].as_str().unwrap()));
    let since = Timestamp::parse(made["created_at"].as_str().unwrap()).unwrap();
    assert_eq!(begun.expires_at, Some(since + Duration::from_secs(35 * 24 * 3600)));
    assert_eq!(begun.subject, run());
    // it may come to the link, whose own end is not known
    let link = &bench.sent(NEW_RUN)["link"];
    let ends = Timestamp::parse(link["expires_at"].as_str().unwrap()).unwrap();
    assert_eq!(ends.since(bench.clock.now()).as_secs().div_ceil(3600), 7 * 24, "{link}");
}

#[tokio::test]
async fn which_way_is_the_app_s_word_else_the_workflow_decides() {
    let studio_by_default = by_studio(json!({}));
    assert_eq!(account().check(&studio_by_default), Ok(()));
    assert_eq!(account().recovery(&studio_by_default), Recovery::ByReference);
    assert_eq!(account().recovery(&by_classic(json!({}))), Recovery::None);
    let without = configured(&json!({"referrer": "https://*.example.com/*", "report_names": ["document"]}));
    let (_, bench) = started(&*without, classic(), &wish(Channel::Sdk, subject(), json!({}))).await;
    assert_eq!(bench.lines(), [NEW_APPLICANT, NEW_TOKEN]);
    let (_, bench) = started(&*without, studio(), &by_studio(json!({"workflow_id": WORKFLOW}))).await;
    assert_eq!(bench.lines(), [NEW_APPLICANT, NEW_RUN]);
    assert_eq!(fields(without.check(&by_studio(json!({"flow": "studio"})))), ["options.workflow_id"]);
    assert_eq!(fields(without.check(&wish(Channel::Link, subject(), json!({})))), ["channel"], "only Studio has links");
    assert_eq!(fields(account().check(&by_classic(json!({"flow": "fast"})))), ["options.flow"]);
}

#[test]
fn every_wrong_field_is_named_before_anything_is_made() {
    let wrong = json!({
        "first_name": "Ada <b>", "email": "nobody", "dob": "31.01.1990", "phone_number": 7, "iban": "SE00",
        "address": {"country": "GB", "line1": "x = y"}, "location": {"country_of_residence": "GB"},
        "consents": [{"name": "everything", "granted": true}], "id_numbers": [{"type": "shoe_size", "value": "43"}],
    });
    let mut bad_wish = wish(Channel::Link, wrong, json!({"language": "xx", "custom_data": 7, "setup_id": "x"}));
    bad_wish.kind = SubjectKind::Company;
    let bad = account().check(&bad_wish).unwrap_err();
    let named = |start: &str| bad.iter().any(|bad| bad.field.starts_with(start));
    for field in [
        "options.custom_data",
        "options.language",
        "options.setup_id",
        "subject.address",
        "subject.consents",
        "subject.dob",
        "subject.email",
        "subject.first_name",
        "subject.iban",
        "subject.id_numbers",
        "subject.kind",
        "subject.last_name",
        "subject.location",
        "subject.phone_number",
    ] {
        assert!(named(field), "{field}: {:?}", bad.iter().map(|bad| &bad.field).collect::<Vec<_>>());
    }
    for value in ["Ada <b>", "nobody", "31.01.1990", "SE00", "x = y", "everything", "shoe_size"] {
        assert!(bad.iter().all(|bad| !bad.rule.contains(value)), "{value}");
    }
    assert_eq!(account().check(&by_studio(json!({}))), Ok(()));
    assert_eq!(fields(account().check(&wish(Channel::Link, json!({}), json!({})))).len(), 2, "a name");
}

/// The next attempt of a Studio run: the same applicant, so nothing of the person is needed (fact sheet §2.1).
#[tokio::test]
async fn the_next_run_takes_the_applicant_of_the_one_before() {
    let again = Wish { before: Some(run()), attempt: 2, ..wish(Channel::Link, json!({}), json!({})) };
    let person = fixture("post_applicants.response.201");
    let script = || studio().run(&answered("get_workflow_run.abandoned"));
    let (_, bench) = started(&*account(), script().on(&applicant_line("GET"), 200, &person), &again).await;
    assert_eq!((bench.count(NEW_APPLICANT), bench.count(NEW_RUN)), (0, 1));
    let sent = bench.sent(NEW_RUN);
    assert_eq!(sent["applicant_id"], APPLICANT);
    assert!(sent["tags"].as_array().unwrap().contains(&json!("idv-attempt:2")), "{sent}");
    // what is said of the person now is corrected there
    let corrected = Wish { subject: members(json!({"email": "ada.two@example.com"})), ..again.clone() };
    let (_, bench) = started(&*account(), script().on(&applicant_line("PUT"), 200, &person), &corrected).await;
    assert_eq!(bench.sent(&applicant_line("PUT")), json!({"email": "ada.two@example.com"}));
    assert_eq!(bench.count(NEW_APPLICANT), 0);
    // deleted meanwhile: with the person's data there is another one, without them nothing is made
    let (found, bench) = outcome(script(), &again).await;
    assert!(matches!(found, Err(ProviderError::Refused { .. })), "{:?}", found.err());
    assert_eq!((bench.count(NEW_APPLICANT), bench.count(NEW_RUN)), (0, 0));
    let (_, bench) = started(&*account(), script(), &Wish { subject: members(subject()), ..again }).await;
    assert_eq!((bench.count(NEW_APPLICANT), bench.count(NEW_RUN)), (1, 1));
}

/// What the start said once need not be said again: the next attempt goes the same way, through the same workflow.
#[tokio::test]
async fn the_next_attempt_goes_the_way_of_the_one_before() {
    let without = configured(&json!({"referrer": "https://*.example.com/*", "report_names": ["document"]}));
    let again = Wish { before: Some(run()), attempt: 2, ..wish(Channel::Link, json!({}), json!({})) };
    let person = fixture("post_applicants.response.201");
    let before = |workflow: Value| {
        let mut body = answered("get_workflow_run.abandoned");
        body["workflow_id"] = workflow;
        studio().run(&body).on(&applicant_line("GET"), 200, &person)
    };
    for (account, options, said, expected) in [
        (&without, json!({}), json!(WORKFLOW), WORKFLOW),
        (&account(), json!({}), json!(ANOTHER), ANOTHER),
        (&account(), json!({"workflow_id": WORKFLOW}), json!(ANOTHER), WORKFLOW),
        (&account(), json!({}), Value::Null, WORKFLOW),
        (&account(), json!({}), json!(7), WORKFLOW),
    ] {
        let again = Wish { options: members(options.clone()), ..again.clone() };
        let (_, bench) = started(&**account, before(said.clone()), &again).await;
        assert_eq!(bench.sent(NEW_RUN)["workflow_id"], expected, "{options} {said}");
        assert_eq!(account.recovery(&again), Recovery::ByReference);
    }
    // nobody says which: nothing is made
    for script in [before(Value::Null), studio()] {
        let bench = script.start();
        let outcome = without.start(bench.reach(), &Wish { subject: members(subject()), ..again.clone() }).await;
        let field = Some("options.workflow_id".to_owned());
        assert_eq!(outcome.err(), Some(ProviderError::Refused { field }));
        assert_eq!((bench.count(NEW_APPLICANT), bench.count(NEW_RUN)), (0, 0));
    }
    let classic_before = Wish { before: Some(applicant()), ..wish(Channel::Sdk, subject(), json!({})) };
    let (_, bench) = started(&*account(), classic(), &classic_before).await;
    assert_eq!(bench.count(NEW_TOKEN), 1);
}

#[tokio::test]
async fn what_makes_something_is_never_repeated() {
    let unavailable = |outcome: &Result<Started, ProviderError>| matches!(outcome, Err(ProviderError::Unavailable(_)));
    for lost in [
        Err(HttpError::TimedOut),
        Err(HttpError::Broken),
        Ok(empty(500)),
        Ok(empty(503)),
        Ok(answer(201, &json!({"id": null}))),
        Ok(answer(201, &json!({"id": "no uuid"}))),
        Ok(answer(201, &json!([]))),
    ] {
        let (found, bench) = outcome(studio().only(NEW_APPLICANT, vec![lost.clone()]), &by_studio(json!({}))).await;
        assert!(unavailable(&found), "{:?}", found.err());
        assert_eq!((bench.count(NEW_APPLICANT), bench.count(NEW_RUN)), (1, 0));
        let (found, bench) = outcome(studio().only(NEW_RUN, vec![lost.clone()]), &by_studio(json!({}))).await;
        assert!(unavailable(&found), "{:?}", found.err());
        assert_eq!((bench.count(NEW_APPLICANT), bench.count(NEW_RUN)), (1, 1));
    }
    let (found, _) = outcome(studio().only(NEW_APPLICANT, vec![Ok(empty(404))]), &by_studio(json!({}))).await;
    assert!(unavailable(&found), "an address that is not there says nothing of a person: {:?}", found.err());
    let (found, _) = outcome(studio().only(NEW_RUN, vec![Ok(empty(404))]), &by_studio(json!({}))).await;
    assert!(matches!(found, Err(ProviderError::Unsupported(_))), "no version before v3.6 is known to have runs");
    let (found, bench) = outcome(classic().only(NEW_APPLICANT, vec![Ok(empty(429))]), &by_classic(json!({}))).await;
    assert!(matches!(found, Err(ProviderError::Busy { .. })));
    assert_eq!(bench.count(NEW_APPLICANT), 1);
    let (found, _) = outcome(classic().only(NEW_APPLICANT, vec![Ok(empty(401))]), &by_classic(json!({}))).await;
    assert_eq!(found.err(), Some(ProviderError::Unauthorized));
}

/// Without its token a fresh applicant is nobody's: the next try makes another. A run may be there and need its own.
#[tokio::test]
async fn an_applicant_that_serves_nobody_is_deleted() {
    let refusals = [401, 403, 404, 422, 429, 500].map(|status| Ok(empty(status)));
    let no_token = [answer(200, &json!({"token": null})), answer(200, &json!([]))].map(Ok);
    let lost = [Err(HttpError::TimedOut), Err(HttpError::Broken)];
    for failing in refusals.into_iter().chain(no_token).chain(lost) {
        let told = failing.as_ref().map(|response| response.status);
        for deletes in [204, 404, 500] {
            let script = classic().then(&applicant_line("DELETE"), Ok(empty(deletes)));
            let (found, bench) = outcome(script.only(NEW_TOKEN, vec![failing.clone()]), &by_classic(json!({}))).await;
            assert!(!matches!(found, Ok(_) | Err(ProviderError::NotFound)), "{told:?}");
            assert_eq!(bench.count(&applicant_line("DELETE")), 1, "{told:?}");
        }
    }
    for (failing, deleted) in [(Err(HttpError::TimedOut), 0), (Ok(empty(500)), 0), (Ok(empty(422)), 1)] {
        let told = failing.as_ref().map(|response| response.status);
        let script = studio().then(&applicant_line("DELETE"), Ok(empty(204)));
        let (found, bench) = outcome(script.only(NEW_RUN, vec![failing.clone()]), &by_studio(json!({}))).await;
        assert!(found.is_err());
        assert_eq!(bench.count(&applicant_line("DELETE")), deleted, "{told:?}");
    }
}

/// A link or a token that is none, or not a safe one, is handed to nobody.
#[tokio::test]
async fn what_leads_nowhere_is_not_handed_out() {
    for (pointer, value) in [
        ("/link/url", json!("javascript:alert(1)")),
        ("/link/url", json!("http://eu.onfido.app/l/x")),
        ("/link/url", json!("")),
        ("/link/url", Value::Null),
        ("/link", Value::Null),
    ] {
        let mut made = fixture("post_workflow_runs.response.201");
        *made.pointer_mut(pointer).unwrap() = value.clone();
        let (found, _) = outcome(creating().on(NEW_RUN, 201, &made), &by_studio(json!({}))).await;
        assert!(matches!(found, Err(ProviderError::Unavailable(_))), "{pointer} {value}: {:?}", found.err());
    }
    for token in [json!({"token": ""}), json!({"token": null}), json!({})] {
        let (found, _) = outcome(creating().on(NEW_TOKEN, 200, &token), &by_classic(json!({}))).await;
        assert!(matches!(found, Err(ProviderError::Unavailable(_))), "{token}");
    }
}

#[tokio::test]
async fn a_refusal_names_the_field_and_no_value() {
    for (body, field) in [
        (fixture("error.validation.422"), Some("subject.email")),
        (fixture("error.validation.legacy_fields.422"), Some("subject.email")),
        (json!({"error": {"fields": {"address": {"postcode": ["can't be blank"]}}}}), Some("subject.address.postcode")),
        (json!({"error": {"fields": {"ada@example.com is wrong": ["x"]}}}), None),
        (json!({"error": {"fields": []}}), None),
        (json!({"error": "x"}), None),
        (json!([]), None),
    ] {
        let script = classic().only(NEW_APPLICANT, vec![Ok(answer(422, &body))]);
        let (found, bench) = outcome(script, &by_classic(json!({}))).await;
        assert_eq!(found.err(), Some(ProviderError::Refused { field: field.map(str::to_owned) }), "{body}");
        assert_eq!(bench.count(NEW_APPLICANT), 1);
    }
}

/// The default of an account is not the word of an app: a life of the tenant's own choice.
#[tokio::test]
async fn a_link_lives_as_long_as_the_tenant_says() {
    let short = account_with(json!({"link_life": "2h"}));
    let (_, bench) = started(&*short, studio(), &by_studio(json!({}))).await;
    let ends = Timestamp::parse(bench.sent(NEW_RUN)["link"]["expires_at"].as_str().unwrap()).unwrap();
    assert_eq!(ends.since(bench.clock.now()).as_secs().div_ceil(60), 120);
    assert!(!short.tells_expiry(), "no event and no status tells that it has died");
}
