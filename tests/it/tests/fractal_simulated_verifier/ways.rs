//! The way there and back: whose token it is, how often it serves, links that have ended and are made anew.

use std::time::Duration;

use idv_gateway::domain::{Channel, Status};
use idv_gateway::ports::{Clock as _, Entrance, ProviderError};
use idv_gateway::secret::Secret;
use idv_simulators::fractal::{
    ApiManner, ApiRule, Button, Endpoint, Generation, Kyc, NotPossible, Settings, Visit, is_signed_by,
};
use serde_json::{Value, json};
use url::Url;

use super::harness::{Bench, GENERATIONS, ONBOARDING, OTHER_ONBOARDING, return_url, user};

fn is_foreign<T>(outcome: &Result<T, ProviderError>) -> bool {
    matches!(outcome, Err(ProviderError::Foreign(_)))
}

fn token_in(page: &str) -> String {
    let page = Url::parse(page).unwrap();
    page.query_pairs().find(|(name, _)| name == "token").unwrap().1.into_owned()
}

/// The claims of a link, which anybody can read who has it.
fn claims(page: &str) -> Value {
    let token = token_in(page);
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap()).unwrap()
}

#[tokio::test]
async fn a_link_says_the_run_and_nothing_of_the_way() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let (started, page) = bench.begun(ONBOARDING, 1).await;
        assert!(is_signed_by(&bench.client.public_key, &token_in(&page)), "by AWS-LC's arithmetic");
        let now = bench.clock.now();
        let mut wanted = json!({
            "clientId": bench.client.client_id, "kyc": true, "level": "basic+liveness+idos",
            "state": started.subject.id.as_str(), "iat": now.seconds(), "exp": now.seconds() + 3600,
        });
        if generation == Generation::Relay {
            wanted["externalUserId"] = json!(ONBOARDING);
        }
        assert_eq!(claims(&page), wanted);
        assert_eq!(started.expires_at, Some(now + Duration::from_secs(3600)));
        assert!(matches!(started.entrance, Entrance::Link { embed: false, .. }), "never in a frame: it sets a cookie");
    }
}

/// Somebody else's token in a browser with our cookie: the cookie's run must not be decided by it.
#[tokio::test]
async fn a_token_of_another_run_is_foreign_and_nothing_of_it_is_kept() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let (own, own_page) = bench.begun(ONBOARDING, 1).await;
        let (_, other_page) = bench.begun(OTHER_ONBOARDING, 1).await;
        let (_, later_page) = bench.begun(ONBOARDING, 2).await;
        for page in [&other_page, &later_page] {
            let (stranger, code) = bench.visited(page, &Visit::default());
            bench.fractal.act(&stranger, idv_simulators::fractal::Act::approve_all()).unwrap();
            assert!(is_foreign(&bench.exchanged(&own.subject, Some(&code)).await), "{page}");
            assert!(bench.keeps(None).await);
            assert_eq!(bench.exchanged(&own.subject, None).await, Ok(None), "nothing to go on with");
            assert_eq!(bench.seen(&own.subject).await.status, Status::LinkIssued);
        }
        // whose run it is comes by their own link all the same
        let email = Visit::default().by("own@example.com");
        let (person, code) = bench.visited(&own_page, &email);
        assert_eq!(bench.exchanged(&own.subject, Some(&code)).await, Ok(Some(vec![user(&person)])));
        assert!(bench.keeps(Some((&own.subject, &person))).await);
    }
}

/// `state` may come back or not (assumed: with the older, it does).
#[tokio::test]
async fn a_token_that_names_no_run_counts_where_it_may() {
    for (generation, setting, counts) in [
        (Generation::Verifier, None, false),
        (Generation::Verifier, Some("required"), false),
        (Generation::Verifier, Some("when_given"), true),
        (Generation::Relay, None, true),
        (Generation::Relay, Some("when_given"), true),
        (Generation::Relay, Some("required"), false),
    ] {
        let settings = setting.map_or_else(|| json!({}), |setting| json!({"external_state": setting}));
        let bench = Bench::with(generation, settings, Settings::default()).await;
        let manner = ApiManner::Without { member: "externalState".to_owned() };
        bench.fractal.misbehave(ApiRule::always(manner).at(Endpoint::KycToken));
        let (started, page) = bench.begun(ONBOARDING, 1).await;
        let (person, code) = bench.visited(&page, &Visit::default());
        let outcome = bench.exchanged(&started.subject, Some(&code)).await;
        let kept = counts.then_some((&started.subject, person.as_str()));
        assert!(bench.keeps(kept).await, "{generation:?} {setting:?}");
        if counts {
            assert_eq!(outcome, Ok(Some(vec![user(&person)])));
        } else {
            assert!(is_foreign(&outcome), "{generation:?} {setting:?} {outcome:?}");
        }
        // one that names another is nobody's way round
        bench.fractal.behave();
        let (_, other_page) = bench.begun(OTHER_ONBOARDING, 1).await;
        let (_, code) = bench.visited(&other_page, &Visit::default().by("other@example.com"));
        assert!(is_foreign(&bench.exchanged(&started.subject, Some(&code)).await), "{generation:?} {setting:?}");
        assert!(bench.keeps(kept).await, "{generation:?} {setting:?}");
    }
}

#[tokio::test]
async fn a_token_serves_once_and_what_it_gave_is_gone_on_with() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let (started, page) = bench.begun(ONBOARDING, 1).await;
        let run = started.subject;
        assert_eq!(bench.exchanged(&run, None).await, Ok(None), "nobody is back");
        let (person, code) = bench.visited(&page, &Visit::default());
        let names = Ok(Some(vec![user(&person)]));
        assert_eq!(bench.exchanged(&run, Some(&code)).await, names);
        assert_eq!(bench.exchanged(&run, None).await, names, "whoever died after that goes on here");
        assert_eq!(bench.exchanged(&run, Some(&code)).await, Err(ProviderError::NotFound));
        assert!(bench.keeps(Some((&run, &person))).await, "and takes nothing away");
        for invented in ["MXES5XpDzMRAHyMI3Jx5K3nrxzZjWjEr-EXAMPLE", "..", "", "a/b", "ä"] {
            let code = Secret::from(invented.to_owned());
            assert_eq!(bench.exchanged(&run, Some(&code)).await, Err(ProviderError::NotFound), "{invented}");
        }
        assert_eq!(bench.fractal.requests_to(Endpoint::KycToken), 3, "what is no token is not asked about");
    }
}

/// The answer is lost on its way: the token is used, nothing is known, and the person comes again by the same link.
#[tokio::test]
async fn a_lost_answer_costs_the_person_one_more_way() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let (started, page) = bench.begun(ONBOARDING, 1).await;
        let (person, code) = bench.visited(&page, &Visit::default());
        bench.fractal.misbehave(ApiRule::always(ApiManner::Closed).at(Endpoint::KycToken).times(1).with_work_done());
        let lost = bench.exchanged(&started.subject, Some(&code)).await;
        assert!(matches!(lost, Err(ProviderError::Unavailable(_))), "{lost:?}");
        assert_eq!(bench.exchanged(&started.subject, Some(&code)).await, Err(ProviderError::NotFound));
        assert!(bench.keeps(None).await);
        let (_, code) = bench.visited(&page, &Visit { user: Some(person.clone()), ..Visit::default() });
        assert_eq!(bench.exchanged(&started.subject, Some(&code)).await, Ok(Some(vec![user(&person)])));
    }
}

/// Whoever may not keep what comes of it does not use the token up.
#[tokio::test]
async fn a_token_is_not_read_while_somebody_else_keeps_something() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let (started, page) = bench.begun(ONBOARDING, 1).await;
        let (person, code) = bench.visited(&page, &Visit::default());
        bench.grant.occupy(true);
        assert_eq!(bench.exchanged(&started.subject, Some(&code)).await, Err(ProviderError::Renewing));
        assert_eq!(bench.fractal.requests_to(Endpoint::KycToken), 0);
        bench.grant.occupy(false);
        assert_eq!(bench.exchanged(&started.subject, Some(&code)).await, Ok(Some(vec![user(&person)])));
    }
}

#[tokio::test]
async fn an_ended_link_is_made_anew_into_the_same_run() {
    for generation in GENERATIONS {
        let kyc = Kyc { link_must_end: true, ..Kyc::default() };
        let bench = Bench::with(generation, json!({"link_life": "30m"}), Settings { kyc, ..Settings::default() }).await;
        let now = bench.clock.now();
        bench.clock.set(idv_gateway::domain::Timestamp::from_millis(now.millis() - 31 * 60_000));
        let (started, ended) = bench.begun(ONBOARDING, 1).await;
        let told = bench.fractal.visit(&ended, &Visit::default());
        assert_eq!(told, Err(NotPossible::BadLink("token is expired".to_owned())));
        bench.clock.set(now);

        let (run, back) = (started.subject, return_url());
        assert!(bench.account.renews_links(Some(&run)) && !bench.account.tells_expiry());
        let renewed = bench.account.renew(bench.reach(), &run, None, Channel::Link, Some(&back)).await;
        let renewed = renewed.unwrap().unwrap();
        assert!(matches!(renewed.entrance, Entrance::Link { embed: false, .. }));
        assert_eq!(renewed.expires_at, Some(now + Duration::from_secs(30 * 60)));
        assert_ne!(renewed.return_nonce, started.return_nonce);
        let fresh = bench.way.last();
        assert_eq!(claims(&fresh)["state"], claims(&ended)["state"]);
        // who leaves goes nowhere, and may come again by the same link
        let left = bench.fractal.visit(&fresh, &Visit::pressing(Button::Deny)).unwrap();
        assert_eq!(left.url, None);
        let (person, code) = bench.visited(&fresh, &Visit::default());
        assert_eq!(bench.exchanged(&run, Some(&code)).await, Ok(Some(vec![user(&person)])));
        assert_eq!(bench.seen(&run).await.status, Status::InReview);
        // also after somebody is back: whoever was rejected may try again
        assert!(bench.account.renew(bench.reach(), &run, None, Channel::Link, Some(&back)).await.unwrap().is_some());
    }
}

/// Two clients of one house: the other's token is nothing to ours.
#[tokio::test]
async fn another_clients_token_is_not_found() {
    for generation in GENERATIONS {
        let bench = Bench::of(generation).await;
        let keys = idv_simulators::fractal::KeyPair::generate().unwrap();
        let another =
            idv_simulators::fractal::Client::new(generation, keys.public_key, "https://other.example.com/back");
        bench.fractal.add_client(another.clone());
        let other = super::harness::account(&bench.fractal, &another, &keys.private_key, json!({})).unwrap();
        other.start(bench.reach(), &super::harness::wish(ONBOARDING, 1)).await.unwrap();
        let gone = bench.fractal.visit(&bench.way.last(), &Visit::default()).unwrap();
        let (_, token) = gone.url.as_deref().and_then(|url| url.split_once("oneTimeToken=")).unwrap();
        let code = Secret::from(token.to_owned());
        let (started, _) = bench.begun(ONBOARDING, 1).await;
        let outcome = bench.exchanged(&started.subject, Some(&code)).await;
        assert_eq!(outcome, Err(ProviderError::NotFound), "the same onboarding, another account");
        assert!(bench.keeps(None).await);
    }
}
