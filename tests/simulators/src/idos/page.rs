//! What the node holds and what was asked, as a table for people. No plaintext.

use axum::{http::StatusCode, response::Response};

use super::{records::Standing, world::World};
use crate::answers::html;

pub(super) fn show(world: &World) -> Response {
    let now = world.now();
    let copies: String = world.chain.copies.keys().filter_map(|id| world.chain.standing(id, now)).map(copy).collect();
    let calls: String = world
        .received
        .iter()
        .map(|it| {
            let answer = it.answer.map(|answer| answer.to_string()).unwrap_or_default();
            let error = it.error.clone().unwrap_or_default();
            let arguments: Vec<_> = it.arguments.iter().map(ToString::to_string).collect();
            let what = it.action.as_ref().unwrap_or(&it.what).clone();
            row([it.at.clone(), what, arguments.join(", "), answer, error])
        })
        .collect();
    html(
        StatusCode::OK,
        format!(
            "<!doctype html><meta http-equiv=refresh content=2><title>idOS node (simulated)</title>\
             <h1>Copies</h1><table border=1 cellpadding=4><tr><th>copy<th>user<th>inserted by<th>place<th>bytes\
             <th>visible<th>read<th>grants<th>notes</tr>{copies}</table><h1>Calls</h1><table border=1 cellpadding=4><tr><th>at\
             <th>what<th>with<th>answer<th>error</tr>{calls}</table>"
        ),
    )
}

fn copy(it: Standing) -> String {
    let grants: Vec<_> =
        it.grants.iter().map(|grant| format!("{} until {}", grant.grantee, grant.locked_until)).collect();
    row([
        it.credential_id,
        it.user_id,
        it.inserter_type,
        it.place.to_string(),
        it.size.to_string(),
        if it.visible { "yes" } else { "not yet" }.to_owned(),
        it.reads.to_string(),
        grants.join("; "),
        it.public_notes,
    ])
}

fn row<const N: usize>(cells: [String; N]) -> String {
    let cells: String = cells.iter().map(|cell| format!("<td>{}", escaped(cell))).collect();
    format!("<tr>{cells}</tr>")
}

/// Nothing that arrived may act as markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
