//! What a test asks of an Ondato alone: what is true, what was made.

use super::{
    Ondato,
    records::{EventRecord, Truth},
    world::key,
};

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
}
