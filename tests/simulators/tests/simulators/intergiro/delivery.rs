//! Thin webhooks: to whom, when, how often, and those that Intergiro never sent.

use std::time::Duration;

use idv_simulators::intergiro::{
    Act, Answer, DeliveryState, Endpoint, ForgedIds, Forgery, Order, Programme, Retry, Settings, Subscription,
    WebhookManner, WebhookRule,
};
use serde_json::{Value, json};

use super::client::{Api, fixture, intergiro_with, listening, names, text};
use crate::support::{Receiver, SOON};

/// Retry time stands still: repeats go out only when pushed.
fn by_hand() -> Settings {
    Settings { retry: Retry { scale: 0, ..Retry::default() }, other_events: Vec::new(), ..Settings::default() }
}

#[tokio::test]
async fn each_programme_gets_its_own_events() {
    let (mine, others) = (Receiver::start().await, Receiver::start().await);
    let settings = Settings {
        programmes: vec![Programme::example(), Programme::another("other")],
        subscriptions: vec![Subscription::to(&mine.url), Subscription::to(&others.url).of("other")],
        ..Settings::default()
    };
    let (intergiro, api) = intergiro_with(settings).await;
    let id = api.invited().await;
    let foreign = intergiro.create_elsewhere(Some("other"), "jane.example@example.com");
    intergiro.perform(&id, Act::whole_approval()).unwrap();
    intergiro.perform(&foreign, Act::whole_rejection()).unwrap();
    intergiro.quiet(SOON).await.unwrap();
    let mut seen = names(&mine);
    seen.sort();
    assert_eq!(seen, ["AccountCreated", "CardCreated", "IndividualActivated", "IndividualOnboardingDataProvided"]);
    assert_eq!(others.arrivals().len(), 2);
    let other = Api::of(&intergiro, &intergiro.programmes()[1]).await;
    assert_eq!(other.status(&foreign).await, "blocked");
}

#[tokio::test]
async fn webhooks_are_registered_by_the_client() {
    let receiver = Receiver::start().await;
    let (intergiro, api) = intergiro_with(by_hand()).await;
    let (_, webhook) = api.post("/v3/webhooks", &json!({"url": receiver.url})).await;
    receiver.answer_with(&[500]);
    let id = api.invited().await;
    intergiro.perform(&id, Act::whole_form()).unwrap();
    intergiro.quiet(SOON).await.unwrap();
    assert_eq!(receiver.arrivals().len(), 1);
    let path = format!("/v3/webhooks/{}", text(&webhook, "/id"));
    api.send(reqwest::Method::DELETE, &path, &Value::Null).await;
    assert_eq!(intergiro.deliveries()[0].state, DeliveryState::Dropped, "the repeat goes nowhere");
    intergiro.act(&id, Act::Activate).unwrap();
    intergiro.quiet(SOON).await.unwrap();
    assert_eq!(receiver.arrivals().len(), 1);
}

#[tokio::test]
async fn what_is_not_taken_is_repeated_some_times() {
    let (intergiro, api, receiver) = listening(by_hand()).await;
    receiver.answer_with(&[503; 5]);
    let id = api.invited().await;
    intergiro.perform(&id, Act::whole_form()).unwrap();
    intergiro.quiet(SOON).await.unwrap();
    for (tries, step) in [10, 60, 300, 1_800, 7_200].into_iter().enumerate() {
        intergiro.advance(Duration::from_secs(step) - Duration::from_millis(1));
        intergiro.quiet(SOON).await.unwrap();
        assert_eq!(intergiro.webhooks_sent().len(), tries + 1, "not before {step} s");
        intergiro.advance(Duration::from_millis(1));
        intergiro.quiet(SOON).await.unwrap();
    }
    let answers: Vec<Answer> = intergiro.webhooks_sent().into_iter().map(|it| it.answer).collect();
    assert_eq!(answers, [503, 503, 503, 503, 503, 200].map(Answer::Status));
    assert!(receiver.arrivals().iter().all(|it| it.body == receiver.arrivals()[0].body), "a repeat is the same");
    receiver.answer_with(&[404; 6]);
    intergiro.act(&id, Act::Activate).unwrap();
    intergiro.quiet(SOON).await.unwrap();
    while intergiro.advance_to_next_retry() {
        intergiro.quiet(SOON).await.unwrap();
    }
    assert_eq!(intergiro.deliveries()[1].state, DeliveryState::Dropped, "until used up");
    intergiro.send_again(&id);
    intergiro.quiet(SOON).await.unwrap();
    assert!(intergiro.deliveries().iter().all(|it| it.state == DeliveryState::Delivered));
}

#[tokio::test]
async fn webhooks_come_late_doubled_reordered_or_never() {
    let (intergiro, api, receiver) = listening(by_hand()).await;
    let rule = |manner| WebhookRule::always(manner).times(1);
    intergiro.misdeliver(rule(WebhookManner::Late { seconds: 90 }).on("IndividualOnboardingDataProvided"));
    intergiro.misdeliver(rule(WebhookManner::Repeated { copies: 3 }).on("IndividualActivated"));
    intergiro.misdeliver(rule(WebhookManner::Lost).on("IndividualBlocked"));
    let id = api.invited().await;
    intergiro.perform(&id, [Act::OpenLink, Act::SubmitForm, Act::Activate, Act::Block]).unwrap();
    intergiro.quiet(SOON).await.unwrap();
    assert_eq!(names(&receiver), ["IndividualActivated"; 3]);
    assert!(intergiro.advance_to_next_retry());
    intergiro.quiet(SOON).await.unwrap();
    assert_eq!(names(&receiver)[3..], ["IndividualOnboardingDataProvided"]);
    let lost = &intergiro.events()[2];
    assert_eq!((lost.name.as_str(), api.get(&format!("/v3/events/{}", lost.id)).await.0), ("IndividualBlocked", 200));

    intergiro.misdeliver(WebhookRule::always(WebhookManner::Held).about(&id));
    let events = intergiro.perform(&id, [Act::request(Default::default()), Act::complete(), Act::Activate]).unwrap();
    intergiro.quiet(SOON).await.unwrap();
    assert_eq!(receiver.arrivals().len(), 4);
    intergiro.release(&Order::Given(vec![events[1].clone()]));
    intergiro.quiet(SOON).await.unwrap();
    intergiro.release(&Order::Reversed);
    intergiro.quiet(SOON).await.unwrap();
    assert_eq!(names(&receiver)[4..], ["PendingActionCompleted", "IndividualActivated", "PendingActionCreated"]);
}

#[tokio::test]
async fn webhooks_say_wrong_things() {
    let (intergiro, api, receiver) = listening(by_hand()).await;
    let id = api.invited().await;
    intergiro.perform(&id, Act::whole_form()).unwrap();
    let manners = [
        WebhookManner::UnknownName { name: "IndividualPondered".to_owned() },
        WebhookManner::InventedId,
        WebhookManner::UpperCaseId,
        WebhookManner::ExtraField,
        WebhookManner::Truncated,
    ];
    let mut bodies = Vec::new();
    for manner in manners {
        let rule = intergiro.misdeliver(WebhookRule::always(manner));
        let event = intergiro.act(&id, Act::Other { name: "AccountCreated".to_owned() }).unwrap().remove(0);
        intergiro.quiet(SOON).await.unwrap();
        intergiro.remove_rule(rule);
        bodies.push((event, receiver.arrivals().pop().unwrap().body));
    }
    let json = |index: usize| -> Value { serde_json::from_slice(&bodies[index].1).unwrap() };
    assert_eq!(json(0)["name"], "IndividualPondered");
    assert_ne!(json(1)["id"], bodies[1].0.as_str());
    assert_eq!(json(2)["id"], bodies[2].0.to_uppercase());
    assert_eq!(json(3).as_object().unwrap().len(), 4);
    assert!(serde_json::from_slice::<Value>(&bodies[4].1).is_err());
}

#[tokio::test]
async fn a_silent_receiver_costs_one_try() {
    let mut settings = by_hand();
    settings.retry.patience = Duration::from_millis(20);
    let (intergiro, api, receiver) = listening(settings).await;
    let _never_rung = receiver.hold_answers();
    let id = api.invited().await;
    intergiro.perform(&id, Act::whole_form()).unwrap();
    intergiro.wait_for(|it| !it.webhooks_sent().is_empty(), SOON).await.unwrap();
    assert_eq!(intergiro.webhooks_sent()[0].answer, Answer::TimedOut);
    assert_eq!(intergiro.deliveries()[0].state, DeliveryState::Waiting);
}

#[tokio::test]
async fn forged_webhooks_come_by_the_thousand() {
    let programmes = vec![Programme::example(), Programme::another("other")];
    let (intergiro, api, receiver) = listening(Settings { programmes, ..Settings::default() }).await;
    let url = &receiver.url;
    assert_eq!(intergiro.forge(Forgery::invented(url, 1_000)).await, [(200, 1_000)].into());
    let forged = receiver.arrivals();
    assert_eq!(
        crate::support::shape(&forged[0].json()),
        crate::support::shape(&fixture("webhook.individual-activated.json"))
    );
    let mut ids: Vec<String> = forged.iter().map(|it| text(&it.json(), "/id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 1_000, "each invented anew");
    assert_eq!(api.get(&format!("/v3/events/{}", ids[0])).await.0, 404);
    assert_eq!((intergiro.resolves_of(&ids[0]), intergiro.resolves_of(&ids[1])), (1, 0));

    let foreign = intergiro.create_elsewhere(Some("other"), "jane.example@example.com");
    intergiro.perform(&foreign, Act::whole_form()).unwrap();
    let real = intergiro.events_of("other").remove(0).id;
    let forgery = Forgery::invented(url, 2).with(ForgedIds::Of("other".to_owned())).named("IndividualActivated");
    intergiro.forge(forgery).await;
    assert_eq!(receiver.arrivals()[1_000..].iter().filter(|it| it.json()["id"] == real.as_str()).count(), 2);
    api.get(&format!("/v3/pending_actions?event_id={real}")).await;
    assert_eq!((intergiro.resolves_of(&real), intergiro.requests_to(Endpoint::GetEvent)), (1, 1));
    let nowhere = Forgery::invented("http://127.0.0.1:9/", 1).with(ForgedIds::Malformed);
    assert_eq!(intergiro.forge(nowhere).await, [(0, 1)].into());
}
