//! What is read for somebody who asks, stored nowhere; what is told in Onfido's own form; and what is deleted.

use serde_json::{Map, Value, json};

use super::Onfido;
use super::actions::told_by;
use super::api::own;
use super::id::{Kind, uuid};
use super::resource::Made;
use crate::domain::{PartFact, ProviderId, Resource, Timestamp};
use crate::ports::{Method, ProviderError, ProviderEvent, Reach};
use crate::providers::answer;

/// Bearer secrets, and addresses that only our own credentials open.
const SECRET: [&str; 5] = ["sdk_token", "link", "form_uri", "download_href", "href"];

const NOTHING_ALONE: ProviderError = ProviderError::Unsupported("Onfido shows nothing of this part alone");

impl Onfido {
    /// The applicant as Onfido has them, with what is known of their files; of a run also what it said.
    pub(super) async fn live(&self, reach: Reach<'_>, subject: &Resource) -> Result<Value, ProviderError> {
        let mut details = Map::new();
        let applicant = match Kind::of(subject) {
            Some(Kind::Applicant) => subject.id.clone(),
            Some(Kind::WorkflowRun) => {
                let run = self.whole(reach, "workflow_runs", &subject.id).await?;
                let applicant = run.get("applicant_id").and_then(Value::as_str).and_then(uuid);
                details.insert("workflow_run".to_owned(), without_secrets(run.into()));
                applicant.ok_or(ProviderError::Unavailable("a run does not name its applicant"))?
            }
            Some(Kind::Check | Kind::Report) | None => return Err(ProviderError::NotFound),
        };
        let found = self.whole(reach, "applicants", &applicant).await?;
        details.insert("applicant".to_owned(), without_secrets(found.into()));
        let url = self.api.asked(&["documents"], &[("applicant_id", applicant.as_str())]);
        let documents: Map<String, Value> = answer::object(&self.api.get(reach, &url).await?)?;
        let documents = documents.get("documents").cloned().unwrap_or_else(|| json!([]));
        details.insert("documents".to_owned(), without_secrets(documents));
        Ok(Value::Object(details))
    }

    async fn whole(
        &self,
        reach: Reach<'_>,
        collection: &str,
        id: &ProviderId,
    ) -> Result<Map<String, Value>, ProviderError> {
        let found: Map<String, Value> = answer::object(&self.api.read(reach, collection, id).await?)?;
        own(found.get("id").and_then(Value::as_str), id)?;
        Ok(found)
    }

    /// A report as Onfido has it.
    pub(super) async fn report(&self, reach: Reach<'_>, part: &Resource) -> Result<Value, ProviderError> {
        match Kind::of(part) {
            Some(Kind::Report) => self.whole(reach, "reports", &part.id).await.map(Value::Object),
            Some(Kind::Applicant | Kind::Check | Kind::WorkflowRun) | None => Err(NOTHING_ALONE),
        }
    }

    /// As Onfido's webhook has it, `href` included: receivers may read the path, nobody here follows it.
    pub(super) fn told(&self, part: &PartFact, at: Timestamp) -> Option<ProviderEvent> {
        let kind = Kind::of(&part.resource)?;
        let action = told_by(kind, &part.provider_status)?;
        let collection = match kind {
            Kind::Applicant => "applicants",
            Kind::Check => "checks",
            Kind::Report => "reports",
            Kind::WorkflowRun => "workflow_runs",
        };
        let id = part.resource.id.as_str();
        // Onfido writes whole seconds.
        let at = Timestamp::from_millis(at.seconds().saturating_mul(1000));
        let body = json!({"payload": {
            "resource_type": kind.as_str(),
            "action": action,
            "object": {
                "id": id,
                "status": part.provider_status,
                "completed_at_iso8601": at.to_string(),
                "href": self.api.at(&[collection, id]).as_str(),
            },
        }});
        Some(ProviderEvent { kind: action.to_owned(), body })
    }

    /// Deletes the applicant, and with them all that belongs to them. Gone already is done.
    pub(super) async fn forget(&self, reach: Reach<'_>, subject: &Resource) -> Result<(), ProviderError> {
        let applicant = match Kind::of(subject) {
            Some(Kind::Applicant) => Ok(subject.id.clone()),
            Some(Kind::WorkflowRun) => self.applicant_of_run(reach, &subject.id).await,
            Some(Kind::Check | Kind::Report) | None => Err(ProviderError::NotFound),
        };
        match applicant {
            Ok(applicant) => self.delete_applicant(reach, &applicant).await,
            Err(ProviderError::NotFound) => self.is_gone(reach).await,
            Err(error) => Err(error),
        }
    }

    pub(super) async fn delete_applicant(&self, reach: Reach<'_>, id: &ProviderId) -> Result<(), ProviderError> {
        let url = self.api.at(&["applicants", id.as_str()]);
        match self.api.call(reach, Method::Delete, &url, None).await {
            Ok(_) => Ok(()),
            Err(ProviderError::NotFound) => self.is_gone(reach).await,
            // A second deletion may be refused: then the applicant says itself whether it is done.
            Err(error @ ProviderError::Refused { .. }) => {
                let left = self.api.one::<Made>(reach, "applicants", id).await;
                if left.err() == Some(ProviderError::NotFound) { Ok(()) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }

    /// What is not found is deleted, if this is where Onfido is.
    async fn is_gone(&self, reach: Reach<'_>) -> Result<(), ProviderError> {
        let said = self.api.missing(reach).await;
        if said == ProviderError::NotFound { Ok(()) } else { Err(said) }
    }
}

fn without_secrets(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(name, _)| !SECRET.contains(&name.as_str()));
            Value::Object(kept.map(|(name, value)| (name, without_secrets(value))).collect())
        }
        Value::Array(rows) => rows.into_iter().map(without_secrets).collect(),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain,
    }
}
