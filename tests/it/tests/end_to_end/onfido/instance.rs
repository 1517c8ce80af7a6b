//! FintechOS instances that fail while a backlog goes to them.

use futures_util::future::join_all;
use idv_it::stage::{Applicant, PATIENCE, Plan, Stage};
use idv_simulators::fintechos::{Endpoint, FintechOs, Manner, Outcome, Rule};
use idv_simulators::onfido::Act;
use serde_json::json;

use super::nothing_dead;

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_an_instance_reaches_it_in_order() {
    let plan = Plan::of(&["restarts", "answers-lost"]).and("moved", |config| {
        let delivery = &mut config["connections"]["onfido"]["delivery"];
        delivery["sign_in"] = json!("keycloak_token");
        delivery["call"] = json!("endpoint_api");
        delivery["data_form"] = json!("json_object");
        delivery["content"] = json!("provider_event_with_report");
    });
    let stage = Stage::with(plan.sharing_onfido()).await;
    tokio::join!(restarts(&stage), answers_lost(&stage), moved(&stage));
    nothing_dead(&stage).await;
}

/// Several people whose checks have been finished.
async fn finished<'a>(stage: &'a Stage, tenant: &str, count: usize) -> Vec<Applicant<'a>> {
    let names: Vec<String> = (0..count).map(|number| format!("person-{number}")).collect();
    let people = join_all(names.iter().map(|name| stage.applies(tenant, name))).await;
    join_all(people.iter().map(Applicant::checked)).await;
    for person in &people {
        person.does([Act::complete()]);
    }
    people
}

/// It takes one event, breaks off, and comes back without the tokens that it gave.
async fn restarts(stage: &Stage) {
    let instance = stage.tenant("restarts").fintechos();
    instance.crash_after(1);
    let people = finished(stage, "restarts", 4).await;
    for person in &people {
        person.shows("approved, not handed over", |shown| shown["status"] == "approved").await;
    }
    let refused = |it: &FintechOs| it.received().iter().filter(|call| call.outcome == Outcome::NotDone).count() >= 2;
    assert!(instance.wait_for(refused, PATIENCE).await.is_ok(), "what waits is tried again");
    assert_eq!(instance.accepted().len(), 1);
    instance.recover();
    join_all(people.iter().map(|person| person.ends("approved"))).await;
    assert_eq!((instance.accepted().len(), instance.repeats()), (8, 0), "each report once");
    let sign_ins = instance.sign_ins();
    assert!(sign_ins.get_token >= 2 && sign_ins.refused == 0, "{sign_ins:?}");
    assert_eq!(sign_ins.credentials_in_query, 0, "credentials end in no log");
}

/// It has taken the event and we cannot know: the same event goes again, before anything else.
async fn answers_lost(stage: &Stage) {
    let instance = stage.tenant("answers-lost").fintechos();
    instance.misbehave(Rule::always(Manner::AnswerLost).at(Endpoint::CallAction).times(1));
    let people = finished(stage, "answers-lost", 1).await;
    people[0].handed_over("approved").await;
    let objects: Vec<String> = instance.accepted().into_iter().map(|row| row.object).collect();
    assert_eq!((objects.len(), instance.repeats()), (3, 1), "{objects:?}");
    assert_eq!(objects[0], objects[1], "the same body again: {objects:?}");
}

/// The newer sign-in and call, the event with its report; a password that was changed, and is changed here, too.
async fn moved(stage: &Stage) {
    let instance = stage.tenant("moved").fintechos();
    let people = finished(stage, "moved", 2).await;
    join_all(people.iter().map(|person| person.ends("approved"))).await;
    let accepted = instance.accepted();
    assert!(accepted.iter().all(|row| row.data["report"]["id"] == *row.object), "{accepted:?}");
    assert_eq!(instance.calls_to(Endpoint::EndpointAction), accepted.len());
    assert!(
        (1..=4).contains(&instance.sign_ins().keycloak),
        "a token is used for many calls: {:?}",
        instance.sign_ins()
    );
}
