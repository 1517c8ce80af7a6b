//! One request from arrival to answer: control and page apart, the crash, rules, the true answer, the spoilt one.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::{Value, json};

use super::{
    Shared,
    call::{Call, Reply},
    control,
    manners::Manner,
    page,
    records::Endpoint,
    world::World,
};
use crate::{
    answers::{self, MAINTENANCE, html, too_many},
    clock,
    server::Cord,
};

const MOST_BODY: usize = 1 << 20;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(move |ConnectInfo(cord): ConnectInfo<Cord>, request: Request| {
        let shared = Arc::clone(&shared);
        async move { serve(shared, cord, request).await }
    })
}

async fn serve(shared: Arc<Shared>, cord: Cord, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MOST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let call = Call {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: body.to_vec(),
    };
    if let Some(path) = call.path.strip_prefix("/_control/") {
        return control::serve(&shared, &call, path);
    }
    if call.method == Method::GET && call.path == "/" {
        return page::table(&shared.look().accepted);
    }
    let (reply, manner) = shared.change(|world| world.handle(&call));
    match (reply, manner) {
        (Some(reply), None) => plain(&reply),
        (reply, Some(manner)) => spoilt(manner, reply.unwrap_or_else(|| Reply::of_code(503)), cord).await,
        (None, None) => {
            // it has crashed
            cord.cut();
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

impl World {
    /// The answer, if there is one, and the rule that spoils it.
    fn handle(&mut self, call: &Call) -> (Option<Reply>, Option<Manner>) {
        let endpoint = call.endpoint(&self.settings.base_path);
        // told before the work, which may be the last thing that a token is good for
        let token = self.known_token(call, endpoint);
        if self.is_down() {
            self.record(call, endpoint, token, None, Some(("crashed".to_owned(), None)));
            return (None, None);
        }
        let manner = self.bent(call, endpoint);
        let works = manner.as_ref().is_none_or(Manner::does_the_work);
        let done = works.then(|| self.work(call, endpoint));
        let told = manner
            .as_ref()
            .map(|manner| (json!(manner).to_string(), answered(manner, done.as_ref().map(|it| it.reply.status))));
        self.record(call, endpoint, token, done.as_ref(), told);
        (done.map(|done| done.reply), manner)
    }

    fn bent(&mut self, call: &Call, endpoint: Endpoint) -> Option<Manner> {
        for active in &mut self.rules {
            let rule = &active.rule;
            let here = rule.endpoint.is_none_or(|wanted| wanted == endpoint);
            // an id in a text inside a text is the same text
            let named = |object: &String| String::from_utf8_lossy(&call.body).contains(object.as_str());
            let about = rule.object.as_ref().is_none_or(named);
            let (after, times) = (rule.after, rule.times);
            if here && about && active.take(after, times) {
                return Some(active.rule.manner.clone());
            }
        }
        None
    }
}

fn answered(manner: &Manner, worked: Option<StatusCode>) -> Option<StatusCode> {
    match manner {
        Manner::Status { code } => StatusCode::from_u16(*code).ok(),
        Manner::TooMany { .. } => Some(StatusCode::TOO_MANY_REQUESTS),
        Manner::Logical { .. } | Manner::Html | Manner::Empty => Some(StatusCode::OK),
        Manner::Silence | Manner::Closed | Manner::AnswerLost => None,
        Manner::Late { .. } | Manner::Truncated => worked,
        Manner::Redirect { .. } => Some(StatusCode::TEMPORARY_REDIRECT),
    }
}

async fn spoilt(manner: Manner, reply: Reply, cord: Cord) -> Response {
    match manner {
        Manner::Status { code } => plain(&Reply::of_code(code)),
        Manner::TooMany { retry_after } => too_many(retry_after),
        Manner::Logical { message, code } => plain(&Reply::ok(World::failure(&message, code))),
        Manner::Silence => {
            cord.silence().await;
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Manner::Closed | Manner::AnswerLost => {
            cord.cut();
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Manner::Late { millis } => {
            clock::pause(Duration::from_millis(millis)).await;
            plain(&reply)
        }
        Manner::Html => html(StatusCode::OK, MAINTENANCE.to_owned()),
        Manner::Truncated => {
            let body = reply.body.to_string();
            let half = body.get(..body.len() / 2).unwrap_or_default().to_owned();
            let mut response = (reply.status, half).into_response();
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Manner::Empty => StatusCode::OK.into_response(),
        Manner::Redirect { to } => Redirect::temporary(&to).into_response(),
    }
}

fn plain(reply: &Reply) -> Response {
    let body: &Value = &reply.body;
    answers::json(reply.status, body)
}
