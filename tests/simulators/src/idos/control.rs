//! `/_control/…`: the same levers as the Rust methods, for a demo, a browser or curl.
//!
//! | call | body | what |
//! | --- | --- | --- |
//! | `GET received`, `logins`, `sign_ins`, `rescinded` | | records |
//! | `GET credentials`, `credentials/{id}`, `issuers`, `base_url` | | what there is |
//! | `POST share` | a `Share`: `{"to": {"wallet": "…", "encryption_key": "…"}, "by": "user"}` | all ids |
//! | `POST profiles` | `{"wallets": ["0x…"]}` | a user without credentials |
//! | `POST credentials/{id}/acts` | `"revoke"`, `"show"`, `{"grant": {"to": "…", "locked_until": 0}}`, or a list | |
//! | `POST rules` | a rule, e.g. `{"endpoint": "authn", "manner": "no_cookie", "times": 1}` | its id |
//! | `DELETE rules`, `rules/{id}` | | all rules, one |
//! | `POST sessions/expire` | none, or `{"wallet": "…"}` | ends all sessions, or a signer's |
//! | `POST advance` | `{"seconds": 3600}` | pushes the node's time: sessions, challenges, locks |
//! | `POST columns`, `blobs` | `"older"`, `"by_cid"` | another age of the schema, other addresses |

use std::sync::Arc;

use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Idos, acts::Act, chain::NotPossible, rpc::Call, world::World};
use crate::{
    control::{self, Refused, absent, read},
    state::Shared,
};

#[derive(Deserialize)]
struct Wallet {
    wallet: String,
}

#[derive(Deserialize)]
struct Wallets {
    wallets: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Acts {
    One(Act),
    Several(Vec<Act>),
}

/// The answer, if it is a control call.
pub(crate) fn serve(shared: &Arc<Shared<World>>, call: &Call) -> Option<Response> {
    let segments = control::segments(call)?;
    Some(control::answer(handle(&Idos::over(shared), call, &segments)))
}

fn handle(node: &Idos, call: &Call, segments: &[&str]) -> Result<Value, Refused> {
    match (call.method.as_str(), segments) {
        ("GET", segments) => return record(node, segments),
        ("POST", ["share"]) => return node.share(&read(call)?).map(|shared| json!(shared)).map_err(impossible),
        ("POST", ["profiles"]) => {
            return Ok(json!({"user_id": node.profile(read::<Wallets>(call)?.wallets)}));
        }
        ("POST", ["credentials", id, "acts"]) => {
            let acts = match read(call)? {
                Acts::One(act) => vec![act],
                Acts::Several(acts) => acts,
            };
            node.perform(id, acts).map_err(impossible)?;
        }
        ("POST", ["rules"]) => return Ok(json!(node.misbehave(read(call)?))),
        ("DELETE", ["rules"]) => node.behave(),
        ("DELETE", ["rules", id]) => node.remove_rule(control::rule_id(id)?),
        ("POST", ["sessions", "expire"]) if call.body.is_empty() => node.expire_sessions(),
        ("POST", ["sessions", "expire"]) => node.expire_sessions_of(&read::<Wallet>(call)?.wallet),
        ("POST", ["advance"]) => node.advance(control::length(call)?),
        ("POST", ["columns"]) => node.set_columns(read(call)?),
        ("POST", ["blobs"]) => node.set_blobs(read(call)?),
        (_, _) => return Err(absent("control")),
    }
    Ok(control::done())
}

fn record(node: &Idos, segments: &[&str]) -> Result<Value, Refused> {
    match segments {
        ["received"] => Ok(json!(node.received())),
        ["logins"] => Ok(json!(node.logins())),
        ["sign_ins"] => Ok(json!(node.sign_ins())),
        ["credentials"] => Ok(json!(node.credentials())),
        ["credentials", id] => node.credential(id).map(|it| json!(it)).ok_or_else(|| absent("credential")),
        ["rescinded"] => Ok(json!(node.rescinded())),
        ["issuers"] => Ok(json!(node.issuers())),
        ["base_url"] => Ok(json!(node.base_url())),
        _ => Err(absent("record")),
    }
}

fn impossible(error: NotPossible) -> Refused {
    control::conflict(&error)
}
