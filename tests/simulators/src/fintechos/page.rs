//! The table of what the instance took, in order.

use axum::{http::StatusCode, response::Response};

use super::records::Accepted;
use crate::answers::html;

pub(super) fn table(accepted: &[Accepted]) -> Response {
    let rows: String = accepted.iter().map(row).collect();
    html(
        StatusCode::OK,
        format!(
            "<!doctype html><meta http-equiv=refresh content=2><title>FintechOS (simulated)</title>\
             <h1>Events taken</h1><table border=1 cellpadding=4><tr><th>number<th>at<th>action<th>object<th>status\
             <th>completed<th>seen before</tr>{rows}</table>"
        ),
    )
}

fn row(accepted: &Accepted) -> String {
    let cells = [
        accepted.number.to_string(),
        accepted.at.clone(),
        accepted.action.clone(),
        accepted.object.clone(),
        accepted.status.clone(),
        accepted.completed_at.clone(),
        if accepted.repeat { "yes" } else { "" }.to_owned(),
    ];
    let cells: String = cells.iter().map(|cell| format!("<td>{}", escaped(cell))).collect();
    format!("<tr>{cells}</tr>")
}

/// Nothing that arrived may act as markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
