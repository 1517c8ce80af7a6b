//! One session after the other: refreshed late, begun anew only where it must be, never asked for again and again.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::memory::login::MemoryLogin;
use idv_gateway::ports::{Http, HttpError, Login, ProviderError, Reach, Request, Response};
use idv_gateway::secret::Secret;
use serde_json::json;

use crate::bank::{Bank, Counts};
use crate::harness::{API_KEY, LOGIN, REFRESH, Script, account, fixture, individual_line, person};
use crate::sharing::look;

pub(crate) const FIXTURES: &[&str] = &[
    "error.400.refresh-too-early",
    "error.401.token-expired",
    "post.auth.login.request",
    "post.auth.login.response",
    "post.auth.refresh.request",
    "post.auth.refresh.response",
];

#[tokio::test]
async fn the_requests_are_the_documented_ones() {
    let bench = Script::of("onboarding_requested").on(REFRESH, 200, &fixture("post.auth.refresh.response")).start();
    let account = account();
    assert_eq!(account.look(bench.reach(), &person()).await.map(drop), Ok(()));
    bench.clock.advance(Duration::from_secs(15 * 60 + 4));
    account.look(bench.reach(), &person()).await.unwrap();
    assert_eq!((bench.count(LOGIN), bench.count(REFRESH)), (1, 0), "never early");
    bench.clock.advance(Duration::from_secs(1));
    account.look(bench.reach(), &person()).await.unwrap();
    assert_eq!((bench.count(LOGIN), bench.count(REFRESH)), (1, 1));
    assert_eq!(bench.sent(LOGIN), fixture("post.auth.login.request"));
    let granted = fixture("post.auth.login.response");
    let asked = bench.sent(REFRESH);
    assert_eq!(asked["refresh_token"], granted["refresh_token"]);
    let members = |body: &serde_json::Value| body.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&asked), members(&fixture("post.auth.refresh.request")));
    let bearer = format!("Bearer {}", granted["access_token"].as_str().unwrap());
    for call in bench.calls() {
        let opens = call.line().starts_with("POST /v3/auth/");
        assert_eq!(call.authorization.as_deref(), (!opens).then_some(bearer.as_str()));
        assert_eq!(String::from_utf8_lossy(&call.body).contains(API_KEY), call.line() == LOGIN);
    }
}

/// A token that is refused before its time: the refresh is refused as early, then there is a login.
#[tokio::test]
async fn a_session_that_was_ended_is_followed_by_one_login() {
    let bank = Bank::new();
    let (bench, login, account) = (bank.bench(), MemoryLogin::default(), account());
    look(&account, &bench, &login).await.unwrap();
    bank.passes(3);
    bank.revokes();
    assert_eq!(look(&account, &bench, &login).await, Ok(()));
    assert_eq!(bank.counts(), Counts { logins: 2, void: 1, refused: 1, ..Counts::default() });
}

/// Whatever the token, 401: `Unauthorized`, and at most one login in a minute.
#[tokio::test]
async fn a_bank_that_refuses_every_token_is_not_asked_for_ever_more() {
    let bank = Bank::new();
    let (bench, login, account) = (bank.bench(), MemoryLogin::default(), account());
    bank.is_deaf(true);
    for second in 0..120 {
        assert_eq!(look(&account, &bench, &login).await, Err(ProviderError::Unauthorized), "{second}");
        bank.passes_seconds(1);
    }
    let counts = bank.counts();
    assert!(counts.logins <= 3 && counts.early <= 3, "{counts:?}");
    bank.is_deaf(false);
    bank.passes(2);
    assert_eq!(look(&account, &bench, &login).await, Ok(()));
}

#[tokio::test]
async fn a_refused_key_is_asked_about_once_a_minute() {
    for status in [400, 401, 403, 422] {
        let bench = Script::of("activated").only(LOGIN, vec![Ok(empty(status))]).start();
        let account = account();
        let outcomes = join_all((0..20).map(|_| look(&account, &bench, &bench.login))).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Err(ProviderError::Unauthorized)), "{status}");
        assert_eq!(bench.lines(), [LOGIN]);
        bench.clock.advance(Duration::from_secs(59));
        assert_eq!(look(&account, &bench, &bench.login).await, Err(ProviderError::Unauthorized));
        assert_eq!(bench.count(LOGIN), 1);
        bench.clock.advance(Duration::from_secs(1));
        assert_eq!(look(&account, &bench, &bench.login).await, Err(ProviderError::Unauthorized));
        assert_eq!(bench.count(LOGIN), 2, "the right was given back");
    }
}

#[tokio::test]
async fn a_login_that_fails_is_shared_by_those_who_waited_and_tried_again_by_the_next() {
    let granted = || Ok(answer(200, &fixture("post.auth.login.response")));
    for (fault, expected) in [
        (Ok(empty(429)), ProviderError::Busy { retry_after: None }),
        (Ok(empty(503)), ProviderError::Unavailable("its own fault")),
        (Err(HttpError::TimedOut), ProviderError::Unavailable("not done by the deadline")),
        (Ok(empty(404)), ProviderError::Unavailable("its API is not at this address")),
        (
            Ok(answer(200, &json!({"access_token": "a b", "refresh_token": "r"}))),
            ProviderError::Unavailable("the token cannot be used"),
        ),
        (Ok(answer(200, &json!({"access_token": "a"}))), ProviderError::Unavailable("the answer cannot be read")),
    ] {
        let unanswered = fault.is_err();
        let bench = Script::of("activated").only(LOGIN, vec![fault, granted()]).start();
        let account = account();
        let outcomes = join_all((0..20).map(|_| look(&account, &bench, &bench.login))).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Err(expected.clone())), "{outcomes:?}");
        assert_eq!(bench.count(LOGIN), 1);
        if unanswered {
            bench.login.occupy(false);
        }
        assert_eq!(look(&account, &bench, &bench.login).await, Ok(()));
    }
}

/// A refresh that may have been done is not a reason to log in at once; one that may still be going on is none to ask
/// beside it: the turn is kept until it lapses.
#[tokio::test]
async fn a_refresh_that_fails_is_tried_again_when_it_is_over() {
    let refreshed = || Ok(answer(200, &fixture("post.auth.refresh.response")));
    let unavailable = ProviderError::Unavailable;
    for (fault, expected, over) in [
        (Ok(empty(429)), ProviderError::Busy { retry_after: None }, true),
        (Ok(empty(500)), unavailable("its own fault"), true),
        (Ok(empty(503)), unavailable("its own fault"), true),
        (Ok(answer(200, &json!([]))), unavailable("the answer cannot be read"), true),
        (Err(HttpError::Unreachable), unavailable("no connection"), true),
        (Err(HttpError::Broken), unavailable("the connection broke"), false),
        (Err(HttpError::TimedOut), unavailable("not done by the deadline"), false),
        (Ok(empty(502)), unavailable("its own fault"), false),
        (Ok(empty(504)), unavailable("its own fault"), false),
        (Ok(empty(408)), unavailable("it asks for a repeat"), false),
    ] {
        let bench = Script::of("activated").only(REFRESH, vec![fault, refreshed()]).start();
        let account = account();
        look(&account, &bench, &bench.login).await.unwrap();
        bench.clock.advance(Duration::from_secs(16 * 60));
        assert_eq!(look(&account, &bench, &bench.login).await, Err(expected.clone()));
        if !over {
            assert_eq!(look(&account, &bench, &bench.login).await, Err(ProviderError::Renewing), "{expected}");
            assert_eq!(bench.count(REFRESH), 1);
            bench.login.occupy(false);
        }
        assert_eq!(look(&account, &bench, &bench.login).await, Ok(()));
        assert_eq!((bench.count(LOGIN), bench.count(REFRESH)), (1, 2));
    }
}

/// A renewal that could not be waited for is not begun, and holds nobody up.
#[tokio::test]
async fn no_renewal_is_begun_when_time_is_nearly_over() {
    let bench = Script::of("onboarding_requested").on(REFRESH, 200, &fixture("post.auth.refresh.response")).start();
    let account = account();
    let within = async |millis| {
        let http = Ending { http: bench.reach().http, left: Duration::from_millis(millis) };
        account.look(Reach { http: &http, ..bench.reach() }, &person()).await.map(drop)
    };
    let late = Err(ProviderError::Unavailable("too little time is left to renew the login"));
    assert_eq!(within(2_900).await, late);
    assert_eq!(bench.lines().len(), 0);
    assert_eq!(within(3_000).await, Ok(()), "the right was not taken");
    assert_eq!(within(1).await, Ok(()), "a call with the token that there is");
    bench.clock.advance(Duration::from_secs(16 * 60));
    assert_eq!(within(2_900).await, late);
    assert_eq!((bench.count(LOGIN), bench.count(REFRESH)), (1, 0));
    assert_eq!(within(3_000).await, Ok(()));
    assert_eq!((bench.count(LOGIN), bench.count(REFRESH)), (1, 1));
}

/// Calls for which so much time is left.
struct Ending<'a> {
    http: &'a dyn Http,
    left: Duration,
}

#[async_trait]
impl Http for Ending<'_> {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.http.send(request).await
    }

    fn left(&self) -> Duration {
        self.left
    }
}

#[tokio::test]
async fn a_shared_login_that_cannot_be_read_is_replaced() {
    for strange in ["", "{}", "[1]", "not json", r#"{"access_token": "a\nb"}"#] {
        let bank = Bank::new();
        let (bench, login) = (bank.bench(), MemoryLogin::default());
        login.put(&Secret::from(strange.to_owned()));
        assert_eq!(look(&account(), &bench, &login).await, Ok(()), "{strange}");
        assert_eq!((bank.counts().logins, login.read().await.map(|shared| shared.generation)), (1, Ok(2)));
    }
}

/// Refused twice is refused; once is not.
#[tokio::test]
async fn a_call_is_made_twice_at_most() {
    let expired = || Ok(answer(401, &fixture("error.401.token-expired")));
    let early = || Ok(answer(400, &fixture("error.400.refresh-too-early")));
    let person_line = individual_line();
    let bench = Script::of("activated").only(&person_line, vec![expired()]).only(REFRESH, vec![early()]).start();
    let account = account();
    bench.login.put(&Secret::from("{}".to_owned()));
    assert_eq!(look(&account, &bench, &bench.login).await, Err(ProviderError::Unauthorized));
    assert!(bench.count(&person_line) <= 2);
    let good = Ok(answer(200, &crate::harness::individual("onboarding_requested")));
    let refreshed = Ok(answer(200, &fixture("post.auth.refresh.response")));
    let bench =
        Script::of("activated").only(&person_line, vec![expired(), good]).only(REFRESH, vec![refreshed]).start();
    assert_eq!(look(&crate::harness::account(), &bench, &bench.login).await, Ok(()));
    assert_eq!((bench.count(LOGIN), bench.count(REFRESH), bench.count(&person_line)), (1, 1, 2));
}
