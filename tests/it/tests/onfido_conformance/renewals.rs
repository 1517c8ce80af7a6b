//! A fresh entrance into the same run: another token for a classic one at any time, a new run for a Studio one.

use std::time::Duration;

use idv_gateway::domain::Channel;
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{Clock, Entrance, HttpError, ProviderError};
use serde_json::json;

use crate::harness::{NEW_TOKEN, Script, account, answered, applicant, check, configured, fixture, run};

fn giving() -> Script {
    Script::new().on(NEW_TOKEN, 200, &answered("post_sdk_token"))
}

#[tokio::test]
async fn a_classic_run_gets_another_token_whatever_is_asked() {
    assert!(account().renews_links(Some(&applicant())));
    for part in [None, Some(check())] {
        let bench = giving().start();
        let renewed = account().renew(bench.reach(), &applicant(), part.as_ref(), Channel::Sdk, None).await;
        let renewed = renewed.unwrap().unwrap();
        let token = answered("post_sdk_token")["token"].as_str().unwrap().to_owned();
        assert!(matches!(&renewed.entrance, Entrance::Sdk { token: found } if found.matches(token.as_bytes())));
        let life = renewed.expires_at.unwrap().since(bench.clock.now());
        assert!(life <= Duration::from_secs(90 * 60) && life > Duration::from_secs(85 * 60), "{life:?}");
        assert_eq!(bench.sent(NEW_TOKEN), fixture("post_sdk_token.web.request"));
    }
}

#[tokio::test]
async fn a_studio_run_has_one_link_and_no_other() {
    assert!(!account().renews_links(Some(&run())));
    let bench = giving().start();
    let renewed = account().renew(bench.reach(), &run(), None, Channel::Link, None).await.unwrap();
    assert!(renewed.is_none(), "only a new run helps");
    assert!(bench.lines().is_empty());
}

#[tokio::test]
async fn a_token_that_is_not_given_is_told() {
    for (answered, expected) in
        [(Ok(empty(401)), ProviderError::Unauthorized), (Ok(empty(429)), ProviderError::Busy { retry_after: None })]
    {
        let bench = Script::new().then(NEW_TOKEN, answered).start();
        let renewed = account().renew(bench.reach(), &applicant(), None, Channel::Sdk, None).await;
        assert_eq!(renewed.err(), Some(expected));
    }
    for lost in [Err(HttpError::TimedOut), Ok(empty(500)), Ok(answer(200, &json!({"token": null})))] {
        let bench = Script::new().then(NEW_TOKEN, lost).start();
        let renewed = account().renew(bench.reach(), &applicant(), None, Channel::Sdk, None).await;
        assert!(matches!(renewed, Err(ProviderError::Unavailable(_))), "{:?}", renewed.err());
    }
}

/// Without a place in the settings there is nowhere to hand a token to.
#[tokio::test]
async fn a_token_needs_a_place() {
    let nowhere = configured(&json!({"report_names": ["document"]}));
    let bench = giving().start();
    let renewed = nowhere.renew(bench.reach(), &applicant(), None, Channel::Sdk, None).await;
    assert!(renewed.is_err());
    assert!(bench.lines().is_empty());
}
