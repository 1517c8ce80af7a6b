//! Delivery leases, handing over, releasing, sending again.

use idv_gateway::domain::{Handover, Onboarding, Timestamp};
use idv_gateway::ports::{Due, DueBell, LeaseOutcome, Released};

use super::bench::{Bench, T0, at, lease};

async fn take(bench: &Bench<'_>, fence: &str, now: Timestamp) -> LeaseOutcome {
    bench.ledger.lease_delivery(&bench.key(1), &lease(fence, now), now).await.unwrap()
}

async fn taken(bench: &Bench<'_>, fence: &str, now: Timestamp) -> Onboarding {
    match take(bench, fence, now).await {
        LeaseOutcome::Taken(onboarding) => *onboarding,
        other @ (LeaseOutcome::Held(_) | LeaseOutcome::Missing) => panic!("not taken: {other:?}"),
    }
}

fn through(version: u64) -> Handover {
    Handover { through: version, ..Handover::default() }
}

pub async fn taking_the_lease_counts_a_try(bench: &Bench<'_>) {
    assert_eq!(take(bench, "a", T0).await, LeaseOutcome::Missing);
    bench.created(1).await;
    let first = taken(bench, "a", T0).await.delivery;
    assert_eq!((first.tries, first.first_tried_at, first.lease), (1, Some(T0), Some(lease("a", T0))));
    assert_eq!(take(bench, "b", at(29)).await, LeaseOutcome::Held(at(30)));
    let second = taken(bench, "b", at(30)).await.delivery;
    assert_eq!((second.tries, second.first_tried_at), (2, Some(T0)), "the first holder lapsed");
}

pub async fn the_same_delivery_lease_twice_counts_once(bench: &Bench<'_>) {
    bench.created(1).await;
    taken(bench, "a", T0).await;
    assert_eq!(taken(bench, "a", T0).await.delivery.tries, 1);
}

pub async fn a_try_is_not_made_before_its_time(bench: &Bench<'_>) {
    bench.created(1).await;
    taken(bench, "a", T0).await;
    let failed = Handover {
        tries: 1,
        first_tried_at: Some(T0),
        last_error: Some("status_500".to_owned()),
        retry_at: Some(at(61)),
        due: Some(at(61)),
        ..Handover::default()
    };
    let released = bench.ledger.release_delivery(&bench.key(1), "a", &failed, 1).await.unwrap();
    assert_eq!(released, Released::Done);
    let read = bench.read(1).await.delivery;
    assert_eq!(read, Handover { due: Some(at(90)), ..failed }, "exactly then; the index rounds up to 30 s");
    assert_eq!(take(bench, "b", at(60)).await, LeaseOutcome::Held(at(61)));
    assert_eq!(taken(bench, "b", at(61)).await.delivery.tries, 2);
}

pub async fn a_lapsed_holder_writes_nothing(bench: &Bench<'_>) {
    let key = bench.created(1).await.key;
    taken(bench, "old", T0).await;
    taken(bench, "new", at(30)).await;
    let before = bench.read(1).await;
    assert!(!bench.ledger.handed_over(&key, "old", &through(1)).await.unwrap());
    assert_eq!(bench.ledger.release_delivery(&key, "old", &through(1), 1).await.unwrap(), Released::Lost);
    assert_eq!(bench.read(1).await, before);
    assert!(!bench.ledger.handed_over(&bench.key(2), "old", &through(1)).await.unwrap(), "there is none");
    assert_eq!(bench.ledger.release_delivery(&bench.key(2), "old", &through(1), 1).await.unwrap(), Released::Lost);
}

pub async fn an_older_hand_over_takes_nothing_back(bench: &Bench<'_>) {
    let created = bench.created(1).await;
    bench.ledger.commit(&bench.act(&created, "n", 3)).await.unwrap();
    taken(bench, "a", T0).await;
    let parked =
        Handover { through: 3, parked: vec![2], last_error: Some("status_500".to_owned()), ..Handover::default() };
    assert!(bench.ledger.handed_over(&created.key, "a", &parked).await.unwrap());
    assert!(bench.ledger.handed_over(&created.key, "a", &parked).await.unwrap(), "a repeat is done");
    assert!(bench.ledger.handed_over(&created.key, "a", &through(1)).await.unwrap(), "the lease is ours");
    let read = bench.read(1).await.delivery;
    assert_eq!(read, Handover { lease: Some(lease("a", T0)), ..parked });
}

pub async fn releasing_with_a_newer_change_goes_on(bench: &Bench<'_>) {
    let created = bench.created(1).await;
    let mut commit = bench.act(&created, "n", 1);
    commit.delivery_due = Some(T0);
    bench.ledger.commit(&commit).await.unwrap();
    taken(bench, "a", T0).await;
    let before = bench.read(1).await;
    let released = bench.ledger.release_delivery(&created.key, "a", &through(1), 1).await.unwrap();
    assert_eq!(released, Released::MoreToDo);
    assert_eq!(bench.read(1).await, before, "nothing is written, the lease is still ours");
    let released = bench.ledger.release_delivery(&created.key, "a", &through(2), 2).await.unwrap();
    assert_eq!(released, Released::Done);
    assert_eq!(bench.read(1).await.delivery, through(2), "nothing is due any more");
    bench.assert_due(Due::Delivery, at(10_000), &[]).await;
}

pub async fn releasing_for_a_later_try_needs_no_version(bench: &Bench<'_>) {
    let created = bench.created(1).await;
    bench.ledger.commit(&bench.act(&created, "n", 1)).await.unwrap();
    taken(bench, "a", T0).await;
    let later = Handover { through: 1, due: Some(at(60)), ..Handover::default() };
    assert_eq!(bench.ledger.release_delivery(&created.key, "a", &later, 1).await.unwrap(), Released::Done);
    bench.assert_due(Due::Delivery, at(60), &[DueBell::Onboarding(created.key, at(60))]).await;
}

pub async fn the_same_release_twice_is_ours(bench: &Bench<'_>) {
    let key = bench.created(1).await.key;
    taken(bench, "a", T0).await;
    for _ in 0..2 {
        assert_eq!(bench.ledger.release_delivery(&key, "a", &through(1), 1).await.unwrap(), Released::Done);
    }
    let released = bench.read(1).await;
    bench.ledger.commit(&bench.act(&released, "n", 1)).await.unwrap();
    taken(bench, "b", at(1)).await;
    let before = bench.read(1).await;
    assert_eq!(bench.ledger.release_delivery(&key, "a", &through(1), 1).await.unwrap(), Released::Done);
    assert_eq!(bench.read(1).await, before, "another's lease stands");
}

pub async fn a_bell_for_nothing_takes_no_lease(bench: &Bench<'_>) {
    let key = bench.created(1).await.key;
    taken(bench, "a", T0).await;
    bench.ledger.release_delivery(&key, "a", &through(1), 1).await.unwrap();
    let before = bench.read(1).await;
    assert_eq!(take(bench, "b", at(1)).await, LeaseOutcome::Missing);
    assert_eq!(bench.read(1).await, before, "nothing is written");
    // a commit that saw something undelivered while that was handed over
    let mut commit = bench.act(&before, "n", 0);
    commit.delivery_due = Some(at(30));
    bench.ledger.commit(&commit).await.unwrap();
    bench.assert_due(Due::Delivery, at(30), &[DueBell::Onboarding(key.clone(), at(30))]).await;
    assert_eq!(take(bench, "b", at(31)).await, LeaseOutcome::Missing);
    bench.assert_due(Due::Delivery, at(10_000), &[]).await;
    assert_eq!(bench.read(1).await.delivery, before.delivery);
}

pub async fn a_commit_makes_due_what_is_not_due_already(bench: &Bench<'_>) {
    let mut before = bench.created(1).await;
    for (nonce, due) in [("a", at(61)), ("b", at(30)), ("c", at(600))] {
        let mut commit = bench.act(&before, nonce, 1);
        commit.delivery_due = Some(due);
        bench.ledger.commit(&commit).await.unwrap();
        before = bench.read(1).await;
        assert_eq!(before.delivery.due, Some(at(90)));
    }
    bench.assert_due(Due::Delivery, at(90), &[DueBell::Onboarding(before.key, at(90))]).await;
}

pub async fn parked_changes_are_sent_again(bench: &Bench<'_>) {
    let created = bench.created(1).await;
    bench.ledger.commit(&bench.act(&created, "n", 5)).await.unwrap();
    taken(bench, "a", T0).await;
    let parked = Handover { through: 6, parked: vec![2, 4, 5], tries: 13, ..Handover::default() };
    bench.ledger.release_delivery(&created.key, "a", &parked, 6).await.unwrap();
    assert!(bench.ledger.resend(&created.key, 4, at(31)).await.unwrap());
    let again = Handover { through: 3, parked: vec![2], due: Some(at(60)), ..Handover::default() };
    assert_eq!(bench.read(1).await.delivery, again);
    assert!(bench.ledger.resend(&created.key, 6, at(31)).await.unwrap());
    assert_eq!(bench.read(1).await.delivery, again, "never forward");
    assert!(!bench.ledger.resend(&bench.key(2), 1, at(31)).await.unwrap(), "there is none");
}

pub async fn nothing_is_sent_again_under_a_lease(bench: &Bench<'_>) {
    let key = bench.created(1).await.key;
    taken(bench, "a", T0).await;
    assert!(!bench.ledger.resend(&key, 1, at(29)).await.unwrap());
    assert!(bench.ledger.resend(&key, 1, at(30)).await.unwrap(), "it has lapsed");
}
