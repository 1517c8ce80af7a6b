//! How large an onboarding's item can become, on the real adapter: DynamoDB takes 400 KB, and charges by the KB.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use idv_gateway::domain::{
    Action, Ask, Asked, Attempt, Because, ChangeKind, Channel, ConnectionName, DecidedBy, Evidence, Handover, Identity,
    Look, MAX_ATTEMPTS, MAX_PARTS, MAX_REASONS, Onboarding, OnboardingId, OnboardingKey, Part, ProviderId, Reason,
    Reference, Resource, ResourceKind, Standing, Status, SubjectKind, Tenant, Timestamp, Truth,
};
use idv_gateway::ports::{Commit, Committed, Ledger};
use idv_it::table;

const T0: Timestamp = Timestamp::from_millis(1_800_000_000_000);
/// DynamoDB's own limit for an item.
const LIMIT: usize = 400 * 1024;

/// How long every text is.
#[derive(Clone, Copy)]
struct Texts {
    /// A letter of the provider's words; at most 64 of them are kept.
    letter: char,
    words: usize,
    /// Of a provider's id: at most 128.
    id: usize,
    /// Of a sealed link.
    link: usize,
}

/// What Ondato gives: words of up to 30 letters, UUIDs, a link of 90 characters that is sealed.
const ONDATO: Texts = Texts { letter: 'w', words: 30, id: 36, link: 220 };
/// Everything as long as its type lets it be, in letters of four bytes; a link of 2000 characters.
const WORST: Texts = Texts { letter: '\u{1f600}', words: 64, id: 128, link: 2_800 };

impl Texts {
    fn word(self) -> String {
        std::iter::repeat_n(self.letter, self.words).collect()
    }

    fn resource(self, number: usize) -> Resource {
        let kind = if self.id == 128 { "x".repeat(40) } else { "kyc_identification".to_owned() };
        let id = format!("{number:0>width$}", width = self.id);
        Resource { kind: ResourceKind::parse(kind).unwrap(), id: ProviderId::parse(id).unwrap() }
    }

    fn part(self, number: usize) -> Part {
        let mut part = Part::new(self.resource(number), &self.word(), Standing::Approved);
        part.provider_reason = Some(self.word());
        part.marks = ["is_success_false", "redacted", "processed", "cross_checked"].map(str::to_owned).into();
        part.at = Some(T0);
        part.digest = Some(format!("0123456789abcdef.{}", "d".repeat(43)));
        part
    }

    fn attempt(self, number: u8) -> Attempt {
        Attempt {
            subject: Some(self.resource(usize::from(number))),
            link_expires_at: Some(T0),
            sealed_link: Some("s".repeat(self.link)),
            return_nonce: Some("n".repeat(26)),
            ..Attempt::intended(number, T0)
        }
    }
}

fn onboarding(texts: Texts, number: u32) -> Onboarding {
    let label = |of: &str| format!("{of:x<63}");
    let key = OnboardingKey {
        tenant: Tenant::parse(label("t")).unwrap(),
        id: OnboardingId::parse(format!("onb_{number:026}")).unwrap(),
    };
    let identity = Identity {
        connection: ConnectionName::parse(label("c")).unwrap(),
        provider: "ondato".to_owned(),
        reference: Reference::parse(std::iter::repeat_n(texts.letter, 128).collect::<String>()).unwrap(),
        subject_kind: SubjectKind::Individual,
        channel: Channel::Link,
        created_at: T0,
    };
    let mut truth = Truth::intended(T0);
    truth.look_seq = 0;
    Onboarding {
        key,
        identity,
        truth,
        look: Look { due: Some(T0), ..Look::default() },
        delivery: Handover::default(),
        erased_at: None,
    }
}

/// Sixteen changes that say everything, then the one look that finds 64 parts decided and turns the status.
fn full(before: &Truth, texts: Texts) -> Truth {
    let mut truth = before.clone();
    truth.attempts = (1..=MAX_ATTEMPTS).map(|number| texts.attempt(number)).collect();
    truth.reasons =
        vec![Because { code: Reason::DocumentSuspectedFraud, provider_code: Some(texts.word()) }; MAX_REASONS];
    truth.action = Some(Action { ask: Ask::ProvideDocument, of: Asked::Person, by: Some(T0) });
    truth.decided_by = DecidedBy::Automatic;
    truth.status = Status::ActionRequired;
    for _ in 0..16 {
        truth.record(ChangeKind::Action, Status::ActionRequired, T0, Evidence::Schedule);
    }
    truth
}

fn looked(before: &Truth, texts: Texts) -> Truth {
    let mut truth = Truth { look_seq: before.look_seq + 1, ..before.clone() };
    truth.parts = (0..MAX_PARTS).map(|number| texts.part(number)).collect();
    for part in truth.parts.clone() {
        truth.record_part(ChangeKind::Part, &part, T0, Evidence::Schedule);
    }
    truth.record(ChangeKind::Status, Status::InReview, T0, Evidence::Schedule);
    truth
}

fn commit(onboarding: &Onboarding, expected: u64, truth: Truth) -> Commit {
    Commit {
        key: onboarding.key.clone(),
        expected,
        nonce: "n".repeat(26),
        truth: Truth { look_seq: expected + 1, ..truth },
        looked_at: Some(T0),
        look_due: Some(T0 + Duration::from_secs(900)),
        delivery_due: Some(T0),
    }
}

/// DynamoDB's own counting: names and texts by their bytes, two digits in a byte, three bytes for each nesting.
fn size(value: &AttributeValue) -> usize {
    if let Ok(text) = value.as_s() {
        text.len()
    } else if let Ok(digits) = value.as_n() {
        digits.len().div_ceil(2) + 1
    } else if let Ok(members) = value.as_m() {
        3 + members.iter().map(|(name, value)| 1 + name.len() + size(value)).sum::<usize>()
    } else if let Ok(values) = value.as_l() {
        3 + values.iter().map(|value| 1 + size(value)).sum::<usize>()
    } else {
        assert!(value.is_bool() || value.is_null(), "{value:?} is not written by the ledger");
        1
    }
}

/// The item at rest, and while it holds the changes of a look that are still to leave it.
async fn measured(texts: Texts, number: u32) -> (usize, usize) {
    let url = table::emulator().await;
    table::create(&url).await;
    let ledger = table::ledger_at(&url);
    let onboarding = onboarding(texts, number);
    assert!(ledger.create(&onboarding, "nonce").await.unwrap());
    let full = Truth { look_seq: 1, ..full(&onboarding.truth, texts) };
    assert_eq!(ledger.commit(&commit(&onboarding, 0, full.clone())).await, Ok(Committed::Done));
    let looked = looked(&full, texts);
    assert_eq!(ledger.commit(&commit(&onboarding, 1, looked.clone())).await, Ok(Committed::Done));
    let read = ledger.read(&onboarding.key).await.unwrap().unwrap();
    assert_eq!((read.truth.changes.len(), read.truth.parts.len()), (16, MAX_PARTS));
    let told = ledger.timeline(&onboarding.key).await.unwrap();
    assert_eq!(
        told,
        [&onboarding.truth.changes[..], &full.changes[1..], &looked.changes[full.changes.len()..]].concat()
    );
    let partition = AttributeValue::S(format!("{}#{}", onboarding.key.tenant, onboarding.key.id));
    let query = table::client_at(&url).query().table_name(table::NAME).consistent_read(true);
    let query = query.key_condition_expression("pk = :pk").expression_attribute_values(":pk", partition);
    let items = query.send().await.unwrap().items.unwrap();
    let (own, left): (Vec<_>, Vec<_>) =
        items.iter().partition(|item| item["sk"] == AttributeValue::S("onboarding".to_owned()));
    assert_eq!((own.len(), left.len()), (1, looked.changes.len() - 16));
    let at_rest: usize = own[0].iter().map(|(name, value)| name.len() + size(value)).sum();
    (at_rest, at_rest + left.iter().map(|item| 1 + size(&item["change"])).sum::<usize>())
}

#[tokio::test]
async fn an_onboarding_with_everything_at_its_cap_is_far_below_what_dynamodb_takes() {
    let [ondato, worst] = [measured(ONDATO, 1).await, measured(WORST, 2).await];
    for (name, (at_rest, brief)) in [("Ondato's texts", ondato), ("the longest texts", worst)] {
        eprintln!(
            "everything at its cap, {name}: {} KiB, {} KiB before its changes leave it",
            at_rest / 1024,
            brief / 1024
        );
    }
    assert!(ondato.0 < 48 * 1024 && ondato.1 < 64 * 1024, "{ondato:?}");
    assert!(worst.0 < LIMIT / 2 && worst.1 < LIMIT / 2, "{worst:?}");
}
