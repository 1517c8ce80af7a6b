//! The two due indexes.

use idv_gateway::domain::OnboardingKey;
use idv_gateway::ports::{Due, DueBell, SubjectRecord, SubjectState};

use super::bench::{Bench, T0, at};

fn bell(key: &OnboardingKey, seconds: u64) -> DueBell {
    DueBell::Onboarding(key.clone(), at(seconds))
}

pub async fn entries_are_rounded_up_and_never_early(bench: &Bench<'_>) {
    let mut intent = bench.intent(1);
    (intent.look.due, intent.delivery.due) = (Some(at(1)), Some(at(1)));
    bench.ledger.create(&intent, "n").await.unwrap();
    let read = bench.read(1).await;
    assert_eq!((read.look.due, read.delivery.due), (Some(at(300)), Some(at(30))));
    bench.assert_due(Due::Look, at(299), &[]).await;
    bench.assert_due(Due::Look, at(300), &[bell(&intent.key, 300)]).await;
    bench.assert_due(Due::Delivery, at(29), &[]).await;
    bench.assert_due(Due::Delivery, at(30), &[bell(&intent.key, 30)]).await;
}

pub async fn the_earliest_come_first_and_the_limit_holds(bench: &Bench<'_>) {
    let shard = Due::shard_of(bench.key(1).id.as_str());
    let same: Vec<u32> = (1..200).filter(|&n| Due::shard_of(bench.key(n).id.as_str()) == shard).take(5).collect();
    for (place, &number) in (0_u64..).zip(same.iter().rev()) {
        let mut intent = bench.intent(number);
        intent.look.due = Some(at(300 * place));
        bench.ledger.create(&intent, "n").await.unwrap();
    }
    let expected: Vec<DueBell> =
        (0_u64..).zip(same.iter().rev()).map(|(place, &number)| bell(&bench.key(number), 300 * place)).collect();
    bench.assert_due(Due::Look, at(1200), &expected).await;
    // Others may write into the same shard meanwhile: only what is theirs may come and go.
    let few = bench.ledger.due(Due::Look, shard, at(1200), 3).await.unwrap();
    assert_eq!(few.len(), 3);
    assert!(few.is_sorted_by_key(DueBell::at), "{few:?}");
    let last = few.last().map(DueBell::at).unwrap();
    let missing: Vec<&DueBell> = expected.iter().filter(|ours| ours.at() < last && !few.contains(ours)).collect();
    assert!(missing.is_empty(), "{missing:?} come before the last of {few:?}");
    assert!(bench.ledger.due(Due::Look, shard, at(1200), 0).await.unwrap().is_empty());
}

pub async fn a_deferred_entry_says_since_when_it_is_due(bench: &Bench<'_>) {
    let mut intent = bench.intent(1);
    intent.look.due = Some(T0);
    bench.ledger.create(&intent, "n").await.unwrap();
    bench.ledger.defer(Due::Look, &bell(&intent.key, 0), at(600)).await.unwrap();
    bench.assert_due(Due::Look, at(600), &[bell(&intent.key, 600)]).await;
    assert_eq!(bench.read(1).await.look.due, Some(T0), "what is due is due since then");
    bench.ledger.defer(Due::Look, &bell(&intent.key, 600), at(1200)).await.unwrap();
    assert_eq!(bench.read(1).await.look.due, Some(T0));
    let mut commit = bench.found(&bench.read(1).await, "n", at(601));
    commit.look_due = Some(at(3000));
    bench.ledger.commit(&commit).await.unwrap();
    assert_eq!(bench.read(1).await.look.due, Some(at(3000)));
    bench.assert_due(Due::Look, at(3000), &[bell(&intent.key, 3000)]).await;
}

pub async fn an_entry_that_has_moved_is_not_deferred(bench: &Bench<'_>) {
    let mut intent = bench.intent(1);
    intent.look.due = Some(at(600));
    bench.ledger.create(&intent, "n").await.unwrap();
    bench.ledger.postpone_look(&intent.key, at(300), None).await.unwrap();
    bench.ledger.defer(Due::Look, &bell(&intent.key, 600), at(1200)).await.unwrap();
    bench.assert_due(Due::Look, at(1200), &[bell(&intent.key, 300)]).await;
    bench.ledger.defer(Due::Look, &bell(&bench.key(2), 600), at(1200)).await.unwrap();
    assert_eq!(bench.ledger.read(&bench.key(2)).await.unwrap(), None, "nothing is made of nothing");
}

pub async fn deliveries_are_deferred_likewise(bench: &Bench<'_>) {
    let mut intent = bench.intent(1);
    intent.delivery.due = Some(T0);
    bench.ledger.create(&intent, "n").await.unwrap();
    bench.ledger.defer(Due::Delivery, &bell(&intent.key, 0), at(600)).await.unwrap();
    bench.ledger.defer(Due::Delivery, &bell(&intent.key, 0), at(900)).await.unwrap();
    bench.assert_due(Due::Delivery, at(900), &[bell(&intent.key, 600)]).await;
    bench.assert_due(Due::Look, at(900), &[]).await;
}

pub async fn a_parked_subject_is_rung_until_it_is_bound(bench: &Bench<'_>) {
    let subject = bench.subject("x-1");
    let notice = Box::new(bench.notice("x-1"));
    let parked = SubjectRecord { state: SubjectState::Parked { notice }, until: Some(at(100_000)) };
    assert!(bench.ledger.set_aside(&subject, &parked, Some(at(900))).await.unwrap());
    let bell = DueBell::Subject(subject.clone(), at(900));
    bench.assert_due(Due::Look, at(900), std::slice::from_ref(&bell)).await;
    bench.ledger.defer(Due::Look, &bell, at(1500)).await.unwrap();
    bench.assert_due(Due::Look, at(1500), &[DueBell::Subject(subject.clone(), at(1500))]).await;
    bench.ledger.bind(&subject, &bench.key(1).id, 1).await.unwrap();
    bench.assert_due(Due::Look, at(10_000), &[]).await;
}
