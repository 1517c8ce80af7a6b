//! Onfido's REST API: paths and the members of answers that are needed. Unknown members are passed over, as its
//! versioning policy asks.
//!
//! Addresses are made of the configured base and an id. An `href` of Onfido's is never followed: it may name another
//! host, even for v3.6.
//!
//! | answer | error, beside those of `providers::answer` |
//! | --- | --- |
//! | 403 | `Unauthorized`: rights of the credentials, which a person has to see to |
//! | 422 to the read of one resource | `NotFound`: what a deleted one is answered is not documented |

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::id::{is, uuid};
use super::subject::FIELDS;
use crate::domain::{OnboardingId, ProviderId, Timestamp};
use crate::ports::{HttpError, Method, ProviderError, Reach, Request, Response};
use crate::providers::answer::{self, Object, below};
use crate::providers::token::Tokens;
use crate::secret::Secret;

/// A read ends by then: a token and two in a row fit into the look's lease of 30 s.
const READ: Duration = Duration::from_secs(5);
/// What makes or changes something.
const WRITE: Duration = Duration::from_secs(8);

const ANOTHER: ProviderError = ProviderError::Foreign("it is another resource");
pub(super) const NOT_HERE: ProviderError = ProviderError::Unavailable("its API is not at this address");

/// By which credentials it is asked.
pub(super) enum Credentials {
    /// The value of `Authorization` with an API token.
    Token(Secret),
    /// OAuth2 client credentials.
    Client(Box<Tokens>),
}

impl Credentials {
    pub(super) fn token(token: &str) -> Self {
        Self::Token(Secret::from(format!("Token token={token}")))
    }
}

pub(super) struct Api {
    pub(super) base: Url,
    pub(super) version: &'static str,
    pub(super) credentials: Credentials,
}

impl Api {
    /// An address of the API, below its version.
    pub(super) fn at(&self, segments: &[&str]) -> Url {
        below(&below(&self.base, &[self.version]), segments)
    }

    /// The same with a query.
    pub(super) fn asked(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.at(segments);
        url.query_pairs_mut().extend_pairs(query);
        url
    }

    /// An address that people are sent to: nothing less safe than the API itself.
    pub(super) fn is_safe(&self, url: &Url) -> bool {
        url.scheme() == "https" || url.scheme() == self.base.scheme()
    }

    /// One resource by its id, or an answer that is none of it.
    pub(super) async fn one<T: DeserializeOwned + Named>(
        &self,
        reach: Reach<'_>,
        collection: &str,
        id: &ProviderId,
    ) -> Result<T, ProviderError> {
        let found: T = answer::object(&self.read(reach, collection, id).await?)?;
        own(found.id(), id)?;
        Ok(found)
    }

    /// The same as it is.
    pub(super) async fn read(
        &self,
        reach: Reach<'_>,
        collection: &str,
        id: &ProviderId,
    ) -> Result<Response, ProviderError> {
        let answered = self.send(reach, Method::Get, &self.at(&[collection, id.as_str()]), None).await?;
        if matches!(&answered, Ok(response) if response.status == 422) {
            return Err(ProviderError::NotFound);
        }
        understood(answered)
    }

    /// A list or another address.
    pub(super) async fn get(&self, reach: Reach<'_>, url: &Url) -> Result<Response, ProviderError> {
        self.call(reach, Method::Get, url, None).await
    }

    pub(super) async fn call(
        &self,
        reach: Reach<'_>,
        method: Method,
        url: &Url,
        body: Option<&Value>,
    ) -> Result<Response, ProviderError> {
        understood(self.send(reach, method, url, body).await?)
    }

    /// Something new. That there is no such address says nothing of a resource.
    pub(super) async fn create(
        &self,
        reach: Reach<'_>,
        collection: &str,
        body: &Value,
    ) -> Result<Response, ProviderError> {
        match self.call(reach, Method::Post, &self.at(&[collection]), Some(body)).await {
            Err(ProviderError::NotFound) => Err(NOT_HERE),
            outcome @ (Ok(_) | Err(_)) => outcome,
        }
    }

    /// What is said of a resource that is not found, where the API itself is found at this address: a wrong host must
    /// not look like a deleted person.
    pub(super) async fn missing(&self, reach: Reach<'_>) -> ProviderError {
        match self.get(reach, &self.at(&["ping"])).await {
            Ok(_) => ProviderError::NotFound,
            Err(ProviderError::NotFound | ProviderError::Refused { .. }) => NOT_HERE,
            Err(error) => error,
        }
    }

    async fn send(
        &self,
        reach: Reach<'_>,
        method: Method,
        url: &Url,
        body: Option<&Value>,
    ) -> Result<Result<Response, HttpError>, ProviderError> {
        let request = || {
            let mut request = Request::to_provider(method, url.clone());
            request.headers.push(("accept", "application/json".to_owned()));
            request.deadline = if method == Method::Get { READ } else { WRITE };
            match body {
                Some(body) => request.json(body),
                None => request,
            }
        };
        match &self.credentials {
            Credentials::Token(token) => {
                let token = Secret::from(token.expose().to_vec());
                Ok(reach.http.send(request().authorized(token)).await)
            }
            Credentials::Client(tokens) => tokens.answered(reach, &request).await,
        }
    }
}

fn understood(answered: Result<Response, HttpError>) -> Result<Response, ProviderError> {
    if matches!(&answered, Ok(response) if response.status == 403) {
        return Err(ProviderError::Unauthorized);
    }
    answer::read(answered, refused_field)
}

pub(super) fn own(found: Option<&str>, id: &ProviderId) -> Result<(), ProviderError> {
    match found {
        Some(found) if is(found, id) => Ok(()),
        Some(_) => Err(ANOTHER),
        None => Err(ProviderError::Unavailable("the answer has no id")),
    }
}

/// What says which resource it is.
pub(super) trait Named {
    fn id(&self) -> Option<&str>;
}

/// `POST /applicants`, and whatever else is only there or not.
#[derive(Deserialize)]
pub(super) struct Made {
    id: Option<String>,
}

impl Made {
    pub(super) fn id(&self) -> Result<ProviderId, ProviderError> {
        self.id.as_deref().and_then(uuid).ok_or(ProviderError::Unavailable("it created something without an id"))
    }
}

impl Named for Made {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

/// `GET /checks/{id}`, also as an item of the list and as the answer to its creation.
#[derive(Deserialize)]
pub(super) struct Check {
    pub(super) id: Option<String>,
    pub(super) applicant_id: Option<String>,
    pub(super) status: Option<String>,
    result: Option<Value>,
    created_at: Option<Value>,
    report_ids: Option<Value>,
    tags: Option<Value>,
}

impl Named for Check {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl Check {
    pub(super) fn key(&self) -> Result<ProviderId, ProviderError> {
        self.id.as_deref().and_then(uuid).ok_or(ProviderError::Unavailable("the id of a check cannot be read"))
    }

    pub(super) fn applicant(&self) -> Option<ProviderId> {
        self.applicant_id.as_deref().and_then(uuid)
    }

    pub(super) fn result(&self) -> Option<&str> {
        self.result.as_ref()?.as_str()
    }

    pub(super) fn created_at(&self) -> Option<Timestamp> {
        moment(self.created_at.as_ref())
    }

    pub(super) fn report_ids(&self) -> Result<Vec<ProviderId>, ProviderError> {
        let ids = texts(self.report_ids.as_ref()).map(uuid).collect::<Option<_>>();
        ids.ok_or(ProviderError::Unavailable("the id of a report cannot be read"))
    }

    pub(super) fn has_tag(&self, tag: &str) -> bool {
        texts(self.tags.as_ref()).any(|own| own == tag)
    }
}

/// `GET /reports/{id}`, also as an item of the list.
#[derive(Deserialize)]
pub(super) struct Report {
    pub(super) id: Option<String>,
    pub(super) check_id: Option<String>,
    pub(super) status: Option<String>,
    name: Option<Value>,
    result: Option<Value>,
    sub_result: Option<Value>,
    pub(super) breakdown: Option<Value>,
    /// Personal data: only digested.
    pub(super) properties: Option<Value>,
}

impl Named for Report {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl Report {
    pub(super) fn key(&self) -> Result<ProviderId, ProviderError> {
        self.id.as_deref().and_then(uuid).ok_or(ProviderError::Unavailable("the id of a report cannot be read"))
    }

    pub(super) fn check(&self) -> Result<ProviderId, ProviderError> {
        let check = self.check_id.as_deref().and_then(uuid);
        check.ok_or(ProviderError::Unavailable("a report does not name its check"))
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_ref()?.as_str()
    }

    pub(super) fn result(&self) -> Option<&str> {
        self.result.as_ref()?.as_str()
    }

    pub(super) fn sub_result(&self) -> Option<&str> {
        self.sub_result.as_ref()?.as_str()
    }
}

/// `GET /workflow_runs/{id}`, also as an item of the list and as the answer to its creation.
#[derive(Deserialize)]
pub(super) struct Run {
    pub(super) id: Option<String>,
    pub(super) applicant_id: Option<String>,
    pub(super) status: Option<String>,
    customer_user_id: Option<Value>,
    tags: Option<Value>,
    reasons: Option<Value>,
    error: Option<Value>,
    created_at: Option<Value>,
    updated_at: Option<Value>,
    pub(super) sdk_token: Option<Secret>,
    link: Option<Object<Link>>,
}

#[derive(Deserialize)]
struct Link {
    url: Option<Secret>,
    expires_at: Option<Value>,
}

impl Named for Run {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl Run {
    pub(super) fn key(&self) -> Option<ProviderId> {
        self.id.as_deref().and_then(uuid)
    }

    pub(super) fn applicant(&self) -> Result<ProviderId, ProviderError> {
        let applicant = self.applicant_id.as_deref().and_then(uuid);
        applicant.ok_or(ProviderError::Unavailable("a run does not name its applicant"))
    }

    /// Our own reference, as we put it there.
    pub(super) fn reference(&self) -> Option<OnboardingId> {
        let tagged = texts(self.tags.as_ref()).filter_map(|tag| tag.strip_prefix(super::TAG));
        let named = self.customer_user_id.as_ref().and_then(Value::as_str);
        tagged.chain(named).find_map(|text| OnboardingId::parse(text).ok())
    }

    pub(super) fn has_tag(&self, tag: &str) -> bool {
        texts(self.tags.as_ref()).any(|own| own == tag)
    }

    /// The technical problem's type, else the first of the reasons that the workflow's author gave.
    pub(super) fn reason(&self) -> Option<&str> {
        let error = self.error.as_ref().and_then(|error| error.get("type")).and_then(Value::as_str);
        error.or_else(|| texts(self.reasons.as_ref()).next())
    }

    pub(super) fn created_at(&self) -> Option<Timestamp> {
        moment(self.created_at.as_ref())
    }

    pub(super) fn updated_at(&self) -> Option<Timestamp> {
        moment(self.updated_at.as_ref())
    }

    pub(super) fn take_url(&mut self) -> Option<Secret> {
        self.link.as_mut()?.0.url.take()
    }

    pub(super) fn link_expires_at(&self) -> Option<Timestamp> {
        moment(self.link.as_ref()?.0.expires_at.as_ref())
    }
}

/// The texts of a list; whatever else stands there is passed over.
pub(super) fn texts(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Times end in `Z`, in an offset, or (early captures) in nothing, which is UTC.
pub(super) fn moment(value: Option<&Value>) -> Option<Timestamp> {
    let text = value?.as_str()?;
    Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}Z")))
}

/// The field of a refusal: the first name in `error.fields`, a list or an object of messages (older bodies), with the
/// names inside it. Messages are not read, and what is no name is not kept.
fn refused_field(body: &Value) -> Option<String> {
    let mut fields = body.get("error")?.get("fields")?;
    let mut path: Vec<&str> = Vec::new();
    while let Some((name, inner)) = fields.as_object().and_then(|fields| fields.iter().next()) {
        if name == "messages" || path.len() >= 3 {
            break;
        }
        path.push(name);
        fields = inner;
    }
    let first = *path.first()?;
    let name = path.join(".");
    let plain = name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-[]".contains(&byte));
    match first {
        _ if FIELDS.contains(&first) => plain.then(|| format!("subject.{name}")),
        "report_names"
        | "document_ids"
        | "us_driving_licence"
        | "privacy_notices_read_consent_given"
        | "workflow_id"
        | "custom_data"
        | "referrer"
        | "application_id" => Some(format!("options.{first}")),
        "webhook_ids" => Some("settings.webhook_ids".to_owned()),
        "link" if name.contains("language") => Some("options.language".to_owned()),
        "link" => Some("return_url".to_owned()),
        _ => plain.then_some(name),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_names_its_field_in_every_form() {
        let named = |fields: Value| refused_field(&json!({"error": {"type": "validation_error", "fields": fields}}));
        for (fields, field) in [
            (json!({"email": ["invalid format"]}), Some("subject.email")),
            (json!({"email": {"messages": ["invalid format"]}}), Some("subject.email")),
            (
                json!({"location": {"country_of_residence": ["is invalid"]}}),
                Some("subject.location.country_of_residence"),
            ),
            (json!({"report_names": ["unknown report name"]}), Some("options.report_names")),
            (json!({"link": ["language is invalid"]}), Some("return_url")),
            (json!({"link": {"language": ["is invalid"]}}), Some("options.language")),
            (json!({"something_new": ["x"]}), Some("something_new")),
            (json!({"Jane Example": ["x"]}), None),
            (json!({}), None),
            (json!([]), None),
        ] {
            assert_eq!(named(fields.clone()).as_deref(), field, "{fields}");
        }
        assert_eq!(refused_field(&json!({"error": "x"})), None);
        assert_eq!(refused_field(&json!([1])), None);
    }

    #[test]
    fn a_time_needs_no_zone() {
        let at = Timestamp::parse("2026-03-02T09:07:31.389Z");
        for text in ["2026-03-02T09:07:31.389Z", "2026-03-02T09:07:31.389407", "2026-03-02T09:07:31.389+00:00"] {
            assert_eq!(moment(Some(&json!(text))), at, "{text}");
        }
        for text in [json!(7), json!(null), json!("yesterday"), json!("")] {
            assert_eq!(moment(Some(&text)), None, "{text}");
        }
    }
}
