//! Signing in: what is signed, what is not, how long a session is used, and that there is one.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use idv_gateway::domain::Resource;
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::memory::login::MemoryLogin;
use idv_gateway::ports::{Account, Http, HttpError, Login, ProviderError, Reach, Request, Response};
use idv_gateway::secret::Secret;
use serde_json::{Value, json};

use crate::harness::{
    AUTHN, Bench, COOKIE, CREDENTIAL, GRANTS, PARAM, Script, account, account_of, fixture, logged_in_as, root,
    rpc_error, settings, settings_with, user,
};

pub(crate) const FIXTURES: &[&str] = &[
    "rpc.error.kgw-not-authorized",
    "rpc.kgw-authn-param.request",
    "rpc.kgw-authn-param.response",
    "rpc.kgw-authn.request",
    "rpc.kgw-authn.response",
];

const RETIRED: ProviderError = ProviderError::Unauthorized;

async fn look(account: &dyn Account, bench: &Bench) -> Result<(), ProviderError> {
    look_at(account, bench.reach(), &root()).await
}

async fn look_at(account: &dyn Account, reach: Reach<'_>, subject: &Resource) -> Result<(), ProviderError> {
    account.look(reach, subject).await.map(drop)
}

fn logged_out() -> Result<Response, HttpError> {
    Ok(answer(200, &fixture("rpc.error.kgw-not-authorized")))
}

fn granted() -> Result<Response, HttpError> {
    Ok(answer(200, &fixture("rpc.call.get-access-grants-granted.response")))
}

/// Members that are ours to choose apart.
fn same(sent: &Value, documented: &Value) {
    for member in ["jsonrpc", "method", "params"] {
        assert_eq!(sent[member], documented[member], "{member}");
    }
}

#[tokio::test]
async fn the_requests_are_the_documented_ones() {
    let bench = Script::usual().start();
    look(&*account(), &bench).await.unwrap();
    assert_eq!(bench.lines(), [PARAM, AUTHN, GRANTS, CREDENTIAL]);
    same(&bench.sent(PARAM), &fixture("rpc.kgw-authn-param.request"));
    same(&bench.sent(AUTHN), &fixture("rpc.kgw-authn.request"));
    for call in bench.calls() {
        assert_eq!(call.line(), "POST /rpc/v1");
        let signs_in = call.json()["method"].as_str().unwrap().starts_with("kgw.");
        assert_eq!(call.header("cookie"), (!signs_in).then_some(COOKIE), "what a browser does with it is not sent");
        assert!(call.authorization.is_none());
    }
}

/// A challenge for somebody else is not signed: nobody who stands in the gateway's place gets a signature of ours.
#[tokio::test]
async fn only_a_challenge_for_us_is_signed() {
    for (member, value) in [
        ("domain", "https://nodes.example.test/"),
        ("domain", "https://evil.example"),
        ("domain", ""),
        ("version", "2"),
        ("chain_id", "idos-example-2"),
        ("statement", "a\nb"),
        ("nonce", ""),
    ] {
        let mut challenge = fixture("rpc.kgw-authn-param.response");
        challenge["result"][member] = json!(value);
        let bench = Script::usual().only(PARAM, vec![Ok(answer(200, &challenge))]).start();
        assert_eq!(look(&*account(), &bench).await, Err(RETIRED), "{member}: {value:?}");
        assert_eq!(bench.lines(), [PARAM], "{member}: {value:?}");
    }
    let mut challenge = fixture("rpc.kgw-authn-param.response");
    challenge["result"]["chain_id"] = json!("another");
    let bench = Script::usual().only(PARAM, vec![Ok(answer(200, &challenge))]).start();
    let unpinned = account_of(&settings_with(&json!({"chain_id": null})));
    assert_eq!(look(&*unpinned, &bench).await, Ok(()), "without a pin every chain is ours");
}

#[tokio::test]
async fn a_session_that_is_lost_is_followed_by_one_sign_in() {
    for refusal in [logged_out(), Ok(empty(401)), Ok(answer(403, &rpc_error(-901)))] {
        let bench = Script::usual()
            .only(GRANTS, vec![refusal, granted()])
            .only(AUTHN, vec![Ok(logged_in_as("first")), Ok(logged_in_as("second"))])
            .start();
        assert_eq!(look(&*account(), &bench).await, Ok(()));
        assert_eq!(bench.lines(), [PARAM, AUTHN, GRANTS, PARAM, AUTHN, GRANTS, CREDENTIAL]);
        let cookies: Vec<_> =
            bench.calls().iter().filter_map(|call| call.header("cookie").map(str::to_owned)).collect();
        assert_eq!(cookies, ["kgw_session=first", "kgw_session=second", "kgw_session=second"]);
    }
}

#[tokio::test]
async fn whoever_is_refused_twice_rests_for_a_minute() {
    let bench = Script::usual()
        .only(GRANTS, vec![logged_out()])
        .only(AUTHN, vec![Ok(logged_in_as("first")), Ok(logged_in_as("second")), Ok(logged_in_as("third"))])
        .start();
    let account = account();
    for second in 0..60 {
        assert_eq!(look(&*account, &bench).await, Err(RETIRED), "{second}");
        bench.clock.advance(Duration::from_millis(990));
    }
    assert_eq!(bench.count(AUTHN), 2);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(look(&*account, &bench).await, Err(RETIRED));
    assert!(bench.count(AUTHN) <= 3, "{}", bench.count(AUTHN));
}

#[tokio::test]
async fn a_refused_key_is_asked_about_once_a_minute() {
    for refusal in
        [answer(200, &rpc_error(-901)), answer(200, &rpc_error(-902)), answer(400, &rpc_error(-903)), empty(401)]
    {
        let bench = Script::usual().only(AUTHN, vec![Ok(refusal)]).start();
        let account = account();
        let outcomes = join_all((0..20).map(|_| look(&*account, &bench))).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Err(RETIRED)), "{outcomes:?}");
        assert_eq!(bench.lines(), [PARAM, AUTHN]);
        bench.clock.advance(Duration::from_secs(59));
        assert_eq!(look(&*account, &bench).await, Err(RETIRED));
        assert_eq!(bench.count(AUTHN), 1);
        bench.clock.advance(Duration::from_secs(1));
        assert_eq!(look(&*account, &bench).await, Err(RETIRED));
        assert_eq!(bench.count(AUTHN), 2, "the right was given back");
    }
}

#[tokio::test]
async fn many_at_once_sign_in_once() {
    let bench = Script::usual().start();
    let account = account();
    let outcomes = join_all((0..20).map(|_| look(&*account, &bench))).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!((bench.count(PARAM), bench.count(AUTHN)), (1, 1));
    // another process reads what rests with the connection
    assert_eq!(look(&*crate::harness::account(), &bench).await, Ok(()));
    assert_eq!(bench.count(AUTHN), 1);
}

/// Two processes whose session has ended: one signs in, the other takes what it shared.
#[tokio::test]
async fn a_session_that_another_function_has_renewed_is_taken() {
    let bench = Script::usual()
        .only(GRANTS, vec![granted(), granted(), logged_out(), granted(), logged_out(), granted()])
        .only(AUTHN, vec![Ok(logged_in_as("first")), Ok(logged_in_as("second"))])
        .start();
    let accounts = [account(), account()];
    for account in &accounts {
        assert_eq!(look(&**account, &bench).await, Ok(()));
    }
    for account in &accounts {
        assert_eq!(look(&**account, &bench).await, Ok(()));
    }
    assert_eq!(bench.count(AUTHN), 2, "the second of them found the newer one");
}

/// What rests with one connection is never used for another.
#[tokio::test]
async fn a_session_is_its_connections_own() {
    let bench = Script::usual().only(AUTHN, vec![Ok(logged_in_as("first")), Ok(logged_in_as("second"))]).start();
    let (one, other) = (MemoryLogin::default(), MemoryLogin::default());
    look_at(&*account(), bench.reach_by(&one), &root()).await.unwrap();
    look_at(&*account(), bench.reach_by(&other), &root()).await.unwrap();
    assert_eq!(bench.count(AUTHN), 2);
    let cookies: Vec<_> = bench.calls().iter().filter_map(|call| call.header("cookie").map(str::to_owned)).collect();
    assert_eq!(cookies[0..2], ["kgw_session=first", "kgw_session=first"]);
    assert_eq!(cookies[2..4], ["kgw_session=second", "kgw_session=second"]);
}

#[tokio::test]
async fn a_sign_in_that_fails_is_shared_by_those_who_waited_and_tried_again_by_the_next() {
    let unavailable = ProviderError::Unavailable;
    for (line, fault, expected) in [
        (PARAM, Ok(empty(429)), ProviderError::Busy { retry_after: None }),
        (
            PARAM,
            Ok(answer(200, &fixture("rpc.error.kgw-too-many-requests"))),
            ProviderError::Busy { retry_after: None },
        ),
        (AUTHN, Ok(empty(503)), unavailable("its own fault")),
        (AUTHN, Ok(answer(200, &rpc_error(-900))), unavailable("its own fault")),
        (AUTHN, Err(HttpError::TimedOut), unavailable("not done by the deadline")),
        (PARAM, Ok(empty(404)), unavailable("its API is not at this address")),
        (PARAM, Ok(answer(200, &json!({"result": {}}))), unavailable("the challenge cannot be read")),
        (AUTHN, Ok(Response { cookies: Vec::new(), ..logged_in_as("x") }), unavailable("the sign-in gave no session")),
        (
            AUTHN,
            Ok(Response { cookies: vec!["other=1".to_owned()], ..logged_in_as("x") }),
            unavailable("the sign-in gave no session"),
        ),
    ] {
        let good = if line == PARAM {
            Ok(answer(200, &fixture("rpc.kgw-authn-param.response")))
        } else {
            Ok(logged_in_as("x"))
        };
        let unanswered = fault.is_err();
        let bench = Script::usual().only(line, vec![fault, good]).start();
        let account = account();
        let outcomes = join_all((0..20).map(|_| look(&*account, &bench))).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Err(expected.clone())), "{expected}: {outcomes:?}");
        assert_eq!(bench.count(line), 1);
        if unanswered {
            assert_eq!(look(&*account, &bench).await, Err(ProviderError::Renewing), "it may still be going on");
            bench.login.occupy(false);
        }
        assert_eq!(look(&*account, &bench).await, Ok(()));
    }
}

#[tokio::test]
async fn a_shared_session_that_cannot_be_read_is_replaced() {
    for strange in ["", "{}", "other=1", "kgw_session=", "kgw_session=a\r\nx: y"] {
        let bench = Script::usual().start();
        bench.login.put(&Secret::from(strange.to_owned()));
        assert_eq!(look(&*account(), &bench).await, Ok(()), "{strange}");
        assert_eq!((bench.count(AUTHN), bench.login.read().await.map(|shared| shared.generation)), (1, Ok(2)));
    }
}

/// A sign-in that could not be waited for is not begun, and holds nobody up.
#[tokio::test]
async fn no_sign_in_is_begun_when_time_is_nearly_over() {
    let bench = Script::usual().start();
    let account = account_of(&settings());
    let within = async |millis| {
        let http = Ending { http: bench.reach().http, left: Duration::from_millis(millis) };
        look_at(&*account, Reach { http: &http, ..bench.reach() }, &user()).await
    };
    assert_eq!(within(2_900).await, Err(ProviderError::Unavailable("too little time is left to renew the login")));
    assert_eq!(bench.lines().len(), 0);
    assert_eq!(within(3_000).await, Ok(()), "the right was not taken");
    assert_eq!(within(999).await, Err(ProviderError::Unavailable("too little time is left to read a copy")));
    assert_eq!(within(1_000).await, Ok(()));
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
