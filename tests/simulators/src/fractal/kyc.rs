//! Verifier ("Kraken") and relay (§8): the link, the way back, and what a client reads with tokens of its own making.
//!
//! | what comes | what is answered |
//! | --- | --- |
//! | a token of another key, algorithm, client or purpose; one that ends later than in 10 minutes, or never | 401 |
//! | another client's user, an unknown or used one-time token | 404 |
//! | a link whose token is wrong | a page, and no way back |

use std::time::Duration;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    authorize::back,
    call::{Call, Reply},
    details::picture,
    records::{Endpoint, VisitRecord, text},
    settings::{Client, Generation},
    tokens::opaque,
    visit::{Button, Return, Visit},
    words::{APPROVED, PENDING, REJECTED, parts_of_level},
    world::World,
};
use crate::{chance, clock, history::View, members};

/// The longest life of an API token (§8.2).
const LONGEST: i64 = 600;
const FILES: [&str; 4] = ["idFront", "idBack", "selfie", "proofOfResidence"];

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) generation: Generation,
    /// Client id.
    pub(crate) client: String,
    pub(crate) email: String,
    /// As the newest link asked for it.
    pub(crate) level: String,
    pub(crate) status: String,
    pub(crate) note: String,
    pub(crate) external_user_id: Option<String>,
    pub(crate) erased: bool,
    accepted_at: String,
}

pub(crate) struct OneTimeToken {
    token: String,
    pub(crate) user: String,
    client: String,
    state: Option<String>,
    until: Duration,
    used: bool,
}

/// What a good link asks for.
pub(super) struct AskedKyc {
    client: Client,
    pub(super) level: String,
    state: Option<String>,
    external_user_id: Option<String>,
}

/// The link.
impl World {
    pub(super) fn asked_kyc(&self, generation: Generation, query: &str) -> Result<AskedKyc, String> {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let token = pairs.find(|(name, _)| name == "token").map(|(_, value)| value.into_owned());
        let (client, claims) = self.opened(generation, &token.unwrap_or_default())?;
        if claims.get("kyc") != Some(&Value::Bool(true)) {
            return Err("this token is not for a link".to_owned());
        }
        if self.settings.kyc.link_must_end && claims.get("exp").is_none() {
            return Err("this link has no end".to_owned());
        }
        let level = text(&claims, "level").to_owned();
        if parts_of_level(&level).is_none() {
            return Err("this level is not known".to_owned());
        }
        let member = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(AskedKyc { client, level, state: member("state"), external_user_id: member("externalUserId") })
    }

    pub(super) fn answer_kyc(&mut self, asked: &AskedKyc, visit: &Visit) -> Return {
        let gone = match visit.button {
            Button::AllowAndComplete | Button::Allow => self.complete_kyc(asked, visit),
            Button::Deny | Button::Fail { .. } => Return { url: None, user: None },
        };
        self.visits.push(VisitRecord {
            at: Self::now(),
            generation: asked.client.generation,
            of: asked.client.client_id.clone(),
            user: gone.user.clone(),
            state: asked.state.clone(),
            asked: asked.level.clone(),
            returned: gone.url.clone(),
        });
        gone
    }

    fn complete_kyc(&mut self, asked: &AskedKyc, visit: &Visit) -> Return {
        let mut user = self.user_of(asked, visit);
        let id = user.id.clone();
        if user.status != APPROVED || user.level != asked.level {
            (user.level, user.status, user.note) = (asked.level.clone(), PENDING.to_owned(), String::new());
            self.keep_user(user);
            if self.settings.kyc.tells_pending {
                self.tell_status(&id);
            }
        }
        let token = opaque();
        self.one_time_tokens.push(OneTimeToken {
            token: token.clone(),
            user: id.clone(),
            client: asked.client.client_id.clone(),
            state: asked.state.clone(),
            until: self.token_time.elapsed().saturating_add(self.settings.kyc.token_life),
            used: false,
        });
        let url = back(&asked.client.redirect_url, [("oneTimeToken", token.as_str())].into_iter());
        Return { url: Some(url), user: Some(id) }
    }

    /// The client's user: by id, by external id, by address; else a new one.
    fn user_of(&self, asked: &AskedKyc, visit: &Visit) -> User {
        let own = |user: &&User| user.client == asked.client.client_id;
        let find = |wanted: &dyn Fn(&User) -> bool| self.users.values().filter(own).find(|user| wanted(user)).cloned();
        let by_id = find(&|user| Some(&user.id) == visit.user.as_ref());
        let external =
            || asked.external_user_id.as_ref().and_then(|id| find(&|it| it.external_user_id.as_ref() == Some(id)));
        let by_email = || visit.email.as_ref().and_then(|email| find(&|it| it.email == *email));
        by_id.or_else(external).or_else(by_email).unwrap_or_else(|| {
            let id = chance::uuid();
            let address = format!("person-{}@example.com", id.get(..8).unwrap_or_default());
            User {
                email: visit.email.clone().unwrap_or(address),
                id,
                generation: asked.client.generation,
                client: asked.client.client_id.clone(),
                level: asked.level.clone(),
                status: String::new(),
                note: String::new(),
                external_user_id: asked.external_user_id.clone(),
                erased: false,
                accepted_at: Self::now(),
            }
        })
    }
}

/// What a client reads.
impl World {
    pub(super) fn kyc(&mut self, call: &Call, view: View) -> Result<Reply, Reply> {
        let client = self.api_client(call).map_err(|why| Reply::refused(StatusCode::UNAUTHORIZED, why))?;
        let route = call.route();
        if route.endpoint == Endpoint::KycToken {
            return self.read_one_time_token(route.id, &client, view);
        }
        if matches!(route.endpoint, Endpoint::CreateSharedToken | Endpoint::GetSharedToken) {
            return self.shared_token(call, &client);
        }
        let user = self.user_seen(route.id, view).filter(|user| user.client == client.client_id);
        let user = user.ok_or_else(Reply::absent)?;
        match route.endpoint {
            Endpoint::KycStatus => Ok(Reply::ok(json!({"status": user.status}))),
            Endpoint::KycData if !user.erased => Ok(Reply::ok(user.data())),
            Endpoint::KycFile if !user.erased && user.has_file(route.rest) => {
                Ok(Reply::file("image/jpeg", picture(route.rest)))
            }
            Endpoint::ExchangeCode
            | Endpoint::RefreshToken
            | Endpoint::MachineToken
            | Endpoint::UsersMe
            | Endpoint::TotalVerifications
            | Endpoint::CountryVerifications
            | Endpoint::UserVerifications
            | Endpoint::File
            | Endpoint::KycToken
            | Endpoint::KycData
            | Endpoint::KycFile
            | Endpoint::CreateSharedToken
            | Endpoint::GetSharedToken
            | Endpoint::Unknown => Err(Reply::absent()),
        }
    }

    /// Whose API token comes along.
    pub(super) fn api_client(&self, call: &Call) -> Result<Client, &'static str> {
        let token = call.credential("Bearer ").ok_or("token is missing")?;
        let (client, claims) = self.opened(call.host.generation(), token)?;
        if claims.get("api") != Some(&Value::Bool(true)) {
            return Err("this token is not for the API");
        }
        let ends = claims.get("exp").and_then(Value::as_i64).ok_or("token has no end")?;
        if ends.saturating_sub(clock::now().unix_timestamp()) > LONGEST {
            return Err("token ends later than in 10 minutes");
        }
        Ok(client)
    }

    pub(super) fn user_seen(&self, id: &str, view: View) -> Option<User> {
        serde_json::from_value(self.frame.history.seen(id, view)?).ok()
    }

    fn read_one_time_token(&mut self, token: &str, client: &Client, view: View) -> Result<Reply, Reply> {
        let (now, once) = (self.token_time.elapsed(), self.settings.kyc.token_once);
        let good = |it: &&mut OneTimeToken| {
            it.token == token && it.client == client.client_id && it.until > now && !(it.used && once)
        };
        let found = self.one_time_tokens.iter_mut().find(good).ok_or_else(Reply::absent)?;
        found.used = true;
        let (id, state) = (found.user.clone(), found.state.clone());
        let user = self.user_seen(&id, view).ok_or_else(Reply::absent)?;
        let mut body = json!({"userId": user.id, "state": user.status});
        if let Some(state) = state {
            members::set(&mut body, "externalState", json!(state));
        }
        Ok(Reply::ok(body))
    }

    /// The user that a one-time token stands for, for the records.
    pub(super) fn user_of_token(&self, token: &str) -> Option<String> {
        self.one_time_tokens.iter().find(|it| it.token == token).map(|it| it.user.clone())
    }

    /// Of relay alone; who may share what is not published.
    fn shared_token(&mut self, call: &Call, client: &Client) -> Result<Reply, Reply> {
        if client.generation != Generation::Relay {
            return Err(Reply::absent());
        }
        let id = match call.object() {
            Some(body) => {
                let (id, of) = (text(&body, "credentialId").to_owned(), text(&body, "forClientId").to_owned());
                if id.is_empty() || of.is_empty() {
                    return Err(Reply::refused(StatusCode::BAD_REQUEST, "credentialId and forClientId are needed"));
                }
                self.shared_tokens.insert(id.clone(), of);
                id
            }
            None => call.route().id.to_owned(),
        };
        let of = self.shared_tokens.get(&id).ok_or_else(Reply::absent)?;
        Ok(Reply::ok(json!({"id": id, "kycStatus": APPROVED, "token": opaque(), "forClientId": of})))
    }
}

impl User {
    fn has_file(&self, kind: &str) -> bool {
        FILES.contains(&kind) && (kind != "proofOfResidence" || self.level.starts_with("plus"))
    }

    /// The members that public code reads; the whole schema is not published.
    fn data(&self) -> Value {
        let mut review = json!({"levelName": self.level});
        let answer = match self.status.as_str() {
            APPROVED => Some("GREEN"),
            REJECTED => Some("RED"),
            _ => None,
        };
        if let Some(answer) = answer {
            members::set(&mut review, "reviewResult", json!({"reviewAnswer": answer}));
        }
        json!({
            "email": self.email, "phone": "+4915550001234",
            "info": {
                "firstName": "Testa", "firstNameEn": "Testa", "lastName": "Sample", "lastNameEn": "Sample",
                "dob": "1990-05-17", "placeOfBirth": "Musterstadt", "country": "DEU", "nationality": "DEU",
                "idDocs": [{
                    "idDocType": "PASSPORT", "country": "DEU", "number": "TEST0001X", "issuedDate": "2021-02-03",
                    "validUntil": "2031-02-02",
                }],
            },
            "review": review, "agreement": {"acceptedAt": self.accepted_at},
        })
    }
}
