//! A FintechOS instance as a destination. Whatever the fact sheet assumes is a setting, with the assumed value where
//! nothing is said (providers/fintechos.md §4).

use std::collections::BTreeSet;
use std::time::Duration;

use url::Url;

use crate::ports::{Account, ActionCall, Content, DataForm, DestinationKind, FintechOs, SignIn};
use crate::section::{Section, absolute_url};

use super::Rules;

const GET_TOKEN: &str = "/api/Authorize/GetToken";
const KEYCLOAK_TOKEN: &str = "/ftosapi/authentication/keycloakToken";
const CALL_ACTION: &str = "/api/openApi/CallAction";
/// The action's name follows.
const ENDPOINT_API: &str = "/ftosapi/automation-processors/actions";
const ACTION: &str = "FTOS_Onfido_WebHook";
const EVENT: &str = "report.completed";
const SUCCESS: &str = "/IsSuccess";
const TOKEN_SECONDS: u32 = 300;
/// The life of a token is not known; more than a day would be a mistake.
const MOST_TOKEN_SECONDS: u32 = 24 * 60 * 60;

/// Reads it; none after faults.
pub(super) fn instance(section: &mut Section<'_>, rules: Rules) -> Option<DestinationKind> {
    let endpoint = endpoint(section, rules);
    let (username, password) = (section.secret("username"), section.secret("password"));
    let (sign_in, token_path) = sign_in(section);
    let (call, call_path) = call(section);
    let token_url = path(section, "token_path", token_path).and_then(|path| below(endpoint.as_ref()?, &path));
    let call_url = call_path.and_then(|path| below(endpoint.as_ref()?, &path));
    let content = content(section);
    let seconds = section.number("token_seconds", 1, MOST_TOKEN_SECONDS).unwrap_or(TOKEN_SECONDS);
    let success_pointer = section.parsed("success_pointer", pointer).unwrap_or_else(|| SUCCESS.to_owned());
    Some(DestinationKind::Fintechos(Box::new(FintechOs {
        sign_in: sign_in?,
        token_url: token_url?,
        username: username?,
        password: password?,
        call,
        call_url: call_url?,
        content,
        token_life: Duration::from_secs(u64::from(seconds)),
        success_pointer,
    })))
}

/// Origin and, where there is one, path: what is below it is joined to it.
fn endpoint(section: &mut Section<'_>, rules: Rules) -> Option<Url> {
    section.required("endpoint")?;
    let url = section.url("endpoint")?;
    if url.scheme() != "https" && !rules.local_targets {
        section.fault("endpoint", "must be an https URL");
    }
    if url.query().is_some() || url.fragment().is_some() {
        section.fault("endpoint", "must not have a query or a fragment");
    }
    Some(url)
}

/// With the path that is usual for it.
fn sign_in(section: &mut Section<'_>) -> (Option<SignIn>, &'static str) {
    let newer = section.one_of("sign_in", &[("get_token", false), ("keycloak_token", true)]).unwrap_or(false);
    if newer {
        // said in vain, but such a configuration may come from one that signed in the other way
        section.text("client_id");
        (Some(SignIn::KeycloakToken), KEYCLOAK_TOKEN)
    } else {
        (section.secret("client_id").map(|client_id| SignIn::GetToken { client_id }), GET_TOKEN)
    }
}

/// With its path.
fn call(section: &mut Section<'_>) -> (ActionCall, Option<String>) {
    let action = section.parsed("action", action_name).unwrap_or_else(|| ACTION.to_owned());
    let data = section.one_of("data_form", &[("json_text", DataForm::Text), ("json_object", DataForm::Object)]);
    let data = data.unwrap_or(DataForm::Text);
    let user_name = section.flag("include_user_name", true);
    let newer = section.one_of("call", &[("call_action", false), ("endpoint_api", true)]).unwrap_or(false);
    if !newer {
        return (ActionCall::CallAction { action, data, user_name }, path(section, "call_path", CALL_ACTION));
    }
    let path = path(section, "call_path", ENDPOINT_API);
    if path.as_ref().is_some_and(|path| path.contains('?')) {
        section.fault("call_path", "must not have a query where the action's name follows it");
    }
    (ActionCall::EndpointApi, path.map(|path| format!("{}/{action}", path.trim_end_matches('/'))))
}

fn content(section: &mut Section<'_>) -> Content {
    let words = [("provider_event", Some(false)), ("provider_event_with_report", Some(true)), ("canonical", None)];
    let report = section.one_of("content", &words).unwrap_or(Some(false));
    let said = section.value("events").is_some();
    let events: BTreeSet<String> = section.texts("events").into_iter().map(str::to_owned).collect();
    match report {
        None if said => {
            section.fault("events", "is for the provider's events alone, and content is canonical");
            Content::Canonical
        }
        None => Content::Canonical,
        Some(report) => {
            if said && events.is_empty() {
                section.fault("events", "must name at least one type of event");
            }
            let events = if said { events } else { BTreeSet::from([EVENT.to_owned()]) };
            Content::ProviderEvent { events, report }
        }
    }
}

/// Whether the providers of those connections have events, and make each that is wanted. A type that none of them makes
/// would be waited for in vain; in a secret it may be a later version's, and takes nothing down.
pub(super) fn fitting<'a>(section: &mut Section<'_>, served: impl Iterator<Item = (&'a str, &'a dyn Account)>) {
    let mut made = BTreeSet::new();
    for (connection, account) in served {
        if account.events().is_empty() {
            let provider = account.provider();
            let why =
                format!("of {provider} no events can be made, which connection {connection} needs: only canonical");
            section.fault("content", why);
        }
        made.extend(account.events().iter().copied());
    }
    if made.is_empty() {
        return;
    }
    let faults = section.faults().clone();
    let known = made.iter().copied().collect::<Vec<_>>().join(", ");
    for (place, value) in section.items("events") {
        if value.as_str().is_some_and(|word| !made.contains(word)) {
            faults.unknown(&place, &known);
        }
    }
}

fn path(section: &mut Section<'_>, name: &str, default: &str) -> Option<String> {
    if section.value(name).is_none() {
        return Some(default.to_owned());
    }
    section.parsed(name, |text| {
        let fits = text.starts_with('/') && !text.contains('#');
        if fits { Ok(text.to_owned()) } else { Err("must be a path that begins with / and has no fragment") }
    })
}

fn below(endpoint: &Url, path: &str) -> Option<Url> {
    absolute_url(&format!("{}{path}", endpoint.as_str().trim_end_matches('/'))).ok()
}

/// As the instance's own studio wants it (providers/fintechos.md §3.2), so that it can stand in an address.
fn action_name(text: &str) -> Result<String, &'static str> {
    let letters = text.starts_with(|first: char| first.is_ascii_alphabetic());
    let fits = letters && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if fits { Ok(text.to_owned()) } else { Err("must begin with a letter and hold only letters, digits and _") }
}

fn pointer(text: &str) -> Result<String, &'static str> {
    if text.starts_with('/') { Ok(text.to_owned()) } else { Err("must be a JSON pointer such as /IsSuccess") }
}
