//! One request from arrival to answer: control and pages apart, rules, the true answer, the spoilt one.

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
    links::after,
    manners::ApiManner,
    page,
    records::{Endpoint, RequestRecord, text},
    world::{Shared, View, World},
};
use crate::{
    answers::{MAINTENANCE, drip, html, too_many},
    chance, clock,
    server::Cord,
};

/// More than any documented body needs.
const MOST_BODY: usize = 1 << 20;

/// The two hosts of Intergiro.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    Api,
    Pages,
}

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
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: body.to_vec(),
    };
    if let Some(path) = call.path.strip_prefix("/_control/") {
        return control::serve(&shared, &call, path).await;
    }
    if host == Host::Pages {
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

async fn answer(shared: &Shared, call: &Call, cord: Cord) -> Response {
    let (reply, manner) = shared.change(|world| {
        // who calls is told before the answer, which may end the session
        let programme = world.signed_in(call).ok();
        let bent = world.bent(call);
        let works = bent.as_ref().is_none_or(|bent| bent.work_done || bent.manner.bends_answer());
        let reply = works.then(|| world.answer(call, bent.as_ref().map_or(View::Now, Bent::view)));
        let manner = bent.map(|bent| bent.manner);
        world.record(call, programme, reply.as_ref(), manner.as_ref());
        (reply, manner)
    });
    match manner {
        None => plain(&reply.unwrap_or_else(Reply::absent)),
        Some(manner) => spoilt(manner, reply.unwrap_or_else(Reply::absent), cord).await,
    }
}

impl World {
    /// The first rule that holds for this call.
    fn bent(&mut self, call: &Call) -> Option<Bent> {
        let (endpoint, _) = call.endpoint();
        let individual = self.named(call);
        for active in &mut self.api_rules {
            let rule = &active.rule;
            let over = rule.for_ms.is_some_and(|length| active.since.elapsed() > Duration::from_millis(length));
            let here = rule.endpoint.is_none_or(|wanted| wanted == endpoint);
            let about = rule.individual.is_none() || rule.individual == individual;
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

    /// The individual that a call names: by any id in its path, query or body.
    fn named(&self, call: &Call) -> Option<String> {
        let by_path = call.endpoint().1.and_then(|id| self.individual_of(id));
        let by_query = || ["individual_id", "event_id"].iter().find_map(|name| self.individual_of(&call.query(name)?));
        let by_body = || self.individual_of(text(&call.json().ok()?, "individual_id"));
        by_path.or_else(by_query).or_else(by_body)
    }

    fn record(&mut self, call: &Call, programme: Option<String>, reply: Option<&Reply>, manner: Option<&ApiManner>) {
        let (endpoint, _) = call.endpoint();
        let created = reply
            .filter(|_| endpoint == Endpoint::CreateIndividual)
            .and_then(|reply| reply.body.as_ref()?.get("id")?.as_str());
        let worked = reply.map(|reply| reply.status.as_u16());
        let record = RequestRecord {
            at: self.stamp(),
            endpoint,
            method: call.method.to_string(),
            path: call.target(),
            programme,
            individual: self.named(call).or_else(|| created.map(str::to_owned)),
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
        ApiManner::ConsentRequired { .. } => Some(412),
        ApiManner::Html => Some(200),
        ApiManner::Stale | ApiManner::Frozen | ApiManner::Truncated | ApiManner::SlowDrip { .. } => worked,
        ApiManner::Late { .. } | ApiManner::WrongId | ApiManner::UnknownStatus { .. } => worked,
        ApiManner::Without { .. } => worked,
    }
}

async fn spoilt(manner: ApiManner, mut reply: Reply, cord: Cord) -> Response {
    match manner {
        ApiManner::Stale | ApiManner::Frozen => plain(&reply),
        ApiManner::TooMany { retry_after } => too_many(retry_after),
        ApiManner::Status { code } => {
            StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }
        ApiManner::ConsentRequired { with_scope } => {
            let expires_at = clock::stamp_millis(after(Duration::from_mins(10)));
            let scope = with_scope.then_some(("make_payment", expires_at.as_str()));
            plain(&Reply::consent_required(&chance::uuid(), scope))
        }
        ApiManner::Html => html(StatusCode::OK, MAINTENANCE.to_owned()),
        ApiManner::Truncated => {
            let body = body_text(&reply);
            json_bytes(&reply, Body::from(body.get(..body.len() / 2).unwrap_or_default().to_owned()))
        }
        ApiManner::Silence => {
            cord.silence().await;
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        ApiManner::SlowDrip { millis } => json_bytes(&reply, drip(body_text(&reply), Duration::from_millis(millis))),
        ApiManner::Late { millis } => {
            clock::pause(Duration::from_millis(millis)).await;
            plain(&reply)
        }
        ApiManner::WrongId => bend(&mut reply, "id", Some(json!(chance::uuid()))),
        ApiManner::UnknownStatus { status } => bend(&mut reply, "status", Some(json!(status))),
        ApiManner::Without { member } => bend(&mut reply, &member, None),
        ApiManner::Closed => {
            cord.cut();
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// Replaces or removes one member of a good answer; errors stay as they are.
fn bend(reply: &mut Reply, member: &str, value: Option<Value>) -> Response {
    let body = reply.body.as_mut().filter(|_| reply.status.is_success());
    if let Some(members) = body.and_then(Value::as_object_mut) {
        match value {
            Some(value) => members.insert(member.to_owned(), value),
            None => members.remove(member),
        };
    }
    plain(reply)
}

fn plain(reply: &Reply) -> Response {
    if reply.body.is_none() {
        return reply.status.into_response();
    }
    json_bytes(reply, Body::from(body_text(reply)))
}

fn json_bytes(reply: &Reply, body: Body) -> Response {
    let mut response = (reply.status, body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}

fn body_text(reply: &Reply) -> String {
    reply.body.as_ref().map(Value::to_string).unwrap_or_default()
}
