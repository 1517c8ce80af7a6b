//! The table of what arrived.

use axum::response::Html;

use super::Received;

pub(super) fn table(received: &[Received]) -> Html<String> {
    let rows: String = received.iter().map(row).collect();
    Html(format!(
        "<!doctype html><meta http-equiv=refresh content=2><title>Tenant application</title>\
         <h1>Received deliveries</h1><table border=1 cellpadding=4><tr><th>at<th>type<th>onboarding<th>reference\
         <th>version<th>status<th>made of it<th>answered</tr>{rows}</table>"
    ))
}

fn row(received: &Received) -> String {
    let cells = [
        received.at.clone(),
        received.event_type.clone(),
        received.onboarding_id.clone(),
        received.reference.clone().unwrap_or_default(),
        received.version.to_string(),
        received.status.clone().unwrap_or_default(),
        format!("{:?}", received.outcome),
        received.answer.map(|code| code.to_string()).unwrap_or_default(),
    ];
    let cells: String = cells.iter().map(|cell| format!("<td>{}", escaped(cell))).collect();
    format!("<tr>{cells}</tr>")
}

/// Nothing that arrived may act as markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
