//! The ledger in memory, for tests: the same answers as on DynamoDB, which one contract suite holds (tests/it). It keeps
//! what TTL would delete, so that readers meet what is past its time; it knows no clock, so equal calls make equal
//! ledgers. What stands in it is seen whole by [`MemoryLedger::contents`].

mod claims;
mod connections;
mod deliveries;
mod due;
mod erasing;
mod logins;
mod looks;
mod state;
mod subjects;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::domain::schedule::Pace;
use crate::domain::{
    Change, ConnectionKey, Handover, Lease, Notice, Onboarding, OnboardingId, OnboardingKey, Reference, SubjectKey,
    Tenant, Timestamp, Truth,
};
use crate::ports::{
    ClaimKey, ClaimRecord, Claimed, Commit, Committed, ConnectionRecord, Due, DueBell, EndpointKey, EndpointRecord,
    EndpointWrite, LeaseOutcome, Ledger, LedgerError, LoginKey, LoginLease, NO_ROOM, Page, Released, SharedLogin,
    SubjectRecord, SubjectState,
};

use self::state::State;

pub use self::state::Contents;

/// A handle; clones share one ledger.
#[derive(Clone)]
pub struct MemoryLedger(Arc<Mutex<State>>);

impl Default for MemoryLedger {
    fn default() -> Self {
        Self::new(Pace::REAL)
    }
}

impl MemoryLedger {
    /// An empty ledger. With a faster pace the due indexes are rounded finer likewise.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self(Arc::new(Mutex::new(State::new(pace))))
    }

    /// Everything that stands in it, sorted.
    #[must_use]
    pub fn contents(&self) -> Contents {
        self.state().contents()
    }

    /// How many writes were applied; refused ones do not count.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.state().writes
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic of another test's thread leaves whole writes only.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn create(&self, onboarding: &Onboarding, nonce: &str) -> Result<bool, LedgerError> {
        Ok(self.state().create(onboarding, nonce))
    }

    async fn read(&self, key: &OnboardingKey) -> Result<Option<Onboarding>, LedgerError> {
        Ok(self.state().read(key))
    }

    async fn read_all(&self, keys: &[OnboardingKey]) -> Result<Vec<Option<Onboarding>>, LedgerError> {
        let state = self.state();
        Ok(keys.iter().map(|key| state.read(key)).collect())
    }

    async fn lease_look(
        &self,
        key: &OnboardingKey,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<LeaseOutcome, LedgerError> {
        Ok(self.state().lease_look(key, lease, now))
    }

    async fn commit(&self, commit: &Commit) -> Result<Committed, LedgerError> {
        if !commit.truth.has_room() {
            return Err(LedgerError::Refused(NO_ROOM.to_owned()));
        }
        Ok(self.state().commit(commit))
    }

    async fn postpone_look(&self, key: &OnboardingKey, due: Timestamp, fence: Option<&str>) -> Result<(), LedgerError> {
        self.state().postpone_look(key, due, fence);
        Ok(())
    }

    async fn timeline(&self, key: &OnboardingKey) -> Result<Vec<Change>, LedgerError> {
        Ok(self.state().timeline(key))
    }

    async fn change(&self, onboarding: &Onboarding, version: u64) -> Result<Option<Change>, LedgerError> {
        let inline = onboarding.truth.changes.iter().find(|change| change.version == version).cloned();
        Ok(inline.or_else(|| self.state().spilled(&onboarding.key, version)))
    }

    async fn lease_delivery(
        &self,
        key: &OnboardingKey,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<LeaseOutcome, LedgerError> {
        Ok(self.state().lease_delivery(key, lease, now))
    }

    async fn handed_over(&self, key: &OnboardingKey, fence: &str, handover: &Handover) -> Result<bool, LedgerError> {
        Ok(self.state().handed_over(key, fence, handover))
    }

    async fn release_delivery(
        &self,
        key: &OnboardingKey,
        fence: &str,
        handover: &Handover,
        version: u64,
    ) -> Result<Released, LedgerError> {
        Ok(self.state().release_delivery(key, fence, handover, version))
    }

    async fn resend(&self, key: &OnboardingKey, version: u64, due: Timestamp) -> Result<bool, LedgerError> {
        Ok(self.state().resend(key, version, due))
    }

    async fn due(&self, which: Due, shard: u8, until: Timestamp, limit: usize) -> Result<Vec<DueBell>, LedgerError> {
        Ok(self.state().due(which, shard, until, limit))
    }

    async fn defer(&self, which: Due, bell: &DueBell, to: Timestamp) -> Result<(), LedgerError> {
        self.state().defer(which, bell, to);
        Ok(())
    }

    async fn subjects(&self, keys: &[SubjectKey], now: Timestamp) -> Result<Vec<Option<SubjectRecord>>, LedgerError> {
        let state = self.state();
        Ok(keys.iter().map(|key| state.subject(key, now)).collect())
    }

    async fn bind(
        &self,
        key: &SubjectKey,
        onboarding: &OnboardingId,
        attempt: u8,
    ) -> Result<(SubjectState, Option<Notice>), LedgerError> {
        Ok(self.state().bind(key, onboarding, attempt))
    }

    async fn set_aside(
        &self,
        key: &SubjectKey,
        record: &SubjectRecord,
        due: Option<Timestamp>,
    ) -> Result<bool, LedgerError> {
        self.state().set_aside(key, record, due)
    }

    async fn hand_on(
        &self,
        key: &SubjectKey,
        onboarding: &OnboardingId,
        attempt: u8,
    ) -> Result<Option<Notice>, LedgerError> {
        Ok(self.state().hand_on(key, onboarding, attempt))
    }

    async fn erase_subject(&self, key: &SubjectKey, of: &OnboardingId, until: Timestamp) -> Result<(), LedgerError> {
        self.state().erase_subject(key, of, until);
        Ok(())
    }

    async fn claim(&self, key: &ClaimKey, record: &ClaimRecord, now: Timestamp) -> Result<Claimed, LedgerError> {
        Ok(self.state().claim(key, record, now))
    }

    async fn finish_claim(&self, key: &ClaimKey, fence: &str) -> Result<bool, LedgerError> {
        Ok(self.state().finish_claim(key, fence))
    }

    async fn drop_claim(&self, key: &ClaimKey, fence: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.state().drop_claim(key, fence, now);
        Ok(())
    }

    async fn add_reference(
        &self,
        tenant: &Tenant,
        reference: &Reference,
        onboarding: &OnboardingId,
    ) -> Result<(), LedgerError> {
        self.state().add_reference(tenant, reference, onboarding);
        Ok(())
    }

    async fn by_reference(&self, tenant: &Tenant, reference: &Reference) -> Result<Vec<OnboardingId>, LedgerError> {
        Ok(self.state().by_reference(tenant, reference))
    }

    async fn list(&self, tenant: &Tenant, before: Option<&OnboardingId>, limit: usize) -> Result<Page, LedgerError> {
        Ok(self.state().list(tenant, before, limit))
    }

    async fn put_key(&self, key: &OnboardingKey, wrapped: &str) -> Result<String, LedgerError> {
        Ok(self.state().put_key(key, wrapped))
    }

    async fn key(&self, key: &OnboardingKey) -> Result<Option<String>, LedgerError> {
        Ok(self.state().keys.get(key).cloned())
    }

    async fn fence_erasure(&self, key: &OnboardingKey, at: Timestamp) -> Result<Option<Onboarding>, LedgerError> {
        Ok(self.state().fence_erasure(key, at))
    }

    async fn destroy_key(&self, key: &OnboardingKey) -> Result<(), LedgerError> {
        self.state().destroy_key(key);
        Ok(())
    }

    async fn erase_claims(&self, key: &OnboardingKey) -> Result<(), LedgerError> {
        self.state().erase_claims(key);
        Ok(())
    }

    async fn bury(&self, onboarding: &Onboarding, tombstone: &Truth, due: Timestamp) -> Result<(), LedgerError> {
        self.state().bury(onboarding, tombstone, due)
    }

    async fn connection(&self, key: &ConnectionKey) -> Result<ConnectionRecord, LedgerError> {
        Ok(self.state().connection(key))
    }

    async fn pause(&self, key: &ConnectionKey, until: Timestamp) -> Result<(), LedgerError> {
        self.state().pause(key, until);
        Ok(())
    }

    async fn unpause(&self, key: &ConnectionKey, read: &ConnectionRecord) -> Result<(), LedgerError> {
        self.state().unpause(key, read);
        Ok(())
    }

    async fn take_look_quota(&self, key: &ConnectionKey, minute: i64, max: u32) -> Result<bool, LedgerError> {
        Ok(self.state().take_look(key, minute, max))
    }

    async fn login(&self, key: &LoginKey) -> Result<SharedLogin, LedgerError> {
        Ok(self.state().login(key))
    }

    async fn lease_login(
        &self,
        key: &LoginKey,
        generation: u64,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<LoginLease, LedgerError> {
        self.state().lease_login(key, generation, lease, now)
    }

    async fn replace_login(&self, key: &LoginKey, fence: &str, login: &SharedLogin) -> Result<bool, LedgerError> {
        Ok(self.state().replace_login(key, fence, login))
    }

    async fn release_login(&self, key: &LoginKey, fence: &str) -> Result<(), LedgerError> {
        self.state().release_login(key, fence);
        Ok(())
    }

    async fn move_cursor(&self, key: &ConnectionKey, from: Option<&str>, to: &str) -> Result<(), LedgerError> {
        self.state().move_cursor(key, from, to);
        Ok(())
    }

    async fn plan_feed(&self, key: &ConnectionKey, due: Option<Timestamp>) -> Result<(), LedgerError> {
        self.state().plan_feed(key, due);
        Ok(())
    }

    async fn endpoint(&self, key: &EndpointKey) -> Result<Option<EndpointRecord>, LedgerError> {
        Ok(self.state().endpoints.get(key).map(|row| row.record.clone()))
    }

    async fn set_endpoint(
        &self,
        key: &EndpointKey,
        read: Option<&EndpointRecord>,
        record: &EndpointRecord,
        nonce: &str,
    ) -> Result<EndpointWrite, LedgerError> {
        Ok(self.state().set_endpoint(key, read, record, nonce))
    }

    async fn take_probe(&self, key: &EndpointKey, now: Timestamp, until: Timestamp) -> Result<bool, LedgerError> {
        Ok(self.state().take_probe(key, now, until))
    }
}
