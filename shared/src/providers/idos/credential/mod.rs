//! A copy of a credential that was shared with us: opened, judged, made a part.
//!
//! [`open`] undoes the box, [`judge`] says what stands in it and what that is worth, [`part`] is what the ledger may keep
//! of it. A content that cannot be had is judged like one that is bad: a part with a reason ([`Flaw`]), never an error of
//! a look, and never an approval.
//!
//! | file | what is asked |
//! | --- | --- |
//! | `notes` | has the issuer revoked it since |
//! | `sealed`, `opened` | is it sealed for us, is it JSON |
//! | `contexts`, `document`, `quads` | does every member have a meaning that is pinned here, and what was signed then |
//! | `proof`, `multibase` | did an accepted issuer sign it |
//! | `level` | is it of the level that was asked for |
//! | `sharing` | who inserted the copy, and what that is worth to the tenant |
//! | `plausible` | can the fields of a person's own copy stand where they stand |
//! | `shown`, `ascii85` | what the tenant sees of it |
//!
//! They are asked in this order; the first that is answered badly is the flaw. A copy of the person's own that is to be
//! accepted needs an original by the issuer, too, which the node knows ([`Judged::vouched`]). Two things that are good in themselves prove
//! nothing: a box that opens (anyone can seal one for us), and a proof that fits (it does not bind the names of fields).

mod ascii85;
mod contexts;
mod document;
mod flaw;
mod level;
mod multibase;
mod notes;
mod opened;
mod plausible;
mod proof;
mod quads;
mod sealed;
mod sharing;
mod shown;

use std::time::Duration;

use data_encoding::HEXLOWER;

use self::document::Document;
pub use self::flaw::Flaw;
pub(super) use self::level::Level;
pub(super) use self::opened::Opened;
pub(super) use self::proof::Issuer;
pub(super) use self::sealed::Key;
pub(super) use self::sharing::Inserter;
pub use self::sharing::{SharedBy, UserShared};
pub(super) use self::shown::shown;
use super::id::Kind;
use crate::domain::{DecidedBy, Part, ProviderId, Standing, Timestamp};
use crate::section::Section;

/// How much an issuer's clock may be ahead of ours.
const SKEW: Duration = Duration::from_secs(5 * 60);
/// What a part is called whose credential has no flaw.
pub(super) const VERIFIED: &str = "verified";

/// Facts of a part that have no place of their own in it; they hold no personal data.
pub(super) mod mark {
    /// Followed by who inserted the copy.
    pub(in super::super) const BY: &str = "by:";
    /// Followed by the level that an accepted issuer has proven.
    pub(in super::super) const LEVEL: &str = "level:";
}

/// What the node says of a copy and of its grant to us, without its content.
pub(super) struct Copied {
    /// Of the copy: what a grant calls `data_id`.
    pub(super) id: ProviderId,
    /// The idOS user.
    pub(super) user: ProviderId,
    /// `public_notes` of the original: any text, usually JSON.
    pub(super) notes: Option<String>,
    /// Sender of the box: base64, as it came.
    pub(super) encryptor_public_key: String,
    /// `issuer_auth_public_key`: hex, as it came; a throw-away key where a user wrote the copy.
    pub(super) signer: String,
    /// Who wrote the copy: of the grant, else of the row.
    pub(super) inserter: Inserter,
    /// Of the grant: SHA-256 of the plaintext, lower-case hex; the node does not check it.
    pub(super) content_hash: Option<String>,
    /// Until when the person cannot take it back.
    pub(super) locked_until: Option<Timestamp>,
}

/// What a copy has to be.
pub(super) struct Terms {
    pub(super) issuers: Vec<Issuer>,
    pub(super) user_shared: UserShared,
}

impl Terms {
    /// Reads `issuers` and `user_shared`; faults are remembered in the section.
    pub(super) fn configure(settings: &mut Section<'_>) -> Self {
        let words: Vec<_> = UserShared::ALL.iter().map(|word| (word.as_str(), *word)).collect();
        let user_shared = settings.one_of("user_shared", &words).unwrap_or(UserShared::Review);
        let given = settings.sections("issuers");
        if given.is_empty() {
            settings.fault("issuers", "is missing: no credential can be accepted without an issuer");
        }
        Self { issuers: given.into_iter().filter_map(Issuer::configure).collect(), user_shared }
    }
}

/// What a copy came to.
pub(super) struct Judged {
    flaw: Option<Flaw>,
    by: SharedBy,
    policy: UserShared,
    /// The level that an accepted issuer has signed.
    level: Option<String>,
    /// Whose original a copy of the person's own has to be of, before it is accepted: the issuer's keys.
    vouching: Vec<String>,
}

impl Judged {
    /// Of whom the node should be asked: where only an original by one of these keys is missing. Else nobody.
    pub(super) fn vouching(&self) -> &[String] {
        if self.flaw == Some(Flaw::UserShared) { &self.vouching } else { &[] }
    }

    /// The node has such an original, with these notes; those beside the copy may be the person's own.
    pub(super) fn vouched(&mut self, notes: Option<&str>) {
        if !self.vouching().is_empty() {
            self.flaw = notes::flaw(notes);
        }
    }

    pub(super) fn approves(&self) -> bool {
        self.flaw.is_none()
    }
}

/// Undoes the box: nonce, tag, ciphertext.
///
/// # Errors
/// It cannot be opened.
pub(super) fn open(boxed: &[u8], encryptor_public_key: &str, key: &Key) -> Result<Opened, Flaw> {
    key.open(boxed, encryptor_public_key)
}

/// What a copy is worth, for that level, now.
pub(super) fn judge(
    opened: Result<&Opened, Flaw>,
    copied: &Copied,
    terms: &Terms,
    asked: &Level,
    now: Timestamp,
) -> Judged {
    let anyones: Vec<String> = terms.issuers.iter().flat_map(|issuer| issuer.signers.clone()).collect();
    let mut judged = Judged {
        flaw: None,
        by: SharedBy::of(copied.inserter, &copied.signer, &anyones),
        policy: terms.user_shared,
        level: None,
        vouching: Vec::new(),
    };
    let weighed = opened.and_then(|opened| weigh(opened, copied, terms, asked, now, &mut judged));
    judged.flaw = notes::flaw(copied.notes.as_deref()).or(weighed.err());
    judged
}

/// Notes what is proven on the way.
fn weigh(
    opened: &Opened,
    copied: &Copied,
    terms: &Terms,
    asked: &Level,
    now: Timestamp,
    judged: &mut Judged,
) -> Result<(), Flaw> {
    let hash = HEXLOWER.encode(&opened.sha256());
    if copied.content_hash.as_ref().is_some_and(|said| !said.eq_ignore_ascii_case(&hash)) {
        return Err(Flaw::HashMismatch);
    }
    let members = opened.read().ok_or(Flaw::NotACredential)?;
    let document = Document::read(&members)?;
    let issuer = proof::verified(&document, &terms.issuers)?;
    judged.by = SharedBy::of(copied.inserter, &copied.signer, &issuer.signers);
    judged.level = level::known(document.level).map(str::to_owned);
    if document.issued > now + SKEW {
        return Err(Flaw::NotYetValid);
    }
    if document.expires.is_some_and(|expires| expires <= now) {
        return Err(Flaw::Expired);
    }
    asked.met_by(document.level)?;
    let plausible = || plausible::is_plausible(document.context, document.subject, now);
    match (judged.by, terms.user_shared) {
        (SharedBy::Issuer, _) => Ok(()),
        (SharedBy::User, UserShared::Refuse) => Err(Flaw::UserShared),
        (SharedBy::User, UserShared::Review | UserShared::Accept) if !plausible() => Err(Flaw::Implausible),
        (SharedBy::User, UserShared::Review) => Err(Flaw::UserShared),
        (SharedBy::User, UserShared::Accept) => {
            judged.vouching.clone_from(&issuer.signers);
            Err(Flaw::UserShared)
        }
    }
}

/// What may be kept of it: no personal data. It has no time: when it was shared, which events name, is not told.
pub(super) fn part(
    copied: &Copied,
    judged: &Judged,
    opened: Result<&Opened, Flaw>,
    hash: &(dyn Fn(&[u8]) -> String + Send + Sync),
) -> Part {
    let word = judged.flaw.map_or(VERIFIED, Flaw::as_str);
    let standing = judged.flaw.map_or(Standing::Approved, |flaw| flaw.standing(judged.policy));
    let mut part = Part::new(Kind::Credential.resource(copied.id.clone()), word, standing);
    part.digest = opened.ok().map(|opened| hash(&opened.sha256()));
    part.marks.push(format!("{}{}", mark::BY, judged.by));
    // an issuer does not say who decided; what speaks against a copy is our own finding
    part.decided_by = if standing == Standing::Rejected { DecidedBy::Automatic } else { DecidedBy::Unknown };
    part.marks.extend(judged.level.iter().map(|level| format!("{}{level}", mark::LEVEL)));
    part
}

#[cfg(test)]
mod tests;
