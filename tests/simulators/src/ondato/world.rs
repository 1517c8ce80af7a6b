//! The simulator's whole state behind one lock: resources with their history, tokens, rules, deliveries, records.

use std::{collections::BTreeMap, io, sync::Arc, time::Instant};

use serde_json::Value;
use time::OffsetDateTime;

use super::{
    act::Act,
    acts::NotPossible,
    delivery::{self, Letter},
    hosts::BaseUrls,
    idv::Idv,
    kyc::Kyc,
    manners::{ApiManner, WebhookManner},
    records::{DeliveryRecord, Endpoint, EventRecord, RequestRecord, Truth, WebhookSent},
    resources::{CompanyDocument, Form, Kyb},
    settings::{Application, Settings},
};
use crate::{
    clock,
    history::View,
    outbox::Delivery,
    rules::NoTarget,
    simulator::{Frame, Simulated},
    state::Shared,
};

/// An access token that was handed out.
pub(crate) struct Token {
    pub(crate) application: Application,
    pub(crate) until: Instant,
}

pub struct World {
    pub(crate) frame: Frame<Self>,
    pub(crate) settings: Settings,
    pub(crate) urls: BaseUrls,
    pub(crate) idvs: BTreeMap<String, Idv>,
    pub(crate) kycs: BTreeMap<String, Kyc>,
    pub(crate) kybs: BTreeMap<String, Kyb>,
    pub(crate) forms: BTreeMap<String, Form>,
    pub(crate) company_documents: BTreeMap<String, CompanyDocument>,
    pub(crate) created: Vec<String>,
    pub(crate) tokens: BTreeMap<String, Token>,
    /// Tokens of receivers, by subscription.
    pub(crate) receiver_tokens: BTreeMap<usize, (String, Instant)>,
    pub(crate) events: Vec<EventRecord>,
    last_stamp: OffsetDateTime,
}

impl Simulated for World {
    type Endpoint = Endpoint;
    type ApiManner = ApiManner;
    type WebhookManner = WebhookManner;
    type Target = NoTarget;
    type Act = Act;
    type NotPossible = NotPossible;
    type Letter = Letter;
    type Request = RequestRecord;
    type Delivery = DeliveryRecord;
    type Sent = WebhookSent;

    fn frame(&mut self) -> &mut Frame<Self> {
        &mut self.frame
    }

    fn concerns(letter: &Letter, idv: &str) -> bool {
        key(&letter.idv) == key(idv)
    }

    fn act(&mut self, idv: &str, act: Act) -> Result<Vec<String>, NotPossible> {
        self.act(idv, act)
    }

    fn asked(request: &RequestRecord) -> (Endpoint, String) {
        (request.endpoint, format!("{} {}", request.method, request.path))
    }

    fn delivery(delivery: &Delivery<Letter>) -> DeliveryRecord {
        delivery::record(delivery)
    }

    async fn attempt(shared: Arc<Shared<Self>>, index: usize) {
        delivery::attempt(shared, index).await;
    }
}

impl World {
    pub(crate) fn new(settings: Settings, urls: BaseUrls) -> io::Result<Self> {
        Ok(Self {
            frame: Frame::new(settings.retry.scale)?,
            settings,
            urls,
            idvs: BTreeMap::new(),
            kycs: BTreeMap::new(),
            kybs: BTreeMap::new(),
            forms: BTreeMap::new(),
            company_documents: BTreeMap::new(),
            created: Vec::new(),
            tokens: BTreeMap::new(),
            receiver_tokens: BTreeMap::new(),
            events: Vec::new(),
            last_stamp: OffsetDateTime::UNIX_EPOCH,
        })
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
        self.frame.history.remember(&key(id), shown);
    }

    pub(crate) fn shown(&self, id: &str, view: View) -> Option<Value> {
        self.frame.history.seen(&key(id), view)
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
