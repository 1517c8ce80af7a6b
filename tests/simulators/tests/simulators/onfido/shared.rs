//! One account that several clients share, each with a webhook and an instance of its own; bursts.

use std::collections::BTreeSet;

use idv_simulators::onfido::{Account, Act, Decision, Outcome, Region, Registration, Settings};
use serde_json::json;

use super::client::{Api, actions, by_hand, listening, onfido_with, text};
use crate::support::{Receiver, SOON};

#[tokio::test]
async fn each_client_gets_its_checks_and_everybodys_runs() {
    let account = Account::shared("platform", Region::Eu, &["acme", "globex"]);
    let tokens: Vec<String> = account.tokens.iter().map(|it| it.token.clone()).collect();
    let (onfido, acme) = onfido_with(Settings { accounts: vec![account], ..by_hand() }).await;
    let globex = Api::with(&onfido, &tokens[1]);
    let (for_acme, for_globex) = (Receiver::start().await, Receiver::start().await);
    let hook = |url: &str| onfido.register(Registration::to(url).only(&["report.completed", "workflow_run.completed"]));
    let (acme_hook, globex_hook) = (hook(&for_acme.url), hook(&for_globex.url));
    assert_ne!(onfido.webhook(&acme_hook).unwrap().token, onfido.webhook(&globex_hook).unwrap().token);
    let mine = acme.check(&acme.applicant().await, Some(&acme_hook)).await;
    let theirs = globex.check(&globex.applicant().await, Some(&globex_hook)).await;
    for check in [&mine, &theirs] {
        onfido.act(check, Act::complete()).unwrap();
    }
    onfido.quiet(SOON).await.unwrap();
    let objects = |receiver: &Receiver| -> BTreeSet<String> {
        receiver.arrivals().iter().map(|it| text(&it.json(), "/payload/object/id")).collect()
    };
    let reports = |check: &str| onfido.reports_of(check).into_values().collect::<BTreeSet<_>>();
    assert_eq!((objects(&for_acme), objects(&for_globex)), (reports(&mine), reports(&theirs)));
    assert_eq!(globex.get(&format!("/checks/{mine}")).await.0, 200, "the other's token opens it all the same");

    let run = acme.run(&acme.applicant().await).await;
    onfido.perform(&run, Act::whole_run(Decision::Approved)).unwrap();
    onfido.quiet(SOON).await.unwrap();
    assert!(objects(&for_acme).contains(&run) && objects(&for_globex).contains(&run), "runs cannot be limited");
    let clients: Vec<_> = onfido.requests().into_iter().filter_map(|it| it.client).collect();
    assert!(clients.contains(&"acme".to_owned()) && clients.contains(&"globex".to_owned()));
}

#[tokio::test]
async fn many_reports_and_their_check_end_in_one_burst() {
    let (onfido, api, receiver, _) = listening(by_hand()).await;
    let names = ["document", "facial_similarity_photo", "watchlist_standard", "known_faces", "proof_of_address"];
    let body = json!({"applicant_id": api.applicant().await, "report_names": names});
    let check = api.made("/checks", &body).await;
    let events = onfido.act(&check, Act::complete_with("known_faces", Outcome::Consider)).unwrap();
    assert_eq!(events.len(), 6);
    onfido.quiet(SOON).await.unwrap();
    let mut seen = actions(&receiver);
    seen.sort();
    assert_eq!((seen.len(), seen[0].as_str(), seen[6].as_str()), (7, "check.completed", "report.completed"));
    assert_eq!(onfido.truth(&check).unwrap().result(), Some("consider"));
    assert_eq!(onfido.reports_of(&check).len(), 5);
}
