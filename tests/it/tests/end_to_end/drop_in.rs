//! The drop-in, both ways round: a FintechOS processor creates an applicant, gets a token, starts a check; Onfido tells of
//! it at the address that the service before had; the result is in the client's own instance. One account, two clients.

use idv_it::stage::{FASTER, PATIENCE, Plan, Reply, Stage, alias, onfido_token, request, until};
use idv_local::FunctionName;
use idv_simulators::onfido::{Act, Endpoint};
use serde_json::{Value, json};

const ACME: &str = "arn:aws:iam::000000000000:user/fintechos-acme";
const GLOBEX: &str = "arn:aws:iam::000000000000:role/fintechos/processor";
/// A session of that role.
const SESSION: &str = "arn:aws:sts::000000000000:assumed-role/processor/i-0123456789";
const EMAIL: &str = "ada.of.the.drop.in@example.com";

async fn ask(stage: &Stage, operation: &str, subscription: &str, caller: &str, body: &Value) -> Reply {
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("SubscriptionId", subscription.to_owned()),
        ("X-Local-Caller", caller.to_owned()),
    ];
    let url = format!("{}/dcs/kyc2/{operation}", stage.stack.api_url());
    request("POST", &url, &headers, body.to_string().as_bytes()).await
}

/// Adds the subscriptions to the index, as an operator does, and waits until they are known.
async fn subscribe(stage: &Stage) {
    let file = stage.configuration();
    let tenants: serde_json::Map<String, Value> =
        file["tenants"].as_object().unwrap().keys().map(|name| (name.clone(), json!("with-subscriptions"))).collect();
    let entry = |tenant: &str, caller: &str| json!({"tenant": tenant, "connection": "onfido", "callers": [caller]});
    let index = json!({
        "tenants": tenants, "aliases": file["aliases"], "prefetch": [],
        "subscriptions": {"Sub-Acme": entry("acme", ACME), "Sub-Globex": entry("globex", GLOBEX)},
    });
    stage.stack.put_secret("index", &index).await.unwrap();
    // a name that is not known is looked for each 5 s at most, by each process
    until("the subscriptions are known", || async {
        ask(stage, "sdk-token", "Sub-Globex", SESSION, &json!({"applicantId": "nobody"})).await.status == 404
    })
    .await;
}

/// What the proposed request says, for a person of our own.
fn person() -> Value {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/fintechos");
    let text = std::fs::read_to_string(format!("{root}/dcs.create_applicant.request.proposed.json")).unwrap();
    let mut person: Value = serde_json::from_str(&text).unwrap();
    person["email"] = json!(EMAIL);
    person
}

#[tokio::test(flavor = "multi_thread")]
async fn a_processor_is_served_as_by_the_service_before_and_has_its_result_in_its_own_instance() {
    let mut plan = Plan::of(&["acme", "globex"]).sharing_onfido();
    plan.concurrency = 1;
    let stage = Stage::with(plan).await;
    let onfido = stage.onfido();
    subscribe(&stage).await;

    let created = ask(&stage, "applicants", "Sub-Acme", ACME, &person()).await;
    assert_eq!(created.status, 201, "{}", created.json());
    let applicant = created.json()["applicantId"].as_str().unwrap().to_owned();
    assert_eq!(onfido.truth(&applicant).unwrap().resource["email"], EMAIL);
    let about = json!({"applicantId": applicant});
    let token = ask(&stage, "sdk-token", "Sub-Acme", ACME, &about).await;
    assert_eq!(token.status, 200, "{}", token.json());
    // an hour and a half, as fast as the stage runs
    let left = token.json()["expiresInSeconds"].as_u64().unwrap();
    assert!((1..=5400 / u64::from(FASTER)).contains(&left), "{left}");

    refused(&stage, &about).await;

    onfido.act(&applicant, Act::Capture).unwrap();
    let asked = json!({"applicantId": applicant, "reportNames": ["document", "facial_similarity_photo"]});
    let check = ask(&stage, "checks", "Sub-Acme", ACME, &asked).await;
    assert_eq!(check.status, 201, "{}", check.json());
    assert_eq!(check.json()["reportIds"].as_array().map(Vec::len), Some(2), "{}", check.json());
    assert_eq!(ask(&stage, "checks", "Sub-Acme", ACME, &asked).await.json(), check.json());
    assert_eq!(onfido.requests_about(Endpoint::CreateCheck, &applicant), 1, "one check, however often it is asked for");
    let check = check.json()["checkId"].as_str().unwrap().to_owned();
    assert_eq!(onfido.truth(&applicant).unwrap().checks, std::slice::from_ref(&check));

    onfido.perform(&check, [Act::complete()]).unwrap();
    let own = stage.tenant("acme").instance.as_ref().unwrap();
    assert!(own.wait_for(|it| it.accepted().len() >= 2, PATIENCE).await.is_ok(), "{:?}", own.accepted());
    assert!(onfido.quiet(PATIENCE).await.is_ok());
    stage.calm().await;
    assert_eq!(own.accepted().len(), 2, "each report once");
    assert_eq!(stage.tenant("globex").instance.as_ref().unwrap().accepted().len(), 0, "nothing of another client's");
    let finished = ask(&stage, "checks", "Sub-Acme", ACME, &asked).await;
    assert_eq!(
        (finished.json()["checkId"].as_str(), finished.json()["status"].as_str()),
        (Some(&*check), Some("complete"))
    );

    addresses(&stage).await;
    nothing_is_told(&stage, token.json()["token"].as_str().unwrap());
}

async fn refused(stage: &Stage, about: &Value) {
    let other = ask(stage, "sdk-token", "Sub-Acme", SESSION, about).await;
    assert_eq!(other.status, 403);
    for (subscription, caller) in [("Sub-Globex", ACME), ("sub-acme", ACME), ("Sub-Acme,Sub-Acme", ACME), ("", ACME)] {
        let refused = ask(stage, "sdk-token", subscription, caller, about).await;
        assert_eq!((refused.status, &refused.body), (403, &other.body), "{subscription} {caller}");
    }
    let unnamed = ask(stage, "sdk-token", "Sub-Acme", "", about).await;
    assert_eq!(unnamed.status, 403, "whom the authoriser does not know");
    // the applicant is there, but not for them
    let unknown = ask(stage, "checks", "Sub-Globex", SESSION, &json!({"applicantId": "nobody"})).await;
    let foreign = ask(stage, "checks", "Sub-Globex", SESSION, about).await;
    assert_eq!((foreign.status, &foreign.body), (404, &unknown.body));
    assert_eq!(stage.onfido().requests_about(Endpoint::CreateCheck, about["applicantId"].as_str().unwrap()), 0);
    // what is invoked past the API says nothing of who calls, whatever it claims to be
    let start = json!({"action": "list", "tenant": "acme"});
    let invoked = stage.stack.invoke(FunctionName::OnboardingInitiator, &start, Some("drop-in")).await;
    assert_eq!(invoked.payload["error"]["code"], "forbidden", "{}", invoked.payload);
    // the operator learns what those who ask never do
    for reason in ["caller_not_listed", "unknown_subscription", "no_subscription", "no_http_event"] {
        until(&format!("{reason} is logged"), || async {
            let lines = stage.logged(FunctionName::OnboardingInitiator, "drop_in_refused");
            lines.iter().any(|line| line.to_string().contains(&format!("\"{reason}\"")))
        })
        .await;
    }
}

/// Names at the webhooks' address are compared letter for letter; who guesses one learns nothing.
async fn addresses(stage: &Stage) {
    let known = alias("acme");
    assert!(known.chars().any(char::is_uppercase));
    let body = br#"{"payload":{"resource_type":"report","action":"report.completed","object":{"id":"x"}}}"#;
    let post = async |path: &str, token: &str| {
        let signature = idv_simulators::onfido::signature(token, body);
        let headers = [("x-sha2-signature", signature), ("content-type", "application/json".to_owned())];
        request("POST", &format!("{}{path}", stage.stack.api_url()), &headers, body).await
    };
    let forged = post(&known, "another-token").await;
    assert_eq!(forged.status, 401);
    let lower = known.to_lowercase();
    for unknown in [lower.as_str(), &format!("{known}x"), "/dcs/kyc2/webhook/notify/nobody"] {
        assert_eq!(post(unknown, &onfido_token("acme")).await.seen(), forged.seen(), "{unknown}");
    }
}

/// Neither the person nor the token nor who called stands in any log.
fn nothing_is_told(stage: &Stage, token: &str) {
    let lines: Vec<String> = stage.stack.logs().into_iter().map(|line| line.text).collect();
    assert!(lines.iter().any(|line| line.contains("\"drop_in\"") && line.contains("StartCheck")), "it was logged");
    for secret in
        [EMAIL, "Example", "1990-01-31", "203.0.113.10", "ftos-account-000123", token, ACME, SESSION, "Sub-Acme"]
    {
        let found: Vec<&String> = lines.iter().filter(|line| line.contains(secret)).collect();
        assert!(found.is_empty(), "{secret}: {found:?}");
    }
}
