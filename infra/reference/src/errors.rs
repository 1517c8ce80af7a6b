//! What an app, a provider and an operator are told when something is refused.

use std::fs;
use std::path::Path;

use idv_gateway::domain::ErrorCode;
use idv_gateway::proof::Refusal;

use crate::ReferenceError;
use crate::pages::{Page, at};
use crate::table::{code, table};

/// Where the drop-in refuses.
const DROP_IN: &str = "shared/src/invoke/drop_in/mod.rs";
/// What stands before a reason there.
const BEFORE_REASONS: [&str; 2] = ["Reply::refused(\"", "event = \"drop_in_refused\", reason = \""];

const DROP_IN_REASONS: &[[&str; 2]] = &[
    [
        "no_http_event",
        "What the alias was invoked with is no request of the HTTP API: somebody invokes it past the API.",
    ],
    ["no_identity", "The authoriser says of nobody who asks, or of two."],
    ["no_subscription", "`SubscriptionId` is missing, stands twice or cannot be one."],
    ["unknown_subscription", "The index does not have it, in these letters."],
    ["caller_not_listed", "Who asks is not among the subscription's `callers`."],
    ["unknown_tenant", "The subscription's tenant is not in the index, or its secret is not there."],
    ["off", "The tenant or the connection is switched off, or there is no such connection."],
];

pub(crate) fn page(root: &Path) -> Result<Page, ReferenceError> {
    reasons_are_described(root)?;
    let codes = ErrorCode::ALL.iter().map(|error| {
        let retryable = if error.is_retryable() { "yes" } else { "no" };
        vec![code(error), retryable.to_owned(), error.describe().to_owned()]
    });
    let answers = [
        ("200", "durably queued, or an event without a usable subject (logged with its reason)"),
        ("303", "to a person's browser on its way to a provider and back, with a sealed state that holds"),
        ("400", "proven, but no event; to a browser: a forged or old state, a plain page, no redirect"),
        ("401", "always the same bytes: the name certainly does not exist, or a fresh enough secret refuses the proof"),
        (
            "404",
            "no path of ours, by another method than POST; a path posted to that is no alias is a name that does not exist",
        ),
        ("405", "one of our paths, by a method that it does not have"),
        ("413", "longer than 256 KiB"),
        ("503 with `Retry-After`", "we cannot tell, or it is our own fault: the provider sends again"),
    ];
    let refusals = Refusal::ALL.iter().map(|refusal| {
        let whose = if refusal.is_ours() { "ours: 503" } else { "the sender's: 401" };
        vec![code(refusal.code()), whose.to_owned(), meaning(*refusal).to_owned()]
    });
    let body = format!(
        "## To an app\n\nA refusal is a normal return: `{{\"error\": {{\"code\", \"message\", \"field\"?, \
         \"retryable\"}}}}`. A function error is our bug.\n\n{}\n## To a provider or a browser\n\n{}\n## Why a webhook is not \
         proven\n\nIn the log as `reason` of `webhook_refused`. The sender never learns it.\n\n{}\n## Why the \
         [drop-in](drop-in.md) refuses\n\nIn the log as `reason` of `drop_in_refused`. Who asks never learns it: it is 403 \
         and the same bytes; only what is no request of the API is told `forbidden`, as an app is.\n\n{}",
        table(&["code", "retryable", "meaning"], codes),
        table(&["answer", "when"], answers.map(|(status, when)| vec![status.to_owned(), when.to_owned()])),
        table(&["code", "whose fault", "meaning"], refusals),
        table(
            &["code", "meaning"],
            DROP_IN_REASONS.iter().map(|[reason, meaning]| [code(reason), (*meaning).to_owned()])
        ),
    );
    Ok(Page::of("errors.md", "Errors", "What is answered when something is refused, and what is logged.", &body))
}

/// Each reason in the source has its sentence, and no other has one.
fn reasons_are_described(root: &Path) -> Result<(), ReferenceError> {
    let path = root.join(DROP_IN);
    let text = fs::read_to_string(&path).map_err(at(&path))?;
    let given: Vec<&str> = BEFORE_REASONS
        .iter()
        .flat_map(|before| text.split(before).skip(1))
        .filter_map(|after| after.split('"').next())
        .collect();
    let undescribed = given.iter().find(|reason| !DROP_IN_REASONS.iter().any(|[known, _]| known == *reason));
    let unheard = DROP_IN_REASONS.iter().map(|[known, _]| known).find(|known| !given.contains(known));
    match undescribed.or(unheard) {
        Some(reason) => Err(ReferenceError::Undescribed(format!("the reason {reason} of drop_in_refused"))),
        None => Ok(()),
    }
}

const fn meaning(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NothingConfigured => "No usable credential of the kinds that the provider's webhooks carry.",
        Refusal::Misconfigured => "The credentials or the addresses cannot be followed as they are configured.",
        Refusal::CredentialMissing => "No credential was sent.",
        Refusal::CredentialDuplicated => "Two were sent, or one that was joined of two.",
        Refusal::CredentialMalformed => "What was sent is not of its scheme's form.",
        Refusal::CredentialOtherScheme => {
            "Another scheme than the configured ones: usually the wrong mode at the provider."
        }
        Refusal::CredentialUnknown => "The credential, or the connection, is not known.",
        Refusal::TokenExpired => "A token of ours, too old.",
        Refusal::TokenAhead => "A token of ours, from the future.",
        Refusal::SignatureMissing => "No signature was sent.",
        Refusal::SignatureDuplicated => "Two signatures were sent where one belongs.",
        Refusal::SignatureMalformed => "The signature is not of its form.",
        Refusal::SignatureMismatch => "The signature is of other bytes or of another key.",
        Refusal::TimestampMissing => "The signed time is missing.",
        Refusal::TimestampDuplicated => "The signed time stands twice.",
        Refusal::TimestampMalformed => "The signed time is no time.",
        Refusal::TimestampStale => "Signed too long ago.",
        Refusal::TimestampAhead => "Signed in the future.",
        Refusal::SourceNotAllowed => "Sent from an address that is not allowed.",
        Refusal::TypeNotVouched => "Proven by an entry that is limited to other event types.",
    }
}
