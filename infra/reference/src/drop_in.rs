//! The drop-in: what stands in the index for it, what is asked and answered. Bodies are the proposed ones, which the
//! gateway's own tests read; statuses are asked of the code.

use std::collections::BTreeMap;

use idv_gateway::config::{Rules, read_file};
use idv_gateway::domain::ErrorCode;
use idv_gateway::invoke::drop_in::{ALIAS, OPERATIONS, Operation, REFUSED, status_of};
use serde_json::{Value, json};

use crate::pages::Page;
use crate::table::{code, table};
use crate::{EXAMPLE_CONFIGURATION, ReferenceError};

const SUBSCRIPTION: &[[&str; 3]] = &[
    ["tenant", "a tenant's name", "whose it is"],
    ["connection", "a connection's name", "upon which the operations act"],
    [
        "callers",
        "a list of ARNs, or of `sub` or `client_id` of tokens",
        "who may; at least one, no patterns. A user's ARN is compared exactly. A role's (`arn:aws:iam::…:role/…`) is for \
         each session of that role",
    ],
];

macro_rules! proposed {
    ($name:literal) => {
        include_str!(concat!("../../../tests/fixtures/fintechos/dcs.", $name, ".proposed.json"))
    };
}

/// Its sentence, its request, its answer.
const fn about(operation: Operation) -> (&'static str, &'static str, &'static str) {
    match operation {
        Operation::CreateApplicant => (
            "`start` with `channel: sdk`: a new applicant, and with it an onboarding. Its reference is `reference` or \
             `externalReference`, where neither is given its own id. Also taken: `phoneNumber`, `address`, `idNumbers`, \
             `consents`, in the provider's own form below those names. Without an `Idempotency-Key` each request makes \
             another applicant.",
            proposed!("create_applicant.request"),
            proposed!("create_applicant.response"),
        ),
        Operation::GetSdkToken => (
            "`resume`: the token that there is while it lives, else a fresh one; `expiresInSeconds` is what is left of it, \
             as far as is known. `referrer` is taken and not used: where a token may be used is said by the \
             connection's setting `referrer`, never by a request.",
            proposed!("get_sdk_token.request"),
            proposed!("get_sdk_token.response"),
        ),
        Operation::StartCheck => (
            "`submit`: capture is done. Also taken: `privacyNoticesReadConsentGiven`, `consents`, `countryOfResidence`, \
             `ipAddress`. The webhook's id is the connection's setting and no member of the request. Without an \
             `Idempotency-Key` the same content is the same request, for 30 days: a repeat makes no second check.",
            proposed!("start_check.request"),
            proposed!("start_check.response"),
        ),
    }
}

pub(crate) fn page() -> Result<Page, ReferenceError> {
    SUBSCRIPTION.iter().try_for_each(|[name, ..]| known(name))?;
    let mut body = format!(
        "Another system's three operations, as FintechOS's processor asks them of its data-core service. Nothing public \
         describes their paths and bodies: **these are assumed**. How they are deployed: [deploying](../deploy.md#the-drop-in).\n\n\
         Requests come through an HTTP API whose authoriser has found out who asks; it hands them to the initiator's \
         alias {}. Under that name alone is an invocation read as an HTTP request, and nothing else is read under it.\n\n\
         ## Who may\n\nThe header `SubscriptionId` chooses, it permits nothing: the caller must be listed beside it. It is \
         compared exactly, capital letters count; it has 1 to 256 letters, digits, `.`, `_` and `-`. Given twice, or two in \
         one header, it is none. `subscriptions` stands in the file and in the index beside `aliases`, by that id:\n\n{}\n\
         A name that stands twice is an error of a file; of what stands twice in an index neither counts.\n\n\
         Whoever may not, for whatever reason, is answered 403 and these bytes:\n\n```json\n{REFUSED}\n```\n\n",
        code(ALIAS),
        table(
            &["member", "may be", "what"],
            SUBSCRIPTION.iter().map(|[name, form, what]| [code(name), (*form).to_owned(), (*what).to_owned()])
        ),
    );
    for (path, operation) in OPERATIONS {
        let (what, request, answer) = about(operation);
        body.push_str(&format!(
            "## {}\n\n`POST {{prefix}}/{path}`, JSON, at most 64 KiB. {what}\n\n```json\n{}\n```\n\nis answered:\n\n```json\n{}\n```\n\n",
            operation.name(),
            request.trim_end(),
            answer.trim_end(),
        ));
    }
    body.push_str(&refusals());
    let what = "Another integration's operations over HTTP: who may, what is asked, what is answered.";
    Ok(Page::of("drop-in.md", "Drop-in", what, &body))
}

fn refusals() -> String {
    let mut codes: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for error in ErrorCode::ALL {
        let (plain, named) = (status_of(*error, false), status_of(*error, true));
        codes.entry(plain).or_default().push(code(error));
        if named != plain {
            codes.entry(named).or_default().push(format!("{} with a field", code(error)));
        }
    }
    let rows = codes.into_iter().map(|(status, codes)| vec![status.to_string(), codes.join(", ")]);
    format!(
        "## Refusals\n\nThe body is `{{\"error\": {{\"code\", \"message\", \"field\"?, \"retryable\"}}}}`; `field` is in the \
         request's own words. 429 and 503 carry `Retry-After: 30`, and so does, with 2, the 409 of a request that is \
         being worked on. An applicant of another tenant or connection is answered like one that does not exist: 404. \
         What the API itself refuses (no signature, a bad token, too many at once) has the API's own body.\n\n\
         `Idempotency-Key`, 1 to 255 printable ASCII characters, makes a request the same as an earlier one of the same \
         connection.\n\n{}",
        table(&["status", "codes ([errors](errors.md))"], rows)
    )
}

/// The reader knows the member: with a value that cannot be right it says another thing than of one that it does not know.
fn known(name: &str) -> Result<(), ReferenceError> {
    let undescribed = || ReferenceError::Undescribed(format!("a subscription's {name}"));
    let mut file: Value = serde_json::from_str(EXAMPLE_CONFIGURATION)
        .map_err(|error| ReferenceError::Example("a configuration", error.to_string()))?;
    let entries = file.pointer_mut("/subscriptions").and_then(Value::as_object_mut);
    let entry = entries.and_then(|all| all.values_mut().next()).and_then(Value::as_object_mut);
    entry.ok_or_else(undescribed)?.insert(name.to_owned(), json!([[7]]));
    let faults = read_file(&file.to_string(), Rules::default()).err().unwrap_or_default();
    let told = faults.iter().any(|fault| fault.place.contains(&format!(".{name}")) && !fault.is_unknown_member());
    if told { Ok(()) } else { Err(undescribed()) }
}
