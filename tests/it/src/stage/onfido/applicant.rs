//! One onboarding the classic way: what is done to it, and what must hold in the end.

use std::collections::BTreeSet;
use std::ops::Deref;

use idv_simulators::fintechos::FintechOs;
use idv_simulators::onfido::{Act, ApiRule, Endpoint, Onfido, RuleId, Truth, WebhookManner, WebhookRule};
use serde_json::{Value, json};

use super::super::case::{is_decided_report, text};
use super::super::{Case, PATIENCE, Stage};
use super::email;

/// One onboarding the classic way.
pub struct Applicant<'a> {
    case: Case<'a>,
    /// The person at Onfido.
    pub applicant: String,
}

impl<'a> Deref for Applicant<'a> {
    type Target = Case<'a>;

    fn deref(&self) -> &Self::Target {
        &self.case
    }
}

impl<'a> Applicant<'a> {
    /// From an answer that has a token: it must be for that person by Onfido's own records.
    #[must_use]
    pub fn of(stage: &'a Stage, tenant: &str, key: &str, answer: &Value) -> Self {
        let address = email(tenant, key);
        let created = stage.onfido().applicants_created();
        let own = |id: &String| stage.onfido().truth(id).is_some_and(|truth| truth.resource["email"] == *address);
        let applicant = created.into_iter().rev().find(own);
        let applicant = applicant.unwrap_or_else(|| panic!("Onfido has no {key} of {tenant}: {answer}"));
        assert_eq!(whose(text(answer, "/sdk/token")), applicant, "{answer}");
        let case = Case::with(stage, tenant, "onfido", answer, &applicant);
        Self { case, applicant }
    }

    fn onfido(&self) -> &'a Onfido {
        self.case.stage.onfido()
    }

    /// What is true of the person.
    #[must_use]
    pub fn truth(&self) -> Truth {
        self.onfido().truth(&self.applicant).unwrap()
    }

    /// The person comes back; `visit` tells the requests apart.
    pub async fn resumes(&self, visit: &str) -> Value {
        self.ask("resume", json!({"idempotency_key": format!("{visit}-{}", self.id)})).await
    }

    /// The person captures, the app says so.
    pub async fn submits(&self, visit: &str) -> Value {
        self.onfido().act(&self.applicant, Act::Capture).unwrap();
        self.ask("submit", json!({"idempotency_key": format!("{visit}-{}", self.id)})).await
    }

    /// The one check, after a submission.
    pub async fn checked(&self) -> String {
        let answer = self.submits("once").await;
        assert!(answer["error"].is_null(), "{answer}");
        self.check()
    }

    /// The one check that was made.
    #[must_use]
    pub fn check(&self) -> String {
        let mut checks = self.truth().checks;
        assert_eq!(checks.len(), 1, "one check: {checks:?}");
        checks.remove(0)
    }

    /// Somebody does something with the one check.
    pub fn does(&self, acts: impl IntoIterator<Item = Act>) -> Vec<String> {
        self.onfido().perform(&self.check(), acts).unwrap()
    }

    /// What becomes of the webhooks about them from now on.
    pub fn webhooks(&self, manner: WebhookManner) -> RuleId {
        self.onfido().misdeliver(WebhookRule::always(manner).about(&self.applicant))
    }

    /// What becomes of calls about them from now on.
    pub fn spoils(&self, rule: ApiRule) -> RuleId {
        self.onfido().misbehave(rule.about(&self.applicant))
    }

    /// How often an endpoint was called about them.
    #[must_use]
    pub fn calls(&self, endpoint: Endpoint) -> usize {
        self.onfido().requests_about(endpoint, &self.applicant)
    }

    /// Waits until every webhook about them has been answered or given up.
    pub async fn webhooks_answered(&self) {
        self.case.stage.onfido_answered(&self.applicant).await;
    }

    /// Waits until Onfido, the ledger and the destination agree, and nothing was lost, invented or reordered.
    pub async fn ends(&self, status: &str) {
        match &self.case.tenant.instance {
            None => self.case.ends(status).await,
            Some(instance) => {
                self.case.handed_over(status).await;
                self.accepted_in_order(instance).await;
            }
        }
    }

    /// Every finished report is in the client's own instance, once and in the ledger's order.
    async fn accepted_in_order(&self, instance: &FintechOs) {
        let finished = self.finished_reports();
        let all = |instance: &FintechOs| finished.iter().all(|it| !instance.accepted_about(it).is_empty());
        assert!(instance.wait_for(all, PATIENCE).await.is_ok(), "{}: accepted {:?}", self.id, instance.accepted());
        let mut rows = instance.accepted();
        rows.retain(|row| finished.contains(&row.object));
        let timeline = self.timeline().await;
        let recorded = timeline.iter().filter(is_decided_report);
        let recorded: Vec<&str> = recorded.filter_map(|change| change["part"]["resource"]["id"].as_str()).collect();
        let objects: Vec<&str> = rows.iter().map(|row| row.object.as_str()).collect();
        assert_eq!(objects, recorded, "{}: every finished report, once and in order", self.id);
        assert_eq!(objects.iter().collect::<BTreeSet<_>>().len(), finished.len(), "{}: {objects:?}", self.id);
        for row in &rows {
            assert_eq!((row.action.as_str(), row.status.as_str()), ("report.completed", "complete"), "{row:?}");
        }
    }

    /// By Onfido's own records.
    #[must_use]
    pub fn finished_reports(&self) -> BTreeSet<String> {
        let checks = self.truth().checks.into_iter();
        let reports = checks.filter_map(|check| self.onfido().truth(&check)).flat_map(|check| check.reports);
        let finished = reports.filter(|report| report["status"] == "complete");
        finished.filter_map(|report| report["id"].as_str().map(str::to_owned)).collect()
    }
}

/// The applicant that an SDK token is for.
fn whose(token: &str) -> String {
    let claims = token.split('.').nth(1).unwrap_or_else(|| panic!("no token: {token}"));
    let claims = data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    text(&claims, "/payload/app").to_owned()
}
