//! A person comes back with a code: what is asked for it, what is kept, and what becomes of it when we or Fractal fail.

use idv_gateway::domain::{Assessment, Resource};
use idv_gateway::memory::http::{Call, ScriptedHttp, empty, json as answer};
use idv_gateway::ports::{HttpError, ProviderError};
use serde_json::{Value, json};

use crate::harness::{
    ANOTHER, Bench, CLIENT, CLIENT_SECRET, CODE, ME, Script, UID, account, account_with, case, configure, fixture,
    journey, pair, part, person, run, secret, user, wanted,
};

pub(crate) const FIXTURES: &[&str] = &[
    "get.users-me.no-cases",
    "oauth.error.invalid-client.response",
    "oauth.error.invalid-grant.response",
    "oauth.token.authorization-code.response",
    "oauth.token.refresh.response",
];

type Named = Result<Option<Vec<Resource>>, ProviderError>;

async fn exchange(bench: &Bench, code: Option<&str>) -> Named {
    account().exchange(bench.reach(), &run(), code.map(secret).as_ref()).await
}

fn came() -> Named {
    Ok(Some(vec![user(UID)]))
}

fn script() -> Script {
    Script::default().me(&fixture("get.users-me.no-cases"))
}

#[tokio::test]
async fn a_code_is_exchanged_and_names_the_person() {
    let bench = script().on(CODE, 200, &fixture("oauth.token.authorization-code.response")).start();
    assert_eq!(exchange(&bench, Some("MXES5XpDzMRAHyMI3Jx5K3nrxzZjWjEr-EXAMPLE")).await, came());
    assert_eq!(bench.lines(), [CODE, ME]);
    let call = bench.call(CODE);
    assert_eq!(call.url.as_str(), "https://auth.fractal.id/oauth/token", "no secret in an address");
    let sent = wanted(&call);
    assert_eq!(sent["code"], "MXES5XpDzMRAHyMI3Jx5K3nrxzZjWjEr-EXAMPLE");
    assert_eq!(sent["redirect_uri"], "https://idv.example.com/v1/return");
    assert_eq!((sent["client_id"].as_str(), sent["client_secret"].as_str()), (CLIENT, CLIENT_SECRET));
    assert_eq!(call.header("content-type"), Some("application/x-www-form-urlencoded"));
    let token = "Bearer 7rgojfemuk-aq8RcA7xWxJQKv6Ux0VWJ1DQtU6178B8";
    assert_eq!(bench.call(ME).authorization.as_deref(), Some(token));
}

/// The scopes of the printed answer have no verification: the person let us see less than we asked for.
#[tokio::test]
async fn fewer_scopes_than_asked_for_are_asked_for_again() {
    let bench = script().on(CODE, 200, &fixture("oauth.token.authorization-code.response")).start();
    exchange(&bench, Some("c")).await.unwrap();
    let account = account();
    let snapshot = account.look(bench.reach(), &run()).await.unwrap();
    let Assessment::Known(opinion) = account.assess(snapshot.parts()) else { panic!("{snapshot:?}") };
    assert_eq!((opinion.status.as_str(), opinion.reasons[0].code.as_str()), ("action_required", "consent_declined"));
    assert_eq!(opinion.action.unwrap().ask.as_str(), "give_consent");
    assert!(account.asking(snapshot.parts()).is_some(), "there is a link to it");
}

#[tokio::test]
async fn parameters_go_where_the_settings_say() {
    for (place, in_query) in [("query", true), ("json", false)] {
        let body = fixture("oauth.token.refresh.response");
        let token = "POST /oauth/token";
        let bench = Bench::new(
            "fractal",
            ScriptedHttp::new(move |call| {
                let me = call.url.path() == "/v2/users/me";
                Ok(answer(200, &if me { fixture("get.users-me.no-cases") } else { body.clone() }))
            }),
            Call::line,
        );
        let account = account_with(json!({"token_parameters": place}));
        assert_eq!(account.exchange(bench.reach(), &run(), Some(&secret("c"))).await, came(), "{place}");
        let call = bench.call(token);
        assert_eq!(call.url.query().is_some_and(|query| query.contains("code=c")), in_query, "{place}");
        assert_eq!(call.json()["client_secret"] == CLIENT_SECRET, !in_query, "{place}");
    }
}

/// Nothing has come of it, and nothing is over: the person comes again by the same link.
#[tokio::test]
async fn a_code_that_is_no_good_is_nothing() {
    let bench = script().on(CODE, 400, &fixture("oauth.error.invalid-grant.response")).start();
    assert_eq!(exchange(&bench, Some("old")).await, Ok(None));
    assert_eq!(bench.lines(), [CODE]);
    assert_eq!(exchange(&bench, None).await, Ok(None), "and nothing is kept");
}

#[tokio::test]
async fn a_fault_is_told_as_what_it_is() {
    let client = answer(401, &fixture("oauth.error.invalid-client.response"));
    for (fault, wanted) in [
        (Ok(client), ProviderError::Unauthorized),
        (Ok(empty(429)), ProviderError::Busy { retry_after: None }),
        (Ok(empty(400)), ProviderError::Refused { field: None }),
    ] {
        let bench = script().then(CODE, fault).start();
        assert_eq!(exchange(&bench, Some("c")).await, Err(wanted));
    }
    for fault in [Ok(empty(500)), Ok(empty(404)), Ok(empty(302)), Err(HttpError::TimedOut), Err(HttpError::Broken)] {
        let bench = script().then(CODE, fault).start();
        assert!(matches!(exchange(&bench, Some("c")).await, Err(ProviderError::Unavailable(_))));
    }
    for useless in [
        json!({}),
        json!({"access_token": "a b", "refresh_token": "r"}),
        json!({"access_token": "a"}),
        json!({"access_token": "a", "refresh_token": "r", "token_type": "mac"}),
    ] {
        let bench = script().on(CODE, 200, &useless).start();
        assert!(matches!(exchange(&bench, Some("c")).await, Err(ProviderError::Unavailable(_))), "{useless}");
    }
}

/// After a fault of the token endpoint the same code is tried again at once: nobody holds the right to keep it.
#[tokio::test]
async fn the_same_code_is_tried_again() {
    let bench = script().then(CODE, Ok(empty(503))).on(CODE, 200, &pair(1, true)).start();
    assert!(exchange(&bench, Some("c")).await.is_err());
    assert_eq!(exchange(&bench, Some("c")).await, came());
    assert_eq!(bench.count(CODE), 2);
}

/// Fractal ends what it gave for a code that it sees twice. So it sees none twice that it has answered.
#[tokio::test]
async fn a_code_that_gave_something_is_never_sent_again() {
    let bench = script().only(ME, vec![Ok(empty(503)), Ok(answer(200, &fixture("get.users-me.no-cases")))]).start();
    assert!(matches!(exchange(&bench, Some("c")).await, Err(ProviderError::Unavailable(_))));
    assert_eq!(exchange(&bench, Some("c")).await, came());
    assert_eq!(bench.lines(), [CODE, ME, ME]);
    assert_eq!(exchange(&bench, Some("c")).await, came());
    assert_eq!(bench.count(CODE), 1);
}

/// Somebody died with it: what was kept is gone on with, without the code.
#[tokio::test]
async fn what_was_kept_is_gone_on_with() {
    let bench = script().only(ME, vec![Ok(empty(503)), Ok(answer(200, &fixture("get.users-me.no-cases")))]).start();
    assert_eq!(exchange(&bench, None).await, Ok(None), "nothing was kept yet");
    assert!(exchange(&bench, Some("c")).await.is_err());
    assert_eq!(exchange(&bench, None).await, came());
    assert_eq!(bench.count(CODE), 1);
}

#[tokio::test]
async fn while_another_keeps_something_nothing_is_used_up() {
    let bench = script().start();
    bench.grant.occupy(true);
    assert_eq!(exchange(&bench, Some("c")).await, Err(ProviderError::Renewing));
    assert!(bench.lines().is_empty());
    bench.grant.occupy(false);
    assert_eq!(exchange(&bench, Some("c")).await, came());
}

/// A person may come back by a fresh link, and as somebody else.
#[tokio::test]
async fn a_newer_code_replaces_what_was_granted() {
    let other = json!({"uid": ANOTHER, "verification_cases": [case("basic", "done", "approved")]});
    let own = person(&[case("basic", "pending", "pending")]);
    let bench = Script::default().only(ME, vec![Ok(answer(200, &own)), Ok(answer(200, &other))]).start();
    assert_eq!(exchange(&bench, Some("c1")).await, came());
    assert_eq!(exchange(&bench, Some("c2")).await, Ok(Some(vec![user(ANOTHER)])));
    let quiet = account_with(json!({"sweep": false}));
    let snapshot = quiet.look(bench.reach(), &run()).await.unwrap();
    part(snapshot.parts(), &user(ANOTHER));
    assert_eq!(bench.calls().last().unwrap().authorization.as_deref(), Some("Bearer access-2"));
}

/// What was granted for one run is no other's: each has its own person.
#[tokio::test]
async fn a_grant_is_its_runs_own() {
    let bench = script().arrived(&*account(), &run()).await;
    let before = bench.lines().len();
    let other = journey("plus");
    let snapshot = account().look(bench.reach(), &other).await.unwrap();
    assert_eq!(snapshot.parts().len(), 1);
    assert_eq!(part(snapshot.parts(), &other).provider_status, "not_back");
    assert_eq!(account().exchange(bench.reach(), &other, None).await, Ok(None));
    assert_eq!(bench.lines().len(), before, "nobody is asked");
}

/// The three hosts are the tenant's own.
#[tokio::test]
async fn each_call_goes_to_its_own_host() {
    let hosts = json!({"app": "https://a.example", "auth": "https://b.example/x", "resource": "https://c.example/y/"});
    let api = json!({"client_id": CLIENT, "client_secret": CLIENT_SECRET});
    let settings: Value = json!({"generation": "classic", "level": "basic"});
    let account = configure(&hosts, &api, &settings).unwrap_or_else(|faults| panic!("{faults:?}"));
    let bench = Bench::new(
        "fractal",
        ScriptedHttp::new(|call| {
            let me = call.url.host_str() == Some("c.example");
            Ok(answer(200, &if me { fixture("get.users-me.no-cases") } else { pair(1, true) }))
        }),
        Call::line,
    );
    account.exchange(bench.reach(), &journey("basic"), Some(&secret("c"))).await.unwrap();
    let urls: Vec<String> = bench.calls().iter().map(|call| call.url.to_string()).collect();
    assert_eq!(urls, ["https://b.example/x/oauth/token", "https://c.example/y/v2/users/me"]);
}
