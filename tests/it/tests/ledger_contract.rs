//! The contract of the ledger, on memory and on DynamoDB through the SDK; and what the SDK does with a lost answer.
#![expect(clippy::unwrap_used, reason = "a test stops loudly")]

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use idv_gateway::domain::Handover;
use idv_gateway::memory::ledger::MemoryLedger;
use idv_gateway::ports::{
    Claimed, Committed, Due, DueBell, EndpointKey, EndpointRecord, EndpointState, EndpointWrite, LeaseOutcome, Ledger,
    Released, SubjectRecord, SubjectState,
};
use idv_it::contract::ledger::{self as contract, Bench, T0, at, lease};
use idv_it::lossy::{Loss, Lossy};
use idv_it::table;

/// Tables may be shared, also by runs: no name is used twice.
fn tenant_of(case: &str) -> String {
    static RUN: OnceLock<String> = OnceLock::new();
    let run = RUN.get_or_init(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        format!("r{:x}", now.as_millis())
    });
    let case: String = case.replace('_', "-").chars().take(40).collect();
    format!("{run}-{case}")
}

mod on_memory {
    use super::*;

    macro_rules! cases {
        ($($group:ident::$case:ident),+ $(,)?) => { $(
            #[tokio::test]
            async fn $case() {
                contract::$group::$case(&Bench::new(&MemoryLedger::default(), tenant_of(stringify!($case)))).await;
            }
        )+ };
    }
    idv_it::ledger_contract!(cases);
}

mod on_dynamodb {
    use super::*;

    macro_rules! cases {
        ($($group:ident::$case:ident),+ $(,)?) => { $(
            #[tokio::test]
            async fn $case() {
                let url = table::emulator().await;
                table::create(&url).await;
                contract::$group::$case(&Bench::new(&table::ledger_at(&url), tenant_of(stringify!($case)))).await;
            }
        )+ };
    }
    idv_it::ledger_contract!(cases);
}

/// The answer of a write is lost after it was applied; the SDK writes again by itself and meets its own first write.
mod lost_answers {
    use super::*;

    /// Runs `act` with every way of losing each of its first writes; it must end as if nothing was lost.
    macro_rules! losing {
        ($case:ident, $writes:literal, |$bench:ident| $prepare:expr, |$prepared:ident| $act:block) => {
            #[tokio::test]
            async fn $case() {
                let upstream = table::emulator().await;
                table::create(&upstream).await;
                let (lossy, url) = Lossy::start(&upstream).await;
                let ledger = table::ledger_at(&url);
                for (number, loss) in Loss::ALL.into_iter().enumerate() {
                    for spared in 0..$writes {
                        let tenant = format!("{}-{number}{spared}", tenant_of(stringify!($case)));
                        let $bench = Bench::new(&ledger, tenant);
                        let $prepared = $prepare;
                        lossy.lose(spared, loss);
                        $act
                        assert!(lossy.has_lost(), "{loss:?} of write {spared}: no answer was lost");
                    }
                }
            }
        };
    }

    losing!(creating, 1, |bench| bench.intent(1), |intent| {
        assert!(bench.ledger.create(&intent, "ours").await.unwrap());
        assert_eq!(bench.read(1).await, intent);
    });

    losing!(leasing_a_look, 1, |bench| bench.created(1).await, |created| {
        let leased = bench.ledger.lease_look(&created.key, &lease("ours", T0), T0).await.unwrap();
        assert!(matches!(leased, LeaseOutcome::Taken(seen) if seen.look.lease == Some(lease("ours", T0))));
    });

    losing!(committing, 1, |bench| bench.created(1).await, |created| {
        let commit = bench.found(&created, "ours", at(1));
        assert_eq!(bench.ledger.commit(&commit).await.unwrap(), Committed::Done);
        assert_eq!(bench.read(1).await.truth, commit.truth);
    });

    // the commit, four changes that leave the item, the item without them
    losing!(committing_and_spilling, 6, |bench| bench.created(1).await, |created| {
        assert_eq!(bench.ledger.commit(&bench.act(&created, "ours", 19)).await.unwrap(), Committed::Done);
        let timeline = bench.ledger.timeline(&created.key).await.unwrap();
        assert_eq!(timeline.iter().map(|change| change.version).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
        assert_eq!(bench.read(1).await.truth.changes.len(), 16);
    });

    // asked for meanwhile: the first write is refused, the second is the one
    losing!(committing_beside_what_was_asked_for, 2, |bench| bench.created(1).await, |created| {
        bench.ledger.postpone_look(&created.key, at(300), None).await.unwrap();
        let mut commit = bench.found(&created, "ours", at(1));
        commit.look_due = Some(at(3000));
        assert_eq!(bench.ledger.commit(&commit).await.unwrap(), Committed::Done);
        assert_eq!(bench.read(1).await.look.due, Some(at(300)));
    });

    losing!(postponing, 1, |bench| bench.created(1).await.key, |key| {
        bench.ledger.postpone_look(&key, at(300), None).await.unwrap();
        assert_eq!(bench.read(1).await.look.due, Some(at(300)));
    });

    losing!(
        postponing_with_the_lease,
        1,
        |bench| {
            let key = bench.created(1).await.key;
            bench.ledger.lease_look(&key, &lease("ours", T0), T0).await.unwrap();
            key
        },
        |key| {
            bench.ledger.postpone_look(&key, at(300), Some("ours")).await.unwrap();
            let look = bench.read(1).await.look;
            assert_eq!((look.due, look.lease), (Some(at(300)), None));
        }
    );

    losing!(leasing_a_delivery, 1, |bench| bench.created(1).await, |created| {
        let leased = bench.ledger.lease_delivery(&created.key, &lease("ours", T0), T0).await.unwrap();
        assert!(matches!(leased, LeaseOutcome::Taken(seen) if seen.delivery.tries == 1), "counted once");
    });

    losing!(
        handing_over_and_releasing,
        2,
        |bench| {
            let key = bench.created(1).await.key;
            bench.ledger.lease_delivery(&key, &lease("ours", T0), T0).await.unwrap();
            key
        },
        |key| {
            let done = Handover { through: 1, ..Handover::default() };
            assert!(bench.ledger.handed_over(&key, "ours", &done).await.unwrap());
            assert_eq!(bench.ledger.release_delivery(&key, "ours", &done, 1).await.unwrap(), Released::Done);
            assert_eq!(bench.read(1).await.delivery, done);
        }
    );

    losing!(
        sending_again,
        1,
        |bench| {
            let key = bench.created(1).await.key;
            bench.ledger.lease_delivery(&key, &lease("a", T0), T0).await.unwrap();
            let parked = Handover { through: 1, parked: vec![1], ..Handover::default() };
            bench.ledger.release_delivery(&key, "a", &parked, 1).await.unwrap();
            key
        },
        |key| {
            assert!(bench.ledger.resend(&key, 1, at(30)).await.unwrap());
            assert_eq!(bench.read(1).await.delivery, Handover { due: Some(at(30)), ..Handover::default() });
        }
    );

    losing!(
        deferring,
        1,
        |bench| {
            let mut intent = bench.intent(1);
            intent.look.due = Some(T0);
            bench.ledger.create(&intent, "n").await.unwrap();
            intent.key
        },
        |key| {
            bench.ledger.defer(Due::Look, &DueBell::Onboarding(key.clone(), T0), at(600)).await.unwrap();
            bench.assert_due(Due::Look, at(600), &[DueBell::Onboarding(key, at(600))]).await;
        }
    );

    losing!(
        binding_what_was_parked,
        1,
        |bench| {
            let notice = bench.notice("x-1");
            let state = SubjectState::Parked { notice: Box::new(notice.clone()) };
            let record = SubjectRecord { state, until: Some(at(900)) };
            bench.ledger.set_aside(&bench.subject("x-1"), &record, Some(T0)).await.unwrap();
            notice
        },
        |notice| {
            let answer = bench.ledger.bind(&bench.subject("x-1"), &bench.key(1).id, 1).await.unwrap();
            let ours = SubjectState::Bound { onboarding: bench.key(1).id, attempt: 1 };
            assert_eq!(answer, (ours, Some(notice)), "the notice is not lost");
        }
    );

    losing!(parking, 1, |bench| bench.subject("x-1"), |subject| {
        let state = SubjectState::Parked { notice: Box::new(bench.notice("x-1")) };
        let record = SubjectRecord { state, until: Some(at(900)) };
        assert!(bench.ledger.set_aside(&subject, &record, Some(T0)).await.unwrap());
        bench.assert_due(Due::Look, T0, &[DueBell::Subject(subject, T0)]).await;
    });

    losing!(claiming, 1, |bench| bench.claim("ours", "c", 1, T0), |record| {
        let claimed = bench.ledger.claim(&bench.claim_key("k"), &record, T0).await.unwrap();
        assert_eq!(claimed, Claimed::Ours(record));
    });

    // what stands refuses the first write, the second takes it over
    losing!(
        taking_a_claim_over,
        2,
        |bench| {
            bench.ledger.claim(&bench.claim_key("k"), &bench.claim("gone", "c", 1, T0), T0).await.unwrap();
            bench.claim("ours", "c", 2, at(60))
        },
        |record| {
            let claimed = bench.ledger.claim(&bench.claim_key("k"), &record, at(60)).await.unwrap();
            assert!(
                matches!(claimed, Claimed::Ours(taken) if taken.fence == "ours" && taken.onboarding == bench.key(1).id)
            );
        }
    );

    losing!(
        finishing_a_claim,
        1,
        |bench| {
            bench.ledger.claim(&bench.claim_key("k"), &bench.claim("ours", "c", 1, T0), T0).await.unwrap();
        },
        |_prepared| {
            assert!(bench.ledger.finish_claim(&bench.claim_key("k"), "ours").await.unwrap());
        }
    );

    losing!(storing_a_key, 1, |bench| bench.key(1), |key| {
        assert_eq!(bench.ledger.put_key(&key, "ours").await.unwrap(), "ours");
    });

    losing!(pausing, 1, |bench| bench.connection(), |connection| {
        bench.ledger.pause(&connection, at(60)).await.unwrap();
        assert_eq!(bench.ledger.connection(&connection).await.unwrap().failures, 1, "counted once");
    });

    losing!(
        writing_a_destinations_state,
        1,
        |bench| EndpointKey { tenant: bench.tenant(), name: "tenant".to_owned() },
        |key| {
            let state = EndpointState::Open;
            let record = EndpointRecord { state, failures: 1, probe_at: None, configuration: "c".to_owned() };
            assert_eq!(bench.ledger.set_endpoint(&key, None, &record, "a").await.unwrap(), EndpointWrite::Done);
        }
    );

    // fence, spilled changes, key, reference and its item, tombstone
    losing!(
        erasing,
        8,
        |bench| {
            let created = bench.created(1).await;
            bench.ledger.commit(&bench.act(&created, "n", 17)).await.unwrap();
            bench.ledger.put_key(&created.key, "wrapped").await.unwrap();
            bench.ledger.add_reference(&bench.tenant(), &bench.reference(), &created.key.id).await.unwrap();
            created
        },
        |created| {
            let fenced = bench.ledger.fence_erasure(&created.key, T0).await.unwrap().unwrap();
            bench.ledger.destroy_key(&created.key).await.unwrap();
            bench.ledger.bury(&fenced, &created.truth, T0).await.unwrap();
            assert_eq!(bench.ledger.timeline(&created.key).await.unwrap(), created.truth.changes);
            assert!(bench.ledger.by_reference(&bench.tenant(), &bench.reference()).await.unwrap().is_empty());
        }
    );
}

/// The service is there and the table is not, or nobody is there at all: two classes of error, told apart.
#[tokio::test]
async fn what_passes_and_what_does_not_are_told_apart() {
    use idv_gateway::ports::LedgerError;
    let url = table::emulator().await;
    let bench_key = |ledger: &dyn Ledger| Bench::new(ledger, "r-nobody").key(1);
    let ledger = table::ledger_at("http://127.0.0.1:9");
    assert!(matches!(ledger.read(&bench_key(&ledger)).await, Err(LedgerError::Unavailable(_))));
    let ledger = idv_gateway::adapters::dynamodb::DynamoLedger::new(
        table::client_at(&url),
        "there-is-none".to_owned(),
        idv_gateway::domain::schedule::Pace::REAL,
    );
    assert!(matches!(ledger.read(&bench_key(&ledger)).await, Err(LedgerError::Refused(_))));
}
