//! Intergiro's statuses, requests and events, asked of the real table and of the real reading of webhooks.

use idv_gateway::domain::ConnectionName;
use idv_gateway::ports::{Connection, Event};
use idv_gateway::proof::{Context, Unverified, prove};
use idv_gateway::providers::intergiro::reference::{asks, events, passed_over, statuses};
use serde_json::json;

use crate::ReferenceError;
use crate::cases::{self, TENANT, wrong};
use crate::pages::Page;
use crate::table::{code, table};

const CONNECTION: &str = "intergiro";
const URL_KEY: &str = "example-url-key-of-43-random-characters-0001";

pub(crate) fn page() -> Result<Page, ReferenceError> {
    let meanings = statuses().into_iter().map(|(word, alone, asked, told)| {
        let asked = if told { format!("{asked}, `action` is set") } else { asked };
        vec![known(word), alone, asked]
    });
    let asked = asks().map(|(kind, ask)| vec![known(kind), code(ask)]);
    let passed_over = passed_over().map(code).collect::<Vec<_>>().join(", ");
    let body = format!(
        "{}\n\
         ## What its words mean\n\n`unrecognised` means: the last status is kept, the part is shown and logged, and it is \
         never an approval. Intergiro gives no reasons: a rejection's is `not_disclosed`. Opening the link shows nowhere, \
         so `in_progress` is never seen; who drops off is told as `stalled`.\n\n{}\n\
         ## Pending actions\n\nWhat is asked of the person while one is open; its link comes through `resume`, its text, \
         which the person must be shown, through `get` with `details`. Of several the earliest to expire is shown, \
         those of a known type first. Passed over, as no matter of an onboarding: {passed_over}.\n\n{}\n\
         ## Events\n\nA webhook names an event and nothing else. Whose it is, is read with the connection's own API key; \
         what is claimed is about that person or pending action; where it is of an action that is passed over, about that person.\n\n{}\n\
         ## What Intergiro does not have\n\n- An endpoint that deletes a person: the receipt of an `erase` lists the \
         individual under `not_at_provider`, and its support must be asked.\n- Corrections of anything but e-mail address \
         and phone number, and of a blocked person's: its support again.\n- Onboarding of companies.\n",
        crate::configuration::intergiro_start()?,
        table(&["individual", "no open action", "with an open action"], meanings),
        table(&["type", "asked"], asked),
        table(&["event", "looked at", "claim"], reduced()?),
    );
    let about = "What Intergiro takes, and what its words mean, as the adapter maps them.";
    Ok(Page::of("intergiro.md", "Intergiro", about, &body))
}

fn known(word: &str) -> String {
    if word == "something_new" { "anything else".to_owned() } else { code(word) }
}

fn reduced() -> Result<Vec<Vec<String>>, ReferenceError> {
    let config = cases::tenant()?;
    let name = ConnectionName::parse(CONNECTION)?;
    let connection = config.connection(&name).ok_or_else(|| wrong(format!("no {CONNECTION}")))?;
    let names = events().chain(["SomethingNew"]);
    names
        .map(|name| {
            let [subject, claim] = outcome(connection, name)?;
            Ok(vec![code(name), subject, claim])
        })
        .collect()
}

/// A webhook of that name, proven and reduced as any other.
fn outcome(connection: &Connection, name: &str) -> Result<[String; 2], ReferenceError> {
    let body =
        json!({"id": "859edbaa-e110-482d-9054-1d187179aaee", "name": name, "created_at": "2026-11-20T08:11:58Z"});
    let body = body.to_string();
    let unverified =
        Unverified { headers: &[], body: body.as_bytes(), url_key: Some(URL_KEY), source: None, received_at: 0 };
    let context = Context { tenant: TENANT, connection: CONNECTION };
    let verified = prove(connection.account.specification(), &connection.proofs, unverified, context)
        .map_err(|refusal| ReferenceError::Example("a webhook", refusal.code().to_owned()))?;
    let event = connection.account.event(verified);
    Ok(match event.map_err(|refusal| ReferenceError::Example("a webhook", refusal.to_string()))? {
        Event::Look { subject, claim, .. } | Event::Elsewhere { subject, claim, .. } => {
            [code(subject.kind), code(claim.class)]
        }
        Event::Silent { reason } => ["nothing".to_owned(), format!("answered 200, logged as {}", code(reason))],
    })
}
