//! The hosted pages: the onboarding form and the consent, as plain pages that a browser, curl or a test can use.
//!
//! `GET` on a `redirect_url` shows it, `POST` there with the form field `act` does it and sends the browser to the
//! return URL: `submit` or `leave` at an onboarding, `approve` or `decline` at a consent. A void, used or late link
//! is 410, an unknown one 404. No page lets itself be framed (§2.2).

use std::sync::Arc;

use axum::{
    http::{HeaderValue, Method, StatusCode},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    act::Act,
    acts::NotPossible,
    call::Call,
    links::{Link, Purpose},
    world::World,
};
use crate::{answers::page, state::Shared};

pub(crate) fn serve(shared: &Arc<Shared<World>>, call: &Call) -> Response {
    let mut response = shared.change(|world| visit(world, call));
    response.headers_mut().insert("x-frame-options", HeaderValue::from_static("DENY"));
    response
}

fn visit(world: &mut World, call: &Call) -> Response {
    let Some(link) = asked_for(world, call) else {
        return page("Intergiro", StatusCode::NOT_FOUND, "This link is not known.");
    };
    if link.is_over() {
        return page("Intergiro", StatusCode::GONE, "This link is not valid any more.");
    }
    match call.method {
        Method::GET => show(world, &link),
        Method::POST => press(world, &link, &call.form("act").unwrap_or_default()),
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

fn asked_for(world: &World, call: &Call) -> Option<Link> {
    let by_query = || call.query("token");
    let token = match call.path.strip_prefix("/onboarding/") {
        Some(token) => token.to_owned(),
        None if call.path == "/sca/consent" => by_query()?,
        None => return None,
    };
    world.links.iter().find(|link| link.token == token).cloned()
}

fn show(world: &mut World, link: &Link) -> Response {
    for shown in world.links.iter_mut().filter(|known| known.token == link.token) {
        shown.opened = true;
    }
    let (title, buttons) = match &link.purpose {
        Purpose::Onboarding(_) => ("Become a customer", [("submit", "Send the form"), ("leave", "Leave")]),
        Purpose::Consent(_) => ("Your consent", [("approve", "Do what is asked"), ("decline", "Decline")]),
    };
    let buttons = buttons.map(|(name, label)| format!("<p><button name=act value={name}>{label}</button></p>"));
    page(
        "Intergiro",
        StatusCode::OK,
        &format!(
            "<h1>{title} (simulated)</h1><p>{}</p><form method=post>{}</form>",
            asked(world, link),
            buttons.concat()
        ),
    )
}

fn asked(world: &World, link: &Link) -> &'static str {
    match &link.purpose {
        Purpose::Onboarding(_) => "Your data, your identity document and your face.",
        Purpose::Consent(consent) => {
            let action = world.actions.iter().find(|action| action.consent == *consent);
            action.map_or("A change of your contact data.", |action| action.action.description())
        }
    }
}

fn press(world: &mut World, link: &Link, button: &str) -> Response {
    let done = match (&link.purpose, button) {
        (Purpose::Onboarding(individual), "submit") => world.act(individual, Act::SubmitForm),
        (Purpose::Onboarding(individual), "leave") => world.act(individual, Act::DropOff),
        (Purpose::Consent(consent), "approve") => world.decide_consent(consent, true),
        (Purpose::Consent(consent), "decline") => world.decide_consent(consent, false),
        (_, _) => return page("Intergiro", StatusCode::BAD_REQUEST, "No such button."),
    };
    match done {
        Ok(_) => Redirect::to(&link.return_url).into_response(),
        Err(NotPossible::LinkOver) => page("Intergiro", StatusCode::GONE, "This link is not valid any more."),
        Err(error) => page("Intergiro", StatusCode::CONFLICT, &error.to_string()),
    }
}
