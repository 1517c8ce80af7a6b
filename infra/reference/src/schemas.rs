//! JSON Schemas of what crosses the border, each with its examples.

use idv_gateway::delivery::payload::Event;
use idv_gateway::domain::{Action, Because, ChangeKind, DecidedBy, ErrorCode, Evidence, PartFact, Status, Timestamp};
use idv_gateway::invoke::answer::{Acted, Erased, Got, History, Listed, Started};
use idv_gateway::invoke::request::{Cancel, Erase, Get, List, Resume, Start, Submit, Timeline, UpdateContact};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::pages::Page;
use crate::{ReferenceError, deliveries, invoke};

pub(crate) fn pages() -> Result<Vec<Page>, ReferenceError> {
    let mut pages = Vec::new();
    for action in invoke::ACTIONS {
        let examples: Vec<_> = invoke::examples()?.into_iter().filter(|example| example.action == *action).collect();
        let requests = examples.iter().map(|example| example.request.clone()).collect();
        let answers = examples.iter().map(|example| example.answer.clone()).collect();
        pages.push(page(&format!("{action}.request.json"), requested(action), requests));
        pages.push(page(&format!("{action}.answer.json"), answered(action), answers));
    }
    let refusals = invoke::refusals()?.into_iter().map(|example| example.answer).collect();
    pages.push(page("error.json", refused(), refusals));
    let events = deliveries::examples()?.into_iter().map(|(_, event)| event).collect();
    pages.push(page("event.json", written::<Event>(), events));
    Ok(pages)
}

fn page(name: &str, mut schema: Value, examples: Vec<Value>) -> Page {
    set(&mut schema, "examples", Value::Array(examples));
    Page { path: format!("schemas/{name}"), title: "", about: "", text: format!("{schema:#}\n") }
}

/// What we read.
fn read<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().for_deserialize().into_generator().into_root_schema_for::<T>().to_value()
}

/// What we write.
fn written<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>().to_value()
}

/// The action's own fields, and the two that every request has.
fn requested(action: &str) -> Value {
    let mut schema = match action {
        "start" => read::<Start>(),
        "resume" => read::<Resume>(),
        "submit" => read::<Submit>(),
        "get" => read::<Get>(),
        "timeline" => read::<Timeline>(),
        "list" => read::<List>(),
        "update_contact" => read::<UpdateContact>(),
        "cancel" => read::<Cancel>(),
        _ => read::<Erase>(),
    };
    let action = json!({"description": "What is asked for.", "const": action});
    let tenant = json!({"description": "For which tenant.", "type": "string"});
    if let Some(properties) = schema.pointer_mut("/properties").and_then(Value::as_object_mut) {
        properties.insert("action".to_owned(), action);
        properties.insert("tenant".to_owned(), tenant);
    }
    let mut required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    required.extend([json!("action"), json!("tenant")]);
    set(&mut schema, "required", Value::Array(required));
    schema
}

fn answered(action: &str) -> Value {
    match action {
        "start" | "resume" => written::<Started>(),
        "submit" | "update_contact" | "cancel" => written::<Acted>(),
        "get" => written::<Got>(),
        "timeline" => history(),
        "list" => written::<Listed>(),
        _ => written::<Erased>(),
    }
}

/// A change as `timeline` shows it: the domain's own, member by member, since an answer holds it as it was written. The
/// examples, which are real ones, must fit it, and a member that is not listed does not.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "a schema is made of it and no value")]
struct ShownChange {
    /// From 1, per onboarding, without holes.
    version: u64,
    /// What kind of fact.
    kind: ChangeKind,
    /// When we learned it.
    at: Timestamp,
    /// The status after it.
    status: Status,
    /// The status before it.
    previous: Status,
    /// It changed a settled status.
    #[schemars(default)]
    overturned: bool,
    /// Who decided.
    decided_by: DecidedBy,
    /// Why.
    #[schemars(default)]
    reasons: Vec<Because>,
    /// What is asked.
    action: Option<Action>,
    /// Which part, and where it stands now.
    part: Option<PartFact>,
    /// Which attempt.
    attempt: u8,
    /// By which evidence.
    evidence: Evidence,
}

/// The answer's own schema, with the changes that it holds.
fn history() -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    let change = generator.subschema_for::<ShownChange>().to_value();
    let found = generator.take_definitions(true);
    let mut schema = written::<History>();
    if let Some(changes) = schema.pointer_mut("/properties/changes") {
        set(changes, "items", change);
    }
    if let Some(definitions) = schema.get_mut("$defs").and_then(Value::as_object_mut) {
        definitions.extend(found);
    }
    schema
}

fn refused() -> Value {
    let codes: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Error",
        "description": "Why not. A normal return of the function.",
        "type": "object",
        "required": ["error"],
        "additionalProperties": false,
        "properties": {"error": {
            "type": "object",
            "required": ["code", "message", "retryable"],
            "additionalProperties": false,
            "properties": {
                "code": {"enum": codes},
                "message": {"description": "For the app's developer; its wording may change.", "type": "string"},
                "field": {"description": "Which field of the request.", "type": "string"},
                "retryable": {"description": "Whether the same request may succeed later.", "type": "boolean"},
            },
        }},
    })
}

fn set(schema: &mut Value, name: &str, value: Value) {
    if let Some(members) = schema.as_object_mut() {
        let _: Option<Value> = Map::insert(members, name.to_owned(), value);
    }
}
