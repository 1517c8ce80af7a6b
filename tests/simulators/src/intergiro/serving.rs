//! One request from arrival to answer: control and pages apart, rules, the true answer, the spoilt one.

use std::sync::Arc;

use axum::response::Response;

use super::{
    call::{Call, Host, Reply},
    control,
    manners::ApiManner,
    page,
    records::{Endpoint, RequestRecord, text},
    world::World,
};
use crate::{conduct::Conduct, server::Cord, state::Shared};

pub(crate) async fn serve(shared: Arc<Shared<World>>, call: Call, cord: Cord) -> Response {
    if let Some(response) = control::serve(&shared, &call).await {
        return response;
    }
    if call.host == Host::Pages {
        return page::serve(&shared, &call);
    }
    let (reply, conduct) = shared.change(|world| {
        // who calls is told before the answer, which may end the session
        let programme = world.signed_in(&call).ok();
        let conduct = world.conduct(&call);
        let reply = conduct.works().then(|| world.answer(&call, conduct.view()));
        world.record(&call, programme, reply.as_ref(), &conduct);
        (reply, conduct)
    });
    conduct.write(reply.unwrap_or_else(Reply::absent).into(), cord).await
}

impl World {
    fn conduct(&mut self, call: &Call) -> Conduct<ApiManner> {
        let individual = self.named(call);
        self.frame.rules.conduct(&call.endpoint().0, |wanted| individual.as_deref() == Some(wanted))
    }

    /// The individual that a call names: by any id in its path, query or body.
    fn named(&self, call: &Call) -> Option<String> {
        let by_path = call.endpoint().1.and_then(|id| self.individual_of(id));
        let by_query = || ["individual_id", "event_id"].iter().find_map(|name| self.individual_of(&call.query(name)?));
        let by_body = || self.individual_of(text(&call.json().ok()?, "individual_id"));
        by_path.or_else(by_query).or_else(by_body)
    }

    fn record(&mut self, call: &Call, programme: Option<String>, reply: Option<&Reply>, conduct: &Conduct<ApiManner>) {
        let (endpoint, _) = call.endpoint();
        let created = reply
            .filter(|_| endpoint == Endpoint::CreateIndividual)
            .and_then(|reply| reply.body.as_ref()?.get("id")?.as_str());
        let record = RequestRecord {
            at: self.stamp(),
            endpoint,
            method: call.method.to_string(),
            path: call.target(),
            programme,
            individual: self.named(call).or_else(|| created.map(str::to_owned)),
            status: conduct.status(reply.map(|reply| reply.status.as_u16())),
            manner: conduct.told(),
        };
        self.frame.requests.push(record);
    }
}
