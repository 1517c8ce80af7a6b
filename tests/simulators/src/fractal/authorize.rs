//! The authorize page of the classic way (§3.1, §3.2): what a link asks for, and what the person answers.
//!
//! | what comes | where it leads |
//! | --- | --- |
//! | unknown client, unregistered redirect URI or one with a fragment | an error page, nowhere else |
//! | another `response_type`, no `state`, unknown scope, add-ons without a level | back with an RFC 6749 error |
//! | allowed | back with `code` and `state`; a code that nobody exchanges counts for nothing |
//! | denied | back with `access_denied`, as documented without `state` |
//! | a person who is signed in and allowed all of it before | back at once |

use axum::http::StatusCode;
use url::form_urlencoded;

use super::{
    person::{Case, Person},
    records::VisitRecord,
    settings::Generation,
    tokens::{Code, opaque},
    visit::{Button, Return, Visit},
    words::{self, UID_SCOPE, status_scope},
    world::World,
};
use crate::chance;

const DENIED: &str = "The resource owner or authorization server denied the request.";

/// What a good link asks for.
pub(super) struct Asked {
    pub(super) application: String,
    /// With its query.
    redirect_uri: String,
    scopes: Vec<String>,
    parts: Vec<String>,
    state: Option<String>,
}

/// Why a link leads no further.
pub(super) enum Turned {
    Page(StatusCode, &'static str),
    /// Back with an error.
    Back(String),
}

impl World {
    pub(super) fn asked(&self, query: &str) -> Result<Asked, Turned> {
        let of = |name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(member, _)| member == name).map(|(_, value)| value.into_owned())
        };
        let page = |message| Turned::Page(StatusCode::BAD_REQUEST, message);
        let application = self.application(&of("client_id").unwrap_or_default());
        let application = application.ok_or_else(|| page("This application is not known."))?;
        let uri = of("redirect_uri").unwrap_or_default();
        let registered = &application.redirect_uris;
        let is_registered = registered.is_empty() || registered.iter().any(|it| it == bare(&uri));
        if !is_registered || !is_web_address(&uri) {
            return Err(page("This redirect URI is not registered."));
        }
        let state = of("state").filter(|state| !state.is_empty());
        let turned = |error: &str, description: &str| {
            let state = state.as_deref().map(|state| ("state", state));
            let pairs = [("error", error), ("error_description", description)];
            Turned::Back(back(&uri, pairs.into_iter().chain(state)))
        };
        if of("response_type").as_deref() != Some("code") {
            return Err(turned("unsupported_response_type", "The response type is not supported."));
        }
        if state.is_none() && self.settings.classic.needs_state {
            return Err(turned("invalid_request", "The request lacks a required parameter."));
        }
        let mut scopes: Vec<String> = of("scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        let Ok(parts) = words::parts_of(&scopes) else {
            return Err(turned("invalid_scope", "The requested scope is invalid, unknown, or malformed."));
        };
        if !scopes.iter().any(|scope| scope == UID_SCOPE) {
            scopes.insert(0, UID_SCOPE.to_owned());
        }
        Ok(Asked { application: application.name.clone(), redirect_uri: uri, scopes, parts, state })
    }

    /// The person's way back without a page: signed in here, and everything allowed before.
    pub(super) fn straight_back(&mut self, asked: &Asked, uid: &str) -> Option<Return> {
        let known = self.authorisations.iter().find(|it| it.uid == uid && it.application == asked.application)?;
        let all = asked.scopes.iter().all(|scope| known.scopes.contains(scope));
        all.then(|| self.hand_code(asked, uid, asked.scopes.clone()))
    }

    pub(super) fn answer_page(&mut self, asked: &Asked, visit: &Visit) -> Return {
        match &visit.button {
            Button::Deny => {
                let state = asked.state.as_deref().filter(|_| self.settings.classic.denial_has_state);
                self.turn_back(asked, "access_denied", DENIED, state)
            }
            Button::Fail { error } => self.turn_back(asked, error, "Something went wrong.", asked.state.as_deref()),
            Button::Allow => self.allow(asked, visit, false),
            Button::AllowAndComplete => self.allow(asked, visit, true),
        }
    }

    fn turn_back(&mut self, asked: &Asked, error: &str, description: &str, state: Option<&str>) -> Return {
        let pairs = [("error", error), ("error_description", description)];
        let url = back(&asked.redirect_uri, pairs.into_iter().chain(state.map(|state| ("state", state))));
        self.note_visit(asked, None, &url);
        Return { url: Some(url), user: None }
    }

    fn allow(&mut self, asked: &Asked, visit: &Visit, complete: bool) -> Return {
        let mut person = self.person_of(visit);
        let uid = person.uid.clone();
        let denied = |scope: &&String| !visit.without.contains(scope) || *scope == UID_SCOPE;
        let granted: Vec<String> = asked.scopes.iter().filter(denied).cloned().collect();
        let group = chance::uuid();
        for part in asked.parts.iter().filter(|part| granted.contains(&status_scope(part))) {
            if person.case(&asked.application, part).is_none() {
                person.cases.push(Case::new(&asked.application, &group, part));
            }
        }
        if complete {
            let own = person.cases.iter_mut().filter(|case| case.application == asked.application);
            own.for_each(|case| case.journey_completed = true);
        }
        self.keep(person);
        self.hand_code(asked, &uid, granted)
    }

    fn person_of(&self, visit: &Visit) -> Person {
        let by_uid = visit.user.as_ref().and_then(|uid| self.persons.get(uid));
        let by_email = || self.persons.values().find(|person| Some(&person.email) == visit.email.as_ref());
        let known = by_uid.or_else(by_email).cloned();
        known.unwrap_or_else(|| Person::new(visit))
    }

    fn hand_code(&mut self, asked: &Asked, uid: &str, scopes: Vec<String>) -> Return {
        let code = opaque();
        let until = self.token_time.elapsed().saturating_add(self.settings.classic.code_life);
        self.token_counts.codes_issued += 1;
        self.codes.push(Code {
            code: code.clone(),
            application: asked.application.clone(),
            uid: uid.to_owned(),
            redirect_uri: bare(&asked.redirect_uri).to_owned(),
            scopes,
            until,
            family: chance::uuid(),
            used: false,
        });
        let state = asked.state.as_deref().map(|state| ("state", state));
        let url = back(&asked.redirect_uri, [("code", code.as_str())].into_iter().chain(state));
        self.note_visit(asked, Some(uid), &url);
        Return { url: Some(url), user: Some(uid.to_owned()) }
    }

    fn note_visit(&mut self, asked: &Asked, user: Option<&str>, url: &str) {
        self.visits.push(VisitRecord {
            at: Self::now(),
            generation: Generation::Classic,
            of: asked.application.clone(),
            user: user.map(str::to_owned),
            state: asked.state.clone(),
            asked: asked.scopes.join(" "),
            returned: Some(url.to_owned()),
        });
    }
}

/// Without its query.
fn bare(uri: &str) -> &str {
    uri.split('?').next().unwrap_or(uri)
}

/// https and no fragment; plain http on the machine itself.
fn is_web_address(uri: &str) -> bool {
    url::Url::parse(uri).is_ok_and(|address| {
        let here = matches!(address.host_str(), Some("127.0.0.1" | "localhost"));
        address.fragment().is_none() && (address.scheme() == "https" || (address.scheme() == "http" && here))
    })
}

pub(super) fn back<'a>(uri: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let pairs = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{uri}{}{pairs}", if uri.contains('?') { '&' } else { '?' })
}
