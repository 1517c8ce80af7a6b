//! Fractal's own words: types of webhooks, states, levels, add-ons, scopes (§3.4, §3.5, §4, §5.4).

pub(crate) const APPROVED_EVENT: &str = "verification_approved";
pub(crate) const CONTACTED_EVENT: &str = "verification_contacted";
pub(crate) const REJECTED_EVENT: &str = "verification_rejected";
pub(crate) const SHARED_EVENT: &str = "credential_shared";
pub(crate) const EMAIL_EVENT: &str = "email_changed";
pub(crate) const REVOKED_EVENT: &str = "authorization_revoked";

/// Each has a URL and a secret of its own in the dashboard.
pub(crate) const TYPES: [&str; 6] =
    [APPROVED_EVENT, CONTACTED_EVENT, REJECTED_EVENT, SHARED_EVENT, EMAIL_EVENT, REVOKED_EVENT];

pub(crate) const PENDING: &str = "pending";
pub(crate) const CONTACTED: &str = "contacted";
pub(crate) const DONE: &str = "done";
pub(crate) const APPROVED: &str = "approved";
pub(crate) const REJECTED: &str = "rejected";
pub(crate) const EXPIRED: &str = "expired";

const LEVELS: [&str; 3] = ["uniqueness", "basic", "plus"];
const ADD_ONS: [&str; 16] = [
    "liveness",
    "selfie",
    "sow",
    "ssn",
    "telegram",
    "twitter",
    "uniq",
    "idos",
    "wallet",
    "wallet-ada",
    "wallet-algo",
    "wallet-btc",
    "wallet-eth",
    "wallet-kar",
    "wallet-sol",
    "wallet-substrate",
];

pub(crate) const UID_SCOPE: &str = "uid:read";
pub(crate) const CONTACT_SCOPE: &str = "contact:read";
pub(crate) const STATS_SCOPE: &str = "client.stats:read";
/// `email:read` is older; the printed answers of the token call still have it.
const PLAIN_SCOPES: [&str; 3] = [UID_SCOPE, CONTACT_SCOPE, "email:read"];

pub(crate) fn status_scope(part: &str) -> String {
    format!("verification.{part}:read")
}

pub(crate) fn details_scope(part: &str) -> String {
    format!("verification.{part}.details:read")
}

pub(crate) fn is_level(part: &str) -> bool {
    LEVELS.contains(&part)
}

/// The parts whose status is asked for, the level first; the scope that is not possible if there is one.
pub(crate) fn parts_of(scopes: &[String]) -> Result<Vec<String>, String> {
    let mut parts: Vec<String> = Vec::new();
    for scope in scopes.iter().filter(|scope| !PLAIN_SCOPES.contains(&scope.as_str())) {
        let part = scope.strip_prefix("verification.").and_then(|rest| rest.strip_suffix(":read"));
        let part = part.ok_or_else(|| scope.clone())?;
        let (part, details) = part.strip_suffix(".details").map_or((part, false), |part| (part, true));
        if !is_level(part) && !ADD_ONS.contains(&part) {
            return Err(scope.clone());
        }
        // details alone start no verification
        if !details && !parts.iter().any(|known| known == part) {
            parts.push(part.to_owned());
        }
    }
    parts.sort_by_key(|part| !is_level(part));
    match combination(&parts) {
        Ok(()) => Ok(parts),
        Err(part) => Err(status_scope(&part)),
    }
}

/// The parts of `level[+addon]*`, if there is such a thing.
pub(crate) fn parts_of_level(level: &str) -> Option<Vec<String>> {
    let parts: Vec<String> = level.split('+').map(str::to_owned).collect();
    let (first, rest) = parts.split_first()?;
    let known = is_level(first) && rest.iter().all(|part| ADD_ONS.contains(&part.as_str()));
    (known && combination(&parts).is_ok()).then_some(parts)
}

/// Add-ons want a level; `selfie` does not go with `uniqueness`.
fn combination(parts: &[String]) -> Result<(), String> {
    let has = |wanted: &str| parts.iter().any(|part| part == wanted);
    if has("uniqueness") && has("selfie") {
        return Err("selfie".to_owned());
    }
    match parts.first() {
        Some(first) if !is_level(first) => Err(first.clone()),
        Some(_) | None => Ok(()),
    }
}
