//! `/_control/…` on every host: the same levers as the Rust methods, for a demo, a browser or curl.
//!
//! | call | body | what |
//! | --- | --- | --- |
//! | `GET idvs` | | ids in the order of creation |
//! | `GET idvs/{id}` | | its truth |
//! | `POST idvs/{id}/acts` | one act or a list, e.g. `{"act":"decide","approved":true}` | does them; 409 where not possible |
//! | `GET webhooks`, `deliveries`, `events`, `requests`, `base_urls` | | records |
//! | `POST rules/api`, `rules/webhooks` | a rule | its id |
//! | `DELETE rules`, `rules/{id}` | | all rules, one |
//! | `POST advance` | `{"seconds": 60}` or nothing (to the next repeat) | pushes retry time |
//! | `POST release` | `"as_held"`, `"reversed"`, `{"given": [ids]}` | sends what was held |
//! | `POST subscriptions` | a subscription | adds it |
//! | `DELETE subscriptions` | | all of them |
//! | `PUT style` | a style | how events are spelt from now on |
//! | `DELETE tokens` | | revokes every access token |

use std::sync::Arc;

use axum::response::Response;
use serde_json::{Value, json};

use super::{Ondato, call::Call, world::World};
use crate::{
    control::{self, Refused, absent, read},
    state::Shared,
};

/// The answer, if it is a control call.
pub(crate) fn serve(shared: &Arc<Shared<World>>, call: &Call) -> Option<Response> {
    let segments = control::segments(call)?;
    Some(control::answer(handle(&Ondato::over(shared), call, &segments)))
}

fn handle(ondato: &Ondato, call: &Call, segments: &[&str]) -> Result<Value, Refused> {
    match (call.method.as_str(), segments) {
        ("GET", ["base_urls"]) => return Ok(ondato.base_urls()),
        ("GET", ["idvs"]) => return Ok(json!(ondato.idvs_created())),
        ("GET", ["idvs", id]) => {
            return ondato.truth(id).map(|truth| json!(truth)).ok_or_else(|| absent("identity verification"));
        }
        ("GET", ["events"]) => return Ok(json!(ondato.events())),
        ("POST", ["idvs", id, "acts"]) => return control::perform(ondato, id, call),
        ("POST", ["subscriptions"]) => return Ok(json!(ondato.subscribe(read(call)?))),
        ("DELETE", ["subscriptions"]) => ondato.unsubscribe_all(),
        ("PUT", ["style"]) => ondato.set_style(read(call)?),
        ("DELETE", ["tokens"]) => ondato.revoke_tokens(),
        (_, _) => return control::lever(ondato, call, segments),
    }
    Ok(control::done())
}
