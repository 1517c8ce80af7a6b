//! A credential is for whom it was shared with: what another tenant is told of it reaches nobody else's idOS identity.

use idv_it::stage::{CLASSIC, IDOS, PATIENCE, Plan, Stage, deciding_secret, request, sharing_secret};
use idv_simulators::fractal::signature;
use idv_simulators::idos::Received;
use serde_json::{Value, json};

use super::nothing_dead;

#[tokio::test(flavor = "multi_thread")]
async fn what_one_tenant_is_told_reaches_no_other_ones_idos() {
    let plan = Plan::of(&["acme", "beta"])
        .and("without", |config| {
            config["connections"].as_object_mut().unwrap().remove(IDOS);
            config["connections"][CLASSIC]["settings"].as_object_mut().unwrap().remove("idos_connection");
        })
        .with_fractal()
        .without_schedule();
    let stage = Stage::with(plan).await;
    let holder = stage.invites("acme", "customer-1").await;
    let shared = holder.shares(&holder.share());
    let calls = |tenant: &str| -> Vec<Received> {
        let wallet = stage.consumer(tenant).wallet;
        stage.idos().received().into_iter().filter(|call| call.sender.as_deref() == Some(wallet.as_str())).collect()
    };

    // beta's own application at Fractal tells beta of it
    let acquaintance = stage.tells_of_somebodys("beta", &shared);
    stage.fractal_answered(&acquaintance).await;
    let asked = |_: &idv_simulators::idos::Idos| !calls("beta").is_empty();
    assert!(stage.idos().wait_for(asked, PATIENCE).await.is_ok(), "beta asks for itself");
    // one that has no idOS is told, too: counted, and that is all
    let acquaintance = stage.tells_of("without", &shared);
    stage.fractal_answered(&acquaintance).await;
    stage.calm().await;
    assert!(calls("acme").is_empty(), "acme's identity has asked for nothing");
    assert_eq!(holder.standing(&shared).reads, 0, "and nobody has read it");
    assert_eq!(holder.shown().await["status"], "link_issued");
    let page = stage.ask("beta", &json!({"action": "list"})).await;
    assert_eq!(page["onboardings"], json!([]), "{page}");

    forged(&stage, &shared.event_data()).await;
    assert!(calls("acme").is_empty());

    // acme's own is heard: its grant says whose the copy is
    stage.tells_of_somebodys("acme", &shared);
    holder.ends("approved").await;
    assert!(!calls("acme").is_empty());
    assert!(stage.fractal_refused().is_empty());
    nothing_dead(&stage).await;
}

/// Another tenant's secret, the secret of another type, none: 401, and nothing is queued. idOS itself sends nothing.
async fn forged(stage: &Stage, data: &Value) {
    let body = json!({"type": "credential_shared", "data": data}).to_string();
    let url = |connection: &str| format!("{}/v1/webhooks/acme/{connection}", stage.stack.api_url());
    let secrets = [sharing_secret("beta"), deciding_secret("acme"), deciding_secret("beta")];
    for secret in &secrets {
        let header =
            ("x-fractal-signature", signature(idv_simulators::fractal::Generation::Classic, secret, body.as_bytes()));
        let answer = request("POST", &url(CLASSIC), &[header], body.as_bytes()).await;
        assert_eq!(answer.status, 401, "{secret}");
    }
    let header = (
        "x-fractal-signature",
        signature(idv_simulators::fractal::Generation::Classic, &sharing_secret("acme"), body.as_bytes()),
    );
    for headers in [vec![], vec![header]] {
        let answer = request("POST", &url(IDOS), &headers, body.as_bytes()).await;
        assert!([401, 503].contains(&answer.status), "nothing is taken at the address of idOS: {answer:?}");
    }
    stage.calm().await;
}
