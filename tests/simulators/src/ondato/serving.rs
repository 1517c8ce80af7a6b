//! One request from arrival to answer: control and page apart, rules, the true answer, the spoilt one.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    call::{Call, Reply},
    control,
    events::set,
    hosts::Host,
    manners::ApiManner,
    page,
    records::{Endpoint, RequestRecord},
    world::{Shared, View, World, key},
};
pub(crate) use crate::answers::{html, json};
use crate::{
    answers::{MAINTENANCE, drip, too_many},
    chance, clock,
    server::Cord,
};

/// More than any documented body needs.
const MOST_BODY: usize = 1 << 20;

pub(crate) fn router(shared: Arc<Shared>, host: Host) -> Router {
    Router::new().fallback(move |ConnectInfo(cord): ConnectInfo<Cord>, request: Request| {
        let shared = Arc::clone(&shared);
        async move { serve(shared, host, cord, request).await }
    })
}

async fn serve(shared: Arc<Shared>, host: Host, cord: Cord, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MOST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let call = Call {
        host,
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: body.to_vec(),
    };
    if let Some(path) = call.path.strip_prefix("/_control/") {
        return control::serve(&shared, &call, path);
    }
    if host == Host::App {
        return page::serve(&shared, &call);
    }
    answer(&shared, &call, cord).await
}

/// What a rule makes of the call at hand.
struct Bent {
    manner: ApiManner,
    made_at: u64,
    work_done: bool,
}

async fn answer(shared: &Shared, call: &Call, cord: Cord) -> Response {
    let (reply, manner) = shared.change(|world| {
        let bent = world.bent(call);
        let works = bent.as_ref().is_none_or(|bent| bent.work_done || bent.manner.bends_answer());
        let reply = works.then(|| world.answer(call, bent.as_ref().map_or(View::Now, Bent::view)));
        let manner = bent.map(|bent| bent.manner);
        world.record(call, reply.as_ref(), manner.as_ref());
        (reply, manner)
    });
    match manner {
        None => plain(&reply.unwrap_or_else(Reply::absent)),
        Some(manner) => spoilt(manner, reply.unwrap_or_else(Reply::absent), cord).await,
    }
}

impl Bent {
    fn view(&self) -> View {
        if self.manner == ApiManner::Stale {
            View::Previous
        } else if self.manner == ApiManner::Frozen {
            View::AsOf(self.made_at)
        } else {
            View::Now
        }
    }
}

impl World {
    /// The first rule that holds for this call.
    fn bent(&mut self, call: &Call) -> Option<Bent> {
        let (endpoint, id) = call.endpoint();
        let idv = id.and_then(|id| self.idv_of(id)).map(|id| key(&id));
        for active in &mut self.api_rules {
            let rule = &active.rule;
            let over = rule.for_ms.is_some_and(|length| active.since.elapsed() > Duration::from_millis(length));
            let here = rule.endpoint.is_none_or(|wanted| wanted == endpoint);
            let about = rule.idv.as_ref().is_none_or(|wanted| idv.as_ref() == Some(&key(wanted)));
            let (after, times) = (rule.after, rule.times);
            if !over && here && about && active.take(after, times) {
                return Some(Bent {
                    manner: active.rule.manner.clone(),
                    made_at: active.made_at,
                    work_done: active.rule.work_done,
                });
            }
        }
        None
    }

    fn record(&mut self, call: &Call, reply: Option<&Reply>, manner: Option<&ApiManner>) {
        let (endpoint, id) = call.endpoint();
        let created = reply
            .filter(|_| endpoint == Endpoint::CreateIdv)
            .and_then(|reply| reply.body.as_ref()?.get("id")?.as_str());
        let idv = id.and_then(|id| self.idv_of(id)).or_else(|| created.map(str::to_owned));
        let worked = reply.map(|reply| reply.status.as_u16());
        let record = RequestRecord {
            at: self.stamp(),
            endpoint,
            host: call.host.name(),
            method: call.method.to_string(),
            path: call.path.clone(),
            idv,
            status: manner.map_or(worked, |manner| answered_status(manner, worked)),
            manner: manner.map(|manner| json!(manner).to_string()),
        };
        self.requests.push(record);
    }
}

fn answered_status(manner: &ApiManner, worked: Option<u16>) -> Option<u16> {
    match manner {
        ApiManner::Silence | ApiManner::Closed => None,
        ApiManner::TooMany { .. } => Some(429),
        ApiManner::Status { code } => Some(*code),
        ApiManner::Html => Some(200),
        ApiManner::Stale
        | ApiManner::Frozen
        | ApiManner::Truncated
        | ApiManner::SlowDrip { .. }
        | ApiManner::Late { .. } => worked,
        ApiManner::WrongId | ApiManner::ForeignApplication => worked,
        ApiManner::UnknownStatus { .. } | ApiManner::UnknownReason { .. } => worked,
    }
}

async fn spoilt(manner: ApiManner, mut reply: Reply, cord: Cord) -> Response {
    match manner {
        ApiManner::Stale | ApiManner::Frozen => plain(&reply),
        ApiManner::TooMany { retry_after } => too_many(retry_after),
        ApiManner::Status { code } => {
            StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }
        ApiManner::Html => html(StatusCode::OK, MAINTENANCE.to_owned()),
        ApiManner::Truncated => {
            let body = text(&reply);
            json_bytes(&reply, Body::from(body.get(..body.len() / 2).unwrap_or_default().to_owned()))
        }
        ApiManner::Silence => {
            cord.silence().await;
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        ApiManner::SlowDrip { millis } => json_bytes(&reply, drip(text(&reply), Duration::from_millis(millis))),
        ApiManner::Late { millis } => {
            clock::pause(Duration::from_millis(millis)).await;
            plain(&reply)
        }
        ApiManner::WrongId => bend(&mut reply, "id", json!(chance::uuid())),
        ApiManner::ForeignApplication => bend(&mut reply, "applicationId", json!(chance::uuid())),
        ApiManner::UnknownStatus { status } => bend(&mut reply, "status", json!(status)),
        ApiManner::UnknownReason { reason } => bend(&mut reply, "statusReason", json!(reason)),
        ApiManner::Closed => {
            cord.cut();
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// Replaces one member of a good answer; errors stay as they are.
fn bend(reply: &mut Reply, member: &str, value: Value) -> Response {
    if let Some(body) = reply.body.as_mut().filter(|_| reply.status.is_success()) {
        set(body, member, value);
    }
    plain(reply)
}

fn plain(reply: &Reply) -> Response {
    if reply.body.is_none() {
        return reply.status.into_response();
    }
    json_bytes(reply, Body::from(text(reply)))
}

fn json_bytes(reply: &Reply, body: Body) -> Response {
    let mut response = (reply.status, body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    if let Some(total) = reply.total {
        response.headers_mut().insert("total-count", HeaderValue::from(total));
    }
    response
}

fn text(reply: &Reply) -> String {
    reply.body.as_ref().map(Value::to_string).unwrap_or_default()
}
