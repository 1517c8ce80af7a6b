//! Idempotent actions.

use idv_gateway::domain::IdempotencyKey;
use idv_gateway::ports::{ClaimKey, ClaimRecord, Claimed};

use super::bench::{Bench, T0, at};

async fn claim(bench: &Bench<'_>, record: &ClaimRecord, seconds: u64) -> Claimed {
    bench.ledger.claim(&bench.claim_key("k"), record, at(seconds)).await.unwrap()
}

pub async fn a_claim_is_worked_on_then_done(bench: &Bench<'_>) {
    let first = bench.claim("one", "c", 1, T0);
    assert_eq!(claim(bench, &first, 0).await, Claimed::Ours(first.clone()));
    for content in ["c", "other"] {
        assert_eq!(claim(bench, &bench.claim("two", content, 2, at(1)), 1).await, Claimed::Working(first.clone()));
    }
    for _ in 0..2 {
        assert!(bench.ledger.finish_claim(&bench.claim_key("k"), "one").await.unwrap());
    }
    let done = ClaimRecord { done: true, ..first };
    for content in ["c", "other"] {
        let again = bench.claim("two", content, 2, at(5000));
        assert_eq!(claim(bench, &again, 5000).await, Claimed::Before(done.clone()), "the caller compares the content");
    }
    assert!(!bench.ledger.finish_claim(&bench.claim_key("another"), "one").await.unwrap());
}

pub async fn the_same_claim_twice_is_ours(bench: &Bench<'_>) {
    let first = bench.claim("one", "c", 1, T0);
    for _ in 0..2 {
        assert_eq!(claim(bench, &first, 0).await, Claimed::Ours(first.clone()));
    }
    let taken = bench.claim("two", "c", 2, at(60));
    for _ in 0..2 {
        let expected = ClaimRecord { onboarding: first.onboarding.clone(), ..taken.clone() };
        assert_eq!(claim(bench, &taken, 60).await, Claimed::Ours(expected));
    }
}

pub async fn an_abandoned_claim_keeps_its_onboarding(bench: &Bench<'_>) {
    let first = bench.claim("one", "c", 1, T0);
    claim(bench, &first, 0).await;
    let second = bench.claim("two", "c", 2, at(59));
    assert_eq!(claim(bench, &second, 59).await, Claimed::Working(first.clone()));
    let third = bench.claim("three", "c", 3, at(60));
    let expected = ClaimRecord { onboarding: first.onboarding, ..third.clone() };
    assert_eq!(claim(bench, &third, 60).await, Claimed::Ours(expected.clone()));
    assert_eq!(claim(bench, &second, 61).await, Claimed::Working(expected));
}

pub async fn an_abandoned_claim_keeps_its_content(bench: &Bench<'_>) {
    let first = bench.claim("one", "c", 1, T0);
    claim(bench, &first, 0).await;
    // under another key the same request has another digest: only the caller can tell
    let other = bench.claim("two", "other", 2, at(60));
    assert_eq!(claim(bench, &bench.claim("two", "other", 2, at(59)), 59).await, Claimed::Working(first.clone()));
    let expected = ClaimRecord { content: first.content, onboarding: first.onboarding, ..other.clone() };
    assert_eq!(claim(bench, &other, 60).await, Claimed::Ours(expected.clone()));
    bench.ledger.drop_claim(&bench.claim_key("k"), "two", at(61)).await.unwrap();
    let again = bench.claim("three", "c", 3, at(61));
    let expected = ClaimRecord { content: expected.content, onboarding: expected.onboarding, ..again.clone() };
    assert_eq!(claim(bench, &again, 61).await, Claimed::Ours(expected));
}

pub async fn a_dropped_claim_is_free_at_once(bench: &Bench<'_>) {
    let first = bench.claim("one", "c", 1, T0);
    claim(bench, &first, 0).await;
    bench.ledger.drop_claim(&bench.claim_key("k"), "another", at(1)).await.unwrap();
    let second = bench.claim("two", "c", 2, at(1));
    assert_eq!(claim(bench, &second, 1).await, Claimed::Working(first.clone()), "only its worker drops it");
    bench.ledger.drop_claim(&bench.claim_key("k"), "one", at(1)).await.unwrap();
    let expected = ClaimRecord { onboarding: first.onboarding, ..second.clone() };
    assert_eq!(claim(bench, &second, 1).await, Claimed::Ours(expected.clone()));
    bench.ledger.finish_claim(&bench.claim_key("k"), "two").await.unwrap();
    bench.ledger.drop_claim(&bench.claim_key("k"), "two", at(2)).await.unwrap();
    let done = ClaimRecord { done: true, ..expected };
    assert_eq!(
        claim(bench, &bench.claim("three", "c", 3, at(3)), 3).await,
        Claimed::Before(done),
        "what is done stays"
    );
}

pub async fn a_claim_past_its_time_is_absent(bench: &Bench<'_>) {
    let first = bench.claim("one", "c", 1, T0);
    claim(bench, &first, 0).await;
    bench.ledger.finish_claim(&bench.claim_key("k"), "one").await.unwrap();
    let late = bench.claim("two", "other", 2, at(86_400));
    assert_eq!(claim(bench, &late, 86_400).await, Claimed::Ours(late.clone()), "though it stands there");
}

pub async fn who_was_overtaken_finishes_nothing(bench: &Bench<'_>) {
    claim(bench, &bench.claim("one", "c", 1, T0), 0).await;
    claim(bench, &bench.claim("two", "c", 2, at(60)), 60).await;
    assert!(!bench.ledger.finish_claim(&bench.claim_key("k"), "one").await.unwrap());
    let third = bench.claim("three", "c", 3, at(61));
    assert!(matches!(claim(bench, &third, 61).await, Claimed::Working(record) if record.fence == "two"));
}

pub async fn of_two_that_claim_exactly_one_works(bench: &Bench<'_>) {
    let key = bench.claim_key("k");
    for (round, seconds) in [("fresh", 0), ("taken over", 60)] {
        let (one, two) = (
            bench.claim(&format!("1 {round}"), "c", 1, at(seconds)),
            bench.claim(&format!("2 {round}"), "c", 2, at(seconds)),
        );
        let now = at(seconds);
        let (one, two) = tokio::join!(bench.ledger.claim(&key, &one, now), bench.ledger.claim(&key, &two, now));
        match (one.unwrap(), two.unwrap()) {
            (Claimed::Ours(ours), Claimed::Working(seen)) | (Claimed::Working(seen), Claimed::Ours(ours)) => {
                assert_eq!(ours, seen)
            }
            neither => panic!("{round}: {neither:?}"),
        }
    }
}

/// Done, abandoned and being worked on; one of another onboarding, one of another tenant's of the same number.
pub async fn of_an_erased_onboardings_claims_only_whose_they_were_stays(bench: &Bench<'_>) {
    let other = bench.other();
    let named = |of: &Bench<'_>, action, name: &str| ClaimKey { action, ..of.claim_key(name) };
    let own = [named(bench, "start", "k"), named(bench, "resume", "k"), named(bench, "resume", "l")];
    let foreign = named(bench, "start", "m");
    let ledger = bench.ledger;
    for (number, key) in own.iter().enumerate() {
        let record = bench.claim(&format!("w{number}"), "c", 1, at(if number == 1 { 0 } else { 90 }));
        assert!(matches!(ledger.claim(key, &record, at(90)).await.unwrap(), Claimed::Ours(_)));
    }
    assert!(ledger.finish_claim(&own[0], "w0").await.unwrap());
    let two = bench.claim("f", "c", 2, at(90));
    ledger.claim(&foreign, &two, at(90)).await.unwrap();
    let theirs = other.claim("o", "c", 1, at(90));
    ledger.claim(&named(&other, "start", "k"), &theirs, at(90)).await.unwrap();

    for _ in 0..2 {
        ledger.erase_claims(&bench.key(1)).await.unwrap();
    }
    for key in &own {
        // whoever comes with whatever, and also who still worked on it
        for (fence, content, onboarding) in [("new", "c", 1), ("new", "other", 3), ("w2", "c", 1), ("erased", "c", 1)] {
            let record = bench.claim(fence, content, onboarding, at(5000));
            assert_eq!(
                ledger.claim(key, &record, at(5000)).await.unwrap(),
                Claimed::Erased(bench.key(1).id),
                "{key:?}"
            );
        }
    }
    assert!(!ledger.finish_claim(&own[2], "w2").await.unwrap());
    ledger.drop_claim(&own[2], "w2", at(91)).await.unwrap();
    assert!(matches!(ledger.claim(&own[2], &two, at(92)).await.unwrap(), Claimed::Erased(_)));
    assert_eq!(ledger.claim(&foreign, &bench.claim("n", "c", 4, at(91)), at(91)).await.unwrap(), Claimed::Working(two));
    let again = other.claim("n", "c", 1, at(91));
    let theirs_still = ledger.claim(&named(&other, "start", "k"), &again, at(91)).await.unwrap();
    assert_eq!(theirs_still, Claimed::Working(theirs));
    // past its time it is absent like any other
    let late = bench.claim("late", "c", 5, at(90_000));
    assert_eq!(ledger.claim(&own[0], &late, at(90_000)).await.unwrap(), Claimed::Ours(late));
}

pub async fn claiming_and_erasing_at_once_leave_nothing_that_a_second_time_does_not_find(bench: &Bench<'_>) {
    let keys: Vec<ClaimKey> = (0..8)
        .map(|number| ClaimKey { key: IdempotencyKey::parse(format!("k{number}")).unwrap(), ..bench.claim_key("k") })
        .collect();
    let key = bench.key(1);
    for claim_key in &keys {
        let record = bench.claim("one", "c", 1, T0);
        let (claimed, erased) =
            tokio::join!(bench.ledger.claim(claim_key, &record, T0), bench.ledger.erase_claims(&key));
        assert!(matches!(claimed.unwrap(), Claimed::Ours(_) | Claimed::Erased(_)));
        erased.unwrap();
    }
    bench.ledger.erase_claims(&key).await.unwrap();
    for claim_key in &keys {
        let record = bench.claim("two", "c", 1, at(60));
        let found = bench.ledger.claim(claim_key, &record, at(60)).await.unwrap();
        assert_eq!(found, Claimed::Erased(key.id.clone()));
    }
}
