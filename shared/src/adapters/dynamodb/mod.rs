//! The ledger on DynamoDB: one table, one item for each onboarding, and beside it subjects, claims, the onboarding's
//! own key, connections, endpoints and spilled changes; no other kinds (design §9).
//!
//! A step is one conditional write on attributes that no other side writes. The SDK repeats a write whose answer was
//! lost and then meets its own first one; every failed condition answers with what stands there, and a nonce or fence
//! of ours in it means that it is done. What is read for a decision is read strongly; only the indexes lag.
//!
//! | failure | what follows |
//! | --- | --- |
//! | throttled, unreachable, timed out, a fault of the service | `Unavailable`: the same again may work |
//! | no such table, no permission, a request that cannot be done | `Refused`: somebody has to act |
//! | an item that this version cannot read | `Unreadable`, with the attribute's name and nothing of its content |
//! | somebody was faster, again and again | `Unavailable` |
//!
//! Times are numbers in milliseconds (`expires` alone in seconds, for TTL), because they are compared there. Nothing
//! here reads a clock or waits: pauses between attempts are the SDK's.

mod attributes;
mod calls;
mod changes;
mod claim;
mod connection;
mod delivery;
mod due;
mod endpoint;
mod erasure;
mod expression;
#[cfg(feature = "schema")]
pub mod items;
mod keys;
mod list;
mod login;
mod look;
mod onboarding;
mod reference;
mod subject;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;

use crate::domain::schedule::Pace;
use crate::domain::{
    Change, ConnectionKey, Handover, Lease, Notice, Onboarding, OnboardingId, OnboardingKey, Reference, SubjectKey,
    Tenant, Timestamp, Truth,
};
use crate::ports::{
    ClaimKey, ClaimRecord, Claimed, Commit, Committed, ConnectionRecord, Due, DueBell, EndpointKey, EndpointRecord,
    EndpointWrite, LeaseOutcome, Ledger, LedgerError, LoginKey, LoginLease, Page, Released, SharedLogin, SubjectRecord,
    SubjectState,
};

/// The ledger on one table.
#[derive(Clone)]
pub struct DynamoLedger {
    client: Client,
    table: String,
    pace: Pace,
}

impl DynamoLedger {
    /// Makes no call. With a faster pace the due indexes are rounded finer likewise.
    #[must_use]
    pub const fn new(client: Client, table: String, pace: Pace) -> Self {
        Self { client, table, pace }
    }
}

#[async_trait]
impl Ledger for DynamoLedger {
    async fn create(&self, onboarding: &Onboarding, nonce: &str) -> Result<bool, LedgerError> {
        onboarding::create(self, onboarding, nonce).await
    }

    async fn read(&self, key: &OnboardingKey) -> Result<Option<Onboarding>, LedgerError> {
        onboarding::read(self, key).await
    }

    async fn read_all(&self, keys: &[OnboardingKey]) -> Result<Vec<Option<Onboarding>>, LedgerError> {
        onboarding::read_all(self, keys).await
    }

    async fn lease_look(
        &self,
        key: &OnboardingKey,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<LeaseOutcome, LedgerError> {
        look::lease(self, key, lease, now).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Committed, LedgerError> {
        look::commit(self, commit).await
    }

    async fn postpone_look(&self, key: &OnboardingKey, due: Timestamp, fence: Option<&str>) -> Result<(), LedgerError> {
        look::postpone(self, key, due, fence).await
    }

    async fn timeline(&self, key: &OnboardingKey) -> Result<Vec<Change>, LedgerError> {
        changes::timeline(self, key).await
    }

    async fn change(&self, onboarding: &Onboarding, version: u64) -> Result<Option<Change>, LedgerError> {
        changes::change(self, onboarding, version).await
    }

    async fn lease_delivery(
        &self,
        key: &OnboardingKey,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<LeaseOutcome, LedgerError> {
        delivery::lease(self, key, lease, now).await
    }

    async fn handed_over(&self, key: &OnboardingKey, fence: &str, handover: &Handover) -> Result<bool, LedgerError> {
        delivery::handed_over(self, key, fence, handover).await
    }

    async fn release_delivery(
        &self,
        key: &OnboardingKey,
        fence: &str,
        handover: &Handover,
        version: u64,
    ) -> Result<Released, LedgerError> {
        delivery::release(self, key, fence, handover, version).await
    }

    async fn resend(&self, key: &OnboardingKey, version: u64, due: Timestamp) -> Result<bool, LedgerError> {
        delivery::resend(self, key, version, due).await
    }

    async fn due(&self, which: Due, shard: u8, until: Timestamp, limit: usize) -> Result<Vec<DueBell>, LedgerError> {
        due::due(self, which, shard, until, limit).await
    }

    async fn defer(&self, which: Due, bell: &DueBell, to: Timestamp) -> Result<(), LedgerError> {
        due::defer(self, which, bell, to).await
    }

    async fn subjects(&self, keys: &[SubjectKey], now: Timestamp) -> Result<Vec<Option<SubjectRecord>>, LedgerError> {
        subject::subjects(self, keys, now).await
    }

    async fn bind(
        &self,
        key: &SubjectKey,
        onboarding: &OnboardingId,
        attempt: u8,
    ) -> Result<(SubjectState, Option<Notice>), LedgerError> {
        subject::bind(self, key, onboarding, attempt).await
    }

    async fn set_aside(
        &self,
        key: &SubjectKey,
        record: &SubjectRecord,
        due: Option<Timestamp>,
    ) -> Result<bool, LedgerError> {
        subject::set_aside(self, key, record, due).await
    }

    async fn hand_on(
        &self,
        key: &SubjectKey,
        onboarding: &OnboardingId,
        attempt: u8,
    ) -> Result<Option<Notice>, LedgerError> {
        subject::hand_on(self, key, onboarding, attempt).await
    }

    async fn erase_subject(&self, key: &SubjectKey, of: &OnboardingId, until: Timestamp) -> Result<(), LedgerError> {
        subject::erase(self, key, of, until).await
    }

    async fn claim(&self, key: &ClaimKey, record: &ClaimRecord, now: Timestamp) -> Result<Claimed, LedgerError> {
        claim::claim(self, key, record, now).await
    }

    async fn finish_claim(&self, key: &ClaimKey, fence: &str) -> Result<bool, LedgerError> {
        claim::finish(self, key, fence).await
    }

    async fn drop_claim(&self, key: &ClaimKey, fence: &str, now: Timestamp) -> Result<(), LedgerError> {
        claim::drop_claim(self, key, fence, now).await
    }

    async fn add_reference(
        &self,
        tenant: &Tenant,
        reference: &Reference,
        onboarding: &OnboardingId,
    ) -> Result<(), LedgerError> {
        reference::add(self, tenant, reference, onboarding).await
    }

    async fn by_reference(&self, tenant: &Tenant, reference: &Reference) -> Result<Vec<OnboardingId>, LedgerError> {
        reference::onboardings(self, tenant, reference).await
    }

    async fn list(&self, tenant: &Tenant, before: Option<&OnboardingId>, limit: usize) -> Result<Page, LedgerError> {
        list::list(self, tenant, before, limit).await
    }

    async fn put_key(&self, key: &OnboardingKey, wrapped: &str) -> Result<String, LedgerError> {
        erasure::put_key(self, key, wrapped).await
    }

    async fn key(&self, key: &OnboardingKey) -> Result<Option<String>, LedgerError> {
        erasure::key(self, key).await
    }

    async fn fence_erasure(&self, key: &OnboardingKey, at: Timestamp) -> Result<Option<Onboarding>, LedgerError> {
        erasure::fence(self, key, at).await
    }

    async fn destroy_key(&self, key: &OnboardingKey) -> Result<(), LedgerError> {
        erasure::destroy_key(self, key).await
    }

    async fn erase_claims(&self, key: &OnboardingKey) -> Result<(), LedgerError> {
        claim::erase_all(self, key).await
    }

    async fn bury(&self, onboarding: &Onboarding, tombstone: &Truth, due: Timestamp) -> Result<(), LedgerError> {
        erasure::bury(self, onboarding, tombstone, due).await
    }

    async fn connection(&self, key: &ConnectionKey) -> Result<ConnectionRecord, LedgerError> {
        connection::read(self, key).await
    }

    async fn pause(&self, key: &ConnectionKey, until: Timestamp) -> Result<(), LedgerError> {
        connection::pause(self, key, until).await
    }

    async fn unpause(&self, key: &ConnectionKey, read: &ConnectionRecord) -> Result<(), LedgerError> {
        connection::unpause(self, key, read).await
    }

    async fn take_look_quota(&self, key: &ConnectionKey, minute: i64, max: u32) -> Result<bool, LedgerError> {
        connection::take_look(self, key, minute, max).await
    }

    async fn login(&self, key: &LoginKey) -> Result<SharedLogin, LedgerError> {
        login::login(self, key).await
    }

    async fn lease_login(
        &self,
        key: &LoginKey,
        generation: u64,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<LoginLease, LedgerError> {
        login::lease_login(self, key, generation, lease, now).await
    }

    async fn replace_login(&self, key: &LoginKey, fence: &str, login: &SharedLogin) -> Result<bool, LedgerError> {
        login::replace_login(self, key, fence, login).await
    }

    async fn release_login(&self, key: &LoginKey, fence: &str) -> Result<(), LedgerError> {
        login::release_login(self, key, fence).await
    }

    async fn move_cursor(&self, key: &ConnectionKey, from: Option<&str>, to: &str) -> Result<(), LedgerError> {
        connection::move_cursor(self, key, from, to).await
    }

    async fn plan_feed(&self, key: &ConnectionKey, due: Option<Timestamp>) -> Result<(), LedgerError> {
        connection::plan_feed(self, key, due).await
    }

    async fn endpoint(&self, key: &EndpointKey) -> Result<Option<EndpointRecord>, LedgerError> {
        endpoint::read(self, key).await
    }

    async fn set_endpoint(
        &self,
        key: &EndpointKey,
        read: Option<&EndpointRecord>,
        record: &EndpointRecord,
        nonce: &str,
    ) -> Result<EndpointWrite, LedgerError> {
        endpoint::set(self, key, read, record, nonce).await
    }

    async fn take_probe(&self, key: &EndpointKey, now: Timestamp, until: Timestamp) -> Result<bool, LedgerError> {
        endpoint::take_probe(self, key, now, until).await
    }
}
