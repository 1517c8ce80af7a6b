//! An HTTP event of payload 2.0: which operation, who asks, for which subscription.
//!
//! The HTTP API joins headers of one name by commas, so a value with a comma is two values: neither counts.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::{BASE64, HEXLOWER};
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::domain::{ConnectionKey, IdempotencyKey, SubscriptionId};

use super::super::answer::Refusal;

/// An applicant or a list of reports is far smaller.
const MOST: usize = 64 * 1024;
const VERSION: &str = "2.0";
const SUBSCRIPTION: &str = "subscriptionid";
const KEY: &str = "idempotency-key";
/// What a caller's key may have, before it is hashed into ours.
const LONGEST_KEY: usize = 255;
const IAM: &str = "arn:";

/// What may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A new applicant, and with it an onboarding.
    CreateApplicant,
    /// A token for the provider's SDK.
    GetSdkToken,
    /// Capture is done.
    StartCheck,
}

/// The operations, each with the last part of its path; what stands before is the deployment's matter.
pub const OPERATIONS: [(&str, Operation); 3] = [
    ("applicants", Operation::CreateApplicant),
    ("sdk-token", Operation::GetSdkToken),
    ("checks", Operation::StartCheck),
];

impl Operation {
    /// As the other system calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreateApplicant => "CreateApplicant",
            Self::GetSdkToken => "GetSdkToken",
            Self::StartCheck => "StartCheck",
        }
    }
}

/// Who asks, as the API's authoriser found out.
pub(super) enum Caller {
    /// A signed request: the ARN.
    Iam(String),
    /// A token: whose, and got by which client.
    Jwt(Vec<String>),
}

impl Caller {
    /// ARNs are IAM's alone: an issuer of tokens cannot make one by naming its subject so.
    pub(super) fn is_among(&self, callers: &BTreeSet<String>) -> bool {
        match self {
            Self::Iam(arn) => {
                let role = role_of(arn);
                callers
                    .iter()
                    .filter(|listed| listed.starts_with(IAM))
                    .any(|listed| listed == arn || (role.is_some() && role == listed_role(listed)))
            }
            Self::Jwt(names) => names.iter().any(|name| !name.starts_with(IAM) && callers.contains(name)),
        }
    }
}

/// Partition, account and name: no two roles of an account have the same name, whatever their paths.
type Role<'a> = [&'a str; 3];

/// Of a role's session, whose last part anybody who assumes the role may choose:
/// `arn:aws:sts::{account}:assumed-role/{name}/{session}`.
fn role_of(arn: &str) -> Option<Role<'_>> {
    match arn.split(':').collect::<Vec<_>>().as_slice() {
        ["arn", partition, "sts", "", account, rest] => match rest.split('/').collect::<Vec<_>>().as_slice() {
            ["assumed-role", name, _] => Some([partition, account, name]),
            _ => None,
        },
        _ => None,
    }
}

/// Of a role itself: `arn:aws:iam::{account}:role/{path/}{name}`.
fn listed_role(arn: &str) -> Option<Role<'_>> {
    match arn.split(':').collect::<Vec<_>>().as_slice() {
        ["arn", partition, "iam", "", account, rest] => {
            Some([partition, account, rest.strip_prefix("role/")?.rsplit('/').next()?])
        }
        _ => None,
    }
}

/// The event, as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    version: String,
    route_key: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    request_context: RequestContext,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
struct RequestContext {
    http: Http,
    #[serde(default)]
    authorizer: Option<Authorizer>,
}

#[derive(Deserialize)]
struct Http {
    method: String,
}

#[derive(Deserialize)]
struct Authorizer {
    #[serde(default)]
    iam: Option<Iam>,
    #[serde(default)]
    jwt: Option<Jwt>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Iam {
    user_arn: String,
}

#[derive(Deserialize)]
struct Jwt {
    claims: BTreeMap<String, Value>,
}

impl Event {
    /// None: it is no such event.
    pub(super) fn read(payload: Value) -> Option<Self> {
        serde_json::from_value(payload).ok().filter(|event: &Self| event.version == VERSION)
    }

    /// By the route, which the API chose, and not by the path.
    pub(super) fn operation(&self) -> Option<Operation> {
        let path = self.route_key.strip_prefix("POST /").filter(|_| self.request_context.http.method == "POST")?;
        let last = path.rsplit('/').next()?;
        OPERATIONS.iter().find(|(name, _)| *name == last).map(|(_, operation)| *operation)
    }

    /// None: nobody was found out, or more than one.
    pub(super) fn caller(&self) -> Option<Caller> {
        let authorizer = self.request_context.authorizer.as_ref()?;
        match (&authorizer.iam, &authorizer.jwt) {
            (Some(iam), None) => Some(Caller::Iam(iam.user_arn.clone())).filter(|_| !iam.user_arn.is_empty()),
            (None, Some(jwt)) => {
                let named = |name: &str| jwt.claims.get(name)?.as_str().filter(|text| !text.is_empty());
                let names: Vec<_> = ["sub", "client_id"].into_iter().filter_map(named).map(str::to_owned).collect();
                (!names.is_empty()).then_some(Caller::Jwt(names))
            }
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    /// None: none, more than one, or what cannot be one.
    pub(super) fn subscription(&self) -> Option<SubscriptionId> {
        SubscriptionId::parse(self.header(SUBSCRIPTION).ok()??).ok()
    }

    /// The caller's own key of this request; another connection's is another key.
    pub(super) fn key(&self, connection: &ConnectionKey) -> Result<Option<IdempotencyKey>, Refusal> {
        let wrong = || Refusal::field("idempotency_key", "must be one, of 1 to 255 printable ASCII characters");
        let Some(key) = self.header(KEY).map_err(|Doubled| wrong())? else { return Ok(None) };
        if key.len() > LONGEST_KEY || key.is_empty() || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(wrong());
        }
        key_of(connection, key).map(Some)
    }

    /// The body, by its form.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let text = self.body.as_deref().unwrap_or_default();
        let wrong = |rule| Refusal::field("body", rule);
        if text.len() > MOST * 4 / 3 {
            return Err(wrong("is longer than 64 KiB"));
        }
        let bytes = if self.is_base64_encoded {
            BASE64.decode(text.as_bytes()).map_err(|_| wrong("is not base64"))?
        } else {
            text.as_bytes().to_vec()
        };
        super::body::read(&bytes)
    }

    fn header(&self, name: &str) -> Result<Option<&str>, Doubled> {
        let mut values = self.headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) if !value.contains(',') => Ok(Some(value)),
            (Some(_), _) => Err(Doubled),
        }
    }
}

/// A header that came more than once.
struct Doubled;

/// A key of ours from a text of any length; apps that invoke for themselves cannot meet it by chance.
pub(super) fn key_of(connection: &ConnectionKey, text: &str) -> Result<IdempotencyKey, Refusal> {
    let whole = format!("{}\n{text}", connection.name);
    let hash = HEXLOWER.encode(digest(&SHA256, whole.as_bytes()).as_ref());
    IdempotencyKey::parse(format!("drop-in.{hash}")).map_err(super::broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_who_is_listed_and_nobody_like_it() {
        let among = |caller: &Caller, listed: &str| caller.is_among(&BTreeSet::from([listed.to_owned()]));
        let iam = |arn: &str| Caller::Iam(arn.to_owned());
        let jwt = |names: &[&str]| Caller::Jwt(names.iter().map(|&name| name.to_owned()).collect());
        let session = iam("arn:aws:sts::111122223333:assumed-role/fintechos/i-0123");
        let corpus = [
            (iam("arn:aws:iam::111122223333:user/fintechos"), "arn:aws:iam::111122223333:user/fintechos", true),
            (iam("arn:aws:iam::111122223333:user/fintechos"), "arn:aws:iam::111122223333:user/FintechOS", false),
            (iam("arn:aws:iam::111122223333:user/fintechos"), "arn:aws:iam::999922223333:user/fintechos", false),
            (iam("arn:aws:iam::111122223333:user/fintechos"), "arn:aws:iam::111122223333:role/fintechos", false),
            (iam("arn:aws:iam::111122223333:user/a"), "111122223333", false),
            (iam("fintechos"), "fintechos", false),
            (session, "arn:aws:iam::111122223333:role/fintechos", true),
            (iam("arn:aws:sts::1:assumed-role/r/s"), "arn:aws:iam::1:role/of/teams/r", true),
            (iam("arn:aws:sts::1:assumed-role/r/s"), "arn:aws:sts::1:assumed-role/r/s", true),
            (iam("arn:aws:sts::1:assumed-role/r/s"), "arn:aws:sts::1:assumed-role/r/t", false),
            (iam("arn:aws:sts::1:assumed-role/x/r"), "arn:aws:iam::1:role/r", false),
            (iam("arn:aws:sts::2:assumed-role/r/s"), "arn:aws:iam::1:role/r", false),
            (iam("arn:aws-cn:sts::1:assumed-role/r/s"), "arn:aws:iam::1:role/r", false),
            (iam("arn:aws:sts::1:federated-user/r"), "arn:aws:iam::1:role/r", false),
            (jwt(&["abc@clients", "abc"]), "abc", true),
            (jwt(&["abc"]), "ABC", false),
            (jwt(&["abc"]), "ab", false),
            (jwt(&["arn:aws:iam::1:role/r"]), "arn:aws:iam::1:role/r", false),
            (jwt(&["arn:aws:sts::1:assumed-role/r/s"]), "arn:aws:iam::1:role/r", false),
        ];
        for (number, (caller, listed, expected)) in corpus.iter().enumerate() {
            assert_eq!(among(caller, listed), *expected, "{number} {listed}");
        }
        assert!(!jwt(&["a"]).is_among(&BTreeSet::new()));
    }
}
