//! Runs that the gateway hears of before it knows them, or that somebody else has begun.

use idv_it::stage::{PATIENCE, Plan, Stage, until};
use idv_simulators::ondato::{Act, ApiManner, ApiRule, Endpoint};
use serde_json::json;

/// The person is faster than our own `start`: the webhook comes before the run is bound to its onboarding.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_overtakes_the_start_is_not_lost() {
    let stage = Stage::start(&["acme"]).await;
    stage.ondato.misbehave(ApiRule::always(ApiManner::Late { millis: 4000 }).at(Endpoint::PutLocalisations).times(1));
    let person = async {
        let made = stage.ondato.wait_for(|ondato| !ondato.idvs_created().is_empty(), PATIENCE).await;
        assert!(made.is_ok());
        stage.ondato.perform(&stage.ondato.idvs_created()[0], [Act::Open]).unwrap();
    };
    let (case, ()) = tokio::join!(stage.begin("acme", "customer-1"), person);
    case.ends("in_progress").await;
    case.does(Act::whole_approval().split_off(1));
    case.ends("approved").await;
    assert_eq!(case.runs(), 1);
    assert_eq!(stage.ask("acme", &json!({"action": "list"})).await["onboardings"].as_array().map(Vec::len), Some(1));
}

/// A static link or the provider's portal: where the tenant wants it, such a run becomes an onboarding.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_begun_elsewhere_is_adopted_where_that_is_wanted() {
    let plan = Plan::of(&[])
        .and("acme", |config| config["connections"]["ondato"]["settings"]["unknown_subject"] = json!("adopt"));
    let stage = Stage::with(plan).await;
    let run = stage.ondato.create_elsewhere(Some("of-the-portal")).unwrap();
    stage.ondato.perform(&run, Act::whole_approval()).unwrap();
    until("it is an onboarding, approved", || async {
        let page = stage.ask("acme", &json!({"action": "list"})).await;
        page["onboardings"][0]["status"] == "approved"
    })
    .await;
    let page = stage.ask("acme", &json!({"action": "list"})).await;
    let adopted = page["onboardings"].as_array().unwrap();
    assert_eq!(adopted.len(), 1, "once, though several webhooks told of it");
    assert_eq!(adopted[0]["provider_ids"]["identity_verification"], *run);
    let id = adopted[0]["onboarding_id"].as_str().unwrap();
    let told = stage.tenant("acme").app.wait_for(
        |rows| rows.iter().any(|row| row.onboarding_id == id && row.status.as_deref() == Some("approved")),
        PATIENCE,
    );
    assert!(told.await.is_ok(), "the tenant is told");
}
