//! What is known and what is due. One conditional write per step; a repeat of a write that was applied but whose
//! answer was lost is told from somebody else's by its nonce.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::domain::{
    Change, ConnectionKey, Handover, IdempotencyKey, Lease, Notice, Onboarding, OnboardingId, OnboardingKey, Reference,
    SubjectKey, Tenant, Timestamp, Truth,
};

use super::due::{Due, DueBell};

/// The ledger does not answer, or not in a way that we can read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LedgerError {
    /// Throttled, unreachable, timed out: the same again may work. Whether a write was applied is not known.
    #[error("the ledger is unavailable: {0}")]
    Unavailable(&'static str),
    /// What stands there cannot be read.
    #[error("an item cannot be read: {0}")]
    Unreadable(String),
    /// Our own mistake, such as a missing permission.
    #[error("the ledger refuses the call: {0}")]
    Refused(String),
}

/// What one look (or one act of the app) makes of an onboarding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Which.
    pub key: OnboardingKey,
    /// The `look_seq` that was read; `truth.look_seq` is one more.
    pub expected: u64,
    /// This write's own mark.
    pub nonce: String,
    /// What is true now.
    pub truth: Truth,
    /// When the look started; none where the app acted without a look (then the look lease is left alone, too).
    pub looked_at: Option<Timestamp>,
    /// When the next look is due; none takes it out of the index. A look that somebody asked for
    /// ([`Ledger::postpone_look`]) since the look lease was taken stays asked for: then the earlier of the two is due.
    pub look_due: Option<Timestamp>,
    /// There is something to hand over: due then, unless it is due already.
    pub delivery_due: Option<Timestamp>,
}

/// What became of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// It stands (also where the same write had been applied before).
    Done,
    /// Somebody else's commit came first: read again.
    Conflict,
    /// The onboarding is erased, or there is none.
    Erased,
}

/// What became of asking for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseOutcome {
    /// It is ours; the item as it stands now, strongly consistent.
    Taken(Box<Onboarding>),
    /// Somebody holds it until then.
    Held(Timestamp),
    /// There is no such onboarding, or nothing of it waits (a delivery), or it is erased (a look: what an erased one still
    /// says is handed over).
    Missing,
}

/// What became of giving a delivery lease back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// Given back.
    Done,
    /// Changes have come since: the lease is still ours, go on.
    MoreToDo,
    /// It was not ours any more.
    Lost,
}

/// What a subject is known to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectState {
    /// It belongs to that attempt of that onboarding.
    Bound {
        /// Which onboarding.
        onboarding: OnboardingId,
        /// Which attempt.
        attempt: u8,
    },
    /// Not known yet; its notice waits here.
    Parked {
        /// The notice.
        notice: Box<Notice>,
    },
    /// Not ours; repeats cost nothing until then.
    Stranger,
    /// Erased; a late webhook revives nothing.
    Erased,
}

/// A subject item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectRecord {
    /// What it is known to be.
    pub state: SubjectState,
    /// Until when that holds; readers take what is past for absent, because TTL deletes late.
    pub until: Option<Timestamp>,
}

/// The key of one idempotent action.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimKey {
    /// Whose.
    pub tenant: Tenant,
    /// Which action.
    pub action: &'static str,
    /// The app's key.
    pub key: IdempotencyKey,
}

/// What is recorded of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRecord {
    /// Keyed hash of the request's content.
    pub content: String,
    /// The onboarding that the first try chose or addressed.
    pub onboarding: OnboardingId,
    /// Who works on it.
    pub fence: String,
    /// Nobody else takes it over before then.
    pub deadline: Timestamp,
    /// Whether it was done.
    pub done: bool,
    /// Until when it is remembered.
    pub until: Timestamp,
    /// Its onboarding was erased: nothing else is known of it any more, and nobody takes it over.
    #[serde(default)]
    pub erased: bool,
}

/// What became of claiming.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The first, or a take-over of one whose worker is gone: `record.onboarding` is the one to use, and
    /// `record.content` what it was claimed for.
    Ours(ClaimRecord),
    /// Done before, with this or other content.
    Before(ClaimRecord),
    /// Somebody works on it.
    Working(ClaimRecord),
    /// It was of that onboarding, which was erased. For what content nobody knows any more.
    Erased(OnboardingId),
}

/// A connection's shared state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionRecord {
    /// No look before then: the provider asked for patience or is down.
    #[serde(default)]
    pub paused_until: Option<Timestamp>,
    /// Failures in a row that opened the breaker.
    #[serde(default)]
    pub failures: u32,
    /// Where reading the provider's change feed goes on.
    #[serde(default)]
    pub cursor: Option<String>,
    /// When it is read next; absent where nobody has asked for that.
    #[serde(default)]
    pub feed_due: Option<Timestamp>,
}

/// Where a login rests that functions share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LoginKey {
    /// With a connection: the account's own.
    Connection(ConnectionKey),
    /// Beside an onboarding's own key, which seals it: what a person has granted. Where that key was destroyed there is
    /// nothing and nothing can be put.
    Onboarding(OnboardingKey),
}

/// A login that functions share; one at a time replaces it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedLogin {
    /// Bumped by every replacement; 0 before the first.
    pub generation: u64,
    /// The login, sealed.
    #[serde(default)]
    pub sealed: Option<String>,
}

/// What became of asking for the right to replace the shared login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginLease {
    /// It is ours.
    Taken,
    /// Somebody holds it until then.
    Held(Timestamp),
    /// Another generation stands there.
    Moved,
}

/// One destination of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointKey {
    /// Whose.
    pub tenant: Tenant,
    /// `tenant`, or `connection#{name}` where a connection has its own: no name holds a `#`.
    pub name: String,
}

/// Whether a destination can be handed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointState {
    /// Yes.
    Open,
    /// It failed: one delivery at a time tries it, the backlog waits.
    Probing,
    /// It said 410: nothing goes until its configuration changes.
    Stopped,
}

/// An endpoint item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointRecord {
    /// Whether it can be handed anything.
    pub state: EndpointState,
    /// Failures in a row.
    pub failures: u32,
    /// Nobody else probes before then.
    #[serde(default)]
    pub probe_at: Option<Timestamp>,
    /// Digest of the configuration that it had: a new one opens it again.
    pub configuration: String,
}

/// What became of writing a destination's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointWrite {
    /// It stands.
    Done,
    /// Another state, failures or configuration stood there: this.
    Stood(Option<EndpointRecord>),
}

/// A reference names at most this many onboardings, the newest.
pub const MAX_REFERENCES: u16 = 1000;
/// What an erased onboarding's reference reads as.
pub const ERASED_REFERENCE: &str = "erased";
/// What the content and the fence of an erased onboarding's claims read as: no digest and no fence is like it.
pub const ERASED_CLAIM: &str = "erased";

/// Why a commit is refused whose attempts have no room in the item.
pub const NO_ROOM: &str = "commit: the attempts have no room in the item";

/// A page of a tenant's onboardings, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The ids.
    pub ids: Vec<OnboardingId>,
    /// Where to go on: everything older than this id.
    pub next: Option<OnboardingId>,
}

/// The ledger. Reads are strongly consistent unless said otherwise.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Records an intent. True if it stands as given (also when the same write was applied before), false if another
    /// item stands there.
    async fn create(&self, onboarding: &Onboarding, nonce: &str) -> Result<bool, LedgerError>;

    /// Reads one.
    async fn read(&self, key: &OnboardingKey) -> Result<Option<Onboarding>, LedgerError>;

    /// Reads several, in the order asked.
    async fn read_all(&self, keys: &[OnboardingKey]) -> Result<Vec<Option<Onboarding>>, LedgerError>;

    /// Takes the look lease until `lease.until`, if nobody holds one at `now`.
    async fn lease_look(&self, key: &OnboardingKey, lease: &Lease, now: Timestamp)
    -> Result<LeaseOutcome, LedgerError>;

    /// Writes what was found and gives the look lease back. Changes beyond the caps are spilled, then leave the item.
    /// An item never weighs more than its caps ([`Truth::overflowing`]) but between the two; what has no room at all
    /// ([`Truth::has_room`]) is refused.
    async fn commit(&self, commit: &Commit) -> Result<Committed, LedgerError>;

    /// Asks for a look that is due then, unless one is due earlier that has not been rung yet, and gives the look lease
    /// back if `fence` holds it. Nothing where there is no such onboarding, or it is erased.
    async fn postpone_look(&self, key: &OnboardingKey, due: Timestamp, fence: Option<&str>) -> Result<(), LedgerError>;

    /// The whole history, oldest first: what was spilled and what stands inline.
    async fn timeline(&self, key: &OnboardingKey) -> Result<Vec<Change>, LedgerError>;

    /// One change, wherever it stands.
    async fn change(&self, onboarding: &Onboarding, version: u64) -> Result<Option<Change>, LedgerError>;

    /// Takes the delivery lease and counts a try (`tries` one more, `first_tried_at` set if absent), in one write, if
    /// nobody holds one at `now` and `retry_at` has come; else [`LeaseOutcome::Held`] until the later of the two.
    /// An onboarding that is being erased is missing until it is buried; then its `erased` change can be handed over. One
    /// of which nothing is undelivered is missing, too; an entry in the due index that it still has is taken out.
    async fn lease_delivery(
        &self,
        key: &OnboardingKey,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<LeaseOutcome, LedgerError>;

    /// Records how far it was handed over; lease and due stay. False if the lease is not ours any more.
    async fn handed_over(&self, key: &OnboardingKey, fence: &str, handover: &Handover) -> Result<bool, LedgerError>;

    /// Gives the delivery lease back with what is known now (`handover.due` into the index, exactly `retry_at` beside
    /// it). With `handover.due` none, only if `version` is still the
    /// newest: else [`Released::MoreToDo`] and nothing is written.
    async fn release_delivery(
        &self,
        key: &OnboardingKey,
        fence: &str,
        handover: &Handover,
        version: u64,
    ) -> Result<Released, LedgerError>;

    /// Makes parked changes due again: `through` goes back to just before `version` (never forward). False while a
    /// lease is held beyond `due`, and where there is no such onboarding.
    async fn resend(&self, key: &OnboardingKey, version: u64, due: Timestamp) -> Result<bool, LedgerError>;

    /// Up to `limit` due onboardings and parked subjects of a shard, earliest first. Eventually consistent.
    async fn due(&self, which: Due, shard: u8, until: Timestamp, limit: usize) -> Result<Vec<DueBell>, LedgerError>;

    /// After ringing: moves the entry to `to`, unless somebody has moved it meanwhile. `look.due` still says since when
    /// a look is due.
    async fn defer(&self, which: Due, bell: &DueBell, to: Timestamp) -> Result<(), LedgerError>;

    /// Subjects, in the order asked. What is past its time is absent.
    async fn subjects(&self, keys: &[SubjectKey], now: Timestamp) -> Result<Vec<Option<SubjectRecord>>, LedgerError>;

    /// Binds a subject unless it is bound or erased; answers with what stands there now, and the notice that was
    /// parked there, if any. Binding what is bound the same way is done, and answers with that notice again.
    async fn bind(
        &self,
        key: &SubjectKey,
        onboarding: &OnboardingId,
        attempt: u8,
    ) -> Result<(SubjectState, Option<Notice>), LedgerError>;

    /// Parks a notice, remembers a stranger or, with `until`, whose an event was, unless the subject is bound or erased:
    /// then false. `due` puts a parked one into the look index, unless one is due earlier that has not been rung yet.
    async fn set_aside(
        &self,
        key: &SubjectKey,
        record: &SubjectRecord,
        due: Option<Timestamp>,
    ) -> Result<bool, LedgerError>;

    /// Binds a subject whatever it was, one that was erased included: a person who comes again has a new run. Answers
    /// with the notice that was parked there, if any.
    async fn hand_on(
        &self,
        key: &SubjectKey,
        onboarding: &OnboardingId,
        attempt: u8,
    ) -> Result<Option<Notice>, LedgerError>;

    /// Marks a subject as erased until then, whatever it was, unless it is bound to another onboarding than `of`.
    async fn erase_subject(&self, key: &SubjectKey, of: &OnboardingId, until: Timestamp) -> Result<(), LedgerError>;

    /// Claims an action: absent, past its time, or abandoned by its worker. One that was abandoned keeps its content,
    /// whoever takes it over: it is the caller who can compare digests under all keys, and who drops a claim that was
    /// made for other content. What was claimed is found by its onboarding ([`Ledger::erase_claims`]) from before it
    /// stands.
    async fn claim(&self, key: &ClaimKey, record: &ClaimRecord, now: Timestamp) -> Result<Claimed, LedgerError>;

    /// Closes a claim; false if it is not ours any more.
    async fn finish_claim(&self, key: &ClaimKey, fence: &str) -> Result<bool, LedgerError>;

    /// Gives a claim up so that the next try need not wait; the chosen onboarding stays recorded.
    async fn drop_claim(&self, key: &ClaimKey, fence: &str, now: Timestamp) -> Result<(), LedgerError>;

    /// Adds an onboarding to a reference; beyond [`MAX_REFERENCES`] the oldest is forgotten.
    async fn add_reference(
        &self,
        tenant: &Tenant,
        reference: &Reference,
        onboarding: &OnboardingId,
    ) -> Result<(), LedgerError>;

    /// Onboardings of a reference, newest first.
    async fn by_reference(&self, tenant: &Tenant, reference: &Reference) -> Result<Vec<OnboardingId>, LedgerError>;

    /// A page of a tenant's onboardings older than `before`, newest first. Eventually consistent.
    async fn list(&self, tenant: &Tenant, before: Option<&OnboardingId>, limit: usize) -> Result<Page, LedgerError>;

    /// Stores the onboarding's own wrapped key unless one stands there; answers with the one that stands there.
    async fn put_key(&self, key: &OnboardingKey, wrapped: &str) -> Result<String, LedgerError>;

    /// The onboarding's own wrapped key.
    async fn key(&self, key: &OnboardingKey) -> Result<Option<String>, LedgerError>;

    /// Erasing, first step: the fence. From now on no commit passes, no look is due; the item says `erased_at`. Answers
    /// with the item as it stands then.
    async fn fence_erasure(&self, key: &OnboardingKey, at: Timestamp) -> Result<Option<Onboarding>, LedgerError>;

    /// Erasing: destroys the onboarding's own key.
    async fn destroy_key(&self, key: &OnboardingKey) -> Result<(), LedgerError>;

    /// Erasing: of the onboarding's claims nothing stays but that they were its own, until their time. Their workers
    /// finish and drop nothing any more. Doing it twice is done; a claim that was made since is found by the second.
    async fn erase_claims(&self, key: &OnboardingKey) -> Result<(), LedgerError>;

    /// Erasing, last step: timeline, parts, links, undelivered changes and the reference ([`ERASED_REFERENCE`] from then
    /// on) go; what stays is a tombstone with one `erased` change to hand over, due at `due`. Doing it twice is done; an
    /// onboarding that was not fenced is refused.
    async fn bury(&self, onboarding: &Onboarding, tombstone: &Truth, due: Timestamp) -> Result<(), LedgerError>;

    /// A connection's shared state; absent is the default.
    async fn connection(&self, key: &ConnectionKey) -> Result<ConnectionRecord, LedgerError>;

    /// Counts a failure of the connection and pauses it until then (never shortens a pause).
    async fn pause(&self, key: &ConnectionKey, until: Timestamp) -> Result<(), LedgerError>;

    /// The connection works: failures and pause are taken back if they are still those of `read`. What was counted
    /// since stands.
    async fn unpause(&self, key: &ConnectionKey, read: &ConnectionRecord) -> Result<(), LedgerError>;

    /// Counts one look in that minute; false if the connection has had `max` in it. Where an answer is lost one look
    /// may be counted twice: the quota is never exceeded.
    async fn take_look_quota(&self, key: &ConnectionKey, minute: i64, max: u32) -> Result<bool, LedgerError>;

    /// The shared login; generation 0 before the first.
    async fn login(&self, key: &LoginKey) -> Result<SharedLogin, LedgerError>;

    /// Takes the right to replace the shared login of that generation until `lease.until`, if nobody holds it at `now`.
    async fn lease_login(
        &self,
        key: &LoginKey,
        generation: u64,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<LoginLease, LedgerError>;

    /// Replaces the shared login and gives the right back; false if it was not ours any more.
    async fn replace_login(&self, key: &LoginKey, fence: &str, login: &SharedLogin) -> Result<bool, LedgerError>;

    /// Gives the right back unused, if it still is ours.
    async fn release_login(&self, key: &LoginKey, fence: &str) -> Result<(), LedgerError>;

    /// Sets where reading the feed goes on, if it still is what was read; else somebody has read on, and that stands.
    async fn move_cursor(&self, key: &ConnectionKey, from: Option<&str>, to: &str) -> Result<(), LedgerError>;

    /// When the feed is read next; none takes it out of the look index.
    async fn plan_feed(&self, key: &ConnectionKey, due: Option<Timestamp>) -> Result<(), LedgerError>;

    /// A destination's state. Eventually consistent.
    async fn endpoint(&self, key: &EndpointKey) -> Result<Option<EndpointRecord>, LedgerError>;

    /// Sets a destination's state if state, failures and configuration are still those of `read` (none: it has no
    /// item). `nonce` is this write's own mark.
    async fn set_endpoint(
        &self,
        key: &EndpointKey,
        read: Option<&EndpointRecord>,
        record: &EndpointRecord,
        nonce: &str,
    ) -> Result<EndpointWrite, LedgerError>;

    /// Takes the right to probe a destination until `until`; false if somebody else has it.
    async fn take_probe(&self, key: &EndpointKey, now: Timestamp, until: Timestamp) -> Result<bool, LedgerError>;
}
