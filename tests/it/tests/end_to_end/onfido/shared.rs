//! One account, several clients: a valid signature says nothing of whose an event is. Every event of the account reaches
//! every client's address; each has its own results, in its own FintechOS instance, and nothing of the others.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use idv_it::stage::{Applicant, PATIENCE, Plan, Stage, alias, onfido_token, request};
use idv_simulators::onfido::{Act, Endpoint, Forgery, Outcome, WebhookManner, WebhookRule, signature};
use serde_json::{Value, json};

use super::nothing_dead;
use crate::invoke::code;

const CLIENTS: [&str; 3] = ["acme", "globex", "initech"];

#[tokio::test(flavor = "multi_thread")]
async fn each_client_has_its_own_results_and_no_other() {
    let stage = Stage::with(Plan::of(&CLIENTS).sharing_onfido()).await;
    let onfido = stage.onfido();
    onfido.misdeliver(WebhookRule::always(WebhookManner::Repeated { copies: 2 }));
    let elsewhere = onfido.check_elsewhere(None, None);
    onfido.act(&elsewhere, Act::complete()).unwrap();
    let people = join_all(CLIENTS.iter().map(|client| two_people(&stage, client))).await;
    for (one, other) in &people {
        one.ends("approved").await;
        other.ends("in_review").await;
    }
    assert!(onfido.quiet(PATIENCE).await.is_ok());
    stage.calm().await;

    for (client, (one, other)) in CLIENTS.iter().zip(&people) {
        let own: BTreeSet<String> = one.finished_reports().into_iter().chain(other.finished_reports()).collect();
        let accepted = stage.tenant(client).fintechos().accepted();
        let objects: BTreeSet<String> = accepted.iter().map(|row| row.object.clone()).collect();
        assert_eq!((&objects, accepted.len()), (&own, own.len()), "{client}: its own, each once");
        let all: Vec<_> = onfido.webhooks_sent().into_iter().filter(|it| it.url.ends_with(&alias(client))).collect();
        assert!(all.iter().all(|it| it.accepted()), "{client}: strangers are answered 200, too");
        let strangers: BTreeSet<&str> =
            all.iter().filter(|it| !own.contains(&it.object)).map(|it| it.object.as_str()).collect();
        assert_eq!(strangers.len(), 2 * 2 * (CLIENTS.len() - 1) + 2, "{client}: those of all others were heard here");
        let of = |it: &&idv_simulators::onfido::RequestRecord, endpoint| {
            it.client.as_deref() == Some(*client) && it.endpoint == endpoint
        };
        let requests = onfido.requests();
        let asked: Vec<&str> = requests
            .iter()
            .filter(|it| of(it, Endpoint::GetReport))
            .filter_map(|it| it.about.first().map(String::as_str))
            .collect();
        assert!(asked.iter().all(|report| strangers.contains(report)), "{client}: its own were known since `submit`");
        let listed = stage.ask(client, &json!({"action": "list", "limit": 100})).await;
        assert_eq!(listed["onboardings"].as_array().map(Vec::len), Some(2), "{client}: nobody was adopted");
    }
    remembered(&stage, &elsewhere).await;
    another_clients_name(&stage, &people).await;
    nothing_dead(&stage).await;
}

/// One whose reports end one by one, one whose end is a burst with a finding.
async fn two_people<'a>(stage: &'a Stage, client: &str) -> (Applicant<'a>, Applicant<'a>) {
    let (one, other) = tokio::join!(stage.applies(client, "one"), stage.applies(client, "other"));
    tokio::join!(one.checked(), other.checked());
    one.does([Act::complete_report("document", Outcome::Clear)]);
    other.does([Act::complete_with("facial_similarity_photo", Outcome::Consider)]);
    one.does([Act::complete_report("facial_similarity_photo", Outcome::Clear), Act::FinishCheck]);
    (one, other)
}

/// Whose a stranger is, is asked once; its repeats cost nothing.
async fn remembered(stage: &Stage, elsewhere: &str) {
    let calls = stage.onfido().requests_about(Endpoint::GetReport, elsewhere);
    assert!(calls >= CLIENTS.len(), "{calls}");
    stage.onfido().send_again(elsewhere);
    assert!(stage.onfido().quiet(PATIENCE).await.is_ok());
    stage.calm().await;
    assert_eq!(stage.onfido().requests_about(Endpoint::GetReport, elsewhere), calls);
}

/// A proof counts at its own address alone, an address letter for letter; an onboarding is its tenant's alone.
async fn another_clients_name(stage: &Stage, people: &[(Applicant<'_>, Applicant<'_>)]) {
    let report = people[0].0.finished_reports().pop_first().unwrap();
    let url = |path: &str| format!("{}{path}", stage.stack.api_url());
    let forged = |url: String, signer: &str| {
        Forgery::invented(url, 1).about(vec![report.clone()]).on("report.completed").signed_with(onfido_token(signer))
    };
    let answers = stage.onfido().forge(forged(url(&alias("acme")), "globex")).await;
    assert_eq!(answers.into_keys().collect::<Vec<_>>(), [401], "signed by another client's webhook");
    let body = json!({"payload": {"resource_type": "report", "action": "report.completed", "object": {"id": report}}});
    let body = body.to_string();
    let header = |signer: &str| ("x-sha2-signature", signature(&onfido_token(signer), body.as_bytes()));
    let refused = request("POST", &url(&alias("acme")), &[header("globex")], body.as_bytes()).await;
    let unknown = alias("acme").to_lowercase();
    let nobody = request("POST", &url(&unknown), &[header("acme")], body.as_bytes()).await;
    assert_eq!((refused.status, nobody.status), (401, 401), "{nobody:?}");
    assert_eq!(refused.body, nobody.body, "which names exist is not told");
    let right = request("POST", &url(&alias("acme")), &[header("acme")], body.as_bytes()).await;
    assert_eq!(right.status, 200);

    let foreign = json!({"action": "get", "onboarding_id": people[0].0.id});
    let answers: Vec<Value> = join_all(CLIENTS.iter().skip(1).map(|client| stage.ask(client, &foreign))).await;
    assert!(answers.iter().all(|answer| code(answer) == "not_found"), "{answers:?}");
}
