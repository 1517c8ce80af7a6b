//! One request from arrival to answer: control and pages apart, rules, the true answer, the spoilt one.

use std::sync::Arc;

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

use super::{
    call::{Call, Reply},
    control,
    manners::ApiManner,
    page,
    records::{Endpoint, RequestRecord},
    world::World,
};
use crate::{conduct::Conduct, history::View, server::Cord, state::Shared};

pub(crate) async fn serve(shared: Arc<Shared<World>>, call: Call, cord: Cord) -> Response {
    if let Some(response) = control::serve(&shared, &call).await {
        return response;
    }
    if page::is_page(&call) {
        return page::serve(&shared, &call);
    }
    let (reply, conduct) = shared.change(|world| {
        // whose call it is is told before the answer, which may end a token
        let (caller, user) = (world.caller(&call), world.named(&call));
        let about = user.clone();
        let is_about = |wanted: &str| about.as_deref() == Some(wanted);
        let conduct = world.frame.rules.conduct(&call.route().endpoint, is_about);
        let reply = conduct.works().then(|| world.answer(&call, conduct.view()));
        world.record(&call, (caller, user), reply.as_ref(), &conduct);
        (reply, conduct)
    });
    let reply = reply.unwrap_or_else(Reply::absent);
    match (&reply.file, &conduct.manner) {
        (Some((content_type, bytes)), None) => {
            (reply.status, [(header::CONTENT_TYPE, *content_type)], bytes.clone()).into_response()
        }
        (_, _) => conduct.write(reply.into(), cord).await,
    }
}

impl World {
    /// The answer of a well-behaved Fractal. `view` says which state a GET shows.
    fn answer(&mut self, call: &Call, view: View) -> Reply {
        let route = call.route();
        let answered = match route.endpoint {
            Endpoint::ExchangeCode | Endpoint::RefreshToken | Endpoint::MachineToken => self.token(call),
            Endpoint::UsersMe => self.users_me(call, view),
            Endpoint::TotalVerifications => self.total_verifications(call, view),
            Endpoint::CountryVerifications => self.country_verifications(call, view),
            Endpoint::UserVerifications => self.user_verifications(call, view),
            Endpoint::File => self.file(call, route.id, route.rest),
            Endpoint::KycToken
            | Endpoint::KycStatus
            | Endpoint::KycData
            | Endpoint::KycFile
            | Endpoint::CreateSharedToken
            | Endpoint::GetSharedToken => self.kyc(call, view),
            Endpoint::Unknown if call.path == "/oauth/token" => self.token(call),
            Endpoint::Unknown => Err(Reply::absent()),
        };
        answered.unwrap_or_else(|refused| refused)
    }

    /// Application or client whose credential comes along.
    fn caller(&self, call: &Call) -> Option<String> {
        let by_token = || self.bearer_unused(call).map(|pair| pair.application);
        let by_pair = || {
            let application = self.application(&call.parameter("client_id")?)?;
            let good = Some(&application.client_secret) == call.parameter("client_secret").as_ref();
            good.then(|| application.name.clone())
        };
        let by_own_token = || self.api_client(call).ok().map(|client| client.client_id);
        by_token().or_else(by_own_token).or_else(by_pair)
    }

    /// The person that a call is about: by its path, its token, its code.
    fn named(&self, call: &Call) -> Option<String> {
        let route = call.route();
        let by_code = || {
            let code = call.parameter("code")?;
            self.codes.iter().find(|it| it.code == code).map(|it| it.uid.clone())
        };
        let by_refresh = || {
            let token = call.parameter("refresh_token")?;
            self.pairs.iter().find(|it| it.refresh.as_ref() == Some(&token))?.uid.clone()
        };
        let by_case = || {
            let own = |uid: &&String| {
                self.persons.get(*uid).is_some_and(|person| person.cases.iter().any(|it| it.id == route.id))
            };
            self.persons.keys().find(own).cloned()
        };
        match route.endpoint {
            Endpoint::ExchangeCode => by_code(),
            Endpoint::RefreshToken => by_refresh(),
            Endpoint::UsersMe => self.bearer_unused(call)?.uid,
            Endpoint::File => by_case(),
            Endpoint::KycToken => self.user_of_token(route.id),
            Endpoint::KycStatus | Endpoint::KycData | Endpoint::KycFile => Some(route.id.to_owned()),
            Endpoint::MachineToken
            | Endpoint::TotalVerifications
            | Endpoint::CountryVerifications
            | Endpoint::UserVerifications
            | Endpoint::CreateSharedToken
            | Endpoint::GetSharedToken
            | Endpoint::Unknown => None,
        }
    }

    fn record(
        &mut self,
        call: &Call,
        (caller, user): (Option<String>, Option<String>),
        reply: Option<&Reply>,
        conduct: &Conduct<ApiManner>,
    ) {
        let record = RequestRecord {
            at: Self::now(),
            generation: call.host.generation(),
            endpoint: call.route().endpoint,
            method: call.method.to_string(),
            path: call.target(),
            caller,
            user,
            status: conduct.status(reply.map(|reply| reply.status.as_u16())),
            manner: conduct.told(),
        };
        self.frame.requests.push(record);
    }
}
