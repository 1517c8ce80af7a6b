//! Names, times and values for the cases.

use std::future::Future;
use std::time::Duration;

use idv_gateway::domain::{
    About, ChangeKind, Channel, Claim, ClaimClass, ConnectionKey, ConnectionName, Evidence, Handover, IdempotencyKey,
    Identity, Lease, Look, Notice, Onboarding, OnboardingId, OnboardingKey, ProviderId, Reference, Resource,
    ResourceKind, Status, SubjectKey, SubjectKind, Tenant, Timestamp, Truth,
};
use idv_gateway::ports::{ClaimKey, ClaimRecord, Commit, Due, DueBell, Ledger};

/// A multiple of 5 min: an entry due then stands there itself.
pub const T0: Timestamp = Timestamp::from_millis(1_800_000_000_000);
/// An index on AWS follows within moments; each reading there takes about 10 ms.
const READINGS: usize = 300;

/// A ledger, and names that no other case uses.
pub struct Bench<'a> {
    /// What is under test.
    pub ledger: &'a dyn Ledger,
    tenant: String,
}

/// That many seconds after [`T0`].
pub fn at(seconds: u64) -> Timestamp {
    T0 + Duration::from_secs(seconds)
}

/// A lease of 30 s.
pub fn lease(fence: &str, from: Timestamp) -> Lease {
    Lease { until: from + Duration::from_secs(30), fence: fence.to_owned() }
}

impl<'a> Bench<'a> {
    /// `tenant` is what every name begins with; no other case may have the same.
    pub fn new(ledger: &'a dyn Ledger, tenant: impl Into<String>) -> Self {
        Self { ledger, tenant: tenant.into() }
    }

    /// The tenant of this case.
    pub fn tenant(&self) -> Tenant {
        Tenant::parse(self.tenant.as_str()).unwrap()
    }

    /// A bench for another tenant.
    pub fn other(&self) -> Self {
        Self { ledger: self.ledger, tenant: format!("{}-o", self.tenant) }
    }

    pub fn key(&self, number: u32) -> OnboardingKey {
        OnboardingKey { tenant: self.tenant(), id: OnboardingId::parse(format!("onb_{number:026}")).unwrap() }
    }

    pub fn connection(&self) -> ConnectionKey {
        ConnectionKey { tenant: self.tenant(), name: ConnectionName::parse("ondato").unwrap() }
    }

    pub fn subject(&self, id: &str) -> SubjectKey {
        let kind = ResourceKind::parse("identity_verification").unwrap();
        SubjectKey { connection: self.connection(), resource: Resource { kind, id: ProviderId::parse(id).unwrap() } }
    }

    pub fn notice(&self, id: &str) -> Notice {
        let subject = self.subject(id);
        let claim = Claim { class: ClaimClass::Decided, part: Some(subject.resource.clone()), at: Some(T0) };
        Notice {
            since: Some(T0),
            about: About::Subject(subject.resource.clone()),
            ..Notice::of_event(subject.connection, subject.resource, claim)
        }
    }

    pub fn reference(&self) -> Reference {
        Reference::parse("customer-8731 ä").unwrap()
    }

    pub fn claim_key(&self, key: &str) -> ClaimKey {
        ClaimKey { tenant: self.tenant(), action: "start", key: IdempotencyKey::parse(key).unwrap() }
    }

    /// Worked on for a minute, remembered for a day.
    pub fn claim(&self, fence: &str, content: &str, onboarding: u32, from: Timestamp) -> ClaimRecord {
        ClaimRecord {
            content: content.to_owned(),
            onboarding: self.key(onboarding).id,
            fence: fence.to_owned(),
            deadline: from + Duration::from_secs(60),
            done: false,
            until: from + Duration::from_secs(86_400),
            erased: false,
        }
    }

    /// An intent, due nowhere.
    pub fn intent(&self, number: u32) -> Onboarding {
        Onboarding {
            key: self.key(number),
            identity: Identity {
                connection: self.connection().name,
                provider: "ondato".to_owned(),
                reference: self.reference(),
                subject_kind: SubjectKind::Individual,
                channel: Channel::Link,
                created_at: T0,
            },
            truth: Truth::intended(T0),
            look: Look::default(),
            delivery: Handover::default(),
            erased_at: None,
        }
    }

    /// An intent that stands in the ledger.
    pub async fn created(&self, number: u32) -> Onboarding {
        let intent = self.intent(number);
        assert!(self.ledger.create(&intent, "created").await.unwrap());
        self.read(number).await
    }

    pub async fn read(&self, number: u32) -> Onboarding {
        self.ledger.read(&self.key(number)).await.unwrap().unwrap()
    }

    /// A change without a look: `count` changes more.
    pub fn act(&self, before: &Onboarding, nonce: &str, count: u32) -> Commit {
        let mut truth = before.truth.clone();
        for _ in 0..count {
            truth.record(ChangeKind::Action, truth.status, at(1), Evidence::App);
        }
        truth.look_seq += 1;
        Commit {
            key: before.key.clone(),
            expected: before.truth.look_seq,
            nonce: nonce.to_owned(),
            truth,
            looked_at: None,
            look_due: before.look.due,
            delivery_due: None,
        }
    }

    /// What a look that started then has found: one change more.
    pub fn found(&self, before: &Onboarding, nonce: &str, started: Timestamp) -> Commit {
        let mut commit = self.act(before, nonce, 0);
        commit.truth.turn(Status::InProgress, started, Evidence::Webhook);
        commit.looked_at = Some(started);
        commit
    }

    /// What is due of this case's tenant, in any shard, earliest first.
    pub async fn due(&self, which: Due, until: Timestamp) -> Vec<DueBell> {
        let mut bells = Vec::new();
        for shard in 0..Due::SHARDS {
            bells.extend(self.ledger.due(which, shard, until, 10_000).await.unwrap());
        }
        let tenant = self.tenant();
        bells.retain(|bell| *bell.tenant() == tenant);
        bells.sort_by_key(DueBell::at);
        bells
    }

    /// Exactly these are due; an index may need a moment to know.
    pub async fn assert_due(&self, which: Due, until: Timestamp, expected: &[DueBell]) {
        eventually(|| self.due(which, until), |bells| bells == expected, expected).await;
    }
}

/// Reads until it is as expected.
pub(crate) async fn eventually<T, F, E>(read: impl Fn() -> F, is_expected: impl Fn(&T) -> bool, expected: &E)
where
    T: std::fmt::Debug,
    F: Future<Output = T>,
    E: std::fmt::Debug + ?Sized,
{
    let mut last = None;
    for _ in 0..READINGS {
        let found = read().await;
        if is_expected(&found) {
            return;
        }
        last = Some(found);
    }
    panic!("expected {expected:?}, last read {last:?}");
}
