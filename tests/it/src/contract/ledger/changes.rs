//! Changes beyond the cap, and the whole history.

use idv_gateway::domain::{
    Attempt, Because, ChangeKind, Evidence, INLINE_CHANGES, MAX_REASONS, Onboarding, Part, Reason, Snapshot, Standing,
};
use idv_gateway::ports::{Committed, LedgerError};

use super::bench::{Bench, at};

async fn commit(bench: &Bench<'_>, nonce: &str, count: u32) -> Onboarding {
    let before = bench.read(1).await;
    let outcome = bench.ledger.commit(&bench.act(&before, nonce, count)).await.unwrap();
    assert_eq!(outcome, Committed::Done);
    bench.read(1).await
}

async fn assert_dense(bench: &Bench<'_>, last: u64) {
    let onboarding = bench.read(1).await;
    assert_eq!(onboarding.truth.version, last);
    let timeline = bench.ledger.timeline(&bench.key(1)).await.unwrap();
    let versions: Vec<u64> = timeline.iter().map(|change| change.version).collect();
    assert_eq!(versions, (1..=last).collect::<Vec<_>>());
    for change in timeline {
        let found = bench.ledger.change(&onboarding, change.version).await.unwrap();
        assert_eq!(found, Some(change));
    }
    assert_eq!(bench.ledger.change(&onboarding, last + 1).await.unwrap(), None);
    assert_eq!(bench.ledger.change(&onboarding, 0).await.unwrap(), None);
}

pub async fn the_sixteenth_stays_and_the_seventeenth_spills(bench: &Bench<'_>) {
    bench.created(1).await;
    let full = commit(bench, "a", 15).await;
    assert_eq!(full.truth.changes.len(), INLINE_CHANGES);
    let over = commit(bench, "b", 1).await;
    assert_eq!(over.truth.changes.len(), INLINE_CHANGES);
    assert_eq!(over.truth.changes.first().map(|change| change.version), Some(2));
    assert_dense(bench, 17).await;
}

pub async fn forty_changes_of_one_commit_are_dense(bench: &Bench<'_>) {
    bench.created(1).await;
    let after = commit(bench, "a", 39).await;
    assert_eq!(after.truth.changes.len(), INLINE_CHANGES);
    assert_dense(bench, 40).await;
    assert!(bench.ledger.timeline(&bench.key(2)).await.unwrap().is_empty());
}

pub async fn forty_commits_are_dense(bench: &Bench<'_>) {
    bench.created(1).await;
    for number in 2..=40 {
        commit(bench, &format!("n{number}"), 1).await;
    }
    assert_dense(bench, 40).await;
}

/// What a loser would have numbered so must not stand in the history, however late it comes.
pub async fn a_lost_race_leaves_no_change_behind(bench: &Bench<'_>) {
    let before = bench.created(1).await;
    let mut lost = bench.act(&before, "lost", 0);
    for _ in 0..40 {
        lost.truth.record(ChangeKind::Stalled, before.truth.status, at(9), Evidence::Schedule);
    }
    commit(bench, "won", 39).await;
    assert_eq!(bench.ledger.commit(&lost).await.unwrap(), Committed::Conflict);
    let timeline = bench.ledger.timeline(&bench.key(1)).await.unwrap();
    assert_eq!(timeline.len(), 40);
    assert!(timeline.iter().all(|change| change.kind != ChangeKind::Stalled));
}

/// As many parts as weigh their share, and changes that each have all their reasons.
pub async fn what_the_item_has_no_room_for_leaves_it_before_the_sixteenth(bench: &Bench<'_>) {
    let before = bench.created(1).await;
    let mut heavy = bench.act(&before, "heavy", 0);
    let part = |number: u32| {
        let id = format!("{number:0>128}");
        let mut part = Part::new(bench.subject(&id).resource, &"w".repeat(64), Standing::Open);
        part.provider_reason = Some("r".repeat(64));
        part
    };
    heavy.truth.parts = Snapshot::of((0..64).map(part).collect()).parts().to_vec();
    heavy.truth.reasons = vec![Because { code: Reason::Other, provider_code: Some("c".repeat(64)) }; MAX_REASONS];
    for _ in 0..30 {
        heavy.truth.record(ChangeKind::Action, before.truth.status, at(1), Evidence::App);
    }
    assert_eq!(bench.ledger.commit(&heavy).await.unwrap(), Committed::Done);
    let after = bench.read(1).await;
    assert!((1..INLINE_CHANGES).contains(&after.truth.changes.len()), "{}", after.truth.changes.len());
    assert_eq!(after.truth.changes.last(), heavy.truth.changes.last());
    assert_dense(bench, 31).await;
    commit(bench, "more", 1).await;
    assert_dense(bench, 32).await;
}

pub async fn attempts_without_room_are_refused(bench: &Bench<'_>) {
    let before = bench.created(1).await;
    for (length, room) in [(6 * 1024, false), (4 * 1024, true)] {
        let mut commit = bench.act(&before, "n", 1);
        commit.truth.attempts = (1..=8).map(|number| Attempt::intended(number, at(1))).collect();
        let earlier = commit.truth.attempts.iter_mut();
        earlier.for_each(|attempt| {
            attempt.subject = Some(bench.subject(&"x".repeat(128)).resource);
            attempt.link_for = attempt.subject.clone();
            (attempt.renewals, attempt.renewed_at) = (u8::MAX, Some(at(1)));
            attempt.link_expires_at = Some(at(1));
            attempt.return_nonce = Some("n".repeat(26));
            attempt.sealed_link = Some("s".repeat(length));
        });
        commit.truth = commit.truth.at_rest();
        let outcome = bench.ledger.commit(&commit).await;
        match room {
            true => assert_eq!(outcome, Ok(Committed::Done)),
            false => {
                assert!(matches!(outcome, Err(LedgerError::Refused(_))), "{outcome:?}");
                assert_eq!(bench.read(1).await, before);
            }
        }
    }
}
