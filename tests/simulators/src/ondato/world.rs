//! The simulator's whole state behind one lock: resources with their history, tokens, rules, deliveries, records.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::{Notify, watch};

use super::{
    delivery::Delivery,
    hosts::BaseUrls,
    idv::Idv,
    kyc::Kyc,
    manners::{Active, ApiRule, RuleId, WebhookRule},
    records::{EventRecord, RequestRecord, Truth, WebhookSent},
    resources::{CompanyDocument, Form, Kyb},
    settings::{Application, Settings},
};
use crate::clock::{self, RetryTime};

pub(crate) struct Shared {
    world: Mutex<World>,
    /// Rung when a delivery may have become due.
    pub(crate) due: Notify,
    /// Counts up with everything that happens, for those who wait for something.
    pub(crate) news: watch::Sender<u64>,
    pub(crate) http: reqwest::Client,
    pub(crate) runtime: tokio::runtime::Handle,
}

impl Shared {
    pub(crate) fn new(world: World, http: reqwest::Client) -> Self {
        let (news, _) = watch::channel(0);
        Self { world: Mutex::new(world), due: Notify::new(), news, http, runtime: tokio::runtime::Handle::current() }
    }

    /// Reads without telling anybody.
    pub(crate) fn look(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes, then tells.
    pub(crate) fn change<T>(&self, with: impl FnOnce(&mut World) -> T) -> T {
        let result = with(&mut self.look());
        self.due.notify_one();
        self.news.send_modify(|count| *count = count.wrapping_add(1));
        result
    }
}

/// An access token that was handed out.
pub(crate) struct Token {
    pub(crate) application: Application,
    pub(crate) until: Instant,
}

/// One state of a resource, as a GET showed it.
struct Version {
    number: u64,
    shown: Value,
}

/// Which state of a resource a GET answers.
#[derive(Clone, Copy)]
pub(crate) enum View {
    Now,
    Previous,
    AsOf(u64),
}

pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) urls: BaseUrls,
    pub(crate) retry_time: RetryTime,
    pub(crate) idvs: BTreeMap<String, Idv>,
    pub(crate) kycs: BTreeMap<String, Kyc>,
    pub(crate) kybs: BTreeMap<String, Kyb>,
    pub(crate) forms: BTreeMap<String, Form>,
    pub(crate) company_documents: BTreeMap<String, CompanyDocument>,
    pub(crate) created: Vec<String>,
    pub(crate) tokens: BTreeMap<String, Token>,
    /// Tokens of receivers, by subscription.
    pub(crate) receiver_tokens: BTreeMap<usize, (String, Instant)>,
    pub(crate) api_rules: Vec<Active<ApiRule>>,
    pub(crate) webhook_rules: Vec<Active<WebhookRule>>,
    pub(crate) events: Vec<EventRecord>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) sent: Vec<WebhookSent>,
    pub(crate) requests: Vec<RequestRecord>,
    history: BTreeMap<String, Vec<Version>>,
    changes: u64,
    rules_made: u64,
    last_stamp: OffsetDateTime,
}

impl World {
    pub(crate) fn new(settings: Settings, urls: BaseUrls) -> Self {
        let retry_time = RetryTime::new(settings.retry.scale);
        Self {
            settings,
            urls,
            retry_time,
            idvs: BTreeMap::new(),
            kycs: BTreeMap::new(),
            kybs: BTreeMap::new(),
            forms: BTreeMap::new(),
            company_documents: BTreeMap::new(),
            created: Vec::new(),
            tokens: BTreeMap::new(),
            receiver_tokens: BTreeMap::new(),
            api_rules: Vec::new(),
            webhook_rules: Vec::new(),
            events: Vec::new(),
            deliveries: Vec::new(),
            sent: Vec::new(),
            requests: Vec::new(),
            history: BTreeMap::new(),
            changes: 0,
            rules_made: 0,
            last_stamp: OffsetDateTime::UNIX_EPOCH,
        }
    }

    /// Now, never the same twice: the order of stamps is the order of events (§3.1).
    pub(crate) fn stamp(&mut self) -> String {
        let tick = time::Duration::nanoseconds(100);
        let after_last = self.last_stamp.checked_add(tick).unwrap_or(self.last_stamp);
        self.last_stamp = clock::now().max(after_last);
        clock::stamp(self.last_stamp)
    }

    /// Writes down what a GET of this resource shows from now on.
    pub(crate) fn remember(&mut self, id: &str, shown: Value) {
        self.changes = self.changes.saturating_add(1);
        let version = Version { number: self.changes, shown };
        self.history.entry(key(id)).or_default().push(version);
    }

    pub(crate) fn shown(&self, id: &str, view: View) -> Option<Value> {
        let versions = self.history.get(&key(id))?;
        let version = match view {
            View::Now => versions.last(),
            View::Previous => versions.iter().rev().nth(1),
            View::AsOf(number) => versions.iter().rev().find(|version| version.number <= number),
        };
        version.map(|version| version.shown.clone())
    }

    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    pub(crate) fn next_rule(&mut self) -> RuleId {
        self.rules_made = self.rules_made.saturating_add(1);
        RuleId(self.rules_made)
    }

    /// The IDV that a resource belongs to.
    pub(crate) fn idv_of(&self, id: &str) -> Option<String> {
        let id = &key(id);
        let owner = self.idvs.get(id).map(|idv| &idv.id);
        let owner = owner.or_else(|| self.kycs.get(id).map(|kyc| &kyc.idv));
        let owner = owner.or_else(|| self.kybs.get(id).map(|kyb| &kyb.idv));
        owner.or_else(|| self.forms.get(id).map(|form| &form.idv)).cloned()
    }

    pub(crate) fn truth(&self, idv: &str) -> Option<Truth> {
        let idv = self.idvs.get(&key(idv))?;
        let kyb = idv.kyb.as_ref().and_then(|id| self.kybs.get(id));
        let documents = self.company_documents.values().filter(|document| Some(&document.kyb) == idv.kyb.as_ref());
        Some(Truth {
            idv: idv.shown(),
            kyc: idv.kyc.as_ref().and_then(|id| self.kycs.get(id)).map(Kyc::shown),
            earlier_kyc: idv.earlier_kyc.iter().filter_map(|id| self.kycs.get(id)).map(Kyc::shown).collect(),
            kyb: kyb.map(Kyb::shown),
            forms: idv.forms.iter().filter_map(|id| self.forms.get(id)).map(Form::shown).collect(),
            company_documents: documents.map(CompanyDocument::shown).collect(),
            localisations: idv.localisations.as_ref().map(|(_, body)| body.clone()),
        })
    }
}

/// Ids are compared without regard to letter case (§1.3).
pub(crate) fn key(id: &str) -> String {
    id.to_ascii_lowercase()
}
