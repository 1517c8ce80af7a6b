//! A provider that misbehaves, on each of the three calls: what each fault becomes, and that all is well after it.

use idv_gateway::domain::{Resource, Status};
use idv_gateway::ports::ProviderError;
use idv_gateway::secret::Secret;
use idv_simulators::fractal::{ApiManner, ApiRule, Client, Endpoint, Generation, KeyPair, Visit};
use serde_json::json;

use super::harness::{Bench, GENERATIONS, ONBOARDING, account, user};

const CALLS: [Endpoint; 3] = [Endpoint::KycToken, Endpoint::KycStatus, Endpoint::KycData];

/// A run whose person is back, with a second token that is not used yet.
struct Ready {
    bench: Bench,
    run: Resource,
    code: Secret,
}

async fn ready(generation: Generation) -> Ready {
    let bench = Bench::of(generation).await;
    let (started, page) = bench.begun(ONBOARDING, 1).await;
    let (person, first) = bench.visited(&page, &Visit::default());
    bench.exchanged(&started.subject, Some(&first)).await.unwrap();
    let (_, code) = bench.visited(&page, &Visit { user: Some(person), ..Visit::default() });
    Ready { bench, run: started.subject, code }
}

impl Ready {
    /// Once in that manner; silence is not waited for to its end.
    async fn spoilt(&self, endpoint: Endpoint, manner: &ApiManner) -> Result<(), ProviderError> {
        self.bench.fractal.misbehave(ApiRule::always(manner.clone()).at(endpoint).times(1));
        self.bench.impatience.set(matches!(manner, ApiManner::Silence | ApiManner::SlowDrip { .. }));
        let outcome = self.call(endpoint).await;
        self.bench.impatience.set(false);
        outcome
    }

    async fn call(&self, endpoint: Endpoint) -> Result<(), ProviderError> {
        let reach = self.bench.reach();
        match endpoint {
            Endpoint::KycToken => self.bench.exchanged(&self.run, Some(&self.code)).await.map(drop),
            Endpoint::KycStatus => self.bench.account.look(reach, &self.run).await.map(drop),
            _ => self.bench.account.details(reach, &self.run).await.map(drop),
        }
    }
}

fn is_unavailable(outcome: &Result<(), ProviderError>) -> bool {
    matches!(outcome, Err(ProviderError::Unavailable(_)))
}

#[tokio::test]
async fn what_a_repeat_may_cure() {
    for generation in GENERATIONS {
        for endpoint in CALLS {
            let ready = ready(generation).await;
            for manner in [
                ApiManner::Status { code: 500 },
                ApiManner::Status { code: 502 },
                ApiManner::Status { code: 503 },
                ApiManner::Status { code: 408 },
                ApiManner::Status { code: 302 },
                ApiManner::Html,
                ApiManner::Silence,
                ApiManner::Closed,
            ] {
                let outcome = ready.spoilt(endpoint, &manner).await;
                assert!(is_unavailable(&outcome), "{generation:?} {endpoint:?} {manner:?} {outcome:?}");
                ready.bench.fractal.behave();
            }
            assert_eq!(ready.call(endpoint).await, Ok(()), "{generation:?} {endpoint:?}: nothing was used up");
        }
    }
}

/// The provider has done its work and its answer does not come whole: a one-time token is used up by that.
#[tokio::test]
async fn what_does_not_come_whole_was_not_said() {
    for generation in GENERATIONS {
        for endpoint in CALLS {
            for manner in [ApiManner::Truncated, ApiManner::SlowDrip { millis: 300 }] {
                let ready = ready(generation).await;
                let outcome = ready.spoilt(endpoint, &manner).await;
                assert!(is_unavailable(&outcome), "{generation:?} {endpoint:?} {manner:?} {outcome:?}");
                let used_up = endpoint == Endpoint::KycToken;
                let next = if used_up { Err(ProviderError::NotFound) } else { Ok(()) };
                assert_eq!(ready.call(endpoint).await, next, "{generation:?} {endpoint:?} {manner:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_told_as_it_is() {
    let busy =
        |retry_after: Option<u64>| ProviderError::Busy { retry_after: retry_after.map(std::time::Duration::from_secs) };
    for generation in GENERATIONS {
        for endpoint in CALLS {
            let ready = ready(generation).await;
            for (manner, error) in [
                (ApiManner::Status { code: 401 }, ProviderError::Unauthorized),
                (ApiManner::Status { code: 403 }, ProviderError::Refused { field: None }),
                (ApiManner::Status { code: 404 }, ProviderError::NotFound),
                (ApiManner::Status { code: 410 }, ProviderError::NotFound),
                (ApiManner::Status { code: 422 }, ProviderError::Refused { field: None }),
                (ApiManner::TooMany { retry_after: Some(40) }, busy(Some(40))),
                (ApiManner::TooMany { retry_after: None }, busy(None)),
            ] {
                let before = ready.bench.fractal.requests().len();
                ready.bench.fractal.misbehave(ApiRule::always(manner.clone()).at(endpoint).times(1));
                assert_eq!(ready.call(endpoint).await, Err(error), "{generation:?} {endpoint:?} {manner:?}");
                assert_eq!(ready.bench.fractal.requests().len(), before + 1, "{manner:?}: nobody insists");
                ready.bench.fractal.behave();
            }
            assert_eq!(ready.call(endpoint).await, Ok(()), "{generation:?} {endpoint:?}");
        }
    }
}

/// Members that must be there.
#[tokio::test]
async fn an_answer_that_lacks_what_is_needed_is_no_answer() {
    for generation in GENERATIONS {
        for (endpoint, member) in [(Endpoint::KycToken, "userId"), (Endpoint::KycStatus, "status")] {
            let ready = ready(generation).await;
            let manner = ApiManner::Without { member: member.to_owned() };
            ready.bench.fractal.misbehave(ApiRule::always(manner).at(endpoint));
            let outcome = ready.call(endpoint).await;
            assert!(is_unavailable(&outcome), "{endpoint:?} {outcome:?}");
        }
    }
}

/// A fault of the exchange gives the right to keep something back: the next need not wait for it to lapse.
#[tokio::test]
async fn a_failed_exchange_holds_nobody_up() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let (started, page) = bench.begun(ONBOARDING, 1).await;
        let (person, code) = bench.visited(&page, &Visit::default());
        bench.fractal.misbehave(ApiRule::always(ApiManner::Status { code: 503 }).at(Endpoint::KycToken).times(2));
        for _ in 0..2 {
            assert!(is_unavailable(&bench.exchanged(&started.subject, Some(&code)).await.map(drop)));
            assert!(bench.keeps(None).await);
        }
        assert_eq!(bench.exchanged(&started.subject, Some(&code)).await, Ok(Some(vec![user(&person)])));
        assert_eq!(bench.seen(&started.subject).await.status, Status::InReview);
    }
}

/// The key that was given to their staff is another one, or the id is.
#[tokio::test]
async fn a_wrong_key_or_client_is_unauthorized_everywhere() {
    for generation in GENERATIONS {
        let mut ready = ready(generation).await;
        let own = ready.bench.client.clone();
        let keys = KeyPair::generate().unwrap();
        let nobody = Client { client_id: "nobody".to_owned(), ..own.clone() };
        for client in [own, nobody] {
            ready.bench.account = account(&ready.bench.fractal, &client, &keys.private_key, json!({})).unwrap();
            for endpoint in CALLS {
                assert_eq!(ready.call(endpoint).await, Err(ProviderError::Unauthorized), "{endpoint:?}");
            }
            let (_, page) = ready.bench.begun(ONBOARDING, 1).await;
            assert!(ready.bench.fractal.visit(&page, &Visit::default()).is_err());
        }
    }
}

/// A clock that is wrong by some minutes: tokens live for five, ten are the most.
#[tokio::test]
async fn clocks_may_differ_by_minutes() {
    use idv_gateway::domain::Timestamp;
    use idv_gateway::ports::Clock as _;
    for generation in GENERATIONS {
        let ready = ready(generation).await;
        let now = ready.bench.clock.now().millis();
        for (minutes, outcome) in
            [(-4, Ok(())), (4, Ok(())), (-6, Err(ProviderError::Unauthorized)), (6, Err(ProviderError::Unauthorized))]
        {
            ready.bench.clock.set(Timestamp::from_millis(now + minutes * 60_000));
            assert_eq!(ready.call(Endpoint::KycStatus).await, outcome, "{minutes}");
        }
    }
}

/// A key that cannot be one is refused with what to do, and nothing of it is told.
#[tokio::test]
async fn a_key_that_is_none_is_refused_in_the_configuration() {
    let bench = Bench::of(Generation::Verifier).await;
    for (key, what) in [
        ("-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----", "openssl pkcs8 -topk8 -nocrypt"),
        (bench.client.public_key.as_str(), "must be the private key"),
        ("hunter2", "PKCS#8"),
    ] {
        let Err(faults) = account(&bench.fractal, &bench.client, key, json!({})) else { panic!("taken: {key}") };
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].place, "api.signing_key");
        assert!(faults[0].what.contains(what) && !faults[0].what.contains("hunter2"), "{}", faults[0].what);
    }
}
