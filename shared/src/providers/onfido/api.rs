//! Onfido's REST API: addresses, credentials, calls.
//!
//! Addresses are made of the configured base and an id. An `href` of Onfido's is never followed: it may name another
//! host, even for v3.6.
//!
//! | answer | error, beside those of `providers::answer` |
//! | --- | --- |
//! | 403 | `Unauthorized`: rights of the credentials, which a person has to see to |
//! | 422 to the read of one resource | `NotFound`: what a deleted one is answered is not documented |

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::id::is;
use super::resource::Named;
use super::subject::FIELDS;
use crate::domain::ProviderId;
use crate::ports::{HttpError, Method, ProviderError, Reach, Request, Response};
use crate::providers::answer::{self, below};
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
}
