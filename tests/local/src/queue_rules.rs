//! A narrow layer over `winterbaume-sqs` 0.2: what AWS documents and it leaves out, where our functions could lean on it.
//!
//! | gap | closed here by |
//! | --- | --- |
//! | `MessageGroupId` is dropped on receive | it travels as a reserved message attribute and comes back as a system attribute |
//! | attributes are returned unasked | only those that the receiver named |
//! | batches, delays, group ids, sizes and characters are not checked | refused with AWS's own error code, a whole batch at a time |
//! | binary attributes lose their value | refused, so that nobody relies on them |
//! | queue URLs name a host outside | they name this stack, so that clients which call the queue's URL arrive |
//! | a missing queue has the old protocol's error code | the JSON protocol's code, and the old one in its header |
//!
//! Known and left: `ApproximateNumberOfMessages` does not count a message that was received and came back; retention never
//! ends; a whole batch is refused where AWS refuses single entries.

use serde_json::{Map, Value, json};

/// SQS's limit for a message, and for all of a batch.
const MAX_BYTES: usize = 1024 * 1024;
/// SQS's longest delay.
const MAX_DELAY_SECONDS: i64 = 900;
/// The attribute that carries the group id through the emulator.
const GROUP: &str = "idv-local.MessageGroupId";
/// The host in the emulator's queue URLs.
const FOREIGN: &str = "https://sqs.";

/// An error as SQS answers it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

fn refused(code: &'static str, message: impl Into<String>) -> Result<(), Refusal> {
    Err(Refusal { code, message: message.into() })
}

/// Checks a request and dresses it for the emulator.
pub(crate) fn inbound(operation: &str, request: &mut Value) -> Result<(), Refusal> {
    match operation {
        "SendMessage" => {
            check_message(request)?;
            hide_group(request);
            Ok(())
        }
        "SendMessageBatch" => {
            check_batch(request)?;
            let mut bytes = 0;
            for entry in entries(request) {
                bytes += check_message(entry)?;
                hide_group(entry);
            }
            if bytes > MAX_BYTES {
                return refused(
                    "com.amazonaws.sqs#BatchRequestTooLong",
                    format!("{bytes} bytes are above {MAX_BYTES}"),
                );
            }
            Ok(())
        }
        "DeleteMessageBatch" | "ChangeMessageVisibilityBatch" => check_batch(request),
        "ReceiveMessage" => match request.get("MaxNumberOfMessages").and_then(Value::as_i64) {
            Some(count) if !(1..=10).contains(&count) => {
                refused("InvalidParameterValue", "MaxNumberOfMessages must be between 1 and 10")
            }
            Some(_) | None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Turns the emulator's answer into SQS's.
pub(crate) fn outbound(operation: &str, request: &Value, answer: &mut Value, own_url: &str) {
    if answer.get("__type").and_then(Value::as_str) == Some("AWS.SimpleQueueService.NonExistentQueue") {
        answer["__type"] = json!("com.amazonaws.sqs#QueueDoesNotExist");
    }
    match operation {
        "CreateQueue" | "GetQueueUrl" => {
            if let Some(url) = answer.get_mut("QueueUrl") {
                rename(url, own_url);
            }
        }
        "ListQueues" => array(answer, "QueueUrls").for_each(|url| rename(url, own_url)),
        "ReceiveMessage" => {
            let system = asked(request, &["MessageSystemAttributeNames", "AttributeNames"]);
            let own = asked(request, &["MessageAttributeNames"]);
            for message in array(answer, "Messages") {
                reveal_group(message);
                keep_asked(message, "Attributes", &system);
                keep_asked(message, "MessageAttributes", &own);
            }
        }
        _ => {}
    }
}

/// The code that clients of the old protocol know, which SQS sends beside: SDKs go by it (`x-amzn-query-error`).
pub(crate) fn old_code(answer: &Value) -> Option<String> {
    let code = answer.get("__type")?.as_str()?.strip_prefix("com.amazonaws.sqs#")?;
    let code = match code {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue".to_owned(),
        "InvalidMessageContents" => code.to_owned(),
        other => format!("AWS.SimpleQueueService.{other}"),
    };
    Some(format!("{code};Sender"))
}

fn array<'a>(value: &'a mut Value, member: &str) -> impl Iterator<Item = &'a mut Value> {
    value.get_mut(member).and_then(Value::as_array_mut).into_iter().flatten()
}

fn entries(request: &mut Value) -> impl Iterator<Item = &mut Value> {
    array(request, "Entries")
}

fn check_batch(request: &Value) -> Result<(), Refusal> {
    let entries = request.get("Entries").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut ids: Vec<&str> = entries.iter().filter_map(|entry| entry.get("Id")?.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    match entries.len() {
        0 => refused("com.amazonaws.sqs#EmptyBatchRequest", "There should be at least one entry in the request."),
        1..=10 if ids.len() < entries.len() => {
            refused("com.amazonaws.sqs#BatchEntryIdsNotDistinct", "Two or more entries have the same Id, or none.")
        }
        1..=10 => Ok(()),
        count => refused("com.amazonaws.sqs#TooManyEntriesInBatchRequest", format!("{count} entries are above 10")),
    }
}

/// Gives the message's size: body and attributes.
fn check_message(message: &Value) -> Result<usize, Refusal> {
    let body = message.get("MessageBody").and_then(Value::as_str).unwrap_or_default();
    if let Some(wrong) = body.chars().find(|c| !permitted(*c)) {
        refused("com.amazonaws.sqs#InvalidMessageContents", format!("U+{:04X} is not permitted", u32::from(wrong)))?;
    }
    if let Some(delay) = message.get("DelaySeconds").and_then(Value::as_i64)
        && !(0..=MAX_DELAY_SECONDS).contains(&delay)
    {
        refused("InvalidParameterValue", format!("DelaySeconds must be between 0 and {MAX_DELAY_SECONDS}"))?;
    }
    if let Some(group) = message.get("MessageGroupId").and_then(Value::as_str)
        && (group.is_empty() || group.len() > 128 || !group.bytes().all(|byte| byte.is_ascii_graphic()))
    {
        refused("InvalidParameterValue", "MessageGroupId is 1 to 128 letters, digits and punctuation")?;
    }
    let attributes = message.get("MessageAttributes").and_then(Value::as_object);
    let mut bytes = body.len();
    for (name, attribute) in attributes.into_iter().flatten() {
        let text = |member: &str| attribute.get(member).and_then(Value::as_str).unwrap_or_default();
        if text("DataType").starts_with("Binary") {
            refused("InvalidParameterValue", "the local queue keeps no binary attributes")?;
        }
        bytes += name.len() + text("DataType").len() + text("StringValue").len();
    }
    if attributes.is_some_and(|attributes| attributes.len() > 10) {
        refused("InvalidParameterValue", "a message has at most 10 attributes")?;
    }
    if bytes > MAX_BYTES {
        refused("InvalidParameterValue", format!("{bytes} bytes are above {MAX_BYTES}"))?;
    }
    Ok(bytes)
}

/// The characters SQS takes: those of XML 1.0.
fn permitted(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

fn hide_group(message: &mut Value) {
    let Some(group) = message.get("MessageGroupId").cloned() else {
        return;
    };
    let Some(message) = message.as_object_mut() else {
        return;
    };
    let attributes = message.entry("MessageAttributes").or_insert_with(|| json!({}));
    if attributes.is_null() {
        *attributes = json!({});
    }
    attributes[GROUP] = json!({"DataType": "String", "StringValue": group});
}

fn reveal_group(message: &mut Value) {
    let hidden = message.get_mut("MessageAttributes").and_then(Value::as_object_mut);
    let Some(group) = hidden.and_then(|attributes| attributes.remove(GROUP)) else {
        return;
    };
    if let Some(attributes) = message.get_mut("Attributes").and_then(Value::as_object_mut) {
        attributes.insert("MessageGroupId".to_owned(), group["StringValue"].clone());
    }
}

fn asked(request: &Value, members: &[&str]) -> Vec<String> {
    let lists = members.iter().filter_map(|member| request.get(member)?.as_array());
    lists.flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn keep_asked(message: &mut Value, member: &str, asked: &[String]) {
    let Some(message) = message.as_object_mut() else {
        return;
    };
    let wanted = |name: &str| {
        asked.iter().any(|one| match one.strip_suffix(".*") {
            Some(prefix) => name.starts_with(prefix),
            None => one == "All" || one == name,
        })
    };
    let kept: Map<String, Value> = match message.remove(member) {
        Some(Value::Object(all)) => all.into_iter().filter(|(name, _)| wanted(name)).collect(),
        Some(_) | None => return,
    };
    if !kept.is_empty() {
        message.insert(member.to_owned(), Value::Object(kept));
    }
}

fn rename(url: &mut Value, own_url: &str) {
    let path = url.as_str().and_then(|url| url.strip_prefix(FOREIGN)?.split_once('/'));
    if let Some(renamed) = path.map(|(_, path)| format!("{own_url}/{path}")) {
        *url = Value::String(renamed);
    }
}

#[cfg(test)]
#[path = "queue_rules_tests.rs"]
mod tests;
