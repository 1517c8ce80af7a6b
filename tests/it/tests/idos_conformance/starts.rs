//! How a run begins, is entered again, is configured: without a call.

use idv_gateway::domain::{Channel, SubjectKind};
use idv_gateway::ports::{Account, Entrance, ProviderError, Recovery, Started};
use serde_json::{Value, json};
use url::Url;

use crate::harness::{
    GRANTEE, ONBOARDING, RETURN_URL, Script, USER, account, account_of, api, configured, fixture, resource, root,
    settings, settings_with, user, wish,
};

fn entrance(entrance: &Entrance) -> String {
    let secret = match entrance {
        Entrance::Link { url, embed } => {
            assert!(!embed);
            url
        }
        Entrance::Sdk { token } => token,
    };
    idv_it_text(secret)
}

/// A secret shows itself to nobody: it is compared with what it may be.
fn idv_it_text(secret: &idv_gateway::secret::Secret) -> String {
    let query = format!("onboarding_id={ONBOARDING}&level=basic&return_url=https%3A%2F%2Fexample.com%2Fback");
    let link = format!("https://share.example.com/idos?app=1&{query}");
    let key = fixture("vector.box.credential")["recipient_public_key_base64"].clone();
    let token =
        json!({"grantee": GRANTEE, "encryption_public_key": key, "level": "basic", "onboarding_id": ONBOARDING});
    let known = [("link", link), ("token", token.to_string())];
    known.iter().find(|(_, text)| secret.matches(text.as_bytes())).map_or("unknown", |(name, _)| name).to_owned()
}

async fn begun(account: &dyn Account, subject: Value, channel: Channel) -> Started {
    let bench = Script::new().start();
    let started = account.start(bench.reach(), &wish(subject, json!({}), channel)).await.unwrap();
    assert_eq!(bench.lines().len(), 0);
    started
}

#[tokio::test]
async fn a_run_is_made_of_our_own_reference() {
    let account = account();
    let started = begun(&*account, json!({"user_id": USER.to_uppercase()}), Channel::Link).await;
    assert_eq!((&started.subject, started.names.as_slice()), (&root(), &[user()][..]));
    assert_eq!((started.expires_at, started.return_nonce.is_none()), (None, true));
    assert_eq!(entrance(&started.entrance), "link");
    let started = begun(&*account, json!({}), Channel::Sdk).await;
    assert_eq!(started.subject, resource("share", &format!("{ONBOARDING}.1.basic")));
    assert!(started.names.is_empty());
    assert_eq!(entrance(&started.entrance), "token");
    let again = wish(json!({"user_id": USER}), json!({}), Channel::Link);
    assert_eq!(account.recovery(&again), Recovery::ByReference);
    let bench = Script::new().start();
    assert_eq!(account.start(bench.reach(), &again).await.unwrap().subject, root(), "twice is once");
}

#[tokio::test]
async fn a_run_is_entered_again_at_the_same_place() {
    let (account, bench, back) = (account(), Script::new().start(), Url::parse(RETURN_URL).unwrap());
    assert!([None, Some(&root()), Some(&user())].into_iter().all(|run| account.renews_links(run)));
    let unnamed = resource("share", &format!("{ONBOARDING}.1.basic"));
    assert!(!account.renews_links(Some(&unnamed)), "another run may have the name");
    for (channel, expected) in [(Channel::Link, "link"), (Channel::Sdk, "token")] {
        let renewed = account.renew(bench.reach(), &root(), None, channel, Some(&back)).await.unwrap().unwrap();
        assert_eq!(entrance(&renewed.entrance), expected);
    }
    assert!(account.renew(bench.reach(), &user(), None, Channel::Link, None).await.unwrap().is_none(), "adopted");
    let pageless = account_of(&settings_with(&json!({"share_url": null})));
    let outcome = pageless.renew(bench.reach(), &root(), None, Channel::Link, None).await.map(drop);
    assert!(matches!(outcome, Err(ProviderError::Unsupported(_))));
    assert!(matches!(account.erase(bench.reach(), &root()).await, Err(ProviderError::Unsupported(_))));
    assert_eq!(bench.lines().len(), 0);
}

#[test]
fn a_wish_that_cannot_be_fulfilled_names_its_fields() {
    let fields = |account: &dyn Account, subject: Value, options: Value, channel| {
        let bad = account.check(&wish(subject, options, channel)).err().unwrap_or_default();
        bad.into_iter().map(|bad| bad.field).collect::<Vec<_>>()
    };
    let account = account();
    assert!(fields(&*account, json!({"user_id": USER}), json!({"level": "plus+liveness"}), Channel::Link).is_empty());
    let bad = fields(&*account, json!({"user_id": "me", "name": "x"}), json!({"level": "gold", "x": 1}), Channel::Link);
    assert_eq!(bad, ["subject.name", "options.x", "subject.user_id", "options.level"]);
    assert_eq!(
        fields(&*account, json!({"user_id": 7}), json!({"level": 7}), Channel::Link),
        ["subject.user_id", "options.level"]
    );
    assert_eq!(fields(&*account, json!({"user_id": null}), json!({"level": null}), Channel::Sdk), Vec::<String>::new());
    let pageless = account_of(&settings_with(&json!({"share_url": null})));
    assert_eq!(fields(&*pageless, json!({}), json!({}), Channel::Link), ["channel"]);
    assert!(fields(&*pageless, json!({}), json!({}), Channel::Sdk).is_empty());
    let company = idv_gateway::ports::Wish { kind: SubjectKind::Company, ..wish(json!({}), json!({}), Channel::Link) };
    assert_eq!(account.check(&company).unwrap_err()[0].field, "subject.kind");
}

#[test]
fn a_configuration_is_checked_whole() {
    let host = json!({"gateway": "https://nodes.example.test"});
    assert!(configured(&json!({}), &api(), &settings()).is_ok(), "production is known");
    let missing = configured(&host, &json!({}), &settings()).err().unwrap();
    assert_eq!(missing, ["api.encryption_key", "api.signing_key"]);
    let bad = json!({"signing_key": "42", "encryption_key": "42", "other": 1});
    let faults = configured(&json!({"gateway": "https://nodes.example.test/kwil"}), &bad, &settings()).err().unwrap();
    assert_eq!(faults, ["api.encryption_key", "api.other", "api.signing_key", "base_urls.gateway"]);
    for (member, value) in [
        ("share_url", json!("http://share.example.com")),
        ("level", json!("gold")),
        ("user_shared", json!("always")),
        ("feed", json!("on")),
        ("page_size", json!(0)),
        ("chain_id", json!(7)),
    ] {
        let faults = configured(&host, &api(), &settings_with(&json!({member: value}))).err().unwrap();
        assert_eq!(faults, [format!("settings.{member}")]);
    }
    let nacl = fixture("vector.kgw-login")[0]["nacl_secret_key_hex"].clone();
    let keys = json!({"signing_key": nacl, "encryption_key": api()["encryption_key"]});
    assert!(configured(&host, &keys, &settings()).is_ok());
}

#[test]
fn nothing_comes_by_webhook() {
    let account = account();
    assert!(!account.takes_webhooks());
    assert_eq!(account.specification().check(), Ok(()));
    assert_eq!(account.provider(), "idos");
}
