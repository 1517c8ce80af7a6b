//! Connections, destinations, and that tenants never meet.

use idv_gateway::domain::OnboardingKey;
use idv_gateway::ports::{
    Claimed, ConnectionRecord, EndpointKey, EndpointRecord, EndpointState, EndpointWrite, SubjectRecord, SubjectState,
};

use super::bench::{Bench, T0, at};

pub async fn a_pause_is_never_shortened(bench: &Bench<'_>) {
    let key = bench.connection();
    assert_eq!(bench.ledger.connection(&key).await.unwrap(), ConnectionRecord::default());
    for (until, paused, failures) in [(60, 60, 1), (30, 60, 2), (40, 60, 3), (90, 90, 4)] {
        bench.ledger.pause(&key, at(until)).await.unwrap();
        let expected = ConnectionRecord { paused_until: Some(at(paused)), failures, ..ConnectionRecord::default() };
        assert_eq!(bench.ledger.connection(&key).await.unwrap(), expected);
    }
    bench.ledger.pause(&key, at(90)).await.unwrap();
    assert_eq!(bench.ledger.connection(&key).await.unwrap().failures, 4, "the same again counts once");
}

pub async fn a_working_connection_has_neither_pause_nor_failures(bench: &Bench<'_>) {
    let key = bench.connection();
    let read = || async { bench.ledger.connection(&key).await.unwrap() };
    bench.ledger.unpause(&key, &read().await).await.unwrap();
    bench.ledger.pause(&key, at(60)).await.unwrap();
    bench.ledger.unpause(&key, &read().await).await.unwrap();
    assert_eq!(read().await, ConnectionRecord::default());
}

pub async fn a_success_takes_back_no_pause_that_came_after_it_began(bench: &Bench<'_>) {
    let key = bench.connection();
    let begun = bench.ledger.connection(&key).await.unwrap();
    bench.ledger.pause(&key, at(60)).await.unwrap();
    bench.ledger.unpause(&key, &begun).await.unwrap();
    let once = bench.ledger.connection(&key).await.unwrap();
    assert_eq!((once.paused_until, once.failures), (Some(at(60)), 1));
    bench.ledger.pause(&key, at(30)).await.unwrap();
    bench.ledger.unpause(&key, &once).await.unwrap();
    assert_eq!(bench.ledger.connection(&key).await.unwrap().failures, 2, "counted since");
}

pub async fn a_minute_has_so_many_looks_and_no_more(bench: &Bench<'_>) {
    let key = bench.connection();
    let mut taken = Vec::new();
    for (minute, max) in [(7, 0), (7, 2), (7, 2), (7, 2), (7, 3), (8, 1), (8, 1), (7, 1), (9, 1)] {
        taken.push(bench.ledger.take_look_quota(&key, minute, max).await.unwrap());
    }
    assert_eq!(taken, [false, true, true, false, true, true, false, false, true]);
    let looks = tokio::join!(
        bench.ledger.take_look_quota(&key, 20, 2),
        bench.ledger.take_look_quota(&key, 20, 2),
        bench.ledger.take_look_quota(&key, 20, 2),
    );
    let count = [looks.0, looks.1, looks.2].into_iter().filter(|look| *look.as_ref().unwrap()).count();
    assert_eq!(count, 2);
}

pub async fn a_destinations_state_replaces_only_what_was_read(bench: &Bench<'_>) {
    let key = EndpointKey { tenant: bench.tenant(), name: "tenant".to_owned() };
    let state = |state, failures| EndpointRecord { state, failures, probe_at: None, configuration: "c".to_owned() };
    let (once, twice) = (state(EndpointState::Open, 1), state(EndpointState::Open, 2));
    let stopped = state(EndpointState::Stopped, 1);
    let set = async |read, record, nonce| bench.ledger.set_endpoint(&key, read, record, nonce).await.unwrap();
    for _ in 0..2 {
        assert_eq!(set(None, &once, "a").await, EndpointWrite::Done, "the repeat is ours");
    }
    assert_eq!(set(None, &once, "b").await, EndpointWrite::Stood(Some(once.clone())), "another's, though the same");
    assert_eq!(set(Some(&twice), &once, "b").await, EndpointWrite::Stood(Some(once.clone())));
    assert_eq!(set(Some(&once), &stopped, "c").await, EndpointWrite::Done);
    assert_eq!(set(Some(&once), &twice, "d").await, EndpointWrite::Stood(Some(stopped.clone())), "it stays stopped");
    assert_eq!(bench.ledger.endpoint(&key).await.unwrap(), Some(stopped));
    let nobody = EndpointKey { name: "connection#tenant".to_owned(), ..key.clone() };
    assert_eq!(bench.ledger.endpoint(&nobody).await.unwrap(), None, "a connection's own is another");
    let answer = bench.ledger.set_endpoint(&nobody, Some(&once), &twice, "e").await.unwrap();
    assert_eq!(answer, EndpointWrite::Stood(None));
}

pub async fn a_destination_is_probed_by_one_at_a_time(bench: &Bench<'_>) {
    let key = EndpointKey { tenant: bench.tenant(), name: "d1".to_owned() };
    assert_eq!(bench.ledger.endpoint(&key).await.unwrap(), None);
    assert!(!bench.ledger.take_probe(&key, T0, at(60)).await.unwrap(), "there is none");
    let record =
        EndpointRecord { state: EndpointState::Probing, failures: 3, probe_at: None, configuration: "c".to_owned() };
    assert_eq!(bench.ledger.set_endpoint(&key, None, &record, "a").await.unwrap(), EndpointWrite::Done);
    assert_eq!(bench.ledger.endpoint(&key).await.unwrap(), Some(record.clone()));
    assert!(bench.ledger.take_probe(&key, T0, at(60)).await.unwrap());
    assert!(bench.ledger.take_probe(&key, T0, at(60)).await.unwrap(), "the repeat of our own");
    assert!(!bench.ledger.take_probe(&key, at(59), at(119)).await.unwrap());
    assert!(bench.ledger.take_probe(&key, at(60), at(120)).await.unwrap());
    let probed = EndpointRecord { probe_at: Some(at(120)), ..record.clone() };
    assert_eq!(bench.ledger.endpoint(&key).await.unwrap(), Some(probed));
    let stopped =
        EndpointRecord { state: EndpointState::Stopped, failures: 0, probe_at: None, configuration: "d".to_owned() };
    let write = bench.ledger.set_endpoint(&key, Some(&record), &stopped, "b").await.unwrap();
    assert_eq!(write, EndpointWrite::Done, "who probes next is no part of what was read");
    assert_eq!(bench.ledger.endpoint(&key).await.unwrap(), Some(stopped));
}

/// The same names under another tenant find nothing and change nothing.
pub async fn tenants_never_meet(bench: &Bench<'_>) {
    let other = bench.other();
    let created = bench.created(1).await;
    let theirs = OnboardingKey { tenant: other.tenant(), id: created.key.id.clone() };
    let subject = bench.subject("x-1");
    bench.ledger.bind(&subject, &created.key.id, 1).await.unwrap();
    bench.ledger.put_key(&created.key, "wrapped").await.unwrap();
    bench.ledger.add_reference(&bench.tenant(), &bench.reference(), &created.key.id).await.unwrap();
    bench.ledger.claim(&bench.claim_key("k"), &bench.claim("one", "c", 1, T0), T0).await.unwrap();
    bench.ledger.pause(&bench.connection(), at(60)).await.unwrap();

    assert_eq!(bench.ledger.read(&theirs).await.unwrap(), None);
    assert_eq!(bench.ledger.key(&theirs).await.unwrap(), None);
    assert!(bench.ledger.timeline(&theirs).await.unwrap().is_empty());
    assert!(bench.ledger.fence_erasure(&theirs, T0).await.unwrap().is_none());
    assert!(bench.ledger.by_reference(&other.tenant(), &bench.reference()).await.unwrap().is_empty());
    assert!(bench.ledger.list(&other.tenant(), None, 10).await.unwrap().ids.is_empty());
    assert_eq!(bench.ledger.connection(&other.connection()).await.unwrap(), ConnectionRecord::default());
    assert_eq!(bench.ledger.subjects(&[other.subject("x-1")], T0).await.unwrap(), [None]);
    let claimed = bench.ledger.claim(&other.claim_key("k"), &other.claim("two", "d", 2, T0), T0).await.unwrap();
    assert!(matches!(claimed, Claimed::Ours(record) if record.fence == "two"));
    bench.ledger.erase_subject(&other.subject("x-1"), &theirs.id, at(60)).await.unwrap();
    bench.ledger.destroy_key(&theirs).await.unwrap();

    let bound = SubjectState::Bound { onboarding: created.key.id.clone(), attempt: 1 };
    let expected = SubjectRecord { state: bound, until: None };
    assert_eq!(bench.ledger.subjects(&[subject], T0).await.unwrap(), [Some(expected)]);
    assert_eq!(bench.ledger.key(&created.key).await.unwrap().as_deref(), Some("wrapped"));
    assert_eq!(bench.read(1).await, created);
}
