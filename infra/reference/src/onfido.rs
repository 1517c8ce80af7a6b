//! Onfido's statuses, findings, requests and events, asked of the real table and of the real reading of webhooks.

use idv_gateway::domain::ConnectionName;
use idv_gateway::ports::{Connection, Event};
use idv_gateway::proof::{Context, Unverified, prove};
use idv_gateway::providers::onfido::reference::{checks, events, findings, reports, runs, signature};
use serde_json::json;

use crate::ReferenceError;
use crate::cases::{self, TENANT, wrong};
use crate::pages::Page;
use crate::table::{code, table};

mod registering;

const CONNECTION: &str = "onfido";
/// Any event that Onfido may come to have.
const UNKNOWN: &str = "something.new";
/// Of the example's configuration.
const SIGNING_TOKEN: &str = "example-signing-token-of-the-webhook";

pub(crate) fn page() -> Result<Page, ReferenceError> {
    let (events, looked_at) = reduced()?;
    let runs = runs().map(|(title, meaning)| vec![title.to_owned(), meaning]);
    let checks = checks().map(|(title, usual, strict)| {
        let strict = if strict == usual { "the same".to_owned() } else { strict };
        vec![title.to_owned(), usual, strict]
    });
    let findings = findings().map(|(finding, reason)| vec![code(finding), code(reason)]);
    let body = format!(
        "{}\n\
         ## What its words mean\n\n`unrecognised` means: the last status is kept, the part is shown and logged, and it is \
         never an approval. Onfido has no event and no status for a link that has ended: our own timer says `expired`.\n\n\
         ### Studio: the workflow run\n\n{}\n\
         ### Classic: the newest check with its reports\n\nOlder checks of the applicant stay shown and decide nothing, \
         but that what one of their reports found against the person keeps a newer check without a report of that name \
         from approving. Of \
         several reports the worst wins. The last column is with `consider: rejected`. Where every report was cancelled or \
         withdrawn, it is cancelled.\n\n{}\n\
         ### Reasons\n\nOf a finding: a breakdown that is not clear, or a row of it; the first that fits. A `suspected` \
         document is `document_suspected_fraud` in any case. Without a finding that is listed: a face that does not match is \
         `face_mismatch`, one that was not found `missing_evidence`, a hit on a list `sanctions_or_pep`, a known face \
         `duplicate`, other data `data_mismatch`, a document that cannot be used `document_unreadable`, anything else \
         `other`.\n\n{}\n\
         ### Reports\n\n{}.\n\n\
         ## Events\n\nOnly the action and an id are read; whose it is, is found with the connection's own credentials. \
         A report that has ended while its check is still open is looked at again, so that a check is settled also where \
         only `report.completed` is subscribed. {}\n\n{}\n\
         ## What Onfido does not have\n\n- A link or token of a run that can be renewed, and a run that can be cancelled: \
         `resume` makes a new run of the same applicant.\n- A reference on an applicant: after a crash in a classic `start` \
         one may remain that nobody uses.\n- Changes of contact data.\n",
        crate::configuration::onfido::start()?,
        table(&["run", "status"], runs),
        table(&["check", "status", "by the stricter policy"], checks),
        table(&["finding", "reason"], findings),
        reports().map(code).collect::<Vec<_>>().join(", "),
        registering::sentence(&looked_at)?,
        table(&["event", "looked at", "claim"], events),
    );
    let about = "What Onfido takes, and what its words mean, as the adapter maps them.";
    Ok(Page::of("onfido.md", "Onfido", about, &body))
}

/// The rows of all events, and those that are looked at, each with the kind of what is.
type Reduced = (Vec<Vec<String>>, Vec<(String, String)>);

fn reduced() -> Result<Reduced, ReferenceError> {
    let config = cases::tenant()?;
    let name = ConnectionName::parse(CONNECTION)?;
    let connection = config.connection(&name).ok_or_else(|| wrong(format!("no {CONNECTION}")))?;
    let (mut rows, mut looked_at) = (Vec::new(), Vec::new());
    for action in events().chain([UNKNOWN]) {
        let name = if action == UNKNOWN { "anything else".to_owned() } else { code(action) };
        let event = outcome(connection, action)?;
        let [subject, claim] = match &event {
            Event::Look { subject, claim, .. } | Event::Elsewhere { subject, claim, .. } => {
                [code(&subject.kind), code(claim.class)]
            }
            Event::Silent { reason } => ["nothing".to_owned(), format!("answered 200, logged as {}", code(reason))],
        };
        if let Event::Look { subject, .. } = &event {
            looked_at.push((action.to_owned(), subject.kind.to_string()));
        }
        rows.push(vec![name, subject, claim]);
    }
    Ok((rows, looked_at))
}

/// A webhook of that action, proven and reduced as any other.
fn outcome(connection: &Connection, action: &str) -> Result<Event, ReferenceError> {
    let of_task = action.starts_with("workflow_task.");
    let id = if of_task { "profile_4c0de" } else { "7c2a9e10-41f3-4d0e-8a77-5b6f1e2c2001" };
    let body = json!({"payload": {
        "resource_type": action.split('.').next(),
        "action": action,
        "object": {"id": id, "workflow_run_id": of_task.then_some("5e8d7f60-2b3c-4d5e-9f60-71829a3b4001")},
    }});
    let body = body.to_string();
    let signed = signature(SIGNING_TOKEN, body.as_bytes());
    let unverified = Unverified {
        headers: &[(b"x-sha2-signature", signed.as_bytes())],
        body: body.as_bytes(),
        url_key: None,
        source: None,
        received_at: 0,
    };
    let context = Context { tenant: TENANT, connection: CONNECTION };
    let verified = prove(connection.account.specification(), &connection.proofs, unverified, context)
        .map_err(|refusal| ReferenceError::Example("a webhook", refusal.code().to_owned()))?;
    let event = connection.account.event(verified);
    event.map_err(|refusal| ReferenceError::Example("a webhook", refusal.to_string()))
}
