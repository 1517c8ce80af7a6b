//! An account with a provider that has events: reports and checks, in Onfido's form.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use idv_gateway::domain::{Assessment, Opinion, Part, PartFact, Resource, Snapshot, Status, Timestamp};
use idv_gateway::ports::{
    Account, BadField, Event, ProviderError, ProviderEvent, Reach, Recovery, Started, Unreadable, Whose, Wish,
};
use idv_gateway::proof::{Body, Specification, Verified};
use serde_json::{Value, json};

/// Stands in every report: must be found nowhere but at the instance.
pub(crate) const PERSON: &str = "Ada Example";

type Reports = dyn Fn(&Resource) -> Result<Value, ProviderError> + Send + Sync;

pub(crate) struct Clerk {
    specification: Specification,
    reports: Mutex<Box<Reports>>,
    asked: Mutex<Vec<Resource>>,
}

impl Clerk {
    pub(crate) fn new() -> Self {
        let specification =
            Specification { provider: "clerk".into(), all: Vec::new().into(), mac: None, body_token: None };
        let reports: Box<Reports> =
            Box::new(|part| Ok(json!({"id": part.id, "result": "clear", "properties": {"first_name": PERSON}})));
        Self { specification, reports: Mutex::new(reports), asked: Mutex::default() }
    }

    pub(crate) fn report(&self, so: impl Fn(&Resource) -> Result<Value, ProviderError> + Send + Sync + 'static) {
        *self.reports.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(so);
    }

    /// How often a report was asked for.
    pub(crate) fn asked(&self) -> usize {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

#[async_trait]
impl Account for Clerk {
    fn provider(&self) -> &'static str {
        "clerk"
    }

    fn specification(&self) -> &Specification {
        &self.specification
    }

    fn event(&self, _body: Verified<Body<'_>>) -> Result<Event, Unreadable> {
        Ok(Event::Silent { reason: "unknown_event" })
    }

    fn assess(&self, _parts: &[Part]) -> Assessment {
        Assessment::Known(Opinion::plain(Status::InReview))
    }

    fn recovery(&self, _wish: &Wish) -> Recovery {
        Recovery::None
    }

    fn check(&self, _wish: &Wish) -> Result<(), Vec<BadField>> {
        Ok(())
    }

    async fn start(&self, _reach: Reach<'_>, _wish: &Wish) -> Result<Started, ProviderError> {
        Err(ProviderError::Unsupported("nothing is started here"))
    }

    async fn look(&self, _reach: Reach<'_>, _subject: &Resource) -> Result<Snapshot, ProviderError> {
        Err(ProviderError::Unsupported("nothing is looked at here"))
    }

    async fn resolve(&self, _reach: Reach<'_>, _subject: &Resource) -> Result<Whose, ProviderError> {
        Ok(Whose::Nobodys)
    }

    fn event_of(&self, part: &PartFact, at: Timestamp) -> Option<ProviderEvent> {
        let (kind, id) = (part.resource.kind.as_str(), &part.resource.id);
        part.standing.is_decision().then(|| {
            let action = format!("{kind}.completed");
            let object = json!({
                "id": id, "status": "complete", "completed_at_iso8601": at.to_string(),
                "href": format!("https://api.example.com/v3.6/{kind}s/{id}"),
            });
            let body = json!({"payload": {"resource_type": kind, "action": action, "object": object}});
            ProviderEvent { kind: action, body }
        })
    }

    fn events(&self) -> &'static [&'static str] {
        &["report.completed", "check.completed"]
    }

    async fn evidence(&self, _reach: Reach<'_>, part: &Resource) -> Result<Value, ProviderError> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(part.clone());
        (self.reports.lock().unwrap_or_else(PoisonError::into_inner))(part)
    }

    async fn erase(&self, _reach: Reach<'_>, _subject: &Resource) -> Result<(), ProviderError> {
        Ok(())
    }
}
