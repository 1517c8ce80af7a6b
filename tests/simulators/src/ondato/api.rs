//! The documented calls (§1.2, §2, §4): who may, what is valid, what is answered.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    call::{Call, Reply, basic_pair},
    idv::Idv,
    records::Endpoint,
    settings::Application,
    world::{Token, World, key},
};
use crate::{chance, history::View};

impl World {
    /// The answer of a well-behaved Ondato. `view` says which state a GET shows.
    pub(crate) fn answer(&mut self, call: &Call, view: View) -> Reply {
        let (endpoint, id) = call.endpoint();
        if endpoint == Endpoint::Token {
            return self.issue_token(call);
        }
        let Some(application) = self.bearer(call) else {
            return Reply::unauthenticated();
        };
        let id = id.unwrap_or_default();
        let answered = match endpoint {
            Endpoint::Token | Endpoint::Unknown => Ok(Reply::absent()),
            Endpoint::CreateIdv => self.create(call, &application),
            Endpoint::FilterKyc => self.filter(call, &application),
            Endpoint::PutLocalisations => self.localise(call, id, &application),
            Endpoint::Redact => self.order_redaction(call, id, &application),
            Endpoint::GetIdv => self.own_idv(id, &application).map(|idv| self.seen(&idv.id, view)),
            Endpoint::GetIdvSetup => {
                let base_url = self.settings.web_app_base_url.clone().unwrap_or_else(|| format!("{}/", self.urls.app));
                self.own_idv(id, &application).map(|idv| Reply::ok(idv.setup_shown(&base_url)))
            }
            Endpoint::GetIdvWebhooks => {
                self.own_idv(id, &application).map(|idv| Reply::ok(self.webhook_history(&idv.id)))
            }
            Endpoint::GetKyc => {
                let known = self.kycs.get(&key(id)).map(|kyc| kyc.application_id.clone());
                own(known, &application).map(|()| self.seen(id, view))
            }
            Endpoint::GetKycSetup => {
                let known = self.kycs.get(&key(id)).map(|kyc| (kyc.application_id.clone(), kyc.setup_shown()));
                known.map_or_else(
                    || Err(Reply::absent()),
                    |(owner, setup)| own(Some(owner), &application).map(|()| Reply::ok(setup)),
                )
            }
            Endpoint::GetKyb => {
                let known = self.kybs.get(&key(id)).map(|kyb| kyb.application_id.clone());
                own(known, &application).map(|()| self.seen(id, view))
            }
            Endpoint::GetForm => {
                let known = self.forms.get(&key(id)).map(|form| form.application_id.clone());
                own(known, &application).map(|()| self.seen(id, view))
            }
        };
        answered.unwrap_or_else(|refused| refused)
    }

    fn seen(&self, id: &str, view: View) -> Reply {
        self.shown(id, view).map_or_else(Reply::absent, Reply::ok)
    }

    fn issue_token(&mut self, call: &Call) -> Reply {
        let form: Vec<(String, String)> = url::form_urlencoded::parse(&call.body).into_owned().collect();
        let field = |name: &str| form.iter().find(|(member, _)| member == name).map(|(_, value)| value.as_str());
        let is_form = call.header("content-type").is_some_and(|it| it.starts_with("application/x-www-form-urlencoded"));
        if !is_form || field("grant_type").is_none() {
            return Reply::token_refused(StatusCode::BAD_REQUEST, "invalid_request");
        }
        if field("grant_type") != Some("client_credentials") {
            return Reply::token_refused(StatusCode::BAD_REQUEST, "unsupported_grant_type");
        }
        let basic = call.header("authorization").and_then(basic_pair);
        let pair =
            field("client_id").zip(field("client_secret")).map(|(id, secret)| (id.to_owned(), secret.to_owned()));
        let pair = pair.or(basic);
        let known = |application: &&Application| {
            pair.as_ref()
                .is_some_and(|(id, secret)| *id == application.client_id && *secret == application.client_secret)
        };
        let Some(application) = self.settings.applications.iter().find(known).cloned() else {
            return Reply::token_refused(StatusCode::BAD_REQUEST, "invalid_client");
        };
        let token = chance::token();
        let until = Instant::now() + Duration::from_secs(self.settings.token_seconds);
        self.tokens.insert(token.clone(), Token { application, until });
        let scope = field("scope").unwrap_or("idv_api kyc_identifications_api");
        Reply::ok(
            json!({"access_token": token, "expires_in": self.settings.token_seconds, "token_type": "Bearer", "scope": scope}),
        )
    }

    fn bearer(&self, call: &Call) -> Option<Application> {
        let token = call.header("authorization")?.strip_prefix("Bearer ")?;
        let token = self.tokens.get(token)?;
        (token.until > Instant::now()).then(|| token.application.clone())
    }

    fn own_idv(&self, id: &str, application: &Application) -> Result<Idv, Reply> {
        let idv = self.idvs.get(&key(id)).cloned();
        own(idv.as_ref().map(|idv| idv.application.application_id.clone()), application)?;
        idv.ok_or_else(Reply::absent)
    }

    /// Not idempotent: a repeat makes another IDV (§1.3).
    fn create(&mut self, call: &Call, application: &Application) -> Result<Reply, Reply> {
        let request = call.json()?;
        validate(&request, application)?;
        let idv = Idv::new(application, &request, self.stamp());
        let id = idv.id.clone();
        self.remember(&id, idv.shown());
        self.idvs.insert(key(&id), idv);
        self.created.push(id.clone());
        Ok(Reply::new(StatusCode::CREATED, json!({"id": id})))
    }

    fn localise(&mut self, call: &Call, id: &str, application: &Application) -> Result<Reply, Reply> {
        let mut idv = self.own_idv(id, application)?;
        let body = call.json()?;
        let settings = body.get("localisationSettings").and_then(Value::as_array);
        if settings.is_none_or(Vec::is_empty) {
            return Err(Reply::invalid("localisationSettings", "Required", "Property should not be empty."));
        }
        idv.localisations = Some((chance::uuid(), body));
        self.remember(&idv.id, idv.shown());
        self.idvs.insert(key(id), idv);
        Ok(Reply::no_content())
    }

    fn order_redaction(&mut self, call: &Call, id: &str, application: &Application) -> Result<Reply, Reply> {
        let mut idv = self.own_idv(id, application)?;
        let scope = call.json()?.get("scope").cloned().unwrap_or(Value::Null);
        // whether it is a list or one value is not confirmed: both are taken
        let scopes = scope.as_array().cloned().unwrap_or_else(|| vec![scope]);
        let known = |scope: &Value| matches!(scope.as_str(), Some("PersonalData" | "BiometricData"));
        if scopes.is_empty() || !scopes.iter().all(known) {
            return Err(Reply::invalid("scope", "Invalid", "Unknown scope."));
        }
        let outcomes = self.redact(&mut idv, Value::Array(scopes)).unwrap_or_default();
        self.idvs.insert(key(id), idv);
        for outcome in outcomes {
            self.remember(&outcome.resource, outcome.shown);
        }
        Ok(Reply::no_content())
    }

    /// The shape of the answer is not known: a plain list, the total in a header (assumptions).
    fn filter(&mut self, call: &Call, application: &Application) -> Result<Reply, Reply> {
        let wanted = call.json()?;
        let bound = |member: &str| wanted.get("createdUtc").and_then(|range| range.get(member)?.as_str());
        if wanted
            .get("applicationId")
            .and_then(Value::as_str)
            .is_some_and(|id| key(id) != key(&application.application_id))
        {
            return Err(Reply::forbidden());
        }
        let (from, to) = (bound("from").unwrap_or(""), bound("to").unwrap_or("9999"));
        let mine = self.kycs.values().filter(|kyc| kyc.application_id == application.application_id);
        // stamps of one form compare as text
        let mut found: Vec<_> = mine.filter(|kyc| from <= kyc.created.as_str() && kyc.created.as_str() <= to).collect();
        found.sort_by(|one, other| one.created.cmp(&other.created));
        let total = found.len();
        let page = found.into_iter().skip(call.query_number("offset", 0)).take(call.query_number("limit", 100));
        let mut reply = Reply::ok(page.map(super::kyc::Kyc::shown).collect());
        reply.total = call.header("return-total-count").map(|_| total);
        Ok(reply)
    }
}

fn own(owner: Option<String>, application: &Application) -> Result<(), Reply> {
    match owner {
        None => Err(Reply::absent()),
        Some(owner) if owner != application.application_id => Err(Reply::forbidden()),
        Some(_) => Ok(()),
    }
}

fn validate(request: &Value, application: &Application) -> Result<(), Reply> {
    let setup = request.get("setupId").and_then(Value::as_str).unwrap_or_default();
    if setup.is_empty() {
        return Err(Reply::invalid("setupId", "Required", "Property should not be empty."));
    }
    if ![&application.setup_id, &application.kyb_setup_id].iter().any(|own| key(setup) == key(own)) {
        return Err(Reply::invalid("setupId", "Invalid", "Unknown setup."));
    }
    if request.get("externalReferenceId").is_some_and(|it| !it.is_string() && !it.is_null()) {
        return Err(Reply::invalid("externalReferenceId", "Invalid", "Property should be a string."));
    }
    let Some(registration) = request.get("registration").filter(|it| !it.is_null()) else {
        return Ok(());
    };
    if registration.get("phoneNumber").is_some_and(|it| !it.is_u64() && !it.is_null()) {
        return Err(Reply::invalid("registration.phoneNumber", "Invalid", "Property should be a number."));
    }
    let texts = ["email", "firstName", "middleName", "lastName", "dateOfBirth", "personalCode", "countryCode"];
    match texts.iter().find(|name| registration.get(**name).is_some_and(|it| !it.is_string() && !it.is_null())) {
        Some(name) => Err(Reply::invalid(&format!("registration.{name}"), "Invalid", "Property should be a string.")),
        None => Ok(()),
    }
}
