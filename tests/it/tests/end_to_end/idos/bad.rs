//! What is wrong with a credential: each its own reason, never an approval.

use futures_util::future::join_all;
use idv_it::stage::{Holder, IDOS, Plan, Stage};
use idv_simulators::idos::{Content, ContentHash, Draft, Flaw, Place, Sealing, Share, Sharer};
use serde_json::json;

use super::nothing_dead;

/// What is shared, where that leads, and why.
struct Row {
    name: &'static str,
    spoil: fn(Share) -> Share,
    status: &'static str,
    reason: &'static str,
}

const fn row(name: &'static str, status: &'static str, reason: &'static str, spoil: fn(Share) -> Share) -> Row {
    Row { name, spoil, status, reason }
}

fn with(share: Share, content: impl Into<Content>) -> Share {
    Share { content: content.into(), ..share }
}

/// The name of each is what stands beside its reason.
const ROWS: [Row; 10] = [
    row("box_unopenable", AGAIN, FAULT, |it| Share { sealing: Sealing::ForeignKey, ..it }),
    row("box_truncated", AGAIN, FAULT, |it| Share { sealing: Sealing::Truncated(30), ..it }),
    row("content_missing", AGAIN, FAULT, |it| Share { place: Place::Nowhere, ..it }),
    row("hash_mismatch", AGAIN, FAULT, |it| Share { content_hash: ContentHash::Wrong, ..it }),
    row("issuer_unknown", "rejected", "document_unsupported", |it| with(it, Draft::by_stranger())),
    row("proof_invalid", "rejected", "document_suspected_fraud", |it| with(it, Draft::flawed(Flaw::Tampered))),
    row("unknown_member", "in_review", "document_unsupported", |it| with(it, Draft::flawed(Flaw::UnknownField))),
    row("unknown_context", "in_review", "document_unsupported", |it| with(it, Draft::flawed(Flaw::Legacy))),
    row("expired", "expired", "document_expired", |it| with(it, Draft::expired())),
    row("user_shared", "in_review", "other", |it| Share { by: Sharer::User, ..it }),
];
/// The person shares again.
const AGAIN: &str = "action_required";
const FAULT: &str = "provider_error";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_credential_never_approves() {
    let plan = Plan::of(&["acme"])
        .and("strict", |config| config["connections"][IDOS]["settings"]["user_shared"] = json!("refuse"))
        .and("trusting", |config| config["connections"][IDOS]["settings"]["user_shared"] = json!("accept"))
        .with_fractal();
    let stage = Stage::with(plan).await;
    let rows = join_all(ROWS.iter().map(|row| ends_so(&stage, row)));
    let swapped = |it: Share| with(Share { by: Sharer::User, ..it }, Draft::flawed(Flaw::FieldsSwapped));
    tokio::join!(
        rows,
        by_its_user(&stage, "strict", "rejected", |it| Share { by: Sharer::User, ..it }),
        by_its_user(&stage, "trusting", "approved", |it| Share { by: Sharer::User, ..it }),
        implausible(&stage, swapped),
        level_too_low(&stage),
    );
    nothing_dead(&stage).await;
}

async fn ends(holder: &Holder<'_>, spoil: impl Fn(Share) -> Share, name: &str, status: &str) {
    let shared = holder.shares(&spoil(holder.share()));
    holder.tells_of(&shared);
    holder.shows(name, |shown| shown["status"] == status).await;
    holder.ends(status).await;
}

async fn ends_so(stage: &Stage, row: &Row) {
    let holder = stage.invites("acme", row.name).await;
    ends(&holder, row.spoil, row.name, row.status).await;
    let timeline = holder.timeline().await;
    assert!(timeline.iter().all(|change| change["status"] != "approved"), "{}: {timeline:?}", row.name);
    let shown = holder.shown().await;
    assert_eq!(shown["reasons"], json!([{"code": row.reason, "provider_code": row.name}]), "{shown}");
}

/// Whose proof is good, and whose fields nobody vouches for: the tenant's own policy says what that is worth.
async fn by_its_user(stage: &Stage, tenant: &str, status: &str, spoil: fn(Share) -> Share) {
    let holder = stage.invites(tenant, &format!("by-the-user-{tenant}")).await;
    ends(&holder, spoil, tenant, status).await;
}

/// The proof holds although the fields were exchanged.
async fn implausible(stage: &Stage, spoil: impl Fn(Share) -> Share) {
    let holder = stage.invites("trusting", "implausible").await;
    let shared = holder.shares(&spoil(holder.share()));
    holder.tells_of(&shared);
    let settled = |shown: &serde_json::Value| {
        ["in_review", "rejected", "action_required"].iter().any(|status| shown["status"] == *status)
    };
    let shown = holder.shows("that it is not accepted", settled).await;
    assert_ne!(shown["status"], "approved", "{shown}");
}

async fn level_too_low(stage: &Stage) {
    let mut request = stage.sharing_request("acme", "level-too-low", "6f1f0f5e-55a0-4d3c-9d4e-2f1f6f5a0001");
    request["options"] = json!({"level": "plus"});
    let answer = stage.ask("acme", &request).await;
    let holder = Holder::of(stage, "acme", "6f1f0f5e-55a0-4d3c-9d4e-2f1f6f5a0001".to_owned(), &answer);
    ends(&holder, |it| with(it, Draft::of_level("basic")), "a level that is too low", "rejected").await;
    request["options"] = json!({"level": "horoscope"});
    request["idempotency_key"] = json!("unknown-level");
    let answer = stage.ask("acme", &request).await;
    assert_eq!(answer["error"]["field"], "options.level", "{answer}");
}
