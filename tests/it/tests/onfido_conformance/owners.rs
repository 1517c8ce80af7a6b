//! Whose an event is: a report is its check's, a check its applicant's, a run whose reference it carries.

use idv_gateway::domain::OnboardingId;
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{HttpError, ProviderError, Whose};
use serde_json::{Value, json};

use crate::harness::{
    ANOTHER, Bench, CHECK, DOCUMENT, ONBOARDING, Script, account, answered, applicant, check, check_line, report,
    report_line, resource, run, run_line,
};

fn led() -> Script {
    Script::new().on(&report_line(DOCUMENT), 200, &answered("get_report.document.clear")).on(
        &check_line(),
        200,
        &answered("get_check.clear"),
    )
}

async fn whose(script: Script, subject: &idv_gateway::domain::Resource) -> (Result<Whose, ProviderError>, Bench) {
    let bench = script.start();
    let found = account().resolve(bench.reach(), subject).await;
    (found, bench)
}

#[tokio::test]
async fn a_report_and_a_check_lead_to_the_applicant() {
    let (found, bench) = whose(led(), &report(DOCUMENT)).await;
    assert_eq!(found, Ok(Whose::About { subject: applicant(), part: report(DOCUMENT) }));
    assert_eq!(bench.lines(), [report_line(DOCUMENT), check_line()]);
    let (found, bench) = whose(led(), &check()).await;
    assert_eq!(found, Ok(Whose::About { subject: applicant(), part: check() }));
    assert_eq!(bench.lines(), [check_line()]);
}

/// Our own applicant is bound before anything can name it.
#[tokio::test]
async fn an_applicant_that_nobody_knows_is_others() {
    let (found, bench) = whose(led(), &applicant()).await;
    assert_eq!((found, bench.lines().len()), (Ok(Whose::Others), 0));
}

fn tagged(tags: &Value, user: &Value) -> Script {
    let mut body = answered("get_workflow_run.approved");
    body["tags"] = tags.clone();
    body["customer_user_id"] = user.clone();
    Script::new().run(&body)
}

#[tokio::test]
async fn a_run_is_whose_reference_it_carries() {
    let ours = json!([format!("idv:{ONBOARDING}"), "idv-attempt:1"]);
    let id = OnboardingId::parse(ONBOARDING).unwrap();
    for (tags, user) in [(&ours, json!(ONBOARDING)), (&ours, Value::Null), (&json!([]), json!(ONBOARDING))] {
        let (found, bench) = whose(tagged(tags, &user), &run()).await;
        assert_eq!(found, Ok(Whose::Ours(id.clone())), "{tags} {user}");
        assert_eq!(bench.lines(), [run_line()]);
    }
    for (tags, user) in [
        (json!([]), Value::Null),
        (json!(["tenant:acme", "onboarding:ob-000123"]), json!("ob-000123")),
        (json!(["idv:", "idv:onb_", format!("idv: {ONBOARDING}")]), json!("customer-8731")),
        (json!(null), json!(7)),
        (json!("x"), json!([])),
    ] {
        assert_eq!(whose(tagged(&tags, &user), &run()).await.0, Ok(Whose::Others), "{tags} {user}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_invented() {
    for subject in [report(DOCUMENT), check(), run()] {
        let ping = Script::new().on("GET /v3.6/ping", 200, &json!("pong"));
        assert_eq!(whose(ping, &subject).await.0, Ok(Whose::Invented), "{subject}");
    }
    let half = led().only(&check_line(), vec![Ok(empty(404))]).on("GET /v3.6/ping", 200, &json!("pong"));
    assert_eq!(whose(half, &report(DOCUMENT)).await.0, Ok(Whose::Invented), "its check is gone, and its applicant");
}

#[tokio::test]
async fn what_cannot_be_asked_is_asked_later() {
    type Asked = (u16, fn(&ProviderError) -> bool);
    let rows: [Asked; 4] = [
        (429, |error| matches!(error, ProviderError::Busy { .. })),
        (503, |error| matches!(error, ProviderError::Unavailable(_))),
        (401, |error| matches!(error, ProviderError::Unauthorized)),
        (403, |error| matches!(error, ProviderError::Unauthorized)),
    ];
    for subject in [report(DOCUMENT), check(), run()] {
        for (status, expected) in rows {
            let line = match subject.kind.as_str() {
                "report" => report_line(DOCUMENT),
                "check" => check_line(),
                _ => run_line(),
            };
            let (found, _) = whose(led().only(&line, vec![Ok(empty(status))]), &subject).await;
            assert!(found.as_ref().is_err_and(expected), "{status} {subject}: {found:?}");
        }
    }
    let silent = led().only(&check_line(), vec![Err(HttpError::TimedOut)]);
    assert!(matches!(whose(silent, &report(DOCUMENT)).await.0, Err(ProviderError::Unavailable(_))));
}

/// An answer about something else leads nobody anywhere.
#[tokio::test]
async fn an_answer_about_something_else_is_foreign() {
    for (line, name) in [(report_line(DOCUMENT), "get_report.document.clear"), (check_line(), "get_check.clear")] {
        let mut other = answered(name);
        other["id"] = json!(ANOTHER);
        let script = led().only(&line, vec![Ok(answer(200, &other))]);
        let (found, _) = whose(script, &report(DOCUMENT)).await;
        assert!(matches!(found, Err(ProviderError::Foreign(_))), "{name}: {found:?}");
    }
    for member in ["check_id", "applicant_id"] {
        let (line, name) = if member == "check_id" {
            (report_line(DOCUMENT), "get_report.document.clear")
        } else {
            (check_line(), "get_check.clear")
        };
        for value in [Value::Null, json!("../webhooks"), json!(7)] {
            let mut without = answered(name);
            without[member] = value.clone();
            let (found, bench) = whose(led().only(&line, vec![Ok(answer(200, &without))]), &report(DOCUMENT)).await;
            assert!(!matches!(found, Ok(Whose::About { .. } | Whose::Ours(_))), "{member} {value}: {found:?}");
            assert!(bench.lines().len() <= 3, "{:?}", bench.lines());
        }
    }
    assert!(!matches!(whose(led(), &resource("hologram", CHECK)).await.0, Ok(Whose::About { .. } | Whose::Ours(_))));
}
