//! Ondato's statuses, reasons and events, asked of the real table and of the real reading of webhooks.

use std::collections::BTreeMap;

use idv_gateway::domain::ConnectionName;
use idv_gateway::ports::{Connection, Event};
use idv_gateway::proof::{Context, Unverified, prove};
use idv_gateway::providers::ondato::reference::{Matrix, companies, persons, reasons};
use serde_json::json;

use crate::ReferenceError;
use crate::cases::{self, CONNECTION, TENANT, wrong};
use crate::pages::Page;
use crate::table::{code, table};

/// Every type that the documentation knows, two old names, and one that nobody knows; each with a status of its payload.
const EVENTS: &[(&str, &str)] = &[
    ("IdentityVerification.Consented", "InProgress"),
    ("IdentityVerification.StatusChanged", "InProgress"),
    ("Idv.Consented", "InProgress"),
    ("Idv.StatusChanged", "InProgress"),
    ("IdentityVerification.StatusChanged", "Completed"),
    ("Idv.StatusChanged", "Completed"),
    ("KycIdentification.Created", "Awaiting"),
    ("KycIdentification.Processed", "Awaiting"),
    ("KycIdentification.Approved", "Approved"),
    ("KycIdentification.Rejected", "Rejected"),
    ("KycIdentification.Updated", "Approved"),
    ("KybIdentification.Created", "Pending"),
    ("KybIdentification.Approved", "Approved"),
    ("KybIdentification.Rejected", "Rejected"),
    ("KybIdentification.Document.Created", "Created"),
    ("KybIdentification.Document.Uploaded", "Uploaded"),
    ("KybIdentification.Document.Updated", "Validated"),
    ("KybIdentification.Document.Deleted", "Deleted"),
    ("Form.Created", "Unfinished"),
    ("Form.Updated", "Unfinished"),
    ("Form.Completed", "Finished"),
    ("SomethingNew", "SomethingNew"),
];

pub(crate) fn page() -> Result<Page, ReferenceError> {
    let reasons = reasons().map(|(word, reason, retry)| {
        let retry = retry.map_or_else(|| "no".to_owned(), |ask| format!("yes: {}", code(ask)));
        vec![code(word), code(reason), retry]
    });
    let body = format!(
        "{}\n\
         ## What its words mean\n\n`unrecognised` means: the last status is kept, the part is shown and logged, and it is never an approval. Where a \
         verification has both identifications, both must approve and either can reject.\n\n\
         ## Persons\n\nThe identity verification (rows) and its KYC identification (columns). An unknown status of the \
         identification is `unrecognised` in every row.\n\n{}\n\
         ## Companies\n\nThe identity verification (rows) and its KYB identification (columns).\n\n{}\n\
         ## Reasons of a rejection\n\nCompared without case and underscores. One that is not listed is `other`, none is \
         `not_disclosed`; both may be tried again while the flow runs.\n\n{}\n\
         ## Events\n\nA webhook is reduced to what is to be looked at and a claim that the look must not contradict.\n\n{}",
        crate::configuration::ondato_start()?,
        matrix(&persons()),
        matrix(&companies()),
        table(&["Ondato's word", "reason", "may be tried again in the same flow"], reasons),
        table(&["event", "looked at", "claim"], events()?),
    );
    Ok(Page::of("ondato.md", "Ondato", "What Ondato takes, and what its words mean, as the adapter maps them.", &body))
}

fn matrix(matrix: &Matrix) -> String {
    let head: Vec<&str> = std::iter::once("").chain(matrix.columns.iter().copied()).collect();
    let rows = matrix
        .rows
        .iter()
        .map(|(title, cells)| std::iter::once((*title).to_owned()).chain(cells.iter().cloned()).collect::<Vec<_>>());
    table(&head, rows)
}

fn events() -> Result<Vec<Vec<String>>, ReferenceError> {
    let config = cases::tenant()?;
    let name = ConnectionName::parse(CONNECTION)?;
    let connection = config.connection(&name).ok_or_else(|| wrong(format!("no {CONNECTION}")))?;
    let outcomes = EVENTS.iter().map(|(kind, status)| Ok((titled(kind, status), outcome(connection, kind, status)?)));
    let outcomes: Vec<(String, [String; 2])> = outcomes.collect::<Result<_, ReferenceError>>()?;
    let mut alike: BTreeMap<usize, (Vec<String>, [String; 2])> = BTreeMap::new();
    for (at, (kind, outcome)) in outcomes.into_iter().enumerate() {
        match alike.values_mut().find(|(_, other)| *other == outcome) {
            Some((kinds, _)) => kinds.push(kind),
            None => drop(alike.insert(at, (vec![kind], outcome))),
        }
    }
    Ok(alike.into_values().map(|(kinds, [subject, claim])| vec![kinds.join(", "), subject, claim]).collect())
}

/// The status of a verification makes a difference to the claim.
fn titled(kind: &str, status: &str) -> String {
    let ended = status == "Completed";
    if ended { format!("{}, `{status}` or another end", code(kind)) } else { code(kind) }
}

/// A webhook of that type, proven and reduced as any other.
fn outcome(connection: &Connection, kind: &str, status: &str) -> Result<[String; 2], ReferenceError> {
    let body = json!({"type": kind, "payload": {
        "id": "9c2e4d15-3a6b-4c7d-9e8f-a0b1c2d3e402",
        "identityVerificationId": "7a1f3c94-2b5d-4e6f-8a90-b1c2d3e4f501",
        "status": status,
        "completedUtc": "2026-11-20T08:11:58Z",
        "modifiedUtc": "2026-11-20T08:11:58Z",
    }});
    let body = body.to_string();
    let login = "Basic b25kYXRvOmV4YW1wbGUtcGFzc3dvcmQtb2YtdGhlLXdlYmhvb2s=";
    let unverified = Unverified {
        headers: &[(b"authorization", login.as_bytes())],
        body: body.as_bytes(),
        url_key: None,
        source: Some(std::net::Ipv4Addr::new(203, 0, 113, 7).into()),
        received_at: 0,
    };
    let context = Context { tenant: TENANT, connection: CONNECTION };
    let verified = prove(connection.account.specification(), &connection.proofs, unverified, context)
        .map_err(|refusal| ReferenceError::Example("a webhook", refusal.code().to_owned()))?;
    let event = connection.account.event(verified);
    Ok(match event.map_err(|refusal| ReferenceError::Example("a webhook", refusal.to_string()))? {
        Event::Look { subject, claim, .. } | Event::Elsewhere { subject, claim, .. } => {
            let part = claim.part.map_or_else(String::new, |part| format!(" of its {}", code(part.kind)));
            let at = if claim.at.is_some() { ", not before its time" } else { "" };
            [code(subject.kind), format!("{}{part}{at}", code(claim.class))]
        }
        Event::Silent { reason } => ["nothing".to_owned(), format!("answered 200, logged as {}", code(reason))],
    })
}
