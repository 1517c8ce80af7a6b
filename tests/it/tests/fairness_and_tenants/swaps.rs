//! Everything that names a tenant, with another tenant in its place: refused, and nothing of the other is reached.

use idv_gateway::domain::{Claim, Evidence, Notice};
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::DeliveryBell;
use idv_it::rig::play::Begun;
use idv_it::rig::provider::case;
use idv_it::rig::setup::{connection, token};
use idv_it::rig::{Act, Rig, Setup};
use serde_json::{Value, json};

/// Two tenants; the first has an onboarding on which nothing has happened yet.
fn two(shared_provider: bool) -> (Rig, Begun) {
    let mut rig = Rig::new(&Setup { shared_provider, ..Setup::of(&["acme", "bolt"]) });
    let begun = rig.begin("acme", "key-1");
    (rig, begun)
}

/// Nothing of the onboarding has moved, nothing was asked about it, nobody was told.
fn untouched(rig: &Rig, begun: &Begun, what: &str, act: impl FnOnce(&Rig)) {
    let seen = |rig: &Rig| (rig.read(&begun.key).truth, rig.looks_at(begun), rig.receiver.tries().len());
    let before = seen(rig);
    act(rig);
    assert_eq!(seen(rig), before, "{what}");
}

#[test]
fn no_action_reaches_another_tenants_onboarding() {
    let (rig, begun) = two(true);
    let id = begun.key.id.as_str();
    let requests = [
        json!({ "action": "resume", "onboarding_id": id, "idempotency_key": "k" }),
        json!({ "action": "submit", "onboarding_id": id, "idempotency_key": "k" }),
        json!({ "action": "get", "onboarding_id": id, "refresh": true, "details": true }),
        json!({ "action": "get", "reference": "key-1" }),
        json!({ "action": "timeline", "onboarding_id": id }),
        json!({ "action": "update_contact", "onboarding_id": id, "email": "a@b.example", "idempotency_key": "k" }),
        json!({ "action": "cancel", "onboarding_id": id }),
        json!({ "action": "erase", "onboarding_id": id }),
    ];
    for request in requests {
        untouched(&rig, &begun, &request.to_string(), |rig| {
            let mut asked = request.clone();
            asked["tenant"] = Value::from("bolt");
            let calls = rig.chaos.count("account.");
            let answer = rig.ask(None, asked).done().unwrap();
            assert_eq!(answer["error"]["code"], "not_found", "{request} {answer}");
            assert_eq!(rig.chaos.count("account."), calls, "{request}");
        });
    }
    let list = rig.ask(None, json!({ "action": "list", "tenant": "bolt" })).done().unwrap();
    assert_eq!(list["onboardings"], json!([]));
}

#[test]
fn an_alias_acts_for_its_tenant_alone_and_the_refusal_reads_nothing() {
    let (rig, begun) = two(false);
    let get = json!({ "action": "get", "tenant": "acme", "onboarding_id": begun.key.id });
    assert!(rig.ask(Some("t-acme"), get.clone()).done().unwrap()["error"].is_null());
    let before = rig.chaos.points().len();
    for alias in ["t-bolt", "t-", "t-acme-2", "t-ACME"] {
        let answer = rig.ask(Some(alias), get.clone()).done().unwrap();
        assert_eq!(answer["error"]["code"], "forbidden", "{alias}");
    }
    assert_eq!(rig.chaos.points().len(), before, "a refused caller costs no call");
}

#[test]
fn the_same_idempotency_key_of_two_tenants_is_two_keys() {
    let (mut rig, begun) = two(false);
    let other = rig.begin("bolt", "key-1");
    assert_ne!(begun.key, other.key);
    assert_eq!(rig.provider("bolt").creates(), 1);
}

#[test]
fn a_webhook_is_proven_by_its_own_tenants_credential_alone() {
    let (mut rig, begun) = two(false);
    let event = rig.provider("acme").act(&begun.run, Act::Approve).to_string();
    let paths = [("acme", "bolt"), ("bolt", "acme"), ("nobody", "acme")];
    for (path, proof) in paths {
        let calls = |rig: &Rig| (rig.chaos.count("ledger."), rig.chaos.count("bells."), rig.chaos.count("account."));
        let before = calls(&rig);
        let answer = rig.knock(&format!("/v1/webhooks/{path}/main"), &token(proof), event.as_bytes()).done().unwrap();
        assert_eq!(answer.status, 401, "{path} {proof}");
        assert_eq!(calls(&rig), before, "{path} {proof}");
    }
    assert!(rig.bells.notices().is_empty());
    rig.play_for(std::time::Duration::from_secs(60));
    assert_ne!(rig.read(&begun.key).truth.status, idv_gateway::domain::Status::Approved);
}

/// A notice that one tenant's webhook could cause, naming what is another's.
#[test]
fn a_notice_of_one_tenant_never_moves_anothers_onboarding() {
    for shared_provider in [false, true] {
        let (mut rig, begun) = two(shared_provider);
        rig.wait(60);
        rig.provider("acme").act(&begun.run, Act::Approve);
        let by_id = Notice::due(connection("bolt"), begun.key.id.clone(), Evidence::Schedule);
        let by_run = Notice::of_event(connection("bolt"), case(&begun.run), Claim::nothing());
        let mut records = vec![rig.record("id", &by_id), rig.record("run", &by_run)];
        rig.wait(3);
        untouched(&rig, &begun, "a swapped notice", |rig| {
            assert_eq!(rig.fetch_these(&records).done(), Some(Some(vec![])));
        });
        let aside = rig.bells.messages(QueueName::NoticesDlq);
        assert_eq!(aside.len(), 1, "the onboarding that the other tenant does not have");
        assert!(aside[0].attributes.contains(&("cause", "unknown_onboarding".to_owned())));
        // after a quarter of an hour it is a stranger to the other tenant, and costs it nothing any more
        rig.wait(16 * 60);
        assert_eq!(rig.fetch_these(&records.split_off(1)).done(), Some(Some(vec![])));
        let calls = rig.chaos.count("account.");
        let again = rig.record("again", &by_run);
        rig.wait(3);
        assert_eq!(rig.fetch_these(&[again]).done(), Some(Some(vec![])));
        assert_eq!(rig.chaos.count("account."), calls);
        rig.settle().unwrap();
    }
}

#[test]
fn a_delivery_bell_of_one_tenant_hands_nothing_of_another_over() {
    let (rig, begun) = two(false);
    let mut key = begun.key.clone();
    key.tenant = connection("bolt").tenant;
    untouched(&rig, &begun, "a swapped bell", |rig| {
        rig.bells.send_raw(QueueName::Deliveries, serde_json::to_string(&DeliveryBell::of(key)).unwrap());
        assert!(rig.deliver());
    });
    assert!(rig.bells.messages(QueueName::Deliveries).is_empty());
    assert!(rig.receiver.tries().iter().all(|hand_over| hand_over.host == "acme.example"));
}

/// A link is sealed for its tenant and onboarding: moved to another's item it does not open.
#[test]
fn a_sealed_link_opens_nowhere_else() {
    use idv_gateway::ports::Ledger;
    let (mut rig, begun) = two(false);
    let other = rig.begin("bolt", "key-2");
    let sealed = rig.read(&begun.key).truth.attempts[0].sealed_link.clone();
    let theirs = rig.read(&other.key);
    let mut truth = theirs.truth.clone();
    truth.attempts[0].sealed_link = sealed;
    truth.look_seq += 1;
    let commit = idv_gateway::ports::Commit {
        key: other.key.clone(),
        expected: theirs.truth.look_seq,
        nonce: "moved".to_owned(),
        truth,
        looked_at: None,
        look_due: None,
        delivery_due: None,
    };
    idv_it::rig::drive::at_once(rig.ledger.commit(&commit)).unwrap();
    let resume = json!({ "action": "resume", "tenant": "bolt", "onboarding_id": other.key.id, "idempotency_key": "k" });
    let answer = rig.ask(None, resume).done().unwrap();
    assert_eq!(answer["error"]["code"], "internal", "{answer}");
    assert!(!answer.to_string().contains(&begun.run));
}
