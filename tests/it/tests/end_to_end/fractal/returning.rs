//! Persons come back: with a code, twice, with somebody else's, or because they refused.

use idv_it::stage::{CLASSIC, Plan, RELAY, Stage, VERIFIER, request};
use idv_simulators::fractal::{Act, Button, Endpoint, Visit};
use serde_json::json;

use super::nothing_dead;
use crate::invoke::code;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_comes_back_by_their_own_way_alone() {
    let stage = Stage::with(Plan::of(&["acme", "beta"]).with_fractal()).await;
    tokio::join!(denied(&stage), failed(&stage), twice(&stage), without_state(&stage), elsewhere(&stage));
    unknown_level(&stage).await;
    let tokens = stage.fractal().token_counts();
    assert_eq!((tokens.codes_reused, tokens.families_ended), (0, 0), "no code is exchanged twice: {tokens:?}");
    nothing_dead(&stage).await;
}

/// Fractal gives no `state` back with it: the cookie says whose it is. The same link is good for another mind.
async fn denied(stage: &Stage) {
    let mut person = stage.sets_out("acme", CLASSIC, "denied").await;
    let back = person.goes_through(&Visit::pressing(Button::Deny)).await;
    assert!(back.contains("error=access_denied") && !back.contains("state="), "{back}");
    person.ends("cancelled").await;
    let shown = person.shown().await;
    assert!(shown["reasons"].to_string().contains("consent_declined"), "{shown}");

    // a browser that does not know us says nothing of anybody
    let mut other = stage.sets_out("acme", CLASSIC, "denied-elsewhere").await;
    let back = other.answers(&Visit::pressing(Button::Deny)).await;
    other.forgets_cookies();
    let page = other.returns(&back).await;
    assert_eq!((page.status, page.location), (400, None), "{}", page.text);
    stage.calm().await;
    assert_eq!(other.shown().await["status"], "link_issued");

    person.goes_through(&Visit::default()).await;
    person.ends("in_review").await;
    person.does([Act::approve_all()]);
    person.ends("approved").await;
}

/// Fractal itself turns the person back: they may try again, nothing was decided.
async fn failed(stage: &Stage) {
    let mut person = stage.sets_out("acme", CLASSIC, "failed").await;
    let back = person.goes_through(&Visit::pressing(Button::Fail { error: "server_error".to_owned() })).await;
    assert!(back.contains("error=server_error"), "{back}");
    stage.calm().await;
    assert_eq!(person.shown().await["status"], "link_issued");
    person.goes_through(&Visit::default()).await;
    person.ends("in_review").await;
}

/// A person reloads, a browser repeats: the code is exchanged once.
async fn twice(stage: &Stage) {
    let mut person = stage.sets_out("acme", CLASSIC, "twice").await;
    let back = person.answers(&Visit::default()).await;
    let again = || request("GET", &back, &[], b"");
    let answers = tokio::join!(again(), again(), again());
    assert_eq!((answers.0.status, answers.1.status, answers.2.status), (303, 303, 303));
    person.ends("in_review").await;
    stage.calm().await;
    let page = person.returns(&back).await;
    person.is_back_in_the_app(&page);
    stage.calm().await;
    person.does([Act::approve_all()]);
    person.ends("approved").await;
}

/// A cookie says whose browser it is, not whose code: a code counts with its `state`.
async fn without_state(stage: &Stage) {
    let mut person = stage.sets_out("acme", CLASSIC, "without-state").await;
    let back = person.answers(&Visit::default()).await;
    let (bare, state) = back.split_once("&state=").unwrap();
    for wrong in [bare.to_owned(), format!("{bare}&state={}", state.replace(|byte: char| byte.is_ascii_digit(), "_"))] {
        let page = person.returns(&wrong).await;
        assert_eq!((page.status, page.location), (400, None), "{wrong}");
    }
    stage.calm().await;
    assert_eq!(person.shown().await["status"], "link_issued");
    let page = person.returns(&back).await;
    person.is_back_in_the_app(&page);
    person.ends("in_review").await;
}

/// What one address sealed no other opens.
async fn elsewhere(stage: &Stage) {
    let mut person = stage.sets_out("acme", CLASSIC, "elsewhere").await;
    let back = person.answers(&Visit::default()).await;
    let own = format!("/acme/{CLASSIC}");
    for other in [format!("/beta/{CLASSIC}"), format!("/acme/{VERIFIER}"), format!("/acme/{RELAY}")] {
        let page = person.returns(&back.replace(&own, &other)).await;
        assert_eq!((page.status, page.location), (400, None), "{other}: {}", page.text);
        let link = person.link.replace(&own, &other);
        assert_eq!(request("GET", &link, &[], b"").await.status, 400, "{other}");
    }
    let page = person.returns(&back).await;
    person.is_back_in_the_app(&page);
    person.ends("in_review").await;
    assert!(person.calls(Endpoint::UsersMe) > 0);
}

/// Nothing is created by what Fractal does not have.
async fn unknown_level(stage: &Stage) {
    for (level, connection) in [("horoscope", CLASSIC), ("liveness", CLASSIC), ("basic+horoscope", RELAY)] {
        let mut asked = stage.journey_request("acme", connection, &format!("level-{level}-{connection}"));
        asked["options"] = json!({"level": level});
        let answer = stage.ask("acme", &asked).await;
        assert_eq!(
            (code(&answer), &answer["error"]["field"]),
            ("invalid_request", &json!("options.level")),
            "{answer}"
        );
    }
}
