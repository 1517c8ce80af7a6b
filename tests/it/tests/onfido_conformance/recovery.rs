//! After a crash between "create" and its answer: a Studio run is found by its tags, and nobody else's is.

use idv_gateway::domain::Channel;
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{Entrance, HttpError, ProviderError, Recovery, Started};
use serde_json::{Value, json};

use crate::harness::{
    ANOTHER, Bench, NEW_APPLICANT, NEW_RUN, ONBOARDING, REFERRER, RUN, RUNS, WORKFLOW, account, answered, configured,
    run, wish,
};
use crate::starts::{by_studio, studio};

fn listed(id: &str, tags: &[&str]) -> Value {
    let mut run = answered("list_workflow_runs")[0].clone();
    run["id"] = json!(id);
    run["tags"] = json!(tags);
    run["status"] = json!("awaiting_input");
    run["sdk_token"] = json!("eyJ.sdk.token");
    run
}

fn ours() -> String {
    format!("idv:{ONBOARDING}")
}

async fn recovered(runs: &[Value]) -> (Option<Started>, Bench) {
    let mut script = studio().on(RUNS, 200, &json!(runs));
    for run in runs {
        let line = format!("GET /v3.6/workflow_runs/{}", run["id"].as_str().unwrap_or_default());
        script = script.on(&line, 200, run);
    }
    let bench = script.start();
    (account().recover(bench.reach(), &by_studio(json!({}))).await.unwrap(), bench)
}

#[tokio::test]
async fn after_a_crash_a_run_is_found_by_its_tag() {
    let (found, bench) =
        recovered(&[listed(ANOTHER, &["tenant:acme"]), listed(RUN, &[&ours(), "idv-attempt:1"])]).await;
    let found = found.unwrap();
    assert_eq!(found.subject, run());
    assert!(matches!(found.entrance, Entrance::Link { .. }));
    let query = bench.call(RUNS).url.query().unwrap().to_owned();
    assert!(query.contains("tags=") && query.contains(ONBOARDING), "{query}");
    assert_eq!((bench.count(NEW_APPLICANT), bench.count(NEW_RUN)), (0, 0));
}

/// A resumption need not say again what the start said, and says nothing of the person: the run is searched for
/// wherever there may be one.
#[tokio::test]
async fn a_run_is_found_whatever_the_resumption_leaves_out() {
    let without = configured(&json!({"referrer": REFERRER, "report_names": ["document"]}));
    for (channel, options) in [
        (Channel::Link, json!({})),
        (Channel::Sdk, json!({"workflow_id": WORKFLOW})),
        (Channel::Sdk, json!({"flow": "studio"})),
    ] {
        let wish = wish(channel, json!({}), options.clone());
        assert_eq!(without.recovery(&wish), Recovery::ByReference, "{channel} {options}");
        let ours = listed(RUN, &[&ours(), "idv-attempt:1"]);
        let bench = studio().on(RUNS, 200, &json!([ours])).run(&ours).start();
        let found = without.recover(bench.reach(), &wish).await.unwrap().unwrap();
        assert_eq!(found.subject, run(), "{channel} {options}");
    }
    assert_eq!(account().recovery(&wish(Channel::Sdk, json!({}), json!({}))), Recovery::ByReference);
    for (account, options) in [(&without, json!({})), (&account(), json!({"flow": "classic"}))] {
        assert_eq!(account.recovery(&wish(Channel::Sdk, json!({}), options)), Recovery::None);
    }
}

/// The list is searched by Onfido, and read by us: it may answer with more than was asked for.
#[tokio::test]
async fn nobody_else_s_run_is_found() {
    let other = "idv:onb_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    for runs in [
        vec![],
        vec![listed(ANOTHER, &[])],
        vec![listed(ANOTHER, &[other, "idv-attempt:1"])],
        vec![listed(ANOTHER, &[&ours(), "idv-attempt:2"])],
        vec![listed(ANOTHER, &[&format!("{}x", ours()), "idv-attempt:1"])],
    ] {
        let (found, bench) = recovered(&runs).await;
        assert!(found.is_none(), "{runs:?}");
        assert_eq!(bench.count(NEW_RUN), 0);
    }
    for silent in [Err(HttpError::TimedOut), Ok(empty(503)), Ok(answer(200, &json!({})))] {
        let bench = studio().then(RUNS, silent).start();
        let found = account().recover(bench.reach(), &by_studio(json!({}))).await;
        assert!(matches!(found, Err(ProviderError::Unavailable(_))), "it may be there");
    }
}
