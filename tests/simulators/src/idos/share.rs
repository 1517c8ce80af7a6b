//! What a test asks the issuer or the user to share, and how spoilt it is to be.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::craft::{keys, quads::SubjectContext, sealed};
use data_encoding::BASE64;

/// Public keys of who reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consumer {
    /// The grantee: lower-case hex of the Ed25519 key (§3).
    pub wallet: String,
    /// X25519, base64.
    pub encryption_key: String,
}

impl Consumer {
    /// Of the two secrets that a tenant's configuration holds.
    pub fn of_secrets(signing_seed: &[u8; 32], encryption_secret: &[u8; 32]) -> Self {
        Self {
            wallet: keys::hex(&keys::public(signing_seed)),
            encryption_key: BASE64.encode(&sealed::public(encryption_secret)),
        }
    }
}

/// A copy for a consumer, with its original and its grant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    pub to: Consumer,
    /// An idOS user that exists or is to exist under this id; absent: a new one.
    #[serde(default)]
    pub user: Option<String>,
    /// Id of the copy; absent: a new one.
    #[serde(default)]
    pub credential: Option<String>,
    #[serde(default)]
    pub content: Content,
    #[serde(default)]
    pub by: Sharer,
    /// Who made the original; a person's own, whatever its content says, is signed by a throw-away key.
    #[serde(default)]
    pub original: Sharer,
    /// Unencrypted; absent: made from the credential. A text stays as it is, anything else is written as JSON.
    #[serde(default)]
    pub notes: Option<Value>,
    /// Unix seconds; 0: no lock.
    #[serde(default)]
    pub locked_until: i64,
    #[serde(default)]
    pub place: Place,
    #[serde(default)]
    pub sealing: Sealing,
    #[serde(default)]
    pub content_hash: ContentHash,
    #[serde(default)]
    pub visibility: Visibility,
    /// What a read meets while it is not yet visible.
    #[serde(default)]
    pub meanwhile: Meanwhile,
}

impl Share {
    /// A good credential, by the issuer, visible at once.
    pub fn to(consumer: &Consumer) -> Self {
        Self {
            to: consumer.clone(),
            user: None,
            credential: None,
            content: Content::default(),
            by: Sharer::default(),
            original: Sharer::default(),
            notes: None,
            locked_until: 0,
            place: Place::default(),
            sealing: Sealing::default(),
            content_hash: ContentHash::default(),
            visibility: Visibility::default(),
            meanwhile: Meanwhile::default(),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A verifiable credential made here.
    Made(Draft),
    /// This plaintext, whatever it is.
    Text(String),
}

impl Default for Content {
    fn default() -> Self {
        Self::Made(Draft::default())
    }
}

impl From<Draft> for Content {
    fn from(draft: Draft) -> Self {
        Self::Made(draft)
    }
}

/// A credential as its issuer makes it. Times are ISO 8601; absent ones: made now, for ten years.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// Place in the settings' issuers.
    pub issuer: usize,
    pub level: String,
    pub context: SubjectContext,
    /// Set over the invented person; null removes.
    pub subject: Map<String, Value>,
    /// Bytes of the document's front, for sizes.
    pub front_file_bytes: Option<usize>,
    pub issuance_date: Option<String>,
    pub expiration_date: Option<String>,
    pub flaw: Option<Flaw>,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            issuer: 0,
            level: "plus+liveness".to_owned(),
            context: SubjectContext::Second,
            subject: Map::new(),
            front_file_bytes: None,
            issuance_date: None,
            expiration_date: None,
            flaw: None,
        }
    }
}

impl Draft {
    pub fn of_level(level: &str) -> Self {
        Self { level: level.to_owned(), ..Self::default() }
    }

    pub fn flawed(flaw: Flaw) -> Self {
        Self { flaw: Some(flaw), ..Self::default() }
    }

    /// By an issuer whom no tenant knows; the proof is good.
    pub fn by_stranger() -> Self {
        Self { issuer: 1, ..Self::default() }
    }

    pub fn expired() -> Self {
        let past = |year: u16| Some(format!("{year}-01-15T10:00:00Z"));
        Self { issuance_date: past(2015), expiration_date: past(2025), ..Self::default() }
    }
}

/// What is wrong with a credential. Unless said otherwise it is done after signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    /// Names, document number and place, birth and issue exchanged: the proof still fits (§7.3).
    FieldsSwapped,
    /// `middleName` called `maidenName`: the proof still fits.
    FieldRenamed,
    /// A field whose value is also elsewhere is gone: the proof still fits.
    FieldDropped,
    /// Another first name.
    Tampered,
    LevelRaised,
    ProofMissing,
    /// Signed with another key in this issuer's name.
    ForeignKey,
    /// `issuer` names somebody else; signed like that.
    OtherIssuer,
    /// `verificationMethod` is another key of the issuer; signed like that.
    OtherMethod,
    UnknownContext,
    UnknownField,
    NotJson,
    /// The snake_case subject of 2023–2025, unsigned (§7.4).
    Legacy,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharer {
    /// The issuer for the user, by a write grant.
    #[default]
    Issuer,
    /// The user re-encrypts, with a throw-away key as "issuer" of the copy.
    User,
}

/// Where the box is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    #[default]
    Inline,
    Blob,
    /// In the blob; the old column still has something that nobody can open.
    BlobOverText,
    /// A blob of which the row tells another size, or none.
    BlobOfSize(Option<i64>),
    /// At this address, which is not served here (`ukyc://…`).
    Elsewhere(String),
    Nowhere,
}

/// How the box is made. The key pair of the sender is new for every copy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sealing {
    #[default]
    Right,
    /// For somebody else's key.
    ForeignKey,
    /// The row names another sender.
    WrongSender,
    /// The row's sender is no key.
    ShortSender,
    /// One bit of the ciphertext.
    Tampered,
    /// Only so many bytes.
    Truncated(usize),
    Empty,
    /// Inline, and no base64.
    NotBase64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentHash {
    #[default]
    Right,
    Wrong,
    Absent,
}

/// When the node shows it: the event may be ahead (§8).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    #[default]
    Now,
    /// So many reads of it find nothing.
    AfterReads(u32),
    /// Of the node's time.
    AfterSeconds(u64),
    /// Until the act `show`.
    Held,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meanwhile {
    /// "the credential does not exist"
    #[default]
    NoCredential,
    /// "the credential is not shared with the caller"
    NoGrant,
}
