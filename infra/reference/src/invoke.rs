//! What apps invoke: every action with a request and the answer to it.
//!
//! Requests are read by the gateway's own reader before they are shown; answers are made of the gateway's own types.

use std::collections::BTreeMap;

use idv_gateway::domain::{Onboarding, Status};
use idv_gateway::invoke::answer::{Acted, Erased, Got, Link, Listed, Refusal, Sdk, Started, history, shown};
use idv_gateway::invoke::request::Request;
use serde::Serialize;
use serde_json::{Value, json};

use crate::ReferenceError;
use crate::cases::{self, ONBOARDING, REFERENCE, TENANT};
use crate::pages::Page;
use crate::staged::Staged;
use crate::table::{code, table};

/// Every action, in the order of the page.
pub const ACTIONS: &[&str] =
    &["start", "resume", "submit", "get", "timeline", "list", "update_contact", "cancel", "erase"];

/// A request and its answer.
#[derive(Debug, Clone)]
pub struct Example {
    /// The action.
    pub action: &'static str,
    /// When it is answered so.
    pub when: &'static str,
    /// What is sent.
    pub request: Value,
    /// What comes back.
    pub answer: Value,
}

pub(crate) fn page() -> Result<Page, ReferenceError> {
    let rows = ACTIONS.iter().map(|action| vec![format!("[`{action}`](#{action})"), about(action).to_owned()]);
    let mut body = format!(
        "Apps invoke `onboarding-initiator` with a JSON object. Whoever may invoke the alias `t-{{tenant}}` acts for that \
         tenant and no other. `details`, `cancel` and `erase` must be listed in the tenant's `allowed_actions`.\n\n\
         What writes takes an `idempotency_key`: the same key with the same content never makes a second onboarding, \
         with other content it is a `conflict`.\n\n{}\n",
        table(&["action", "what"], rows)
    );
    for action in ACTIONS {
        body.push_str(&format!("## {action}\n\n{}\n\n", about(action)));
        body.push_str(&format!(
            "Schemas: [request](schemas/{action}.request.json), [answer](schemas/{action}.answer.json).\n\n"
        ));
        for example in examples()?.iter().filter(|example| example.action == *action) {
            body.push_str(&shown_example(example));
        }
    }
    body.push_str("## Refusals\n\nSchema: [error](schemas/error.json). Codes: [errors.md](errors.md).\n\n");
    for example in refusals()? {
        body.push_str(&shown_example(&example));
    }
    Ok(Page::of("invoke.md", "Invoke", "What an app asks for, and what it is answered.", &body))
}

fn about(action: &str) -> &'static str {
    match action {
        "start" => "Begins an onboarding and answers with the link, or with the token for the provider's SDK.",
        "resume" => "Gives a fresh link: of the same attempt while it lives, else of the next one under the same id.",
        "submit" => "Says that capture is done, where a provider has to be told.",
        "get" => "Reads one onboarding, by id or by the app's reference (the newest).",
        "timeline" => "Reads its whole history: what changed, when, why, by which evidence. No personal data.",
        "list" => "Reads a page of a tenant's onboardings, newest first.",
        "update_contact" => "Changes an e-mail address or a phone number, where the provider allows it.",
        "cancel" => "Withdraws. Looks go on, the status does not; a decision that still comes is noted.",
        _ => "Destroys what is known, and asks the provider to delete. Repeating it goes on where it stopped.",
    }
}

fn shown_example(example: &Example) -> String {
    let code = code(example.action);
    format!(
        "{}:\n\n```json\n{:#}\n```\n\n{code} answers:\n\n```json\n{:#}\n```\n\n",
        example.when, example.request, example.answer
    )
}

/// Every example that succeeds; each request was taken by the gateway's reader.
///
/// # Errors
/// One was not.
pub fn examples() -> Result<Vec<Example>, ReferenceError> {
    let (started, approved) = (cases::started()?, cases::approved()?);
    let mut all = starts(&started)?;
    all.extend(reads(&approved)?);
    all.extend(acts(&started, &approved)?);
    Ok(all)
}

fn starts(started: &Onboarding) -> Result<Vec<Example>, ReferenceError> {
    let link = |id: &str| Link {
        url: format!("https://idv.ondato.com/?id={id}"),
        expires_at: started.truth.attempt().and_then(|attempt| attempt.link_expires_at),
        embed: "never".to_owned(),
    };
    let id = cases::verification()?.id;
    let with_link = Started {
        onboarding_id: started.key.id.clone(),
        status: started.truth.status,
        attempt: 1,
        link: Some(link(id.as_str())),
        sdk: None,
    };
    let ids = BTreeMap::from([("identity_verification".to_owned(), id.to_string())]);
    let expires_at = with_link.link.as_ref().and_then(|link| link.expires_at);
    let sdk = Sdk { token: id.to_string(), expires_at, ids };
    let with_sdk = Started { link: None, sdk: Some(sdk), ..with_link.clone() };
    let again = Started { attempt: 2, link: Some(link("0d8b6c3e-7f21-4a5b-9c8d-e1f2a3b4c505")), ..with_link.clone() };
    Ok(vec![
        example("start", "A link", start("link", "signup-8731-1"), &with_link)?,
        example("start", "A token for the provider's SDK", start("sdk", "signup-8731-2"), &with_sdk)?,
        example(
            "resume",
            "The first link has died",
            json!({
                "action": "resume", "tenant": TENANT, "onboarding_id": ONBOARDING,
                "return_url": "https://app.example.com/done", "idempotency_key": "resume-8731-1",
                "subject": {"firstName": "Jane", "lastName": "Example"},
            }),
            &again,
        )?,
    ])
}

fn start(channel: &str, key: &str) -> Value {
    json!({
        "action": "start", "tenant": TENANT, "connection": cases::CONNECTION, "reference": REFERENCE,
        "subject": {
            "kind": "individual", "firstName": "Jane", "lastName": "Example", "dateOfBirth": "1990-01-01",
            "email": "jane@example.com", "phoneNumber": "+37060000000", "countryCode": "LT",
        },
        "channel": channel, "return_url": "https://app.example.com/done", "options": {"language": "en-GB"},
        "idempotency_key": key,
    })
}

fn reads(approved: &Onboarding) -> Result<Vec<Example>, ReferenceError> {
    let got = Got { onboarding: shown(approved), others: 0, link: None, sdk: None, details: None };
    let asked = Got { onboarding: shown(&cases::asked_again()?), others: 1, link: None, sdk: None, details: None };
    let listed = Listed { onboardings: vec![shown(approved)], cursor: None };
    let history = history(approved.key.id.clone(), &approved.truth.changes);
    Ok(vec![
        example("get", "By id", json!({"action": "get", "tenant": TENANT, "onboarding_id": ONBOARDING}), &got)?,
        example(
            "get",
            "The newest of a reference, after a look at the provider",
            json!({
                "action": "get", "tenant": TENANT, "reference": REFERENCE, "refresh": true,
            }),
            &asked,
        )?,
        example(
            "timeline",
            "All of it",
            json!({
                "action": "timeline", "tenant": TENANT, "onboarding_id": ONBOARDING,
            }),
            &history,
        )?,
        example(
            "list",
            "The approved ones since a time",
            json!({
                "action": "list", "tenant": TENANT, "status": "approved", "connection": cases::CONNECTION,
                "updated_after": "2026-11-19T00:00:00Z", "limit": 25,
            }),
            &listed,
        )?,
    ])
}

fn acts(started: &Onboarding, approved: &Onboarding) -> Result<Vec<Example>, ReferenceError> {
    let acted = |onboarding: &Onboarding, status| Acted { onboarding_id: onboarding.key.id.clone(), status };
    let cancelled = acted(started, Status::Cancelled);
    let erased = Erased {
        onboarding_id: approved.key.id.clone(),
        erased_at: approved.truth.updated_at,
        provider: vec![cases::verification()?],
        not_at_provider: Vec::new(),
        why: Vec::new(),
    };
    Ok(vec![
        example(
            "submit",
            "Where the provider has to be told (none that is there)",
            json!({
                "action": "submit", "tenant": TENANT, "onboarding_id": ONBOARDING, "idempotency_key": "submit-8731-1",
            }),
            &acted(started, started.truth.status),
        )?,
        example(
            "update_contact",
            "Where the provider allows it (Intergiro)",
            json!({
                "action": "update_contact", "tenant": TENANT, "onboarding_id": ONBOARDING, "email": "jane@example.com",
                "idempotency_key": "contact-8731-1",
            }),
            &acted(started, started.truth.status),
        )?,
        example(
            "cancel",
            "While it is open",
            json!({
                "action": "cancel", "tenant": TENANT, "onboarding_id": ONBOARDING, "idempotency_key": "cancel-8731-1",
            }),
            &cancelled,
        )?,
        example(
            "erase",
            "The receipt",
            json!({
                "action": "erase", "tenant": TENANT, "onboarding_id": ONBOARDING, "idempotency_key": "erase-8731-1",
            }),
            &erased,
        )?,
    ])
}

/// A `start` for one provider: whose tenant and reference it is stands beside what the page is about. Each was taken by the
/// gateway's reader and by the connection of the example.
pub(crate) fn of_provider(mut request: Value) -> Result<String, ReferenceError> {
    let members = request.as_object_mut().ok_or_else(|| cases::wrong("no object"))?;
    members.extend(
        [("action", "start"), ("tenant", TENANT), ("reference", REFERENCE)]
            .map(|(name, value)| (name.to_owned(), json!(value))),
    );
    let refused = |refusal: Refusal| ReferenceError::Example("start", refusal.json().to_string());
    Request::read(request.clone()).map_err(refused)?;
    let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
    let part = |name: &str| request.get(name).cloned().unwrap_or_default();
    let mut subject = part("subject");
    subject.as_object_mut().and_then(|subject| subject.remove("kind"));
    Staged::of(text("connection"), &[])?.begun(subject, part("options"))?;
    Ok(format!("A request:\n\n```json\n{request:#}\n```\n"))
}

/// Requests that the gateway's reader refuses, with its own words.
pub(crate) fn refusals() -> Result<Vec<Example>, ReferenceError> {
    let mut without_key = start("link", "");
    if let Some(members) = without_key.as_object_mut() {
        members.remove("idempotency_key");
    }
    let get = |field: &str, value: Value| json!({"action": "get", "tenant": TENANT, field: value});
    let cases = [
        ("A missing field", "start", without_key),
        ("A wrong value", "get", get("onboarding_id", json!("8731"))),
        ("A field that is not known", "get", get("id", json!(ONBOARDING))),
    ];
    let mut all = Vec::new();
    for (when, action, request) in cases {
        let refusal = Request::read(request.clone()).err();
        let refusal = refusal.ok_or_else(|| ReferenceError::Example(action, "is not refused".to_owned()))?;
        all.push(Example { action, when, request, answer: refusal.json() });
    }
    Ok(all)
}

fn example(
    action: &'static str,
    when: &'static str,
    request: Value,
    answer: &impl Serialize,
) -> Result<Example, ReferenceError> {
    let refused = |refusal: Refusal| ReferenceError::Example(action, refusal.json().to_string());
    Request::read(request.clone()).map_err(refused)?;
    let answer = serde_json::to_value(answer).map_err(|error| ReferenceError::Example(action, error.to_string()))?;
    Ok(Example { action, when, request, answer })
}
