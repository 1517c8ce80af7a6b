//! What a test asks of this simulator alone: what is true, what was made.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Onfido,
    delivery::Webhook,
    records::{Endpoint, EventRecord, Kind, RequestRecord, Truth, WebhookRecord, text, texts},
    world::World,
};

impl Onfido {
    /// Of an applicant, check, report, run or medium; of a task by `{run}/{task}`.
    pub fn truth(&self, id: &str) -> Option<Truth> {
        self.shared.look().truth(id)
    }

    /// Ids in the order of creation.
    pub fn applicants_created(&self) -> Vec<String> {
        self.shared.look().of_kind(Kind::Applicant)
    }

    pub fn checks_created(&self) -> Vec<String> {
        self.shared.look().of_kind(Kind::Check)
    }

    pub fn runs_created(&self) -> Vec<String> {
        self.shared.look().of_kind(Kind::Run)
    }

    /// Every check with this tag.
    pub fn checks_by_tag(&self, tag: &str) -> Vec<String> {
        self.shared.look().tagged(Kind::Check, tag)
    }

    pub fn runs_by_tag(&self, tag: &str) -> Vec<String> {
        self.shared.look().tagged(Kind::Run, tag)
    }

    /// Every run with this `customer_user_id`.
    pub fn runs_of_user(&self, customer_user_id: &str) -> Vec<String> {
        let world = self.shared.look();
        let mut runs = world.of_kind(Kind::Run);
        runs.retain(|id| {
            world.things.get(id).is_some_and(|it| text(&it.shown, "customer_user_id") == customer_user_id)
        });
        runs
    }

    /// Ids of a check's reports, by name.
    pub fn reports_of(&self, check: &str) -> BTreeMap<String, String> {
        let reports = self.truth(check).map(|truth| truth.reports).unwrap_or_default();
        reports.iter().map(|report| (text(report, "name").to_owned(), text(report, "id").to_owned())).collect()
    }

    /// A run's hosted link or a check's hosted form.
    pub fn link(&self, id: &str) -> Option<String> {
        let shown = self.truth(id)?.resource;
        let link = shown.pointer("/link/url").or_else(|| shown.get("form_uri"));
        link.and_then(Value::as_str).map(str::to_owned)
    }

    pub fn events(&self) -> Vec<EventRecord> {
        self.shared.look().events.iter().map(|event| event.record.clone()).collect()
    }

    /// Events of this resource and of what belongs to it.
    pub fn events_about(&self, id: &str) -> Vec<EventRecord> {
        self.events().into_iter().filter(|event| event.about.iter().any(|it| it == id)).collect()
    }

    /// Every webhook that was ever set up.
    pub fn webhooks(&self) -> Vec<WebhookRecord> {
        self.shared.look().webhooks.iter().map(Webhook::record).collect()
    }

    pub fn webhook(&self, id: &str) -> Option<WebhookRecord> {
        self.webhooks().into_iter().find(|webhook| webhook.id == id)
    }

    /// Calls to this endpoint about this resource or what belongs to it.
    pub fn requests_about(&self, endpoint: Endpoint, id: &str) -> usize {
        let about = |it: &&RequestRecord| it.endpoint == endpoint && it.about.iter().any(|about| about == id);
        self.shared.look().frame.requests.iter().filter(about).count()
    }
}

impl World {
    fn truth(&self, id: &str) -> Option<Truth> {
        let thing = self.things.get(id)?;
        let shown = |kind| -> Vec<Value> {
            let keys = self.belonging(kind, id);
            keys.iter().filter_map(|key| Some(self.things.get(key)?.shown.clone())).collect()
        };
        let is = |kind| thing.kind == kind;
        let ended = if is(Kind::Run) { Self::link_is_over(thing) } else { thing.ended };
        Some(Truth {
            kind: thing.kind,
            account: thing.owner.account.clone(),
            environment: thing.owner.environment,
            applicant: thing.applicant.clone(),
            resource: thing.shown.clone(),
            ended,
            reports: if is(Kind::Check) { shown(Kind::Report) } else { Vec::new() },
            tasks: if is(Kind::Run) { shown(Kind::Task) } else { Vec::new() },
            checks: if is(Kind::Applicant) { self.belonging(Kind::Check, id) } else { Vec::new() },
            runs: if is(Kind::Applicant) { self.belonging(Kind::Run, id) } else { Vec::new() },
            sdk_tokens: self.sdk_tokens.iter().filter(|applicant| **applicant == thing.applicant).count(),
        })
    }

    fn tagged(&self, kind: Kind, tag: &str) -> Vec<String> {
        let mut keys = self.of_kind(kind);
        keys.retain(|key| {
            self.things.get(key).is_some_and(|it| texts(it.shown.get("tags")).iter().any(|it| it == tag))
        });
        keys
    }
}
