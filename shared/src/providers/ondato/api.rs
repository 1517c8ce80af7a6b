//! Ondato's HTTP APIs: hosts, paths and the members of answers that are needed.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use url::Url;

use super::id;
use super::registration;
use crate::domain::ProviderId;
use crate::ports::{Method, ProviderError, Reach, Request, Response};
use crate::providers::answer::{Object, below};
use crate::providers::token::Tokens;

/// A read ends by then: two in a row and a token fit into the look's lease of 30 s.
const READ: Duration = Duration::from_secs(6);

pub(super) struct Hosts {
    pub(super) idv: Url,
    pub(super) kyc: Url,
    pub(super) kyb: Url,
    pub(super) forms: Option<Url>,
    pub(super) app: Url,
}

pub(super) struct Api {
    pub(super) tokens: Tokens,
    pub(super) hosts: Hosts,
}

/// `GET /v1/identity-verifications/{id}`. Its `registration` is personal data and is not read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Verification {
    pub(super) id: Option<String>,
    pub(super) application_id: Option<String>,
    pub(super) external_reference_id: Option<String>,
    pub(super) status: Option<String>,
    pub(super) status_reason: Option<String>,
    pub(super) modified_utc: Option<String>,
    #[serde(default)]
    step: Option<Object<Steps>>,
    /// Set once its data were deleted or are being deleted; the name of the property is not confirmed.
    redaction: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Steps {
    consent: Option<Object<Consent>>,
    kyc_identification: Option<Object<Step>>,
    kyb_identification: Option<Object<Step>>,
    forms: Option<Vec<Object<Step>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Consent {
    is_consented: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    id: Option<String>,
    is_success: Option<bool>,
}

impl Verification {
    fn steps(&self) -> Option<&Steps> {
        self.step.as_ref().map(|Object(steps)| steps)
    }

    pub(super) fn is_redacted(&self) -> bool {
        self.redaction.is_some()
    }

    pub(super) fn is_consented(&self) -> Option<bool> {
        self.steps()?.consent.as_ref()?.0.is_consented
    }

    pub(super) fn is_success(&self) -> Option<bool> {
        self.steps()?.kyc_identification.as_ref()?.0.is_success
    }

    pub(super) fn kyc(&self) -> Result<Option<ProviderId>, ProviderError> {
        named(self.steps().and_then(|steps| steps.kyc_identification.as_ref()))
    }

    pub(super) fn kyb(&self) -> Result<Option<ProviderId>, ProviderError> {
        named(self.steps().and_then(|steps| steps.kyb_identification.as_ref()))
    }

    pub(super) fn forms(&self) -> Result<Vec<ProviderId>, ProviderError> {
        let forms = self.steps().and_then(|steps| steps.forms.as_ref()).into_iter().flatten();
        let named: Result<Vec<_>, _> = forms.map(|form| named(Some(form))).collect();
        named.map(|ids| ids.into_iter().flatten().collect())
    }
}

/// A step that has not begun may stand there without an id; an id that is none cannot be followed.
fn named(step: Option<&Object<Step>>) -> Result<Option<ProviderId>, ProviderError> {
    let Some(text) = step.and_then(|Object(step)| step.id.as_deref()) else { return Ok(None) };
    id::uuid(text).map(Some).ok_or(ProviderError::Unavailable("an id of a step cannot be read"))
}

/// `GET /v1/identifications/{id}` of the KYC and, on another host, of the KYB Identifications API, and a form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Identification {
    pub(super) id: Option<String>,
    pub(super) application_id: Option<String>,
    pub(super) identity_verification_id: Option<String>,
    pub(super) status: Option<String>,
    pub(super) status_reason: Option<String>,
    pub(super) is_cross_checked: Option<bool>,
    pub(super) created_utc: Option<String>,
    pub(super) completed_utc: Option<String>,
    /// Personal data: only digested.
    pub(super) document: Option<Map<String, Value>>,
    /// Biometric data: only digested.
    pub(super) face: Option<Map<String, Value>>,
    pub(super) rules: Option<Vec<IgnoredAny>>,
    /// Of a company; that they stand here is assumed.
    pub(super) documents: Option<Value>,
}

impl Api {
    pub(super) fn verification(&self, id: &ProviderId) -> Url {
        below(&self.hosts.idv, &["v1", "identity-verifications", id.as_str()])
    }

    pub(super) fn verifications(&self) -> Url {
        below(&self.hosts.idv, &["v1", "identity-verifications"])
    }

    pub(super) fn identification(host: &Url, id: &ProviderId) -> Url {
        below(host, &["v1", "identifications", id.as_str()])
    }

    /// The path is assumed; it is only called where a host was configured.
    pub(super) fn form(host: &Url, id: &ProviderId) -> Url {
        below(host, &["v1", "forms", id.as_str()])
    }

    pub(super) async fn get(&self, reach: Reach<'_>, url: &Url) -> Result<Response, ProviderError> {
        self.call(reach, Method::Get, url, None, READ).await
    }

    pub(super) async fn call(
        &self,
        reach: Reach<'_>,
        method: Method,
        url: &Url,
        body: Option<&Value>,
        deadline: Duration,
    ) -> Result<Response, ProviderError> {
        let request = || {
            let mut request = Request::to_provider(method, url.clone());
            request.headers.push(("accept", "application/json".to_owned()));
            request.deadline = deadline;
            match body {
                Some(body) => request.json(body),
                None => request,
            }
        };
        self.tokens.authorized(reach, refused_field, &request).await
    }
}

/// The field of a 400: `{"params": {"<field>": [{"reason", "message"}]}}` (topic "Errors"). The first name, in our own
/// words where there is one; values and messages are not read, and what is no name is not kept.
fn refused_field(body: &Value) -> Option<String> {
    let name = body.get("params")?.as_object()?.keys().next()?;
    let bare = name.rsplit('.').next().unwrap_or(name);
    let own = registration::FIELDS.iter().find(|field| field.eq_ignore_ascii_case(bare));
    let plain = name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-[]".contains(&byte));
    match own {
        Some(field) => Some(format!("subject.{field}")),
        None if bare.eq_ignore_ascii_case("setupId") => Some("settings.setup_id".to_owned()),
        None => plain.then(|| name.clone()),
    }
}
