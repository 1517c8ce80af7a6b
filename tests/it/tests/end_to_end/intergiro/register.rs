//! `idv connection`: where webhooks go, seen and registered by the operator.

use std::path::PathBuf;

use idv_it::stage::{Plan, Ran, Stage, idv, url_key};
use idv_simulators::intergiro::{Act, Endpoint};
use serde_json::Value;

/// The stage's configuration in a file of its own, removed in the end.
struct File(PathBuf);

impl File {
    fn of(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("idv-connection-{}-{name}.json", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    async fn run(&self, command: &str, rest: &[&str]) -> Ran {
        let mut arguments = vec!["connection", command, "--config", self.0.to_str().unwrap()];
        arguments.extend(rest);
        idv(&arguments).await
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

const LOCAL: &str = "--local-targets";
const BANK: [&str; 4] = ["--tenant", "acme", "--connection", "intergiro"];

fn shows_no_secret(stage: &Stage, ran: &Ran) {
    for tenant in ["acme", "beta"] {
        let api_key = stage.tenant(tenant).programme.as_ref().unwrap().api_key.clone();
        for secret in [url_key(tenant), api_key] {
            assert!(!ran.told.contains(&secret), "{ran:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_registers_the_address_of_a_connection_once() {
    let stage = Stage::with(Plan::of(&["acme", "beta"]).with_intergiro().without_schedule()).await;
    stage.intergiro().unsubscribe_all();
    let file = File::of("good", &stage.configuration().to_string());
    let origin = stage.stack.api_url();
    let address = format!("{origin}/v1/webhooks/acme/intergiro/{{key}}");
    let run = async |command: &str, rest: &[&str]| {
        let ran = file.run(command, &[&BANK, rest].concat()).await;
        shows_no_secret(&stage, &ran);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.told
    };
    let none = "the provider sends webhooks to no address\n";
    assert_eq!(run("list", &[LOCAL]).await, none);
    let register = [LOCAL, "--public-url", origin];
    let dry = run("register", &[&register[..], &["--dry-run"]].concat()).await;
    assert_eq!(dry, format!("would be registered: (new)  {address}\n"));
    assert_eq!(run("list", &[LOCAL]).await, none, "nothing was done");

    let done = run("register", &register).await;
    assert!(done.starts_with("registered: ") && done.ends_with(&format!("  {address}\n")), "{done}");
    let again = run("register", &register).await;
    assert_eq!(again, done.replacen("registered", "registered already", 1));
    assert_eq!(stage.intergiro().requests_to(Endpoint::AddWebhook), 1);
    let id = done.strip_prefix("registered: ").unwrap();
    assert_eq!(run("list", &[LOCAL]).await, id, "the same line, once");

    // what was registered is what the gateway listens on
    let person = stage.enrol("acme", "customer-1").await;
    person.does(Act::whole_approval());
    person.ends("approved").await;
    person.webhooks_answered().await;
    assert!(stage.intergiro().webhooks_sent().iter().all(|sent| sent.accepted()), "by webhooks");

    // another address that stands there is told, too, without our key
    let other = run("register", &[LOCAL, "--public-url", "https://idv.example.com"]).await;
    assert!(other.contains(&format!("another address stands there: {id}")), "{other}");
    assert!(other.contains("https://idv.example.com/v1/webhooks/acme/intergiro/{key}"), "{other}");
    assert_eq!(run("list", &[LOCAL]).await.lines().count(), 2);

    refused(&stage, &file).await;
}

/// What cannot be: the reason, and the exit code of its class.
async fn refused(stage: &Stage, file: &File) {
    let calls = stage.intergiro().requests().len();
    let url = ["--public-url", "https://idv.example.com"];
    let of = |tenant, connection| ["--tenant", tenant, "--connection", connection, LOCAL];
    let rows: [(i32, &str, Vec<&str>); 8] = [
        (2, "there is no tenant nobody; there is acme, beta", [&of("nobody", "intergiro")[..], &url].concat()),
        (2, "acme has no connection bank; there is intergiro, ondato", [&of("acme", "bank")[..], &url].concat()),
        (2, "--tenant", [&of("A_B", "intergiro")[..], &url].concat()),
        (2, "--public-url", of("acme", "intergiro").to_vec()),
        (
            2,
            "must be an origin",
            [&of("acme", "intergiro")[..], &["--public-url", "https://idv.example.com/x"]].concat(),
        ),
        (2, "must be https", [&of("acme", "intergiro")[..4], &["--public-url", "http://idv.example.com"]].concat()),
        (2, "tenants.acme.delivery.url: must be an https URL", [&BANK[..], &url].concat()),
        (1, "registers no webhooks by its API", [&of("acme", "ondato")[..], &url].concat()),
    ];
    for (exit, reason, arguments) in rows {
        let ran = file.run("register", &arguments).await;
        shows_no_secret(stage, &ran);
        assert!(ran.code == Some(exit) && ran.told.contains(reason), "{arguments:?}: {ran:?}");
    }
    let ran = file.run("list", &of("acme", "ondato")).await;
    assert!(ran.code == Some(1) && ran.told.contains("registers no webhooks by its API"), "{ran:?}");
    let text = File::of("text", "{\n  \"tenants\": }").run("list", &[&BANK[..], &[LOCAL]].concat()).await;
    assert!(text.code == Some(2) && text.told.contains("line 2"), "{text:?}");
    let absent = File(std::env::temp_dir().join("idv-connection-that-is-not-there.json"));
    let absent = absent.run("list", &[&BANK[..], &[LOCAL]].concat()).await;
    assert!(absent.code == Some(2) && absent.told.contains("cannot be read"), "{absent:?}");
    assert_eq!(stage.intergiro().requests().len(), calls, "nobody was asked for any of this");

    // whom the provider refuses
    let mut config: Value = stage.configuration();
    config["tenants"]["acme"]["connections"]["intergiro"]["api"]["api_key"] = "a-key-that-was-revoked".into();
    let ran = File::of("revoked", &config.to_string()).run("list", &[&BANK[..], &[LOCAL]].concat()).await;
    assert!(ran.code == Some(1) && ran.told.contains("refuses our credentials"), "{ran:?}");
    assert!(!ran.told.contains("a-key-that-was-revoked"), "{ran:?}");
}
