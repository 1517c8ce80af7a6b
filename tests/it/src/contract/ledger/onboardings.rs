//! Creating and reading.

use idv_gateway::domain::{Attempt, DecidedBy, Part, Reason, Standing};
use idv_gateway::domain::{Because, Status};

use super::bench::{Bench, T0, at};

pub async fn an_intent_stands_as_it_was_given(bench: &Bench<'_>) {
    let mut intent = bench.intent(1);
    intent.look.due = Some(T0);
    intent.delivery.due = Some(at(30));
    let mut attempt = Attempt::intended(2, at(1));
    attempt.subject = Some(bench.subject("x").resource);
    attempt.sealed_link = Some("sealed".to_owned());
    intent.truth.attempts.push(attempt);
    let mut part = Part::new(bench.subject("x").resource, "Completed", Standing::Rejected);
    (part.decided_by, part.digest, part.marks) =
        (DecidedBy::Manual, Some("k.d".to_owned()), vec!["isSuccess".to_owned()]);
    intent.truth.parts.push(part);
    intent.truth.status = Status::InReview;
    intent.truth.reasons.push(Because { code: Reason::Other, provider_code: Some("x".to_owned()) });
    assert!(bench.ledger.create(&intent, "n").await.unwrap());
    assert_eq!(bench.ledger.read(&intent.key).await.unwrap(), Some(intent));
    assert_eq!(bench.ledger.read(&bench.key(2)).await.unwrap(), None);
}

pub async fn the_same_intent_twice_is_ours_and_another_is_not(bench: &Bench<'_>) {
    let intent = bench.intent(1);
    assert!(bench.ledger.create(&intent, "one").await.unwrap());
    assert!(bench.ledger.create(&intent, "one").await.unwrap());
    assert!(!bench.ledger.create(&intent, "another").await.unwrap());
    assert_eq!(bench.read(1).await, intent);
}

pub async fn an_intent_is_known_again_after_others_have_written(bench: &Bench<'_>) {
    let intent = bench.created(1).await;
    bench.ledger.commit(&bench.act(&intent, "a", 1)).await.unwrap();
    let written = bench.read(1).await;
    assert!(bench.ledger.create(&intent, "created").await.unwrap());
    assert_eq!(bench.read(1).await, written, "the repeat writes nothing");
}

pub async fn several_are_read_in_the_order_asked(bench: &Bench<'_>) {
    bench.created(7).await;
    bench.created(150).await;
    // more than one batch, with repeats and with ones that there are not
    let numbers: Vec<u32> = (1..=150).rev().chain([7, 7]).collect();
    let keys: Vec<_> = numbers.iter().map(|&number| bench.key(number)).collect();
    let read = bench.ledger.read_all(&keys).await.unwrap();
    let found: Vec<_> = read.iter().map(|read| read.as_ref().map(|read| read.key.clone())).collect();
    let expected: Vec<_> =
        numbers.iter().map(|&number| [7, 150].contains(&number).then(|| bench.key(number))).collect();
    assert_eq!(found, expected);
    assert!(bench.ledger.read_all(&[]).await.unwrap().is_empty());
}

pub async fn of_two_creators_exactly_one_wins(bench: &Bench<'_>) {
    let intent = bench.intent(1);
    let (one, other) = tokio::join!(bench.ledger.create(&intent, "one"), bench.ledger.create(&intent, "other"));
    assert_ne!(one.unwrap(), other.unwrap());
}
