//! What the functions share of a connection: the login and the place in the feed.

use idv_gateway::domain::{Lease, OnboardingId};
use idv_gateway::ports::{Due, DueBell, LedgerError, LoginKey, LoginLease, SharedLogin, SubjectRecord, SubjectState};

use super::bench::{Bench, T0, at};

fn lease(fence: &str, until: u64) -> Lease {
    Lease { until: at(until), fence: fence.to_owned() }
}

fn login(generation: u64, sealed: &str) -> SharedLogin {
    SharedLogin { generation, sealed: Some(sealed.to_owned()) }
}

pub async fn one_at_a_time_replaces_the_login(bench: &Bench<'_>) {
    let key = LoginKey::Connection(bench.connection());
    let take = async |generation, fence: &str, until, now| {
        bench.ledger.lease_login(&key, generation, &lease(fence, until), at(now)).await.unwrap()
    };
    assert_eq!(bench.ledger.login(&key).await.unwrap(), SharedLogin::default());
    assert_eq!(take(0, "a", 15, 0).await, LoginLease::Taken);
    assert_eq!(take(0, "a", 15, 0).await, LoginLease::Taken, "the repeat of our own");
    assert_eq!(take(0, "b", 20, 5).await, LoginLease::Held(at(15)));
    assert!(!bench.ledger.replace_login(&key, "b", &login(1, "theirs")).await.unwrap(), "nobody's right");
    for _ in 0..2 {
        assert!(bench.ledger.replace_login(&key, "a", &login(1, "first")).await.unwrap(), "the repeat is ours");
    }
    assert_eq!(bench.ledger.login(&key).await.unwrap(), login(1, "first"));
    assert_eq!(take(0, "b", 30, 10).await, LoginLease::Moved, "what b would replace is replaced");
    assert_eq!(take(1, "b", 30, 10).await, LoginLease::Taken, "the right was given back");
}

pub async fn who_dies_while_replacing_the_login_is_overtaken(bench: &Bench<'_>) {
    let key = LoginKey::Connection(bench.connection());
    let take =
        async |fence: &str, until, now| bench.ledger.lease_login(&key, 0, &lease(fence, until), at(now)).await.unwrap();
    assert_eq!(take("dead", 15, 0).await, LoginLease::Taken);
    assert_eq!(take("next", 30, 15).await, LoginLease::Taken);
    bench.ledger.release_login(&key, "dead").await.unwrap();
    assert_eq!(take("third", 45, 16).await, LoginLease::Held(at(30)), "another's right is not given back");
    assert!(bench.ledger.replace_login(&key, "next", &login(1, "new")).await.unwrap());
    assert!(!bench.ledger.replace_login(&key, "dead", &login(1, "old")).await.unwrap());
    assert_eq!(bench.ledger.login(&key).await.unwrap(), login(1, "new"));
    let (one, other) = (lease("one", 60), lease("other", 60));
    let both = tokio::join!(
        bench.ledger.lease_login(&key, 1, &one, at(50)),
        bench.ledger.lease_login(&key, 1, &other, at(50)),
    );
    let taken = [both.0.unwrap(), both.1.unwrap()].into_iter().filter(|lease| *lease == LoginLease::Taken).count();
    assert_eq!(taken, 1);
    for fence in ["one", "other"] {
        bench.ledger.release_login(&key, fence).await.unwrap();
    }
    let after = bench.ledger.lease_login(&key, 1, &lease("fourth", 70), at(51)).await.unwrap();
    assert_eq!(after, LoginLease::Taken, "given back unused");
}

pub async fn what_a_person_granted_rests_beside_the_onboardings_own_key(bench: &Bench<'_>) {
    let (onboarding, other) = (bench.key(1), bench.key(2));
    let key = LoginKey::Onboarding(onboarding.clone());
    let take = async |fence: &str| bench.ledger.lease_login(&key, 0, &lease(fence, 15), at(0)).await;
    assert!(matches!(take("early").await, Err(LedgerError::Unavailable(_))), "there is no key to seal it with");
    assert_eq!(bench.ledger.login(&key).await.unwrap(), SharedLogin::default());
    bench.ledger.put_key(&onboarding, "wrapped").await.unwrap();
    bench.ledger.put_key(&other, "another").await.unwrap();
    assert_eq!(take("a").await, Ok(LoginLease::Taken));
    assert_eq!(take("b").await, Ok(LoginLease::Held(at(15))));
    assert!(bench.ledger.replace_login(&key, "a", &login(1, "granted")).await.unwrap());
    assert_eq!(bench.ledger.login(&key).await.unwrap(), login(1, "granted"));
    assert_eq!(bench.ledger.key(&onboarding).await.unwrap().as_deref(), Some("wrapped"));
    assert_eq!(bench.ledger.put_key(&onboarding, "other").await.unwrap(), "wrapped");
    let theirs = LoginKey::Onboarding(other);
    assert_eq!(bench.ledger.login(&theirs).await.unwrap(), SharedLogin::default());
    assert_eq!(
        bench.ledger.lease_login(&key, 1, &lease("late", 30), at(20)).await.unwrap(),
        LoginLease::Taken,
        "somebody renews while it is erased"
    );
    bench.ledger.destroy_key(&onboarding).await.unwrap();
    assert_eq!(bench.ledger.login(&key).await.unwrap(), SharedLogin::default(), "it goes with the key");
    assert!(!bench.ledger.replace_login(&key, "late", &login(2, "revived")).await.unwrap());
    assert!(matches!(take("later").await, Err(LedgerError::Unavailable(_))));
    assert_eq!(bench.ledger.login(&key).await.unwrap(), SharedLogin::default());
    assert_eq!(bench.ledger.key(&onboarding).await.unwrap(), None);
}

pub async fn the_cursor_moves_only_from_where_it_was_read(bench: &Bench<'_>) {
    let key = bench.connection();
    let cursor = async || bench.ledger.connection(&key).await.unwrap().cursor;
    assert_eq!(cursor().await, None);
    bench.ledger.move_cursor(&key, Some("a"), "z").await.unwrap();
    assert_eq!(cursor().await, None, "it was not read there");
    bench.ledger.move_cursor(&key, None, "a").await.unwrap();
    bench.ledger.move_cursor(&key, None, "z").await.unwrap();
    assert_eq!(cursor().await.as_deref(), Some("a"));
    for _ in 0..2 {
        bench.ledger.move_cursor(&key, Some("a"), "b").await.unwrap();
        assert_eq!(cursor().await.as_deref(), Some("b"));
    }
}

pub async fn a_feed_is_rung_when_it_is_due(bench: &Bench<'_>) {
    let key = bench.connection();
    let bell = |seconds| DueBell::Feed(key.clone(), at(seconds));
    let due = async || bench.ledger.connection(&key).await.unwrap().feed_due;
    bench.ledger.pause(&key, at(7)).await.unwrap();
    assert_eq!(due().await, None);
    bench.ledger.plan_feed(&key, Some(at(1))).await.unwrap();
    assert_eq!(due().await, Some(at(300)));
    bench.assert_due(Due::Look, at(300), &[bell(300)]).await;
    bench.ledger.defer(Due::Look, &bell(300), at(900)).await.unwrap();
    bench.assert_due(Due::Look, at(900), &[bell(900)]).await;
    assert_eq!(due().await, Some(at(300)), "due since then");
    bench.ledger.plan_feed(&key, Some(at(600))).await.unwrap();
    bench.assert_due(Due::Look, at(900), &[bell(600)]).await;
    bench.ledger.defer(Due::Look, &bell(900), at(1500)).await.unwrap();
    bench.assert_due(Due::Look, at(900), &[bell(600)]).await;
    bench.ledger.plan_feed(&key, None).await.unwrap();
    bench.assert_due(Due::Look, at(10_000), &[]).await;
    let record = bench.ledger.connection(&key).await.unwrap();
    assert_eq!((record.feed_due, record.paused_until), (None, Some(at(7))), "the rest stands");
}

pub async fn whose_an_event_was_is_remembered_for_a_while(bench: &Bench<'_>) {
    let created = bench.created(1).await;
    let event = bench.subject("e-1");
    let whose = |onboarding: &OnboardingId| SubjectState::Bound { onboarding: onboarding.clone(), attempt: 1 };
    let for_ever = SubjectRecord { state: whose(&created.key.id), until: None };
    assert!(bench.ledger.set_aside(&event, &for_ever, None).await.is_err(), "only binding is for ever");
    let record = SubjectRecord { until: Some(at(600)), ..for_ever };
    assert!(bench.ledger.set_aside(&event, &record, None).await.unwrap());
    assert_eq!(bench.ledger.subjects(std::slice::from_ref(&event), T0).await.unwrap(), [Some(record.clone())]);
    assert_eq!(bench.ledger.subjects(std::slice::from_ref(&event), at(600)).await.unwrap(), [None]);
    let stranger = SubjectRecord { state: SubjectState::Stranger, until: Some(at(600)) };
    assert!(!bench.ledger.set_aside(&event, &stranger, None).await.unwrap(), "it stands");
}
