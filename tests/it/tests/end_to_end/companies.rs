//! Companies: started with their own setup, decided by their KYB identification; forms on the way are no verdict.
//!
//! The reconciler does not run: every news here was brought by a webhook.

use idv_it::stage::{Case, PATIENCE, Plan, Stage, until};
use idv_local::SourceQueue;
use idv_simulators::ondato::{Act, DeliveryState, Endpoint, WebhookManner, WebhookRule};
use serde_json::{Value, json};

use crate::invoke::code;

fn request(stage: &Stage, tenant: &str) -> Value {
    let mut request = stage.start_request(tenant, "company-1");
    request["subject"] = json!({"kind": "company", "email": "office@example.com"});
    request
}

async fn begin<'a>(stage: &'a Stage, tenant: &str) -> Case<'a> {
    let case = Case::of(stage, tenant, &stage.ask(tenant, &request(stage, tenant)).await);
    let setup = &stage.tenant(tenant).application.kyb_setup_id;
    assert_eq!(stage.ondato.truth(&case.idv).unwrap().idv["setup"]["id"], **setup, "the setup of companies");
    case
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_is_approved_or_rejected_by_its_own_identification() {
    let plan = Plan::of(&["rejected", "overheard"])
        .and("approved", |config| config["delivery"]["kinds"] = json!(["status", "action", "part"]))
        .and("persons", |config| {
            config["connections"]["ondato"]["settings"].as_object_mut().unwrap().remove("kyb_setup_id");
        })
        .without_schedule();
    let stage = Stage::with(plan).await;
    tokio::join!(approved(&stage), rejected(&stage), persons_alone(&stage));
    // when nothing else moves, so that no other look can bring the news
    overheard(&stage).await;
    assert_eq!(stage.stack.dead_letters(SourceQueue::Notices).await.unwrap(), Vec::<Value>::new());
}

/// Also with a form on the way, which is a part that is shown, never decides, and so is no `part` change.
async fn approved(stage: &Stage) {
    let case = begin(stage, "approved").await;
    case.opened().await;
    case.does([Act::StartForm]);
    let form = id(&stage.ondato.truth(&case.idv).unwrap().forms[0]);
    let asked = stage.ondato.requests_to(Endpoint::GetForm);
    case.does([Act::SubmitCompany]);
    case.heard("in_review").await;
    assert!(stage.ondato.requests_to(Endpoint::GetForm) > asked, "the form is read");
    case.shows("the open form", |shown| part(shown, &form) == ["form", "Unfinished", "open"]).await;
    case.does([Act::FinishForm { form: form.clone() }]);
    case.shows("the finished form", |shown| part(shown, &form) == ["form", "Finished", "ended"]).await;
    assert_eq!(case.shown().await["status"], "in_review", "a form is no verdict");
    case.does([Act::Complete, Act::DecideCompany { approved: true }]);
    case.ends("approved").await;

    let company = id(stage.ondato.truth(&case.idv).unwrap().kyb.as_ref().unwrap());
    let rows = case.received();
    let parts: Vec<&Value> =
        rows.iter().filter(|row| row.event_type == "onboarding.part").map(|row| &row.body["data"]["part"]).collect();
    assert_eq!(parts.len(), 1, "{parts:?}");
    let told = [&parts[0]["resource"]["kind"], &parts[0]["resource"]["id"], &parts[0]["standing"]];
    assert_eq!(told, [&json!("kyb_identification"), &json!(company), &json!("approved")], "{parts:?}");
    let told = rows.iter().rfind(|row| row.event_type == "onboarding.approved").unwrap();
    let ids = json!({"identity_verification": case.idv, "kyb_identification": company, "form": form});
    assert_eq!(told.body["data"]["provider"]["ids"], ids);
}

/// Nobody asked for parts: none is told. A later decision overturns.
async fn rejected(stage: &Stage) {
    let case = begin(stage, "rejected").await;
    case.opened().await;
    case.does([Act::SubmitCompany, Act::Complete]);
    case.heard("in_review").await;
    case.does([Act::DecideCompany { approved: false }]);
    case.ends("rejected").await;
    assert!(case.timeline().await.iter().any(|change| change["kind"] == "part"), "it is recorded");
    assert!(case.received().iter().all(|row| row.event_type != "onboarding.part"), "{:?}", case.received());
    case.does([Act::DecideCompany { approved: true }]);
    case.ends("approved").await;
    assert_eq!(case.received().last().unwrap().body["data"]["overturned"], true);
}

/// The decision's webhook is lost; that of a document names the KYB identification alone, and leads to it.
async fn overheard(stage: &Stage) {
    let case = begin(stage, "overheard").await;
    case.opened().await;
    case.does([Act::SubmitCompany, Act::Complete]);
    case.heard("in_review").await;
    case.webhooks_answered().await;
    assert!(stage.stack.quiet(PATIENCE).await, "no earlier webhook is still to be answered by a look");
    let lost = WebhookRule::always(WebhookManner::Lost).on("KybIdentification.Approved").about(&case.idv);
    stage.ondato.misdeliver(lost);
    case.does([Act::DecideCompany { approved: true }]);
    until("it is lost", || async { stage.ondato.deliveries().iter().any(|it| it.state == DeliveryState::Lost) }).await;
    case.does([Act::AddCompanyDocument]);
    case.ends("approved").await;
}

async fn persons_alone(stage: &Stage) {
    let answer = stage.ask("persons", &request(stage, "persons")).await;
    assert_eq!((code(&answer), &answer["error"]["field"]), ("invalid_request", &json!("subject.kind")), "{answer}");
}

fn id(resource: &Value) -> String {
    resource["id"].as_str().unwrap().to_owned()
}

/// Kind, the provider's word and standing of one part, by its id.
fn part<'a>(shown: &'a Value, id: &str) -> [&'a str; 3] {
    let parts = shown["parts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let part = parts.iter().find(|part| part["resource"]["id"] == id).unwrap_or(&Value::Null);
    [&part["resource"]["kind"], &part["provider_status"], &part["standing"]]
        .map(|word| word.as_str().unwrap_or_default())
}
