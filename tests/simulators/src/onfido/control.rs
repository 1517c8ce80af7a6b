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

use std::sync::Arc;

use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Onfido, call::Call, settings::Environment, world::World};
use crate::{
    control::{self, Refused, absent, read},
    state::Shared,
};

#[derive(Deserialize)]
struct Others {
    action: String,
    #[serde(default = "control::one")]
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

/// The answer, if it is a control call.
pub(crate) async fn serve(shared: &Arc<Shared<World>>, call: &Call) -> Option<Response> {
    let segments = control::segments(call)?;
    let onfido = Onfido::over(shared);
    let handled = match (call.method.as_str(), segments.as_slice()) {
        ("POST", ["forge"]) => match read(call) {
            Ok(forgery) => Ok(json!(onfido.forge(forgery).await)),
            Err(refused) => Err(refused),
        },
        ("GET", segments) => seen(&onfido, call, segments),
        (_, segments) => changed(&onfido, call, segments),
    };
    Some(control::answer(handled))
}

fn seen(onfido: &Onfido, call: &Call, segments: &[&str]) -> Result<Value, Refused> {
    match segments {
        ["base_urls"] => Ok(onfido.base_urls()),
        ["pages_url"] => Ok(json!(onfido.pages_url())),
        ["applicants"] => Ok(json!(onfido.applicants_created())),
        ["checks"] => Ok(json!(onfido.checks_created())),
        ["runs"] => Ok(json!(onfido.runs_created())),
        ["things", key @ ..] => onfido.truth(&key.join("/")).map(|it| json!(it)).ok_or_else(|| absent("resource")),
        ["webhooks"] => Ok(json!(onfido.webhooks())),
        ["sent"] => Ok(json!(onfido.webhooks_sent())),
        ["events"] => Ok(json!(onfido.events())),
        _ => control::lever(onfido, call, segments),
    }
}

fn changed(onfido: &Onfido, call: &Call, segments: &[&str]) -> Result<Value, Refused> {
    match (call.method.as_str(), segments) {
        ("POST", ["things", id, "acts"]) => return control::perform(onfido, id, call),
        ("POST", ["events"]) => {
            let others: Others = read(call)?;
            return Ok(json!({"events": onfido.other_events(None, Environment::Live, &others.action, others.count)}));
        }
        ("POST", ["webhooks"]) => return Ok(json!(onfido.register(read(call)?))),
        ("POST", ["tokens"]) => {
            let new: NewToken = read(call)?;
            return Ok(json!({"token": onfido.new_token(new.account.as_deref(), &new.client, new.environment)}));
        }
        ("DELETE", ["things", id]) => onfido.forget(id),
        ("POST", ["things", id, "webhooks"]) => onfido.send_again(id),
        ("DELETE", ["webhooks", id]) => onfido.unregister(id),
        ("DELETE", ["webhooks"]) => onfido.unregister_all(),
        ("POST", ["tokens", "expire"]) => onfido.expire_access_tokens(),
        ("POST", ["tokens", "advance"]) => onfido.advance_tokens(control::length(call)?),
        ("DELETE", ["tokens", name]) => onfido.revoke(name),
        (_, _) => return control::lever(onfido, call, segments),
    }
    Ok(control::done())
}
