//! The verifier and the relay: the same words, through links and calls that we sign.

use data_encoding::HEXLOWER;
use idv_gateway::domain::Resource;
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::Response;
use idv_gateway::secret::Secret;
use ring::hmac;
use serde_json::{Value, json};

use super::{UNKNOWN, USER, event, nothing, row};
use crate::cases::wrong;
use crate::staged::{Staged, at_once, exchange_refusal};
use crate::{EXAMPLE_CONFIGURATION, ReferenceError};

const CONNECTIONS: [&str; 2] = ["fractal-verifier", "fractal-relay"];
const WORDS: [&str; 4] = ["pending", "approved", "rejected", UNKNOWN];

/// Makes an answer about a person's data.
type Answered = fn() -> Response;

/// What a one-time token's answer says of the run.
enum Names {
    Ours,
    Anothers,
    None,
}

pub(super) fn rows() -> Result<Vec<Vec<String>>, ReferenceError> {
    let mut rows = vec![titled("the person has not come back", |name| {
        let stage = Staged::of(name, &[])?;
        let run = stage.begun(nothing(), json!({"level": "basic"}))?;
        stage.looked(&run)
    })?];
    for word in WORDS {
        let title = if word == UNKNOWN { "anything else".to_owned() } else { format!("`{word}`") };
        rows.push(titled(&title, |name| meaning(name, word, || data(Some("basic"))))?);
    }
    let of_data: [(&str, Answered); 3] = [
        ("`approved`, of another level than was asked for", || data(Some("uniqueness"))),
        ("`approved`, and their data name no level", || data(None)),
        ("`approved`, and our key may not read their data (403)", || empty(403)),
    ];
    for (title, answered) in of_data {
        rows.push(titled(title, |name| meaning(name, "approved", answered))?);
    }
    for (title, names) in [
        ("a one-time token whose answer names another run", Names::Anothers),
        ("a one-time token whose answer names no run", Names::None),
    ] {
        rows.push(titled(title, |name| {
            let stage = Staged::of(name, &[])?;
            let run = stage.begun(nothing(), json!({"level": "basic"}))?;
            Ok(come(&stage, &run, &names)?.unwrap_or_else(|| "taken".to_owned()))
        })?);
    }
    Ok(rows)
}

fn titled(title: &str, cell: impl Fn(&str) -> Result<String, ReferenceError>) -> Result<Vec<String>, ReferenceError> {
    let mut row = vec![title.to_owned()];
    for name in CONNECTIONS {
        row.push(cell(name)?);
    }
    Ok(row)
}

/// Data that name this level.
fn data(level: Option<&str>) -> Response {
    answer(200, &json!({"review": {"levelName": level}}))
}

/// Of a status, where data are asked for this is answered.
fn meaning(name: &str, word: &'static str, answered: Answered) -> Result<String, ReferenceError> {
    let stage = Staged::of(name, &[])?;
    let run = stage.begun(nothing(), json!({"level": "basic"}))?;
    if let Some(refused) = come(&stage, &run, &Names::Ours)? {
        return Err(wrong(refused));
    }
    stage.answers(move |call| {
        let asks = |of: &str| call.line() == format!("GET /public/kyc/{USER}/{of}");
        Ok(if asks("status") {
            answer(200, &json!({"status": word}))
        } else if asks("data") {
            answered()
        } else {
            empty(404)
        })
    });
    stage.looked(&run)
}

/// The person comes back with a one-time token; why it is not taken, if it is not.
fn come(stage: &Staged, run: &Resource, names: &Names) -> Result<Option<String>, ReferenceError> {
    let named = match names {
        Names::Ours => Some(run.id.as_str()),
        Names::Anothers => Some("another"),
        Names::None => None,
    };
    let body = json!({"userId": USER, "state": "pending", "externalState": named});
    stage.answers(move |_| Ok(answer(200, &body)));
    let connection = stage.connection()?;
    let token = Secret::from("one-time-token".to_owned());
    let came = at_once(connection.account.exchange(stage.reach(connection), run, Some(&token)))?;
    Ok(came.err().map(|error| exchange_refusal(&error).to_owned()))
}

/// Both generations' webhooks are reduced alike, or there is no page.
pub(super) fn events() -> Result<Vec<Vec<String>>, ReferenceError> {
    let mut both = Vec::new();
    for name in CONNECTIONS {
        let stage = Staged::of(name, &[])?;
        let example: Value = serde_json::from_str(EXAMPLE_CONFIGURATION).map_err(|error| wrong(error.to_string()))?;
        let place = format!("/tenants/acme/connections/{name}/webhook/hmac/0/secret");
        let secret = example.pointer(&place).and_then(Value::as_str).ok_or_else(|| wrong(format!("no {place}")))?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let mut rows = Vec::new();
        for status in ["approved", "rejected", "pending", UNKNOWN] {
            let body = json!({"id": USER, "status": status, "note": "is never kept"});
            let signature = HEXLOWER.encode(hmac::sign(&key, body.to_string().as_bytes()).as_ref());
            rows.push(row(status, &event(&stage, &signature, &body)?));
        }
        both.push(rows);
    }
    let rows = both.pop().ok_or_else(|| wrong("no generation"))?;
    if both.contains(&rows) { Ok(rows) } else { Err(wrong("verifier and relay tell differently")) }
}
