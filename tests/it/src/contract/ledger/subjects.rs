//! Subjects: bound, parked, stranger, erased.

use idv_gateway::domain::{OnboardingId, SubjectKey};
use idv_gateway::ports::{Due, DueBell, LedgerError, SubjectRecord, SubjectState};

use super::bench::{Bench, T0, at};

fn parked(bench: &Bench<'_>) -> SubjectRecord {
    SubjectRecord { state: SubjectState::Parked { notice: Box::new(bench.notice("x-1")) }, until: Some(at(1000)) }
}

fn stranger(until: u64) -> SubjectRecord {
    SubjectRecord { state: SubjectState::Stranger, until: Some(at(until)) }
}

fn bound(bench: &Bench<'_>, number: u32, attempt: u8) -> SubjectState {
    SubjectState::Bound { onboarding: bench.key(number).id, attempt }
}

async fn known(bench: &Bench<'_>, key: &SubjectKey, seconds: u64) -> Option<SubjectRecord> {
    bench.ledger.subjects(std::slice::from_ref(key), at(seconds)).await.unwrap().pop().flatten()
}

pub async fn an_unknown_subject_is_absent(bench: &Bench<'_>) {
    assert_eq!(known(bench, &bench.subject("x-1"), 0).await, None);
    assert!(bench.ledger.subjects(&[], T0).await.unwrap().is_empty());
}

pub async fn a_stranger_is_remembered_until_its_time(bench: &Bench<'_>) {
    let key = bench.subject("x-1");
    assert!(bench.ledger.set_aside(&key, &stranger(100), None).await.unwrap());
    assert_eq!(known(bench, &key, 99).await, Some(stranger(100)));
    assert_eq!(known(bench, &key, 100).await, None, "past its time, though it stands there");
    assert!(bench.ledger.set_aside(&key, &parked(bench), None).await.unwrap());
    assert_eq!(known(bench, &key, 100).await, Some(parked(bench)));
    assert!(bench.ledger.set_aside(&key, &stranger(200), None).await.unwrap());
    let (state, notice) = bench.ledger.bind(&key, &bench.key(1).id, 1).await.unwrap();
    assert_eq!((state, notice), (bound(bench, 1, 1), None), "a stranger turns out to be ours");
    assert_eq!(
        known(bench, &key, 300).await,
        Some(SubjectRecord { state: bound(bench, 1, 1), until: None }),
        "for good"
    );
}

pub async fn binding_answers_with_the_notice_that_was_parked(bench: &Bench<'_>) {
    let key = bench.subject("x-1");
    bench.ledger.set_aside(&key, &parked(bench), Some(at(300))).await.unwrap();
    for _ in 0..2 {
        let answer = bench.ledger.bind(&key, &bench.key(1).id, 2).await.unwrap();
        assert_eq!(answer, (bound(bench, 1, 2), Some(bench.notice("x-1"))), "whoever could not ring it asks again");
    }
    assert_eq!(known(bench, &key, 2000).await, Some(SubjectRecord { state: bound(bench, 1, 2), until: None }));
}

pub async fn the_loser_binds_to_the_winner(bench: &Bench<'_>) {
    let key = bench.subject("x-1");
    let (one, two) = (bench.key(1).id, bench.key(2).id);
    let (one, two) = tokio::join!(bench.ledger.bind(&key, &one, 1), bench.ledger.bind(&key, &two, 1));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one, two);
    assert_eq!(known(bench, &key, 0).await.map(|record| record.state), Some(one.0));
}

pub async fn bound_and_erased_are_not_set_aside(bench: &Bench<'_>) {
    let key = bench.subject("x-1");
    bench.ledger.bind(&key, &bench.key(1).id, 1).await.unwrap();
    for record in [parked(bench), stranger(500)] {
        assert!(!bench.ledger.set_aside(&key, &record, Some(T0)).await.unwrap());
    }
    assert_eq!(known(bench, &key, 0).await.map(|record| record.state), Some(bound(bench, 1, 1)));
    bench.assert_due(Due::Look, at(10_000), &[]).await;
    for state in [SubjectState::Erased, bound(bench, 2, 1)] {
        let record = SubjectRecord { state, until: None };
        assert!(matches!(bench.ledger.set_aside(&key, &record, None).await, Err(LedgerError::Refused(_))));
    }
}

pub async fn parking_again_rings_no_later(bench: &Bench<'_>) {
    let key = bench.subject("x-1");
    for due in [Some(at(600)), Some(at(900)), None] {
        assert!(bench.ledger.set_aside(&key, &parked(bench), due).await.unwrap());
        bench.assert_due(Due::Look, at(900), &[DueBell::Subject(key.clone(), at(600))]).await;
    }
    bench.ledger.defer(Due::Look, &DueBell::Subject(key.clone(), at(600)), at(1200)).await.unwrap();
    assert!(bench.ledger.set_aside(&key, &parked(bench), Some(at(3000))).await.unwrap());
    bench.assert_due(Due::Look, at(3000), &[DueBell::Subject(key.clone(), at(3000))]).await;
    assert!(bench.ledger.set_aside(&key, &stranger(9000), None).await.unwrap());
    bench.assert_due(Due::Look, at(3000), &[]).await;
}

pub async fn an_erased_subject_is_not_revived(bench: &Bench<'_>) {
    let key = bench.subject("x-1");
    bench.ledger.set_aside(&key, &parked(bench), Some(T0)).await.unwrap();
    bench.ledger.bind(&key, &bench.key(1).id, 1).await.unwrap();
    for _ in 0..2 {
        bench.ledger.erase_subject(&key, &bench.key(1).id, at(400)).await.unwrap();
    }
    let erased = SubjectRecord { state: SubjectState::Erased, until: Some(at(400)) };
    assert_eq!(known(bench, &key, 399).await, Some(erased));
    assert!(!bench.ledger.set_aside(&key, &stranger(500), None).await.unwrap());
    assert!(!bench.ledger.set_aside(&key, &parked(bench), Some(T0)).await.unwrap());
    assert_eq!(bench.ledger.bind(&key, &bench.key(1).id, 1).await.unwrap(), (SubjectState::Erased, None));
    assert_eq!(known(bench, &key, 400).await, None);
}

pub async fn several_subjects_come_in_the_order_asked(bench: &Bench<'_>) {
    let keys: Vec<SubjectKey> = (0..130).map(|number| bench.subject(&format!("x-{number}"))).collect();
    let known = keys.get(42).unwrap();
    bench.ledger.bind(known, &bench.key(1).id, 1).await.unwrap();
    let asked: Vec<SubjectKey> = keys.iter().chain([known]).cloned().collect();
    let found = bench.ledger.subjects(&asked, T0).await.unwrap();
    let places: Vec<usize> =
        found.iter().enumerate().filter(|(_, found)| found.is_some()).map(|(place, _)| place).collect();
    assert_eq!((found.len(), places), (131, vec![42, 130]));
}

pub async fn a_name_is_handed_on_and_erased_only_with_its_owner(bench: &Bench<'_>) {
    let key = bench.subject("person-1");
    let (first, second) = (bench.key(1).id, bench.key(2).id);
    let stands = async || bench.ledger.subjects(std::slice::from_ref(&key), T0).await.unwrap().remove(0).unwrap().state;
    let bound = |onboarding: &OnboardingId, attempt| SubjectState::Bound { onboarding: onboarding.clone(), attempt };
    bench.ledger.set_aside(&key, &parked(bench), Some(T0)).await.unwrap();
    let parked = bench.ledger.hand_on(&key, &first, 1).await.unwrap();
    assert!(parked.is_some(), "what was parked there is told");
    assert_eq!(bench.ledger.hand_on(&key, &first, 1).await.unwrap(), parked, "and again, if that was lost");
    bench.ledger.hand_on(&key, &second, 2).await.unwrap();
    assert_eq!(stands().await, bound(&second, 2), "the newest has it");
    let (state, _) = bench.ledger.bind(&key, &first, 1).await.unwrap();
    assert_eq!(state, bound(&second, 2), "and nobody binds it away");
    bench.ledger.erase_subject(&key, &first, at(400)).await.unwrap();
    assert_eq!(stands().await, bound(&second, 2), "who had it before takes nothing along");
    bench.ledger.erase_subject(&key, &second, at(400)).await.unwrap();
    assert_eq!(stands().await, SubjectState::Erased);
    bench.ledger.hand_on(&key, &first, 3).await.unwrap();
    assert_eq!(stands().await, bound(&first, 3), "a person who comes again has a new run");
    assert!(
        bench
            .ledger
            .due(Due::Look, 0, at(500), 100)
            .await
            .unwrap()
            .iter()
            .all(|due| !matches!(due, DueBell::Subject(other, _) if *other == key))
    );
}
