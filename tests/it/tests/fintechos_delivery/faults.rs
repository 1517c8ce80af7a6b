//! Every bad manner of an instance, once each: what is shown, what comes again, and that nothing is sent twice that was
//! answered 2xx.

use std::time::Duration;

use idv_simulators::fintechos::{Endpoint, Manner, Rule};
use serde_json::json;

use super::bench::{Bench, delivery, instance, taken, with};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn what_was_not_done_comes_again_and_is_done_once() {
    let logical = || Manner::Logical { message: "The record is locked".to_owned(), code: 7 };
    let about_tokens = || Manner::Logical { message: "Invalid Token".to_owned(), code: 1 };
    let cases = [
        (Manner::Status { code: 400 }, "answered_400", 1),
        (Manner::Status { code: 401 }, "answered_401", 2),
        (Manner::Status { code: 404 }, "answered_404", 1),
        (Manner::Status { code: 500 }, "answered_500", 1),
        (Manner::Status { code: 503 }, "answered_503", 1),
        (Manner::TooMany { retry_after: None }, "answered_429", 1),
        (Manner::Redirect { to: "/elsewhere".to_owned() }, "answered_307", 1),
        (Manner::Silence, "no_answer_timed_out", 1),
        (Manner::Closed, "no_answer_broken", 1),
        (logical(), "failed_by_its_word", 1),
        (about_tokens(), "failed_token_refused", 2),
    ];
    for (manner, code, calls) in cases {
        let instance = instance().await;
        instance.misbehave(Rule::always(manner.clone()).at(Endpoint::CallAction));
        let bench = Bench::of(&instance);
        let key = bench.onboarding("acme", 1).await;
        bench.decided(&key, &["r-1", "r-2"]).await;
        if manner == Manner::Silence {
            bench.silent_at("/CallAction");
        }
        bench.ring(&[&key]).await;
        bench.silent_at("/nowhere");
        assert_eq!(bench.last_error(&key), code, "{manner:?}");
        assert_eq!(instance.calls_to(Endpoint::CallAction), calls, "in one try: {manner:?}");
        let about = instance.received().into_iter().filter_map(|it| it.data).map(|data| data.to_string());
        assert!(about.into_iter().all(|data| !data.contains("r-2")), "nothing goes before it: {manner:?}");
        instance.behave();
        bench.play(HOUR).await;
        assert_eq!(taken(&instance), ["r-1", "r-2"], "{manner:?}");
        assert_eq!(instance.repeats(), 0);
        assert_eq!(instance.calls_to(Endpoint::Unknown), 0, "no redirect is followed");
    }
}

#[tokio::test]
async fn what_was_answered_2xx_is_done_whatever_the_body() {
    for manner in [Manner::Html, Manner::Truncated, Manner::Empty, Manner::Late { millis: 50 }] {
        let instance = instance().await;
        instance.misbehave(Rule::always(manner.clone()).at(Endpoint::CallAction));
        let bench = Bench::of(&instance);
        let key = bench.onboarding("acme", 1).await;
        bench.decided(&key, &["r-1", "r-2"]).await;
        bench.play(24 * HOUR).await;
        assert_eq!(taken(&instance), ["r-1", "r-2"], "{manner:?}");
        assert_eq!((instance.repeats(), instance.calls_to(Endpoint::CallAction)), (0, 2));
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_makes_the_same_body_go_again() {
    let instance = instance().await;
    instance.misbehave(Rule::always(Manner::AnswerLost).at(Endpoint::CallAction).times(1));
    let bench = Bench::of(&instance);
    let key = bench.onboarding("acme", 1).await;
    bench.decided(&key, &["r-1", "r-2"]).await;
    bench.play(HOUR).await;
    assert_eq!(taken(&instance), ["r-1", "r-1", "r-2"]);
    assert_eq!(instance.repeats(), 1, "byte for byte the same, so that an instance can tell");
}

#[tokio::test]
async fn bad_manners_at_the_sign_in_are_failed_tries_too() {
    let cases = [
        (Manner::Status { code: 503 }, "answered_503"),
        (Manner::Status { code: 404 }, "not_signed_in_refused"),
        (Manner::TooMany { retry_after: None }, "answered_429"),
        (Manner::Html, "not_signed_in_without_token"),
        (Manner::Truncated, "not_signed_in_without_token"),
        (Manner::Empty, "not_signed_in_without_token"),
        (Manner::Closed, "no_answer_broken"),
        (Manner::AnswerLost, "no_answer_broken"),
    ];
    for (manner, code) in cases {
        let instance = instance().await;
        instance.misbehave(Rule::always(manner.clone()).at(Endpoint::GetToken));
        let bench = Bench::of(&instance);
        let key = bench.onboarding("acme", 1).await;
        bench.decided(&key, &["r-1"]).await;
        bench.ring(&[&key]).await;
        assert_eq!(bench.last_error(&key), code, "{manner:?}");
        assert_eq!(instance.calls_to(Endpoint::GetToken), 1, "once in one try: {manner:?}");
        instance.behave();
        bench.play(HOUR).await;
        assert_eq!(taken(&instance), ["r-1"], "{manner:?}");
    }
}

#[tokio::test]
async fn an_instance_that_asks_for_patience_gets_it() {
    for endpoint in [Endpoint::CallAction, Endpoint::GetToken] {
        let instance = instance().await;
        instance.misbehave(Rule::always(Manner::TooMany { retry_after: Some(600) }).at(endpoint).times(1));
        let bench = Bench::of(&instance);
        let key = bench.onboarding("acme", 1).await;
        bench.decided(&key, &["r-1"]).await;
        bench.ring(&[&key]).await;
        bench.play(Duration::from_secs(590)).await;
        assert!(taken(&instance).is_empty(), "not before");
        bench.play(Duration::from_secs(60)).await;
        assert_eq!(taken(&instance), ["r-1"]);
    }
}

#[tokio::test]
async fn gone_stops_the_instance_until_its_configuration_changes() {
    for endpoint in [Endpoint::CallAction, Endpoint::GetToken] {
        let instance = instance().await;
        instance.misbehave(Rule::always(Manner::Status { code: 410 }).at(endpoint));
        let bench = Bench::of(&instance);
        let key = bench.onboarding("acme", 1).await;
        bench.decided(&key, &["r-1", "r-2"]).await;
        bench.play(HOUR).await;
        let tried = instance.received().len();
        instance.behave();
        bench.play(96 * HOUR).await;
        assert_eq!(instance.received().len(), tried, "nothing goes there any more");
        assert!(bench.read(&key).delivery.parked.is_empty(), "and nothing is given up");
        bench.configure("acme", &with(delivery(&instance), json!({"call_path": "/api/openApi/CallAction/"})));
        bench.play(13 * HOUR).await;
        assert_eq!(taken(&instance), ["r-1", "r-2"]);
    }
}
