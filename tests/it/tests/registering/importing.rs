//! `idv tenant import-dcs`: clients of another system taken over, up to their webhooks.

use std::process::Stdio;

use idv_it::stage::{binaries, idv};
use idv_simulators::onfido::{Account, Onfido, Region, Registration, Settings};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::desk::{File, ORIGIN};

const VAULT: &str = include_str!("../../../fixtures/fintechos/vault.kyc-onfido.config.json");
const CALLER: &str = "arn:aws:iam::000000000000:role/processor";

struct Ran {
    code: Option<i32>,
    printed: String,
    told: String,
}

async fn import(file: &File, rest: &[&str]) -> Ran {
    let mut command = Command::new(&binaries().await.idv);
    command.args(["tenant", "import-dcs", file.path()]).args(rest).env_clear().stdin(Stdio::null());
    let ran = command.output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let ran = Ran { code: ran.status.code(), printed: text(ran.stdout), told: text(ran.stderr) };
    for secret in secrets(&file.json()) {
        assert!(!ran.told.contains(&secret), "{secret}: {}", ran.told);
    }
    ran
}

/// What of a document nobody may see.
fn secrets(document: &Value) -> Vec<String> {
    let clients: Value = serde_json::from_str(document["Onfido-ApiTokens"].as_str().unwrap()).unwrap();
    let secret = ["apiToken", "subscriptionId", "ftosClientId", "ftosUsername", "ftosPassword"];
    let of = |client: &Value| secret.map(|name| client[name].as_str().unwrap_or("(none)").to_owned());
    let keys = document["serilog-seq-apiKey"].as_str().map(str::to_owned);
    clients.as_array().unwrap().iter().flat_map(of).chain(keys).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_become_tenants_on_standard_output_or_in_a_file() {
    let vault = File::of(VAULT);
    let dry = import(&vault, &["--dry-run", "--caller", CALLER]).await;
    assert_eq!(dry.code, Some(0), "{}", dry.told);
    for secret in secrets(&vault.json()) {
        assert!(!dry.printed.contains(&secret), "{secret}");
    }
    assert!(
        dry.printed.contains(r#""token": "***""#) && dry.printed.contains("FTOS_Onfido_WebHook"),
        "{}",
        dry.printed
    );
    assert!(!format!("{}{}", dry.told, dry.printed).to_lowercase().contains("serilog"), "not even named");
    assert!(
        dry.told.contains("EnableSwagger: ignored") && dry.told.contains("settings of logging: ignored"),
        "{}",
        dry.told
    );

    let whole = import(&vault, &[]).await;
    let lacks = "acme-live: has neither --referrer nor --application-id: ";
    assert!(whole.told.contains(lacks) && whole.told.contains("acme-live: has no --report-names: "), "{}", whole.told);
    let said = ["--referrer", "https://*.example.com/*", "--report-names", "document,facial_similarity_photo"];
    let ready = import(&vault, &said).await;
    let made: Value = serde_json::from_str(&ready.printed).unwrap();
    let settings = &made["tenants"]["globex-live"]["connections"]["onfido"]["settings"];
    assert_eq!(settings["referrer"], "https://*.example.com/*");
    assert_eq!(settings["report_names"], json!(["document", "facial_similarity_photo"]));
    assert!(!ready.told.contains("--re"), "{}", ready.told);
    assert!(
        whole.told.contains("acme-live: its subscription is left out: nobody is named by --caller"),
        "{}",
        whole.told
    );
    let made: Value = serde_json::from_str(&whole.printed).unwrap();
    assert!(made["subscriptions"].is_null());
    let file = File::of(&whole.printed);
    let checked = idv(&["check", "--config", file.path()]).await;
    assert!(
        checked.code == Some(0) && checked.told.contains("tenants.globex-live.connections.onfido: "),
        "{checked:?}"
    );

    // into the same file: only what is new, and then nothing
    let target = ["--config", file.path(), "--caller", "acme-live=subject-1"];
    let before = file.json();
    let dry = import(&vault, &[&target[..], &["--dry-run"]].concat()).await;
    assert!(dry.code == Some(0) && file.json() == before);
    assert_eq!(import(&vault, &target).await.code, Some(0));
    let mut expected = before.clone();
    expected["subscriptions"] = json!({"00000000-aaaa-4bbb-8ccc-000000000001":
        {"tenant": "acme-live", "connection": "onfido", "callers": ["subject-1"]}});
    assert_eq!(file.json(), expected, "sealing keys included");
    let again = import(&vault, &target).await;
    assert!(again.code == Some(0) && again.told.contains("nothing is new"), "{}", again.told);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_is_told_and_nothing_is_written() {
    let mut document: Value = serde_json::from_str(VAULT).unwrap();
    document["Onfido-BaseUrl"] = json!("https://api.eu.onfido.com/v2");
    let clients = json!([{"Name": "A_b", "apiToken": "api_live.another"}, {"Name": "a-B", "apiToken": 7}]);
    document["Onfido-ApiTokens"] = json!(clients.to_string());
    let vault = File::of(&document.to_string());
    let target = File::of("{}");
    let ran = import(&vault, &["--config", target.path()]).await;
    assert_eq!((ran.code, ran.printed.as_str(), target.text().as_str()), (Some(2), "", "{}"), "{}", ran.told);
    for place in [
        "Onfido-BaseUrl: ",
        "[0].ftosEndpoint: is missing",
        "[1].apiToken: must be a text",
        "[1].Name: becomes the tenant a-b, as A_b does",
    ] {
        assert!(ran.told.contains(place), "{place}: {}", ran.told);
    }
    let vault = File::of(VAULT);
    let before = r#"{"tenants": {"acme-live": {"sealing_keys": ["ZW5kLXRvLWVuZCBzZWFsaW5nIGtleSwgMzIgYnl0ZXM="]}}}"#;
    let target = File::of(before);
    let ran = import(&vault, &["--config", target.path()]).await;
    assert!(ran.told.contains("tenants.acme-live: is there already, and is another"), "{}", ran.told);
    assert_eq!((ran.code, target.text().as_str()), (Some(2), before));
    let ran = import(&vault, &["--caller", "arn:aws:iam::000000000000:role/*"]).await;
    assert!(ran.code == Some(2) && ran.told.contains("--caller"), "{}", ran.told);
    let ran = import(&vault, &["--caller", &format!("nobody={CALLER}")]).await;
    assert!(ran.code == Some(2) && ran.told.contains("nobody is no client of the document"), "{}", ran.told);
    let ran = import(&vault, &["--referrer", "https://a.example/*", "--application-id", "com.example.app"]).await;
    assert!(ran.code == Some(2) && ran.told.contains("settings.application_id: must not stand"), "{}", ran.told);
    let ran = import(&vault, &["--report-names", "documents"]).await;
    assert!(ran.code == Some(2) && ran.told.contains("settings.report_names: "), "{}", ran.told);
    let absent = File::of("{}");
    let path = absent.path().to_owned();
    drop(absent);
    let ran = idv(&["tenant", "import-dcs", &path]).await;
    assert!(ran.code == Some(2) && ran.told.contains("cannot be read"), "{ran:?}");
}

/// Two clients of one account, each with its webhook in the Dashboard: the gateway takes the place of what was there.
#[tokio::test(flavor = "multi_thread")]
async fn their_webhooks_are_adopted_where_they_stand() {
    let names = ["acme-live", "globex-live"];
    let accounts = vec![Account::shared("platform", Region::Eu, &names)];
    let onfido = Onfido::start(Settings { accounts, ..Settings::default() }).await.unwrap();
    let mut document: Value = serde_json::from_str(VAULT).unwrap();
    let mut clients: Value = serde_json::from_str(document["Onfido-ApiTokens"].as_str().unwrap()).unwrap();
    for (at, name) in names.iter().enumerate() {
        let registration =
            Registration::to(format!("{ORIGIN}/dcs/kyc2/webhook/notify/{name}")).only(&["report.completed"]);
        let tokens = onfido.accounts().remove(0).tokens;
        clients[at]["apiToken"] = json!(tokens.iter().find(|token| token.client == *name).unwrap().token);
        clients[at]["webhookId"] = json!(onfido.register(registration));
    }
    document["Onfido-BaseUrl"] = json!(onfido.base_url(Region::Eu, "v3.2"));
    document["Onfido-ApiTokens"] = json!(clients.to_string());
    let vault = File::of(&document.to_string());
    let target = File::of("{}");
    let ran = import(&vault, &["--config", target.path(), "--shared-account", "--local-targets"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.told);
    for (at, name) in names.iter().enumerate() {
        let which = ["connection", "register", "--config", target.path(), "--tenant", name, "--connection", "onfido"];
        let ran = idv(&[&which[..], &["--public-url", ORIGIN, "--local-targets"]].concat()).await;
        assert!(ran.code == Some(0) && ran.told.contains("completed: "), "{ran:?}");
        let webhook = onfido.webhook(clients[at]["webhookId"].as_str().unwrap()).unwrap();
        let connection = &target.json()["tenants"][name]["connections"]["onfido"];
        assert_eq!(connection["webhook"]["hmac"], json!([{"secret": webhook.token}]), "{name}");
        assert_eq!(connection["settings"]["webhook_ids"], json!([webhook.id]), "{name}");
        assert_eq!(connection["settings"]["shared_account"], true);
        let events = webhook.events.unwrap();
        assert!(events.iter().any(|event| event == "check.completed"), "{events:?}");
        assert!(!events.iter().any(|event| event.starts_with("workflow")), "not in this version: {events:?}");
    }
    assert_eq!(onfido.webhooks().len(), 2, "none was made");
    assert_eq!(
        idv(&["check", "--config", target.path(), "--local-targets"]).await.told,
        "the configuration is right\n"
    );
}
