//! Keys of items. Each is made of typed names that begin with the tenant: there is none without it, and none that
//! reaches another's. Ids of providers and apps stand in keys as digests, so that the tombstone of an erased subject
//! says nothing, and no key grows with its content.
//!
//! | item | `pk` | `sk` |
//! | --- | --- | --- |
//! | onboarding | `{tenant}#{onboarding}` | `onboarding` |
//! | a spilled change | `{tenant}#{onboarding}` | `change#{version, 20 digits}` |
//! | the onboarding's own key | `{tenant}#{onboarding}` | `key` |
//! | subject | `{tenant}#{connection}#subject#{digest of kind and id}` | `subject` |
//! | claim | `{tenant}#claim#{action}#{digest of the app's key}` | `claim` |
//! | mark of a claim | `{tenant}#{onboarding}` | `claim#{action}#{digest of the app's key}` |
//! | reference (a claim that is never done) | `{tenant}#claim#reference#{digest of the reference}` | `claim` |
//! | connection | `{tenant}#{connection}` | `connection` |
//! | endpoint | `{tenant}#endpoint#tenant` or `{tenant}#endpoint#connection#{connection}` | `endpoint` |

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};

use crate::domain::{ConnectionKey, ConnectionName, OnboardingId, OnboardingKey, Reference, SubjectKey, Tenant};
use crate::ports::{ClaimKey, EndpointKey};

use super::attributes::Item;

/// Every sort key of a spilled change begins so.
pub(super) const CHANGES: &str = "change#";
const ONBOARDING: &str = "onboarding";
const SUBJECT: &str = "subject";
const CLAIM: &str = "claim";
const CONNECTION: &str = "connection";
/// Every sort key of a claim's mark begins so.
pub(super) const MARKS: &str = "claim#";

/// Where an item stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ItemKey {
    pk: String,
    sk: String,
}

impl ItemKey {
    pub(super) fn pk(&self) -> &str {
        &self.pk
    }

    pub(super) fn sk(&self) -> &str {
        &self.sk
    }

    fn at(pk: String, sk: &str) -> Self {
        Self { pk, sk: sk.to_owned() }
    }
}

/// A spilled change of an onboarding.
pub(super) struct ChangeKey<'a>(pub(super) &'a OnboardingKey, pub(super) u64);

/// The onboarding's own key for sealing.
pub(super) struct OwnKey<'a>(pub(super) &'a OnboardingKey);

/// Beside its onboarding, where a claim is.
pub(super) struct MarkKey<'a>(pub(super) &'a OnboardingId, pub(super) &'a ClaimKey);

/// The onboardings of a reference.
pub(super) struct ReferenceKey<'a>(pub(super) &'a Tenant, pub(super) &'a Reference);

impl From<&OnboardingKey> for ItemKey {
    fn from(key: &OnboardingKey) -> Self {
        Self::at(partition(key), ONBOARDING)
    }
}

impl From<&ChangeKey<'_>> for ItemKey {
    fn from(ChangeKey(onboarding, version): &ChangeKey<'_>) -> Self {
        Self { pk: partition(onboarding), sk: format!("{CHANGES}{version:020}") }
    }
}

impl From<&OwnKey<'_>> for ItemKey {
    fn from(OwnKey(onboarding): &OwnKey<'_>) -> Self {
        Self::at(partition(onboarding), "key")
    }
}

impl From<&SubjectKey> for ItemKey {
    fn from(key: &SubjectKey) -> Self {
        let ConnectionKey { tenant, name } = &key.connection;
        let (kind, id) = (key.resource.kind.as_str(), key.resource.id.as_str());
        let digest = digest_of(&[tenant.as_str(), name.as_str(), kind, id]);
        Self::at(format!("{tenant}#{name}#{SUBJECT}#{digest}"), SUBJECT)
    }
}

impl From<&ClaimKey> for ItemKey {
    fn from(key: &ClaimKey) -> Self {
        Self::at(format!("{}#{}", key.tenant, named(key)), CLAIM)
    }
}

impl From<&MarkKey<'_>> for ItemKey {
    fn from(MarkKey(onboarding, claim): &MarkKey<'_>) -> Self {
        Self { pk: format!("{}#{onboarding}", claim.tenant), sk: named(claim) }
    }
}

impl ItemKey {
    /// The claim that a mark with that sort key leads to; none where it is no mark.
    pub(super) fn of_marked(tenant: &Tenant, mark: &str) -> Option<Self> {
        mark.starts_with(MARKS).then(|| Self::at(format!("{tenant}#{mark}"), CLAIM))
    }
}

/// A claim's name within its tenant.
fn named(key: &ClaimKey) -> String {
    let digest = digest_of(&[key.tenant.as_str(), key.action, key.key.as_str()]);
    format!("{MARKS}{}#{digest}", key.action)
}

impl From<&ReferenceKey<'_>> for ItemKey {
    fn from(ReferenceKey(tenant, reference): &ReferenceKey<'_>) -> Self {
        let digest = digest_of(&[tenant.as_str(), reference.as_str()]);
        Self::at(format!("{tenant}#{CLAIM}#reference#{digest}"), CLAIM)
    }
}

impl From<&ConnectionKey> for ItemKey {
    fn from(key: &ConnectionKey) -> Self {
        Self::at(format!("{}#{}", key.tenant, key.name), CONNECTION)
    }
}

impl From<&EndpointKey> for ItemKey {
    fn from(key: &EndpointKey) -> Self {
        Self::at(format!("{}#endpoint#{}", key.tenant, key.name), "endpoint")
    }
}

/// What an index entry points at; an index holds keys alone.
pub(super) enum Pointed {
    Onboarding(OnboardingKey),
    /// Its key is a digest: the item itself says whose it is.
    Subject(ItemKey),
    /// Its feed is to be read.
    Connection(ConnectionKey),
}

impl Pointed {
    /// None for what this version does not know.
    pub(super) fn of(entry: &Item) -> Option<Self> {
        let (pk, sk) = (entry.text("pk").ok()??, entry.text("sk").ok()??);
        match sk {
            ONBOARDING => {
                let (tenant, id) = pk.split_once('#')?;
                let key = OnboardingKey { tenant: Tenant::parse(tenant).ok()?, id: OnboardingId::parse(id).ok()? };
                Some(Self::Onboarding(key))
            }
            SUBJECT => Some(Self::Subject(ItemKey::at(pk.to_owned(), SUBJECT))),
            CONNECTION => {
                let (tenant, name) = pk.split_once('#')?;
                let key =
                    ConnectionKey { tenant: Tenant::parse(tenant).ok()?, name: ConnectionName::parse(name).ok()? };
                Some(Self::Connection(key))
            }
            _ => None,
        }
    }
}

pub(super) fn partition(key: &OnboardingKey) -> String {
    format!("{}#{}", key.tenant, key.id)
}

/// Of names that hold no control characters.
fn digest_of(names: &[&str]) -> String {
    HEXLOWER.encode(digest(&SHA256, names.join("\0").as_bytes()).as_ref())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use super::*;
    use crate::domain::{IdempotencyKey, ProviderId, Resource, ResourceKind};

    fn tenant(name: &str) -> Tenant {
        Tenant::parse(name).unwrap()
    }

    fn connection(of: &str, name: &str) -> ConnectionKey {
        ConnectionKey { tenant: tenant(of), name: ConnectionName::parse(name).unwrap() }
    }

    #[test]
    fn every_key_begins_with_its_tenant_and_no_two_are_the_same() {
        let onboarding = OnboardingKey {
            tenant: tenant("acme"),
            id: OnboardingId::parse("onb_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap(),
        };
        let resource = Resource { kind: ResourceKind::parse("check").unwrap(), id: ProviderId::parse("x-1").unwrap() };
        let reference = Reference::parse("x-1").unwrap();
        let claim = |action| ClaimKey { tenant: tenant("acme"), action, key: IdempotencyKey::parse("x-1").unwrap() };
        let keys: Vec<ItemKey> = vec![
            (&onboarding).into(),
            (&ChangeKey(&onboarding, 7)).into(),
            (&OwnKey(&onboarding)).into(),
            (&SubjectKey { connection: connection("acme", "claim"), resource: resource.clone() }).into(),
            (&SubjectKey { connection: connection("acme", "ondato"), resource }).into(),
            (&claim("start")).into(),
            (&claim("subject")).into(),
            (&MarkKey(&onboarding.id, &claim("start"))).into(),
            (&ReferenceKey(&onboarding.tenant, &reference)).into(),
            (&connection("acme", "claim")).into(),
            (&connection("acme", "endpoint")).into(),
            (&EndpointKey { tenant: tenant("acme"), name: "tenant".into() }).into(),
            (&EndpointKey { tenant: tenant("acme"), name: "connection#tenant".into() }).into(),
        ];
        let distinct: std::collections::HashSet<&ItemKey> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len());
        assert!(keys.iter().all(|key| key.pk().starts_with("acme#")));
        assert!(keys.iter().all(|key| !key.pk().contains("x-1")), "ids stand there as digests");
        assert!(keys.iter().all(|key| !key.sk().contains("x-1")), "ids stand there as digests");
    }

    #[test]
    fn a_mark_leads_to_its_claim_and_nothing_else_does() {
        let claim = ClaimKey { tenant: tenant("acme"), action: "start", key: IdempotencyKey::parse("x-1").unwrap() };
        let id = OnboardingId::parse("onb_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
        let mark: ItemKey = (&MarkKey(&id, &claim)).into();
        assert_eq!(ItemKey::of_marked(&claim.tenant, mark.sk()), Some((&claim).into()));
        for other in [ONBOARDING, "key", "change#00000000000000000001", CLAIM] {
            assert_eq!(ItemKey::of_marked(&claim.tenant, other), None);
        }
    }
}
