//! A FintechOS instance as it is configured: what is said where nothing is said, and what each mistake is told.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops loudly")]

use serde_json::{Value, json};

use super::*;
use crate::ports::{ActionCall, DataForm, FintechOs, SignIn};
use crate::section::Faults;

fn least() -> Value {
    json!({
        "kind": "fintechos", "endpoint": "https://globex.example.net/portal/", "client_id": "globex-client",
        "username": "dcs_globex", "password": "fake-password-2",
    })
}

fn with(member: &str, value: Value) -> Value {
    let mut whole = least();
    whole.as_object_mut().unwrap().insert(member.to_owned(), value);
    whole
}

fn read(value: &Value) -> Result<Destination, Vec<String>> {
    let faults = Faults::default();
    let read = destination(Section::new("delivery", value, &faults), Rules::default(), std::iter::empty());
    let faults: Vec<String> = faults.take().iter().map(ToString::to_string).collect();
    read.filter(|_| faults.is_empty()).ok_or(faults)
}

fn instance(value: &Value) -> (FintechOs, BTreeSet<Wanted>) {
    match read(value) {
        Ok(Destination { kind: DestinationKind::Fintechos(instance), kinds }) => (*instance, kinds),
        Ok(_) => panic!("another kind"),
        Err(faults) => panic!("{faults:?}"),
    }
}

#[test]
fn what_is_not_said_is_as_the_documentation_has_it() {
    let (read, kinds) = instance(&least());
    assert!(matches!(read.sign_in, SignIn::GetToken { .. }));
    assert_eq!(read.token_url.as_str(), "https://globex.example.net/portal/api/Authorize/GetToken");
    assert_eq!(read.call_url.as_str(), "https://globex.example.net/portal/api/openApi/CallAction");
    let ActionCall::CallAction { action, data, user_name } = &read.call else { panic!("another call") };
    assert_eq!((action.as_str(), *data, *user_name), ("FTOS_Onfido_WebHook", DataForm::Text, true));
    let events = BTreeSet::from(["report.completed".to_owned()]);
    assert_eq!(read.content, Content::ProviderEvent { events, report: false });
    assert_eq!((read.token_life.as_secs(), read.success_pointer.as_str()), (300, "/IsSuccess"));
    assert_eq!(kinds, BTreeSet::from([Wanted::Part]));
}

#[test]
fn everything_else_can_be_said() {
    let (read, _) = instance(&json!({
        "kind": "fintechos", "endpoint": "https://acme.example", "sign_in": "keycloak_token", "username": "u",
        "password": "p", "call": "endpoint_api", "action": "Own_1", "token_path": "/t", "token_seconds": 60,
        "success_pointer": "/Result/Ok", "content": "provider_event_with_report", "kinds": ["part"],
        "events": ["report.completed", "check.completed"],
    }));
    assert!(matches!((&read.sign_in, &read.call), (SignIn::KeycloakToken, ActionCall::EndpointApi)));
    assert_eq!(read.token_url.as_str(), "https://acme.example/t");
    let called = "https://acme.example/ftosapi/automation-processors/actions/Own_1";
    assert_eq!(read.call_url.as_str(), called);
    let events = BTreeSet::from(["check.completed".to_owned(), "report.completed".to_owned()]);
    assert_eq!(read.content, Content::ProviderEvent { events, report: true });
    assert_eq!((read.token_life.as_secs(), read.success_pointer.as_str()), (60, "/Result/Ok"));

    // both spellings of the path appear (providers/fintechos.md §3.2), and a culture may be asked for
    let (read, _) = instance(&with("call_path", json!("/api/openApi/CallAction/?culture=en-GB")));
    let called = "https://globex.example.net/portal/api/openApi/CallAction/?culture=en-GB";
    assert_eq!(read.call_url.as_str(), called);

    let (read, kinds) = instance(&with("content", json!("canonical")));
    assert_eq!((read.content, kinds), (Content::Canonical, Wanted::DEFAULT.into_iter().collect()));
}

#[test]
fn every_mistake_is_told_with_its_place_and_never_with_its_value() {
    let mistakes = [
        ("endpoint", json!("http://acme.example"), "delivery.endpoint: must be an https URL"),
        ("endpoint", json!("https://acme.example?a=b"), "delivery.endpoint: must not have a query or a fragment"),
        ("endpoint", Value::Null, "delivery.endpoint: is missing"),
        ("client_id", Value::Null, "delivery.client_id: is missing"),
        ("username", Value::Null, "delivery.username: is missing"),
        ("password", json!(""), "delivery.password: must be a text that is not empty"),
        ("sign_in", json!("basic"), "delivery.sign_in: must be one of get_token, keycloak_token"),
        ("call", json!("plain"), "delivery.call: must be one of call_action, endpoint_api"),
        ("data_form", json!("xml"), "delivery.data_form: must be one of json_text, json_object"),
        ("action", json!("1st/x"), "delivery.action: must begin with a letter and hold only letters, digits and _"),
        ("token_path", json!("api"), "delivery.token_path: must be a path that begins with / and has no fragment"),
        ("token_seconds", json!(0), "delivery.token_seconds: must be a whole number from 1 to 86400"),
        ("success_pointer", json!("Ok"), "delivery.success_pointer: must be a JSON pointer such as /IsSuccess"),
        ("events", json!([]), "delivery.events: must name at least one type of event"),
        ("include_user_name", json!("yes"), "delivery.include_user_name: must be true or false"),
        ("kinds", json!(["status", "part"]), "delivery.kinds: can only be part: the provider's events are about parts"),
        ("passwort", json!("fake"), "delivery.passwort: is not known here"),
    ];
    for (member, value, expected) in mistakes {
        assert_eq!(read(&with(member, value)).err().unwrap(), [expected], "{member}");
    }
    let mut canonical = with("content", json!("canonical"));
    canonical["events"] = json!(["report.completed"]);
    let expected = "delivery.events: is for the provider's events alone, and content is canonical";
    assert_eq!(read(&canonical).err().unwrap(), [expected]);
    let mut newer = with("call", json!("endpoint_api"));
    newer["call_path"] = json!("/actions?a=b");
    let expected = "delivery.call_path: must not have a query where the action's name follows it";
    assert_eq!(read(&newer).err().unwrap(), [expected]);
}

/// A type that is never made would be waited for in vain; but it takes nobody down who was served without it until now.
#[test]
fn a_type_of_event_that_is_never_made_is_a_mistake_in_a_file_alone() {
    let onfido = |own: Option<&Value>| {
        json!({
            "provider": "onfido", "api": {"token": "api_sandbox.fake"}, "webhook": {"hmac": [{"secret": "m"}]},
            "settings": {"report_names": ["document"], "referrer": "https://*.acme.example/*"}, "delivery": own,
        })
    };
    let tenant = |of_all: &Value, own: Option<&Value>| {
        json!({
            "connections": {"main": onfido(own)}, "delivery": of_all,
            "sealing_keys": ["ZXhhbXBsZS1zZWFsaW5nLWtleS1vZi0zMi1ieXRlcy0="],
        })
    };
    let faults = |tenant: &Value| -> Vec<String> {
        let read = crate::config::read_file(&json!({"tenants": {"acme": tenant}}).to_string(), Rules::default());
        read.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    };
    let made = with("events", json!(["report.completed", "check.withdrawn", "workflow_run.completed"]));
    let never = with("events", json!(["report.completed", "report.complete", "check.started"]));
    assert_eq!(faults(&tenant(&made, None)), Vec::<String>::new());
    assert_eq!(faults(&tenant(&least(), Some(&made))), Vec::<String>::new());
    for (place, wrong) in
        [("delivery", tenant(&never, None)), ("connections.main.delivery", tenant(&made, Some(&never)))]
    {
        let told = faults(&wrong);
        assert_eq!(told.len(), 2, "{told:?}");
        for (at, told) in told.iter().enumerate() {
            let place = format!("tenants.acme.{place}.events[{}]: is not known here: may be one of ", at + 1);
            assert!(told.starts_with(&place) && told.contains("check.reopened, check.withdrawn, "), "{told}");
        }
        let acme = crate::domain::Tenant::parse("acme").unwrap();
        assert!(crate::config::read_tenant(&acme, &wrong, Rules::default()).is_ok());
    }
    // nothing goes there by which it could be told
    assert!(read(&never).is_ok());
}
