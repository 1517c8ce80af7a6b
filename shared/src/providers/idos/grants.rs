//! Grants to us, as the node lists them. Who wrote a copy, its own row says better where it has that column.

use std::borrow::Cow;

use super::credential::Inserter;
use super::kwil::table::Row;
use crate::domain::{ProviderId, Timestamp};
use crate::ports::ProviderError;

/// A grant to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    /// The copy.
    pub(super) copy: ProviderId,
    pub(super) owner: ProviderId,
    pub(super) inserter: Inserter,
    pub(super) content_hash: Option<String>,
    pub(super) locked_until: Option<Timestamp>,
}

/// Grants of a page, and how many rows of it could not be read.
pub(super) struct Listed {
    pub(super) grants: Vec<Grant>,
    pub(super) skipped: usize,
}

impl Grant {
    /// `grantee` is our own name.
    pub(super) fn read(row: &Row<'_, '_>, grantee: &str) -> Result<Self, ProviderError> {
        if !row.required("ag_grantee_wallet_identifier")?.eq_ignore_ascii_case(grantee) {
            return Err(ProviderError::Foreign("it is a grant to somebody else"));
        }
        let locked = row.number("locked_until")?.filter(|seconds| *seconds > 0);
        Ok(Self {
            copy: row.uuid("data_id")?,
            owner: row.uuid("ag_owner_user_id")?,
            inserter: row.text("inserter_type")?.map_or(Inserter::Unknown, |word| inserter(&word)),
            content_hash: row.text("content_hash")?.map(Cow::into_owned).filter(|hash| !hash.is_empty()),
            locked_until: locked.map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1_000))),
        })
    }
}

pub(super) fn inserter(word: &str) -> Inserter {
    match word {
        "user" => Inserter::User,
        "delegated_write_grant" => Inserter::WriteGrant,
        _ => Inserter::Unknown,
    }
}

/// One grant for each copy: a person may grant the same one again, with another lock.
pub(super) fn joined(grants: Vec<Grant>) -> Vec<Grant> {
    let mut joined: Vec<Grant> = Vec::new();
    for grant in grants {
        match joined.iter_mut().find(|other| other.copy == grant.copy) {
            Some(other) => {
                other.locked_until = other.locked_until.max(grant.locked_until);
                other.content_hash = other.content_hash.take().or(grant.content_hash);
                if other.inserter != grant.inserter && grant.inserter == Inserter::WriteGrant {
                    other.inserter = grant.inserter;
                }
            }
            None => joined.push(grant),
        }
    }
    joined
}
