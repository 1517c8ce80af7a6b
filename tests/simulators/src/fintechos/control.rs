//! `/_control/…`: the same levers as the Rust methods, for a demo, a browser or curl.
//!
//! | call | body | what |
//! | --- | --- | --- |
//! | `GET accepted`, `received`, `sign_ins`, `base_url` | | records |
//! | `POST rules` | a rule, e.g. `{"endpoint": "call_action", "manner": {"status": {"code": 503}}, "times": 2}` | its id |
//! | `DELETE rules`, `rules/{id}` | | all rules, one |
//! | `POST tokens/expire`, `tokens/advance` | none, `{"seconds": 1200}` | ends every token, pushes their time |
//! | `POST crash` | `{"after": 3}` | once so many further events were taken, every connection breaks off |
//! | `POST recover` | | answers again; tokens are forgotten as by a restart |
//! | `POST password` | `{"password": "…"}` | another password from now on |

use std::sync::Arc;

use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{FintechOs, call::Call, world::World};
use crate::{
    control::{self, Refused, absent, read},
    state::Shared,
};

#[derive(Deserialize)]
struct Crash {
    after: usize,
}

#[derive(Deserialize)]
struct Password {
    password: String,
}

/// The answer, if it is a control call.
pub(crate) fn serve(shared: &Arc<Shared<World>>, call: &Call) -> Option<Response> {
    let segments = control::segments(call)?;
    Some(control::answer(handle(&FintechOs::over(shared), call, &segments)))
}

fn handle(instance: &FintechOs, call: &Call, segments: &[&str]) -> Result<Value, Refused> {
    match (call.method.as_str(), segments) {
        ("GET", ["accepted"]) => return Ok(json!(instance.accepted())),
        ("GET", ["received"]) => return Ok(json!(instance.received())),
        ("GET", ["sign_ins"]) => return Ok(json!(instance.sign_ins())),
        ("GET", ["base_url"]) => return Ok(json!(instance.base_url())),
        ("POST", ["rules"]) => return Ok(json!(instance.misbehave(read(call)?))),
        ("DELETE", ["rules"]) => instance.behave(),
        ("DELETE", ["rules", id]) => instance.remove_rule(control::rule_id(id)?),
        ("POST", ["tokens", "expire"]) => instance.expire_tokens(),
        ("POST", ["tokens", "advance"]) => {
            instance.advance_tokens(control::length(call)?);
        }
        ("POST", ["crash"]) => instance.crash_after(read::<Crash>(call)?.after),
        ("POST", ["recover"]) => instance.recover(),
        ("POST", ["password"]) => instance.set_password(&read::<Password>(call)?.password),
        (_, _) => return Err(absent("control")),
    }
    Ok(control::done())
}
