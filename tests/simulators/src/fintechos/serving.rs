//! One request from arrival to answer: control and page apart, the crash, rules, the true answer, the spoilt one.

use std::sync::Arc;

use axum::{
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};

use super::{
    call::{Call, Reply},
    control,
    manners::Manner,
    page,
    records::Endpoint,
    world::World,
};
use crate::{conduct::Conduct, server::Cord, state::Shared};

pub(crate) async fn serve(shared: Arc<Shared<World>>, call: Call, cord: Cord) -> Response {
    if let Some(response) = control::serve(&shared, &call) {
        return response;
    }
    if call.method == Method::GET && call.path == "/" {
        return page::table(&shared.look().accepted);
    }
    let Some((reply, conduct)) = shared.change(|world| world.handle(&call)) else {
        // it has crashed
        cord.cut();
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    conduct.write(reply.unwrap_or_else(|| Reply::of_code(503)).into(), cord).await
}

impl World {
    /// The true answer, if there is one, and how it is given; nothing after a crash.
    fn handle(&mut self, call: &Call) -> Option<(Option<Reply>, Conduct<Manner>)> {
        let endpoint = call.endpoint(&self.settings.base_path);
        // told before the work, which may be the last thing that a token is good for
        let token = self.known_token(call, endpoint);
        if self.is_down() {
            self.record(call, endpoint, token, None, (Some("crashed".to_owned()), None));
            return None;
        }
        let conduct = self.conduct(call, endpoint);
        let done = conduct.works().then(|| self.work(call, endpoint));
        let answered = conduct.status(done.as_ref().map(|done| done.reply.status.as_u16()));
        self.record(call, endpoint, token, done.as_ref(), (conduct.told(), answered));
        Some((done.map(|done| done.reply), conduct))
    }

    fn conduct(&mut self, call: &Call, endpoint: Endpoint) -> Conduct<Manner> {
        // an id in a text inside a text is the same text
        let body = String::from_utf8_lossy(&call.body);
        self.rules.conduct(&endpoint, |object| body.contains(object))
    }
}
