//! `/_control/…` on both hosts: the same levers as the Rust methods, for a demo, a browser or curl.
//!
//! | call | body | what |
//! | --- | --- | --- |
//! | `GET applicants`, `checks`, `runs` | | ids in the order of creation |
//! | `GET things/{id}` | | the truth of one, of whatever kind; a task: `things/{run}/{task}` |
//! | `POST things/{id}/acts` | one act or a list, e.g. `{"act":"complete","outcomes":{"document":"suspected"}}` | does them; 409 where not possible |
//! | `DELETE things/{id}` | | forgets it with what belongs to it: 404 |
//! | `POST things/{id}/webhooks` | | sends all of its webhooks again |
//! | `GET webhooks` | | every webhook, with its signing token |
//! | `POST webhooks` | a registration, e.g. `{"url": "…", "events": ["report.completed"]}` | its id |
//! | `DELETE webhooks/{id}`, `DELETE webhooks` | | removes one, all |
//! | `GET sent`, `deliveries`, `events`, `requests`, `base_urls`, `pages_url` | | records |
//! | `POST events` | `{"action": "audit_log.created", "count": 3}` | events about nobody |
//! | `POST forge` | a forgery, e.g. `{"url": "…", "count": 1000}` | sends them; answers by code |
//! | `POST rules/api`, `rules/webhooks` | a rule | its id |
//! | `DELETE rules`, `rules/{id}` | | all rules, one |
//! | `POST advance` | `{"seconds": 60}` or nothing (to the next repeat) | pushes retry time |
//! | `POST release` | `"as_held"`, `"reversed"`, `{"given": [ids]}` | sends what was held |
//! | `POST tokens` | `{"client": "…", "environment": "live"}` | a new API token |
//! | `POST tokens/expire`, `tokens/advance` | none, `{"seconds": 900}` | ends OAuth access tokens, pushes their time |
//! | `DELETE tokens/{token or client id}` | | revokes it |

use std::{sync::Arc, time::Duration};

use axum::{http::StatusCode, response::Response};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Onfido, act::Act, call::Call, settings::Environment, world::Shared};
use crate::{answers, rules::RuleId};

#[derive(Deserialize)]
struct Advance {
    seconds: u64,
}

#[derive(Deserialize)]
struct Others {
    action: String,
    #[serde(default = "one")]
    count: u32,
}

#[derive(Deserialize)]
struct NewToken {
    client: String,
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    environment: Environment,
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
    let onfido = Onfido::over(shared);
    let handled = match (call.method.as_str(), segments.as_slice()) {
        ("POST", ["forge"]) => match read(call) {
            Ok(forgery) => Ok(json!(onfido.forge(forgery).await)),
            Err(refused) => Err(refused),
        },
        ("GET", segments) => seen(&onfido, segments),
        (_, segments) => changed(&onfido, call, segments),
    };
    match handled {
        Ok(answer) => answers::json(StatusCode::OK, &answer),
        Err(Refused(status, message)) => answers::json(status, &json!({"error": message})),
    }
}

fn seen(onfido: &Onfido, segments: &[&str]) -> Result<Value, Refused> {
    match segments {
        ["base_urls"] => Ok(onfido.base_urls()),
        ["pages_url"] => Ok(json!(onfido.pages_url())),
        ["applicants"] => Ok(json!(onfido.applicants_created())),
        ["checks"] => Ok(json!(onfido.checks_created())),
        ["runs"] => Ok(json!(onfido.runs_created())),
        ["things", key @ ..] => onfido.truth(&key.join("/")).map(|it| json!(it)).ok_or_else(|| absent("resource")),
        ["webhooks"] => Ok(json!(onfido.webhooks())),
        ["sent"] => Ok(json!(onfido.webhooks_sent())),
        ["deliveries"] => Ok(json!(onfido.deliveries())),
        ["events"] => Ok(json!(onfido.events())),
        ["requests"] => Ok(json!({
            "counts": onfido.request_counts(), "paths": onfido.path_counts(), "requests": onfido.requests(),
        })),
        _ => Err(absent("record")),
    }
}

fn changed(onfido: &Onfido, call: &Call, segments: &[&str]) -> Result<Value, Refused> {
    match (call.method.as_str(), segments) {
        ("POST", ["things", id, "acts"]) => perform(onfido, id, read(call)?),
        ("POST", ["events"]) => {
            let others: Others = read(call)?;
            Ok(json!({"events": onfido.other_events(None, Environment::Live, &others.action, others.count)}))
        }
        ("POST", ["rules", "api"]) => Ok(json!(onfido.misbehave(read(call)?))),
        ("POST", ["rules", "webhooks"]) => Ok(json!(onfido.misdeliver(read(call)?))),
        ("POST", ["advance"]) if call.body.is_empty() => Ok(json!({"moved": onfido.advance_to_next_retry()})),
        ("POST", ["webhooks"]) => Ok(json!(onfido.register(read(call)?))),
        ("POST", ["tokens"]) => {
            let new: NewToken = read(call)?;
            Ok(json!({"token": onfido.new_token(new.account.as_deref(), &new.client, new.environment)}))
        }
        (_, _) => command(onfido, call, segments).map(|()| json!({"done": true})),
    }
}

fn command(onfido: &Onfido, call: &Call, segments: &[&str]) -> Result<(), Refused> {
    match (call.method.as_str(), segments) {
        ("DELETE", ["things", id]) => onfido.forget(id),
        ("POST", ["things", id, "webhooks"]) => onfido.send_again(id),
        ("DELETE", ["webhooks", id]) => onfido.unregister(id),
        ("DELETE", ["webhooks"]) => onfido.unregister_all(),
        ("DELETE", ["rules"]) => onfido.behave(),
        ("DELETE", ["rules", id]) => onfido.remove_rule(RuleId(id.parse().map_err(|_| absent("rule"))?)),
        ("POST", ["advance"]) => onfido.advance(Duration::from_secs(read::<Advance>(call)?.seconds)),
        ("POST", ["release"]) => onfido.release(&read(call)?),
        ("POST", ["tokens", "expire"]) => onfido.expire_access_tokens(),
        ("POST", ["tokens", "advance"]) => onfido.advance_tokens(Duration::from_secs(read::<Advance>(call)?.seconds)),
        ("DELETE", ["tokens", name]) => onfido.revoke(name),
        (_, _) => return Err(absent("control")),
    }
    Ok(())
}

fn perform(onfido: &Onfido, id: &str, acts: Acts) -> Result<Value, Refused> {
    let acts = match acts {
        Acts::One(act) => vec![act],
        Acts::Several(acts) => acts,
    };
    let done = onfido.perform(id, acts);
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
