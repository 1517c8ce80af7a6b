//! Which changes go, and what goes with them.

use std::time::Duration;

use idv_gateway::domain::{ChangeKind, Evidence, Status};
use idv_gateway::gateway::awaits_delivery;
use idv_gateway::ports::{Commit, EndpointState, Ledger, ProviderError};
use idv_simulators::fintechos::{Endpoint, Manner, Rule};
use serde_json::json;

use super::account::PERSON;
use super::bench::{Bench, delivery, instance, resource, taken, with};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn the_event_is_the_providers_own_and_nothing_else() {
    let instance = instance().await;
    let bench = Bench::of(&instance);
    let key = bench.onboarding("acme", 1).await;
    bench.decided(&key, &["r-1"]).await;
    let at = bench.now().to_string();
    bench.ring(&[&key]).await;
    let expected = json!({"payload": {
        "resource_type": "report", "action": "report.completed",
        "object": {
            "id": "r-1", "status": "complete", "completed_at_iso8601": at,
            "href": "https://api.example.com/v3.6/reports/r-1",
        },
    }});
    assert_eq!(instance.accepted()[0].data, expected);
    assert_eq!(bench.clerk.asked(), 0);
}

#[tokio::test]
async fn a_change_whose_event_is_not_wanted_is_passed_over_without_a_call() {
    let instance = instance().await;
    let bench = Bench::new();
    let config = bench.configure("acme", &delivery(&instance));
    let key = bench.onboarding("acme", 1).await;
    bench.decided(&key, &["check/c-1", "check/c-2"]).await;
    assert!(!awaits_delivery(&config, &bench.read(&key)), "nobody rings for it");
    bench.ring(&[&key]).await;
    assert_eq!((instance.received().len(), bench.read(&key).delivery.through), (0, 3));
    bench.decided(&key, &["check/c-3", "report/r-1"]).await;
    assert!(awaits_delivery(&config, &bench.read(&key)));
    bench.ring(&[&key]).await;
    assert_eq!(taken(&instance), ["r-1"]);

    bench.configure("acme", &with(delivery(&instance), json!({"events": ["check.completed", "report.completed"]})));
    bench.decided(&key, &["check/c-4", "report/r-2"]).await;
    bench.ring(&[&key]).await;
    assert_eq!(taken(&instance), ["r-1", "c-4", "r-2"]);
}

#[tokio::test]
async fn a_change_of_another_kind_is_no_event() {
    let instance = instance().await;
    let bench = Bench::of(&instance);
    let key = bench.onboarding("acme", 1).await;
    let before = bench.read(&key);
    let mut truth = before.truth.clone();
    truth.turn(Status::InReview, bench.now(), Evidence::Webhook);
    truth.record(ChangeKind::Stalled, Status::InReview, bench.now(), Evidence::Schedule);
    let commit = Commit {
        key: key.clone(),
        expected: 0,
        nonce: "n".to_owned(),
        truth: idv_gateway::domain::Truth { look_seq: 1, ..truth },
        looked_at: None,
        look_due: None,
        delivery_due: Some(bench.now()),
    };
    bench.ledger.commit(&commit).await.unwrap();
    bench.ring(&[&key]).await;
    assert_eq!((instance.received().len(), bench.read(&key).delivery.through), (0, 3));
}

#[tokio::test]
async fn the_report_goes_along_and_stays_nowhere() {
    let instance = instance().await;
    let bench = Bench::new();
    bench.configure("acme", &with(delivery(&instance), json!({"content": "provider_event_with_report"})));
    let key = bench.onboarding("acme", 1).await;
    bench.decided(&key, &["r-1"]).await;
    let at = bench.now().to_string();
    bench.ring(&[&key]).await;
    let taken = instance.accepted().pop().unwrap();
    assert_eq!((taken.object.as_str(), taken.action.as_str()), ("r-1", "report.completed"));
    assert_eq!(taken.data["report"]["properties"]["first_name"], PERSON);
    let expected = json!({
        "deliveryId": format!("{}_2", key.id), "tenant": "acme", "canonicalStatus": "created", "occurredAt": at,
    });
    assert_eq!(taken.data["gateway"], expected);
    assert!(!format!("{:?}", bench.ledger.contents()).contains(PERSON));
}

#[tokio::test]
async fn a_report_that_cannot_be_had_is_no_failure_of_the_instance() {
    let cases = [
        (ProviderError::NotFound, "report_not_found"),
        (ProviderError::Unauthorized, "report_unauthorized"),
        (ProviderError::Unavailable("timed_out"), "report_unavailable"),
        (ProviderError::Unsupported("none"), "report_refused"),
        (ProviderError::Busy { retry_after: Some(Duration::from_secs(1200)) }, "report_busy"),
    ];
    for (error, code) in cases {
        let instance = instance().await;
        let bench = Bench::new();
        bench.configure("acme", &with(delivery(&instance), json!({"content": "provider_event_with_report"})));
        let key = bench.onboarding("acme", 1).await;
        bench.decided(&key, &["r-1"]).await;
        let given = error.clone();
        bench.clerk.report(move |_| Err(given.clone()));
        bench.ring(&[&key]).await;
        assert_eq!(bench.last_error(&key), code);
        bench.play(Duration::from_secs(1100)).await;
        let patient = matches!(error, ProviderError::Busy { .. });
        assert_eq!(bench.clerk.asked() == 1, patient, "{code}: asked {} times", bench.clerk.asked());
        assert_eq!(instance.calls_to(Endpoint::CallAction), 0);
        assert_eq!(bench.endpoint("acme"), None, "nothing is learned of the instance: {code}");
        bench.clerk.report(|_| Ok(json!({})));
        bench.play(6 * HOUR).await;
        assert_eq!(taken(&instance), ["r-1"], "{code}");
    }
}

#[tokio::test]
async fn a_report_that_cannot_be_had_leaves_a_dead_instance_s_probe_to_others() {
    let instance = instance().await;
    let bench = Bench::new();
    bench.configure("acme", &with(delivery(&instance), json!({"content": "provider_event_with_report"})));
    instance.misbehave(Rule::always(Manner::Status { code: 500 }).at(Endpoint::CallAction));
    let mut keys = Vec::new();
    for number in 1..=6 {
        let key = bench.onboarding("acme", number).await;
        bench.decided(&key, &[&format!("r-{number}")]).await;
        bench.ring(&[&key]).await;
        keys.push(key);
    }
    let dead = bench.endpoint("acme").unwrap();
    let (calls, asked) = (instance.calls_to(Endpoint::CallAction), bench.clerk.asked());
    assert_eq!((dead.state, calls, asked), (EndpointState::Probing, 5, 5), "for a dead one no report is asked for");
    instance.behave();
    bench.clerk.report(|part| {
        if *part == resource("r-1") { Err(ProviderError::Unavailable("timed_out")) } else { Ok(json!({})) }
    });
    bench.clock.set(dead.probe_at.unwrap());
    bench.ring(&[&keys[0]]).await;
    assert_eq!(bench.last_error(&keys[0]), "report_unavailable");
    assert_eq!(bench.endpoint("acme"), Some(dead), "nobody has the probe");
    bench.ring(&[&keys[1]]).await;
    assert_eq!(taken(&instance), ["r-2"]);
}

#[tokio::test]
async fn a_connection_that_is_off_is_not_asked_for_reports_and_nothing_is_given_up() {
    let instance = instance().await;
    let bench = Bench::new();
    let with_report = with(delivery(&instance), json!({"content": "provider_event_with_report"}));
    bench.vault.set(bench.tenant("acme", &with_report, false));
    let key = bench.onboarding("acme", 1).await;
    bench.decided(&key, &["r-1"]).await;
    bench.play(100 * HOUR).await;
    assert_eq!((bench.clerk.asked(), instance.received().len()), (0, 0));
    assert!(bench.read(&key).delivery.parked.is_empty());
    bench.configure("acme", &with_report);
    bench.play(2 * HOUR).await;
    assert_eq!(taken(&instance), ["r-1"]);
}

#[tokio::test]
async fn a_connection_that_is_paused_is_not_asked_for_reports_and_that_is_no_try() {
    let instance = instance().await;
    let bench = Bench::new();
    let with_report = with(delivery(&instance), json!({"content": "provider_event_with_report"}));
    let config = bench.configure("acme", &with_report);
    let key = bench.onboarding("acme", 1).await;
    bench.decided(&key, &["r-1"]).await;
    let connection = &config.connections.values().next().unwrap().key;
    let until = bench.now() + Duration::from_secs(600);
    bench.ledger.pause(connection, until).await.unwrap();
    bench.ring(&[&key]).await;
    let waits = bench.read(&key).delivery;
    assert_eq!((bench.clerk.asked(), waits.tries, waits.retry_at), (0, 0, Some(until)));
    assert_eq!((waits.last_error, instance.received().len()), (None, 0));

    // what needs no report is not held up
    bench.configure("acme", &delivery(&instance));
    let other = bench.onboarding("acme", 2).await;
    bench.decided(&other, &["o-1"]).await;
    bench.ring(&[&other]).await;
    assert_eq!(taken(&instance), ["o-1"]);

    bench.configure("acme", &with_report);
    bench.clock.set(until);
    bench.ring(&[&key]).await;
    assert_eq!((taken(&instance), bench.clerk.asked()), (vec!["o-1".to_owned(), "r-1".to_owned()], 1));
}

#[tokio::test]
async fn a_connection_that_is_not_there_any_more_loses_nothing_in_silence() {
    let instance = instance().await;
    let bench = Bench::of(&instance);
    let key = bench.onboarding("acme", 1).await;
    bench.decided(&key, &["r-1"]).await;
    let mut config = bench.tenant("acme", &delivery(&instance), true);
    config.connections.clear();
    bench.vault.set(config);
    bench.ring(&[&key]).await;
    assert_eq!(bench.last_error(&key), "no_connection");
    bench.configure("acme", &delivery(&instance));
    bench.play(HOUR).await;
    assert_eq!(taken(&instance), ["r-1"]);
}

#[tokio::test]
async fn the_gateways_own_event_can_be_wanted_instead() {
    let instance = instance().await;
    let bench = Bench::new();
    let wanted = json!({"content": "canonical", "kinds": ["part", "created"]});
    bench.configure("acme", &with(delivery(&instance), wanted));
    let key = bench.onboarding("acme", 1).await;
    bench.decided(&key, &["check/c-1"]).await;
    bench.ring(&[&key]).await;
    let data: Vec<_> = instance.accepted().into_iter().map(|taken| taken.data).collect();
    let types: Vec<_> = data.iter().map(|data| data["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["onboarding.created", "onboarding.part"]);
    assert_eq!(data[1]["data"]["part"]["resource"]["id"], "c-1");
    assert!(bench.endpoint("acme").is_none_or(|endpoint| endpoint.state == EndpointState::Open));
}
