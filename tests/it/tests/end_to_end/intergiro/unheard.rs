//! Webhooks that never come, come twice, late or in another order: the end is the same.

use idv_it::stage::{Plan, Stage, until};
use idv_simulators::intergiro::{Act, ActionType, Endpoint, Order, WebhookManner};

use super::nothing_dead;

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_that_do_not_come_as_they_should_change_nothing() {
    let stage = Stage::with(Plan::of(&["acme"]).with_intergiro()).await;
    // alone, because the plan's own look is due half a minute after the decision, whatever else goes on
    never(&stage).await;
    tokio::join!(twice(&stage), late(&stage), reordered(&stage));
    nothing_dead(&stage).await;
}

/// The decision is settled, so the plan looks again after an hour (30 s here); the feed tells of it before.
async fn never(stage: &Stage) {
    let person = stage.enrol("acme", "never").await;
    person.does(Act::whole_approval());
    person.ends("approved").await;
    // the webhooks of the approval may ask for one more look
    person.webhooks_answered().await;
    stage.calm().await;
    // the look that was planned at the start is still to come; after it the plan rests for a while
    let looks = person.calls(Endpoint::GetIndividual);
    until("the plan looks", || async { person.calls(Endpoint::GetIndividual) > looks }).await;
    stage.calm().await;
    person.webhooks(WebhookManner::Lost);
    let before = stage.intergiro().requests().len();
    person.does([Act::Block]);
    person.ends("rejected").await;
    let since = stage.intergiro().requests().split_off(before);
    let read = since.iter().position(|it| it.endpoint == Endpoint::ListEvents && it.status == Some(200));
    let looked = since
        .iter()
        .position(|it| it.endpoint == Endpoint::GetIndividual && it.individual.as_ref() == Some(&person.individual));
    assert!(read.is_some() && read < looked, "the feed led to the look: {read:?} {looked:?}");
    let last = person.timeline().await.pop().unwrap();
    assert_eq!(last["evidence"], "schedule", "{last}");
}

async fn twice(stage: &Stage) {
    let person = stage.enrol("acme", "twice").await;
    person.webhooks(WebhookManner::Repeated { copies: 5 });
    let events = person.does(Act::whole_approval());
    person.ends("approved").await;
    person.webhooks_answered().await;
    stage.calm().await;
    let looks = person.calls(Endpoint::GetIndividual);
    assert!(looks <= 6, "{looks} looks for {} webhooks", events.len() * 5);
    // once it is known whose an event is, nobody asks for it again
    let resolves: Vec<usize> = events.iter().map(|event| stage.intergiro().resolves_of(event)).collect();
    stage.intergiro().send_again(&person.individual);
    person.webhooks_answered().await;
    stage.calm().await;
    let after: Vec<usize> = events.iter().map(|event| stage.intergiro().resolves_of(event)).collect();
    assert_eq!(after, resolves);
    person.ends("approved").await;
}

async fn late(stage: &Stage) {
    let person = stage.enrol("acme", "late").await;
    // retry time runs 60 times faster: 3 and 4 s
    person.webhooks(WebhookManner::Late { seconds: 180 });
    person.does(Act::whole_form());
    person.webhooks(WebhookManner::Late { seconds: 240 });
    person.does([Act::Activate]);
    person.ends("approved").await;
    person.webhooks_answered().await;
    stage.calm().await;
    person.ends("approved").await;
}

async fn reordered(stage: &Stage) {
    let person = stage.enrol("acme", "reordered").await;
    let rule = person.webhooks(WebhookManner::Held);
    person.does(Act::whole_form());
    person.does([Act::request(ActionType::IdentityVerification), Act::complete(), Act::Activate, Act::Block]);
    stage.intergiro().remove_rule(rule);
    stage.intergiro().release(&Order::Reversed);
    person.ends("rejected").await;
    person.webhooks_answered().await;
    stage.calm().await;
    person.ends("rejected").await;
    assert!(person.timeline().await.iter().all(|change| change["status"] != "approved"), "it was over before the look");
}
