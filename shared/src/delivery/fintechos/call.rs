//! The call of an action, in its two forms, and what its answer says (providers/fintechos.md §3.2).

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::ports::{ActionCall, CourierError, DataForm, FintechOs, Parcel, Response};
use crate::secret::Secret;

use super::{Line, Post, answered};

/// Why a call came to nothing.
pub(super) enum Unheard {
    /// A fresh token may help.
    ForItsToken(CourierError),
    /// It would not.
    Otherwise(CourierError),
}

impl Unheard {
    pub(super) fn error(self) -> CourierError {
        match self {
            Self::ForItsToken(error) | Self::Otherwise(error) => error,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CallAction<'a> {
    request: Asked<'a>,
    api_info: ApiInfo<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Asked<'a> {
    action_name: &'a str,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ApiInfo<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
    token: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Text(&'a str),
    Object(&'a RawValue),
}

/// Calls the action with that token.
pub(super) async fn call(line: Line<'_>, instance: &FintechOs, token: &Secret, parcel: &Parcel) -> Result<(), Unheard> {
    let post = post(instance, token, parcel).ok_or(Unheard::Otherwise(CourierError::Misconfigured("payload")))?;
    let response = line.post(post, std::time::Duration::MAX).await.map_err(Unheard::Otherwise)?;
    heard(instance, &response)
}

fn post<'a>(instance: &'a FintechOs, token: &Secret, parcel: &Parcel) -> Option<Post<'a>> {
    let token = token.expose_text().ok()?;
    let url = &instance.call_url;
    match &instance.call {
        ActionCall::CallAction { action, data, user_name } => {
            let data = match data {
                DataForm::Text => Data::Text(&parcel.body),
                DataForm::Object => Data::Object(serde_json::from_str(&parcel.body).ok()?),
            };
            let user_name = if *user_name { Some(instance.username.expose_text().ok()?) } else { None };
            let call =
                CallAction { request: Asked { action_name: action, data }, api_info: ApiInfo { user_name, token } };
            Some(Post { url, authorization: None, body: serde_json::to_vec(&call).ok()? })
        }
        ActionCall::EndpointApi => {
            let authorization = Some(Secret::from(format!("Bearer {token}")));
            Some(Post { url, authorization, body: parcel.body.as_bytes().to_vec() })
        }
    }
}

fn heard(instance: &FintechOs, response: &Response) -> Result<(), Unheard> {
    match response.status {
        200..=299 => {}
        401 | 403 => return Err(Unheard::ForItsToken(answered(response))),
        _ => return Err(Unheard::Otherwise(answered(response))),
    }
    // What is no JSON says nothing, and the status counts.
    let said: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let failed = said.pointer(&instance.success_pointer).is_some_and(is_false);
    match (failed, failed && speaks_of_a_token(&said)) {
        (false, _) => Ok(()),
        (true, true) => Err(Unheard::ForItsToken(CourierError::Failed("token_refused"))),
        (true, false) => Err(Unheard::Otherwise(CourierError::Failed("by_its_word"))),
    }
}

fn is_false(value: &Value) -> bool {
    value == &Value::Bool(false) || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("false"))
}

/// In one of its texts; the names of its members are always the same.
fn speaks_of_a_token(said: &Value) -> bool {
    match said {
        Value::String(text) => text.to_ascii_lowercase().contains("token"),
        Value::Array(items) => items.iter().any(speaks_of_a_token),
        Value::Object(members) => members.values().any(speaks_of_a_token),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
