//! `/webhooks`: listed, made, completed, switched and removed (OpenAPI description §webhooks).
//!
//! - `environments` is always sent: what its absence means is described in one way and tested in another.
//! - `payload_version` is never sent: what stands there stays, and the default is the newest.
//! - Events that stand there beside those that are needed stay: somebody may want them.
//! - The signing secret is part of every answer; no call changes it.
//!
//! Which environment the credentials are of is what their token or the settings say: no call tells it.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Onfido;
use super::api::{NOT_HERE, own};
use super::id::uuid;
use super::resource::texts;
use crate::domain::ProviderId;
use crate::ports::{Method, ProviderError, Reach, Registration, Response};
use crate::providers::answer;
use crate::secret::Secret;

const COLLECTION: &str = "webhooks";

/// What checks and reports are heard of by.
const CLASSIC: [&str; 10] = [
    "check.started",
    "check.form_completed",
    "check.completed",
    "check.reopened",
    "check.withdrawn",
    "report.completed",
    "report.awaiting_approval",
    "report.resumed",
    "report.cancelled",
    "report.withdrawn",
];
/// What Studio's runs are heard of by.
const STUDIO: [&str; 3] = ["workflow_run.completed", "workflow_task.started", "workflow_task.completed"];
/// The version that Studio is described for; whether others take the names of its events is not known.
const STUDIO_SINCE: &str = "v3.6";

/// A webhook in the members that are needed.
#[derive(Deserialize)]
struct Webhook {
    id: Option<String>,
    url: Option<String>,
    enabled: Option<bool>,
    environments: Option<Value>,
    events: Option<Value>,
    token: Option<Secret>,
}

#[derive(Deserialize)]
struct List {
    webhooks: Vec<Webhook>,
}

impl Webhook {
    fn read(response: &Response) -> Result<Self, ProviderError> {
        answer::object(response)
    }

    fn key(&self) -> Result<ProviderId, ProviderError> {
        self.id.as_deref().and_then(uuid).ok_or(ProviderError::Unavailable("the id of a webhook cannot be read"))
    }

    fn environments(&self) -> BTreeSet<&str> {
        texts(self.environments.as_ref()).collect()
    }

    /// None where it is sent all there are.
    fn events(&self) -> Option<BTreeSet<&str>> {
        self.events.as_ref().filter(|events| events.is_array())?;
        Some(texts(self.events.as_ref()).collect())
    }
}

impl Onfido {
    pub(super) async fn registered(&self, reach: Reach<'_>) -> Result<Vec<Registration>, ProviderError> {
        let response = self.api.get(reach, &self.api.at(&[COLLECTION])).await;
        let response = response.map_err(|error| if error == ProviderError::NotFound { NOT_HERE } else { error })?;
        let List { webhooks } = answer::object(&response)?;
        let mut all = Vec::new();
        for webhook in webhooks {
            // the secret alone is promised only where one is asked for
            let whole = match webhook.token {
                Some(_) => webhook,
                None => self.webhook(reach, &webhook.key()?).await?,
            };
            all.push(self.registration(whole)?);
        }
        Ok(all)
    }

    pub(super) async fn make_registered(
        &self,
        reach: Reach<'_>,
        url: &Secret,
        enabled: bool,
    ) -> Result<Registration, ProviderError> {
        let url = url.expose_text().map_err(|_| ProviderError::Refused { field: Some("url".to_owned()) })?;
        let (environment, events) = (self.environment(), self.needed());
        let body = json!({"url": url, "enabled": enabled, "environments": [environment], "events": events});
        let response = self.api.create(reach, COLLECTION, &body).await?;
        self.registration(Webhook::read(&response)?)
    }

    pub(super) async fn amend_registered(
        &self,
        reach: Reach<'_>,
        id: &str,
        enabled: bool,
    ) -> Result<Registration, ProviderError> {
        let id = uuid(id).ok_or(ProviderError::NotFound)?;
        let now = self.webhook(reach, &id).await?;
        let events: BTreeSet<&str> = self.needed().into_iter().chain(now.events().unwrap_or_default()).collect();
        let mut body = json!({"enabled": enabled, "environments": [self.environment()]});
        // one that is sent all is not limited to what is known today
        if let (Some(_), Value::Object(members)) = (now.events(), &mut body) {
            members.insert("events".to_owned(), json!(events));
        }
        let url = self.api.at(&[COLLECTION, id.as_str()]);
        let response = self.api.call(reach, Method::Put, &url, Some(&body)).await?;
        self.registration(Webhook::read(&response)?)
    }

    pub(super) async fn remove_registered(&self, reach: Reach<'_>, id: &str) -> Result<(), ProviderError> {
        let Some(id) = uuid(id) else { return Ok(()) };
        match self.api.call(reach, Method::Delete, &self.api.at(&[COLLECTION, id.as_str()]), None).await {
            Ok(_) | Err(ProviderError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn webhook(&self, reach: Reach<'_>, id: &ProviderId) -> Result<Webhook, ProviderError> {
        let webhook = Webhook::read(&self.api.read(reach, COLLECTION, id).await?)?;
        own(webhook.id.as_deref(), id)?;
        Ok(webhook)
    }

    fn registration(&self, webhook: Webhook) -> Result<Registration, ProviderError> {
        let id = webhook.key()?.as_str().to_owned();
        let needed = self.needed();
        let heard = webhook.events().is_none_or(|events| needed.iter().all(|event| events.contains(event)));
        let complete = heard && webhook.environments() == BTreeSet::from([self.environment()]);
        Ok(Registration {
            id,
            url: Secret::from(webhook.url.unwrap_or_default()),
            enabled: webhook.enabled.unwrap_or(true),
            complete,
            secret: webhook.token.filter(|token| !token.is_empty()),
        })
    }

    fn needed(&self) -> Vec<&'static str> {
        let studio = self.api.version == STUDIO_SINCE || self.settings.workflow.is_some();
        CLASSIC.into_iter().chain(STUDIO.into_iter().filter(|_| studio)).collect()
    }

    const fn environment(&self) -> &'static str {
        self.settings.environment.name()
    }
}
