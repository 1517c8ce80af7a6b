//! What stands in a link and in a call's token, member by member.

use idv_gateway::domain::{Channel, SubjectKind};
use idv_gateway::memory::http::Call;
use idv_gateway::ports::{Account, Entrance, Method, PROVIDER_DEADLINE, Reach, WayBack, Wish};
use idv_simulators::fractal::Generation;
use serde_json::{Value, json};

use super::desk::{
    BY_TOKEN, CLIENT_ID, DATA, GENERATIONS, NOW, ONBOARDING, OpenWay, STATUS, Script, TOKEN, account, account_with,
    back, code, fixture, of_run, opened, run, wish,
};

/// The page behind a link of ours, with its token's header and claims.
async fn page_of(account: &dyn Account, options: Value) -> (String, Value, Value) {
    let (bench, way) = (Script::default().start(), OpenWay::default());
    let started = account.start(Reach { way: &way, ..bench.reach() }, &wish(options)).await.unwrap();
    assert!(bench.calls().is_empty(), "nobody is asked");
    let Entrance::Link { url, embed: false } = &started.entrance else { panic!("no link that stands alone") };
    assert!(url.matches(OpenWay::LINK.as_bytes()), "through us: nothing else says whose browser it is");
    let mut page = way.page();
    let token = page.query_pairs().find(|(name, _)| name == "token").unwrap().1.into_owned();
    assert_eq!(page.query_pairs().count(), 1);
    let (header, claims) = opened(&token);
    assert_eq!(started.expires_at.map(|at| at.seconds()), claims["exp"].as_i64());
    assert_eq!(claims["state"], started.subject.id.as_str());
    let end = claims["exp"].as_i64().unwrap();
    assert_eq!(way.ends(), [end + 24 * 60 * 60, end], "who opens the link at the last moment is taken back for a day");
    page.set_query(None);
    (page.to_string(), header, claims)
}

fn claims_of(generation: Generation, level: &str, state: &str, life: i64) -> Value {
    let mut claims = json!({
        "clientId": CLIENT_ID, "kyc": true, "level": level, "state": state, "iat": NOW, "exp": NOW + life,
    });
    if generation == Generation::Relay {
        claims["externalUserId"] = json!(ONBOARDING);
    }
    claims
}

/// Every claim of the page's example, and an end.
#[tokio::test]
async fn a_link_has_the_documented_claims_and_an_end() {
    let example = fixture("kraken.link-token.claims");
    for (generation, host) in
        [(Generation::Verifier, "https://kraken.fractal.id"), (Generation::Relay, "https://relay.idos.network")]
    {
        let (page, header, claims) = page_of(&*account(generation), json!({})).await;
        assert_eq!(page, format!("{host}/kyc"));
        assert_eq!(header, example["header"]);
        assert_eq!(claims, claims_of(generation, "basic+liveness+idos", run().id.as_str(), 3600));
        for (member, value) in example["claims"].as_object().unwrap() {
            assert!(member == "state" || claims[member] == *value, "{member}");
        }
    }
}

#[tokio::test]
async fn what_is_asked_for_stands_in_fractals_own_order() {
    for generation in GENERATIONS {
        let account = account_with(generation, json!({"link_life": "2h"}));
        let (_, _, claims) = page_of(&*account, json!({"level": "idos+plus"})).await;
        assert_eq!(claims, claims_of(generation, "plus+idos", &format!("{ONBOARDING}.1.idos.plus"), 7200));
        for bad in ["", "liveness", "quantum", "basic+plus", "basic+basic", "v1"] {
            let wrong = account.check(&wish(json!({"level": bad}))).unwrap_err();
            assert_eq!(wrong.iter().map(|bad| bad.field.as_str()).collect::<Vec<_>>(), ["options.level"], "{bad}");
        }
    }
}

#[tokio::test]
async fn relay_may_be_told_no_user_of_ours() {
    let account = account_with(Generation::Relay, json!({"external_user_id": false}));
    let (_, _, claims) = page_of(&*account, json!({})).await;
    assert_eq!(claims.get("externalUserId"), None);
}

/// Each of the three calls, with a token of its own.
#[tokio::test]
async fn a_call_has_the_documented_claims_and_ten_minutes_at_most() {
    let example = fixture("kraken.api-token.claims");
    for generation in GENERATIONS {
        let bench = Script::default()
            .on(BY_TOKEN, &of_run("kraken.get.kyc-token.pending", &run()))
            .on(STATUS, &fixture("kraken.get.kyc-status.pending"))
            .on(DATA, &fixture("kraken.get.kyc-data.approved"))
            .start();
        let account = account(generation);
        account.exchange(bench.reach(), &run(), Some(&code())).await.unwrap();
        bench.clock.advance(std::time::Duration::from_secs(1000));
        account.look(bench.reach(), &run()).await.unwrap();
        account.details(bench.reach(), &run()).await.unwrap();
        assert_eq!(bench.lines(), [BY_TOKEN, STATUS, DATA]);
        for (call, now) in bench.calls().iter().zip([NOW, NOW + 1000, NOW + 1000]) {
            let token = call.authorization.as_deref().unwrap().strip_prefix("Bearer ").unwrap();
            let (header, claims) = opened(token);
            assert_eq!(header, example["header"]);
            let members = |claims: &Value| claims.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            assert_eq!(members(&claims), members(&example["claims"]));
            assert_eq!(
                (&claims["api"], &claims["clientId"], &claims["iat"]),
                (&json!(true), &json!(CLIENT_ID), &json!(now))
            );
            let ends = claims["exp"].as_i64().unwrap();
            assert!(ends > now && ends <= now + 600, "{ends}");
            plain(call);
        }
    }
}

fn plain(call: &Call) {
    assert_eq!((call.method, call.header("accept"), call.body.len()), (Method::Get, Some("application/json"), 0));
    assert!(call.deadline <= PROVIDER_DEADLINE && call.url.query().is_none(), "{}", call.url);
}

/// The redirect's fixture is what the account waits for; a frame's message has `state`, a redirect none.
#[test]
fn what_comes_back_is_the_one_time_token_alone() {
    let redirect = fixture("kraken.redirect.completed");
    let query = redirect["query"].as_object().unwrap();
    let in_frame = fixture("kraken.iframe-message.completed");
    for generation in GENERATIONS {
        let WayBack { code, with_state } = account(generation).way_back();
        assert_eq!(query.keys().collect::<Vec<_>>(), [code]);
        assert_eq!(query[code], TOKEN);
        assert!(!with_state && in_frame.get("state").is_some());
    }
    assert!(fixture("kraken.iframe-message.rejected").get(account(Generation::Relay).way_back().code).is_none());
}

#[tokio::test]
async fn a_run_may_not_be_begun_otherwise() {
    let account = account(Generation::Verifier);
    let fields = |wish| -> Vec<String> {
        account.check(&wish).err().unwrap_or_default().into_iter().map(|bad| bad.field).collect()
    };
    let usual = || wish(json!({}));
    assert_eq!(fields(usual()), Vec::<String>::new());
    assert_eq!(fields(Wish { channel: Channel::Sdk, ..usual() }), ["channel"]);
    assert_eq!(fields(Wish { kind: SubjectKind::Company, ..usual() }), ["subject.kind"]);
    assert_eq!(fields(Wish { return_url: None, ..usual() }), ["return_url"]);
    assert_eq!(fields(wish(json!({"provider": "sumsub"}))), ["options.provider"]);
    let bench = Script::default().start();
    back(&bench);
    assert!(account.renew(bench.reach(), &run(), None, Channel::Sdk, usual().return_url.as_ref()).await.is_err());
    assert!(account.renew(bench.reach(), &run(), None, Channel::Link, None).await.is_err());
}
