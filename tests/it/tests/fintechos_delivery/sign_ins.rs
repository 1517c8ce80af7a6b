//! Both sign-ins, both calls, both forms of data; tokens that are shared, die, or are refused.

use std::time::Duration;

use idv_gateway::domain::OnboardingKey;
use idv_simulators::fintechos::{
    DataForm, DataForms, DeadToken, Endpoint, Manner, Outcome, RefusedSignIn, Rule, Settings, SignIn, TokenForm,
};
use serde_json::{Value, json};

use super::bench::{Bench, delivery, instance, started, taken, with};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn every_way_in_leads_to_every_call() {
    let sign_ins = [("get_token", SignIn::GetToken), ("keycloak_token", SignIn::Keycloak)];
    let calls = [
        ("call_action", "json_text", Endpoint::CallAction, DataForm::Text),
        ("call_action", "json_object", Endpoint::CallAction, DataForm::Object),
        ("endpoint_api", "json_text", Endpoint::EndpointAction, DataForm::Object),
    ];
    for (sign_in, of) in sign_ins {
        for (call, data_form, endpoint, form) in calls {
            let data = if form == DataForm::Text { DataForms::Text } else { DataForms::Object };
            let settings =
                Settings { base_path: "/portal".to_owned(), data, wants_user_name: true, ..Settings::default() };
            let instance = started(settings).await;
            let said = json!({"sign_in": sign_in, "call": call, "data_form": data_form});
            let bench = Bench::new();
            bench.configure("acme", &with(delivery(&instance), said));
            let key = bench.onboarding("acme", 1).await;
            bench.decided(&key, &["r-1", "r-2", "r-3"]).await;
            bench.ring(&[&key]).await;
            assert_eq!(taken(&instance), ["r-1", "r-2", "r-3"], "{sign_in} {call} {data_form}");
            let calls: Vec<_> = instance.received().into_iter().filter(|it| it.endpoint == endpoint).collect();
            assert_eq!(calls.len(), 3);
            for it in &calls {
                assert_eq!((it.token_of, it.data_form, it.outcome), (Some(of), Some(form), Outcome::Accepted));
            }
            let signed_in = instance.sign_ins();
            assert_eq!(signed_in.get_token + signed_in.keycloak, 1, "one sign-in for all");
            assert_eq!((signed_in.credentials_in_query, signed_in.tokens_refused), (0, 0));
            assert_eq!(instance.received().len(), 4);
        }
    }
}

#[tokio::test]
async fn the_users_name_goes_along_only_where_it_is_wanted() {
    let instance = instance().await;
    let bench = Bench::new();
    let key = bench.onboarding("acme", 1).await;
    for (number, wanted) in [("r-1", true), ("r-2", false)] {
        bench.configure("acme", &with(delivery(&instance), json!({"include_user_name": wanted})));
        bench.decided(&key, &[number]).await;
        bench.ring(&[&key]).await;
        let named = instance.received().last().unwrap().user_name.clone();
        assert_eq!(named, wanted.then(|| instance.settings().user_name));
    }
}

#[tokio::test]
async fn a_token_may_stand_wherever_an_instance_puts_it() {
    let member = |name: &str| TokenForm::Object { member: name.to_owned() };
    for token_form in [TokenForm::Text, member("access_token"), member("accessToken"), member("Token")] {
        let instance = started(Settings { token_form, ..Settings::default() }).await;
        let bench = Bench::of(&instance);
        let key = bench.onboarding("acme", 1).await;
        bench.decided(&key, &["r-1"]).await;
        bench.ring(&[&key]).await;
        assert_eq!(taken(&instance), ["r-1"]);
    }
}

#[tokio::test]
async fn a_token_that_died_early_is_replaced_within_the_same_try() {
    let dead = [DeadToken::Status { code: 401 }, DeadToken::Status { code: 403 }, DeadToken::Logical];
    for dead_token in dead {
        let instance = started(Settings { dead_token, ..Settings::default() }).await;
        let bench = Bench::of(&instance);
        let key = bench.onboarding("acme", 1).await;
        bench.decided(&key, &["r-1"]).await;
        bench.ring(&[&key]).await;
        instance.expire_tokens();
        bench.decided(&key, &["r-2"]).await;
        bench.ring(&[&key]).await;
        assert_eq!(taken(&instance), ["r-1", "r-2"], "{dead_token:?}");
        let signed_in = instance.sign_ins();
        assert_eq!((signed_in.get_token, signed_in.tokens_refused), (2, 1), "{dead_token:?}");
        let shown = bench.read(&key).delivery;
        assert_eq!((shown.tries, shown.last_error), (0, None), "that is no failure: {dead_token:?}");
        assert_eq!(bench.endpoint("acme"), None, "an endpoint that answers costs no write");
    }
}

#[tokio::test]
async fn a_token_is_not_used_to_its_very_end() {
    // both tell a life: 1200 s of the legacy one, 1800 s of the newer one's second member
    for (sign_in, life) in [("get_token", 1200), ("keycloak_token", 1800)] {
        let instance = instance().await;
        let bench = Bench::new();
        bench.configure("acme", &with(delivery(&instance), json!({"sign_in": sign_in})));
        let key = bench.onboarding("acme", 1).await;
        for (number, pass) in [("r-1", 0), ("r-2", life - 60), ("r-3", 40)] {
            bench.clock.advance(Duration::from_secs(pass));
            instance.advance_tokens(Duration::from_secs(pass));
            bench.decided(&key, &[number]).await;
            bench.ring(&[&key]).await;
        }
        let signed_in = instance.sign_ins();
        assert_eq!((signed_in.get_token + signed_in.keycloak, signed_in.tokens_refused), (2, 0), "{sign_in}");
        assert_eq!(taken(&instance), ["r-1", "r-2", "r-3"]);
    }
}

#[tokio::test]
async fn deliveries_at_the_same_time_share_a_sign_in_and_a_fresh_one() {
    let instance = instance().await;
    instance.misbehave(Rule::always(Manner::Late { millis: 60 }).at(Endpoint::GetToken));
    let bench = Bench::of(&instance);
    let mut keys = Vec::new();
    for number in 0..10 {
        keys.push(bench.onboarding("acme", number).await);
    }
    for (round, sign_ins) in [("a", 1), ("b", 1), ("c", 2)] {
        if round == "c" {
            instance.expire_tokens();
        }
        for (number, key) in keys.iter().enumerate() {
            bench.decided(key, &[&format!("{round}-{number}")]).await;
        }
        bench.ring(&keys.iter().collect::<Vec<&OnboardingKey>>()).await;
        assert_eq!(instance.sign_ins().get_token, sign_ins, "round {round}");
    }
    assert_eq!((instance.accepted().len(), instance.repeats()), (30, 0));
}

#[tokio::test]
async fn a_sign_in_that_fails_fails_once_for_all_that_wait_for_it() {
    let instance = instance().await;
    instance.misbehave(Rule::always(Manner::Silence).at(Endpoint::GetToken));
    let bench = Bench::of(&instance);
    bench.silent_at("/GetToken");
    let mut keys = Vec::new();
    for number in 0..10 {
        let key = bench.onboarding("acme", number).await;
        bench.decided(&key, &["r-1"]).await;
        keys.push(key);
    }
    bench.ring(&keys.iter().collect::<Vec<&OnboardingKey>>()).await;
    assert_eq!(instance.calls_to(Endpoint::GetToken), 1);
    assert!(keys.iter().all(|key| bench.last_error(key) == "no_answer_timed_out"));
}

#[tokio::test]
async fn a_refused_sign_in_is_a_failed_try_and_a_corrected_password_needs_no_probe() {
    for refused_sign_in in [RefusedSignIn::Status { code: 401 }, RefusedSignIn::NoToken] {
        let instance = started(Settings { refused_sign_in, ..Settings::default() }).await;
        let before = delivery(&instance);
        instance.set_password("fake-password-2");
        let bench = Bench::new();
        bench.configure("acme", &before);
        let key = bench.onboarding("acme", 1).await;
        bench.decided(&key, &["r-1", "r-2"]).await;
        bench.play(30 * MINUTE).await;
        let code = match refused_sign_in {
            RefusedSignIn::Status { .. } => "not_signed_in_refused",
            RefusedSignIn::NoToken => "not_signed_in_without_token",
        };
        assert_eq!(bench.last_error(&key), code);
        assert_eq!((taken(&instance).len(), instance.calls_to(Endpoint::CallAction)), (0, 0));
        let mut others = Vec::new();
        for number in 2..8 {
            let other = bench.onboarding("acme", number).await;
            bench.decided(&other, &[&format!("o-{number}")]).await;
            others.push(other);
        }
        bench.ring(&others.iter().collect::<Vec<&OnboardingKey>>()).await;
        let dead = bench.endpoint("acme").unwrap();
        assert!(dead.probe_at.is_some(), "by now it is probed: {dead:?}");

        bench.configure("acme", &delivery(&instance));
        let fresh = bench.onboarding("acme", 9).await;
        bench.decided(&fresh, &["f-1"]).await;
        bench.ring(&[&fresh]).await;
        assert_eq!(taken(&instance), ["f-1"], "at once");
        bench.play(6 * 60 * MINUTE).await;
        assert_eq!(instance.accepted_about("r-1").len() + instance.accepted_about("r-2").len(), 2);
        assert_eq!((instance.accepted().len(), instance.repeats()), (9, 0));
    }
}

#[tokio::test]
async fn a_changed_password_is_signed_in_with_while_the_old_token_lives() {
    let instance = instance().await;
    let bench = Bench::of(&instance);
    let key = bench.onboarding("acme", 1).await;
    bench.decided(&key, &["r-1"]).await;
    bench.ring(&[&key]).await;
    instance.set_password("fake-password-2");
    bench.decided(&key, &["r-2"]).await;
    bench.ring(&[&key]).await;
    assert_eq!(instance.sign_ins().get_token, 1, "tokens given before live on");
    bench.configure("acme", &delivery(&instance));
    bench.decided(&key, &["r-3"]).await;
    bench.ring(&[&key]).await;
    assert_eq!((instance.sign_ins().get_token, instance.sign_ins().refused), (2, 0));
    assert_eq!(taken(&instance), ["r-1", "r-2", "r-3"]);
}

#[tokio::test]
async fn no_password_and_no_token_is_kept_anywhere() {
    let instance = instance().await;
    instance.misbehave(Rule::always(Manner::Status { code: 500 }).at(Endpoint::CallAction));
    let bench = Bench::of(&instance);
    let key = bench.onboarding("acme", 1).await;
    bench.decided(&key, &["r-1"]).await;
    bench.play(MINUTE).await;
    assert_eq!(bench.last_error(&key), "answered_500");
    let kept = format!("{:?}", bench.ledger.contents());
    let account = instance.settings();
    for secret in [account.password, account.client_id, account.user_name] {
        assert!(!kept.contains(&secret), "{secret}");
    }
    let stated: Value = serde_json::to_value(instance.received()).unwrap();
    assert!(!stated.to_string().contains("fake-password"), "not in an address either");
}
