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
    manners::ApiManner,
    page,
    records::{RequestRecord, set, text},
    words::{COMPLETE, WITHDRAWN},
    world::{Shared, View, World},
};
use crate::{
    answers::{MAINTENANCE, drip, html},
    chance, clock,
    server::Cord,
};

/// More than any documented body needs.
const MOST_BODY: usize = 1 << 20;
/// How long a caller of a check that is not asynchronous, or one that is overtaken, is kept at most.
const LONGEST: Duration = Duration::from_mins(10);

/// The two hosts of Onfido.
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
        let bent = world.bent(call);
        let works = bent.as_ref().is_none_or(|bent| bent.work_done || bent.manner.bends_answer());
        let reply = works.then(|| world.answer(call, bent.as_ref().map_or(View::Now, Bent::view)));
        let manner = bent.map(|bent| bent.manner);
        world.record(call, reply.as_ref(), manner.as_ref());
        (reply, manner)
    });
    let mut reply = reply.unwrap_or_else(Reply::absent);
    if let Some(check) = reply.waits_for.take() {
        wait_for_end(shared, call, &check, &mut reply).await;
    }
    match manner {
        None => plain(&reply),
        Some(ApiManner::AfterItsEvents) => {
            let quiet = || shared.look().is_quiet();
            // an answer that is late all the same is what was asked for
            let _waited = clock::wait_for(shared.news.subscribe(), LONGEST, quiet).await;
            plain(&reply)
        }
        Some(manner) => spoilt(manner, reply, cord).await,
    }
}

/// `asynchronous: false`: the caller is kept until the check has ended (§2.3).
async fn wait_for_end(shared: &Shared, call: &Call, check: &str, reply: &mut Reply) {
    let ended = || {
        let world = shared.look();
        world.things.get(check).is_none_or(|it| [COMPLETE, WITHDRAWN].contains(&text(&it.shown, "status")))
    };
    let _waited = clock::wait_for(shared.news.subscribe(), LONGEST, ended).await;
    let now = shared.look().things.get(check).map(|check| check.shown.clone());
    if let (Some(now), Some(body)) = (now, reply.body.as_mut()) {
        *body = now;
        super::api::put_version(body, call.route().minor);
    }
}

impl World {
    /// The first rule that holds for this call.
    fn bent(&mut self, call: &Call) -> Option<Bent> {
        let endpoint = call.route().endpoint;
        let named = self.named_by(call);
        for active in &mut self.api_rules {
            let rule = &active.rule;
            let over = rule.for_ms.is_some_and(|length| active.since.elapsed() > Duration::from_millis(length));
            let here = rule.endpoint.is_none_or(|wanted| wanted == endpoint);
            let about = rule.about.as_ref().is_none_or(|wanted| named.contains(wanted));
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

    /// What a call names in its path, query or body, with what that belongs to.
    fn named_by(&self, call: &Call) -> Vec<String> {
        let route = call.route();
        if !route.id.is_empty() {
            let key = if route.task.is_empty() { route.id.to_owned() } else { Self::task_key(route.id, route.task) };
            return self.about(&key);
        }
        let by_query = ["applicant_id", "check_id"].iter().find_map(|name| call.query(name));
        let by_body = || {
            let body = call.json().ok()?;
            Some(text(&body, "applicant_id").to_owned()).filter(|id| !id.is_empty())
        };
        by_query.or_else(by_body).map(|id| self.about(&id)).unwrap_or_default()
    }

    fn record(&mut self, call: &Call, reply: Option<&Reply>, manner: Option<&ApiManner>) {
        let route = call.route();
        let mut about = self.named_by(call);
        let made = reply.filter(|reply| reply.status == StatusCode::CREATED);
        if let Some(id) = made.and_then(|reply| reply.body.as_ref()?.get("id")?.as_str()) {
            about = self.about(id);
        }
        let worked = reply.map(|reply| reply.status.as_u16());
        let (account, client) = self.caller(call, &route).unzip();
        let record = RequestRecord {
            at: Self::now(),
            endpoint: route.endpoint,
            method: call.method.to_string(),
            path: call.target(),
            account,
            client,
            about,
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
        ApiManner::LegacyRefusal => Some(422),
        ApiManner::Html => Some(200),
        ApiManner::Stale | ApiManner::Frozen | ApiManner::Truncated | ApiManner::SlowDrip { .. } => worked,
        ApiManner::Late { .. } | ApiManner::AfterItsEvents | ApiManner::WrongId => worked,
        ApiManner::UnknownStatus { .. } | ApiManner::UnknownResult { .. } | ApiManner::Without { .. } => worked,
    }
}

async fn spoilt(manner: ApiManner, mut reply: Reply, cord: Cord) -> Response {
    match manner {
        ApiManner::Stale | ApiManner::Frozen | ApiManner::AfterItsEvents => plain(&reply),
        ApiManner::TooMany { retry_after } => {
            let mut response = plain(&Reply::of_code(429));
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
        ApiManner::Status { code } => plain(&Reply::of_code(code)),
        ApiManner::LegacyRefusal => plain(&Reply::legacy_refusal()),
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
        ApiManner::UnknownResult { result } => bend(&mut reply, "result", Some(json!(result))),
        ApiManner::Without { member } => bend(&mut reply, &member, None),
        ApiManner::Closed => {
            cord.cut();
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// Replaces or removes one member of a good answer, in a list of every row; errors stay as they are.
fn bend(reply: &mut Reply, member: &str, value: Option<Value>) -> Response {
    if let Some(body) = reply.body.as_mut().filter(|_| reply.status.is_success()) {
        let within = body.as_object().filter(|it| it.len() == 1).and_then(|it| it.keys().next().cloned());
        let rows = match within {
            Some(envelope) => body.get_mut(&envelope),
            None => Some(body),
        };
        match rows {
            Some(Value::Array(rows)) => rows.iter_mut().for_each(|row| bend_one(row, member, value.as_ref())),
            Some(one) => bend_one(one, member, value.as_ref()),
            None => {}
        }
    }
    plain(reply)
}

fn bend_one(row: &mut Value, member: &str, value: Option<&Value>) {
    match value {
        Some(value) => set(row, member, value.clone()),
        None => {
            row.as_object_mut().map(|members| members.remove(member));
        }
    }
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
