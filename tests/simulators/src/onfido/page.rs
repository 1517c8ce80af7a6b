//! The hosted pages: a run's link and a check's form, as plain pages that a browser, curl or a test can use.
//!
//! `GET` shows it, `POST` there with the form field `act` does it: `submit` (all of the person's tasks, or the form),
//! `next` (one task), `leave`. Then the browser goes to the completed address, if there is one. A link past its time
//! goes to the expired address or is 410; an unknown one is 404.

use std::sync::Arc;

use axum::{
    http::{Method, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::Value;

use super::{
    act::Act,
    call::Call,
    records::{Kind, text},
    words::{AWAITING_APPLICANT, AWAITING_INPUT},
    world::{Thing, World},
};
use crate::{answers::page, state::Shared};

pub(crate) fn serve(shared: &Arc<Shared<World>>, call: &Call) -> Response {
    shared.change(|world| visit(world, call))
}

fn visit(world: &mut World, call: &Call) -> Response {
    let run = call.path.strip_prefix("/l/").map(|id| (id, Kind::Run));
    let asked = run.or_else(|| call.path.strip_prefix("/form/").map(|id| (id, Kind::Check)));
    let found = asked.and_then(|(id, kind)| world.things.get(id).filter(|it| it.kind == kind).cloned());
    let Some(thing) = found else {
        return page("Onfido", StatusCode::NOT_FOUND, "This link is not known.");
    };
    if is_over(world, &thing) {
        let elsewhere = address(&thing, "/link/expired_redirect_url").filter(|_| thing.kind == Kind::Run);
        return elsewhere.map_or_else(
            || page("Onfido", StatusCode::GONE, "This link is not valid any more."),
            |url| Redirect::to(&url).into_response(),
        );
    }
    match call.method {
        Method::GET => show(&thing),
        Method::POST => press(world, &thing, &call.form("act").unwrap_or_default()),
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

fn is_over(world: &World, thing: &Thing) -> bool {
    let deleted = world.things.get(&thing.applicant).is_none_or(|applicant| applicant.ended);
    let status = text(&thing.shown, "status");
    let open = if thing.kind == Kind::Run { AWAITING_INPUT } else { AWAITING_APPLICANT };
    deleted || status != open || (thing.kind == Kind::Run && World::link_is_over(thing))
}

fn show(thing: &Thing) -> Response {
    let buttons = match thing.kind {
        Kind::Run => "<button name=act value=next>Next step</button> <button name=act value=submit>All steps</button>",
        Kind::Applicant | Kind::Document | Kind::LivePhoto | Kind::Check | Kind::Report | Kind::Task => {
            "<button name=act value=submit>Send the form</button>"
        }
    };
    let body = format!(
        "<h1>Verify your identity (simulated)</h1><p>Your data, your document and your face.</p>\
         <form method=post>{buttons} <button name=act value=leave>Leave</button></form>"
    );
    page("Onfido", StatusCode::OK, &body)
}

fn press(world: &mut World, thing: &Thing, button: &str) -> Response {
    let act = match (button, thing.kind == Kind::Run) {
        ("next", true) => Act::CompleteTask,
        ("submit", true) => Act::CompleteTasks,
        ("submit", false) => Act::SubmitForm,
        ("leave", _) => return page("Onfido", StatusCode::OK, "You can come back."),
        (_, _) => return page("Onfido", StatusCode::BAD_REQUEST, "No such button."),
    };
    if let Err(error) = world.act(&thing.key, act) {
        return page("Onfido", StatusCode::CONFLICT, &error.to_string());
    }
    let now = world.things.get(&thing.key).cloned();
    let done = now.filter(is_over_for_person);
    let back = done.as_ref().and_then(|now| {
        address(now, if now.kind == Kind::Run { "/link/completed_redirect_url" } else { "/redirect_uri" })
    });
    match (done, back) {
        (_, Some(url)) => Redirect::to(&url).into_response(),
        (Some(_), None) => page("Onfido", StatusCode::OK, "Thank you. That is all."),
        (None, None) => show(thing),
    }
}

fn is_over_for_person(thing: &Thing) -> bool {
    ![AWAITING_INPUT, AWAITING_APPLICANT].contains(&text(&thing.shown, "status"))
}

fn address(thing: &Thing, pointer: &str) -> Option<String> {
    thing.shown.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}
