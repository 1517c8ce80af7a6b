//! Look leases, commits, and "a look is due".

use idv_gateway::domain::{Lease, Onboarding, Status};
use idv_gateway::ports::{Committed, Due, DueBell, LeaseOutcome};

use super::bench::{Bench, T0, at, lease};

async fn lease_look(bench: &Bench<'_>, number: u32, lease: &Lease, seconds: u64) -> LeaseOutcome {
    bench.ledger.lease_look(&bench.key(number), lease, at(seconds)).await.unwrap()
}

fn taken(outcome: LeaseOutcome) -> Onboarding {
    match outcome {
        LeaseOutcome::Taken(onboarding) => *onboarding,
        LeaseOutcome::Held(_) | LeaseOutcome::Missing => panic!("not taken: {outcome:?}"),
    }
}

pub async fn a_look_lease_has_one_holder_until_it_lapses(bench: &Bench<'_>) {
    let created = bench.created(1).await;
    let (mine, theirs) = (lease("mine", T0), lease("theirs", at(30)));
    let seen = taken(lease_look(bench, 1, &mine, 0).await);
    assert_eq!(seen.look.lease.as_ref(), Some(&mine));
    assert_eq!(seen.truth, created.truth, "the item as it stands");
    assert_eq!(lease_look(bench, 1, &theirs, 29).await, LeaseOutcome::Held(at(30)));
    assert_eq!(taken(lease_look(bench, 1, &theirs, 30).await).look.lease, Some(theirs));
}

pub async fn the_same_look_lease_twice_is_ours(bench: &Bench<'_>) {
    bench.created(1).await;
    let mine = lease("mine", T0);
    taken(lease_look(bench, 1, &mine, 0).await);
    taken(lease_look(bench, 1, &mine, 1).await);
}

pub async fn nobody_leases_what_is_missing_or_erased(bench: &Bench<'_>) {
    assert_eq!(lease_look(bench, 1, &lease("a", T0), 0).await, LeaseOutcome::Missing);
    bench.created(2).await;
    bench.ledger.fence_erasure(&bench.key(2), T0).await.unwrap();
    assert_eq!(lease_look(bench, 2, &lease("a", T0), 0).await, LeaseOutcome::Missing);
    bench.ledger.postpone_look(&bench.key(1), T0, None).await.unwrap();
    bench.ledger.postpone_look(&bench.key(2), T0, None).await.unwrap();
    assert_eq!(bench.ledger.read(&bench.key(1)).await.unwrap(), None, "nothing is made of nothing");
    assert_eq!(bench.read(2).await.look.due, None);
}

pub async fn a_commit_writes_what_was_found_and_gives_the_lease_back(bench: &Bench<'_>) {
    let created = bench.created(1).await;
    taken(lease_look(bench, 1, &lease("mine", T0), 0).await);
    let mut commit = bench.found(&created, "n", at(3));
    (commit.look_due, commit.delivery_due) = (Some(at(300)), Some(at(30)));
    assert_eq!(bench.ledger.commit(&commit).await.unwrap(), Committed::Done);
    let read = bench.read(1).await;
    assert_eq!(read.truth, commit.truth);
    assert_eq!(read.truth.status, Status::InProgress);
    assert_eq!(read.identity, created.identity);
    assert_eq!((read.look.started_at, read.look.due, read.look.lease), (Some(at(3)), Some(at(300)), None));
    assert_eq!(read.delivery.due, Some(at(30)));
    assert_eq!(
        bench.ledger.commit(&bench.found(&bench.intent(2), "n", T0)).await.unwrap(),
        Committed::Erased,
        "there is none"
    );
}

pub async fn an_act_of_the_app_leaves_lease_and_start_alone(bench: &Bench<'_>) {
    let created = bench.created(1).await;
    let mine = lease("mine", T0);
    taken(lease_look(bench, 1, &mine, 0).await);
    assert_eq!(bench.ledger.commit(&bench.act(&created, "n", 1)).await.unwrap(), Committed::Done);
    let read = bench.read(1).await;
    assert_eq!((read.look.lease, read.look.started_at), (Some(mine), None));
}

pub async fn of_two_committers_exactly_one_is_done(bench: &Bench<'_>) {
    let created = bench.created(1).await;
    let (one, other) = (bench.found(&created, "one", at(1)), bench.found(&created, "other", at(2)));
    let outcomes = tokio::join!(bench.ledger.commit(&one), bench.ledger.commit(&other));
    let winner = match (outcomes.0.unwrap(), outcomes.1.unwrap()) {
        (Committed::Done, Committed::Conflict) => one,
        (Committed::Conflict, Committed::Done) => other,
        neither => panic!("{neither:?}"),
    };
    assert_eq!(bench.read(1).await.truth, winner.truth);
}

pub async fn a_repeated_commit_is_ours_also_after_others(bench: &Bench<'_>) {
    let created = bench.created(1).await;
    let first = bench.act(&created, "first", 1);
    for later in ["a", "b", "c"] {
        assert_eq!(bench.ledger.commit(&first).await.unwrap(), Committed::Done);
        let before = bench.read(1).await;
        assert_eq!(bench.ledger.commit(&bench.act(&before, later, 1)).await.unwrap(), Committed::Done);
    }
    assert_eq!(bench.ledger.commit(&first).await.unwrap(), Committed::Done);
    let read = bench.read(1).await;
    assert_eq!((read.truth.look_seq, read.truth.version), (4, 5), "the repeats wrote nothing");
}

pub async fn a_commit_with_anothers_number_is_a_conflict(bench: &Bench<'_>) {
    let created = bench.created(1).await;
    let commit = bench.act(&created, "n", 1);
    bench.ledger.commit(&commit).await.unwrap();
    let mut another = bench.act(&created, "another", 3);
    assert_eq!(bench.ledger.commit(&another).await.unwrap(), Committed::Conflict);
    another.expected = 7;
    assert_eq!(bench.ledger.commit(&another).await.unwrap(), Committed::Conflict);
    assert_eq!(bench.read(1).await.truth, commit.truth);
}

pub async fn a_commit_plans_the_next_look(bench: &Bench<'_>) {
    let created = bench.created(1).await;
    let mut commit = bench.found(&created, "a", at(1));
    commit.look_due = Some(at(301));
    bench.ledger.commit(&commit).await.unwrap();
    let before = bench.read(1).await;
    assert_eq!(before.look.due, Some(at(600)), "rounded up to 5 min");
    bench.assert_due(Due::Look, at(600), &[DueBell::Onboarding(bench.key(1), at(600))]).await;
    let mut last = bench.found(&before, "b", at(2));
    last.look_due = None;
    bench.ledger.commit(&last).await.unwrap();
    assert_eq!(bench.read(1).await.look.due, None);
    bench.assert_due(Due::Look, at(10_000), &[]).await;
}

pub async fn a_look_asked_for_during_a_look_survives_its_commit(bench: &Bench<'_>) {
    for (number, planned, asked, expected) in [
        (1, Some(at(3000)), at(600), Some(at(600))),
        (2, Some(at(600)), at(3000), Some(at(600))),
        (3, None, at(600), Some(at(600))),
    ] {
        let created = bench.created(number).await;
        taken(lease_look(bench, number, &lease("mine", T0), 0).await);
        bench.ledger.postpone_look(&created.key, asked, None).await.unwrap();
        let mut commit = bench.found(&created, "n", at(1));
        commit.look_due = planned;
        assert_eq!(bench.ledger.commit(&commit).await.unwrap(), Committed::Done);
        let read = bench.read(number).await;
        assert_eq!(read.look.due, expected, "case {number}");
        assert_eq!((read.truth, read.look.lease), (commit.truth, None), "case {number}");
    }
}

pub async fn a_look_begun_after_the_asking_answers_it(bench: &Bench<'_>) {
    let created = bench.created(1).await;
    bench.ledger.postpone_look(&created.key, at(600), None).await.unwrap();
    taken(lease_look(bench, 1, &lease("mine", T0), 0).await);
    let mut commit = bench.found(&created, "n", at(1));
    commit.look_due = Some(at(3000));
    bench.ledger.commit(&commit).await.unwrap();
    assert_eq!(bench.read(1).await.look.due, Some(at(3000)));
}

pub async fn postponing_keeps_what_is_due_earlier(bench: &Bench<'_>) {
    let key = bench.created(1).await.key;
    for (asked, expected) in [(900, 900), (1200, 900), (601, 900), (600, 600), (1, 300), (600, 300)] {
        bench.ledger.postpone_look(&key, at(asked), None).await.unwrap();
        assert_eq!(bench.read(1).await.look.due, Some(at(expected)), "asked for {asked}");
    }
    bench.assert_due(Due::Look, at(300), &[DueBell::Onboarding(key, at(300))]).await;
}

pub async fn postponing_replaces_what_was_rung(bench: &Bench<'_>) {
    let key = bench.created(1).await.key;
    bench.ledger.postpone_look(&key, at(300), None).await.unwrap();
    let bell = DueBell::Onboarding(key.clone(), at(300));
    bench.ledger.defer(Due::Look, &bell, at(900)).await.unwrap();
    bench.ledger.postpone_look(&key, at(3600), None).await.unwrap();
    assert_eq!(bench.read(1).await.look.due, Some(at(3600)));
    bench.assert_due(Due::Look, at(3600), &[DueBell::Onboarding(key, at(3600))]).await;
}

pub async fn postponing_gives_back_only_ones_own_lease(bench: &Bench<'_>) {
    let key = bench.created(1).await.key;
    let mine = lease("mine", T0);
    taken(lease_look(bench, 1, &mine, 0).await);
    bench.ledger.postpone_look(&key, at(600), Some("theirs")).await.unwrap();
    let read = bench.read(1).await;
    assert_eq!((read.look.lease, read.look.due), (Some(mine), Some(at(600))));
    bench.ledger.postpone_look(&key, at(900), Some("mine")).await.unwrap();
    let read = bench.read(1).await;
    assert_eq!((read.look.lease, read.look.due), (None, Some(at(600))), "given back, though what is due stays");
    bench.ledger.postpone_look(&key, at(900), Some("mine")).await.unwrap();
    assert_eq!(bench.read(1).await.look.due, Some(at(600)), "a repeat is done");
}
