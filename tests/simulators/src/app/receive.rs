//! One delivery: verify, apply if newer, answer as the behaviour of the moment says.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::ConnectInfo,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use standardwebhooks::HEADER_WEBHOOK_ID;

use super::{Behaviour, Inside, Outcome, Received, page};
use crate::{clock, server::Cord, state::Shared};

pub(super) fn router(state: Arc<Shared<Inside>>) -> Router {
    let table = Arc::clone(&state);
    let list = Arc::clone(&state);
    let behaviour = Arc::clone(&state);
    Router::new()
        .route("/idv", post(move |cord, headers, body| deliver(state, cord, headers, body)))
        .route("/", get(move || async move { page::table(&table.look().received) }))
        .route("/_control/received", get(move || async move { axum::Json(json!(list.look().received)) }))
        .route("/_control/behaviour", post(move |body: Bytes| async move { behave(&behaviour, &body) }))
}

/// `{"behaviour": {"status": {"code": 500}}, "times": 3}`; `{}` behaves again.
fn behave(state: &Shared<Inside>, body: &[u8]) -> StatusCode {
    let Ok(wanted) = serde_json::from_slice::<Value>(body) else {
        return StatusCode::BAD_REQUEST;
    };
    let times = wanted.get("times").and_then(Value::as_u64).and_then(|times| u32::try_from(times).ok());
    let behaviour = wanted.get("behaviour").map(|it| serde_json::from_value::<Behaviour>(it.clone()));
    let Ok(behaviour) = behaviour.transpose() else {
        return StatusCode::BAD_REQUEST;
    };
    state.change(|inside| inside.behaviour = behaviour.map(|behaviour| (behaviour, times)));
    StatusCode::NO_CONTENT
}

async fn deliver(
    state: Arc<Shared<Inside>>,
    ConnectInfo(cord): ConnectInfo<Cord>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (behaviour, status) = state.change(|inside| {
        let behaviour = inside.next_behaviour();
        let status = inside.take(&headers, &body, behaviour.as_ref());
        (behaviour, status)
    });
    match behaviour {
        _ if status == StatusCode::UNAUTHORIZED || status == StatusCode::BAD_REQUEST => {}
        None | Some(Behaviour::Status { .. }) => {}
        Some(Behaviour::Redirect { to }) => return Redirect::temporary(&to).into_response(),
        Some(Behaviour::Silence) => cord.silence().await,
        Some(Behaviour::Slow { millis }) => clock::pause(Duration::from_millis(millis)).await,
        Some(Behaviour::AnswerLost) => cord.cut(),
    }
    status.into_response()
}

impl Inside {
    /// Verifies, applies, writes down; gives the answer.
    fn take(&mut self, headers: &HeaderMap, body: &[u8], behaviour: Option<&Behaviour>) -> StatusCode {
        let verified = self.keys.iter().any(|key| key.verify(body, headers).is_ok());
        let parsed: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let mut received = read(headers, parsed);
        let known = !received.onboarding_id.is_empty() && received.version > 0 && !received.event_type.is_empty();
        let (outcome, status) = if !verified {
            (Outcome::NotVerified, StatusCode::UNAUTHORIZED)
        } else if !known {
            (Outcome::Unreadable, StatusCode::BAD_REQUEST)
        } else {
            self.apply(&received, behaviour)
        };
        let lost = verified && known && matches!(behaviour, Some(Behaviour::Silence | Behaviour::AnswerLost));
        received.outcome = outcome;
        received.answer = Some(status.as_u16()).filter(|_| !lost);
        self.received.push(received);
        status
    }

    fn apply(&mut self, received: &Received, behaviour: Option<&Behaviour>) -> (Outcome, StatusCode) {
        match behaviour {
            Some(Behaviour::Status { code }) => {
                return (Outcome::Refused, StatusCode::from_u16(*code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
            }
            Some(Behaviour::Redirect { .. }) => {
                return (Outcome::Refused, StatusCode::TEMPORARY_REDIRECT);
            }
            Some(Behaviour::Silence) => return (Outcome::Refused, StatusCode::SERVICE_UNAVAILABLE),
            Some(Behaviour::Slow { .. } | Behaviour::AnswerLost) | None => {}
        }
        let seen = self.applied.entry(received.onboarding_id.clone()).or_default();
        if received.version <= *seen {
            return (Outcome::Dropped, StatusCode::OK);
        }
        *seen = received.version;
        (Outcome::Applied, StatusCode::OK)
    }
}

fn read(headers: &HeaderMap, body: Value) -> Received {
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let id = headers.get(HEADER_WEBHOOK_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    Received {
        at: clock::stamp(clock::now()),
        id: id.to_owned(),
        event_type: text("/type").unwrap_or_default(),
        onboarding_id: text("/data/onboarding_id").unwrap_or_default(),
        reference: text("/data/reference"),
        version: body.pointer("/data/version").and_then(Value::as_u64).unwrap_or_default(),
        status: text("/data/status"),
        body,
        outcome: Outcome::NotVerified,
        answer: None,
    }
}
