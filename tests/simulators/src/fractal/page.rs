//! The pages: `GET /authorize` of the front end and `GET /kyc` of verifier and relay, as plain pages that a browser,
//! curl or a test can use.
//!
//! `POST` there with the form field `act` (`allow`, `allow_only`, `deny`; at verifier and relay `complete`, `leave`) and,
//! where it matters who it is, `email`; `without` names scopes that the person does not allow. Who allowed once is
//! signed in by a cookie: a link that asks for nothing more sends such a browser back at once.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    authorize::{Asked, Turned},
    call::{Call, Host},
    visit::{Button, Visit},
    world::World,
};
use crate::{answers::page, state::Shared};

const COOKIE: &str = "fractal_person";
const TITLE: &str = "Fractal ID";

pub(super) fn is_page(call: &Call) -> bool {
    call.host == Host::App || (matches!(call.host, Host::Verifier | Host::Relay) && call.path == "/kyc")
}

pub(super) fn serve(shared: &Arc<Shared<World>>, call: &Call) -> Response {
    shared.change(|world| match call.host {
        Host::App | Host::Auth | Host::Resource => authorize(world, call),
        Host::Verifier | Host::Relay => kyc(world, call),
    })
}

fn authorize(world: &mut World, call: &Call) -> Response {
    if call.path != "/authorize" {
        return page(TITLE, StatusCode::NOT_FOUND, "This page is not known.");
    }
    let asked = match world.asked(&call.query) {
        Ok(asked) => asked,
        Err(Turned::Page(status, message)) => return page(TITLE, status, message),
        Err(Turned::Back(url)) => return Redirect::to(&url).into_response(),
    };
    match call.method {
        Method::GET => {
            let known = signed_in(call).and_then(|uid| world.straight_back(&asked, &uid)?.url);
            known.map_or_else(|| show(&asked), |url| Redirect::to(&url).into_response())
        }
        Method::POST => press(world, &asked, call),
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

fn signed_in(call: &Call) -> Option<String> {
    let mut pairs = call.header("cookie")?.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, uid)| uid.to_owned())
}

fn show(asked: &Asked) -> Response {
    let buttons = [("allow", "Allow and verify me"), ("allow_only", "Allow, verify later"), ("deny", "Deny")];
    let body = format!(
        "<h1>{} wants to see your identity (simulated)</h1><form method=post>{}{}</form>",
        asked.application,
        "<p><label>Who are you? <input name=email type=email></label></p>",
        buttons.map(|(name, label)| format!("<p><button name=act value={name}>{label}</button></p>")).concat(),
    );
    page(TITLE, StatusCode::OK, &body)
}

fn press(world: &mut World, asked: &Asked, call: &Call) -> Response {
    let button = match call.form("act").as_deref() {
        Some("allow") => Button::AllowAndComplete,
        Some("allow_only") => Button::Allow,
        Some("deny") => Button::Deny,
        Some(_) | None => return page(TITLE, StatusCode::BAD_REQUEST, "No such button."),
    };
    let without = call.form("without").unwrap_or_default();
    let visit = Visit {
        button,
        email: call.form("email").filter(|email| !email.is_empty()),
        user: signed_in(call),
        without: without.split_whitespace().map(str::to_owned).collect(),
        ..Visit::default()
    };
    let gone = world.answer_page(asked, &visit);
    let mut response = Redirect::to(&gone.url.unwrap_or_default()).into_response();
    let cookie = gone.user.map(|uid| format!("{COOKIE}={uid}; Path=/; HttpOnly; SameSite=Lax"));
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

fn kyc(world: &mut World, call: &Call) -> Response {
    let asked = match world.asked_kyc(call.host.generation(), &call.query) {
        Ok(asked) => asked,
        Err(why) => return page(TITLE, StatusCode::UNAUTHORIZED, &format!("This link is not valid: {why}.")),
    };
    match call.method {
        Method::GET => {
            let body = format!(
                "<h1>Verify your identity (simulated): {}</h1><form method=post>\
                 <p><label>Who are you? <input name=email type=email></label></p>\
                 <button name=act value=complete>Do all of it</button> \
                 <button name=act value=leave>Leave</button></form>",
                asked.level
            );
            page(TITLE, StatusCode::OK, &body)
        }
        Method::POST => {
            let button = match call.form("act").as_deref() {
                Some("complete") => Button::AllowAndComplete,
                Some("leave") => Button::Deny,
                Some(_) | None => return page(TITLE, StatusCode::BAD_REQUEST, "No such button."),
            };
            let email = call.form("email").filter(|email| !email.is_empty());
            let gone = world.answer_kyc(&asked, &Visit { button, email, ..Visit::default() });
            let stays = || page(TITLE, StatusCode::OK, "You can come back.");
            gone.url.map_or_else(stays, |url| Redirect::to(&url).into_response())
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}
