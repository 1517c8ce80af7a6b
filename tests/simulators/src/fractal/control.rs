//! `/_control/…` on every host: the same levers as the Rust methods, for a demo, a browser or curl.
//!
//! | call | body | what |
//! | --- | --- | --- |
//! | `GET users`, `users/{id}` | | ids in the order in which they came; the truth of one |
//! | `POST users/{id}/acts` | one act or a list, e.g. `{"act":"approve","part":"liveness"}` | does them; 409 where not possible |
//! | `DELETE users/{id}` | | forgets it: its token is 401, its id 404 |
//! | `POST users/{id}/webhooks` | | sends all of its webhooks again |
//! | `POST visits` | `{"link": "…", "button": "allow", "email": "…"}` | opens a link; where the browser would go |
//! | `GET visits`, `webhooks`, `deliveries`, `events`, `requests`, `tokens`, `secrets`, `clients`, `base_urls` | | records |
//! | `POST forge` | a forgery, e.g. `{"url": "…", "generation": "relay", "count": 1000}` | sends them; answers by code |
//! | `POST rules/api`, `rules/webhooks` | a rule | its id |
//! | `DELETE rules`, `rules/{id}` | | all rules, one |
//! | `POST advance` | `{"seconds": 60}` or nothing (to the next repeat) | pushes retry time |
//! | `POST release` | `"as_held"`, `"reversed"`, `{"given": [ids]}` | sends what was held |
//! | `POST callbacks` | `{"url": "…", "types": ["email_changed"], "secret": "…"}` | sets URL and secret, type by type |
//! | `POST clients` | `{"generation": "relay", "client_id", "public_key", "redirect_url", "webhook_url"}` | sets a client up |
//! | `DELETE callbacks/{application or client id}` | | no webhooks to it any more |
//! | `POST tokens/expire`, `tokens/advance` | none, `{"seconds": 900}` | ends access tokens, pushes their time |

use std::sync::Arc;

use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Fractal,
    call::Call,
    visit::{Button, Visit},
    world::World,
};
use crate::{
    control::{self, Refused, absent, read},
    state::Shared,
};

/// A visit with its link.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    link: String,
    #[serde(default)]
    button: Button,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    without: Vec<String>,
    #[serde(default)]
    institution: bool,
    #[serde(default)]
    country: Option<String>,
}

/// The answer, if it is a control call.
pub(crate) async fn serve(shared: &Arc<Shared<World>>, call: &Call) -> Option<Response> {
    let segments = control::segments(call)?;
    let fractal = Fractal::over(shared);
    let handled = match (call.method.as_str(), segments.as_slice()) {
        ("POST", ["forge"]) => match read(call) {
            Ok(forgery) => Ok(json!(fractal.forge(forgery).await)),
            Err(refused) => Err(refused),
        },
        ("GET", segments) => seen(&fractal, call, segments),
        (_, segments) => changed(&fractal, call, segments),
    };
    Some(control::answer(handled))
}

fn seen(fractal: &Fractal, call: &Call, segments: &[&str]) -> Result<Value, Refused> {
    match segments {
        ["base_urls"] => Ok(fractal.base_urls()),
        ["users"] => Ok(json!(fractal.users_created())),
        ["users", id] => fractal.truth(id).map(|truth| json!(truth)).ok_or_else(|| absent("person")),
        ["visits"] => Ok(json!(fractal.visits())),
        ["events"] => Ok(json!(fractal.events())),
        ["tokens"] => Ok(json!(fractal.token_counts())),
        ["secrets"] => Ok(json!(fractal.secrets(None))),
        ["secrets", application] => Ok(json!(fractal.secrets(Some(application)))),
        ["clients"] => Ok(json!(fractal.clients())),
        _ => control::lever(fractal, call, segments),
    }
}

fn changed(fractal: &Fractal, call: &Call, segments: &[&str]) -> Result<Value, Refused> {
    match (call.method.as_str(), segments) {
        ("POST", ["users", id, "acts"]) => return control::perform(fractal, id, call),
        ("POST", ["visits"]) => return open(fractal, read(call)?),
        ("POST", ["callbacks"]) => fractal.register(read(call)?),
        ("POST", ["clients"]) => fractal.add_client(read(call)?),
        ("DELETE", ["callbacks", to]) => fractal.unregister(to),
        ("DELETE", ["users", id]) => fractal.forget(id),
        ("POST", ["users", id, "webhooks"]) => fractal.send_again(id),
        ("POST", ["tokens", "expire"]) => fractal.expire_access_tokens(),
        ("POST", ["tokens", "advance"]) => fractal.advance_tokens(control::length(call)?),
        (_, _) => return control::lever(fractal, call, segments),
    }
    Ok(control::done())
}

fn open(fractal: &Fractal, opening: Opening) -> Result<Value, Refused> {
    let Opening { link, button, email, without, institution, country } = opening;
    let visit = Visit { button, email, user: None, without, institution, country };
    fractal.visit(&link, &visit).map(|gone| json!(gone)).map_err(|_| absent("link"))
}
