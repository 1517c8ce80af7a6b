//! The authorize page: what a link may ask for, what the person answers, where the browser goes.

use std::time::Duration;

use idv_simulators::fractal::{Application, Button, Classic, NotPossible, Settings, Visit};

use super::client::{RETURN, SCOPES, by_hand, fixture, fractal, fractal_with, query, query_of};
use crate::support;

#[tokio::test]
async fn a_person_allows_and_comes_back_with_a_code() {
    let (fractal, api) = fractal().await;
    let gone = fractal.visit(&api.link_for(SCOPES, "st_01HEXAMPLE"), &Visit::default()).unwrap();
    let wanted = fixture("oauth.redirect.allowed.json");
    assert!(gone.url.as_deref().unwrap().starts_with(&format!("{RETURN}?code=")));
    assert_eq!(query(&gone).keys().collect::<Vec<_>>(), ["code", "state"]);
    assert_eq!(query(&gone)["state"], wanted["query"]["state"]);
    assert_eq!(query(&gone)["code"].len(), 43, "32 bytes as Fractal writes them");
    assert_eq!((fractal.user_by_state("st_01HEXAMPLE"), fractal.user_by_state("st_other")), (gone.user, None));
}

#[tokio::test]
async fn a_denial_has_no_state() {
    let (fractal, api) = fractal().await;
    let gone = fractal.visit(&api.link_for(SCOPES, "st_01HEXAMPLE"), &Visit::pressing(Button::Deny)).unwrap();
    assert_eq!(gone.url.unwrap(), fixture("oauth.redirect.denied.json")["url"].as_str().unwrap());
    assert!(fractal.users_created().is_empty());
    // a return address of the session's own is what ties it
    let link = api.link(&[("redirect_uri", &format!("{RETURN}?session=7")), ("state", "st_1")]);
    let gone = fractal.visit(&link, &Visit::pressing(Button::Deny)).unwrap();
    assert_eq!((&query(&gone)["session"], query(&gone).get("state")), (&"7".to_owned(), None));

    let classic = Classic { denial_has_state: true, ..Classic::default() };
    let (fractal, api) = fractal_with(Settings { classic, ..by_hand() }).await;
    let gone = fractal.visit(&api.link_for(SCOPES, "st_1"), &Visit::pressing(Button::Deny)).unwrap();
    assert_eq!(query(&gone)["state"], "st_1");
}

#[tokio::test]
async fn other_errors_follow_the_rfc() {
    let (fractal, api) = fractal().await;
    let asked = |pairs: &[(&str, &str)]| fractal.visit(&api.link(pairs), &Visit::default());
    for (scope, why) in [
        ("verification.liveness:read", "an add-on without a level"),
        ("verification.platinum:read", "no such level"),
        ("verification.uniqueness:read verification.selfie:read", "selfie does not go with it"),
        ("client.stats:read", "for machines"),
        ("all", "no such scope"),
    ] {
        let gone = asked(&[("redirect_uri", RETURN), ("scope", scope), ("state", "st_1")]).unwrap();
        assert_eq!(
            (query(&gone)["error"].as_str(), query(&gone)["state"].as_str()),
            ("invalid_scope", "st_1"),
            "{why}"
        );
    }
    let stateless = asked(&[("redirect_uri", RETURN)]).unwrap();
    assert_eq!(query(&stateless)["error"], "invalid_request");
    let fail = Visit::pressing(Button::Fail { error: "server_error".to_owned() });
    let gone = fractal.visit(&api.link_for("", "st_1"), &fail).unwrap();
    assert_eq!((query(&gone)["error"].as_str(), query(&gone)["state"].as_str()), ("server_error", "st_1"));
    let implicit = api.link_for("", "st_1").replace("response_type=code", "response_type=token");
    let gone = fractal.visit(&implicit, &Visit::default()).unwrap();
    assert_eq!(query(&gone)["error"], "unsupported_response_type");
    for redirect in ["http://tenant.example.com/back", "https://tenant.example.com/back#there", "back", ""] {
        let refused = asked(&[("redirect_uri", redirect), ("state", "st_1")]);
        assert!(matches!(refused, Err(NotPossible::BadLink(_))), "{redirect}");
    }
    let stranger = api.link_for("", "st_1").replace(&api.application.client_id, "nobody");
    assert!(matches!(fractal.visit(&stranger, &Visit::default()), Err(NotPossible::BadLink(_))));
    assert!(matches!(fractal.visit("https://elsewhere.example.com/", &Visit::default()), Err(NotPossible::BadLink(_))));
    assert!(fractal.users_created().is_empty());
}

#[tokio::test]
async fn only_registered_addresses_are_returned_to() {
    let application = Application::another("strict").returning_to(RETURN);
    let (fractal, api) = fractal_with(Settings { applications: vec![application], ..by_hand() }).await;
    let to = |uri: &str| fractal.visit(&api.link(&[("redirect_uri", uri), ("state", "st_1")]), &Visit::default());
    assert!(to(RETURN).is_ok());
    let gone = to(&format!("{RETURN}?session=7")).unwrap();
    assert_eq!(query(&gone)["session"], "7", "the query is no part of what is registered");
    assert!(to("https://tenant.example.com/oauth/callback/other").is_err());
    // the exchange names the address without its query
    let code = query(&gone)["code"].clone();
    let pairs = |uri| [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", uri)];
    assert_eq!(api.token(&pairs("https://tenant.example.com/oauth/callback?session=7")).await.0, 400);
    assert_eq!(api.token(&pairs(RETURN)).await.0, 200);
}

#[tokio::test]
async fn a_browser_that_allowed_before_is_sent_straight_back() {
    let (fractal, api) = fractal().await;
    let link = api.link_for("verification.basic:read", "st_1");
    let page = api.http.get(&link).send().await.unwrap();
    assert_eq!(page.status().as_u16(), 200);
    assert!(page.text().await.unwrap().contains("value=deny"));
    let form = [("act", "allow_only"), ("email", "testa.sample@example.com")];
    let pressed = api.http.post(&link).form(&form).send().await.unwrap();
    let cookie = pressed.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let first = query_of(pressed.headers()["location"].to_str().unwrap());
    let open = |link: String| api.http.get(link).header("cookie", &cookie).send();
    assert_eq!(open(link.clone()).await.unwrap().status().as_u16(), 200, "not yet exchanged: it does not count");
    assert_eq!(api.exchange(&first["code"]).await.0, 200);
    let again = open(link.clone()).await.unwrap();
    assert_eq!(again.status().as_u16(), 303);
    let second = query_of(again.headers()["location"].to_str().unwrap());
    assert_ne!(first["code"], second["code"]);
    let more = open(api.link_for("verification.basic:read verification.sow:read", "st_1")).await.unwrap();
    assert_eq!(more.status().as_u16(), 200, "more than was allowed before");
    assert_eq!(fractal.users_created(), [fractal.user_by_email("testa.sample@example.com").unwrap()]);
    assert_eq!(api.http.get(api.url("app", "/other")).send().await.unwrap().status().as_u16(), 404);
    let (status, back) = support::visit(&api.http, &link, "deny").await;
    assert_eq!((status, query_of(&back.unwrap())["error"].as_str()), (303, "access_denied"));
}

#[tokio::test]
async fn a_person_allows_less_than_was_asked() {
    let (fractal, mut api) = fractal().await;
    let visit = Visit::default().without("verification.liveness:read").without("contact:read");
    let uid = api.arrived(&fractal, SCOPES, &visit).await;
    let parts = fractal.truth(&uid).unwrap().parts;
    assert_eq!(parts.iter().map(|it| it.part.as_str()).collect::<Vec<_>>(), ["basic"]);
    let (_, me) = api.me().await;
    assert_eq!((me.get("emails"), me["verification_cases"].as_array().unwrap().len()), (None, 1));
    let (_, pair) = api.refreshed().await;
    let scopes = pair["scope"].as_str().unwrap();
    assert!(scopes.starts_with("uid:read ") && !scopes.contains("liveness:read") && !scopes.contains("contact"));
}

#[tokio::test]
async fn a_code_lives_ten_minutes_and_once() {
    let (fractal, api) = fractal().await;
    let code = || query(&fractal.visit(&api.link_for("", "st_1"), &Visit::default()).unwrap())["code"].clone();
    let late = code();
    fractal.advance_tokens(Duration::from_secs(601));
    let (status, refused) = api.exchange(&late).await;
    assert_eq!((status, refused), (400, fixture("oauth.error.invalid-grant.response.json")));
    let good = code();
    fractal.advance_tokens(Duration::from_secs(590));
    assert_eq!(api.exchange(&good).await.0, 200);
    assert_eq!(api.exchange("invented").await.0, 400);
    let counts = fractal.token_counts();
    assert_eq!((counts.codes_issued, counts.codes_exchanged, counts.codes_refused), (2, 1, 2));
}
