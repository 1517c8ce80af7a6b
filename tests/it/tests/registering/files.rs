//! A webhook registered for a configuration in a file.

use idv_it::stage::{idv, request};
use idv_simulators::onfido::{Endpoint, Environment, Registration, Settings};
use serde_json::json;

use crate::desk::{ADDRESS, ALIAS, Desk, ORIGIN};

const PUT: &str = "next: put the secret of acme and its new version in the index\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_made_off_and_switched_on_by_the_next_command() {
    let desk = Desk::new().await;
    let checked = idv(&["check", "--config", desk.file.path(), "--local-targets"]).await;
    assert_eq!(checked.code, Some(0), "a secret that nobody has made yet is no fault: {checked:?}");
    assert!(checked.told.contains("tenants.acme.connections.onfido: ") && checked.told.contains("503"), "{checked:?}");
    let before = desk.file.text();

    let dry = desk.registers(&["--dry-run"]).await;
    let expected = format!(
        "would be registered: (new)  {ADDRESS}  (not sent to)\nwould be stored: the signing secret and the id of (new)\n\
         would be switched on: (new)  {ADDRESS}\n"
    );
    assert_eq!(dry, expected);
    assert!(desk.standing().is_empty() && desk.file.text() == before, "nothing was done");

    let first = desk.registers(&[]).await;
    let made = desk.webhook();
    let id = made.id.clone();
    let expected = format!(
        "registered: {id}  {ADDRESS}  (not sent to)\nstored: the signing secret and the id of {id}\n{PUT}\
         then, two minutes later: the same command again; nothing is switched or removed before that\n"
    );
    assert_eq!(first, expected);
    assert_eq!((made.enabled, made.url.as_str()), (false, ADDRESS));
    assert_eq!(made.environments, [Environment::Live], "always said");
    let events = made.events.clone().unwrap();
    for event in ["report.completed", "check.completed", "check.reopened", "workflow_run.completed"] {
        assert!(events.iter().any(|own| own == event), "{event}: {events:?}");
    }
    assert_eq!(desk.stored(), (vec![made.token.clone()], vec![id.clone()]));
    let text = desk.file.text();
    let order = ["sealing_keys", "provider", "referrer", "consider", "webhook_ids", "base_urls", "\"token\"", "hmac"];
    let places: Vec<usize> = order.iter().map(|name| text.find(name).unwrap()).collect();
    assert!(places.is_sorted(), "members stay in their order, what is new stands last: {places:?} {text}");

    assert_eq!(desk.registers(&[]).await, format!("switched on: {id}  {ADDRESS}\n"));
    assert!(desk.webhook().enabled);
    assert_eq!(desk.file.text(), text, "nothing more was to be stored");
    assert_eq!(desk.registers(&[]).await, format!("registered already: {id}  {ADDRESS}\n"));
    let listed = desk.connection("list", &[]).await;
    assert_eq!((listed.code, listed.told), (Some(0), format!("{id}  {ADDRESS}\n")));
    assert_eq!(desk.onfido.requests_to(Endpoint::CreateWebhook), 1);
    let checked = idv(&["check", "--config", desk.file.path(), "--local-targets"]).await;
    assert_eq!(checked.told, "the configuration is right\n");
}

/// As the Dashboard makes one: the only one that the account allows.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_stands_there_is_adopted_and_completed() {
    let desk = Desk::with(Settings { most_webhooks: Some(1), ..Settings::default() }, json!({})).await;
    let registration = Registration::to(ADDRESS).only(&["report.completed", "audit_log.created"]);
    let id = desk.onfido.register(Registration { payload_version: Some(2), ..registration });
    assert_eq!(
        desk.connection("list", &[]).await.told,
        format!("{id}  {ADDRESS}  (not all events, or another environment)\n")
    );

    let told = desk.registers(&[]).await;
    assert_eq!(told, format!("stored: the signing secret and the id of {id}\ncompleted: {id}  {ADDRESS}\n{PUT}"));
    let webhook = desk.webhook();
    assert_eq!((webhook.enabled, webhook.environments), (true, vec![Environment::Live]));
    let events = webhook.events.unwrap();
    assert!(
        ["audit_log.created", "check.completed"].iter().all(|event| events.iter().any(|own| own == event)),
        "{events:?}"
    );
    assert_eq!(desk.stored(), (vec![webhook.token], vec![id.clone()]));
    let authorization = [("authorization", format!("Token token={}", desk.token(Environment::Live)))];
    let url = format!("{}/webhooks/{id}", desk.onfido.base_url(idv_simulators::onfido::Region::Eu, "v3.6"));
    let shown = request("GET", &url, &authorization, b"").await.json();
    assert_eq!(shown["payload_version"], 2, "untouched");
    assert_eq!(desk.registers(&[]).await, format!("registered already: {id}  {ADDRESS}\n"));

    // whose secret is stored by hand already, and which somebody has switched off
    let again = desk.onfido.register(Registration::to("https://other.example.com/hook").within(&[Environment::Live]));
    let all = desk.registers(&[]).await;
    assert!(all.contains(&format!("another address stands there: {again}  https://other.example.com/hook\n")), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_token_registers_for_the_sandbox() {
    let desk = Desk::new().await;
    let text = desk.file.text().replace(&desk.token(Environment::Live), &desk.token(Environment::Sandbox));
    std::fs::write(&desk.file.0, text).unwrap();
    desk.registers(&[]).await;
    assert_eq!(desk.webhook().environments, [Environment::Sandbox]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_allows_no_more_says_what_to_do() {
    let desk = Desk::with(Settings { most_webhooks: Some(1), ..Settings::default() }, json!({})).await;
    let other = desk.onfido.register(Registration::to("https://other.example.com/hook"));
    let before = desk.file.text();
    let ran = desk.register(&[]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for words in [
        &format!("another address stands there: {other}"),
        "allows no more webhooks",
        "give one that stands there",
        ADDRESS,
    ] {
        assert!(ran.told.contains(words), "{words}: {ran:?}");
    }
    assert_eq!((desk.file.text(), desk.webhook().id), (before, other.clone()), "nothing was done");

    // the one that stands there is given the address, as was said
    desk.onfido.unregister(&other);
    desk.onfido.register(Registration::to(ADDRESS));
    desk.registers(&[]).await;
    let ran = desk.register(&["--rotate"]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.told.contains("cannot be changed without a gap"), "{ran:?}");
    assert!(desk.webhook().enabled, "it stays as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_is_the_alias_that_leads_there() {
    let to = json!({"tenant": "acme", "connection": "onfido"});
    let one = Desk::with(Settings::default(), json!({ALIAS: to})).await;
    one.registers(&[]).await;
    assert_eq!(one.webhook().url, format!("{ORIGIN}{ALIAS}"));
    let own = one.registers(&["--no-alias", "--dry-run"]).await;
    assert!(own.contains(&format!("would be registered: (new)  {ADDRESS}")), "{own}");

    let two = Desk::with(Settings::default(), json!({ALIAS: to, "/second": to})).await;
    for (rest, told) in [
        (&[][..], format!("name one of these with --alias, or say --no-alias: {ALIAS}, /second\n")),
        (&["--alias", "/third"], format!("/third does not lead to this connection; these do: {ALIAS}, /second\n")),
    ] {
        let ran = two.register(rest).await;
        assert_eq!((ran.code, ran.told), (Some(2), told));
    }
    two.registers(&["--alias", "/second"]).await;
    assert_eq!(two.webhook().url, format!("{ORIGIN}/second"));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_lines_are_told_and_nothing_is_asked() {
    let desk = Desk::new().await;
    for (rest, told) in [
        (&["--finish"][..], "--rotate"),
        (&["--secrets", "x"], "--config"),
        (&["--alias", "/x"], "/x does not lead to this connection; no alias does"),
        (&["--alias", "/x", "--no-alias"], "--no-alias"),
    ] {
        let ran = desk.register(rest).await;
        assert!(ran.code == Some(2) && ran.told.contains(told), "{rest:?}: {ran:?}");
    }
    assert!(desk.onfido.requests().is_empty());
    for rest in [&["--rotate"][..], &["--rotate", "--finish"]] {
        let ran = desk.register(rest).await;
        assert!(ran.code == Some(1) && ran.told.contains("register one first, without --rotate"), "{ran:?}");
    }
    let text = desk.file.text().replace(&desk.token(Environment::Live), "api_live.revoked");
    std::fs::write(&desk.file.0, text).unwrap();
    let ran = desk.register(&[]).await;
    assert!(ran.code == Some(1) && ran.told.contains("refuses our credentials"), "{ran:?}");
    assert!(desk.standing().is_empty());
}
