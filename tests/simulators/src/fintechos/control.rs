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

use std::{sync::Arc, time::Duration};

use axum::{http::StatusCode, response::Response};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{FintechOs, Shared, call::Call};
use crate::{answers, rules::RuleId};

#[derive(Deserialize)]
struct Advance {
    seconds: u64,
}

#[derive(Deserialize)]
struct Crash {
    after: usize,
}

#[derive(Deserialize)]
struct Password {
    password: String,
}

struct Refused(StatusCode, String);

pub(crate) fn serve(shared: &Arc<Shared>, call: &Call, path: &str) -> Response {
    let segments: Vec<&str> = path.split('/').collect();
    let instance = FintechOs::over(shared);
    match handle(&instance, call, &segments) {
        Ok(answer) => answers::json(StatusCode::OK, &answer),
        Err(Refused(status, message)) => answers::json(status, &json!({"error": message})),
    }
}

fn handle(instance: &FintechOs, call: &Call, segments: &[&str]) -> Result<Value, Refused> {
    match (call.method.as_str(), segments) {
        ("GET", ["accepted"]) => return Ok(json!(instance.accepted())),
        ("GET", ["received"]) => return Ok(json!(instance.received())),
        ("GET", ["sign_ins"]) => return Ok(json!(instance.sign_ins())),
        ("GET", ["base_url"]) => return Ok(json!(instance.base_url())),
        ("POST", ["rules"]) => return Ok(json!(instance.misbehave(read(call)?))),
        ("DELETE", ["rules"]) => instance.behave(),
        ("DELETE", ["rules", id]) => instance.remove_rule(RuleId(id.parse().map_err(|_| absent("rule"))?)),
        ("POST", ["tokens", "expire"]) => instance.expire_tokens(),
        ("POST", ["tokens", "advance"]) => {
            instance.advance_tokens(Duration::from_secs(read::<Advance>(call)?.seconds));
        }
        ("POST", ["crash"]) => instance.crash_after(read::<Crash>(call)?.after),
        ("POST", ["recover"]) => instance.recover(),
        ("POST", ["password"]) => instance.set_password(&read::<Password>(call)?.password),
        (_, _) => return Err(absent("control")),
    }
    Ok(json!({"done": true}))
}

fn read<T: DeserializeOwned>(call: &Call) -> Result<T, Refused> {
    serde_json::from_slice(&call.body).map_err(|error| Refused(StatusCode::BAD_REQUEST, error.to_string()))
}

fn absent(what: &str) -> Refused {
    Refused(StatusCode::NOT_FOUND, format!("no such {what}"))
}
