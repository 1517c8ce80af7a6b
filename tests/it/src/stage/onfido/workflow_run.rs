//! One onboarding in Studio.

use std::ops::Deref;

use idv_simulators::onfido::{Act, RuleId, Truth, WebhookManner, WebhookRule};
use serde_json::{Value, json};

use super::super::case::text;
use super::super::{Case, Stage};

/// One onboarding in Studio.
pub struct WorkflowRun<'a> {
    case: Case<'a>,
    /// The run that the link leads to.
    pub run: String,
}

impl<'a> Deref for WorkflowRun<'a> {
    type Target = Case<'a>;

    fn deref(&self) -> &Self::Target {
        &self.case
    }
}

impl<'a> WorkflowRun<'a> {
    /// From an answer that has a link: it must be the one of the newest run by Onfido's own records.
    #[must_use]
    pub fn of(stage: &'a Stage, tenant: &str, answer: &Value) -> Self {
        let runs = stage.onfido().runs_of_user(text(answer, "/onboarding_id"));
        let run = runs.last().unwrap_or_else(|| panic!("Onfido has no run: {answer}")).clone();
        assert_eq!(Some(text(answer, "/link/url")), stage.onfido().link(&run).as_deref(), "Onfido's own link");
        Self { case: Case::with(stage, tenant, "onfido", answer, &run), run }
    }

    /// What is true of it.
    #[must_use]
    pub fn truth(&self) -> Truth {
        self.case.stage.onfido().truth(&self.run).unwrap()
    }

    /// Persons, machines and staff do something.
    pub fn does(&self, acts: impl IntoIterator<Item = Act>) -> Vec<String> {
        self.case.stage.onfido().perform(&self.run, acts).unwrap()
    }

    /// The person comes back for a link; `visit` tells the requests apart.
    pub async fn resumes(&self, visit: &str) -> Value {
        let back = format!("{}/done", self.case.tenant.app.base_url());
        let key = format!("{visit}-{}", self.id);
        self.ask("resume", json!({"return_url": back, "idempotency_key": key})).await
    }

    /// What becomes of the webhooks about it from now on.
    pub fn webhooks(&self, manner: WebhookManner) -> RuleId {
        self.case.stage.onfido().misdeliver(WebhookRule::always(manner).about(&self.run))
    }

    /// Waits until every webhook about it has been answered or given up.
    pub async fn webhooks_answered(&self) {
        self.case.stage.onfido_answered(&self.run).await;
    }
}
