//! What makes a check: the request that goes out, and when none does because there is one already.

use idv_gateway::domain::OnboardingId;
use idv_gateway::domain::Resource;
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{Account, HttpError, ProviderError, Submission};
use serde_json::{Value, json};

use crate::harness::{
    ANOTHER, APPLICANT, Bench, CHECK, CHECKS, DOCUMENT, FACE, NEW_CHECK, OLDER_CHECK, ONBOARDING, Script, account,
    account_with, answered, applicant, applicant_line, check, check_in, configured, fixture, members, report, run,
};

pub(crate) const FIXTURES: &[&str] = &["post_checks.request", "post_checks.response.201"];

const MARK: &str = "m4rk";

fn ours() -> String {
    format!("idv:{ONBOARDING}")
}

fn marked() -> String {
    format!("idv-submit:{MARK}")
}

fn making(there: &[Value]) -> Script {
    Script::new().checks(there).on(NEW_CHECK, 201, &fixture("post_checks.response.201")).on(
        &applicant_line("PUT"),
        200,
        &fixture("post_applicants.response.201"),
    )
}

async fn submit(
    account: &dyn Account,
    script: Script,
    subject: &Resource,
    options: Value,
) -> (Result<Vec<Resource>, ProviderError>, Bench) {
    let bench = script.start();
    let (onboarding, options) = (OnboardingId::parse(ONBOARDING).unwrap(), members(options));
    let asked = Submission { onboarding: &onboarding, subject, mark: MARK, done: false, options: &options };
    let outcome = account.submit(bench.reach(), asked).await;
    (outcome, bench)
}

async fn submitted(script: Script) -> (Result<Vec<Resource>, ProviderError>, Bench) {
    submit(&*account(), script, &applicant(), json!({})).await
}

/// A check of the list, with these tags.
fn listed(id: &str, status: &str, tags: &[&str]) -> Value {
    let mut body = check_in(status, None);
    body["id"] = json!(id);
    body["tags"] = json!(tags);
    body
}

fn all_made() -> Vec<Resource> {
    vec![check(), report(DOCUMENT), report(FACE)]
}

#[tokio::test]
async fn a_submission_sends_what_the_documentation_shows() {
    let documented = fixture("post_checks.request");
    let options = json!({"document_ids": documented["document_ids"], "privacy_notices_read_consent_given": true});
    let (made, bench) = submit(&*account(), making(&[]), &applicant(), options).await;
    assert_eq!(made, Ok(all_made()), "what its events will name");
    let sent = bench.sent(NEW_CHECK);
    for member in ["applicant_id", "report_names", "document_ids", "webhook_ids", "privacy_notices_read_consent_given"]
    {
        assert_eq!(sent[member], documented[member], "{member}");
    }
    let known = documented.as_object().unwrap();
    assert!(sent.as_object().unwrap().keys().all(|member| known.contains_key(member)), "{sent}");
    assert!(sent.get("asynchronous").is_none_or(|value| *value == json!(true)), "a Lambda waits for no check");
    let tags = sent["tags"].as_array().unwrap();
    assert!(tags.contains(&json!(ours())) && tags.contains(&json!(marked())), "{tags:?}");
    assert_eq!(bench.lines(), [CHECKS, NEW_CHECK]);
    assert_eq!(bench.call(CHECKS).url.query(), Some(format!("applicant_id={APPLICANT}").as_str()));
}

/// It was answered with a check that was open then and has ended since: whatever is found now, none is made.
#[tokio::test]
async fn what_was_submitted_before_makes_nothing() {
    let older = |id: &str, at: &str, tag: &str| {
        let mut body = listed(id, "complete", &[tag]);
        body["created_at"] = json!(at);
        body
    };
    let own = [older(OLDER_CHECK, "2026-03-01T09:00:00Z", &ours()), older(CHECK, "2026-03-02T09:00:00Z", &ours())];
    let others = [older(CHECK, "2026-03-02T09:00:00Z", "another")];
    for (there, found) in [(own.as_slice(), Ok(check())), (&others, Err(ProviderError::NotFound))] {
        let bench = making(there).start();
        let (onboarding, subject) = (OnboardingId::parse(ONBOARDING).unwrap(), applicant());
        let asked = Submission {
            onboarding: &onboarding,
            subject: &subject,
            mark: MARK,
            done: true,
            options: &members(json!({})),
        };
        let made = account().submit(bench.reach(), asked).await;
        assert_eq!(made.map(|made| made[0].clone()), found);
        assert_eq!(bench.lines(), [CHECKS], "nothing is made");
    }
}

#[tokio::test]
async fn nothing_is_said_that_nobody_said() {
    let plain = configured(&json!({"referrer": "https://*.example.com/*", "report_names": ["document"]}));
    let (made, bench) = submit(&*plain, making(&[]), &applicant(), json!({})).await;
    assert!(made.is_ok());
    let sent = bench.sent(NEW_CHECK);
    for member in ["webhook_ids", "document_ids", "privacy_notices_read_consent_given", "consider", "sub_result"] {
        assert!(sent.get(member).is_none(), "{member}: {sent}");
    }
    assert_eq!(sent["report_names"], json!(["document"]));
}

#[tokio::test]
async fn the_app_may_ask_for_other_reports() {
    let options = json!({"report_names": ["watchlist_standard"]});
    let (_, bench) = submit(&*account(), making(&[]), &applicant(), options).await;
    assert_eq!(bench.sent(NEW_CHECK)["report_names"], json!(["watchlist_standard"]));
    let nothing = configured(&json!({"referrer": "https://*.example.com/*"}));
    let fields = |options: Value| {
        let bad = nothing.check_submission(&members(options)).err().unwrap_or_default();
        bad.into_iter().map(|bad| bad.field).collect::<Vec<_>>()
    };
    assert_eq!(fields(json!({})), ["options.report_names"], "where the settings name none, the app does");
    assert!(fields(json!({"report_names": ["document"]})).is_empty());
}

#[test]
fn every_wrong_option_is_named() {
    let wrong = json!({
        "report_names": ["document", "horoscope"], "document_ids": ["no uuid"],
        "privacy_notices_read_consent_given": "yes", "location": {"country_of_residence": "GB"},
        "consents": [{"name": "everything"}], "applicant_provides_data": true,
    });
    let bad = account().check_submission(&members(wrong)).unwrap_err();
    for field in [
        "options.applicant_provides_data",
        "options.consents",
        "options.document_ids",
        "options.location",
        "options.privacy_notices_read_consent_given",
        "options.report_names",
    ] {
        assert!(bad.iter().any(|bad| bad.field.starts_with(field)), "{field}: {bad:?}");
    }
    assert!(bad.iter().all(|bad| !bad.rule.contains("horoscope") && !bad.rule.contains("everything")), "{bad:?}");
    assert_eq!(account().check_submission(&members(json!({}))), Ok(()));
}

/// By its mark: a try that was not heard of. By its being open: somebody who forgot the key.
#[tokio::test]
async fn one_that_is_there_is_the_one() {
    let cases = [
        listed(CHECK, "in_progress", &[&ours(), &marked()]),
        listed(CHECK, "complete", &[&ours(), &marked()]),
        listed(CHECK, "withdrawn", &[&ours(), &marked()]),
        listed(CHECK, "in_progress", &[&ours(), "idv-submit:another"]),
        listed(CHECK, "awaiting_applicant", &[&ours()]),
        listed(CHECK, "paused", &[&ours()]),
        listed(CHECK, "reopened", &[&ours()]),
    ];
    for there in cases {
        let (made, bench) = submitted(making(std::slice::from_ref(&there))).await;
        assert_eq!(made, Ok(all_made()), "{there}");
        assert_eq!(bench.count(NEW_CHECK), 0, "{there}");
    }
    let both = [listed(OLDER_CHECK, "complete", &[&ours()]), listed(CHECK, "complete", &[&ours(), &marked()])];
    for order in [both.to_vec(), both.iter().rev().cloned().collect()] {
        let (made, bench) = submitted(making(&order)).await;
        assert_eq!((made.unwrap()[0].clone(), bench.count(NEW_CHECK)), (check(), 0));
    }
}

#[tokio::test]
async fn what_is_over_or_not_ours_is_not_the_one() {
    let other = "idv:onb_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    for there in [
        vec![listed(OLDER_CHECK, "complete", &[&ours(), "idv-submit:another"])],
        vec![listed(OLDER_CHECK, "withdrawn", &[&ours()])],
        vec![listed(OLDER_CHECK, "in_progress", &[])],
        vec![listed(OLDER_CHECK, "in_progress", &[other])],
        vec![listed(OLDER_CHECK, "in_progress", &["tenant:acme", "onboarding:ob-000123"])],
    ] {
        let (made, bench) = submitted(making(&there)).await;
        assert_eq!((made, bench.count(NEW_CHECK)), (Ok(all_made()), 1), "{there:?}");
    }
}

/// Onfido wants them before the check (fact sheet §2.1); they are the applicant's.
#[tokio::test]
async fn location_and_consents_are_said_before() {
    let location = json!({"ip_address": "203.0.113.10", "country_of_residence": "GBR"});
    let consents = json!([{"name": "privacy_notices_read", "granted": true}]);
    let options = json!({"location": location, "consents": consents});
    let (made, bench) = submit(&*account(), making(&[]), &applicant(), options.clone()).await;
    assert_eq!(made, Ok(all_made()));
    let lines = bench.lines();
    let place = |line: &str| lines.iter().position(|found| found == line).unwrap();
    assert!(place(&applicant_line("PUT")) < place(NEW_CHECK), "{lines:?}");
    assert_eq!(bench.sent(&applicant_line("PUT")), options);
    let refused = making(&[]).only(
        &applicant_line("PUT"),
        vec![Ok(answer(422, &json!({"error": {"fields": {"location": ["is invalid"]}}})))],
    );
    let (made, bench) = submit(&*account(), refused, &applicant(), options).await;
    assert!(matches!(made, Err(ProviderError::Refused { field: Some(field) }) if field.contains("location")));
    assert_eq!(bench.count(NEW_CHECK), 0);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_never_asked_for_twice_in_one_go() {
    for lost in [
        Err(HttpError::TimedOut),
        Err(HttpError::Broken),
        Ok(empty(500)),
        Ok(empty(504)),
        Ok(answer(201, &json!({"id": null}))),
        Ok(answer(201, &json!("x"))),
    ] {
        let (made, bench) = submitted(making(&[]).only(NEW_CHECK, vec![lost.clone()])).await;
        assert!(matches!(made, Err(ProviderError::Unavailable(_))), "{made:?}");
        assert_eq!(bench.count(NEW_CHECK), 1);
        let (made, bench) = submitted(making(&[]).only(CHECKS, vec![lost])).await;
        assert!(matches!(made, Err(ProviderError::Unavailable(_))), "{made:?}");
        assert_eq!(bench.count(NEW_CHECK), 0, "whoever cannot see whether there is one makes none");
    }
    for (status, expected) in [(429, ProviderError::Busy { retry_after: None }), (401, ProviderError::Unauthorized)] {
        let (made, _) = submitted(making(&[]).only(NEW_CHECK, vec![Ok(empty(status))])).await;
        assert_eq!(made, Err(expected));
    }
}

#[tokio::test]
async fn a_refusal_names_the_field() {
    for (field, expected) in [
        ("report_names", "options.report_names"),
        ("document_ids", "options.document_ids"),
        ("location", "options.location"),
        ("webhook_ids", "settings.webhook_ids"),
    ] {
        let body = json!({"error": {"type": "validation_error", "fields": {field: ["is invalid"]}}});
        let (made, _) = submitted(making(&[]).only(NEW_CHECK, vec![Ok(answer(422, &body))])).await;
        assert_eq!(made, Err(ProviderError::Refused { field: Some(expected.to_owned()) }));
    }
}

#[tokio::test]
async fn a_run_of_the_studio_is_not_submitted() {
    let (made, bench) = submit(&*account(), making(&[]), &run(), json!({})).await;
    assert!(matches!(made, Err(ProviderError::Unsupported(_))), "{made:?}");
    assert!(bench.lines().is_empty());
}

/// A list of somebody else's checks is never taken for ours.
#[tokio::test]
async fn another_s_checks_are_not_taken() {
    let mut foreign = listed(CHECK, "in_progress", &[&ours(), &marked()]);
    foreign["applicant_id"] = json!(ANOTHER);
    let (made, bench) = submitted(making(&[foreign])).await;
    assert!(matches!(made, Err(ProviderError::Foreign(_))), "{made:?}");
    assert_eq!(bench.count(NEW_CHECK), 0);
    let own = account_with(json!({"api_version": "v3.2"}));
    let (made, bench) = submit(&*own, making(&[]), &applicant(), json!({})).await;
    assert!(made.is_err() && bench.lines().iter().all(|line| line.contains("/v3.2/")), "{:?}", bench.lines());
    assert_eq!(answered("list_checks")["checks"].as_array().unwrap().len(), 1);
}
