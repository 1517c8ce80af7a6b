//! `/_control/…` on both hosts: the same levers as the Rust methods, for a demo, a browser or curl.
//!
//! | call | body | what |
//! | --- | --- | --- |
//! | `GET individuals`, `individuals/{id}` | | ids in the order of creation; the truth of one |
//! | `POST individuals/{id}/acts` | one act or a list, e.g. `{"act":"request","action":"IdentityVerification"}` | does them; 409 where not possible |
//! | `DELETE individuals/{id}` | | forgets it: every GET answers 404 |
//! | `POST individuals/{id}/webhooks` | | sends all of its webhooks again |
//! | `GET webhooks`, `deliveries`, `events`, `requests`, `sign_ins`, `base_urls`, `pages_url` | | records |
//! | `POST events` | `{"name": "PaymentSettled", "count": 3}` | events about nobody |
//! | `POST forge` | a forgery, e.g. `{"url": "…", "count": 1000}` | sends them; answers by code |
//! | `POST rules/api`, `rules/webhooks` | a rule | its id |
//! | `DELETE rules`, `rules/{id}` | | all rules, one |
//! | `POST advance` | `{"seconds": 60}` or nothing (to the next repeat) | pushes retry time |
//! | `POST release` | `"as_held"`, `"reversed"`, `{"given": [ids]}` | sends what was held |
//! | `POST subscriptions` | `{"url": "…", "programme": "…"}` | adds a webhook URL; its id |
//! | `DELETE subscriptions` | | all of them |
//! | `POST tokens/expire`, `tokens/advance` | none, `{"seconds": 900}` | ends access tokens, pushes their time |
//! | `DELETE sessions` | | ends every login session |
//! | `DELETE keys/{api_key}`, `POST keys` | none, `{"programme": "…"}` | revokes a key, gives a new one |

use std::{sync::Arc, time::Duration};

use axum::{http::StatusCode, response::Response};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Intergiro, act::Act, call::Call, world::Shared};
use crate::{answers, rules::RuleId};

#[derive(Deserialize)]
struct Advance {
    seconds: u64,
}

#[derive(Deserialize)]
struct Others {
    name: String,
    #[serde(default = "one")]
    count: u32,
}

#[derive(Deserialize)]
struct Named {
    programme: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Acts {
    One(Act),
    Several(Vec<Act>),
}

struct Refused(StatusCode, String);

pub(crate) async fn serve(shared: &Arc<Shared>, call: &Call, path: &str) -> Response {
    let segments: Vec<&str> = path.split('/').collect();
    let intergiro = Intergiro::over(shared);
    let handled = match (call.method.as_str(), segments.as_slice()) {
        ("POST", ["forge"]) => match read(call) {
            Ok(forgery) => Ok(json!(intergiro.forge(forgery).await)),
            Err(refused) => Err(refused),
        },
        ("GET", segments) => seen(&intergiro, segments),
        (_, segments) => changed(&intergiro, call, segments),
    };
    match handled {
        Ok(answer) => answers::json(StatusCode::OK, &answer),
        Err(Refused(status, message)) => answers::json(status, &json!({"error": message})),
    }
}

fn seen(intergiro: &Intergiro, segments: &[&str]) -> Result<Value, Refused> {
    match segments {
        ["base_urls"] => Ok(intergiro.base_urls()),
        ["pages_url"] => Ok(json!(intergiro.pages_url())),
        ["individuals"] => Ok(json!(intergiro.individuals_created())),
        ["individuals", id] => intergiro.truth(id).map(|truth| json!(truth)).ok_or_else(|| absent("individual")),
        ["webhooks"] => Ok(json!(intergiro.webhooks_sent())),
        ["deliveries"] => Ok(json!(intergiro.deliveries())),
        ["events"] => Ok(json!(intergiro.events())),
        ["requests"] => Ok(json!({
            "counts": intergiro.request_counts(), "paths": intergiro.path_counts(), "requests": intergiro.requests(),
        })),
        ["sign_ins"] => Ok(json!(intergiro.sign_ins())),
        _ => Err(absent("record")),
    }
}

fn changed(intergiro: &Intergiro, call: &Call, segments: &[&str]) -> Result<Value, Refused> {
    match (call.method.as_str(), segments) {
        ("POST", ["individuals", id, "acts"]) => perform(intergiro, id, read(call)?),
        ("POST", ["events"]) => {
            let others: Others = read(call)?;
            Ok(json!({"events": intergiro.other_events(None, &others.name, others.count)}))
        }
        ("POST", ["rules", "api"]) => Ok(json!(intergiro.misbehave(read(call)?))),
        ("POST", ["rules", "webhooks"]) => Ok(json!(intergiro.misdeliver(read(call)?))),
        ("POST", ["advance"]) if call.body.is_empty() => Ok(json!({"moved": intergiro.advance_to_next_retry()})),
        ("POST", ["subscriptions"]) => Ok(json!(intergiro.subscribe(read(call)?))),
        ("POST", ["keys"]) => Ok(json!({"api_key": intergiro.new_key(&read::<Named>(call)?.programme)})),
        (_, _) => command(intergiro, call, segments).map(|()| json!({"done": true})),
    }
}

fn command(intergiro: &Intergiro, call: &Call, segments: &[&str]) -> Result<(), Refused> {
    match (call.method.as_str(), segments) {
        ("DELETE", ["individuals", id]) => intergiro.forget(id),
        ("POST", ["individuals", id, "webhooks"]) => intergiro.send_again(id),
        ("DELETE", ["rules"]) => intergiro.behave(),
        ("DELETE", ["rules", id]) => intergiro.remove_rule(RuleId(id.parse().map_err(|_| absent("rule"))?)),
        ("POST", ["advance"]) => intergiro.advance(Duration::from_secs(read::<Advance>(call)?.seconds)),
        ("POST", ["release"]) => intergiro.release(&read(call)?),
        ("DELETE", ["subscriptions"]) => intergiro.unsubscribe_all(),
        ("POST", ["tokens", "expire"]) => intergiro.expire_access_tokens(),
        ("POST", ["tokens", "advance"]) => {
            intergiro.advance_tokens(Duration::from_secs(read::<Advance>(call)?.seconds));
        }
        ("DELETE", ["sessions"]) => intergiro.end_sessions(),
        ("DELETE", ["keys", key]) => intergiro.revoke_key(key),
        (_, _) => return Err(absent("control")),
    }
    Ok(())
}

fn perform(intergiro: &Intergiro, individual: &str, acts: Acts) -> Result<Value, Refused> {
    let acts = match acts {
        Acts::One(act) => vec![act],
        Acts::Several(acts) => acts,
    };
    let done = intergiro.perform(individual, acts);
    let events = done.map_err(|error| Refused(StatusCode::CONFLICT, error.to_string()))?;
    Ok(json!({"events": events}))
}

fn read<T: DeserializeOwned>(call: &Call) -> Result<T, Refused> {
    serde_json::from_slice(&call.body).map_err(|error| Refused(StatusCode::BAD_REQUEST, error.to_string()))
}

fn absent(what: &str) -> Refused {
    Refused(StatusCode::NOT_FOUND, format!("no such {what}"))
}

fn one() -> u32 {
    1
}
