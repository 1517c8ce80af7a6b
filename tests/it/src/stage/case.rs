//! One onboarding on the stage: what is done to it, what is known of it, and what must hold in the end.

use std::collections::BTreeMap;
use std::time::Duration;

use idv_simulators::app::{Outcome, Received};
use idv_simulators::ondato::{Act, WebhookManner, WebhookRule};
use serde_json::{Value, json};

use super::{PATIENCE, Stage, Tenant, until};

/// Changes that are recorded and not sent unless asked for.
const QUIET: [&str; 2] = ["created", "link_issued"];

/// One onboarding.
pub struct Case<'a> {
    pub(super) stage: &'a Stage,
    pub(super) tenant: &'a Tenant,
    connection: &'static str,
    /// Our id of it.
    pub id: String,
    /// The run at the provider that the link leads to.
    pub idv: String,
}

impl<'a> Case<'a> {
    /// From an answer that has a link: the run is the one of the link, so a link to nowhere is seen.
    #[must_use]
    pub fn of(stage: &'a Stage, tenant: &str, answer: &Value) -> Self {
        let link = text(answer, "/link/url");
        let (_, idv) = link.split_once("id=").unwrap_or_else(|| panic!("no run in the link {link}"));
        assert_eq!(link, stage.ondato.link(idv), "the provider's own link");
        assert!(stage.ondato.truth(idv).is_some(), "the provider knows the run of {link}");
        Self::with(stage, tenant, "ondato", answer, idv)
    }

    /// Through another provider, with the run that its own records name.
    pub(super) fn with(
        stage: &'a Stage,
        tenant: &str,
        connection: &'static str,
        answer: &Value,
        run: impl Into<String>,
    ) -> Self {
        let id = text(answer, "/onboarding_id").to_owned();
        Self { stage, tenant: stage.tenant(tenant), connection, id, idv: run.into() }
    }

    /// The persons and operators do something.
    pub fn does(&self, acts: impl IntoIterator<Item = Act>) {
        self.stage.ondato.perform(&self.idv, acts).unwrap();
    }

    /// The person opens the link, and everybody knows.
    pub async fn opened(&self) {
        self.does([Act::Open]);
        self.ends("in_progress").await;
    }

    /// What becomes of its webhooks from now on.
    pub fn webhooks(&self, manner: WebhookManner) {
        self.stage.ondato.misdeliver(WebhookRule::always(manner).about(&self.idv));
    }

    /// Invokes an action on it.
    pub async fn ask(&self, action: &str, more: Value) -> Value {
        let mut request = json!({"action": action, "onboarding_id": self.id});
        if let (Some(request), Value::Object(more)) = (request.as_object_mut(), more) {
            request.extend(more);
        }
        self.stage.ask(self.tenant.name, &request).await
    }

    /// What `get` says.
    pub async fn shown(&self) -> Value {
        self.ask("get", json!({})).await
    }

    /// What `timeline` says.
    pub async fn timeline(&self) -> Vec<Value> {
        self.ask("timeline", json!({})).await["changes"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until what `get` says fulfils a condition.
    pub async fn shows(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        self.shows_when_asked(what, json!({}), holds).await
    }

    /// The same, with a look at the provider each time.
    pub async fn shows_after_looking(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        self.shows_when_asked(what, json!({"refresh": true}), holds).await
    }

    async fn shows_when_asked(&self, what: &str, more: Value, holds: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let seen = tokio::time::timeout(PATIENCE, async {
            let mut moments = tokio::time::interval(Duration::from_millis(150));
            loop {
                moments.tick().await;
                last = self.ask("get", more.clone()).await;
                if holds(&last) {
                    break;
                }
            }
        });
        assert!(seen.await.is_ok(), "{what} was not shown within {PATIENCE:?}: {last}");
        last
    }

    /// Everything that arrived for it at the application, in order.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.tenant.app.received().into_iter().filter(|row| row.onboarding_id == self.id).collect()
    }

    /// The status that the application has acted on last.
    #[must_use]
    pub fn believed(&self) -> Option<String> {
        self.tenant.app.status_of(&self.id)
    }

    /// Waits until the application has acted on that status.
    pub async fn heard(&self, status: &str) {
        let last = |rows: &[Received]| {
            let mut mine =
                rows.iter().rev().filter(|row| row.onboarding_id == self.id && row.outcome == Outcome::Applied);
            mine.find_map(|row| row.status.clone())
        };
        let heard = self.tenant.app.wait_for(|rows| last(rows).as_deref() == Some(status), PATIENCE).await;
        assert!(heard.is_ok(), "{}: not told {status}, but {:?}", self.id, self.believed());
    }

    /// Waits until it has that status and everything that its destination wants was taken there; gives those versions.
    pub async fn handed_over(&self, status: &str) -> Vec<u64> {
        let what = format!("{} is {status}, everything handed over", self.id);
        until(&what, || async { self.has_ended(status).await }).await;
        let timeline = self.timeline().await;
        dense(&timeline);
        self.wanted(&timeline)
    }

    /// Waits until the provider, the ledger and the application agree, and nothing was lost, invented or reordered.
    pub async fn ends(&self, status: &str) {
        self.heard(status).await;
        let wanted = self.handed_over(status).await;
        let rows = self.received();
        assert!(rows.iter().all(Received::verified), "{}: not verified: {rows:?}", self.id);
        one_id_each(&rows);
        let applied: Vec<u64> =
            rows.iter().filter(|row| row.outcome == Outcome::Applied).map(|row| row.version).collect();
        assert_eq!(applied, wanted, "{}: every change, once and in order", self.id);
    }

    /// Whether it has that status and the application has everything that it wants.
    pub async fn has_ended(&self, status: &str) -> bool {
        let (shown, timeline) = (self.shown().await, self.timeline().await);
        let last = self.wanted(&timeline).last().copied().unwrap_or_default();
        shown["status"] == status && shown["delivery"]["through"].as_u64() >= Some(last)
    }

    /// The versions that its destination wants.
    fn wanted(&self, timeline: &[Value]) -> Vec<u64> {
        let of_the_connection = &self.tenant.config["connections"][self.connection]["delivery"];
        let delivery = if of_the_connection.is_null() { &self.tenant.config["delivery"] } else { of_the_connection };
        if delivery["kind"] == "fintechos" {
            return timeline.iter().filter(is_decided_report).filter_map(|change| change["version"].as_u64()).collect();
        }
        let asked_for = delivery["kinds"].as_array();
        let is_wanted = |change: &&Value| {
            let is_quiet = change["kind"] == "status" && QUIET.iter().any(|quiet| change["status"] == *quiet);
            let kind = if is_quiet { &change["status"] } else { &change["kind"] };
            asked_for.map_or(!is_quiet && kind != "part", |kinds| kinds.contains(kind))
        };
        timeline.iter().filter(is_wanted).filter_map(|change| change["version"].as_u64()).collect()
    }

    /// How many runs the provider has with our reference.
    #[must_use]
    pub fn runs(&self) -> usize {
        let made = self.stage.ondato.idvs_created();
        let reference =
            |idv: &String| self.stage.ondato.truth(idv).map(|truth| truth.idv["externalReferenceId"] == *self.id);
        made.iter().filter(|idv| reference(idv) == Some(true)).count()
    }

    /// Waits until a wall of its webhooks has been answered.
    pub async fn webhooks_answered(&self) {
        let idv = self.idv.clone();
        until("every webhook is answered", || async {
            let deliveries = self.stage.ondato.deliveries();
            let mine = deliveries.iter().filter(|delivery| delivery.idv == idv);
            mine.clone().count() > 0
                && mine.clone().all(|it| {
                    matches!(
                        it.state,
                        idv_simulators::ondato::DeliveryState::Delivered | idv_simulators::ondato::DeliveryState::Lost
                    )
                })
        })
        .await;
    }
}

/// What an instance of a usual configuration wants: the provider's event that a report is finished.
pub(super) fn is_decided_report(change: &&Value) -> bool {
    let part = &change["part"];
    let decided = part["standing"] == "approved" || part["standing"] == "rejected";
    change["kind"] == "part" && part["resource"]["kind"] == "report" && decided
}

/// A text of an answer that must be there.
pub(super) fn text<'v>(answer: &'v Value, pointer: &str) -> &'v str {
    answer.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {answer}"))
}

/// The versions are 1, 2, 3… without holes, and no status follows itself.
fn dense(timeline: &[Value]) {
    let versions: Vec<u64> = timeline.iter().filter_map(|change| change["version"].as_u64()).collect();
    assert_eq!(versions, (1..).take(timeline.len()).collect::<Vec<u64>>(), "{timeline:?}");
    let statuses: Vec<&Value> =
        timeline.iter().filter(|change| change["kind"] == "status").map(|change| &change["status"]).collect();
    assert!(statuses.windows(2).all(|pair| pair.first() != pair.last()), "a status follows itself: {statuses:?}");
}

/// Every try of one change has the same id, and no two changes share one.
fn one_id_each(rows: &[Received]) {
    let mut by_version: BTreeMap<u64, &str> = BTreeMap::new();
    for row in rows {
        assert_eq!(*by_version.entry(row.version).or_insert(&row.id), row.id, "{rows:?}");
    }
    let mut ids: Vec<&str> = by_version.values().copied().collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), by_version.len(), "{rows:?}");
}
