//! What the network holds: users, originals, copies, grants; who may see what, and until when it is locked.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    craft::keys,
    records::{GrantStanding, Standing},
    share::{Meanwhile, Place},
};

/// Of grants' identifiers (§9).
const GRANTS: [u8; 16] =
    [0x31, 0x27, 0x6f, 0xd4, 0x10, 0x5f, 0x4f, 0xf7, 0x9f, 0x64, 0x64, 0x49, 0x42, 0xc1, 0x4b, 0x79];

#[derive(Debug, thiserror::Error)]
pub enum NotPossible {
    #[error("no such credential")]
    NoSuchCredential,
    #[error("no such issuer")]
    NoSuchIssuer,
    #[error("the id is taken")]
    Taken,
    #[error("the consumer's {0} is no key")]
    NotAKey(&'static str),
    #[error("this cannot be signed: {0}")]
    Unsignable(#[from] super::craft::quads::Unsignable),
    #[error("more than a content address here can name")]
    TooLarge,
    /// The node's own words (§9).
    #[error("the grant is locked")]
    Locked,
    #[error("there is no grant")]
    NoGrant,
    #[error("a grant with the same grantee, copy_credential_id, and locked_until already exists")]
    AlreadyGranted,
}

#[derive(Default)]
pub(crate) struct Chain {
    pub(super) height: u64,
    /// With their wallets' addresses.
    pub(super) users: BTreeMap<String, Vec<String>>,
    pub(super) originals: BTreeMap<String, Original>,
    pub(super) copies: BTreeMap<String, Copied>,
    /// In the order of their making: height, then id.
    pub(super) grants: Vec<Grant>,
}

pub(super) struct Original {
    pub(super) notes: String,
    pub(super) issuer_auth_public_key: String,
}

pub(crate) struct Copied {
    pub(super) user: String,
    pub(super) original: String,
    pub(super) inserter: Inserter,
    pub(super) encryptor_public_key: String,
    pub(super) issuer_auth_public_key: String,
    /// The box itself.
    pub(super) sealed: Vec<u8>,
    /// The box as the text column has it.
    pub(super) written: String,
    pub(super) place: Place,
    pub(super) cid: Option<String>,
    pub(super) hidden: Option<Hidden>,
    pub(super) meanwhile: Meanwhile,
    pub(super) reads: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Inserter {
    /// With the wallet that called.
    User(String),
    /// With the write grant.
    WriteGrant(String),
}

impl Inserter {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::WriteGrant(_) => "delegated_write_grant",
        }
    }

    pub(super) fn id(&self) -> &str {
        match self {
            Self::User(id) | Self::WriteGrant(id) => id,
        }
    }

    /// The one column of the older schema has write grants alone.
    pub(super) fn older(&self) -> Value {
        match self {
            Self::User(_) => Value::Null,
            Self::WriteGrant(id) => json!(id),
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Hidden {
    Reads(u32),
    Until(OffsetDateTime),
    Held,
}

#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) id: String,
    pub(super) owner: String,
    pub(super) grantee: String,
    pub(super) data_id: String,
    pub(super) locked_until: i64,
    pub(super) content_hash: Option<String>,
    pub(super) inserter: Inserter,
}

/// What a reader meets.
pub(super) enum Seen {
    Copy,
    NoCredential,
    NoGrant,
}

impl Copied {
    pub(super) fn is_hidden(&self, now: OffsetDateTime) -> bool {
        match self.hidden {
            Some(Hidden::Reads(_) | Hidden::Held) => true,
            Some(Hidden::Until(until)) => now < until,
            None => false,
        }
    }

    /// Address and size as the newer schema tells them.
    pub(super) fn address(&self) -> (Option<String>, Option<i64>) {
        let own = || self.cid.as_ref().map(|cid| format!("ipfs://{cid}"));
        let size = i64::try_from(self.sealed.len()).ok();
        match &self.place {
            Place::Inline | Place::Nowhere => (None, None),
            Place::Blob | Place::BlobOverText => (own(), size),
            Place::BlobOfSize(said) => (own(), *said),
            Place::Elsewhere(uri) => (Some(uri.clone()), size),
        }
    }

    pub(super) fn is_blob(&self) -> bool {
        matches!(self.place, Place::Blob | Place::BlobOverText | Place::BlobOfSize(_))
    }
}

impl Chain {
    pub(super) fn next_block(&mut self) {
        self.height = self.height.saturating_add(1);
    }

    /// Adds a grant; the same three cannot be there twice.
    pub(super) fn grant(
        &mut self,
        (data_id, grantee, locked_until): (&str, &str, i64),
        content_hash: Option<String>,
        inserter: Inserter,
    ) -> Result<String, NotPossible> {
        let owner = self.copies.get(data_id).ok_or(NotPossible::NoSuchCredential)?.user.clone();
        let id = keys::uuid_of_name(&GRANTS, &format!("{grantee}-{data_id}-{locked_until}"));
        if self.grants.iter().any(|grant| grant.id == id) {
            return Err(NotPossible::AlreadyGranted);
        }
        let (grantee, data_id) = (grantee.to_owned(), data_id.to_owned());
        self.grants.push(Grant { id: id.clone(), owner, grantee, data_id, locked_until, content_hash, inserter });
        self.next_block();
        Ok(id)
    }

    pub(super) fn is_granted(&self, copy: &str, caller: &str) -> bool {
        self.grants.iter().any(|grant| grant.data_id == copy && grant.grantee.eq_ignore_ascii_case(caller))
    }

    /// A read of one copy; counts, and brings nearer what only shows after some reads.
    pub(super) fn read(&mut self, id: &str, caller: &str, now: OffsetDateTime) -> Seen {
        let granted = self.is_granted(id, caller);
        let Some(copy) = self.copies.get_mut(id) else {
            return Seen::NoCredential;
        };
        match copy.hidden {
            Some(Hidden::Reads(0)) => copy.hidden = None,
            Some(Hidden::Reads(left)) => copy.hidden = Some(Hidden::Reads(left.saturating_sub(1))),
            Some(Hidden::Until(_) | Hidden::Held) | None => {}
        }
        if copy.is_hidden(now) {
            return match copy.meanwhile {
                Meanwhile::NoCredential => Seen::NoCredential,
                Meanwhile::NoGrant => Seen::NoGrant,
            };
        }
        if granted { Seen::Copy } else { Seen::NoGrant }
    }

    pub(super) fn count_read(&mut self, id: &str) {
        if let Some(copy) = self.copies.get_mut(id) {
            copy.reads = copy.reads.saturating_add(1);
        }
    }

    /// The caller's grants that the node shows.
    pub(super) fn granted(&self, caller: &str, now: OffsetDateTime) -> impl Iterator<Item = &Grant> {
        let shown = move |id: &str| self.copies.get(id).is_some_and(|copy| !copy.is_hidden(now));
        self.grants.iter().filter(move |grant| grant.grantee.eq_ignore_ascii_case(caller) && shown(&grant.data_id))
    }

    /// Notes are the original's.
    pub(super) fn original_of(&self, copy: &Copied) -> Option<&Original> {
        self.originals.get(&copy.original)
    }

    /// The user may not end what is locked: neither grant nor copy.
    pub(super) fn must_be_unlocked(&self, copy: &str, now: OffsetDateTime) -> Result<(), NotPossible> {
        let block = now.unix_timestamp();
        let locked = self.grants.iter().any(|grant| grant.data_id == copy && grant.locked_until >= block);
        if locked { Err(NotPossible::Locked) } else { Ok(()) }
    }

    /// The copy with all its grants.
    pub(super) fn remove(&mut self, copy: &str) {
        self.copies.remove(copy);
        self.end_grants(copy);
    }

    pub(super) fn end_grants(&mut self, copy: &str) {
        self.grants.retain(|grant| grant.data_id != copy);
        self.next_block();
    }

    pub(super) fn standing(&self, id: &str, now: OffsetDateTime) -> Option<Standing> {
        let copy = self.copies.get(id)?;
        let grants = self.grants.iter().filter(|grant| grant.data_id == id).map(|grant| GrantStanding {
            id: grant.id.clone(),
            grantee: grant.grantee.clone(),
            locked_until: grant.locked_until,
        });
        Some(Standing {
            credential_id: id.to_owned(),
            user_id: copy.user.clone(),
            original_id: copy.original.clone(),
            public_notes: self.original_of(copy).map(|it| it.notes.clone()).unwrap_or_default(),
            issuer_auth_public_key: copy.issuer_auth_public_key.clone(),
            inserter_type: copy.inserter.kind().to_owned(),
            place: json!(copy.place),
            size: copy.sealed.len(),
            cid: copy.cid.clone(),
            visible: !copy.is_hidden(now),
            reads: copy.reads,
            grants: grants.collect(),
        })
    }
}
