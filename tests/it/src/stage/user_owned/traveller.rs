//! One onboarding at Fractal: the person's browser goes by our own addresses to the page there and back.

use std::ops::Deref;

use idv_simulators::browser::{Browser, Page};
use idv_simulators::fractal::{Act, ApiRule, Endpoint, Fractal, RuleId, Truth, Visit, WebhookManner, WebhookRule};
use serde_json::{Value, json};

use super::super::case::text;
use super::super::{Case, Stage};

/// One onboarding at Fractal.
pub struct Traveller<'a> {
    case: Case<'a>,
    /// What the app hands to the person.
    pub link: String,
    /// The person at Fractal; empty before they have been there.
    pub user: String,
    browser: Browser,
}

impl<'a> Deref for Traveller<'a> {
    type Target = Case<'a>;

    fn deref(&self) -> &Self::Target {
        &self.case
    }
}

impl<'a> Traveller<'a> {
    /// From an answer that has a link through us.
    #[must_use]
    pub fn of(stage: &'a Stage, tenant: &str, connection: &'static str, answer: &Value) -> Self {
        let link = text(answer, "/link/url").to_owned();
        let through = format!("{}/v1/go/{tenant}/{connection}/", stage.stack.api_url());
        assert!(link.starts_with(&through), "the link leads through us: {link}");
        let case = Case::with(stage, tenant, connection, answer, "");
        Self { case, link, user: String::new(), browser: Browser::new().unwrap() }
    }

    fn fractal(&self) -> &'a Fractal {
        self.case.stage.fractal()
    }

    /// The person opens the link; gives the address of Fractal's page.
    pub async fn opens(&mut self) -> String {
        self.browser.follows(&self.link).await.unwrap()
    }

    /// The person opens the link and answers at Fractal's page; gives the address that it sends them back to.
    pub async fn answers(&mut self, visit: &Visit) -> String {
        let page = self.opens().await;
        let gone = self.fractal().visit(&page, visit).unwrap();
        self.user = gone.user.unwrap_or_default();
        gone.url.unwrap_or_else(|| panic!("nowhere from {page}"))
    }

    /// The person comes back to us.
    pub async fn returns(&mut self, back: &str) -> Page {
        self.browser.goes(back).await.unwrap()
    }

    /// Another device: no cookie is left.
    pub fn forgets_cookies(&mut self) {
        self.browser.forget();
    }

    /// The whole way, which ends in the app. Gives the address by which they came back.
    pub async fn goes_through(&mut self, visit: &Visit) -> String {
        let back = self.answers(visit).await;
        let page = self.returns(&back).await;
        self.is_back_in_the_app(&page);
        back
    }

    /// The app has the person again.
    pub fn is_back_in_the_app(&self, page: &Page) {
        let done = format!("{}/done", self.case.tenant.app.base_url());
        assert_eq!((page.status, page.location.as_deref()), (303, Some(done.as_str())), "{page:?}");
    }

    /// The app asks for a fresh link; `visit` tells the requests apart.
    pub async fn resumes(&self, visit: &str) -> Value {
        let back = format!("{}/done", self.case.tenant.app.base_url());
        let key = format!("{visit}-{}", self.id);
        self.ask("resume", json!({"return_url": back, "idempotency_key": key})).await
    }

    /// The same, and the person takes it.
    pub async fn comes_again(&mut self, visit: &str) -> Value {
        let answer = self.resumes(visit).await;
        text(&answer, "/link/url").clone_into(&mut self.link);
        answer
    }

    /// Persons and staff do something; gives the events of it.
    pub fn does(&self, acts: impl IntoIterator<Item = Act>) -> Vec<String> {
        self.fractal().perform(&self.user, acts).unwrap()
    }

    /// What is true of them.
    #[must_use]
    pub fn truth(&self) -> Truth {
        self.fractal().truth(&self.user).unwrap()
    }

    /// What becomes of the webhooks about them from now on.
    pub fn webhooks(&self, manner: WebhookManner) -> RuleId {
        self.fractal().misdeliver(WebhookRule::always(manner).about(&self.user))
    }

    /// What becomes of calls about them from now on.
    pub fn spoils(&self, rule: ApiRule) -> RuleId {
        self.fractal().misbehave(rule.about(&self.user))
    }

    /// How often an endpoint was called about them.
    #[must_use]
    pub fn calls(&self, endpoint: Endpoint) -> usize {
        self.fractal().requests_about(endpoint, &self.user)
    }

    /// Waits until every webhook about them has been answered or given up.
    pub async fn webhooks_answered(&self) {
        self.case.stage.fractal_answered(&self.user).await;
    }

    /// Waits until what is shown of a level or an add-on has that standing; gives all that is shown then.
    pub async fn part_is(&self, level: &str, standing: &str) -> Value {
        let id = format!("{}.{level}", self.user);
        let is_so = |part: &Value| part["resource"]["id"] == *id && part["standing"] == standing;
        let what = format!("{level} {standing}");
        self.shows(&what, |shown| shown["parts"].as_array().is_some_and(|parts| parts.iter().any(is_so))).await
    }
}
