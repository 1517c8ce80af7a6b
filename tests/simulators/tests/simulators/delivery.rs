//! Webhooks: proofs, repeats on the documented schedule, giving up, late answers.

use std::time::Duration;

use idv_simulators::ondato::{
    Act, Answer, DeliveryState, Hmac, Ondato, PairIn, Retry, Settings, Subscription, signature,
};
use serde_json::Value;

use crate::support::{Api, Receiver, SOON, fixture, ondato_with};

async fn with(subscription: Subscription, retry: Retry) -> (Ondato, Api) {
    ondato_with(Settings { subscriptions: vec![subscription], retry, ..Settings::default() }).await
}

/// Retry time stands still: repeats go out only when pushed.
fn by_hand() -> Retry {
    Retry { scale: 0, ..Retry::default() }
}

#[test]
fn signatures_match_the_vectors() {
    let vectors = fixture("webhook.signature.hmac.vectors.json");
    let vectors = vectors["vectors"].as_array().unwrap();
    assert!(!vectors.is_empty());
    for vector in vectors {
        let text = |member: &str| vector[member].as_str().unwrap_or_default();
        let header = text("header");
        let time = header.strip_prefix("t=").and_then(|rest| rest.split(',').next()).and_then(|t| t.parse().ok());
        let blank = !text("name").contains("no-space");
        let made = time.map(|time| signature(text("secret"), time, text("body").as_bytes(), blank));
        let fresh = !["too-old", "from-the-future"].contains(&text("name"));
        let expected = text("expect").starts_with("accept") || !fresh;
        assert_eq!(made.as_deref() == Some(header), expected, "{}", text("name"));
    }
}

#[tokio::test]
async fn basic_and_hmac_go_together() {
    let receiver = Receiver::start().await;
    let target = Subscription::to(&receiver.url).with_basic("ondato-user", "example-password").with_hmac("secret");
    let (ondato, api) = with(target, Retry::default()).await;
    let idv = api.created().await;
    ondato.act(&idv, Act::Open).unwrap();
    ondato.quiet(SOON).await.unwrap();
    let arrival = receiver.arrivals().remove(0);
    let headers = fixture("webhook.headers.basic.json");
    assert_eq!(arrival.header("authorization"), headers["Authorization"].as_str());
    assert_eq!(arrival.header("content-type"), headers["Content-Type"].as_str());
    let header = arrival.header("ondato-signature").unwrap();
    let time = header[2..].split(',').next().unwrap().parse().unwrap();
    assert_eq!(header, signature("secret", time, &arrival.body, true));
}

#[tokio::test]
async fn oauth2_fetches_a_token_once_and_again_after_401() {
    for pair_in in [PairIn::Body, PairIn::BasicHeader] {
        let receiver = Receiver::start().await;
        let token_url = format!("{}/token", receiver.url);
        let mut target =
            Subscription::to(format!("{}/hook", receiver.url)).with_oauth2("the-id", "the-secret", token_url);
        target.oauth2.as_mut().unwrap().pair_in = pair_in;
        let (ondato, api) = with(target, by_hand()).await;
        let idv = api.created().await;
        ondato.act(&idv, Act::Open).unwrap();
        ondato.quiet(SOON).await.unwrap();
        receiver.answer_with(&[401]);
        ondato.act(&idv, Act::Consent).unwrap();
        ondato.quiet(SOON).await.unwrap();
        assert!(ondato.advance_to_next_retry());
        ondato.quiet(SOON).await.unwrap();
        let arrivals = receiver.arrivals();
        let paths: Vec<&str> = arrivals.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(paths, ["/token", "/hook", "/hook", "/token", "/hook"]);
        let form = String::from_utf8(arrivals[0].body.clone()).unwrap();
        assert!(form.contains("grant_type=client_credentials"), "{form}");
        assert_eq!(form.contains("client_secret=the-secret"), pair_in == PairIn::Body);
        assert_eq!(arrivals[0].header("authorization").is_some(), pair_in == PairIn::BasicHeader);
        let bearer = fixture("webhook.headers.oauth2.json");
        assert_eq!(arrivals[1].header("authorization"), bearer["Authorization"].as_str());
    }
}

/// Pushes time until nothing waits; gives the retry time between the tries.
async fn tries_of(ondato: &Ondato) -> usize {
    ondato.quiet(SOON).await.unwrap();
    while ondato.advance_to_next_retry() {
        ondato.quiet(SOON).await.unwrap();
    }
    ondato.webhooks_sent().len()
}

#[tokio::test]
async fn repeats_follow_the_schedule_for_a_day_then_the_event_is_dropped() {
    let receiver = Receiver::start().await;
    receiver.answer_with(&[503; 40]);
    let (ondato, api) = with(Subscription::to(&receiver.url), by_hand()).await;
    let idv = api.created().await;
    ondato.act(&idv, Act::Open).unwrap();
    ondato.quiet(SOON).await.unwrap();
    for (tries, step) in [10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200].into_iter().enumerate() {
        ondato.advance(Duration::from_secs(step) - Duration::from_millis(1));
        ondato.quiet(SOON).await.unwrap();
        assert_eq!(ondato.webhooks_sent().len(), tries + 1, "not before {step} s");
        ondato.advance(Duration::from_millis(1));
        ondato.quiet(SOON).await.unwrap();
        assert_eq!(ondato.webhooks_sent().len(), tries + 2, "after {step} s");
    }
    assert!(!ondato.advance_to_next_retry(), "a further 12 h would pass the day");
    assert_eq!(ondato.deliveries()[0].state, DeliveryState::Dropped);
    let ids: Vec<Value> = receiver.arrivals().iter().map(|it| it.json()["id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "a repeat is the same event");
}

#[tokio::test]
async fn thirty_tries_are_the_most() {
    let receiver = Receiver::start().await;
    receiver.answer_with(&[500; 40]);
    let retry = Retry { scale: 0, steps: vec![Duration::from_secs(10)], ..Retry::default() };
    let (ondato, api) = with(Subscription::to(&receiver.url), retry).await;
    let idv = api.created().await;
    ondato.act(&idv, Act::Open).unwrap();
    assert_eq!(tries_of(&ondato).await, 30);
    assert_eq!(ondato.deliveries()[0].state, DeliveryState::Dropped);
}

#[tokio::test]
async fn retry_time_can_run_faster() {
    let receiver = Receiver::start().await;
    receiver.answer_with(&[500, 503, 429]);
    let (ondato, api) = with(Subscription::to(&receiver.url), Retry { scale: 10_000, ..Retry::default() }).await;
    let idv = api.created().await;
    ondato.act(&idv, Act::Open).unwrap();
    ondato.wait_for(|it| it.deliveries().iter().all(|it| it.state == DeliveryState::Delivered), SOON).await.unwrap();
    let answers: Vec<Answer> = ondato.webhooks_sent().into_iter().map(|it| it.answer).collect();
    assert_eq!(answers, [500, 503, 429, 200].map(Answer::Status));
}

#[tokio::test]
async fn a_late_answer_cancels_the_repeat() {
    let receiver = Receiver::start().await;
    let gate = receiver.hold_answers();
    let retry = Retry { scale: 0, patience: Duration::from_millis(20), ..Retry::default() };
    let (ondato, api) = with(Subscription::to(&receiver.url), retry).await;
    let idv = api.created().await;
    ondato.act(&idv, Act::Open).unwrap();
    ondato.wait_for(|it| it.webhooks_sent().iter().any(|it| it.answer == Answer::TimedOut), SOON).await.unwrap();
    assert_eq!(ondato.deliveries()[0].state, DeliveryState::Waiting);
    gate.notify_one();
    ondato.wait_for(|it| it.deliveries()[0].state == DeliveryState::Delivered, SOON).await.unwrap();
    assert!(!ondato.advance_to_next_retry());
}

#[tokio::test]
async fn a_repeat_keeps_the_first_signature() {
    let receiver = Receiver::start().await;
    receiver.answer_with(&[503]);
    let mut target = Subscription::to(&receiver.url);
    target.hmac = Some(Hmac { secret: "secret".to_owned(), renew: false, blank: false });
    let (ondato, api) = with(target, by_hand()).await;
    let idv = api.created().await;
    ondato.act(&idv, Act::Open).unwrap();
    assert_eq!(tries_of(&ondato).await, 2);
    let arrivals = receiver.arrivals();
    let signatures: Vec<_> = arrivals.iter().map(|it| it.header("ondato-signature").unwrap()).collect();
    assert_eq!(signatures[0], signatures[1]);
    assert!(!signatures[0].contains(' '));
}

#[tokio::test]
async fn a_refused_connection_is_a_failed_try() {
    let (ondato, api) = with(Subscription::to("http://127.0.0.1:9/closed"), by_hand()).await;
    let idv = api.created().await;
    ondato.act(&idv, Act::Open).unwrap();
    ondato.quiet(SOON).await.unwrap();
    assert!(matches!(ondato.webhooks_sent()[0].answer, Answer::NotConnected(_)));
}
