//! The instance's state, and what each call does: signing in (§2), taking an event (§3).

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use serde_json::{Value, json};

use super::{
    call::{Call, Reply},
    manners::Rule,
    records::{Accepted, DataForm, Endpoint, Outcome, Received, SignIns},
    settings::{DataForms, DeadToken, RefusedSignIn, Settings, SignIn, TokenForm},
};
use crate::{
    chance,
    clock::{self, RetryTime},
    members::text,
    rules::Rules,
};

struct Token {
    token: String,
    of: SignIn,
    until: Duration,
}

pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) address: SocketAddr,
    pub(crate) token_time: RetryTime,
    tokens: Vec<Token>,
    pub(crate) rules: Rules<Rule, ()>,
    pub(crate) received: Vec<Received>,
    pub(crate) accepted: Vec<Accepted>,
    /// Bodies taken so far.
    bodies: BTreeSet<String>,
    pub(crate) sign_ins: SignIns,
    /// Events still taken before everything breaks off.
    crash_in: Option<usize>,
}

/// What a call came to.
pub(crate) struct Done {
    pub(crate) reply: Reply,
    outcome: Outcome,
}

/// An action call taken apart.
struct Asked {
    action: String,
    token: String,
    user_name: Option<String>,
    form: DataForm,
    data: Value,
}

impl World {
    pub(crate) fn new(settings: Settings, address: SocketAddr) -> Self {
        Self {
            settings,
            address,
            token_time: RetryTime::new(1),
            tokens: Vec::new(),
            rules: Rules::default(),
            received: Vec::new(),
            accepted: Vec::new(),
            bodies: BTreeSet::new(),
            sign_ins: SignIns::default(),
            crash_in: None,
        }
    }

    pub(crate) fn crash_after(&mut self, events: Option<usize>) {
        self.crash_in = events;
    }

    pub(crate) fn is_down(&self) -> bool {
        self.crash_in == Some(0)
    }

    pub(crate) fn forget_tokens(&mut self) {
        self.tokens.clear();
    }

    /// Does what a call asks for.
    pub(crate) fn work(&mut self, call: &Call, endpoint: Endpoint) -> Done {
        match endpoint {
            Endpoint::GetToken => self.get_token(call),
            Endpoint::GetTokenByQuery => self.get_token_by_query(call),
            Endpoint::KeycloakToken => self.keycloak_token(call),
            Endpoint::CallAction | Endpoint::EndpointAction => self.take(call, endpoint),
            Endpoint::Unknown => Done { reply: Reply::of_code(404), outcome: Outcome::NoSuchAction },
        }
    }

    fn get_token(&mut self, call: &Call) -> Done {
        let body = call.json();
        let names = [("username", &self.settings.user_name), ("password", &self.settings.password)];
        let good = names.iter().all(|(name, wanted)| text(&body, name) == wanted.as_str());
        if good && text(&body, "client_id") == self.settings.client_id { self.legacy_token() } else { self.refused() }
    }

    fn get_token_by_query(&mut self, call: &Call) -> Done {
        self.sign_ins.credentials_in_query += 1;
        let given = |name: &str| call.query(name).unwrap_or_default();
        let account = &self.settings;
        let good = given("username") == account.user_name && given("password") == account.password;
        if good && given("client_id") == account.client_id { self.legacy_token() } else { self.refused() }
    }

    /// In the form of the samples: a GUID.
    fn legacy_token(&mut self) -> Done {
        self.sign_ins.get_token += 1;
        let life = self.settings.token_life;
        let token = self.new_token(SignIn::GetToken, chance::uuid(), life);
        let body = match &self.settings.token_form {
            TokenForm::Text => json!(token),
            TokenForm::Object { member } if member == "access_token" => {
                json!({"access_token": token, "token_type": "bearer", "expires_in": life.as_secs()})
            }
            TokenForm::Object { member } => json!({member: token}),
        };
        Done { reply: Reply::ok(body), outcome: Outcome::SignedIn }
    }

    fn keycloak_token(&mut self, call: &Call) -> Done {
        let body = call.json();
        let account = &self.settings;
        if text(&body, "userName") != account.user_name || text(&body, "password") != account.password {
            return self.refused();
        }
        self.sign_ins.keycloak += 1;
        let (life, tells) = (self.settings.keycloak_life, self.settings.keycloak_tells);
        let token = self.new_token(SignIn::Keycloak, format!("eyJhbGciOiJub25lIn0.{}", chance::token()), life);
        let body = json!({
            "accessToken": token, "expiresIn": tells, "refreshExpiresIn": life.as_secs(),
            "refreshToken": chance::token(), "tokenType": "Bearer", "notBeforePolicy": 0,
            "sessionState": chance::uuid(), "scope": "email profile",
        });
        Done { reply: Reply::ok(body), outcome: Outcome::SignedIn }
    }

    fn new_token(&mut self, of: SignIn, token: String, life: Duration) -> String {
        let until = self.token_time.elapsed().saturating_add(life);
        self.tokens.push(Token { token: token.clone(), of, until });
        token
    }

    fn refused(&mut self) -> Done {
        self.sign_ins.refused += 1;
        let reply = match self.settings.refused_sign_in {
            RefusedSignIn::Status { code } => Reply::of_code(code),
            RefusedSignIn::NoToken => match self.settings.token_form {
                TokenForm::Text => Reply::ok(json!("")),
                TokenForm::Object { .. } => Reply::ok(json!({})),
            },
        };
        Done { reply, outcome: Outcome::NotSignedIn }
    }

    /// A token of either sign-in is good for either call (an assumption).
    fn take(&mut self, call: &Call, endpoint: Endpoint) -> Done {
        let Some(asked) = self.asked(call, endpoint) else {
            let reply = if endpoint == Endpoint::CallAction {
                Reply::ok(Self::failure("The request could not be read", 2))
            } else {
                Reply::of_code(400)
            };
            return Done { reply, outcome: Outcome::Unreadable };
        };
        if self.token_of(&asked.token).is_none() {
            self.sign_ins.tokens_refused += 1;
            let reply = match self.settings.dead_token {
                DeadToken::Status { code } => Reply::of_code(code),
                DeadToken::Logical => Reply::ok(Self::failure("Invalid token", 1)),
            };
            return Done { reply, outcome: Outcome::TokenRefused };
        }
        if asked.action != self.settings.action_name {
            let reply = if endpoint == Endpoint::CallAction {
                Reply::ok(Self::failure("No such action", 3))
            } else {
                Reply::of_code(404)
            };
            return Done { reply, outcome: Outcome::NoSuchAction };
        }
        self.accept(asked.data);
        let body = if endpoint == Endpoint::CallAction {
            json!({"UIResult": {"NavigateToEntityPage": false, "Data": null}, "IsSuccess": true, "Message": null,
                "ErrorCode": 0})
        } else {
            // whatever the script returns: a number in the sample
            json!(0)
        };
        Done { reply: Reply::ok(body), outcome: Outcome::Accepted }
    }

    fn accept(&mut self, data: Value) {
        let number = self.accepted.len().saturating_add(1);
        let repeat = !self.bodies.insert(data.to_string());
        self.accepted.push(Accepted::new(clock::stamp_seconds(clock::now()), number, repeat, data));
        self.crash_in = self.crash_in.map(|left| left.saturating_sub(1));
    }

    /// What an action call asks for, if it has the form wanted here.
    fn asked(&self, call: &Call, endpoint: Endpoint) -> Option<Asked> {
        let asked = taken_apart(call, endpoint, &self.settings.base_path)?;
        if endpoint == Endpoint::EndpointAction {
            return Some(asked);
        }
        let fits = match self.settings.data {
            DataForms::Text => asked.form == DataForm::Text,
            DataForms::Object => asked.form == DataForm::Object,
            DataForms::Either => true,
        };
        let known = asked.user_name.as_deref() == Some(self.settings.user_name.as_str());
        Some(asked).filter(|_| fits && (known || !self.settings.wants_user_name))
    }

    fn token_of(&self, token: &str) -> Option<SignIn> {
        let now = self.token_time.elapsed();
        let alive = |it: &&Token| it.token == token && it.until > now;
        self.tokens.iter().find(alive).map(|it| it.of)
    }

    pub(crate) fn failure(message: &str, code: i64) -> Value {
        json!({"UIResult": null, "IsSuccess": false, "Message": message, "ErrorCode": code})
    }

    /// Writes down a call; `done` is absent when nothing was done.
    pub(crate) fn record(
        &mut self,
        call: &Call,
        endpoint: Endpoint,
        known_token: Option<SignIn>,
        done: Option<&Done>,
        (manner, answer): (Option<String>, Option<u16>),
    ) {
        let asked = taken_apart(call, endpoint, &self.settings.base_path);
        let in_query = endpoint == Endpoint::GetTokenByQuery;
        self.received.push(Received {
            at: clock::stamp_seconds(clock::now()),
            endpoint,
            path: if in_query { call.path.clone() } else { call.target() },
            token_of: known_token,
            action: asked.as_ref().map(|it| it.action.clone()),
            data_form: asked.as_ref().map(|it| it.form),
            user_name: asked.as_ref().and_then(|it| it.user_name.clone()),
            data: asked.map(|it| it.data),
            outcome: done.map_or(Outcome::NotDone, |done| done.outcome),
            answer,
            manner,
        });
    }

    /// Which sign-in gave the token of this call.
    pub(crate) fn known_token(&self, call: &Call, endpoint: Endpoint) -> Option<SignIn> {
        let asked = taken_apart(call, endpoint, &self.settings.base_path)?;
        self.token_of(&asked.token)
    }
}

/// Of `CallAction` the wrapped request, of an endpoint the body itself.
fn taken_apart(call: &Call, endpoint: Endpoint, base_path: &str) -> Option<Asked> {
    if !endpoint.takes_events() {
        return None;
    }
    let body = call.json();
    if endpoint == Endpoint::EndpointAction {
        let action = call.action_name(base_path)?.to_owned();
        let token = call.credential("Bearer ").unwrap_or_default().to_owned();
        let data = Some(body).filter(Value::is_object)?;
        return Some(Asked { action, token, user_name: None, form: DataForm::Object, data });
    }
    let request = body.get("Request")?;
    let info = body.get("ApiInfo")?;
    let (form, data) = match request.get("Data")? {
        Value::String(written) => (DataForm::Text, serde_json::from_str(written).ok().filter(Value::is_object)?),
        object @ Value::Object(_) => (DataForm::Object, object.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => return None,
    };
    let user_name = info.get("UserName").and_then(Value::as_str).map(str::to_owned);
    Some(Asked {
        action: text(request, "ActionName").to_owned(),
        token: text(info, "Token").to_owned(),
        user_name,
        form,
        data,
    })
}
