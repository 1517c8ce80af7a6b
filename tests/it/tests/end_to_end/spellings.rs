//! Ondato's envelope in both spellings, and the names of its events before 2023, through the whole pipe.

use idv_it::stage::Stage;
use idv_local::FunctionName;
use idv_simulators::ondato::{Act, Style};

#[tokio::test(flavor = "multi_thread")]
async fn every_spelling_of_an_event_is_understood() {
    let stage = Stage::start(&["acme"]).await;
    let mut cases = Vec::new();
    for (pascal_envelope, legacy_type_names) in [(false, true), (true, false), (true, true)] {
        let case = stage.begin("acme", &format!("{pascal_envelope}-{legacy_type_names}")).await;
        stage.ondato.set_style(Style { pascal_envelope, legacy_type_names, delivery_fields: pascal_envelope });
        case.does(Act::whole_rejection("PossibleFraudAttempt"));
        cases.push(case);
    }
    for case in &cases {
        case.ends("rejected").await;
        let shown = case.shown().await;
        assert_eq!(shown["reasons"][0]["provider_code"], "PossibleFraudAttempt", "{shown}");
        assert!(case.timeline().await.iter().skip(2).all(|change| change["evidence"] == "webhook"));
    }
    let sent = stage.ondato.webhooks_sent();
    assert!(sent.iter().any(|sent| sent.event_type == "Idv.StatusChanged"), "the old names were sent");
    assert!(sent.iter().all(idv_simulators::ondato::WebhookSent::accepted));
    let silent = stage.logged(FunctionName::WebhookIngress, "webhook_silent");
    assert!(silent.is_empty(), "{silent:?}");
}
