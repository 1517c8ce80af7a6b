//! The documented calls: who may, what is valid, what is answered. `checks`, `runs` and `hooks` have their own.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    call::{Call, Reply, Route},
    records::{Endpoint, Kind, set, text},
    valid,
    world::{Owner, Thing, World},
};
use crate::{chance, clock, history::View};

/// Parts of an address, null where not given (§2.1).
const ADDRESS: [&str; 12] = [
    "flat_number",
    "building_number",
    "building_name",
    "street",
    "sub_street",
    "town",
    "state",
    "postcode",
    "country",
    "line1",
    "line2",
    "line3",
];

const SDK_TOKEN_LIFE: Duration = Duration::from_mins(90);

impl World {
    /// The answer of a well-behaved Onfido. `view` says which state a GET shows.
    pub(crate) fn answer(&mut self, call: &Call, view: View) -> Reply {
        let route = call.route();
        let mut reply = self.answered(call, &route, view).unwrap_or_else(|refused| refused);
        if let Some(body) = &mut reply.body {
            put_version(body, route.minor);
        }
        reply
    }

    fn answered(&mut self, call: &Call, route: &Route<'_>, view: View) -> Result<Reply, Reply> {
        if route.endpoint == Endpoint::Ping {
            return Ok(Reply::ok(json!("pong")));
        }
        if route.endpoint == Endpoint::OauthToken {
            return self.oauth_token(call, route.region);
        }
        let known = self.signed_in(call, route.region)?;
        self.refuse_too_many(&known)?;
        let (owner, id) = (&known.owner, route.id);
        match route.endpoint {
            Endpoint::Unknown | Endpoint::Ping | Endpoint::OauthToken => Err(Reply::absent()),
            Endpoint::CreateApplicant => self.create_applicant(call, owner),
            Endpoint::ListApplicants => self.list_applicants(call, owner, view),
            Endpoint::GetApplicant => self.get(owner, Kind::Applicant, id, view),
            Endpoint::UpdateApplicant => self.update_applicant(call, owner, id),
            Endpoint::DeleteApplicant => self.delete_applicant(owner, id),
            Endpoint::RestoreApplicant => self.restore_applicant(owner, id),
            Endpoint::ApplicantConsents => {
                self.own(owner, Kind::Applicant, id).map(|applicant| Reply::ok(applicant.hidden.clone()))
            }
            Endpoint::SdkToken => self.sdk_token(call, owner),
            Endpoint::CreateCheck => self.create_check(call, owner, route.minor),
            Endpoint::ListChecks => self.list_of(call, owner, Kind::Check, "applicant_id", "checks", view),
            Endpoint::GetCheck => self.get(owner, Kind::Check, id, view),
            Endpoint::ResumeCheck => self.resume_check(owner, id),
            Endpoint::ListReports => self.list_of(call, owner, Kind::Report, "check_id", "reports", view),
            Endpoint::GetReport => self.get(owner, Kind::Report, id, view),
            Endpoint::ResumeReport => self.resume_report(owner, id),
            Endpoint::CancelReport => self.cancel_report(owner, id),
            Endpoint::ListDocuments => self.list_of(call, owner, Kind::Document, "applicant_id", "documents", view),
            Endpoint::GetDocument => self.get(owner, Kind::Document, id, view),
            Endpoint::ListLivePhotos => self.list_of(call, owner, Kind::LivePhoto, "applicant_id", "live_photos", view),
            Endpoint::CreateRun | Endpoint::ListRuns | Endpoint::GetRun => self.runs(call, route, owner, view),
            Endpoint::ListTasks | Endpoint::GetTask | Endpoint::CompleteTask => self.tasks(call, route, owner, view),
            Endpoint::CreateWebhook => self.create_webhook(call, owner),
            Endpoint::ListWebhooks => Ok(self.list_webhooks(owner)),
            Endpoint::GetWebhook => self.get_webhook(owner, id),
            Endpoint::UpdateWebhook => self.update_webhook(call, owner, id),
            Endpoint::DeleteWebhook => self.delete_webhook(owner, id),
            Endpoint::ResendWebhooks => self.resend(call, owner),
        }
    }

    pub(super) fn get(&self, owner: &Owner, kind: Kind, id: &str, view: View) -> Result<Reply, Reply> {
        self.own(owner, kind, id)?;
        self.frame.history.seen(id, view).map(Reply::ok).ok_or_else(Reply::absent)
    }

    /// A list without pages, of what belongs to the resource that the query names.
    fn list_of(
        &self,
        call: &Call,
        owner: &Owner,
        kind: Kind,
        by: &str,
        envelope: &str,
        view: View,
    ) -> Result<Reply, Reply> {
        let of = call.query(by).ok_or_else(|| Reply::wrong(by, "can't be blank"))?;
        let parent = if kind == Kind::Report { Kind::Check } else { Kind::Applicant };
        self.own(owner, parent, &of)?;
        let rows = self.rows(&self.belonging(kind, &of), view);
        Ok(Reply::ok(json!({envelope: rows})))
    }

    /// Not idempotent: a repeat makes another applicant (§1.3).
    fn create_applicant(&mut self, call: &Call, owner: &Owner) -> Result<Reply, Reply> {
        let body = call.json()?;
        valid::applicant(&body, true)?;
        let applicant = self.new_applicant(owner.clone(), &body);
        Ok(Reply::created(applicant.shown))
    }

    pub(super) fn new_applicant(&mut self, owner: Owner, given: &Value) -> Thing {
        let id = chance::uuid();
        let mut shown = json!({
            "id": id, "created_at": Self::now(), "sandbox": owner.environment.name() == "sandbox", "delete_at": null,
            "href": format!("/applicants/{id}"), "first_name": null, "last_name": null, "email": null, "dob": null,
            "id_numbers": [], "phone_number": null, "address": null, "location": null,
        });
        take_over(&mut shown, given);
        let applicant = Thing {
            key: id.clone(),
            kind: Kind::Applicant,
            owner,
            applicant: id,
            parent: None,
            ended: false,
            hidden: consents(given, &Value::Null),
            shown,
        };
        self.keep(applicant.clone());
        applicant
    }

    /// By page, newest first.
    fn list_applicants(&self, call: &Call, owner: &Owner, view: View) -> Result<Reply, Reply> {
        let number = |name: &str, usual: usize| match call.query(name) {
            Some(text) => text.parse().ok().filter(|it| *it > 0).ok_or_else(|| Reply::wrong(name, "is invalid")),
            None => Ok(usual),
        };
        let (page, per_page) = (number("page", 1)?, number("per_page", 20)?);
        let with_deleted = call.query("include_deleted").is_some_and(|it| it == "true");
        let mut keys = self.of_kind(Kind::Applicant);
        keys.retain(|key| self.things.get(key).is_some_and(|it| it.owner == *owner && (with_deleted || !it.ended)));
        let rows = self.rows(&keys, view);
        let start = page.saturating_sub(1).saturating_mul(per_page);
        let rows: Vec<Value> = rows.into_iter().rev().skip(start).take(per_page).collect();
        Ok(Reply::ok(json!({ "applicants": rows })))
    }

    /// Partial; an address or a list of id numbers replaces the one before (§2.1).
    fn update_applicant(&mut self, call: &Call, owner: &Owner, id: &str) -> Result<Reply, Reply> {
        let body = call.json()?;
        let mut applicant = self.own(owner, Kind::Applicant, id)?.clone();
        valid::applicant(&body, false)?;
        take_over(&mut applicant.shown, &body);
        applicant.hidden = consents(&body, &applicant.hidden);
        let shown = applicant.shown.clone();
        self.keep(applicant);
        Ok(Reply::ok(shown))
    }

    fn delete_applicant(&mut self, owner: &Owner, id: &str) -> Result<Reply, Reply> {
        self.own(owner, Kind::Applicant, id)?;
        self.mark_deleted(id);
        Ok(Reply::no_content())
    }

    pub(super) fn mark_deleted(&mut self, id: &str) {
        self.alter(id, [("delete_at", json!(Self::now()))]);
        self.end(id, true);
    }

    fn restore_applicant(&mut self, owner: &Owner, id: &str) -> Result<Reply, Reply> {
        let applicant = self.things.get(id).filter(|it| it.kind == Kind::Applicant && it.owner == *owner);
        applicant.filter(|it| it.ended).ok_or_else(Reply::absent)?;
        self.end(id, false);
        self.alter(id, [("delete_at", Value::Null)]);
        Ok(Reply::no_content())
    }

    /// For one applicant and one start of the SDK, 90 minutes (§2.2).
    fn sdk_token(&mut self, call: &Call, owner: &Owner) -> Result<Reply, Reply> {
        let body = call.json()?;
        let applicant = self.named(owner, &body)?;
        if text(&body, "referrer").is_empty() && text(&body, "application_id").is_empty() {
            return Err(Reply::wrong("referrer", "referrer or application_id must be given"));
        }
        self.sdk_tokens.push(applicant.clone());
        let token = jwt(&json!({"payload": {"app": applicant}}), SDK_TOKEN_LIFE);
        Ok(Reply::ok(json!({ "token": token })))
    }

    /// The applicant that a body names.
    pub(super) fn named(&self, owner: &Owner, body: &Value) -> Result<String, Reply> {
        let id = text(body, "applicant_id");
        if id.is_empty() {
            return Err(Reply::wrong("applicant_id", "can't be blank"));
        }
        Ok(self.own(owner, Kind::Applicant, id)?.key.clone())
    }
}

fn take_over(shown: &mut Value, given: &Value) {
    for name in ["first_name", "last_name", "email", "dob", "id_numbers", "phone_number", "location"] {
        if let Some(value) = given.get(name) {
            set(shown, name, value.clone());
        }
    }
    if let Some(address) = given.get("address").filter(|it| it.is_object()) {
        let part = |name: &str| (name.to_owned(), address.get(name).cloned().unwrap_or(Value::Null));
        set(shown, "address", ADDRESS.map(part).into_iter().collect::<serde_json::Map<_, _>>().into());
    }
}

/// The three consents as their GET shows them; those not named now stay as they were.
fn consents(given: &Value, before: &Value) -> Value {
    let row = |name: &str| {
        let named = |rows: &Value| rows.as_array().into_iter().flatten().find(|it| text(it, "name") == name).cloned();
        let Some(new) = given.get("consents").and_then(named) else {
            return named(before).unwrap_or_else(|| json!({"name": name, "granted": false, "granted_at": null}));
        };
        let granted = new.get("granted") == Some(&json!(true));
        json!({"name": name, "granted": granted, "granted_at": granted.then(World::now)})
    };
    valid::CONSENTS.map(row).into_iter().collect()
}

/// `href` and its like are relative and name the version of the call.
pub(super) fn put_version(body: &mut Value, minor: u8) {
    match body {
        Value::Object(members) => {
            for (name, member) in members {
                let relative = member.as_str().filter(|path| name.ends_with("href") && path.starts_with('/'));
                if let Some(path) = relative {
                    *member = json!(format!("/v3.{minor}{path}"));
                } else {
                    put_version(member, minor);
                }
            }
        }
        Value::Array(rows) => rows.iter_mut().for_each(|row| put_version(row, minor)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A token in the form of a JWT that ends after `life`; its signature is chance, because only its giver reads it.
pub(super) fn jwt(claims: &Value, life: Duration) -> String {
    let now = clock::now();
    let ends = life.try_into().ok().and_then(|life: time::Duration| now.checked_add(life)).unwrap_or(now);
    let mut claims = claims.clone();
    set(&mut claims, "exp", json!(ends.unix_timestamp()));
    let encoded = |part: &str| data_encoding::BASE64URL_NOPAD.encode(part.as_bytes());
    let header = json!({"alg": "ES512"}).to_string();
    format!("{}.{}.{}", encoded(&header), encoded(&claims.to_string()), encoded(&chance::token()))
}
