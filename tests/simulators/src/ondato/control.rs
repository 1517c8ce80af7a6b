//! `/_control/…` on every host: the same levers as the Rust methods, for a demo, a browser or curl.
//!
//! | call | body | what |
//! | --- | --- | --- |
//! | `GET idvs` | | ids in the order of creation |
//! | `GET idvs/{id}` | | its truth |
//! | `POST idvs/{id}/acts` | one act or a list, e.g. `{"act":"decide","approved":true}` | does them; 409 where not possible |
//! | `GET webhooks`, `deliveries`, `events`, `requests`, `base_urls` | | records |
//! | `POST rules/api`, `rules/webhooks` | a rule | its id |
//! | `DELETE rules` | | all rules |
//! | `POST advance` | `{"seconds": 60}` or nothing (to the next repeat) | pushes retry time |
//! | `POST release` | `"as_held"`, `"reversed"`, `{"given": [ids]}` | sends what was held |
//! | `POST subscriptions` | a subscription | adds it |
//! | `DELETE subscriptions` | | all of them |
//! | `PUT style` | a style | how events are spelt from now on |
//! | `DELETE tokens` | | revokes every access token |

use std::{sync::Arc, time::Duration};

use axum::{http::StatusCode, response::Response};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Ondato, act::Act, call::Call, serving, world::Shared};

#[derive(Deserialize)]
struct Advance {
    seconds: u64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Acts {
    One(Act),
    Several(Vec<Act>),
}

struct Refused(StatusCode, String);

pub(crate) fn serve(shared: &Arc<Shared>, call: &Call, path: &str) -> Response {
    let segments: Vec<&str> = path.split('/').collect();
    match handle(&Ondato::over(shared), call, &segments) {
        Ok(answer) => serving::json(StatusCode::OK, &answer),
        Err(Refused(status, message)) => serving::json(status, &json!({"error": message})),
    }
}

fn handle(ondato: &Ondato, call: &Call, segments: &[&str]) -> Result<Value, Refused> {
    match (call.method.as_str(), segments) {
        ("GET", ["base_urls"]) => Ok(ondato.base_urls()),
        ("GET", ["idvs"]) => Ok(json!(ondato.idvs_created())),
        ("GET", ["idvs", id]) => {
            ondato.truth(id).map(|truth| json!(truth)).ok_or_else(|| absent("identity verification"))
        }
        ("GET", ["webhooks"]) => Ok(json!(ondato.webhooks_sent())),
        ("GET", ["deliveries"]) => Ok(json!(ondato.deliveries())),
        ("GET", ["events"]) => Ok(json!(ondato.events())),
        ("GET", ["requests"]) => Ok(json!({"counts": ondato.request_counts(), "requests": ondato.requests()})),
        ("POST", ["idvs", id, "acts"]) => perform(ondato, id, read(call)?),
        ("POST", ["rules", "api"]) => Ok(json!(ondato.misbehave(read(call)?))),
        ("POST", ["rules", "webhooks"]) => Ok(json!(ondato.misdeliver(read(call)?))),
        ("POST", ["advance"]) if call.body.is_empty() => Ok(json!({"moved": ondato.advance_to_next_retry()})),
        ("POST", ["subscriptions"]) => Ok(json!(ondato.subscribe(read(call)?))),
        (_, _) => command(ondato, call, segments).map(|()| json!({"done": true})),
    }
}

fn command(ondato: &Ondato, call: &Call, segments: &[&str]) -> Result<(), Refused> {
    match (call.method.as_str(), segments) {
        ("DELETE", ["rules"]) => ondato.behave(),
        ("POST", ["advance"]) => ondato.advance(Duration::from_secs(read::<Advance>(call)?.seconds)),
        ("POST", ["release"]) => ondato.release(&read(call)?),
        ("DELETE", ["subscriptions"]) => ondato.unsubscribe_all(),
        ("PUT", ["style"]) => ondato.set_style(read(call)?),
        ("DELETE", ["tokens"]) => ondato.revoke_tokens(),
        (_, _) => return Err(absent("control")),
    }
    Ok(())
}

fn perform(ondato: &Ondato, idv: &str, acts: Acts) -> Result<Value, Refused> {
    let acts = match acts {
        Acts::One(act) => vec![act],
        Acts::Several(acts) => acts,
    };
    let events = ondato.perform(idv, acts).map_err(|error| Refused(StatusCode::CONFLICT, error.to_string()))?;
    Ok(json!({"events": events}))
}

fn read<T: DeserializeOwned>(call: &Call) -> Result<T, Refused> {
    serde_json::from_slice(&call.body).map_err(|error| Refused(StatusCode::BAD_REQUEST, error.to_string()))
}

fn absent(what: &str) -> Refused {
    Refused(StatusCode::NOT_FOUND, format!("no such {what}"))
}
