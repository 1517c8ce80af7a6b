//! The hosted flow: a plain page that shows where an IDV stands and lets the curious play person and operator.

use std::{fmt::Write, sync::Arc};

use axum::{
    http::{Method, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::Value;

use super::{Ondato, act::Act, call::Call, records::Truth, world::World};
use crate::{answers::page, members::text, state::Shared};

/// Buttons by name: what each does.
const BUTTONS: [(&str, &str); 12] = [
    ("open", "Open the link"),
    ("consent", "Give consent"),
    ("capture", "Show document and face"),
    ("approve", "Machine approves"),
    ("approve_manually", "Operator approves"),
    ("reject", "Reject (poor photo)"),
    ("reject_manually", "Operator rejects (possible fraud)"),
    ("complete", "Finish"),
    ("suspend", "Continue later"),
    ("abort", "Leave"),
    ("decline_consent", "Decline consent"),
    ("expire", "Let it expire"),
];

pub(crate) fn serve(shared: &Arc<Shared<World>>, call: &Call) -> Response {
    let ondato = Ondato::over(shared);
    match (&call.method, call.path.as_str()) {
        (&Method::GET, "/") => show(&ondato, &call.query("id").unwrap_or_default(), ""),
        (&Method::POST, "/act") => press(&ondato, call),
        (_, _) => StatusCode::NOT_FOUND.into_response(),
    }
}

fn press(ondato: &Ondato, call: &Call) -> Response {
    let field = |name: &str| call.form(name).unwrap_or_default();
    let id = field("id");
    match ondato.perform(&id, acts_of(&field("act"))) {
        Ok(_) => match return_url(ondato.truth(&id)) {
            Some(url) => Redirect::to(&url).into_response(),
            None => Redirect::to(&format!("/?id={id}")).into_response(),
        },
        Err(error) => show(ondato, &id, &error.to_string()),
    }
}

fn acts_of(button: &str) -> Vec<Act> {
    match button {
        "open" => vec![Act::Open],
        "consent" => vec![Act::Consent],
        "capture" => vec![Act::StartKyc, Act::FinishKyc],
        "approve" => vec![Act::approve()],
        "approve_manually" => vec![Act::approve_manually()],
        "reject" => vec![Act::reject("PoorPhotoQuality")],
        "reject_manually" => vec![Act::reject_manually("PossibleFraudAttempt")],
        "complete" => vec![Act::Complete],
        "suspend" => vec![Act::Suspend],
        "abort" => vec![Act::abort()],
        "decline_consent" => vec![Act::decline_consent()],
        "expire" => vec![Act::Expire],
        _ => Vec::new(),
    }
}

/// Where the person's browser goes at the end, if this IDV has redirects of its own (§2.3).
fn return_url(truth: Option<Truth>) -> Option<String> {
    let truth = truth?;
    let rejected = truth.kyc_status() == Some("Rejected");
    let declined = truth.idv.pointer("/step/consent/isConsented") == Some(&Value::Bool(false));
    let member = match (truth.idv_status(), declined) {
        ("Completed", _) if rejected => "failureRedirectUrl",
        ("Completed", _) => "successRedirectUrl",
        ("Aborted", true) => "consentDeclinedRedirectUrl",
        ("Aborted", false) => "failureRedirectUrl",
        (_, _) => return None,
    };
    let settings = truth.localisations?;
    settings.pointer("/localisationSettings/0")?.get(member)?.as_str().map(str::to_owned)
}

fn show(ondato: &Ondato, id: &str, problem: &str) -> Response {
    let Some(truth) = ondato.truth(id) else {
        return page("Ondato", StatusCode::NOT_FOUND, "<p>This link is not known.");
    };
    let mut body = format!(
        "<h1>Identity verification (simulated)</h1><p>Status: <b>{}</b>, KYC: <b>{}</b></p><p>{problem}</p>\
         <form method=post action=/act><input type=hidden name=id value=\"{}\">",
        truth.idv_status(),
        truth.kyc_status().unwrap_or("not started"),
        text(&truth.idv, "id"),
    );
    for (name, label) in BUTTONS {
        // writing to a string cannot fail
        let _written = write!(body, "<p><button name=act value={name}>{label}</button></p>");
    }
    body.push_str("</form>");
    page("Ondato", StatusCode::OK, &body)
}
