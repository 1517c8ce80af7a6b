//! Reads the truth about one user: every grant of theirs to us, and every copy that was granted, opened and judged at
//! once. A content is in memory while it is judged, one after the other, and nowhere else.
//!
//! | what is found | then |
//! | --- | --- |
//! | no user is named by the run | one part, open: nobody can be asked for |
//! | no grant | the user's part, open: nothing is shared |
//! | a grant whose copy is not there, or not shared any more | it was revoked in between: no part |
//! | a copy that is good | older ones are not read: one is enough |
//! | more copies than one look reads, or than it has time for | the newest are read, the others are `not_read` |
//! | a copy that cannot be read now, beside others that can | it is `not_read` |
//! | not one copy can be read, or no list of them | an error: the look is repeated |
//!
//! How many copies there are and how large, is the person's own doing: it must not become an error that pauses the
//! connection for everybody. What is not read says nothing, in either direction (see `assess`).

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::Idos;
use super::actions::Shared;
use super::credential::{self, Copied, Flaw, Judged, Level, Opened};
use super::grants::Grant;
use super::id::{Kind, Root};
use crate::domain::{Part, ProviderId, Resource, Snapshot, Standing};
use crate::ports::{ProviderError, Reach, Whose};

/// Copies that one look reads.
const COPIES: usize = 16;
/// Copies that are not read, and are named all the same; with the others they stay below what a ledger's item holds.
const UNREAD: usize = 24;
/// Copies that cannot be read now; after so many the node is not asked for more.
const FAILURES: usize = 2;
/// Contents that one process holds at a time: one may have 28 MiB, and a function has 384.
static CONTENTS: Semaphore = Semaphore::const_new(2);
/// With less time than this no content is begun to be read.
const ENOUGH: Duration = Duration::from_secs(1);
/// Details are passed on whole; files are left out where they would be more.
const DETAILS: usize = 4 * 1024 * 1024;

/// Nothing of the user's is ours to read.
const NOTHING_SHARED: &str = "nothing_shared";
/// Something is.
const SHARED: &str = "shared";
/// A copy that was not read, or a user whose list was not read to its end: it says nothing.
pub(super) const NOT_READ: &str = "not_read";
const TOO_LATE: ProviderError = ProviderError::Unavailable("too little time is left to read a copy");

/// A copy as it was read.
struct Read<'a> {
    copied: &'a Copied,
    opened: Result<&'a Opened, Flaw>,
    judged: &'a Judged,
}

/// What came of a user's copies, the newest first.
struct Gathered<T> {
    read: Vec<T>,
    unread: Vec<ProviderId>,
}

/// What is looked at.
struct Sought {
    user: Option<ProviderId>,
    level: Level,
}

impl Idos {
    pub(super) async fn snapshot(&self, reach: Reach<'_>, subject: &Resource) -> Result<Snapshot, ProviderError> {
        let sought = self.sought(reach, subject).await?;
        let Some(user) = &sought.user else {
            return Ok(Snapshot::of(vec![Part::new(subject.clone(), NOTHING_SHARED, Standing::Open)]));
        };
        let (grants, all) = self.node.grants_of(reach, user).await?;
        let gathered = self
            .read_all(reach, &grants, &sought.level, |read| {
                let part = credential::part(read.copied, read.judged, read.opened, reach.digest);
                (part, read.judged.approves())
            })
            .await?;
        let unread = gathered.unread.iter().take(UNREAD).map(|copy| Part::new(of(copy), NOT_READ, Standing::Open));
        let status = match (all, grants.is_empty()) {
            (false, _) => NOT_READ,
            (true, true) => NOTHING_SHARED,
            (true, false) => SHARED,
        };
        let own = Part::new(Kind::User.resource(user.clone()), status, Standing::Open);
        Ok(Snapshot::of(std::iter::once(own).chain(gathered.read).chain(unread).collect()))
    }

    /// The credentials themselves; of what was not read the id alone.
    pub(super) async fn live(&self, reach: Reach<'_>, subject: &Resource) -> Result<Value, ProviderError> {
        let sought = self.sought(reach, subject).await?;
        let Some(user) = &sought.user else { return Ok(json!({"user_id": null, "credentials": []})) };
        let (grants, _) = self.node.grants_of(reach, user).await?;
        let mut room = DETAILS;
        let gathered = self
            .read_all(reach, &grants, &sought.level, |read| {
                (credential::shown(read.opened, read.copied, read.judged, &mut room), false)
            })
            .await?;
        let unread = gathered.unread.iter().take(UNREAD).map(|copy| json!({"id": copy.as_str(), "not_read": true}));
        let shown: Vec<Value> = gathered.read.into_iter().chain(unread).collect();
        Ok(json!({"user_id": user.as_str(), "credentials": shown}))
    }

    /// What a subject asks for. An adopted run has no root of ours: its subject is the user, or a copy.
    async fn sought(&self, reach: Reach<'_>, subject: &Resource) -> Result<Sought, ProviderError> {
        let level = self.settings.level.clone();
        match Kind::of(subject) {
            Some(Kind::Share) => {
                let root = Root::read(subject).ok_or(ProviderError::NotFound)?;
                Ok(Sought { user: root.user, level: root.level })
            }
            Some(Kind::User) => Ok(Sought { user: Some(subject.id.clone()), level }),
            Some(Kind::Credential) => {
                let grant = self.node.grants_for(reach, &subject.id).await?.into_iter().next();
                let user = grant.map(|grant| grant.owner).ok_or(ProviderError::NotFound)?;
                Ok(Sought { user: Some(user), level })
            }
            None => Err(ProviderError::NotFound),
        }
    }

    /// The newest first, until `each` says that it is enough.
    async fn read_all<T: Send>(
        &self,
        reach: Reach<'_>,
        grants: &[Grant],
        level: &Level,
        mut each: impl FnMut(Read<'_>) -> (T, bool) + Send,
    ) -> Result<Gathered<T>, ProviderError> {
        let mut gathered = Gathered { read: Vec::new(), unread: Vec::new() };
        let (mut failures, mut going) = (Vec::new(), true);
        for (at, grant) in grants.iter().rev().enumerate() {
            if !going || at >= COPIES {
                gathered.unread.push(grant.copy.clone());
                continue;
            }
            match self.read_one(reach, grant, level, &mut each).await {
                Ok(None) => {}
                Ok(Some((one, enough))) => {
                    gathered.read.push(one);
                    going = !enough;
                }
                Err(error) => {
                    gathered.unread.push(grant.copy.clone());
                    failures.push(error);
                    going = failures.len() < FAILURES && failures.last().is_some_and(is_of_one_copy);
                }
            }
        }
        match failures.into_iter().next() {
            Some(error) if gathered.read.is_empty() => Err(error),
            Some(_) | None => Ok(gathered),
        }
    }

    /// None where the copy is not there any more.
    async fn read_one<T: Send>(
        &self,
        reach: Reach<'_>,
        grant: &Grant,
        level: &Level,
        each: &mut (impl FnMut(Read<'_>) -> T + Send),
    ) -> Result<Option<T>, ProviderError> {
        let _held = CONTENTS.acquire().await.map_err(|_| ProviderError::Unavailable("it is shut down"))?;
        if reach.http.left() < ENOUGH {
            return Err(TOO_LATE);
        }
        let Some(mut shared) = self.node.shared(reach, grant).await? else { return Ok(None) };
        let opened = self.opened(reach, &mut shared).await?;
        let opened = opened.as_ref().map_err(|flaw| *flaw);
        let mut judged = credential::judge(opened, &shared.copied, &self.settings.terms, level, reach.world.now());
        for signer in judged.vouching().to_vec() {
            if let Some(original) = self.node.original(reach, &shared.copied, &signer).await? {
                judged.vouched(original.notes.as_deref());
                break;
            }
        }
        Ok(Some(each(Read { copied: &shared.copied, opened, judged: &judged })))
    }

    async fn opened(&self, reach: Reach<'_>, shared: &mut Shared) -> Result<Result<Opened, Flaw>, ProviderError> {
        let boxed = self.boxed(reach, shared).await?;
        Ok(boxed.and_then(|boxed| credential::open(&boxed, &shared.copied.encryptor_public_key, &self.key)))
    }

    /// Whose a subject is. A copy is its user's; who they are to us stands in our ledger, if anywhere. Its grants say that
    /// without its content. One that is not there may not be there yet: the node's view can be behind the notice.
    pub(super) async fn whose(&self, reach: Reach<'_>, subject: &Resource) -> Result<Whose, ProviderError> {
        match Kind::of(subject) {
            Some(Kind::Share) => Ok(Root::read(subject).map_or(Whose::Invented, |root| Whose::Ours(root.onboarding))),
            Some(Kind::User) => Ok(Whose::Nobodys),
            Some(Kind::Credential) => {
                let grants = match self.node.grants_for(reach, &subject.id).await {
                    // What is wrong is how we ask, not what we ask for: nothing may be lost by it.
                    Err(ProviderError::Refused { .. }) => {
                        Err(ProviderError::Unavailable("it does not understand the call"))
                    }
                    outcome @ (Ok(_) | Err(_)) => outcome,
                }?;
                let owner = grants.into_iter().next().map(|grant| Kind::User.resource(grant.owner));
                Ok(owner.map_or(Whose::Nobodys, |user| Whose::About { subject: user, part: subject.clone() }))
            }
            None => Ok(Whose::Invented),
        }
    }
}

/// Whether the next copy may fare better: a session and a rate are every copy's.
fn is_of_one_copy(error: &ProviderError) -> bool {
    matches!(error, ProviderError::Unavailable(_)) && *error != TOO_LATE
}

fn of(copy: &ProviderId) -> Resource {
    Kind::Credential.resource(copy.clone())
}
