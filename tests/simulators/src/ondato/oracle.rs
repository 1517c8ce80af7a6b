//! What a test asks: what is true, what was made, sent and called, and waiting for it.

use std::{collections::BTreeMap, time::Duration};

use super::{
    Ondato, delivery,
    records::{self, DeliveryRecord, Endpoint, EventRecord, RequestRecord, Truth, WebhookSent},
    world::key,
};
use crate::clock::{self, WaitedTooLong};

impl Ondato {
    pub fn truth(&self, idv: &str) -> Option<Truth> {
        self.shared.look().truth(idv)
    }

    /// Ids in the order of creation.
    pub fn idvs_created(&self) -> Vec<String> {
        self.shared.look().created.clone()
    }

    /// The newest IDV with this `externalReferenceId`.
    pub fn idv_by_reference(&self, reference: &str) -> Option<String> {
        let world = self.shared.look();
        let has = |id: &&String| {
            let idv = world.idvs.get(&key(id));
            idv.and_then(|idv| idv.external_reference.as_ref()?.as_str()) == Some(reference)
        };
        world.created.iter().rev().find(has).cloned()
    }

    pub fn events(&self) -> Vec<EventRecord> {
        self.shared.look().events.clone()
    }

    /// Every try, in the order of the answers.
    pub fn webhooks_sent(&self) -> Vec<WebhookSent> {
        self.shared.look().sent.clone()
    }

    pub fn deliveries(&self) -> Vec<DeliveryRecord> {
        self.shared.look().deliveries.iter().map(delivery::Delivery::record).collect()
    }

    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.look().requests.clone()
    }

    pub fn request_counts(&self) -> BTreeMap<Endpoint, usize> {
        records::count(&self.shared.look().requests)
    }

    pub fn requests_to(&self, endpoint: Endpoint) -> usize {
        self.shared.look().requests.iter().filter(|request| request.endpoint == endpoint).count()
    }

    /// Waits until `holds`; asked again after everything that happens here.
    pub async fn wait_for(&self, mut holds: impl FnMut(&Self) -> bool, timeout: Duration) -> Result<(), WaitedTooLong> {
        clock::wait_for(self.shared.news.subscribe(), timeout, || holds(self)).await
    }

    /// Waits until every event due by now was answered or has run out of patience.
    pub async fn quiet(&self, timeout: Duration) -> Result<(), WaitedTooLong> {
        clock::wait_for(self.shared.news.subscribe(), timeout, || self.shared.look().is_quiet()).await
    }
}
