#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops loudly")]

use serde_json::json;

use super::*;

const VAULT: &str = include_str!("../../../../../tests/fixtures/fintechos/vault.kyc-onfido.config.json");
const LIST: &str = include_str!("../../../../../tests/fixtures/fintechos/vault.onfido-apitokens.decoded.json");

fn vault() -> Value {
    serde_json::from_str(VAULT).unwrap()
}

fn decoded() -> Value {
    serde_json::from_str(LIST).unwrap()
}

fn imported(value: &Value) -> Import {
    read(&value.to_string(), false).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn errors(value: &Value) -> Vec<String> {
    read(&value.to_string(), false).err().unwrap_or_default()
}

fn names(import: &Import) -> Vec<(&str, &str)> {
    import.clients.iter().map(|client| (client.name.as_str(), client.tenant.as_str())).collect()
}

#[test]
fn the_document_is_read_in_every_form_it_comes_in() {
    let both = [("acme-live", "acme-live"), ("globex-live", "globex-live")];
    let mut as_list = vault();
    as_list["Onfido-ApiTokens"] = decoded();
    let slip = |key: &str| {
        let mut document = vault();
        let list = document.as_object_mut().unwrap().remove("Onfido-ApiTokens").unwrap();
        document[key] = list;
        document
    };
    let mut truths = vault();
    truths["EnableSwagger"] = json!(true);
    for document in [
        vault(),
        json!({"data": vault()}),
        json!({"request_id": "x", "data": {"data": vault(), "metadata": {"version": 3}}}),
        json!({"data": {"data": as_list.clone()}}),
        as_list,
        truths,
        slip("Onifdo-ApiTokens"),
        slip("onfido-apitokens"),
        slip("OnfidoApiToken"),
    ] {
        let import = imported(&document);
        assert_eq!(names(&import), both);
        assert_eq!(import.onfido, Onfido { region: "eu", version: "v3.2", base: None });
        let first = &import.clients[0];
        assert_eq!(first.endpoint, "https://portal.acme.example.com");
        assert_eq!(first.password, "fake-password-1");
        assert_eq!(first.webhook_id.as_deref(), Some("c4b3a291-8070-4f5e-9d4c-3b2a19087001"));
    }
    let alone = imported(&decoded());
    assert_eq!(names(&alone), both);
    assert_eq!(alone.onfido.version, "v3.6");
    assert!(alone.notes.iter().any(|note| note.starts_with("Onfido-BaseUrl is not there")), "{:?}", alone.notes);
}

#[test]
fn members_are_known_in_any_letters() {
    for change in [str::to_uppercase, str::to_lowercase, |name: &str| name.replace("ftos", "Ftos_")] {
        let spelt: Vec<Value> = decoded()
            .as_array()
            .unwrap()
            .iter()
            .map(|client| {
                let members = client.as_object().unwrap();
                Value::Object(members.iter().map(|(name, value)| (change(name), value.clone())).collect())
            })
            .collect();
        assert_eq!(imported(&json!(spelt)).clients.len(), 2);
    }
}

#[test]
fn a_name_becomes_a_tenant_and_collisions_are_errors() {
    let named = |names: &[&str]| {
        let clients: Vec<Value> = names
            .iter()
            .map(|name| {
                let mut client = decoded()[0].clone();
                client["name"] = json!(name);
                client["subscriptionId"] = Value::Null;
                client
            })
            .collect();
        json!(clients)
    };
    let import = imported(&named(&["ClientA_Live", "b.Test~2"]));
    assert_eq!(names(&import), [("ClientA_Live", "clienta-live"), ("b.Test~2", "b-test-2")]);
    assert_eq!(
        errors(&named(&["Client_A", "other", "client-a", "a b", "_x"])),
        [
            "[2].Name: becomes the tenant client-a, as Client_A does",
            "[3].Name: may hold only letters, digits and - _ . ~: it is part of an address",
            "[4].Name: a tenant's name is 1 to 63 of a-z, 0-9 and -, and does not begin with -",
        ]
    );
}

#[test]
fn every_error_is_told_at_once_with_its_place_and_without_the_value() {
    let mut document = vault();
    document["Onfido-BaseUrl"] = json!("https://api.eu.onfido.com");
    document["Onfido-ApiTokens"] = json!([
        {"name": "a", "apiToken": "SECRET-1 x", "subscriptionId": "SECRET 2", "webhookId": "SECRET-3", "ftosEndpoint": "http://a.example",
         "ftosClientId": 7, "ftosUsername": "", "FTOSPASSWORD": "SECRET-4", "ftosPassword": "SECRET-5"},
        "SECRET-6",
        {"name": "b", "apiToken": "t", "subscriptionId": "same", "webhookId": "", "ftosEndpoint": "https://b.example/?SECRET-7",
         "ftosClientId": "c", "ftosUsername": "u", "ftosPassword": null},
    ]);
    let told = errors(&document);
    assert_eq!(
        told,
        [
            "Onfido-BaseUrl: must end in a version from v3.2 to v3.6",
            "Onfido-ApiTokens[0].ftosPassword: stands twice, in other letters",
            "Onfido-ApiTokens[0].apiToken: must be letters, digits and signs without blanks",
            "Onfido-ApiTokens[0].subscriptionId: must be 1 to 256 of letters, digits and . _ -",
            "Onfido-ApiTokens[0].webhookId: must be a UUID",
            "Onfido-ApiTokens[0].ftosEndpoint: must be an https URL",
            "Onfido-ApiTokens[0].ftosClientId: must be a text",
            "Onfido-ApiTokens[0].ftosUsername: is missing",
            "Onfido-ApiTokens[1]: must be an object",
            "Onfido-ApiTokens[2].ftosEndpoint: must not have a query or a fragment",
            "Onfido-ApiTokens[2].ftosPassword: is missing",
        ]
    );
    assert!(!told.concat().contains("SECRET"));
}

#[test]
fn what_is_no_such_document_says_so() {
    let mut twice = vault();
    twice["onfido-api-tokens"] = json!([]);
    let mut text = vault();
    text["Onfido-ApiTokens"] = json!("[{\"name\": ]");
    let mut same = decoded();
    same[1]["subscriptionId"] = same[0]["subscriptionId"].clone();
    for (document, error) in [
        (json!({}), "Onfido-ApiTokens: is missing"),
        (json!({"data": {"other": 1}}), "Onfido-ApiTokens: is missing"),
        (json!({"Onfido-ApiTokens": "[]"}), "Onfido-ApiTokens: holds no client"),
        (json!({"Onfido-ApiTokens": {}}), "Onfido-ApiTokens: must be a list, or the text of one"),
        (text, "Onfido-ApiTokens: is not JSON"),
        (twice, "onfido-api-tokens: stands beside Onfido-ApiTokens; only one of them can be meant"),
        (same, "[1].subscriptionId: is that of acme-live"),
    ] {
        assert!(errors(&document).contains(&error.to_owned()), "{error}: {:?}", errors(&document));
    }
    assert_eq!(read("{\n  x", false).err().unwrap(), ["line 2 column 3: is not JSON"]);
    let doubled = r#"{"Onfido-ApiTokens": [], "Onfido-ApiTokens": "[{\"name\": \"a\", \"name\": \"b\"}]"}"#;
    let told = read(doubled, false).err().unwrap();
    assert!(told.contains(&"Onfido-ApiTokens: stands twice".to_owned()), "{told:?}");
    assert!(
        told.iter().any(|error| error.starts_with("Onfido-ApiTokens.") && error.ends_with("name: stands twice")),
        "{told:?}"
    );
}

#[test]
fn the_base_url_gives_region_and_version() {
    let of = |text: &str| {
        base(text, true).map(|(onfido, first)| (onfido.region, onfido.version, onfido.base.map(String::from), first))
    };
    let own = |text: &str| Some(text.to_owned());
    assert_eq!(of("https://api.eu.onfido.com/v3.2"), Ok(("eu", "v3.2", None, false)));
    assert_eq!(of("https://api.us.onfido.com/v3.6/"), Ok(("us", "v3.6", None, false)));
    assert_eq!(of("https://api.onfido.com/v3.4"), Ok(("eu", "v3.4", None, true)));
    assert_eq!(of("http://127.0.0.1:9/eu/v3.5"), Ok(("eu", "v3.5", own("http://127.0.0.1:9/eu"), false)));
    assert_eq!(of("https://proxy.example/v3.2"), Ok(("eu", "v3.2", own("https://proxy.example/"), false)));
    for text in [
        "https://api.eu.onfido.com/v3",
        "https://api.eu.onfido.com/v3.7",
        "https://api.eu.onfido.com/",
        "v3.2",
        "https://x:y@api.eu.onfido.com/v3.2",
    ] {
        assert!(of(text).is_err(), "{text}");
    }
}

#[test]
fn what_is_ignored_is_named_and_logging_is_only_counted() {
    let mut document = vault();
    document["Something-New"] = json!(1);
    document["Onfido-ApiTokens"] = decoded();
    document["Onfido-ApiTokens"][1]["region"] = json!("eu");
    let notes = imported(&document).notes;
    assert_eq!(
        notes,
        [
            "EnableSwagger: ignored, there are no such pages here",
            "Something-New: ignored, not known here",
            "10 settings of logging: ignored, none of them is imported",
            "Onfido-ApiTokens[1].region: ignored, not known here",
        ]
    );
}
