//! Whole runs: begun, gone through, come back from, decided, decided anew.

use idv_gateway::domain::{Assessment, Reason, Status};
use idv_gateway::ports::{ProviderError, Recovery, Whose};
use idv_simulators::fractal::{Act, ApiManner, ApiRule, Endpoint, Visit};

use super::harness::{Bench, GENERATIONS, LEVEL, ONBOARDING, OTHER_ONBOARDING, user, wish};

#[tokio::test]
async fn a_run_is_gone_through_and_approved() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        assert_eq!(bench.account.check(&wish(ONBOARDING, 1)), Ok(()));
        let (started, page) = bench.begun(ONBOARDING, 1).await;
        assert!(started.names.is_empty() && started.return_nonce.is_some() && started.expires_at.is_some());
        assert_eq!(bench.account.recovery(&wish(ONBOARDING, 1)), Recovery::ByReference);
        let run = started.subject;
        assert_eq!(bench.seen(&run).await.status, Status::LinkIssued, "nobody is asked before somebody is back");
        assert_eq!(bench.fractal.requests().len(), 0);

        let (person, code) = bench.visited(&page, &Visit::default());
        assert_eq!(bench.exchanged(&run, Some(&code)).await.unwrap(), Some(vec![user(&person)]));
        let truth = bench.fractal.truth(&person).unwrap();
        assert_eq!(truth.level, LEVEL);
        let external = (generation.name() == "relay").then(|| ONBOARDING.to_owned());
        assert_eq!(truth.external_user_id, external);
        assert_eq!(bench.seen(&run).await.status, Status::InReview);
        bench.fractal.act(&person, Act::approve_all()).unwrap();
        let opinion = bench.seen(&run).await;
        assert_eq!((opinion.status, opinion.reasons.len()), (Status::Approved, 0));
        assert!(bench.keeps(Some((&run, &person))).await);
        let calls = bench.fractal.requests();
        assert!(calls.iter().all(|call| call.caller.as_deref() == Some(bench.client.client_id.as_str())), "{calls:?}");
        let asked: Vec<Endpoint> = calls.iter().map(|call| call.endpoint).collect();
        assert_eq!(asked, [Endpoint::KycToken, Endpoint::KycStatus, Endpoint::KycStatus, Endpoint::KycData]);
    }
}

#[tokio::test]
async fn a_rejection_has_no_reason_but_that_none_is_told() {
    const NOTE: &str = "Testa Sample, blurred passport TEST0001X";
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let (run, person) = bench.arrived().await;
        bench.fractal.act(&person, Act::reject_all(NOTE)).unwrap();
        let opinion = bench.seen(&run).await;
        assert_eq!(opinion.status, Status::Rejected);
        assert_eq!(opinion.reasons.iter().map(|why| why.code).collect::<Vec<_>>(), [Reason::NotDisclosed]);
        let parts = format!("{:?} {opinion:?}", bench.parts(&run).await);
        assert!(!parts.contains("Testa") && !parts.contains("TEST0001X"), "{parts}");
        assert!(bench.keeps(Some((&run, &person))).await, "and nothing else is kept");
    }
}

/// Its webhook never comes.
#[tokio::test]
async fn a_pending_decision_is_found_by_looking() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let (run, person) = bench.arrived().await;
        for _ in 0..3 {
            assert_eq!(bench.seen(&run).await.status, Status::InReview);
        }
        bench
            .fractal
            .act(&person, Act::Become { part: None, status: "approved".into(), credential: String::new() })
            .unwrap();
        assert_eq!(bench.seen(&run).await.status, Status::Approved);
        assert!(bench.fractal.events().is_empty());
        // and they change their mind
        bench.fractal.act(&person, Act::reject_all("")).unwrap();
        assert_eq!(bench.seen(&run).await.status, Status::Rejected);
        bench.fractal.act(&person, Act::approve_all()).unwrap();
        assert_eq!(bench.seen(&run).await.status, Status::Approved);
    }
}

#[tokio::test]
async fn an_unknown_word_never_approves() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let (run, person) = bench.arrived().await;
        for status in ["quantum", "APPROVED", "approved_with_remarks", "GREEN", "", "approved "] {
            let unknown = Act::Become { part: None, status: status.to_owned(), credential: String::new() };
            bench.fractal.act(&person, unknown).unwrap();
            let resource = user(&person);
            assert_eq!(bench.assessed(&run).await, Assessment::Unrecognised { resource }, "{status:?}");
        }
        bench.fractal.act(&person, Act::approve_all()).unwrap();
        let manner = ApiManner::UnknownStatus { status: "Approved".to_owned() };
        bench.fractal.misbehave(ApiRule::always(manner).at(Endpoint::KycStatus));
        assert!(matches!(bench.assessed(&run).await, Assessment::Unrecognised { .. }));
        bench.fractal.behave();
        assert_eq!(bench.seen(&run).await.status, Status::Approved);
    }
}

/// Of the token's answer: a status there is no news.
#[tokio::test]
async fn what_a_token_says_of_the_status_is_not_taken() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let manner = ApiManner::UnknownStatus { status: "approved".to_owned() };
        bench.fractal.misbehave(ApiRule::always(manner).at(Endpoint::KycToken));
        let (run, _) = bench.arrived().await;
        assert_eq!(bench.seen(&run).await.status, Status::InReview);
    }
}

#[tokio::test]
async fn details_are_given_live_and_kept_nowhere() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let (started, _) = bench.begun(ONBOARDING, 1).await;
        let nobody = bench.account.details(bench.reach(), &started.subject).await;
        assert_eq!(nobody.err(), Some(ProviderError::NotFound), "nobody came back yet");
        let (run, person) = bench.arrived().await;
        bench.fractal.act(&person, Act::approve_all()).unwrap();
        let details = bench.account.details(bench.reach(), &run).await.unwrap();
        assert_eq!(details["info"]["lastName"], "Sample");
        assert_eq!(details["review"]["reviewResult"]["reviewAnswer"], "GREEN");
        assert!(bench.keeps(Some((&run, &person))).await);
        bench.fractal.act(&person, Act::EraseData).unwrap();
        assert_eq!(bench.account.details(bench.reach(), &run).await.err(), Some(ProviderError::NotFound));
        assert_eq!(bench.seen(&run).await.status, Status::Approved, "a status outlives the data");
        let kept = bench.account.erase(bench.reach(), &run).await;
        assert!(matches!(kept.err(), Some(ProviderError::Unsupported(_))), "no call of theirs deletes anybody");
        bench.fractal.forget(&person);
        assert_eq!(bench.account.look(bench.reach(), &run).await.err(), Some(ProviderError::NotFound));
    }
}

/// The newest link decides what they are verified for, and their status says nothing of it.
#[tokio::test]
async fn an_approval_at_a_lower_level_approves_no_higher_one() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let asking = |onboarding: &str, level: &str| {
            let mut wish = wish(onboarding, 1);
            wish.options.insert("level".to_owned(), level.into());
            wish
        };
        let asked = asking(ONBOARDING, "plus+liveness");
        let higher = bench.account.start(bench.reach(), &asked).await.unwrap().subject;
        let (person, code) = bench.visited(&bench.way.last(), &Visit::default());
        bench.exchanged(&higher, Some(&code)).await.unwrap();
        bench.fractal.act(&person, Act::approve_all()).unwrap();
        assert_eq!(bench.seen(&higher).await.status, Status::Approved);
        // the same person, for somebody's lesser question
        let again = Visit { user: Some(person.clone()), ..Visit::default() };
        let own = idv_gateway::memory::login::MemoryLogin::default();
        let asked = asking(OTHER_ONBOARDING, "basic");
        let run = bench.account.start(bench.reach(), &asked).await.unwrap().subject;
        let (same, code) = bench.visited(&bench.way.last(), &again);
        assert_eq!(same, person);
        bench.account.exchange(bench.reach_of(&own), &run, Some(&code)).await.unwrap();
        bench.fractal.act(&person, Act::approve_all()).unwrap();
        let found = bench.account.look(bench.reach_of(&own), &run).await.unwrap();
        assert_eq!(found.parts().first().unwrap().provider_status, "approved");
        assert!(matches!(bench.assessed(&higher).await, Assessment::Unrecognised { .. }));
        assert_eq!(bench.parts(&higher).await.first().unwrap().provider_status, "level:basic");
    }
}

/// One who came without a link of ours, where the tenant adopts such people.
#[tokio::test]
async fn a_person_is_looked_at_without_a_run() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let (_, person) = bench.arrived().await;
        let root = user(&person);
        let nothing = idv_gateway::memory::login::MemoryLogin::default();
        let found = bench.account.look(bench.reach_of(&nothing), &root).await.unwrap();
        assert_eq!(found.parts().iter().map(|part| &part.resource).collect::<Vec<_>>(), [&root]);
        assert_eq!(bench.account.resolve(bench.reach(), &root).await, Ok(Whose::Nobodys));
        assert!(!bench.account.renews_links(Some(&root)));
        let link = bench.account.renew(bench.reach(), &root, None, wish(ONBOARDING, 1).channel, None).await;
        assert!(matches!(link, Ok(None)));
        assert_eq!(bench.exchanged(&root, None).await, Ok(None));
    }
}

/// What is kept of an earlier run says nothing of the next.
#[tokio::test]
async fn the_next_attempt_is_another_run() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let (first, person) = bench.arrived().await;
        bench.fractal.act(&person, Act::reject_all("")).unwrap();
        let (next, page) = bench.begun(ONBOARDING, 2).await;
        assert_ne!(next.subject, first);
        assert_eq!(bench.exchanged(&next.subject, None).await, Ok(None));
        assert_eq!(bench.seen(&next.subject).await.status, Status::LinkIssued, "not rejected");
        let (again, code) = bench.visited(&page, &Visit { user: Some(person.clone()), ..Visit::default() });
        assert_eq!(again, person);
        assert_eq!(bench.exchanged(&next.subject, Some(&code)).await, Ok(Some(vec![user(&person)])));
        assert!(bench.keeps(Some((&next.subject, &person))).await);
        assert_eq!(bench.seen(&next.subject).await.status, Status::InReview);
        bench.fractal.act(&person, Act::approve_all()).unwrap();
        assert_eq!(bench.seen(&next.subject).await.status, Status::Approved);
        let (other, _) = bench.begun(OTHER_ONBOARDING, 1).await;
        assert_eq!(bench.exchanged(&other.subject, None).await, Ok(None));
    }
}

/// In whichever order an app writes it: a link begins with the level.
#[tokio::test]
async fn what_is_asked_for_is_understood_there() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        for (level, understood) in [("uniqueness", "uniqueness"), ("idos+liveness+plus", "plus+idos+liveness")] {
            let mut wish = wish(ONBOARDING, 1);
            wish.options.insert("level".to_owned(), level.into());
            let started = bench.account.start(bench.reach(), &wish).await.unwrap();
            let (person, code) = bench.visited(&bench.way.last(), &Visit::default().by(format!("{level}@example.com")));
            bench.exchanged(&started.subject, Some(&code)).await.unwrap();
            assert_eq!(bench.fractal.truth(&person).unwrap().level, understood);
        }
    }
}
