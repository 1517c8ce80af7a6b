use serde_json::{Value, json};

use super::*;
use crate::section::Faults;

fn faults_of(base_urls: &Value, api: &Value, settings: &Value) -> (bool, Vec<String>) {
    let faults = Faults::default();
    let mut sections = [("base_urls", base_urls), ("api", api), ("settings", settings)]
        .map(|(place, value)| Section::new(place, value, &faults));
    let [base_urls, api, settings] = &mut sections;
    let configured = configure(base_urls, api, settings).is_some();
    sections.into_iter().for_each(Section::finish);
    (configured, faults.take().into_iter().map(|fault| fault.place).collect())
}

#[test]
fn credentials_are_enough_for_the_classic_generation() {
    let api = json!({"client_id": "c", "client_secret": "s"});
    assert_eq!(faults_of(&json!({}), &api, &json!({"generation": "classic"})), (true, vec![]));
    let all = json!({
        "generation": "classic", "level": "basic+liveness+v2", "more_levels": ["v2"], "link_life": "1d", "cookie": false,
        "details": false, "token_parameters": "json", "sweep": false, "idos_connection": "idos",
    });
    let base_urls = json!({"app": "https://a.example", "auth": "https://b.example", "resource": "https://c.example"});
    assert_eq!(faults_of(&base_urls, &api, &all), (true, vec![]));
}

#[test]
fn without_a_generation_nothing_else_is_a_fault() {
    for generation in [json!(null), json!("kraken"), json!(2)] {
        let settings = json!({"generation": generation, "external_state": "required"});
        let found = faults_of(&json!({"relay": "https://r.example"}), &json!({"signing_key": "x"}), &settings);
        assert_eq!(found, (false, vec!["settings.generation".to_owned()]), "{generation}");
    }
}

#[test]
fn every_fault_has_its_place() {
    let base_urls = json!({"auth": "b.example", "relay": "https://r.example"});
    let settings = json!({
        "generation": "classic", "level": "basic+quantum", "more_levels": ["V 2"], "link_life": "400d", "cookie": "yes",
        "details": 1, "token_parameters": "body", "sweep": "on", "idos_connection": "Idos!", "external_state": "required",
    });
    let (configured, places) = faults_of(&base_urls, &json!({"client_id": "c", "signing_key": "k"}), &settings);
    assert!(!configured);
    assert_eq!(
        places,
        [
            "api.client_secret",
            "api.signing_key",
            "base_urls.auth",
            "base_urls.relay",
            "settings.cookie",
            "settings.details",
            "settings.external_state",
            "settings.idos_connection",
            "settings.level",
            "settings.link_life",
            "settings.more_levels",
            "settings.sweep",
            "settings.token_parameters",
        ]
    );
}

#[test]
fn a_request_or_the_settings_say_what_is_asked() {
    let choices = Choices { level: Names::default().asked("plus").ok(), names: Names::default() };
    let asked = |option: Option<Value>| choices.asked(option.as_ref()).map(|asked| asked.joined());
    assert_eq!(asked(None).as_deref(), Ok("plus"));
    assert_eq!(asked(Some(json!("basic+idos"))).as_deref(), Ok("basic+idos"));
    for bad in [json!("v1"), json!(["basic"]), json!(null), json!("")] {
        assert!(asked(Some(bad.clone())).is_err(), "{bad}");
    }
    let none = Choices { level: None, names: Names::default() };
    assert!(none.asked(None).is_err());
}
