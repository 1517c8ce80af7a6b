//! Sharing: an original, its copy in a box for the consumer, the grant.

use data_encoding::BASE64;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{
    chain::{Chain, Copied, Hidden, Inserter, NotPossible, Original},
    craft::{cid, keys, sealed},
    draft,
    records::Shared,
    settings::Issuer,
    share::{Consumer, Content, ContentHash, Place, Sealing, Share, Sharer, Visibility},
};
use crate::{chance, clock};

/// The box and what the row says of its sender.
struct Boxed {
    sealed: Vec<u8>,
    written: String,
    sender: String,
}

impl Chain {
    pub(super) fn share(
        &mut self,
        share: &Share,
        issuers: &[Issuer],
        now: OffsetDateTime,
    ) -> Result<Shared, NotPossible> {
        let id = share.credential.clone().unwrap_or_else(chance::uuid);
        if self.copies.contains_key(&id) {
            return Err(NotPossible::Taken);
        }
        let issuer = issuer_of(&share.content, issuers)?;
        let plaintext = match &share.content {
            Content::Made(made) => draft::plaintext(made, issuer, now)?,
            Content::Text(text) => text.clone(),
        };
        let boxed = boxed(plaintext.as_bytes(), &share.to, share.sealing)?;
        let cid = cid::of(&boxed.sealed);
        if cid.is_none() && share.place != Place::Inline {
            return Err(NotPossible::TooLarge);
        }
        let user = share.user.clone().unwrap_or_else(chance::uuid);
        let wallet = self.users.entry(user.clone()).or_insert_with(|| vec![wallet()]).first().cloned();
        let auth = keys::hex(&keys::public(&issuer.auth_seed));
        let (inserter, copy_auth) = match share.by {
            Sharer::Issuer => (Inserter::WriteGrant(chance::uuid()), auth.clone()),
            // signed by a key that nobody has ever seen
            Sharer::User => (Inserter::User(wallet.unwrap_or_default()), keys::hex(&keys::public(&chance::random()))),
        };
        let original_id = chance::uuid();
        let notes = notes(share);
        let made_by = match share.original {
            Sharer::Issuer => auth,
            Sharer::User => keys::hex(&keys::public(&chance::random())),
        };
        self.originals.insert(original_id.clone(), Original { notes, issuer_auth_public_key: made_by });
        let copy = Copied {
            user: user.clone(),
            original: original_id.clone(),
            inserter: inserter.clone(),
            encryptor_public_key: boxed.sender,
            issuer_auth_public_key: copy_auth,
            sealed: boxed.sealed,
            written: boxed.written,
            place: share.place.clone(),
            cid,
            hidden: hidden(share.visibility, now),
            meanwhile: share.meanwhile,
            reads: 0,
        };
        self.copies.insert(id.clone(), copy);
        let content_hash = keys::hex(&keys::sha256(plaintext.as_bytes()));
        let said = match share.content_hash {
            ContentHash::Right => Some(content_hash.clone()),
            ContentHash::Wrong => Some(keys::hex(&keys::sha256(b"something else"))),
            ContentHash::Absent => None,
        };
        let grant_id = self.grant((&id, &share.to.wallet, share.locked_until), said, inserter)?;
        Ok(Shared {
            user_id: user,
            credential_id: id,
            original_id,
            grant_id,
            shared_at: clock::stamp_seconds(now),
            plaintext,
            content_hash,
        })
    }
}

/// Of a plaintext from outside the first one vouches.
fn issuer_of<'a>(content: &Content, issuers: &'a [Issuer]) -> Result<&'a Issuer, NotPossible> {
    let place = match content {
        Content::Made(made) => made.issuer,
        Content::Text(_) => 0,
    };
    issuers.get(place).ok_or(NotPossible::NoSuchIssuer)
}

fn boxed(plaintext: &[u8], to: &Consumer, how: Sealing) -> Result<Boxed, NotPossible> {
    keys::key_of_hex(&to.wallet).ok_or(NotPossible::NotAKey("wallet"))?;
    let key = BASE64.decode(to.encryption_key.as_bytes()).ok().and_then(|key| key.try_into().ok());
    let key: [u8; 32] = key.ok_or(NotPossible::NotAKey("encryption_key"))?;
    let recipient = if how == Sealing::ForeignKey { sealed::public(&chance::random()) } else { key };
    let secret = chance::random();
    let mut bytes = sealed::seal(plaintext, &recipient, &secret, &chance::random());
    let mut sender = BASE64.encode(&sealed::public(&secret));
    let mut written = None;
    match how {
        Sealing::Right | Sealing::ForeignKey => {}
        Sealing::WrongSender => sender = BASE64.encode(&sealed::public(&chance::random())),
        Sealing::ShortSender => sender = BASE64.encode(&chance::random::<31>()),
        Sealing::Tampered => bytes.last_mut().into_iter().for_each(|byte| *byte ^= 1),
        Sealing::Truncated(length) => bytes.truncate(length),
        Sealing::Empty => bytes.clear(),
        Sealing::NotBase64 => written = Some("not base64!".to_owned()),
    }
    let written = written.unwrap_or_else(|| BASE64.encode(&bytes));
    Ok(Boxed { sealed: bytes, written, sender })
}

fn notes(share: &Share) -> String {
    match (&share.notes, &share.content) {
        (Some(Value::String(text)), _) => text.clone(),
        (Some(other), _) => other.to_string(),
        (None, Content::Made(made)) => usual_notes(&made.level),
        (None, Content::Text(_)) => usual_notes("plus"),
    }
}

fn usual_notes(level: &str) -> String {
    let number = chance::uuid();
    json!({"id": number, "type": "kyc", "level": level, "status": "approved", "issuer": "Example Issuer"}).to_string()
}

/// An EVM address.
fn wallet() -> String {
    format!("0x{}", keys::hex(&chance::random::<20>()))
}

fn hidden(visibility: Visibility, now: OffsetDateTime) -> Option<Hidden> {
    match visibility {
        Visibility::Now | Visibility::AfterReads(0) => None,
        Visibility::AfterReads(reads) => Some(Hidden::Reads(reads)),
        Visibility::AfterSeconds(seconds) => {
            let length = Duration::seconds(i64::try_from(seconds).unwrap_or(i64::MAX));
            Some(Hidden::Until(now.saturating_add(length)))
        }
        Visibility::Held => Some(Hidden::Held),
    }
}
