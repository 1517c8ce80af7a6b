//! One request from arrival to answer: control and pages apart, rules, the true answer, the spoilt one.

use std::{sync::Arc, time::Duration};

use axum::{http::StatusCode, response::Response};

use super::{
    call::{Call, Host, Reply},
    control,
    manners::ApiManner,
    page,
    records::{RequestRecord, text},
    words::{COMPLETE, WITHDRAWN},
    world::World,
};
use crate::{conduct::Conduct, server::Cord, state::Shared};

/// How long a caller of a check that is not asynchronous, or one that is overtaken, is kept at most.
const LONGEST: Duration = Duration::from_mins(10);

pub(crate) async fn serve(shared: Arc<Shared<World>>, call: Call, cord: Cord) -> Response {
    if let Some(response) = control::serve(&shared, &call).await {
        return response;
    }
    if call.host == Host::Pages {
        return page::serve(&shared, &call);
    }
    let (reply, conduct) = shared.change(|world| {
        let conduct = world.conduct(&call);
        let reply = conduct.works().then(|| world.answer(&call, conduct.view()));
        world.record(&call, reply.as_ref(), &conduct);
        (reply, conduct)
    });
    let mut reply = reply.unwrap_or_else(Reply::absent);
    if let Some(check) = reply.waits_for.take() {
        wait_for_end(&shared, &call, &check, &mut reply).await;
    }
    if conduct.manner == Some(ApiManner::AfterItsEvents) {
        let quiet = || shared.look().frame.outbox.is_quiet();
        // an answer that is late all the same is what was asked for
        let _waited = shared.wait_for(LONGEST, quiet).await;
    }
    conduct.write(reply.into(), cord).await
}

/// `asynchronous: false`: the caller is kept until the check has ended (§2.3).
async fn wait_for_end(shared: &Shared<World>, call: &Call, check: &str, reply: &mut Reply) {
    let ended = || {
        let world = shared.look();
        world.things.get(check).is_none_or(|it| [COMPLETE, WITHDRAWN].contains(&text(&it.shown, "status")))
    };
    let _waited = shared.wait_for(LONGEST, ended).await;
    let now = shared.look().things.get(check).map(|check| check.shown.clone());
    if let (Some(now), Some(body)) = (now, reply.body.as_mut()) {
        *body = now;
        super::api::put_version(body, call.route().minor);
    }
}

impl World {
    fn conduct(&mut self, call: &Call) -> Conduct<ApiManner> {
        let named = self.named_by(call);
        self.frame.rules.conduct(&call.route().endpoint, |wanted| named.iter().any(|id| id == wanted))
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

    fn record(&mut self, call: &Call, reply: Option<&Reply>, conduct: &Conduct<ApiManner>) {
        let route = call.route();
        let mut about = self.named_by(call);
        let made = reply.filter(|reply| reply.status == StatusCode::CREATED);
        if let Some(id) = made.and_then(|reply| reply.body.as_ref()?.get("id")?.as_str()) {
            about = self.about(id);
        }
        let (account, client) = self.caller(call, &route).unzip();
        let record = RequestRecord {
            at: Self::now(),
            endpoint: route.endpoint,
            method: call.method.to_string(),
            path: call.target(),
            account,
            client,
            about,
            status: conduct.status(reply.map(|reply| reply.status.as_u16())),
            manner: conduct.told(),
        };
        self.frame.requests.push(record);
    }
}
