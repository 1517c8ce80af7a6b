//! A webhook registered for a deployment: its secrets are read and written, the functions read them.

use idv_it::stage::{Plan, Ran, Stage, alias, request, until};
use idv_simulators::onfido::{Act, DeliveryState, Environment, WebhookRecord};
use serde_json::{Value, json};

/// A deployment whose connection with Onfido has no signing secret yet.
async fn stage() -> Stage {
    let plan = Plan::of(&[]).with_onfido().without_schedule();
    let stage = Stage::with(plan.and("acme", |config| config["connections"]["onfido"]["webhook"] = json!({}))).await;
    stage.onfido().unregister_all();
    stage
}

async fn secret(stage: &Stage, name: &str) -> (String, Value) {
    let name = format!("{}/{name}", stage.stack.secret_prefix());
    let text = stage.stack.secrets().get_secret_value().secret_id(name).send().await.unwrap().secret_string.unwrap();
    let value = serde_json::from_str(&text).unwrap();
    (text, value)
}

async fn register(stage: &Stage, rest: &[&str]) -> Ran {
    let which =
        ["--secrets", stage.stack.secret_prefix(), "--tenant", "acme", "--connection", "onfido", "--local-targets"];
    // one more than the ingress leaves between two reads of a secret that refuses
    let wait = if rest.contains(&"--finish") || !rest.contains(&"--rotate") { "1" } else { "11" };
    let how = ["--public-url", stage.stack.api_url(), "--wait", wait];
    let ran = stage.operator("connection", &[&["register"], &which[..], &how, rest].concat()).await;
    for webhook in stage.onfido().webhooks() {
        assert!(!ran.told.contains(&webhook.token), "{ran:?}");
    }
    ran
}

async fn registers(stage: &Stage, rest: &[&str]) -> String {
    let ran = register(stage, rest).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.told
}

fn standing(stage: &Stage) -> Vec<WebhookRecord> {
    stage.onfido().webhooks().into_iter().filter(|webhook| !webhook.removed).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_registered_in_one_command_and_its_secret_changed_in_two() {
    let stage = stage().await;
    let address = format!("{}{}", stage.stack.api_url(), alias("acme"));
    let (text, _) = secret(&stage, "tenants/acme").await;
    let dry = registers(&stage, &["--dry-run"]).await;
    assert!(dry.contains("would be switched on"), "{dry}");
    assert_eq!((secret(&stage, "tenants/acme").await.0, standing(&stage).len()), (text, 0));

    let version = secret(&stage, "index").await.1["tenants"]["acme"].clone();
    let told = registers(&stage, &[]).await;
    let first = standing(&stage).remove(0);
    let id = &first.id;
    let expected = format!(
        "registered: {id}  {address}  (not sent to)\nstored: the signing secret and the id of {id}\n\
         until every function has read it: 1 s\nswitched on: {id}  {address}\n"
    );
    assert_eq!(told, expected, "it goes on by itself");
    let connection = secret(&stage, "tenants/acme").await.1["connections"]["onfido"].clone();
    assert_eq!(connection["webhook"]["hmac"], json!([{"secret": first.token}]));
    assert_eq!(connection["settings"]["webhook_ids"], json!([id]));
    assert_ne!(secret(&stage, "index").await.1["tenants"]["acme"], version, "the functions are told");
    assert_eq!(registers(&stage, &[]).await, format!("registered already: {id}  {address}\n"));

    // what was registered is what the gateway listens on
    let person = stage.applies("acme", "customer-1").await;
    person.checked().await;
    person.does([Act::complete()]);
    person.webhooks_answered().await;
    person.ends("approved").await;
    heard(&stage).await;

    let told = registers(&stage, &["--rotate"]).await;
    assert!(told.contains("switched on: "), "{told}");
    assert!(standing(&stage).len() == 2 && standing(&stage).iter().all(|webhook| webhook.enabled));
    // an event that no webhook was chosen for goes to both, signed with either secret
    stage.onfido().other_events(Some("acme"), Environment::Live, "check.completed", 1);
    heard(&stage).await;

    let told = registers(&stage, &["--rotate", "--finish"]).await;
    let steps =
        ["taken out of settings.webhook_ids: ", "until every function", "removed at the provider: ", "dropped: 1 "];
    let places: Vec<_> = steps.iter().map(|step| told.find(step)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{told}");
    let second = standing(&stage).remove(0);
    assert_ne!(second.id, first.id);
    let connection = secret(&stage, "tenants/acme").await.1["connections"]["onfido"].clone();
    assert_eq!(connection["webhook"]["hmac"], json!([{"secret": second.token}]));
    assert_eq!(connection["settings"]["webhook_ids"], json!([second.id]));
}

/// Every webhook so far came, whatever it took.
async fn heard(stage: &Stage) {
    until("every webhook is accepted", || async {
        let all = stage.onfido().deliveries();
        !all.is_empty() && all.iter().all(|row| row.state == DeliveryState::Delivered)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_said_and_nothing_is_asked() {
    let stage = stage().await;
    let of = async |prefix: &str, tenant: &str, connection: &str| {
        let which = ["register", "--secrets", prefix, "--tenant", tenant, "--connection", connection];
        stage
            .operator(
                "connection",
                &[&which[..], &["--public-url", "https://idv.example.com", "--local-targets"]].concat(),
            )
            .await
    };
    let address = format!("{}{}", stage.stack.api_url(), alias("acme"));
    let unproven = request("POST", &address, &[("x-sha2-signature", "0".repeat(64))], b"{}").await;
    assert_eq!(unproven.status, 503, "what cannot be proven yet is sent again");
    let prefix = stage.stack.secret_prefix();
    for (prefix, tenant, connection, code, told) in [
        ("nowhere", "acme", "onfido", 1, "the secret nowhere/tenants/acme cannot be read: missing"),
        (prefix, "nobody", "onfido", 1, "tenants/nobody cannot be read: missing"),
        (prefix, "acme", "bank", 2, "acme has no connection bank; there is ondato, onfido"),
    ] {
        let ran = of(prefix, tenant, connection).await;
        assert!(ran.code == Some(code) && ran.told.contains(told), "{told}: {ran:?}");
    }
    // which aliases lead to it is said by the index
    let (text, mut index) = secret(&stage, "index").await;
    index["tenants"] = json!({});
    let name = format!("{prefix}/index");
    stage.stack.secrets().put_secret_value().secret_id(&name).secret_string(index.to_string()).send().await.unwrap();
    let ran = register(&stage, &[]).await;
    assert!(ran.code == Some(1) && ran.told.contains("has no tenant acme"), "{ran:?}");
    assert!(standing(&stage).iter().all(|webhook| !webhook.enabled), "nothing is sent that is not proven");
    stage.stack.secrets().put_secret_value().secret_id(&name).secret_string(text).send().await.unwrap();
    let ran = register(&stage, &["--no-alias"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
}
