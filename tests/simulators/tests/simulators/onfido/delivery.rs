//! Deliveries: signatures, repeats, bursts, order, what is said wrong, what was never sent.

use std::time::Duration;

use data_encoding::HEXLOWER;
use idv_simulators::onfido::{
    Act, Answer, ApiManner, ApiRule, DeliveryState, Endpoint, Environment, Forgery, HEADER, Order, Registration, Seal,
    WebhookManner, WebhookRule, signature,
};
use serde_json::{Value, json};

use super::client::{actions, by_hand, fixture, fixture_bytes, listening, text};
use crate::support::{Arrival, Receiver, SOON, shape};

/// By another library than the simulator's.
fn right(token: &str, body: &[u8]) -> String {
    HEXLOWER.encode(&hmac_sha256::HMAC::mac(body, token.as_bytes()))
}

fn header(arrival: &Arrival) -> Option<&str> {
    arrival.header("x-sha2-signature")
}

#[test]
fn signatures_match_the_examples() {
    let examples = fixture("signature_examples.json");
    let token = text(&examples, "/token");
    let rows = examples["signatures"].as_object().unwrap();
    assert_eq!(rows.len(), 4);
    for (name, wanted) in rows {
        assert_eq!(signature(&token, &fixture_bytes(name)), wanted.as_str().unwrap(), "{name}");
        assert_eq!(right(&token, &fixture_bytes(name)), wanted.as_str().unwrap(), "{name}");
    }
}

#[tokio::test]
async fn every_delivery_is_signed_over_its_exact_bytes() {
    let (onfido, api, receiver, webhook) = listening(by_hand()).await;
    let token = onfido.webhook(&webhook).unwrap().token;
    let pretty = onfido.misdeliver(WebhookRule::always(WebhookManner::Pretty).times(1));
    let check = api.check(&api.applicant().await, None).await;
    onfido.quiet(SOON).await.unwrap();
    onfido.remove_rule(pretty);
    onfido.misdeliver(WebhookRule::always(WebhookManner::Truncated).on("check."));
    onfido.act(&check, Act::complete()).unwrap();
    onfido.quiet(SOON).await.unwrap();
    let arrivals = receiver.arrivals();
    assert_eq!(arrivals.len(), 4);
    assert!(arrivals[0].body.ends_with(b"}\n") && arrivals[0].body.starts_with(b"{\n"));
    for arrival in &arrivals {
        assert_eq!(header(arrival).unwrap(), right(&token, &arrival.body));
        assert_eq!(arrival.headers.get_all(HEADER).iter().count(), 1);
    }
    let broken = |it: &&Arrival| serde_json::from_slice::<Value>(&it.body).is_err();
    assert_eq!(arrivals.iter().filter(broken).count(), 1, "signed, and no JSON");
    let whole = arrivals.iter().find(|it| it.body.starts_with(b"{\"payload\":{\"resource_type\":\"report\"")).unwrap();
    assert_ne!(whole.json().to_string().into_bytes(), whole.body, "written again it is another text");
}

#[tokio::test]
async fn signatures_are_wrong_in_every_way() {
    let (onfido, api, receiver, webhook) = listening(by_hand()).await;
    let token = onfido.webhook(&webhook).unwrap().token;
    let check = api.check(&api.applicant().await, None).await;
    onfido.quiet(SOON).await.unwrap();
    let mut seen = Vec::new();
    for seal in [
        Seal::Absent,
        Seal::Empty,
        Seal::WrongToken,
        Seal::Reserialised,
        Seal::OtherBody,
        Seal::Truncated,
        Seal::Twice,
        Seal::Joined,
        Seal::JoinedWithWrong,
        Seal::UpperCase,
        Seal::Prefixed,
        Seal::Sha1,
        Seal::Trimmed,
        Seal::Right,
    ] {
        let rule = onfido.misdeliver(WebhookRule::always(WebhookManner::Sealed { seal }));
        onfido.act(&check, Act::Other { action: "check.started".to_owned() }).unwrap();
        onfido.quiet(SOON).await.unwrap();
        onfido.remove_rule(rule);
        seen.push((seal, receiver.arrivals().pop().unwrap()));
    }
    for (seal, arrival) in &seen {
        let good = right(&token, &arrival.body);
        let values: Vec<&str> = arrival.headers.get_all(HEADER).iter().map(|it| it.to_str().unwrap()).collect();
        let wanted: Vec<String> = match seal {
            Seal::Right | Seal::Trimmed => vec![good],
            Seal::Absent | Seal::Sha1 => vec![],
            Seal::Empty => vec![String::new()],
            Seal::Truncated => vec![good[..32].to_owned()],
            Seal::Twice => vec![good.clone(), good],
            Seal::Joined => vec![format!("{good},{good}")],
            Seal::UpperCase => vec![good.to_uppercase()],
            Seal::Prefixed => vec![format!("sha256={good}")],
            Seal::Reserialised => vec![right(&token, arrival.json().to_string().as_bytes())],
            Seal::OtherBody => vec![right(&token, &[&arrival.body[..], b" "].concat())],
            Seal::WrongToken => vec![right(&format!("not-{token}"), &arrival.body)],
            Seal::JoinedWithWrong => vec![format!("{good}, {}", right(&format!("not-{token}"), &arrival.body))],
        };
        assert_eq!(values, wanted, "{seal:?}");
        assert_eq!(arrival.header("x-signature").map(str::len), (*seal == Seal::Sha1).then_some(40));
    }
}

#[tokio::test]
async fn what_is_not_taken_is_repeated_some_times() {
    let (onfido, api, receiver, webhook) = listening(by_hand()).await;
    receiver.answer_with(&[503; 6]);
    let check = api.check(&api.applicant().await, None).await;
    onfido.quiet(SOON).await.unwrap();
    for (tries, step) in [30, 120, 600, 3_600, 21_600, 43_200].into_iter().enumerate() {
        onfido.advance(Duration::from_secs(step) - Duration::from_millis(1));
        onfido.quiet(SOON).await.unwrap();
        assert_eq!(onfido.webhooks_sent().len(), tries + 1, "not before {step} s");
        onfido.advance(Duration::from_millis(1));
        onfido.quiet(SOON).await.unwrap();
    }
    let answers: Vec<Answer> = onfido.webhooks_sent().into_iter().map(|it| it.answer).collect();
    assert_eq!(answers, [503, 503, 503, 503, 503, 503, 200].map(Answer::Status));
    let first = &receiver.arrivals()[0];
    assert!(receiver.arrivals().iter().all(|it| it.body == first.body && header(it) == header(first)));
    receiver.answer_with(&[404; 7]);
    onfido.act(&check, Act::Withdraw).unwrap();
    onfido.quiet(SOON).await.unwrap();
    while onfido.advance_to_next_retry() {
        onfido.quiet(SOON).await.unwrap();
    }
    assert!(onfido.deliveries().iter().all(|it| it.state != DeliveryState::Waiting), "until used up");
    onfido.send_again(&check);
    onfido.quiet(SOON).await.unwrap();
    assert!(onfido.deliveries().iter().all(|it| it.state == DeliveryState::Delivered));
    receiver.answer_with(&[500]);
    onfido.act(&check, Act::Other { action: "check.started".to_owned() }).unwrap();
    onfido.quiet(SOON).await.unwrap();
    onfido.unregister(&webhook);
    assert_eq!(onfido.deliveries().last().unwrap().state, DeliveryState::Dropped);
}

#[tokio::test]
async fn events_come_late_doubled_reordered_or_never() {
    let (onfido, api, receiver, _) = listening(by_hand()).await;
    let id = api.applicant().await;
    let rule = |manner| WebhookRule::always(manner).times(1);
    onfido.misdeliver(rule(WebhookManner::Late { seconds: 90 }).on("check.started"));
    onfido.misdeliver(rule(WebhookManner::Repeated { copies: 3 }).on("report."));
    onfido.misdeliver(rule(WebhookManner::Lost).on("check.completed"));
    let check = api.check(&id, None).await;
    onfido.act(&check, Act::complete()).unwrap();
    onfido.quiet(SOON).await.unwrap();
    assert_eq!(actions(&receiver), ["report.completed"; 4]);
    assert!(onfido.advance_to_next_retry());
    onfido.quiet(SOON).await.unwrap();
    assert_eq!(actions(&receiver)[4..], ["check.started"]);
    assert_eq!(api.status(&format!("/checks/{check}")).await, "complete", "what is lost has happened");
    onfido.misdeliver(WebhookRule::always(WebhookManner::Held).about(&id));
    let second = api.check(&id, None).await;
    let events = onfido.act(&second, Act::complete()).unwrap();
    onfido.quiet(SOON).await.unwrap();
    assert_eq!(receiver.arrivals().len(), 5);
    onfido.release(&Order::Given(vec![events[2].clone()]));
    onfido.quiet(SOON).await.unwrap();
    onfido.release(&Order::Reversed);
    onfido.quiet(SOON).await.unwrap();
    assert_eq!(actions(&receiver)[5..], ["check.completed", "report.completed", "report.completed", "check.started"]);
}

#[tokio::test]
async fn events_overtake_the_answer_that_made_them() {
    let (onfido, api, receiver, _) = listening(by_hand()).await;
    let id = api.applicant().await;
    let bell = receiver.hold_answers();
    onfido.misbehave(ApiRule::always(ApiManner::AfterItsEvents).at(Endpoint::CreateCheck).times(1));
    let body = json!({"applicant_id": id, "report_names": ["document"]});
    let request = api.request(reqwest::Method::POST, "/checks", &body);
    let mut call = tokio::spawn(request.send());
    onfido.wait_for(|it| !it.deliveries().is_empty(), SOON).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(50), &mut call).await.is_err(), "the event is not answered yet");
    bell.notify_one();
    assert_eq!(call.await.unwrap().unwrap().status().as_u16(), 201);
    assert_eq!(onfido.webhooks_sent().len(), 1, "the event was first");
    assert_eq!(actions(&receiver), ["check.started"]);
}

#[tokio::test]
async fn events_say_wrong_things() {
    let (onfido, api, receiver, _) = listening(by_hand()).await;
    let check = api.check(&api.applicant().await, None).await;
    onfido.quiet(SOON).await.unwrap();
    let mut bodies = Vec::new();
    for manner in [
        WebhookManner::UnknownAction { action: "check.pondered".to_owned() },
        WebhookManner::UnknownResourceType { resource_type: "hologram".to_owned() },
        WebhookManner::UnknownStatus { status: "quantum".to_owned() },
        WebhookManner::InventedId,
        WebhookManner::Without { member: "status".to_owned() },
        WebhookManner::TimeWithoutZone,
        WebhookManner::Href { url: "http://127.0.0.1:9/trap".to_owned() },
        WebhookManner::ExtraFields,
    ] {
        let rule = onfido.misdeliver(WebhookRule::always(manner));
        onfido.act(&check, Act::Other { action: "check.started".to_owned() }).unwrap();
        onfido.quiet(SOON).await.unwrap();
        onfido.remove_rule(rule);
        bodies.push(receiver.arrivals().pop().unwrap().json()["payload"].take());
    }
    assert_eq!((&bodies[0]["action"], &bodies[1]["resource_type"]), (&json!("check.pondered"), &json!("hologram")));
    assert_eq!(bodies[2]["object"]["status"], "quantum");
    assert_ne!(bodies[3]["object"]["id"], check.as_str());
    assert_eq!(bodies[4]["object"].get("status"), None);
    let time = text(&bodies[5], "/object/completed_at_iso8601");
    assert!(time.len() == 26 && !time.ends_with('Z'), "{time}");
    assert_eq!(bodies[6]["object"]["href"], "http://127.0.0.1:9/trap");
    assert!(bodies[7].get("resource").is_some() && bodies[7].get("new_top_level_field").is_some());
}

#[tokio::test]
async fn a_silent_receiver_costs_one_try() {
    let mut settings = by_hand();
    settings.retry.patience = Duration::from_millis(20);
    let (onfido, api, receiver, _) = listening(settings).await;
    let _never_rung = receiver.hold_answers();
    api.check(&api.applicant().await, None).await;
    onfido.wait_for(|it| !it.webhooks_sent().is_empty(), SOON).await.unwrap();
    assert_eq!(onfido.webhooks_sent()[0].answer, Answer::TimedOut);
    assert_eq!(onfido.deliveries()[0].state, DeliveryState::Waiting);
}

#[tokio::test]
async fn what_was_never_sent_comes_by_the_thousand() {
    let (onfido, _, receiver, webhook) = listening(by_hand()).await;
    let token = onfido.webhook(&webhook).unwrap().token;
    let url = &receiver.url;
    assert_eq!(onfido.forge(Forgery::invented(url, 1_000)).await, [(200, 1_000)].into());
    let arrivals = receiver.arrivals();
    assert!(arrivals.iter().all(|it| header(it).unwrap() != right(&token, &it.body)));
    let mut ids: Vec<String> = arrivals.iter().map(|it| text(&it.json(), "/payload/object/id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 1_000);
    let stranger = onfido.check_elsewhere(None, Some(&[]));
    let forgery = Forgery::invented(url, 1).about(vec![stranger.clone()]).on("check.completed").signed_with(&token);
    onfido.forge(forgery).await;
    let last = receiver.arrivals().pop().unwrap();
    assert_eq!(header(&last).unwrap(), right(&token, &last.body));
    assert_eq!(text(&last.json(), "/payload/object/id"), stranger);
    let mut real = fixture("webhook.check.completed.json");
    real["payload"]["object"].as_object_mut().unwrap().remove("href");
    assert_eq!(shape(&last.json()), shape(&real));
    onfido.other_events(None, Environment::Live, "audit_log.created", 2);
    onfido.quiet(SOON).await.unwrap();
    let audit = receiver.arrivals().pop().unwrap().json();
    assert_eq!(shape(&audit), shape(&fixture("webhook.audit_log.created.json")));
    assert_eq!(onfido.forge(Forgery::invented("http://127.0.0.1:9/", 1)).await, [(0, 1)].into());
}

#[tokio::test]
async fn a_rule_can_spoil_the_way_to_one_webhook_alone() {
    let (onfido, api, spoilt, webhook) = listening(by_hand()).await;
    let good = Receiver::start().await;
    onfido.register(Registration::to(&good.url));
    onfido.misdeliver(WebhookRule::always(WebhookManner::Lost).to(webhook));
    let check = api.check(&api.applicant().await, None).await;
    onfido.act(&check, Act::complete()).unwrap();
    onfido.quiet(SOON).await.unwrap();
    assert!(actions(&good).contains(&"check.completed".to_owned()));
    assert!(actions(&spoilt).is_empty());
}
