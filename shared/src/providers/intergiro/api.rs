//! Intergiro's 3d API, version 3: paths and the members of answers that are needed. Unknown members are passed over,
//! as its versioning page asks.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::id::{is, uuid};
use super::individual::FIELDS;
use super::session::Session;
use super::words::is_of_others;
use crate::domain::{ProviderId, Timestamp};
use crate::ports::{Method, ProviderError, Reach, Request, Response};
use crate::providers::answer::{self, Object, below};
use crate::secret::Secret;

/// A read ends by then: a renewed login and three in a row fit into the look's lease of 30 s.
const READ: Duration = Duration::from_secs(5);
/// What makes or changes something.
pub(super) const WRITE: Duration = Duration::from_secs(8);
/// The most that a page has (documented for a sister API, assumed here; not sent where every look hangs on the list).
const LIMIT: &str = "100";

const ANOTHER: ProviderError = ProviderError::Foreign("it is another resource");
/// 412: documented for calls that need strong customer authentication.
const CONSENT: ProviderError = ProviderError::Unsupported(
    "Intergiro asks for the person's strong authentication for this, which only the person can give: let them do it \
     in the app that Intergiro's SDK is part of, or ask Intergiro's support",
);

pub(super) struct Api {
    pub(super) base: Url,
    pub(super) session: Session,
}

/// `GET /v3/individuals/:id`. That the fields of the create call are returned is inferred.
#[derive(Deserialize)]
pub(super) struct Individual {
    pub(super) id: Option<String>,
    pub(super) status: Option<String>,
    /// Personal data: only digested.
    #[serde(flatten)]
    pub(super) data: serde_json::Map<String, Value>,
}

/// `GET /v3/events/:id`, also as an item of the list, where events of other matters may look like anything.
#[derive(Deserialize)]
pub(super) struct Occurred {
    id: Option<Value>,
    name: Option<Value>,
    payload: Option<Value>,
    created_at: Option<Value>,
}

impl Occurred {
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_ref()?.as_str()
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_ref()?.as_str()
    }

    /// None for an event that is about no person.
    pub(super) fn individual(&self) -> Option<ProviderId> {
        named(self.payload.as_ref(), "individual_id")
    }

    pub(super) fn action(&self) -> Option<ProviderId> {
        named(self.payload.as_ref(), "pending_action_id")
    }

    pub(super) fn at(&self) -> Option<Timestamp> {
        moment(self.created_at.as_ref())
    }
}

/// `GET /v3/pending_actions/:id`, also as an item of the list.
#[derive(Deserialize)]
pub(super) struct PendingAction {
    pub(super) id: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) description: Option<Value>,
    payload: Option<Value>,
    expires_at: Option<Value>,
    created_at: Option<Value>,
}

impl PendingAction {
    pub(super) fn individual(&self) -> Option<ProviderId> {
        named(self.payload.as_ref(), "individual_id")
    }

    pub(super) fn is_of_others(&self) -> bool {
        self.kind.as_deref().is_some_and(is_of_others)
    }

    pub(super) fn consent(&self) -> Option<ProviderId> {
        named(self.payload.as_ref(), "consent_id")
    }

    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        moment(self.expires_at.as_ref())
    }

    pub(super) fn created_at(&self) -> Option<Timestamp> {
        moment(self.created_at.as_ref())
    }
}

/// A list (envelope read in the portal's sources; pending actions print `data` only).
#[derive(Deserialize)]
pub(super) struct Page<T> {
    pub(super) data: Vec<T>,
    #[serde(default)]
    pub(super) has_more: Option<bool>,
}

fn named(payload: Option<&Value>, member: &str) -> Option<ProviderId> {
    payload?.get(member)?.as_str().and_then(uuid)
}

pub(super) fn moment(value: Option<&Value>) -> Option<Timestamp> {
    value.and_then(Value::as_str).and_then(Timestamp::parse)
}

/// Parameters of a list beside its filters: assumed by analogy with a sister API. Intergiro refuses what it does not
/// know (422), so a list that cannot be done without is asked for with none of them as long as it has no more.
#[derive(Clone, Copy)]
pub(super) struct Order<'a> {
    /// Pages as long as can be.
    pub(super) long: bool,
    /// `asc` or `desc` by `created_at`.
    pub(super) sorted: Option<&'static str>,
    /// The last item of the page before.
    pub(super) after: Option<&'a str>,
}

impl Order<'_> {
    /// The list as it comes.
    pub(super) const BARE: Self = Self { long: false, sorted: None, after: None };
    /// As much at once as can be had.
    pub(super) const LONG: Self = Self { long: true, ..Self::BARE };
}

impl Api {
    pub(super) fn individuals(&self) -> Url {
        below(&self.base, &["v3", "individuals"])
    }

    pub(super) fn individual(&self, id: &ProviderId) -> Url {
        below(&self.base, &["v3", "individuals", id.as_str()])
    }

    pub(super) fn onboard(&self, id: &ProviderId) -> Url {
        below(&self.base, &["v3", "individuals", id.as_str(), "onboard"])
    }

    pub(super) fn events(&self) -> Url {
        below(&self.base, &["v3", "events"])
    }

    pub(super) fn webhooks(&self) -> Url {
        below(&self.base, &["v3", "webhooks"])
    }

    pub(super) fn actions(&self) -> Url {
        below(&self.base, &["v3", "pending_actions"])
    }

    pub(super) fn consent(&self, id: &ProviderId) -> Url {
        below(&self.base, &["v3", "consents", id.as_str()])
    }

    /// An address that people are sent to: nothing less safe than the API itself.
    pub(super) fn is_safe(&self, url: &Url) -> bool {
        url.scheme() == "https" || url.scheme() == self.base.scheme()
    }

    pub(super) async fn read_individual(&self, reach: Reach<'_>, id: &ProviderId) -> Result<Individual, ProviderError> {
        let found: Individual = answer::object(&self.get(reach, &self.individual(id)).await?)?;
        own(found.id.as_deref(), id)?;
        Ok(found)
    }

    pub(super) async fn read_event(&self, reach: Reach<'_>, id: &ProviderId) -> Result<Occurred, ProviderError> {
        let url = below(&self.base, &["v3", "events", id.as_str()]);
        let found: Occurred = answer::object(&self.get(reach, &url).await?)?;
        own(found.id(), id)?;
        Ok(found)
    }

    pub(super) async fn read_action(&self, reach: Reach<'_>, id: &ProviderId) -> Result<PendingAction, ProviderError> {
        let url = below(&self.base, &["v3", "pending_actions", id.as_str()]);
        let found: PendingAction = answer::object(&self.get(reach, &url).await?)?;
        own(found.id.as_deref(), id)?;
        Ok(found)
    }

    /// A page of a list.
    pub(super) async fn page<T: DeserializeOwned>(
        &self,
        reach: Reach<'_>,
        mut url: Url,
        order: Order<'_>,
    ) -> Result<Page<T>, ProviderError> {
        {
            let mut query = url.query_pairs_mut();
            if order.long {
                query.append_pair("limit", LIMIT);
            }
            if let Some(sorted) = order.sorted {
                query.append_pair("sort_by", "created_at").append_pair("sort_type", sorted);
            }
            if let Some(after) = order.after {
                query.append_pair("starting_after", after);
            }
        }
        let page: Page<Object<T>> = answer::object(&self.get(reach, &url).await?)?;
        let data = page.data.into_iter().map(|Object(item)| item).collect();
        Ok(Page { data, has_more: page.has_more })
    }

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
        let request = || {
            let mut request = Request::to_provider(method, url.clone());
            request.headers.push(("accept", "application/json".to_owned()));
            request.deadline = if body.is_some() { WRITE } else { READ };
            match body {
                Some(body) => request.json(body),
                None => request,
            }
        };
        let answer = self.session.authorized(reach, &request).await?;
        if matches!(&answer, Ok(response) if response.status == 412) {
            return Err(CONSENT);
        }
        // A conflict is about what was said, not about the moment: nothing at Intergiro is locked for long.
        if let Ok(response) = &answer
            && response.status == 409
            && body.is_some()
        {
            return Err(ProviderError::Refused { field: refused(&response.body) });
        }
        answer::read(answer, refused_field)
    }
}

pub(super) fn own(found: Option<&str>, id: &ProviderId) -> Result<(), ProviderError> {
    match found {
        Some(found) if is(found, id) => Ok(()),
        Some(_) => Err(ANOTHER),
        None => Err(ProviderError::Unavailable("the answer has no id")),
    }
}

fn refused(body: &[u8]) -> Option<String> {
    serde_json::from_slice(body).ok().as_ref().and_then(refused_field)
}

/// The field of a refusal: `errors[].field` (documented for a sister API; here only "a list of errors"), else what the
/// code of `errors` or `error` names (`email_taken`; assumed). Messages are not read, and what is no name is not kept.
fn refused_field(body: &Value) -> Option<String> {
    let first = body.get("errors").and_then(|errors| errors.get(0));
    if let Some(field) = text_of(first, "field") {
        let bare = field.strip_prefix("address.").unwrap_or(field);
        let own = FIELDS.contains(&field) || super::individual::ADDRESS.contains(&bare);
        let plain =
            field.len() <= 64 && field.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-[]".contains(&byte));
        return if own { Some(format!("subject.{field}")) } else { plain.then(|| field.to_owned()) };
    }
    let code = text_of(first, "code").or_else(|| text_of(body.get("error"), "code"))?;
    [("email", "subject.email"), ("phone", "subject.phone_number"), ("return_url", "return_url")]
        .into_iter()
        .find(|(word, _)| code.contains(word))
        .map(|(_, field)| field.to_owned())
}

fn text_of<'a>(value: Option<&'a Value>, member: &str) -> Option<&'a str> {
    value?.get(member)?.as_str()
}

/// A link with its token: of the onboarding page, and of a consent (there inside `method`).
#[derive(Deserialize)]
pub(super) struct Pass {
    pub(super) redirect_url: Option<Secret>,
    pub(super) token: Option<Secret>,
    expires_at: Option<Value>,
}

impl Pass {
    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        moment(self.expires_at.as_ref())
    }
}
