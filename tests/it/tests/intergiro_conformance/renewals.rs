//! A fresh entrance into the same run: into the form while that is not done, into what is asked by its consent.

use idv_gateway::domain::{Channel, Resource, Timestamp};
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::{Entrance, ProviderError, Renewed};
use serde_json::{Value, json};
use url::Url;

use crate::harness::{
    ACTION, ANOTHER, Bench, CONSENT, PERSON, RETURN_URL, Script, account, action, action_line, configured, fixture,
    individual_line, person, resource,
};

pub(crate) const FIXTURES: &[&str] = &["error.422.request-blocked", "post.consent.request", "post.consent.response"];

fn onboard() -> String {
    format!("POST /v3/individuals/{PERSON}/onboard")
}

fn consent() -> String {
    format!("POST /v3/consents/{CONSENT}")
}

fn asked() -> Resource {
    resource("pending_action", ACTION)
}

async fn renewed(
    script: Script,
    part: Option<&Resource>,
    channel: Channel,
    back: &str,
) -> (Result<Option<Renewed>, ProviderError>, Bench) {
    let bench = script.start();
    let back = Url::parse(back).ok();
    let outcome = account().renew(bench.reach(), &person(), part, channel, back.as_ref()).await;
    (outcome, bench)
}

fn is_link(entrance: &Entrance, address: &str) -> bool {
    matches!(entrance, Entrance::Link { url, embed: false } if url.matches(address.as_bytes()))
}

fn consenting() -> Script {
    Script::of("onboarding_data_provided").on(&action_line(), 200, &action("identity-verification")).on(
        &consent(),
        200,
        &fixture("post.consent.response"),
    )
}

#[tokio::test]
async fn the_form_is_entered_again_while_it_is_not_done() {
    assert!(account().renews_links(None));
    for status in ["pending_activation", "onboarding_requested"] {
        let script = Script::of(status).on(&onboard(), 200, &fixture("post.individual.onboard.response"));
        let (outcome, bench) = renewed(script, None, Channel::Link, RETURN_URL).await;
        let fresh = outcome.unwrap().unwrap();
        assert!(is_link(&fresh.entrance, "https://integrate.intergiro.com/onboarding/..."));
        assert_eq!(fresh.expires_at, Timestamp::parse("2021-02-08T14:09:15.000Z"));
        assert_eq!(bench.sent(&onboard()), fixture("post.individual.onboard.request"));
    }
    for status in ["onboarding_data_provided", "activated", "blocked", "closed"] {
        let (outcome, bench) = renewed(Script::of(status), None, Channel::Link, RETURN_URL).await;
        assert!(outcome.unwrap().is_none(), "{status}: only a new run helps");
        assert_eq!(bench.count(&onboard()), 0);
    }
    let refused = Script::of("onboarding_requested").on(&onboard(), 422, &fixture("error.422.request-blocked"));
    let (outcome, _) = renewed(refused, None, Channel::Link, RETURN_URL).await;
    assert_eq!(outcome.err(), Some(ProviderError::Refused { field: None }));
}

#[tokio::test]
async fn what_is_asked_is_entered_by_its_consent() {
    let back = fixture("post.consent.request")["return_url"].as_str().unwrap().to_owned();
    let (outcome, bench) = renewed(consenting(), Some(&asked()), Channel::Link, &back).await;
    let fresh = outcome.unwrap().unwrap();
    assert!(is_link(&fresh.entrance, "https://integrate.intergiro.com/sca/consent?token=eyJjb..."));
    assert_eq!(fresh.expires_at, Timestamp::parse("2021-05-11T09:55:17.000Z"));
    assert_eq!(bench.sent(&consent()), fixture("post.consent.request"));
    assert_eq!(bench.count(&onboard()), 0);
    let (outcome, _) = renewed(consenting(), Some(&asked()), Channel::Sdk, &back).await;
    assert!(matches!(outcome.unwrap().unwrap().entrance, Entrance::Sdk { token } if token.matches(b"eyJjb...")));
}

/// What is not open any more is told by the next look; it never becomes a new run.
#[tokio::test]
async fn what_is_not_open_any_more_has_no_link() {
    for script in [
        consenting().only(&action_line(), vec![Ok(empty(404))]),
        consenting().only(&consent(), vec![Ok(empty(404))]),
        consenting().only(&consent(), vec![Ok(answer(200, &json!({"method": null})))]),
        consenting().only(&consent(), vec![Ok(answer(200, &json!({"method": {"token": "x"}})))]),
    ] {
        let (outcome, _) = renewed(script, Some(&asked()), Channel::Link, RETURN_URL).await;
        assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{:?}", outcome.err());
    }
    let strong = consenting().only(&consent(), vec![Ok(answer(412, &fixture("error.412.consent-required")))]);
    let (outcome, _) = renewed(strong, Some(&asked()), Channel::Link, RETURN_URL).await;
    assert!(matches!(outcome, Err(ProviderError::Unsupported(_))));
    let blocked = consenting().only(&consent(), vec![Ok(answer(422, &fixture("error.422.request-blocked")))]);
    let (outcome, _) = renewed(blocked, Some(&asked()), Channel::Link, RETURN_URL).await;
    assert_eq!(outcome.err(), Some(ProviderError::Refused { field: None }));
    for value in [Value::Null, json!("x")] {
        let mut without = action("identity-verification");
        without["payload"]["consent_id"] = value;
        let script = consenting().only(&action_line(), vec![Ok(answer(200, &without))]);
        let (outcome, _) = renewed(script, Some(&asked()), Channel::Link, RETURN_URL).await;
        assert!(matches!(outcome, Err(ProviderError::Unsupported(_))));
    }
}

#[tokio::test]
async fn nobody_else_s_action_is_entered() {
    let mut foreign = action("identity-verification");
    foreign["payload"]["individual_id"] = json!(ANOTHER);
    let script = consenting().only(&action_line(), vec![Ok(answer(200, &foreign))]);
    let (outcome, bench) = renewed(script, Some(&asked()), Channel::Link, RETURN_URL).await;
    assert!(matches!(outcome, Err(ProviderError::Foreign(_))));
    assert_eq!(bench.count(&consent()), 0);
}

#[tokio::test]
async fn a_way_back_is_needed_or_configured() {
    let (outcome, bench) = renewed(consenting(), Some(&asked()), Channel::Link, "").await;
    assert_eq!(outcome.err(), Some(ProviderError::Refused { field: Some("return_url".to_owned()) }));
    assert_eq!(bench.count(&individual_line()), 0);
    let usual = configured(&json!({}), &json!({"return_url": RETURN_URL}));
    let bench = consenting().start();
    assert!(usual.renew(bench.reach(), &person(), Some(&asked()), Channel::Link, None).await.unwrap().is_some());
    assert_eq!(bench.sent(&consent()), json!({"return_url": RETURN_URL}));
}
