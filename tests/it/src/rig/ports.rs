//! The ports in memory, each call an await point.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use idv_gateway::domain::{
    Change, ConnectionKey, Handover, Lease, Notice, Onboarding, OnboardingId, OnboardingKey, Reference, SubjectKey,
    Tenant, Timestamp, Truth,
};
use idv_gateway::memory::bells::MemoryBells;
use idv_gateway::memory::ledger::MemoryLedger;
use idv_gateway::memory::vault::MemoryVault;
use idv_gateway::ports::{
    Bells, BellsError, ClaimKey, ClaimRecord, Claimed, Commit, Committed, ConnectionRecord, DeliveryBell, Due, DueBell,
    EndpointKey, EndpointRecord, EndpointWrite, LeaseOutcome, Ledger, LedgerError, LoginKey, LoginLease, Page,
    Rejected, Released, SharedLogin, SubjectRecord, SubjectState, Subscription, TenantConfig, Vault, VaultError,
};

use super::chaos::{Chaos, Class};

/// The ledger, with items that cannot be read on request.
pub struct TestLedger {
    /// What stands behind it.
    pub inner: MemoryLedger,
    /// Its points.
    pub chaos: Arc<Chaos>,
    /// Whoever reads one of these finds an item that cannot be read.
    unreadable: Mutex<BTreeSet<OnboardingKey>>,
}

impl TestLedger {
    /// In front of that ledger.
    #[must_use]
    pub fn new(inner: MemoryLedger, chaos: Arc<Chaos>) -> Self {
        Self { inner, chaos, unreadable: Mutex::default() }
    }

    /// From now on the item cannot be read, or can again.
    pub fn spoil(&self, key: &OnboardingKey, spoilt: bool) {
        let mut unreadable = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        if spoilt {
            unreadable.insert(key.clone())
        } else {
            unreadable.remove(key)
        };
    }

    fn readable(&self, keys: &[OnboardingKey]) -> Result<(), LedgerError> {
        let unreadable = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.iter().any(|key| unreadable.contains(key)) {
            Err(LedgerError::Unreadable("truth".to_owned()))
        } else {
            Ok(())
        }
    }
}

fn ledger_fault(class: Class) -> LedgerError {
    match class {
        Class::Passing => LedgerError::Unavailable("throttled"),
        Class::Lost => LedgerError::Unavailable("timed_out"),
        Class::Hard => LedgerError::Refused("access denied".to_owned()),
    }
}

macro_rules! ledger {
    ($($name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Ledger for TestLedger {
            async fn read(&self, key: &OnboardingKey) -> Result<Option<Onboarding>, LedgerError> {
                let answer = self.chaos.call("ledger.read", || self.inner.read(key), ledger_fault).await?;
                self.readable(std::slice::from_ref(key)).map(|()| answer)
            }

            async fn read_all(&self, keys: &[OnboardingKey]) -> Result<Vec<Option<Onboarding>>, LedgerError> {
                let answer = self.chaos.call("ledger.read_all", || self.inner.read_all(keys), ledger_fault).await?;
                self.readable(keys).map(|()| answer)
            }

            $(async fn $name(&self, $($arg: $type),*) -> Result<$answer, LedgerError> {
                let again = || self.inner.$name($($arg),*);
                self.chaos.call(concat!("ledger.", stringify!($name)), again, ledger_fault).await
            })*
        }
    };
}

ledger! {
    create(onboarding: &Onboarding, nonce: &str) -> bool;
    lease_look(key: &OnboardingKey, lease: &Lease, now: Timestamp) -> LeaseOutcome;
    commit(commit: &Commit) -> Committed;
    postpone_look(key: &OnboardingKey, due: Timestamp, fence: Option<&str>) -> ();
    timeline(key: &OnboardingKey) -> Vec<Change>;
    change(onboarding: &Onboarding, version: u64) -> Option<Change>;
    lease_delivery(key: &OnboardingKey, lease: &Lease, now: Timestamp) -> LeaseOutcome;
    handed_over(key: &OnboardingKey, fence: &str, handover: &Handover) -> bool;
    release_delivery(key: &OnboardingKey, fence: &str, handover: &Handover, version: u64) -> Released;
    resend(key: &OnboardingKey, version: u64, due: Timestamp) -> bool;
    due(which: Due, shard: u8, until: Timestamp, limit: usize) -> Vec<DueBell>;
    defer(which: Due, bell: &DueBell, to: Timestamp) -> ();
    subjects(keys: &[SubjectKey], now: Timestamp) -> Vec<Option<SubjectRecord>>;
    bind(key: &SubjectKey, onboarding: &OnboardingId, attempt: u8) -> (SubjectState, Option<Notice>);
    set_aside(key: &SubjectKey, record: &SubjectRecord, due: Option<Timestamp>) -> bool;
    hand_on(key: &SubjectKey, onboarding: &OnboardingId, attempt: u8) -> Option<Notice>;
    erase_subject(key: &SubjectKey, of: &OnboardingId, until: Timestamp) -> ();
    claim(key: &ClaimKey, record: &ClaimRecord, now: Timestamp) -> Claimed;
    finish_claim(key: &ClaimKey, fence: &str) -> bool;
    drop_claim(key: &ClaimKey, fence: &str, now: Timestamp) -> ();
    add_reference(tenant: &Tenant, reference: &Reference, onboarding: &OnboardingId) -> ();
    by_reference(tenant: &Tenant, reference: &Reference) -> Vec<OnboardingId>;
    list(tenant: &Tenant, before: Option<&OnboardingId>, limit: usize) -> Page;
    put_key(key: &OnboardingKey, wrapped: &str) -> String;
    key(key: &OnboardingKey) -> Option<String>;
    fence_erasure(key: &OnboardingKey, at: Timestamp) -> Option<Onboarding>;
    destroy_key(key: &OnboardingKey) -> ();
    erase_claims(key: &OnboardingKey) -> ();
    bury(onboarding: &Onboarding, tombstone: &Truth, due: Timestamp) -> ();
    connection(key: &ConnectionKey) -> ConnectionRecord;
    pause(key: &ConnectionKey, until: Timestamp) -> ();
    unpause(key: &ConnectionKey, read: &ConnectionRecord) -> ();
    take_look_quota(key: &ConnectionKey, minute: i64, max: u32) -> bool;
    login(key: &LoginKey) -> SharedLogin;
    lease_login(key: &LoginKey, generation: u64, lease: &Lease, now: Timestamp) -> LoginLease;
    replace_login(key: &LoginKey, fence: &str, login: &SharedLogin) -> bool;
    release_login(key: &LoginKey, fence: &str) -> ();
    move_cursor(key: &ConnectionKey, from: Option<&str>, to: &str) -> ();
    plan_feed(key: &ConnectionKey, due: Option<Timestamp>) -> ();
    endpoint(key: &EndpointKey) -> Option<EndpointRecord>;
    set_endpoint(key: &EndpointKey, read: Option<&EndpointRecord>, record: &EndpointRecord, nonce: &str) -> EndpointWrite;
    take_probe(key: &EndpointKey, now: Timestamp, until: Timestamp) -> bool;
}

/// The queues.
pub struct TestBells {
    /// What stands behind them.
    pub inner: Arc<MemoryBells>,
    /// Their points.
    pub chaos: Arc<Chaos>,
}

fn bells_fault(class: Class) -> BellsError {
    BellsError(match class {
        Class::Passing => "throttled",
        Class::Lost => "timed_out",
        Class::Hard => "refused",
    })
}

macro_rules! bells {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {
        #[async_trait]
        impl Bells for TestBells {
            $(async fn $name(&self, $($arg: $type),*) -> Result<(), BellsError> {
                let again = || self.inner.$name($($arg),*);
                self.chaos.call(concat!("bells.", stringify!($name)), again, bells_fault).await
            })*
        }
    };
}

bells! {
    notify(notice: &Notice, after: Duration);
    notify_all(notices: &[Notice]);
    ring(bells: &[DeliveryBell], after: Duration);
    reject(rejected: &Rejected);
    postpone(receipt: &str, after: Duration);
}

/// Tenants' configuration.
pub struct TestVault {
    /// What stands behind it.
    pub inner: Arc<MemoryVault>,
    /// Its points.
    pub chaos: Arc<Chaos>,
}

macro_rules! vault {
    ($($name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Vault for TestVault {
            $(async fn $name(&self, $($arg: $type),*) -> Result<$answer, VaultError> {
                let again = || self.inner.$name($($arg),*);
                let fault = |_| VaultError::Unavailable("throttled");
                self.chaos.call(concat!("vault.", stringify!($name)), again, fault).await
            })*
        }
    };
}

vault! {
    tenant(tenant: &Tenant) -> Arc<TenantConfig>;
    fresher(tenant: &Tenant) -> Arc<TenantConfig>;
    alias(path: &str) -> ConnectionKey;
    subscription(id: &str) -> Subscription;
    tenants() -> Vec<Tenant>;
}
