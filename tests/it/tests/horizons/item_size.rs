//! An onboarding's item is at most 32 KB, on the real adapter: whatever a provider says, and however long its words are.
//! Nothing is lost from the timeline by that, and nothing approves because something has no room.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use idv_gateway::adapters::dynamodb::DynamoLedger;
use idv_gateway::domain::reduce::{Occasion, reduce};
use idv_gateway::domain::{
    Action, Ask, Asked, Assessment, Attempt, Because, Change, ChangeKind, Channel, ConnectionName, DecidedBy, Evidence,
    Handover, Identity, Lease, Look, MAX_ATTEMPTS, MAX_PARTS, MAX_REASONS, Onboarding, OnboardingId, OnboardingKey,
    Opinion, Part, ProviderId, Reason, Reference, Resource, ResourceKind, Snapshot, Standing, Status, SubjectKind,
    Tenant, Timestamp, Truth,
};
use idv_gateway::ports::{Commit, Committed, LeaseOutcome, Ledger};
use idv_it::table;

const T0: Timestamp = Timestamp::from_millis(1_800_000_000_000);
/// What an item may be (design §9).
const CAP: usize = 32 * 1024;
/// What it may be for the moment in which it holds a look's changes, where everything works.
const BRIEFLY: usize = 96 * 1024;

/// How long every text is.
#[derive(Clone, Copy)]
struct Texts {
    /// A letter of the provider's words.
    letter: char,
    words: usize,
    /// Of a provider's id: at most 128.
    id: usize,
    /// Of a sealed link.
    link: usize,
    /// How many parts the provider tells of.
    parts: usize,
}

/// What Ondato gives: words of up to 30 letters, UUIDs, a link of 90 characters that is sealed.
const ONDATO: Texts = Texts { letter: 'w', words: 30, id: 36, link: 220, parts: 8 };
/// Everything as long as its type lets it be; a link of 2900 characters.
const LONGEST: Texts = Texts { letter: 'w', words: 64, id: 128, link: 4_000, parts: 64 };

/// Longer than any type lets it be, in letters of one to four bytes and in such that JSON writes as two.
fn longer() -> impl Iterator<Item = Texts> {
    let (one, many) = ([(1, 1, 500), (40, 64, 64), (300, 100, 70), (64, 128, 1), (12, 20, 64)], [(64, 128, 64)]);
    let letters = ['w', '"', 'ä', '\u{20ac}', '\u{1f600}'];
    let all = letters.into_iter().zip(one).chain(letters.into_iter().zip(many.into_iter().cycle()));
    all.map(|(letter, (words, id, parts))| Texts { letter, words, id, parts, ..LONGEST })
}

impl Texts {
    fn word(self) -> String {
        std::iter::repeat_n(self.letter, self.words).collect()
    }

    fn resource(self, number: usize) -> Resource {
        let kind = if self.id == 128 { "x".repeat(40) } else { "kyc_identification".to_owned() };
        let id = format!("{number:0>width$}", width = self.id);
        Resource { kind: ResourceKind::parse(kind).unwrap(), id: ProviderId::parse(id).unwrap() }
    }

    fn part(self, number: usize, standing: Standing) -> Part {
        let mut part = Part::new(self.resource(number), &self.word(), standing);
        part.provider_reason = Some(self.word());
        part.marks = ["is_success_false", "redacted", "processed", "cross_checked"].map(str::to_owned).into();
        part.at = Some(T0);
        part.digest = Some(format!("0123456789abcdef.{}", "d".repeat(43)));
        part.contact = part.digest.clone();
        part.whole = Some(self.resource(number.saturating_add(1)));
        part
    }

    fn reasons(self) -> Vec<Because> {
        vec![Because { code: Reason::DocumentSuspectedFraud, provider_code: Some(self.word()) }; MAX_REASONS]
    }

    fn attempt(self, number: u8) -> Attempt {
        Attempt {
            subject: Some(self.resource(usize::from(number))),
            link_expires_at: Some(T0),
            sealed_link: Some("s".repeat(self.link)),
            return_nonce: Some("n".repeat(26)),
            earlier_nonce: Some("n".repeat(26)),
            exchanging: Some(format!("0123456789abcdef.{}", "d".repeat(43))),
            link_used: true,
            declined: true,
            names: vec![self.resource(usize::from(number))],
            link_for: Some(self.resource(usize::from(number))),
            renewals: u8::MAX,
            renewed_at: Some(T0),
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

/// All attempts, and sixteen changes that say everything.
fn full(before: &Truth, texts: Texts) -> Truth {
    let mut truth = before.clone();
    truth.attempts = (1..=MAX_ATTEMPTS).map(|number| texts.attempt(number)).collect();
    truth.reasons = texts.reasons();
    truth.reasons.iter_mut().for_each(|reason| reason.provider_code = Some("c".repeat(64)));
    truth.action = Some(Action { ask: Ask::ProvideDocument, of: Asked::Person, by: Some(T0) });
    truth.decided_by = DecidedBy::Automatic;
    truth.status = Status::ActionRequired;
    sixteen_more(truth.at_rest())
}

fn sixteen_more(mut truth: Truth) -> Truth {
    for _ in 0..16 {
        truth.record(ChangeKind::Action, truth.status, T0, Evidence::Schedule);
    }
    truth
}

/// What a look makes of it that finds all parts so. The table would approve whatever it sees.
fn looked(before: &Truth, texts: Texts, first: usize, standing: Standing) -> Truth {
    let parts = (first..first + texts.parts).map(|number| texts.part(number, standing)).collect();
    let action = Some(Action { ask: Ask::ProvideDocument, of: Asked::Person, by: Some(T0) });
    let opinion = Opinion { status: Status::Approved, reasons: texts.reasons(), action, decided_by: DecidedBy::Manual };
    let occasion = Occasion { at: T0, evidence: Evidence::Schedule };
    let mut truth = reduce(before, &Snapshot::of(parts), &|_| Assessment::Known(opinion.clone()), occasion);
    truth.record(ChangeKind::Stalled, truth.status, T0, Evidence::Schedule);
    truth
}

fn commit(onboarding: &Onboarding, expected: u64, truth: Truth) -> Commit {
    Commit {
        key: onboarding.key.clone(),
        expected,
        nonce: format!("{expected:n>26}"),
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

/// One onboarding in a table.
struct Case {
    ledger: DynamoLedger,
    url: String,
    onboarding: Onboarding,
    /// Every change that was committed.
    told: Vec<Change>,
}

impl Case {
    async fn created(texts: Texts, number: u32, with: impl FnOnce(&mut Onboarding)) -> Self {
        let url = table::emulator().await;
        table::create(&url).await;
        let ledger = table::ledger_at(&url);
        let mut onboarding = onboarding(texts, number);
        with(&mut onboarding);
        assert!(ledger.create(&onboarding, "nonce").await.unwrap());
        let told = onboarding.truth.changes.clone();
        Self { ledger, url, onboarding, told }
    }

    /// Delivery attributes at their longest, while somebody delivers and somebody looks.
    async fn handed(&self) {
        let key = &self.onboarding.key;
        let lease = Lease { until: T0, fence: "f".repeat(26) };
        assert!(matches!(self.ledger.lease_delivery(key, &lease, T0).await.unwrap(), LeaseOutcome::Taken(_)));
        let parked = (0..64).map(|number| u64::MAX - number).collect();
        let handover = Handover {
            tries: u32::MAX,
            first_tried_at: Some(T0),
            last_error: Some("e".repeat(64)),
            retry_at: Some(T0),
            parked,
            ..Handover::default()
        };
        assert!(self.ledger.handed_over(key, &lease.fence, &handover).await.unwrap());
        assert!(matches!(self.ledger.lease_look(key, &lease, T0).await.unwrap(), LeaseOutcome::Taken(_)));
        self.ledger.postpone_look(key, T0, None).await.unwrap();
    }

    /// Commits on top of what stands there; answers with the size of the item at rest, and with its changes still inline.
    async fn committed(&mut self, truth: impl FnOnce(&Truth) -> Truth) -> (usize, usize) {
        let before = self.ledger.read(&self.onboarding.key).await.unwrap().unwrap().truth;
        let truth = truth(&before);
        self.told.extend(truth.changes.iter().filter(|change| change.version > before.version).cloned());
        let committed = self.ledger.commit(&commit(&self.onboarding, before.look_seq, truth)).await;
        assert_eq!(committed, Ok(Committed::Done));
        let told = self.ledger.timeline(&self.onboarding.key).await.unwrap();
        assert_eq!(told, self.told, "nothing is lost and nothing told twice");
        self.sizes(before.changes.first().map_or(0, |change| change.version)).await
    }

    /// The item as it is, and with the changes from that one on that have left it.
    async fn sizes(&self, from: u64) -> (usize, usize) {
        let key = &self.onboarding.key;
        let partition = AttributeValue::S(format!("{}#{}", key.tenant, key.id));
        let query = table::client_at(&self.url).query().table_name(table::NAME).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk").expression_attribute_values(":pk", partition);
        let items: Vec<_> = query.into_paginator().items().send().collect::<Result<_, _>>().await.unwrap();
        let sort = |item: &std::collections::HashMap<String, AttributeValue>| item["sk"].as_s().unwrap().clone();
        let own = items.iter().find(|item| sort(item) == "onboarding").unwrap();
        let at_rest: usize = own.iter().map(|(name, value)| name.len() + size(value)).sum();
        let first = format!("change#{from:020}");
        let left = items.iter().filter(|item| sort(item).starts_with("change#") && sort(item) >= first);
        (at_rest, at_rest + left.map(|item| 1 + size(&item["change"])).sum::<usize>())
    }
}

/// Everything at its cap, then looks that find all parts decided, decided otherwise, and replaced by others.
async fn played(texts: Texts, number: u32) -> (usize, usize) {
    let mut case = Case::created(texts, number, |_| ()).await;
    let mut worst = case.committed(|before| full(before, texts)).await;
    case.handed().await;
    for (first, standing) in [(0, Standing::Rejected), (0, Standing::Approved), (300, Standing::Approved)] {
        let (at_rest, briefly) = case.committed(|before| looked(before, texts, first, standing)).await;
        worst = (worst.0.max(at_rest), worst.1.max(briefly));
        let truth = case.ledger.read(&case.onboarding.key).await.unwrap().unwrap().truth;
        let folded = truth.parts.iter().any(|part| part.resource.kind.as_str() == "overflow");
        let found = truth.parts.iter().filter(|part| !part.gone).count();
        assert!(truth.parts.len() <= MAX_PARTS && (folded || found == texts.parts), "{found} parts of {}", texts.parts);
        assert_eq!(truth.status == Status::Approved, standing == Standing::Approved && !folded, "{:?}", truth.status);
    }
    let (at_rest, briefly) = case.committed(|before| sixteen_more(before.clone())).await;
    (worst.0.max(at_rest), worst.1.max(briefly))
}

#[tokio::test]
async fn an_item_is_at_most_32_kb_whatever_a_provider_says() {
    let [ondato, longest] = [played(ONDATO, 1).await, played(LONGEST, 2).await];
    for (name, (at_rest, briefly)) in [("Ondato's texts, 8 parts", ondato), ("the longest texts, 64 parts", longest)] {
        eprintln!("everything at its cap, {name}: {at_rest} bytes, {briefly} before its changes leave it");
    }
    let mut all = vec![ondato, longest];
    for (number, texts) in (3..).zip(longer()) {
        all.push(played(texts, number).await);
    }
    assert!(all.iter().all(|(at_rest, briefly)| *at_rest <= CAP && *briefly <= BRIEFLY), "{all:?}");
    assert!(all.iter().any(|(at_rest, _)| *at_rest > CAP - 8 * 1024), "the caps are not idle: {all:?}");
}

/// What has no room is what the provider told of last, or what it does not tell of any more; neither approves.
#[test]
fn what_has_no_room_never_approves() {
    let opinion = Opinion::plain(Status::Approved);
    let occasion = Occasion { at: T0, evidence: Evidence::Webhook };
    let look = |before: &Truth, parts: Vec<Part>| {
        reduce(before, &Snapshot::of(parts), &|_| Assessment::Known(opinion.clone()), occasion)
    };
    let some = |from: usize, standing| (from..from + 60).map(move |number| LONGEST.part(number, standing)).collect();
    let mut one: Vec<Part> = (0..16).map(|number| LONGEST.part(number, Standing::Approved)).collect();
    let begun = Truth::intended(T0);
    assert_eq!(look(&begun, one.clone()).status, Status::Approved, "what has room does");
    assert_eq!(look(&begun, some(0, Standing::Approved)).status, Status::Created);
    // rejected ones that are gone stay seen, or nothing approves
    let mut rejected = begun.clone();
    rejected.parts =
        Snapshot::of((100..116).map(|number| LONGEST.part(number, Standing::Rejected)).collect()).parts().into();
    let after = look(&rejected, one.clone());
    assert_eq!(after.status, Status::Created, "they have no room beside those");
    one.truncate(2);
    let after = look(&rejected, one);
    assert_eq!((after.parts.len(), after.status), (18, Status::Approved), "all are seen: the table's own matter");
}

/// Spilling has failed for long: the item holds changes of many looks, and another look brings more. Something else of
/// the item is made so large that these would not go in.
#[tokio::test]
async fn what_could_not_leave_an_item_does_so_before_more_joins_it() {
    const BALLAST: usize = 232 * 1024;
    let mut case = Case::created(LONGEST, 90, |onboarding| {
        onboarding.identity.provider = "p".repeat(BALLAST);
        let truth = &mut onboarding.truth;
        truth.reasons = LONGEST.reasons();
        for _ in 0..150 {
            truth.record(ChangeKind::Action, truth.status, T0, Evidence::Schedule);
        }
    })
    .await;
    let (stuck, _) = case.sizes(0).await;
    assert!(stuck > 380 * 1024, "{stuck}: DynamoDB takes 400 KB, one look more is too much");
    let (at_rest, _) = case.committed(|before| looked(before, LONGEST, 0, Standing::Rejected)).await;
    assert!(at_rest <= BALLAST + CAP, "{at_rest}");
}
