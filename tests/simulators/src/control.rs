//! `/_control/…`: the levers that every simulator has, over HTTP. Its own are in the module of the same name there.

use std::time::Duration;

use axum::{http::StatusCode, response::Response};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    answers,
    call::Call,
    rules::RuleId,
    simulator::{Simulated, Simulator},
};

/// Why a control call is not done.
pub(crate) struct Refused(StatusCode, String);

#[derive(Deserialize)]
struct Length {
    seconds: u64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Acts<A> {
    One(A),
    Several(Vec<A>),
}

/// What follows `/_control/`, if that is what is called.
pub(crate) fn segments<H>(call: &Call<H>) -> Option<Vec<&str>> {
    Some(call.path.strip_prefix("/_control/")?.split('/').collect())
}

pub(crate) fn answer(handled: Result<Value, Refused>) -> Response {
    match handled {
        Ok(answer) => answers::json(StatusCode::OK, &answer),
        Err(Refused(status, message)) => answers::json(status, &json!({"error": message})),
    }
}

pub(crate) fn read<T: DeserializeOwned>(call: &Call<impl Sized>) -> Result<T, Refused> {
    serde_json::from_slice(&call.body).map_err(|error| Refused(StatusCode::BAD_REQUEST, error.to_string()))
}

/// `{"seconds": 60}`
pub(crate) fn length<H>(call: &Call<H>) -> Result<Duration, Refused> {
    Ok(Duration::from_secs(read::<Length>(call)?.seconds))
}

pub(crate) fn rule_id(text: &str) -> Result<RuleId, Refused> {
    text.parse().map(RuleId).map_err(|_| absent("rule"))
}

pub(crate) fn absent(what: &str) -> Refused {
    Refused(StatusCode::NOT_FOUND, format!("no such {what}"))
}

/// What cannot be done as things are.
pub(crate) fn conflict(why: &impl ToString) -> Refused {
    Refused(StatusCode::CONFLICT, why.to_string())
}

pub(crate) fn done() -> Value {
    json!({"done": true})
}

/// How many, where nothing is said.
pub(crate) fn one<N: From<u8>>() -> N {
    N::from(1)
}

/// One act or a list of them.
pub(crate) fn perform<W: Simulated, H>(simulator: &Simulator<W>, id: &str, call: &Call<H>) -> Result<Value, Refused> {
    let acts = match read(call)? {
        Acts::One(act) => vec![act],
        Acts::Several(acts) => acts,
    };
    let events = simulator.perform(id, acts);
    Ok(json!({"events": events.map_err(|error| Refused(StatusCode::CONFLICT, error.to_string()))?}))
}

/// Records, rules, retry time, held webhooks.
pub(crate) fn lever<W: Simulated, H>(
    simulator: &Simulator<W>,
    call: &Call<H>,
    segments: &[&str],
) -> Result<Value, Refused> {
    match (call.method.as_str(), segments) {
        ("GET", segments) => return record(simulator, segments),
        ("POST", ["rules", "api"]) => return Ok(json!(simulator.misbehave(read(call)?))),
        ("POST", ["rules", "webhooks"]) => return Ok(json!(simulator.misdeliver(read(call)?))),
        ("DELETE", ["rules"]) => simulator.behave(),
        ("DELETE", ["rules", id]) => simulator.remove_rule(rule_id(id)?),
        ("POST", ["advance"]) if call.body.is_empty() => {
            return Ok(json!({"moved": simulator.advance_to_next_retry()}));
        }
        ("POST", ["advance"]) => simulator.advance(length(call)?),
        ("POST", ["release"]) => simulator.release(&read(call)?),
        (_, _) => return Err(absent("control")),
    }
    Ok(done())
}

fn record<W: Simulated>(simulator: &Simulator<W>, segments: &[&str]) -> Result<Value, Refused> {
    match segments {
        ["webhooks"] => Ok(json!(simulator.webhooks_sent())),
        ["deliveries"] => Ok(json!(simulator.deliveries())),
        ["requests"] => Ok(json!({
            "counts": simulator.request_counts(), "paths": simulator.path_counts(), "requests": simulator.requests(),
        })),
        _ => Err(absent("record")),
    }
}
