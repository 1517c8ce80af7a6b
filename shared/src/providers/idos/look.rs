//! Reads the truth about one user: every grant of theirs to us, and every copy that was granted, opened and judged at
//! once. A content is in memory while it is judged, one after the other, and nowhere else.
//!
//! | what is found | then |
//! | --- | --- |
//! | no user is named by the run | one part, open: nobody can be asked for |
//! | no grant | the user's part, open: nothing is shared |
//! | a grant whose copy is not there, or not shared any more | it was revoked in between: no part |
//! | more copies than are read in one look | the newest are read, the others are open |

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::Idos;
use super::actions::{Grant, Shared};
use super::credential::{self, Copied, Flaw, Judged, Level, Opened};
use super::id::{Kind, Root};
use crate::domain::{Part, ProviderId, Resource, Snapshot, Standing};
use crate::ports::{ProviderError, Reach, Whose};

/// Copies that one look reads.
const COPIES: usize = 16;
/// Contents that one process holds at a time: one may have 28 MiB, and a function has 256.
static CONTENTS: Semaphore = Semaphore::const_new(2);
/// With less time than this no content is begun to be read.
const ENOUGH: Duration = Duration::from_secs(1);
/// Details are passed on whole; files are left out where they would be more.
const DETAILS: usize = 4 * 1024 * 1024;

/// Nothing of the user's is ours to read.
const NOTHING_SHARED: &str = "nothing_shared";
/// Something is.
const SHARED: &str = "shared";
/// A copy that was not read: it says nothing.
pub(super) const NOT_READ: &str = "not_read";

/// A copy as it was read.
struct Read<'a> {
    copied: &'a Copied,
    opened: Result<&'a Opened, Flaw>,
    judged: &'a Judged,
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
        let grants = self.node.grants_of(reach, user).await?;
        let (older, newest) = grants.split_at(grants.len().saturating_sub(COPIES));
        let unread = older.iter().map(|grant| Part::new(of(&grant.copy), NOT_READ, Standing::Open));
        let read = self
            .read_all(reach, newest, &sought.level, |read| {
                credential::part(read.copied, read.judged, read.opened, reach.digest)
            })
            .await?;
        let status = if grants.is_empty() { NOTHING_SHARED } else { SHARED };
        let own = Part::new(Kind::User.resource(user.clone()), status, Standing::Open);
        Ok(Snapshot::of(std::iter::once(own).chain(read).chain(unread).collect()))
    }

    /// The credentials themselves.
    pub(super) async fn live(&self, reach: Reach<'_>, subject: &Resource) -> Result<Value, ProviderError> {
        let sought = self.sought(reach, subject).await?;
        let Some(user) = &sought.user else { return Ok(json!({"user_id": null, "credentials": []})) };
        let grants = self.node.grants_of(reach, user).await?;
        let (_, newest) = grants.split_at(grants.len().saturating_sub(COPIES));
        let mut room = DETAILS;
        let shown = self
            .read_all(reach, newest, &sought.level, |read| {
                credential::shown(read.opened, read.copied, read.judged, &mut room)
            })
            .await?;
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

    async fn read_all<T>(
        &self,
        reach: Reach<'_>,
        grants: &[Grant],
        level: &Level,
        mut each: impl FnMut(Read<'_>) -> T + Send,
    ) -> Result<Vec<T>, ProviderError> {
        let mut made = Vec::with_capacity(grants.len());
        for grant in grants {
            let _held = CONTENTS.acquire().await.map_err(|_| ProviderError::Unavailable("it is shut down"))?;
            if reach.http.left() < ENOUGH {
                return Err(ProviderError::Unavailable("too little time is left to read a copy"));
            }
            let Some(mut shared) = self.node.shared(reach, grant).await? else { continue };
            let opened = self.opened(reach, &mut shared).await?;
            let opened = opened.as_ref().map_err(|flaw| *flaw);
            let judged = credential::judge(opened, &shared.copied, &self.settings.terms, level, reach.world.now());
            made.push(each(Read { copied: &shared.copied, opened, judged: &judged }));
        }
        Ok(made)
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

fn of(copy: &ProviderId) -> Resource {
    Kind::Credential.resource(copy.clone())
}
