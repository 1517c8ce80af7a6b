//! A copy of a credential that was shared with us: opened, judged, made a part.
//!
//! [`open`] undoes the box, [`judge`] says what stands in it and what that is worth, [`part`] is what the ledger may keep
//! of it. A content that cannot be had ([`Flaw`]) is judged like one that is bad: a part with a reason.

use ring::digest::{SHA256, digest};
use secrecy::zeroize::Zeroizing;
use serde_json::{Value, json};

use super::id::Kind;
use crate::domain::{Part, ProviderId, Standing, Timestamp};
use crate::section::Section;
use crate::secret::Secret;

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

/// Who wrote a copy and its grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inserter {
    /// The user; the signer is then a throw-away key.
    User,
    /// The issuer, by a write grant of the user.
    WriteGrant,
    /// Neither of them, or the node does not say.
    Unknown,
}

/// Why a copy is not what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// The row has neither text nor address, or nothing is there.
    NoContent,
    /// The gateway does not give it to us, though it is granted.
    ContentRefused,
    /// An address that is not the network's own.
    UnsupportedAddress,
    /// More than is read.
    TooLarge,
    /// Not as many bytes as the row says.
    WrongLength,
    /// Not the bytes that the address names.
    WrongContent,
    /// No base64.
    NotBase64,
    /// It cannot be opened.
    Sealed,
}

/// A content in the clear: personal data, wiped when dropped.
pub(super) struct Opened(pub(super) Zeroizing<Vec<u8>>);

/// Opens copies: X25519.
pub(super) struct Key(Secret);

/// What a copy has to be.
pub(super) struct Terms {
    pub(super) issuers: Vec<Issuer>,
    pub(super) user_shared: UserShared,
}

/// What a copy is worth that the user wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UserShared {
    Review,
    Accept,
    Refuse,
}

/// Whose credentials are accepted.
pub(super) struct Issuer;

/// What was asked for: `basic` or `plus`, with add-ons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Level(String);

/// What a copy came to.
pub(super) struct Judged {
    flaw: Option<Flaw>,
}

impl Key {
    pub(super) fn parse(_text: &Secret) -> Result<Self, &'static str> {
        Err("is not read yet")
    }

    /// Base64.
    pub(super) fn public(&self) -> String {
        String::new()
    }
}

impl Terms {
    /// Reads `issuers` and `user_shared`; faults are remembered in the section.
    pub(super) fn configure(settings: &mut Section<'_>) -> Self {
        let words = [("review", UserShared::Review), ("accept", UserShared::Accept), ("refuse", UserShared::Refuse)];
        let user_shared = settings.one_of("user_shared", &words).unwrap_or(UserShared::Review);
        drop(settings.sections("issuers"));
        Self { issuers: Vec::new(), user_shared }
    }
}

impl Level {
    /// Names joined by `+`.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() { Err("must be basic or plus, with add-ons such as +liveness") } else { Ok(Self(text.to_owned())) }
    }

    /// The same, in one writing.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Undoes the box: nonce, tag, ciphertext.
pub(super) fn open(_boxed: &[u8], _encryptor_public_key: &str, _key: &Key) -> Result<Opened, Flaw> {
    Err(Flaw::Sealed)
}

/// What a copy is worth, for that level, now.
pub(super) fn judge(
    opened: Result<&Opened, Flaw>,
    _copied: &Copied,
    _terms: &Terms,
    _asked: &Level,
    _now: Timestamp,
) -> Judged {
    Judged { flaw: opened.err() }
}

/// What may be kept of it: no personal data.
pub(super) fn part(
    copied: &Copied,
    judged: &Judged,
    opened: Result<&Opened, Flaw>,
    hash: &(dyn Fn(&[u8]) -> String + Send + Sync),
) -> Part {
    let mut part = Part::new(Kind::Credential.resource(copied.id.clone()), "unread", Standing::Unrecognised);
    part.provider_reason = judged.flaw.map(|flaw| format!("{flaw:?}").to_lowercase());
    part.digest = opened.ok().map(|opened| hash(digest(&SHA256, &opened.0).as_ref()));
    part
}

/// The credential itself, for whoever may see it; `room`: so many bytes may still be shown, files are left out first.
pub(super) fn shown(_opened: Result<&Opened, Flaw>, copied: &Copied, _judged: &Judged, _room: &mut usize) -> Value {
    json!({"id": copied.id.as_str()})
}
