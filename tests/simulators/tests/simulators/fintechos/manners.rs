//! Ways to fail.

use std::time::{Duration, Instant};

use idv_simulators::fintechos::{Endpoint, Manner, Outcome, Rule};
use serde_json::{Value, json};

use super::client::{event, fixture, instance};

#[tokio::test]
async fn calls_fail_in_every_way() {
    let (instance, caller) = instance().await;
    let spoil = |manner| instance.misbehave(Rule::always(manner).at(Endpoint::CallAction).times(1));
    for code in [401, 403, 404, 500, 503] {
        spoil(Manner::Status { code });
        assert_eq!(caller.call(&event("a")).await.0, code);
    }
    spoil(Manner::TooMany { retry_after: Some(9) });
    let answer = caller.call_action(&event("a")).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (429, "9"));
    spoil(Manner::Logical { message: "Invalid token".to_owned(), code: 1 });
    assert_eq!(caller.call(&event("a")).await, (200, fixture("callaction.response.assumed_failure.json")));
    spoil(Manner::Closed);
    assert!(caller.call_action(&event("a")).send().await.is_err());
    spoil(Manner::Silence);
    let silent = tokio::time::timeout(Duration::from_millis(50), caller.call_action(&event("a")).send());
    assert!(silent.await.is_err());
    spoil(Manner::Redirect { to: "http://127.0.0.1:9/".to_owned() });
    assert_eq!(caller.call(&event("a")).await.0, 307);
    assert!(instance.accepted().is_empty(), "nothing was done so far");
    assert!(instance.received().iter().skip(1).all(|it| it.outcome == Outcome::NotDone && it.manner.is_some()));

    spoil(Manner::AnswerLost);
    assert!(caller.call_action(&event("b")).send().await.is_err());
    assert_eq!(instance.accepted_about("b").len(), 1, "done, though nobody was told");
    spoil(Manner::Html);
    assert_eq!(caller.call(&event("c")).await, (200, Value::Null));
    spoil(Manner::Truncated);
    assert_eq!(caller.call(&event("d")).await, (200, Value::Null));
    spoil(Manner::Empty);
    assert_eq!(caller.call(&event("e")).await, (200, Value::Null));
    spoil(Manner::Late { millis: 50 });
    let began = Instant::now();
    assert_eq!(caller.call(&event("f")).await.1["IsSuccess"], json!(true));
    assert!(began.elapsed() > Duration::from_millis(50));
    assert_eq!(instance.accepted().len(), 5);
}

#[tokio::test]
async fn rules_choose_calls() {
    let (instance, caller) = instance().await;
    let one = instance.misbehave(Rule::always(Manner::Status { code: 503 }).about("bad-object"));
    assert_eq!((caller.call(&event("good")).await.0, caller.call(&event("bad-object")).await.0), (200, 503));
    instance.remove_rule(one);
    assert_eq!(caller.call(&event("bad-object")).await.0, 200);
    instance.misbehave(Rule::always(Manner::Status { code: 500 }).at(Endpoint::GetToken).after(1));
    assert_eq!(caller.get_token(&fixture("gettoken.request.json")).await.0, 200);
    assert_eq!(caller.get_token(&fixture("gettoken.request.json")).await.0, 500);
    instance.behave();
    assert_eq!(caller.get_token(&fixture("gettoken.request.json")).await.0, 200);
    assert_eq!((instance.calls_to(Endpoint::GetToken), instance.calls_to(Endpoint::CallAction)), (4, 3));
}
