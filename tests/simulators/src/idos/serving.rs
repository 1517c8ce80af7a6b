//! One request from arrival to answer: control and page apart, rules, the true answer, the spoilt one.

use std::sync::Arc;

use axum::{body::Body, http::Method, response::Response};

use super::{
    control,
    manners::Manner,
    page,
    rpc::{Asked, Call, Content, Reply},
    world::World,
};
use crate::{answers::Plain, conduct::Conduct, server::Cord, state::Shared};

pub(crate) async fn serve(shared: Arc<Shared<World>>, call: Call, cord: Cord) -> Response {
    if let Some(response) = control::serve(&shared, &call) {
        return response;
    }
    if call.method == Method::GET && call.path == "/" {
        return page::show(&shared.look());
    }
    let (reply, conduct) = shared.change(|world| world.handle(&call));
    write(reply, conduct, cord).await
}

impl World {
    /// What is answered if nothing else is said, and how.
    fn handle(&mut self, call: &Call) -> (Reply, Conduct<Manner>) {
        let asked = Asked::of(call);
        // told before the work, which may end the session
        let caller = self.caller(call, &asked);
        let conduct = self.conduct(&asked);
        let done = conduct.works().then(|| self.work(call, &asked, &caller));
        let instead = conduct.manner.as_ref().and_then(|it| it.instead(&asked, self.settings.gateway_status));
        let shown = instead.as_ref().or(done.as_ref()).map(|reply| reply.status.as_u16());
        let answered = conduct.status(shown);
        self.record(&asked, caller.session, done.as_ref(), (conduct.told(), answered));
        let mut reply = instead.or(done).unwrap_or_else(|| Reply::no_blob(503, "unavailable"));
        if let Some(manner) = &conduct.manner {
            manner.bend(&mut reply);
        }
        (reply, conduct)
    }

    fn conduct(&mut self, asked: &Asked) -> Conduct<Manner> {
        let mut rules = std::mem::take(&mut self.rules);
        let conduct = rules.conduct(&asked.endpoint, |id| self.is_about(asked, id));
        self.rules = rules;
        conduct
    }
}

/// Bytes take the way of a body that is empty at first: they are put in when the answer itself is let through.
async fn write(mut reply: Reply, conduct: Conduct<Manner>, cord: Cord) -> Response {
    let bytes = match &mut reply.content {
        Content::Json(_) => None,
        Content::Bytes(bytes) => Some(std::mem::take(bytes)),
    };
    let Some(bytes) = bytes else {
        return conduct.write(reply.into(), cord).await;
    };
    let kept = match &conduct.manner {
        Some(Manner::Truncated) => bytes.get(..bytes.len() / 2).unwrap_or_default().to_vec(),
        Some(
            Manner::Status { .. }
            | Manner::TooMany { .. }
            | Manner::Html
            | Manner::Empty
            | Manner::Redirect { .. }
            | Manner::Silence
            | Manner::Closed
            | Manner::AnswerLost,
        ) => return conduct.write(reply.into(), cord).await,
        Some(_) | None => bytes,
    };
    let plain: Plain = reply.into();
    let mut response = conduct.write(plain, cord).await;
    *response.body_mut() = Body::from(kept);
    response.headers_mut().remove("content-length");
    response
}
