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

use std::sync::Arc;

use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Intergiro, call::Call, world::World};
use crate::{
    control::{self, Refused, absent, read},
    state::Shared,
};

#[derive(Deserialize)]
struct Others {
    name: String,
    #[serde(default = "control::one")]
    count: u32,
}

#[derive(Deserialize)]
struct Named {
    programme: String,
}

/// The answer, if it is a control call.
pub(crate) async fn serve(shared: &Arc<Shared<World>>, call: &Call) -> Option<Response> {
    let segments = control::segments(call)?;
    let intergiro = Intergiro::over(shared);
    let handled = match (call.method.as_str(), segments.as_slice()) {
        ("POST", ["forge"]) => match read(call) {
            Ok(forgery) => Ok(json!(intergiro.forge(forgery).await)),
            Err(refused) => Err(refused),
        },
        ("GET", segments) => seen(&intergiro, call, segments),
        (_, segments) => changed(&intergiro, call, segments),
    };
    Some(control::answer(handled))
}

fn seen(intergiro: &Intergiro, call: &Call, segments: &[&str]) -> Result<Value, Refused> {
    match segments {
        ["base_urls"] => Ok(intergiro.base_urls()),
        ["pages_url"] => Ok(json!(intergiro.pages_url())),
        ["individuals"] => Ok(json!(intergiro.individuals_created())),
        ["individuals", id] => intergiro.truth(id).map(|truth| json!(truth)).ok_or_else(|| absent("individual")),
        ["events"] => Ok(json!(intergiro.events())),
        ["sign_ins"] => Ok(json!(intergiro.sign_ins())),
        _ => control::lever(intergiro, call, segments),
    }
}

fn changed(intergiro: &Intergiro, call: &Call, segments: &[&str]) -> Result<Value, Refused> {
    match (call.method.as_str(), segments) {
        ("POST", ["individuals", id, "acts"]) => return control::perform(intergiro, id, call),
        ("POST", ["events"]) => {
            let others: Others = read(call)?;
            return Ok(json!({"events": intergiro.other_events(None, &others.name, others.count)}));
        }
        ("POST", ["subscriptions"]) => return Ok(json!(intergiro.subscribe(read(call)?))),
        ("POST", ["keys"]) => return Ok(json!({"api_key": intergiro.new_key(&read::<Named>(call)?.programme)})),
        ("DELETE", ["individuals", id]) => intergiro.forget(id),
        ("POST", ["individuals", id, "webhooks"]) => intergiro.send_again(id),
        ("DELETE", ["subscriptions"]) => intergiro.unsubscribe_all(),
        ("POST", ["tokens", "expire"]) => intergiro.expire_access_tokens(),
        ("POST", ["tokens", "advance"]) => {
            intergiro.advance_tokens(control::length(call)?);
        }
        ("DELETE", ["sessions"]) => intergiro.end_sessions(),
        ("DELETE", ["keys", key]) => intergiro.revoke_key(key),
        (_, _) => return control::lever(intergiro, call, segments),
    }
    Ok(control::done())
}
