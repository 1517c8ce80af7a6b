#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops loudly")]

use super::super::dcs;
use super::*;

const VAULT: &str = include_str!("../../../../../tests/fixtures/fintechos/vault.kyc-onfido.config.json");
const SECRETS: [&str; 10] = [
    "FAKE-ONFIDO-API-TOKEN-ACME",
    "FAKE-ONFIDO-API-TOKEN-GLOBEX",
    "00000000-aaaa-4bbb-8ccc-000000000001",
    "00000000-aaaa-4bbb-8ccc-000000000002",
    "acme-client",
    "globex-client",
    "dcs.integration@acme.example.com",
    "dcs_globex",
    "fake-password-1",
    "fake-password-2",
];

fn import() -> Import {
    dcs::read(VAULT, false).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn callers(import: &Import) -> BTreeMap<String, Vec<String>> {
    import
        .clients
        .iter()
        .map(|client| (client.name.clone(), vec!["arn:aws:iam::000000000000:role/x".to_owned()]))
        .collect()
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

const PREFIX: &str = "/dcs/kyc2/webhook/notify/";

#[test]
fn what_it_comes_to_is_taken_by_the_gateway() {
    let import = import();
    let made = Made::of(&import, &callers(&import), &BTreeMap::new(), PREFIX, false);
    let (text, taken) = made.merged(None).unwrap();
    assert_eq!(crate::config::check(&text, false).err(), None);
    assert!(taken.iter().all(|one| one.subscription && !one.known));
    let whole = value(&text);
    let connection = &whole["tenants"]["acme-live"]["connections"]["onfido"];
    assert_eq!(connection["api"]["token"], SECRETS[0]);
    assert_eq!(
        connection["settings"],
        json!({"region": "eu", "api_version": "v3.2", "shared_account": false, "webhook_ids": ["c4b3a291-8070-4f5e-9d4c-3b2a19087001"]})
    );
    assert_eq!(
        connection["delivery"],
        json!({"kind": "fintechos", "endpoint": "https://portal.acme.example.com", "sign_in": "get_token", "client_id": SECRETS[4],
            "username": SECRETS[6], "password": SECRETS[8], "action": "FTOS_Onfido_WebHook", "kinds": ["part"]})
    );
    assert_eq!(
        whole["aliases"]["/dcs/kyc2/webhook/notify/globex-live"],
        json!({"tenant": "globex-live", "connection": "onfido"})
    );
    assert_eq!(
        whole["subscriptions"][SECRETS[2]],
        json!({"tenant": "acme-live", "connection": "onfido", "callers": ["arn:aws:iam::000000000000:role/x"]})
    );
    let key = |tenant: &str| whole["tenants"][tenant]["sealing_keys"][0].as_str().unwrap().to_owned();
    assert_ne!(key("acme-live"), key("globex-live"));
}

#[test]
fn without_a_caller_there_is_no_subscription() {
    let import = import();
    let made = Made::of(&import, &BTreeMap::new(), &BTreeMap::new(), PREFIX, false);
    let (text, taken) = made.merged(None).unwrap();
    assert!(value(&text)["subscriptions"].is_null());
    assert!(taken.iter().all(|one| !one.subscription));
}

#[test]
fn one_token_for_several_is_one_account() {
    let mut import = import();
    let shared = |import: &Import, said| {
        let (text, _) = Made::of(import, &BTreeMap::new(), &BTreeMap::new(), PREFIX, said).merged(None).unwrap();
        ["acme-live", "globex-live"].map(|name| {
            value(&text)["tenants"][name]["connections"]["onfido"]["settings"]["shared_account"] == json!(true)
        })
    };
    assert_eq!(shared(&import, false), [false, false]);
    assert_eq!(shared(&import, true), [true, true]);
    import.clients[1].api_token = import.clients[0].api_token.clone();
    assert_eq!(shared(&import, false), [true, true]);
}

#[test]
fn a_file_keeps_what_it_has_and_the_same_import_changes_nothing() {
    let import = import();
    let before = r#"{"tenants": {"zeta": {"enabled": false, "connections": {}, "sealing_keys": ["ZW5kLXRvLWVuZCBzZWFsaW5nIGtleSwgMzIgYnl0ZXM="]}}}"#;
    let made = Made::of(&import, &BTreeMap::new(), &BTreeMap::new(), PREFIX, false);
    let (first, _) = made.merged(Some(before)).unwrap();
    assert_eq!(crate::config::check(&first, false).err(), None);
    assert_eq!(value(&first)["tenants"]["zeta"], value(before)["tenants"]["zeta"]);
    // what registering has stored since then is no difference, and new sealing keys are none either
    let mut registered = value(&first);
    let connection = &mut registered["tenants"]["acme-live"]["connections"]["onfido"];
    connection["webhook"]["hmac"] = json!([{"secret": "s"}]);
    connection["settings"]["webhook_ids"].as_array_mut().unwrap().push(json!("c4b3a291-8070-4f5e-9d4c-3b2a19087009"));
    let registered = Document::from_value(&registered).unwrap().pretty().unwrap();
    let again = Made::of(&import, &BTreeMap::new(), &BTreeMap::new(), PREFIX, false);
    let (second, taken) = again.merged(Some(&registered)).unwrap();
    assert_eq!(second, registered);
    assert!(taken.iter().all(|one| one.known));
}

#[test]
fn what_is_there_and_is_another_is_an_error() {
    let import = import();
    let with = callers(&import);
    let (text, _) = Made::of(&import, &with, &BTreeMap::new(), PREFIX, false).merged(None).unwrap();
    let mut other = value(&text);
    other["tenants"]["acme-live"]["connections"]["onfido"]["api"]["token"] = json!("another");
    other["aliases"]["/dcs/kyc2/webhook/notify/globex-live"]["tenant"] = json!("acme-live");
    other["subscriptions"][SECRETS[3]]["callers"] = json!(["somebody"]);
    let errors =
        Made::of(&import, &with, &BTreeMap::new(), PREFIX, false).merged(Some(&other.to_string())).err().unwrap();
    assert_eq!(
        errors,
        [
            "tenants.acme-live: is there already, and is another",
            "aliases./dcs/kyc2/webhook/notify/globex-live: is there already, and leads elsewhere",
            "subscriptions: that of globex-live is there already, and is another",
        ]
    );
}

#[test]
fn nothing_secret_is_shown() {
    let import = import();
    let made = Made::of(&import, &callers(&import), &BTreeMap::new(), PREFIX, false);
    let shown = made.masked();
    for secret in SECRETS {
        assert!(!shown.contains(secret), "{secret}");
    }
    let (text, _) = made.merged(None).unwrap();
    let key = value(&text)["tenants"]["acme-live"]["sealing_keys"][0].as_str().unwrap().to_owned();
    assert!(!shown.contains(&key));
    assert_eq!(value(&shown)["subscriptions"].as_object().unwrap().len(), 2);
    assert_eq!(value(&shown)["tenants"]["acme-live"]["connections"]["onfido"]["settings"]["region"], "eu");
}

/// Later imports need not say again what one said, or a person wrote; what they say has to be the same.
#[test]
fn what_an_import_does_not_say_may_stand_there() {
    let import = import();
    let own = |referrer: &str| {
        let settings = json!({"referrer": referrer, "report_names": ["document"]}).as_object().unwrap().clone();
        BTreeMap::from([("acme-live".to_owned(), settings)])
    };
    let made = |own: &BTreeMap<String, Map<String, Value>>, before: Option<&str>| {
        let made = Made::of(&import, &BTreeMap::new(), own, PREFIX, false);
        let merged = made.merged(before);
        merged.map(|(text, taken)| {
            (text, taken.into_iter().map(|one| one.settings["referrer"].clone()).collect::<Vec<_>>())
        })
    };
    let (first, referrers) = made(&own("https://*.example.com/*"), None).unwrap();
    assert_eq!(crate::config::check(&first, false).err(), None);
    assert_eq!(referrers, [json!("https://*.example.com/*"), Value::Null]);
    for again in [own("https://*.example.com/*"), BTreeMap::new()] {
        assert_eq!(made(&again, Some(&first)).unwrap(), (first.clone(), referrers.clone()));
    }
    let other = made(&own("https://*.example.net/*"), Some(&first)).unwrap_err();
    assert_eq!(other, ["tenants.acme-live: is there already, and is another"]);
}
