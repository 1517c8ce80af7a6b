//! Settings, both credentials, webhooks, deletion, and what is shown live.

use std::collections::BTreeSet;
use std::time::Duration;

use idv_gateway::domain::{PartFact, Resource, Standing, Timestamp};
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{Account, ProviderError, Registration};
use idv_gateway::secret::Secret;
use serde_json::{Value, json};

use crate::harness::{
    ANOTHER, API_TOKEN, APPLICANT, Bench, CHECKS, DOCUMENT, LOGIN, Script, WEBHOOK, account, answered, applicant,
    applicant_line, both_clear, check, check_in, classic, configure, configured, fixture, report, report_line, run,
    run_line, usual,
};

pub(crate) const FIXTURES: &[&str] = &[
    "list_documents.response.200",
    "list_webhooks.response.200",
    "post_oauth_token.response.200",
    "post_webhooks.request",
    "post_webhooks.response.201",
    "put_webhook.disable.request",
];

const DOCUMENTS: &str = "GET /v3.6/documents";
const HOOKS: &str = "GET /v3.6/webhooks";
const NEW_HOOK: &str = "POST /v3.6/webhooks";

fn with(base_urls: &Value, api: &Value, settings: &Value) -> std::sync::Arc<dyn Account> {
    configure(base_urls, api, settings).unwrap_or_else(|faults| panic!("{faults:?}"))
}

#[tokio::test]
async fn region_and_version_are_in_the_address() {
    let token = json!({"token": API_TOKEN});
    for (base, settings, expected) in [
        (json!({}), json!({}), "https://api.eu.onfido.com/v3.6/checks"),
        (json!({}), json!({"region": "us"}), "https://api.us.onfido.com/v3.6/checks"),
        (json!({}), json!({"region": "ca", "api_version": "v3.4"}), "https://api.ca.onfido.com/v3.4/checks"),
        (json!({}), json!({"api_version": "v3.2"}), "https://api.eu.onfido.com/v3.2/checks"),
        (
            json!({"api": "https://proxy.example/onfido"}),
            json!({"region": "us"}),
            "https://proxy.example/onfido/v3.6/checks",
        ),
    ] {
        let account = with(&base, &token, &settings);
        let bench = Script::new().start();
        let _ = account.look(bench.reach(), &applicant()).await;
        let mut url = bench.calls()[0].url.clone();
        url.set_query(None);
        assert_eq!(url.as_str(), expected, "{settings}");
    }
    let faults = |settings: Value| configure(&json!({}), &token, &settings).err().unwrap_or_default().len();
    for wrong in [
        json!({"region": "EU"}),
        json!({"region": "uk"}),
        json!({"api_version": "v3.1"}),
        json!({"api_version": "3.6"}),
        json!({"report_names": ["horoscope"]}),
        json!({"webhook_ids": ["x"]}),
        json!({"workflow_id": "x"}),
        json!({"consider": "approved"}),
        json!({"referrer": "https://a.example/*", "application_id": "com.example"}),
    ] {
        assert_eq!(faults(wrong.clone()), 1, "{wrong}");
    }
    assert_eq!(faults(usual()), 0);
}

fn by_client() -> std::sync::Arc<dyn Account> {
    with(&json!({}), &json!({"client_id": "example-client", "client_secret": "example-secret"}), &usual())
}

fn granting() -> Script {
    classic(&check_in("complete", Some("clear")), &both_clear()).on(LOGIN, 200, &answered("post_oauth_token"))
}

#[tokio::test]
async fn client_credentials_are_exchanged_for_a_bearer_token_once() {
    let (account, bench) = (by_client(), granting().start());
    for _ in 0..3 {
        account.look(bench.reach(), &applicant()).await.unwrap();
    }
    assert_eq!(bench.count(LOGIN), 1);
    let body = String::from_utf8(bench.call(LOGIN).body).unwrap();
    assert!(body.contains("client_id=example-client") && body.contains("client_secret=example-secret"), "{body}");
    let token = answered("post_oauth_token")["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    assert_eq!(bench.call(CHECKS).authorization.as_deref(), Some(bearer.as_str()));
    // used up: another one, before it ends
    let life = answered("post_oauth_token")["expires_in"].as_u64().unwrap();
    bench.clock.advance(Duration::from_secs(life - 5));
    account.look(bench.reach(), &applicant()).await.unwrap();
    assert_eq!(bench.count(LOGIN), 2);
}

#[tokio::test]
async fn a_refused_bearer_token_is_renewed_once_and_then_believed() {
    let script = granting().only(CHECKS, vec![Ok(empty(401)), Ok(answer(200, &json!({"checks": []})))]);
    let bench = script.start();
    assert!(by_client().look(bench.reach(), &applicant()).await.is_ok());
    assert_eq!((bench.count(LOGIN), bench.count(CHECKS)), (2, 2));
    let bench = granting().only(CHECKS, vec![Ok(empty(401))]).start();
    assert_eq!(by_client().look(bench.reach(), &applicant()).await.err(), Some(ProviderError::Unauthorized));
    assert!(bench.count(LOGIN) <= 2 && bench.count(CHECKS) <= 2);
    let bench = granting().only(LOGIN, vec![Ok(empty(401))]).start();
    assert_eq!(by_client().look(bench.reach(), &applicant()).await.err(), Some(ProviderError::Unauthorized));
    assert_eq!(bench.count(CHECKS), 0);
}

#[test]
fn the_two_ways_in_exclude_each_other() {
    let both = json!({"token": API_TOKEN, "client_id": "c", "client_secret": "s"});
    for wrong in [json!({}), both, json!({"client_id": "c"}), json!({"token": ""})] {
        assert!(configure(&json!({}), &wrong, &usual()).is_err(), "{wrong}");
    }
}

fn hooked() -> Script {
    Script::new()
        .on(HOOKS, 200, &answered("list_webhooks"))
        .on(NEW_HOOK, 201, &fixture("post_webhooks.response.201"))
        .on(&format!("GET /v3.6/webhooks/{WEBHOOK}"), 200, &fixture("post_webhooks.response.201"))
        .on(&format!("PUT /v3.6/webhooks/{WEBHOOK}"), 200, &fixture("post_webhooks.response.201"))
}

fn told(registration: &Registration) -> (&str, bool, bool) {
    let token = fixture("post_webhooks.response.201")["token"].as_str().unwrap().to_owned();
    let secret = registration.secret.as_ref().is_some_and(|secret| secret.matches(token.as_bytes()));
    (&registration.id, registration.enabled, secret)
}

#[tokio::test]
async fn webhooks_are_listed_with_their_token() {
    let bench = hooked().start();
    let found = account().webhooks(bench.reach()).await.unwrap();
    let url = answered("list_webhooks")["webhooks"][0]["url"].as_str().unwrap().to_owned();
    assert_eq!(found.iter().map(told).collect::<Vec<_>>(), [(WEBHOOK, true, true)]);
    assert!(found[0].url.matches(url.as_bytes()));
    let broken = hooked().only(HOOKS, vec![Ok(empty(503))]).start();
    assert!(account().webhooks(broken.reach()).await.is_err());
}

/// Always with its environment, switched off until its token has arrived everywhere.
#[tokio::test]
async fn a_webhook_is_made_for_one_environment_and_what_the_gateway_needs() {
    let documented = fixture("post_webhooks.request");
    for (token, environment) in
        [("api_live.x1", "live"), ("api_sandbox.x1", "sandbox"), ("api_sandbox_us.x1", "sandbox")]
    {
        let account = with(&json!({}), &json!({"token": token}), &usual());
        let bench = hooked().start();
        let url = Secret::from(documented["url"].as_str().unwrap().to_owned());
        let made = account.register(bench.reach(), &url, false).await.unwrap();
        assert_eq!(made.id, WEBHOOK);
        let sent = bench.sent(NEW_HOOK);
        assert_eq!((&sent["url"], &sent["enabled"]), (&documented["url"], &json!(false)));
        assert_eq!(sent["environments"], json!([environment]), "{token}");
        let events = sent["events"].as_array().unwrap();
        for event in documented["events"].as_array().unwrap() {
            assert!(events.contains(event), "{event}");
        }
    }
}

/// Client credentials do not say which environment they are of: the settings do, whatever stands there.
#[tokio::test]
async fn client_credentials_are_of_the_environment_that_the_settings_say() {
    let pair = json!({"client_id": "example-client", "client_secret": "example-secret"});
    let own = |environment: Option<&str>| {
        let mut settings = usual();
        environment.into_iter().for_each(|environment| settings["environment"] = json!(environment));
        with(&json!({}), &pair, &settings)
    };
    let line = format!("PUT /v3.6/webhooks/{WEBHOOK}");
    for (said, expected, other) in
        [(None, "live", "sandbox"), (Some("live"), "live", "sandbox"), (Some("sandbox"), "sandbox", "live")]
    {
        let account = own(said);
        for (stands_there, complete) in [(vec![expected], true), (vec![other], false), (vec![expected, other], false)] {
            let mut webhook = fixture("post_webhooks.response.201");
            webhook["environments"] = json!(stands_there);
            webhook.as_object_mut().unwrap().remove("events");
            let bench = hooked()
                .on(LOGIN, 200, &answered("post_oauth_token"))
                .only(&format!("GET /v3.6/webhooks/{WEBHOOK}"), vec![Ok(answer(200, &webhook))])
                .only(HOOKS, vec![Ok(answer(200, &json!({"webhooks": [webhook]})))])
                .start();
            let found = account.webhooks(bench.reach()).await.unwrap();
            assert_eq!(found[0].complete, complete, "{said:?} {stands_there:?}");
            account.amend(bench.reach(), WEBHOOK, true).await.unwrap();
            assert_eq!(bench.sent(&line)["environments"], json!([expected]), "{said:?} {stands_there:?}");
            let url = Secret::from("https://idv.example.com/hook".to_owned());
            account.register(bench.reach(), &url, true).await.unwrap();
            assert_eq!(bench.sent(NEW_HOOK)["environments"], json!([expected]), "{said:?}");
        }
    }
}

#[tokio::test]
async fn a_webhook_is_switched_without_losing_what_it_lists() {
    let bench = hooked().start();
    account().amend(bench.reach(), WEBHOOK, false).await.unwrap();
    let sent = bench.sent(&format!("PUT /v3.6/webhooks/{WEBHOOK}"));
    assert_eq!(sent["enabled"], fixture("put_webhook.disable.request")["enabled"]);
    let listed = fixture("post_webhooks.response.201")["events"].as_array().unwrap().clone();
    let kept = sent["events"].as_array().unwrap();
    assert!(listed.iter().all(|event| kept.contains(event)), "{sent}");
    let gone = Script::new().start();
    assert!(account().amend(gone.reach(), WEBHOOK, true).await.is_err());
}

async fn erased(script: Script, subject: &Resource) -> (Result<(), ProviderError>, Bench) {
    let bench = script.start();
    (account().erase(bench.reach(), subject).await, bench)
}

#[tokio::test]
async fn an_applicant_is_deleted_and_twice_is_done() {
    let there = || {
        Script::new()
            .on("GET /v3.6/ping", 200, &json!("pong"))
            .on(&applicant_line("DELETE"), 204, &Value::Null)
            .run(&answered("get_workflow_run.approved"))
    };
    for subject in [applicant(), run()] {
        let (outcome, bench) = erased(there(), &subject).await;
        assert_eq!((outcome, bench.count(&applicant_line("DELETE"))), (Ok(()), 1), "{subject}");
        let (outcome, _) = erased(there().only(&applicant_line("DELETE"), vec![Ok(empty(404))]), &subject).await;
        assert_eq!(outcome, Ok(()), "gone already");
        for status in [401, 429, 500] {
            let failing = there().only(&applicant_line("DELETE"), vec![Ok(empty(status))]);
            assert!(erased(failing, &subject).await.0.is_err(), "{status}");
        }
    }
    // a host that is no Onfido says nothing of anybody
    let (outcome, _) = erased(Script::new(), &applicant()).await;
    assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{outcome:?}");
    let (outcome, _) = erased(there().only(&run_line(), vec![Ok(empty(404))]), &run()).await;
    assert_eq!(outcome, Ok(()));
}

/// Personal data, live; no way in and no address that opens a file.
#[tokio::test]
async fn details_are_shown_without_secrets() {
    let script = || {
        Script::new()
            .on(&applicant_line("GET"), 200, &fixture("post_applicants.response.201"))
            .on(DOCUMENTS, 200, &answered("list_documents"))
            .run(&fixture("post_workflow_runs.response.201"))
    };
    for subject in [applicant(), run()] {
        let bench = script().start();
        let details = account().details(bench.reach(), &subject).await.unwrap();
        let text = details.to_string();
        assert!(text.contains("Ada") && text.contains("document_front.jpg"), "{text}");
        for secret in ["eyJ", "eu.onfido.app/l/", "/download", "sdk_token"] {
            assert!(!text.contains(secret), "{subject}: {secret}");
        }
        assert_eq!(bench.call(DOCUMENTS).url.query(), Some(format!("applicant_id={APPLICANT}").as_str()));
    }
    let mut other = fixture("post_applicants.response.201");
    other["id"] = json!(ANOTHER);
    let bench = script().only(&applicant_line("GET"), vec![Ok(answer(200, &other))]).start();
    assert!(matches!(account().details(bench.reach(), &applicant()).await, Err(ProviderError::Foreign(_))));
}

#[tokio::test]
async fn a_report_is_shown_alone() {
    let whole = answered("get_report.document.suspected");
    let bench = Script::new().on(&report_line(DOCUMENT), 200, &whole).start();
    assert_eq!(account().evidence(bench.reach(), &report(DOCUMENT)).await, Ok(whole));
    assert_eq!(bench.lines(), [report_line(DOCUMENT)]);
    for other in [check(), applicant(), run()] {
        let outcome = account().evidence(bench.reach(), &other).await;
        assert!(matches!(outcome, Err(ProviderError::Unsupported(_))), "{other}");
    }
}

fn fact(resource: Resource, status: &str) -> PartFact {
    PartFact { resource, standing: Standing::Ended, provider_status: status.to_owned() }
}

/// By them a configuration is checked.
#[test]
fn the_types_of_event_that_are_listed_are_those_that_are_made() {
    let reports = ["awaiting_data", "awaiting_approval", "cancelled", "complete", "withdrawn"];
    let checks =
        ["in_progress", "awaiting_applicant", "complete", "withdrawn", "paused", "reopened", "expired", "quantum"];
    let runs = ["processing", "awaiting_input", "awaiting_client_input", "approved", "declined", "review", "abandoned"];
    let all = reports.map(|status| fact(report(DOCUMENT), status)).into_iter();
    let all = all.chain(checks.map(|status| fact(check(), status))).chain(runs.map(|status| fact(run(), status)));
    let at = Timestamp::from_millis(0);
    let made: BTreeSet<String> = all.filter_map(|fact| account().event_of(&fact, at)).map(|event| event.kind).collect();
    let listed: BTreeSet<String> = account().events().iter().map(|kind| (*kind).to_owned()).collect();
    assert_eq!((listed.len(), listed), (account().events().len(), made));
}

/// What a receiver of Onfido's own webhooks would have been told, but for the host of `href`.
#[test]
fn events_are_made_in_onfido_s_own_form() {
    let at = Timestamp::parse("2026-03-02T09:07:31.250Z").unwrap();
    for (name, resource, status) in [
        ("webhook.report.completed", report(DOCUMENT), "complete"),
        ("webhook.report.cancelled", report(DOCUMENT), "cancelled"),
        ("webhook.report.withdrawn", report(DOCUMENT), "withdrawn"),
        ("webhook.check.completed", check(), "complete"),
        ("webhook.check.withdrawn", check(), "withdrawn"),
        ("webhook.workflow_run.completed.approved", run(), "approved"),
    ] {
        let event = account().event_of(&fact(resource.clone(), status), at).unwrap();
        let mut real = fixture(name);
        assert_eq!(json!(event.kind), real["payload"]["action"], "{name}");
        real["payload"].as_object_mut().unwrap().remove("resource");
        let path = real["payload"]["object"]["href"].as_str().unwrap().split_once("onfido.com").unwrap().1.to_owned();
        real["payload"]["object"]["href"] = json!(format!("https://api.eu.onfido.com{path}"));
        assert_eq!(event.body, real, "{name}");
    }
    for (resource, status) in [
        (report(DOCUMENT), "awaiting_data"),
        (check(), "in_progress"),
        (run(), "processing"),
        (applicant(), "x"),
        (check(), "quantum"),
    ] {
        assert_eq!(account().event_of(&fact(resource.clone(), status), at), None, "{resource} {status}");
    }
    let older = configured(&json!({"api_version": "v3.2", "region": "us"}));
    let event = older.event_of(&fact(check(), "complete"), at).unwrap();
    let href = event.body["payload"]["object"]["href"].as_str().unwrap().to_owned();
    assert!(href.starts_with("https://api.us.onfido.com/v3.2/checks/"), "{href}");
}
