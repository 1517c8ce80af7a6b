//! The environment of a function: the names come from its reader, the sentences from here, and they must be the same.

use std::cell::RefCell;
use std::collections::BTreeSet;

use idv_gateway::adapters::environment::Environment;

use crate::ReferenceError;
use crate::pages::Page;
use crate::table::{code, table};

const MEANINGS: &[(&str, &str)] = &[
    ("IDV_TABLE", "The ledger's table."),
    ("IDV_NOTICES_URL", "The queue of notices."),
    ("IDV_NOTICES_DLQ_URL", "Its dead-letter queue."),
    ("IDV_DELIVERIES_URL", "The queue of delivery bells."),
    ("IDV_DELIVERIES_DLQ_URL", "Its dead-letter queue."),
    ("IDV_SECRET_PREFIX", "Stands before `/index` and `/tenants/{tenant}` in the names of secrets."),
    ("IDV_PUBLIC_URL", "Our own origin, for links and webhook addresses; never taken from a request."),
    ("IDV_LOG", "`error`, `warn`, `info`, `debug` or `trace`; `info` where nothing is said."),
    ("IDV_REQUIRE_TENANT_ALIAS", "`true`: the unqualified function acts for nobody. `false` where nothing is said."),
    (
        "IDV_ALLOWED_TARGETS",
        "ARNs of the queues and event buses that changes may be delivered to, with commas between them. No other is \
         called; none where nothing is said (in the local stack: any). The template sets it together with the \
         deliverer's permissions.",
    ),
    ("IDV_TIME_SCALE", "A whole number from 1: the plan runs that much faster. Set by the local stack alone."),
    ("IDV_ALLOW_LOCAL_TARGETS", "`true`: plain http and loopback targets. Set by the local stack alone."),
    ("AWS_REGION", "Set by Lambda."),
    ("AWS_ACCESS_KEY_ID", "Set by Lambda."),
    ("AWS_SECRET_ACCESS_KEY", "Set by Lambda."),
    ("AWS_SESSION_TOKEN", "Set by Lambda."),
    ("AWS_ENDPOINT_URL", "Another endpoint for all of AWS."),
    ("AWS_ENDPOINT_URL_DYNAMODB", "Another endpoint for DynamoDB; goes before the common one."),
    ("AWS_ENDPOINT_URL_SQS", "Another endpoint for SQS."),
    ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "Another endpoint for Secrets Manager."),
    ("AWS_ENDPOINT_URL_EVENTBRIDGE", "Another endpoint for EventBridge."),
];

pub(crate) fn page() -> Result<Page, ReferenceError> {
    let (asked, required) = asked();
    let described: BTreeSet<String> = MEANINGS.iter().map(|(name, _)| (*name).to_owned()).collect();
    if let Some(name) = asked.symmetric_difference(&described).next() {
        return Err(ReferenceError::Undescribed(name.clone()));
    }
    let rows = MEANINGS.iter().map(|(name, meaning)| {
        let needed = if required.contains(*name) { "required" } else { "" };
        vec![code(name), needed.to_owned(), (*meaning).to_owned()]
    });
    let body = format!(
        "All faults are reported at once, by name and never by value. A variable that is set to nothing counts as not \
         set. Lambda's runtime reads `AWS_LAMBDA_RUNTIME_API` and what else belongs to it by itself.\n\n{}",
        table(&["variable", "", "meaning"], rows)
    );
    Ok(Page::of(
        "environment.md",
        "Environment",
        "What a function is told by its environment, read once at start.",
        &body,
    ))
}

/// What the reader asks for in an empty environment, and what it then complains of.
fn asked() -> (BTreeSet<String>, BTreeSet<String>) {
    let asked = RefCell::new(BTreeSet::new());
    let faults = Environment::read_from(&|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    let required = faults.err().into_iter().flatten().map(|fault| fault.place).collect();
    (asked.into_inner(), required)
}
