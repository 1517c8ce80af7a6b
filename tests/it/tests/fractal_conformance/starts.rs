//! How a run begins: what is asked for, what is refused, which page the person is sent to, and by which way.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use idv_gateway::domain::{Channel, OnboardingId, SubjectKind, Timestamp};
use idv_gateway::memory::way::MemoryWay;
use idv_gateway::ports::{Carried, Clock, Entrance, ProviderError, Reach, Recovery, Way, WayBack, Whose, Wish};
use idv_gateway::secret::Secret;
use serde_json::json;
use url::Url;

use crate::harness::{
    CLIENT, ONBOARDING, RETURN_URL, Script, UID, account, account_with, configure, fixture, journey, resource, run,
    user, wish,
};

pub(crate) const FIXTURES: &[&str] = &["oauth.redirect.allowed", "oauth.redirect.denied"];

const BACK: &str = "https://idv.example.com/v1/return";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A way that remembers the pages that people are led to.
struct Path {
    inner: MemoryWay,
    led: Mutex<Vec<(Url, String)>>,
    tickets: Mutex<Vec<Timestamp>>,
}

impl Path {
    fn new() -> Self {
        let origin = Url::parse("https://idv.example.com").unwrap();
        Self { inner: MemoryWay::new(origin), led: Mutex::default(), tickets: Mutex::default() }
    }

    /// Where the last one was led to, and what the cookie had.
    fn last(&self) -> (Url, String) {
        self.led.lock().unwrap().last().unwrap().clone()
    }
}

impl Way for Path {
    fn back(&self) -> Url {
        self.inner.back()
    }

    fn carry(&self, onboarding: &OnboardingId, return_url: &Url, until: Timestamp) -> Result<Carried, ProviderError> {
        self.inner.carry(onboarding, return_url, until)
    }

    fn through_us(&self, page: &Url, carried: &Carried, until: Timestamp) -> Result<Secret, ProviderError> {
        self.led.lock().unwrap().push((page.clone(), carried.sealed.clone()));
        self.tickets.lock().unwrap().push(until);
        self.inner.through_us(page, carried, until)
    }
}

fn query(url: &Url) -> BTreeMap<String, String> {
    url.query_pairs().into_owned().collect()
}

fn is_through_us(entrance: &Entrance) -> bool {
    matches!(entrance, Entrance::Link { embed: false, .. })
}

#[tokio::test]
async fn the_link_leads_through_us_to_the_page_with_its_scopes() {
    let (bench, path) = (Script::default().start(), Path::new());
    let reach = Reach { way: &path, ..bench.reach() };
    let started = account().start(reach, &wish(json!({}))).await.unwrap();
    assert_eq!(bench.lines(), Vec::<String>::new(), "nobody is called");
    assert!(started.names.is_empty() && is_through_us(&started.entrance));
    assert_eq!(started.return_nonce.as_deref(), Some("nonce-1"));
    let (page, cookie) = path.last();
    assert_eq!(page.as_str().split('?').next(), Some("https://app.fractal.id/authorize"));
    let asked = query(&page);
    assert_eq!(
        asked["scope"],
        "uid:read contact:read verification.basic:read verification.basic.details:read \
         verification.liveness:read verification.liveness.details:read"
    );
    assert_eq!(
        (asked["client_id"].as_str(), asked["redirect_uri"].as_str(), asked["response_type"].as_str()),
        (CLIENT, BACK, "code")
    );
    assert_eq!(asked["state"], cookie, "what a denial does not bring back, the cookie has");
    assert!(cookie.contains(ONBOARDING) && cookie.contains(RETURN_URL));
    let end = bench.clock.now() + WEEK;
    assert_eq!(*path.tickets.lock().unwrap(), [end], "the ticket ends with the link");
    let carried = (end + DAY).millis().to_string();
    assert!(cookie.contains(&carried), "{cookie}: who opens it at the last moment is taken back");
}

#[tokio::test]
async fn a_link_of_fractals_own_may_be_embedded() {
    let (bench, path) = (Script::default().start(), Path::new());
    let reach = Reach { way: &path, ..bench.reach() };
    let account = account_with(json!({"cookie": false, "details": false}));
    let started = account.start(reach, &wish(json!({"level": "plus+wallet-eth"}))).await.unwrap();
    assert!(path.led.lock().unwrap().is_empty(), "nobody goes through us");
    let until = bench.clock.now() + WEEK + DAY;
    let state = format!("{ONBOARDING} {RETURN_URL} {} 1", until.millis());
    let mut page = Url::parse("https://app.fractal.id/authorize").unwrap();
    page.query_pairs_mut()
        .append_pair("client_id", CLIENT)
        .append_pair("redirect_uri", BACK)
        .append_pair("response_type", "code")
        .append_pair("scope", "uid:read contact:read verification.plus:read verification.wallet-eth:read")
        .append_pair("state", &state);
    let Entrance::Link { url, embed: true } = &started.entrance else { panic!("not to be embedded") };
    assert!(url.matches(page.as_str().as_bytes()));
}

/// A code comes with its state, a denial without one.
#[test]
fn the_way_back_is_as_documented() {
    let (allowed, denied) = (fixture("oauth.redirect.allowed"), fixture("oauth.redirect.denied"));
    let WayBack { code, with_state } = account().way_back();
    assert!(allowed["query"].get(code).is_some());
    assert_eq!(allowed["query"].get("state").is_some(), with_state);
    assert!(denied["query"].get("state").is_none() && denied["query"]["error"] == "access_denied");
}

#[tokio::test]
async fn a_run_is_named_by_what_it_asks() {
    let bench = Script::default().start();
    let with = |attempt| Wish { attempt, ..wish(json!({"level": "basic+liveness+idos"})) };
    let first = account().start(bench.reach(), &with(1)).await.unwrap();
    assert_eq!(first.subject, journey("basic+liveness+idos"));
    assert_eq!(account().recovery(&with(1)), Recovery::ByReference);
    assert!(account().recover(bench.reach(), &with(1)).await.unwrap().is_none());
    let again = account().start(bench.reach(), &with(1)).await.unwrap();
    assert_eq!(again.subject, first.subject, "after a crash it is the same run");
    assert_ne!(account().start(bench.reach(), &with(2)).await.unwrap().subject, first.subject);
    assert_eq!(first.expires_at, Some(bench.clock.now() + WEEK));
}

fn fields(wish: &Wish) -> Vec<String> {
    let mut fields: Vec<String> =
        account().check(wish).err().unwrap_or_default().into_iter().map(|bad| bad.field).collect();
    fields.sort();
    fields
}

#[test]
fn a_wish_that_cannot_be_is_told_field_by_field() {
    assert!(fields(&wish(json!({}))).is_empty());
    for bad in
        ["", "v1", "light", "video", "liveness", "basic+plus", "basic+basic", "uniqueness+selfie", "basic+quantum"]
    {
        assert_eq!(fields(&wish(json!({"level": bad}))), ["options.level"], "{bad}");
    }
    for bad in [json!(["basic"]), json!(7), json!(null)] {
        assert_eq!(fields(&wish(json!({"level": bad}))), ["options.level"], "{bad}");
    }
    let all_add_ons =
        "basic+liveness+selfie+sow+ssn+telegram+twitter+uniq+idos+wallet-ada+wallet-algo+wallet-substrate";
    assert_eq!(fields(&wish(json!({"level": all_add_ons}))), ["options.level"], "more than a name can hold");
    let worst = Wish {
        channel: Channel::Sdk,
        kind: SubjectKind::Company,
        return_url: None,
        ..wish(json!({"level": 1, "currency": "eth"}))
    };
    assert_eq!(fields(&worst), ["channel", "options.currency", "options.level", "return_url", "subject.kind"]);
}

#[tokio::test]
async fn what_is_not_checked_is_refused_all_the_same() {
    let bench = Script::default().start();
    let refused = account().start(bench.reach(), &wish(json!({"level": "v1"}))).await.err();
    assert_eq!(refused, Some(ProviderError::Refused { field: Some("options.level".to_owned()) }));
}

#[tokio::test]
async fn a_link_is_made_anew_into_the_same_run() {
    let (bench, path) = (Script::default().start(), Path::new());
    let reach = Reach { way: &path, ..bench.reach() };
    let (account, run, part) = (account(), run(), user(UID));
    let back = Url::parse(RETURN_URL).unwrap();
    let mut states = Vec::new();
    for asked in [None, Some(&part)] {
        let renewed = account.renew(reach, &run, asked, Channel::Link, Some(&back)).await.unwrap().unwrap();
        assert!(is_through_us(&renewed.entrance) && renewed.expires_at == Some(bench.clock.now() + WEEK));
        let page = path.last().0;
        assert!(query(&page)["scope"].contains("verification.liveness:read"), "what the run asked for");
        states.push((query(&page)["state"].clone(), renewed.return_nonce.unwrap()));
    }
    assert_ne!(states[0], states[1]);
    assert!(account.renews_links(None) && account.renews_links(Some(&run)) && !account.tells_expiry());
    assert!(!account.renews_links(Some(&part)), "of a person who came without us there is no run");
    let nowhere = account.renew(reach, &run, None, Channel::Link, None).await.err();
    assert_eq!(nowhere, Some(ProviderError::Refused { field: Some("return_url".to_owned()) }));
    assert!(account.renew(reach, &part, None, Channel::Link, Some(&back)).await.unwrap().is_none());
}

#[tokio::test]
async fn nobody_is_deleted_and_nobody_is_registered() {
    let bench = Script::default().start();
    assert!(matches!(account().erase(bench.reach(), &run()).await, Err(ProviderError::Unsupported(_))));
    assert!(matches!(account().webhooks(bench.reach()).await, Err(ProviderError::Unsupported(_))));
    assert!(!account().has_feed() && bench.lines().is_empty());
}

/// A generation has its own members; those of another are not known there.
#[test]
fn a_generation_is_never_guessed() {
    let api = json!({"client_id": CLIENT, "client_secret": "s"});
    assert!(configure(&json!({}), &api, &json!({"level": "basic"})).is_err());
    assert!(configure(&json!({"relay": "https://r.example"}), &api, &json!({"generation": "classic"})).is_err());
    assert!(configure(&json!({}), &api, &json!({"generation": "verifier"})).is_err());
}

#[tokio::test]
async fn whose_a_person_is_nobody_says() {
    let bench = Script::default().start();
    assert_eq!(account().resolve(bench.reach(), &user(UID)).await, Ok(Whose::Nobodys));
    for other in [resource("credential", UID), resource("level", UID), run()] {
        assert_eq!(account().resolve(bench.reach(), &other).await, Ok(Whose::Invented), "{other}");
    }
    assert!(bench.lines().is_empty());
}
