//! Webhooks: to which callback, with which secret, how often, in which order, and those that Fractal never sent.

use std::{collections::BTreeSet, time::Duration};

use idv_simulators::fractal::{
    Act, Answer, Callback, DeliveryState, Forgery, Generation, HEADER, Order, Seal, Visit, WebhookManner, WebhookRule,
};
use serde_json::Value;

use super::access::right;
use super::client::{KycApi, SCOPES, by_hand, fractal_with, listening, text};
use crate::support::{Arrival, Receiver, SOON, shape};

fn header(arrival: &Arrival) -> Option<&str> {
    arrival.header("x-fractal-signature")
}

#[tokio::test]
async fn each_type_has_its_own_secret() {
    let (fractal, mut api, receiver) = listening(by_hand()).await;
    let secrets = fractal.secrets(None);
    assert_eq!(secrets.values().collect::<BTreeSet<_>>().len(), 6, "{secrets:?}");
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    let email = "new@example.com".to_owned();
    let acts = [Act::approve("basic"), Act::contact("liveness"), Act::reject("liveness"), Act::share()];
    fractal.perform(&uid, acts).unwrap();
    fractal.act(&uid, Act::ChangeEmail { email }).unwrap();
    fractal.quiet(SOON).await.unwrap();
    let arrivals = receiver.arrivals();
    assert_eq!(arrivals.len(), 5);
    for arrival in &arrivals {
        let name = text(&arrival.json(), "/type");
        assert_eq!(header(arrival).unwrap(), right(Generation::Classic, &secrets[&name], &arrival.body), "{name}");
        assert_eq!(arrival.headers.get_all(HEADER).iter().count(), 1);
    }
}

#[tokio::test]
async fn types_go_to_their_own_addresses() {
    let (fractal, mut api, all) = listening(by_hand()).await;
    let (emails, open) = (Receiver::start().await, Receiver::start().await);
    fractal.register(Callback::to(&emails.url).only(&["email_changed"]).signed_with("ours"));
    fractal.register(Callback::to(&open.url).only(&["verification_rejected"]).without_secret());
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    fractal.perform(&uid, [Act::ChangeEmail { email: "new@example.com".into() }, Act::reject("basic")]).unwrap();
    fractal.act(&uid, Act::approve("basic")).unwrap();
    fractal.quiet(SOON).await.unwrap();
    assert_eq!((emails.types(), open.types()), (vec!["email_changed".into()], vec!["verification_rejected".into()]));
    assert_eq!(all.types(), ["verification_approved"]);
    assert_eq!(header(&open.arrivals()[0]), None, "no secret, no signature");
    let mail = emails.arrivals().remove(0);
    assert_eq!(header(&mail).unwrap(), right(Generation::Classic, "ours", &mail.body));
    assert_eq!(fractal.secrets(None).get("verification_rejected"), None);
    // a type that no page names goes to the first of them
    fractal.act(&uid, Act::Other { name: "something_new".to_owned() }).unwrap();
    fractal.quiet(SOON).await.unwrap();
    assert_eq!(all.types().pop().unwrap(), "something_new");
    fractal.unregister("example");
    fractal.act(&uid, Act::contact("basic")).unwrap();
    fractal.quiet(SOON).await.unwrap();
    assert_eq!(all.arrivals().len(), 2);
}

#[tokio::test]
async fn repeats_wait_twice_as_long_each_time() {
    let (fractal, mut api, receiver) = listening(by_hand()).await;
    receiver.answer_with(&[500, 302, 404]);
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    let event = fractal.act(&uid, Act::approve("basic")).unwrap().remove(0);
    fractal.quiet(SOON).await.unwrap();
    for wait in [20, 40, 80] {
        let tries = receiver.arrivals().len();
        fractal.advance(Duration::from_secs(wait - 1));
        fractal.quiet(SOON).await.unwrap();
        assert_eq!(receiver.arrivals().len(), tries, "not before {wait} s");
        fractal.advance(Duration::from_secs(1));
        fractal.wait_for(|it| it.webhooks_sent().len() > tries, SOON).await.unwrap();
    }
    let answers: Vec<Answer> = fractal.webhooks_sent().into_iter().map(|it| it.answer).collect();
    assert_eq!(answers, [500, 302, 404, 200].map(Answer::Status));
    let arrivals = receiver.arrivals();
    assert!(arrivals.iter().all(|it| it.body == arrivals[0].body && header(it) == header(&arrivals[0])));
    assert_eq!((fractal.deliveries()[0].state, &fractal.deliveries()[0].event_id), (DeliveryState::Delivered, &event));
}

#[tokio::test]
async fn the_longest_wait_is_a_day_and_the_twentieth_repeat_the_last() {
    let (fractal, mut api, receiver) = listening(by_hand()).await;
    receiver.answer_with(&[503; 30]);
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    fractal.act(&uid, Act::approve("basic")).unwrap();
    fractal.quiet(SOON).await.unwrap();
    for tries in 1..=20 {
        let wait = (10_u64 << tries).min(86_400);
        fractal.advance(Duration::from_secs(wait - 1));
        fractal.quiet(SOON).await.unwrap();
        assert_eq!(fractal.webhooks_sent().len(), tries, "not before {wait} s");
        fractal.advance(Duration::from_secs(1));
        fractal.wait_for(|it| it.webhooks_sent().len() == tries + 1, SOON).await.unwrap();
    }
    assert_eq!(fractal.deliveries()[0].state, DeliveryState::Dropped);
    assert!(!fractal.advance_to_next_retry());
    fractal.send_again(&uid);
    fractal.wait_for(|it| it.webhooks_sent().len() == 22, SOON).await.unwrap();
}

#[tokio::test]
async fn a_repeat_follows_a_change_in_the_dashboard() {
    let (fractal, mut api, receiver) = listening(by_hand()).await;
    receiver.answer_with(&[401]);
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    fractal.act(&uid, Act::approve("basic")).unwrap();
    fractal.quiet(SOON).await.unwrap();
    fractal.register(Callback::to(&receiver.url).signed_with("new secret"));
    assert!(fractal.advance_to_next_retry());
    fractal.wait_for(|it| it.webhooks_sent().len() == 2, SOON).await.unwrap();
    let last = receiver.arrivals().pop().unwrap();
    assert_eq!(header(&last).unwrap(), right(Generation::Classic, "new secret", &last.body));
}

#[tokio::test]
async fn webhooks_come_late_twice_reversed_or_never() {
    let (fractal, mut api, receiver) = listening(by_hand()).await;
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    let rule = |manner, on: &str| fractal.misdeliver(WebhookRule::always(manner).on(on).about(&uid).times(1));
    rule(WebhookManner::Lost, "verification_approved");
    fractal.act(&uid, Act::approve("basic")).unwrap();
    rule(WebhookManner::Repeated { copies: 3 }, "verification_approved");
    fractal.act(&uid, Act::approve("liveness")).unwrap();
    fractal.quiet(SOON).await.unwrap();
    assert_eq!(receiver.types(), ["verification_approved"; 3]);
    rule(WebhookManner::Late { seconds: 60 }, "credential_shared");
    fractal.act(&uid, Act::share()).unwrap();
    fractal.quiet(SOON).await.unwrap();
    assert_eq!(receiver.arrivals().len(), 3);
    fractal.advance(Duration::from_secs(60));
    fractal.wait_for(|it| it.webhooks_sent().len() == 4, SOON).await.unwrap();
    rule(WebhookManner::Held, "verification_contacted");
    rule(WebhookManner::Held, "verification_rejected");
    fractal.perform(&uid, [Act::contact("basic"), Act::reject("basic")]).unwrap();
    fractal.release(&Order::Reversed);
    fractal.wait_for(|it| it.webhooks_sent().len() == 6, SOON).await.unwrap();
    assert_eq!(receiver.types()[4..], ["verification_rejected", "verification_contacted"]);
}

#[tokio::test]
async fn bodies_are_wrong_in_every_way() {
    let (fractal, mut api, receiver) = listening(by_hand()).await;
    let secret = fractal.secrets(None)["verification_contacted"].clone();
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    let mut bodies: Vec<Vec<u8>> = Vec::new();
    for manner in [
        WebhookManner::UnknownType { name: "verification_pondered".to_owned() },
        WebhookManner::UnknownLevel { level: "platinum".to_owned() },
        WebhookManner::Timestamp { at: "2020-04-02T13:35:35Z".to_owned() },
        WebhookManner::InventedUser,
        WebhookManner::ExtraField,
        WebhookManner::Pretty,
        WebhookManner::Truncated,
    ] {
        let rule = fractal.misdeliver(WebhookRule::always(manner));
        fractal.act(&uid, Act::contact("basic")).unwrap();
        fractal.quiet(SOON).await.unwrap();
        fractal.remove_rule(rule);
        fractal.act(&uid, Act::Respond { part: None }).unwrap();
        let arrival = receiver.arrivals().pop().unwrap();
        assert_eq!(header(&arrival).unwrap(), right(Generation::Classic, &secret, &arrival.body), "over what is sent");
        bodies.push(arrival.body);
    }
    let json = |place: usize| serde_json::from_slice::<Value>(&bodies[place]).unwrap();
    assert_eq!((&json(0)["type"], &json(1)["data"]["level"]), (&"verification_pondered".into(), &"platinum".into()));
    assert_eq!(json(2)["data"]["timestamp"], "2020-04-02T13:35:35Z");
    assert_ne!(json(3)["data"]["user_id"], uid.as_str());
    assert_eq!(json(4)["data"].as_object().unwrap().len(), 4);
    assert!(bodies[5].starts_with(b"{\n  \"type\"") && bodies[5].ends_with(b"}\n"));
    assert!(serde_json::from_slice::<Value>(&bodies[6]).is_err());
}

#[tokio::test]
async fn signatures_are_wrong_in_every_way() {
    let (fractal, mut api, receiver) = listening(by_hand()).await;
    let secrets = fractal.secrets(None);
    let secret = &secrets["verification_contacted"];
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    let mut seen = Vec::new();
    for seal in [
        Seal::Absent,
        Seal::Empty,
        Seal::WrongSecret,
        Seal::OtherType,
        Seal::Reserialised,
        Seal::OtherBody,
        Seal::Truncated,
        Seal::Twice,
        Seal::Joined,
        Seal::UpperCase,
        Seal::Prefix,
        Seal::OtherGeneration,
    ] {
        let rule = fractal.misdeliver(WebhookRule::always(WebhookManner::Sealed { seal }));
        fractal.act(&uid, Act::contact("basic")).unwrap();
        fractal.quiet(SOON).await.unwrap();
        fractal.remove_rule(rule);
        fractal.act(&uid, Act::Respond { part: None }).unwrap();
        let arrival = receiver.arrivals().pop().unwrap();
        let wanted = right(Generation::Classic, secret, &arrival.body);
        let given: Vec<String> =
            arrival.headers.get_all(HEADER).iter().map(|it| it.to_str().unwrap().to_owned()).collect();
        assert_ne!(given, std::slice::from_ref(&wanted), "{seal:?}");
        seen.push((given, wanted, arrival.body));
    }
    assert_eq!((seen[0].0.len(), seen[7].0.len()), (0, 2));
    assert_eq!(seen[3].0[0], right(Generation::Classic, &secrets["verification_approved"], &seen[3].2));
    assert_eq!(format!("sha1={}", seen[10].0[0]), seen[10].1, "the prefix alone is missing");
    assert_eq!(seen[11].0[0], right(Generation::Verifier, secret, &seen[11].2), "the rule of the other generation");
    assert_eq!(seen[9].0[0].to_lowercase(), seen[9].1);
}

#[tokio::test]
async fn verifier_and_relay_sign_without_a_prefix() {
    let receiver = Receiver::start().await;
    let (fractal, _) = fractal_with(by_hand()).await;
    let api = KycApi::of(&fractal, Generation::Relay, &receiver.url);
    let (user, _) = api.arrived(&fractal);
    fractal.misdeliver(WebhookRule::always(WebhookManner::EscapedSlash).on("rejected").times(1));
    fractal.act(&user, Act::reject_all("Document / photo unreadable")).unwrap();
    fractal.quiet(SOON).await.unwrap();
    let rejected = receiver.arrivals().remove(0);
    let text = String::from_utf8(rejected.body.clone()).unwrap();
    assert_eq!(
        text,
        format!("{{\"id\":\"{user}\",\"status\":\"rejected\",\"note\":\"Document \\/ photo unreadable\"}}")
    );
    let own = right(Generation::Relay, &api.client.webhook_secret, &rejected.body);
    assert_eq!((header(&rejected).unwrap(), own.len()), (own.as_str(), 64));
    for (seal, place) in [(Seal::OtherGeneration, 1), (Seal::Prefix, 2)] {
        let rule = fractal.misdeliver(WebhookRule::always(WebhookManner::Sealed { seal }));
        fractal.act(&user, Act::approve_all()).unwrap();
        fractal.quiet(SOON).await.unwrap();
        fractal.remove_rule(rule);
        let arrival = &receiver.arrivals()[place];
        assert!(header(arrival).unwrap().starts_with("sha"), "{seal:?}");
    }
    receiver.answer_with(&[500]);
    fractal.act(&user, Act::approve_all()).unwrap();
    fractal.quiet(SOON).await.unwrap();
    fractal.advance(Duration::from_secs(20));
    fractal.wait_for(|it| it.webhooks_sent().len() == 5, SOON).await.unwrap();
    assert_eq!(receiver.arrivals()[3].body, receiver.arrivals()[4].body);
}

#[tokio::test]
async fn forged_webhooks_come_by_the_hundred() {
    let (fractal, mut api, receiver) = listening(by_hand()).await;
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    let url = &receiver.url;
    assert_eq!(fractal.forge(Forgery::invented(Generation::Classic, url, 300)).await, [(200, 300)].into());
    let forged = receiver.arrivals();
    let users: BTreeSet<String> = forged.iter().map(|it| text(&it.json(), "/data/user_id")).collect();
    assert_eq!(users.len(), 300, "each invented anew");
    let wanted = super::client::fixture("webhook.verification-approved.json");
    assert_eq!(shape(&forged[0].json()), shape(&wanted));
    let known = fractal.secrets(None)["verification_approved"].clone();
    let real = Forgery::invented(Generation::Classic, url, 1)
        .about(vec![uid.clone()])
        .named("verification_approved")
        .signed_with(&known);
    fractal.forge(real).await;
    let last = receiver.arrivals().pop().unwrap();
    assert_eq!(header(&last).unwrap(), right(Generation::Classic, &known, &last.body), "whoever has the secret can");
    assert_eq!(last.json()["data"]["user_id"], uid.as_str());
    let kraken = Forgery::invented(Generation::Verifier, url, 1).sealed(Seal::Absent);
    fractal.forge(kraken).await;
    let last = receiver.arrivals().pop().unwrap();
    assert_eq!((header(&last), &last.json()["status"]), (None, &"approved".into()));
    let nowhere = Forgery::invented(Generation::Relay, "http://127.0.0.1:9/", 1);
    assert_eq!(fractal.forge(nowhere).await, [(0, 1)].into());
    assert!(fractal.events().is_empty(), "Fractal itself sent none");
}

#[tokio::test]
async fn a_silent_receiver_costs_one_try() {
    let mut settings = by_hand();
    settings.retry.patience = Duration::from_millis(20);
    let (fractal, mut api, receiver) = listening(settings).await;
    let _never_rung = receiver.hold_answers();
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    fractal.act(&uid, Act::approve("basic")).unwrap();
    fractal.wait_for(|it| !it.webhooks_sent().is_empty(), SOON).await.unwrap();
    assert_eq!(fractal.webhooks_sent()[0].answer, Answer::TimedOut);
    assert_eq!(fractal.deliveries()[0].state, DeliveryState::Waiting);
}

#[tokio::test]
async fn time_of_repeats_runs_as_fast_as_wanted() {
    let mut settings = by_hand();
    settings.retry.scale = 2_000;
    let (fractal, mut api, receiver) = listening(settings).await;
    receiver.answer_with(&[500, 500, 500]);
    let uid = api.arrived(&fractal, SCOPES, &Visit::default()).await;
    fractal.act(&uid, Act::approve("basic")).unwrap();
    fractal.wait_for(|it| it.deliveries()[0].state == DeliveryState::Delivered, SOON).await.unwrap();
    assert_eq!(receiver.arrivals().len(), 4, "140 s passed in 70 ms");
}
