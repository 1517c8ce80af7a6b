//! What a tenant's system receives: the event, one of each kind.

use idv_gateway::delivery::payload::{event, message_id};
use idv_gateway::domain::{ChangeKind, Onboarding, Wanted};
use serde_json::Value;

use crate::ReferenceError;
use crate::cases;
use crate::pages::Page;
use crate::table::{code, table};

pub(crate) fn page() -> Result<Page, ReferenceError> {
    let headers = [
        ("webhook-id", "the same at every try of the same change; drop what you have seen"),
        ("webhook-timestamp", "the time of this try, in seconds; refuse what is older than five minutes"),
        (
            "webhook-signature",
            "`v1,` and the base64 of an HMAC-SHA256 over `{id}.{timestamp}.{body}`; several while a secret is rotated",
        ),
    ];
    let default: Vec<String> = Wanted::DEFAULT.iter().map(code).collect();
    let approved = cases::approved()?;
    let mut body = format!(
        "The body is the same for every kind of destination. Changes of one onboarding are numbered from 1 without holes \
         (`version`); they are sent in order, and what was not asked for is passed over. Drop what is not above the last \
         `version` you have seen. Within a schema number only additions happen, new words of a list included.\n\n\
         Sent where nothing else is asked for: {}.\n\nSchema: [event](schemas/event.json).\n\n\
         ## Webhook\n\n[Standard Webhooks](https://www.standardwebhooks.com): `POST`, answered by any 2xx within 10 s. \
         410 stops the endpoint until its configuration changes. The id of the example below is `{}`.\n\n{}\n\
         ## Queue and event bus\n\n`sqs`: one message, its body is the event. `eventbridge`: one entry, its `detail` is \
         the event, its `detail-type` is `type`.\n\n\
         ## FintechOS\n\n`fintechos`: an action of the tenant's own instance, given the provider's own event, or this one: \
         [FintechOS](fintechos.md).\n\n",
        default.join(", "),
        message_id(&approved.key.id, approved.truth.version),
        table(&["header", "what"], headers.map(|(name, what)| vec![code(name), what.to_owned()])),
    );
    for (title, example) in examples()? {
        body.push_str(&format!("## {title}\n\n```json\n{example:#}\n```\n\n"));
    }
    Ok(Page::of("deliveries.md", "Deliveries", "What a tenant's system receives.", &body))
}

/// One event of each kind that a provider that is there can cause.
pub(crate) fn examples() -> Result<Vec<(&'static str, Value)>, ReferenceError> {
    let (approved, asked) = (cases::approved()?, cases::asked_again()?);
    let mut beside = approved.clone();
    beside.truth.action = asked.truth.action.clone();
    Ok(vec![
        ("A status", last(&approved, ChangeKind::Status)?),
        ("Something is asked", last(&asked, ChangeKind::Status)?),
        ("Something is asked beside a decision", last(&cases::told(beside, ChangeKind::Action)?, ChangeKind::Action)?),
        ("A part", last(&approved, ChangeKind::Part)?),
        ("Data of a part", last(&cases::told(approved.clone(), ChangeKind::DataChanged)?, ChangeKind::DataChanged)?),
        (
            "Contact data",
            last(&cases::told(approved.clone(), ChangeKind::ContactChanged)?, ChangeKind::ContactChanged)?,
        ),
        ("Stalled", last(&cases::told(cases::started()?, ChangeKind::Stalled)?, ChangeKind::Stalled)?),
        ("Erased", last(&cases::told(approved, ChangeKind::Erased)?, ChangeKind::Erased)?),
    ])
}

fn last(onboarding: &Onboarding, kind: ChangeKind) -> Result<Value, ReferenceError> {
    let missing = || ReferenceError::Example("a delivery", format!("no change of kind {kind}"));
    let change = onboarding.truth.changes.iter().rev().find(|change| change.kind == kind).ok_or_else(missing)?;
    serde_json::to_value(event(onboarding, change))
        .map_err(|error| ReferenceError::Example("a delivery", error.to_string()))
}
