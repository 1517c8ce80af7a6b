//! Erasing, step by step.

use idv_gateway::domain::{ChangeKind, Evidence, Handover, Onboarding, Truth};
use idv_gateway::ports::{Committed, Due, DueBell, ERASED_REFERENCE, LeaseOutcome, LedgerError, Released};

use super::bench::{Bench, T0, at, eventually, lease};

pub async fn the_first_key_stands_until_it_is_destroyed(bench: &Bench<'_>) {
    let key = bench.created(1).await.key;
    assert_eq!(bench.ledger.key(&key).await.unwrap(), None);
    assert_eq!(bench.ledger.put_key(&key, "first").await.unwrap(), "first");
    assert_eq!(bench.ledger.put_key(&key, "second").await.unwrap(), "first");
    assert_eq!(bench.ledger.key(&key).await.unwrap().as_deref(), Some("first"));
    for _ in 0..2 {
        bench.ledger.destroy_key(&key).await.unwrap();
        assert_eq!(bench.ledger.key(&key).await.unwrap(), None);
    }
    assert!(bench.ledger.read(&key).await.unwrap().is_some(), "the onboarding stands");
}

pub async fn the_fence_stops_every_commit(bench: &Bench<'_>) {
    assert_eq!(bench.ledger.fence_erasure(&bench.key(1), T0).await.unwrap(), None);
    let created = bench.created(1).await;
    bench.ledger.postpone_look(&created.key, T0, None).await.unwrap();
    let fenced = bench.ledger.fence_erasure(&created.key, at(1)).await.unwrap().unwrap();
    assert_eq!(fenced, Onboarding { erased_at: Some(at(1)), ..created.clone() });
    let again = bench.ledger.fence_erasure(&created.key, at(2)).await.unwrap().unwrap();
    assert_eq!(again, fenced, "once and for ever");
    assert_eq!(bench.ledger.commit(&bench.act(&created, "n", 1)).await.unwrap(), Committed::Erased);
    assert_eq!(bench.ledger.commit(&bench.act(&created, "m", 40)).await.unwrap(), Committed::Erased);
    assert_eq!(bench.ledger.timeline(&created.key).await.unwrap().len(), 1);
    let leased = bench.ledger.lease_delivery(&created.key, &lease("a", T0), T0).await.unwrap();
    assert_eq!(leased, LeaseOutcome::Missing, "not before it is buried");
    assert_eq!(bench.read(1).await, fenced);
    bench.assert_due(Due::Look, at(10_000), &[]).await;
}

/// An onboarding with a history, a key, a reference, something parked and a lease; fenced.
async fn eventful(bench: &Bench<'_>) -> Onboarding {
    let mut created = bench.created(1).await;
    created.truth.attempts.iter_mut().for_each(|attempt| attempt.sealed_link = Some("sealed".to_owned()));
    let mut commit = bench.act(&created, "n", 39);
    commit.delivery_due = Some(at(60));
    bench.ledger.commit(&commit).await.unwrap();
    bench.ledger.put_key(&created.key, "wrapped").await.unwrap();
    bench.ledger.add_reference(&bench.tenant(), &bench.reference(), &created.key.id).await.unwrap();
    bench.ledger.lease_delivery(&created.key, &lease("a", T0), T0).await.unwrap();
    let parked = Handover { through: 5, parked: vec![2], last_error: Some("gone".to_owned()), ..Handover::default() };
    assert!(bench.ledger.handed_over(&created.key, "a", &parked).await.unwrap());
    bench.ledger.fence_erasure(&created.key, at(1)).await.unwrap().unwrap()
}

fn tombstone(of: &Onboarding) -> Truth {
    let mut truth = Truth { parts: Vec::new(), attempts: Vec::new(), changes: Vec::new(), ..of.truth.clone() };
    truth.record(ChangeKind::Erased, truth.status, at(2), Evidence::App);
    truth
}

pub async fn what_is_buried_says_only_that_it_was_erased(bench: &Bench<'_>) {
    let fenced = eventful(bench).await;
    let tombstone = tombstone(&fenced);
    bench.ledger.bury(&fenced, &tombstone, at(31)).await.unwrap();
    let read = bench.read(1).await;
    assert_eq!(read.truth, tombstone);
    assert_eq!(read.identity.reference.as_str(), ERASED_REFERENCE);
    assert_eq!(read.delivery, Handover { through: 40, due: Some(at(60)), ..Handover::default() });
    assert_eq!(bench.ledger.timeline(&fenced.key).await.unwrap(), tombstone.changes);
    for version in 1..=40 {
        assert_eq!(bench.ledger.change(&read, version).await.unwrap(), None, "{version}");
    }
    assert_eq!(bench.ledger.key(&fenced.key).await.unwrap(), None);
    assert!(bench.ledger.by_reference(&bench.tenant(), &bench.reference()).await.unwrap().is_empty());
    let listed = || async { bench.ledger.list(&bench.tenant(), None, 10).await.unwrap().ids };
    eventually(listed, Vec::is_empty, "an empty list").await;
    bench.assert_due(Due::Delivery, at(60), &[DueBell::Onboarding(fenced.key.clone(), at(60))]).await;
    assert!(!bench.ledger.handed_over(&fenced.key, "a", &Handover::default()).await.unwrap(), "the old lease is gone");
    // the one change that is left is handed over
    let leased = bench.ledger.lease_delivery(&fenced.key, &lease("b", at(60)), at(60)).await.unwrap();
    assert!(matches!(leased, LeaseOutcome::Taken(_)));
    let done = Handover { through: 41, ..Handover::default() };
    assert_eq!(bench.ledger.release_delivery(&fenced.key, "b", &done, 41).await.unwrap(), Released::Done);
    bench.assert_due(Due::Delivery, at(10_000), &[]).await;
}

pub async fn burying_twice_is_done(bench: &Bench<'_>) {
    let fenced = eventful(bench).await;
    bench.ledger.bury(&fenced, &tombstone(&fenced), at(31)).await.unwrap();
    bench.ledger.lease_delivery(&fenced.key, &lease("b", at(60)), at(60)).await.unwrap();
    let before = bench.read(1).await;
    bench.ledger.bury(&fenced, &tombstone(&fenced), at(90)).await.unwrap();
    assert_eq!(bench.read(1).await, before, "what was handed over since stays handed over");
}

pub async fn what_is_not_fenced_is_not_buried(bench: &Bench<'_>) {
    let created = bench.created(1).await;
    bench.ledger.put_key(&created.key, "wrapped").await.unwrap();
    let refused = bench.ledger.bury(&created, &tombstone(&created), T0).await;
    assert!(matches!(refused, Err(LedgerError::Refused(_))));
    assert_eq!(bench.ledger.key(&created.key).await.unwrap().as_deref(), Some("wrapped"));
    assert_eq!(bench.read(1).await, created);
}
