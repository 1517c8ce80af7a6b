//! One request from arrival to answer: control and page apart, rules, the true answer, the spoilt one.

use std::sync::Arc;

use axum::response::Response;

use super::{
    call::{Call, Reply},
    control,
    hosts::Host,
    manners::ApiManner,
    page,
    records::{Endpoint, RequestRecord},
    world::{World, key},
};
use crate::{conduct::Conduct, server::Cord, state::Shared};

pub(crate) async fn serve(shared: Arc<Shared<World>>, call: Call, cord: Cord) -> Response {
    if let Some(response) = control::serve(&shared, &call) {
        return response;
    }
    if call.host == Host::App {
        return page::serve(&shared, &call);
    }
    let (reply, conduct) = shared.change(|world| {
        let conduct = world.conduct(&call);
        let reply = conduct.works().then(|| world.answer(&call, conduct.view()));
        world.record(&call, reply.as_ref(), &conduct);
        (reply, conduct)
    });
    conduct.write(reply.unwrap_or_else(Reply::absent).into(), cord).await
}

impl World {
    fn conduct(&mut self, call: &Call) -> Conduct<ApiManner> {
        let (endpoint, id) = call.endpoint();
        let idv = id.and_then(|id| self.idv_of(id)).map(|id| key(&id));
        self.frame.rules.conduct(&endpoint, |wanted| idv.as_ref() == Some(&key(wanted)))
    }

    fn record(&mut self, call: &Call, reply: Option<&Reply>, conduct: &Conduct<ApiManner>) {
        let (endpoint, id) = call.endpoint();
        let created = reply
            .filter(|_| endpoint == Endpoint::CreateIdv)
            .and_then(|reply| reply.body.as_ref()?.get("id")?.as_str());
        let record = RequestRecord {
            at: self.stamp(),
            endpoint,
            host: call.host.name(),
            method: call.method.to_string(),
            path: call.path.clone(),
            idv: id.and_then(|id| self.idv_of(id)).or_else(|| created.map(str::to_owned)),
            status: conduct.status(reply.map(|reply| reply.status.as_u16())),
            manner: conduct.told(),
        };
        self.frame.requests.push(record);
    }
}
