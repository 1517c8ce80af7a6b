//! How a provider's webhooks are proven, as plain data.
//!
//! Every value can be a constant of a provider's folder or be read from JSON: adding a provider's proof
//! changes data only. A list is a `Cow` so that both need no allocation, respectively no leak.

use std::borrow::Cow;

use ring::hmac;
use serde::Deserialize;
use thiserror::Error;

pub type Text = Cow<'static, str>;
pub type List<T> = Cow<'static, [T]>;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Specification {
    /// Names the shipped list that `"published"` stands for.
    pub provider: Text,
    pub all: List<Clause>,
    #[serde(default)]
    pub mac: Option<Mac>,
    #[serde(default)]
    pub body_token: Option<BodyToken>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    pub any: List<Kind>,
    /// Holds by itself while nothing of it is configured: a second gate that a tenant may add.
    #[serde(default)]
    pub when_configured: bool,
}

/// The kinds of proof, named as in a tenant's configuration.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Basic,
    Bearer,
    Oauth2,
    Hmac,
    UrlKeys,
    BodyTokens,
    Sources,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mac {
    pub header: Text,
    pub grammar: Grammar,
    pub encoding: Encoding,
    /// Belongs to the specification and is never read from the request: that would be a downgrade.
    pub hash: Hash,
    pub message: List<Piece>,
    #[serde(default)]
    pub timestamp: Option<Timestamp>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Grammar {
    /// The value is one signature behind a prefix, which may be empty (`sha256=…`).
    Single { prefix: Text },
    /// Several signatures (`v1,… v1,…`); items without the prefix are another version's.
    Listed { separator: char, prefix: Text },
    /// `t=…, s=…`; other names are ignored. With `sets`, blanks divide sets that each have their own
    /// time; without, a blank after the comma means nothing.
    Pairs {
        signature: Text,
        #[serde(default)]
        sets: bool,
    },
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Either case.
    Hex,
    HexLower,
    /// Standard alphabet, padded.
    Base64,
    /// URL-safe alphabet, not padded.
    Base64Url,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hash {
    Sha1,
    Sha256,
    Sha512,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// The text of the timestamp as it was sent.
    Timestamp,
    Literal(Text),
    Header(Text),
    Body,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timestamp {
    pub at: Place,
    /// Seconds: at least the provider's whole retry horizon and an hour, unless each attempt is signed
    /// anew (design §10).
    pub past: i64,
    /// Seconds: what the sender's clock may be ahead of ours.
    pub ahead: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Of the signature's own set.
    Parameter(Text),
    Header(Text),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyToken {
    /// JSON pointer.
    pub pointer: Text,
}

#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum SpecificationFault {
    #[error("no clause: it would accept everything")]
    NoClause,
    #[error("a clause without a kind")]
    EmptyClause,
    #[error("every clause is optional: it would accept everything")]
    AllOptional,
    #[error("hmac without mac")]
    NoMac,
    #[error("body_tokens without body_token")]
    NoBodyToken,
    #[error("the message does not hold the body")]
    BodyNotSigned,
    #[error("the timestamp is not part of the message, or the message asks for one that has no place")]
    TimestampNotSigned,
    #[error("a timestamp parameter needs the grammar of pairs")]
    TimestampNotInGrammar,
    #[error("a window is negative")]
    NegativeWindow,
}

impl Specification {
    /// What would make it accept too much or never anything. Checked on every use: it costs less than
    /// one hash, and a specification may come from a file.
    pub fn check(&self) -> Result<(), SpecificationFault> {
        if self.all.is_empty() {
            return Err(SpecificationFault::NoClause);
        }
        if self.all.iter().any(|clause| clause.any.is_empty()) {
            return Err(SpecificationFault::EmptyClause);
        }
        if self.all.iter().all(|clause| clause.when_configured) {
            return Err(SpecificationFault::AllOptional);
        }
        if self.accepts(Kind::BodyTokens) && self.body_token.is_none() {
            return Err(SpecificationFault::NoBodyToken);
        }
        if self.accepts(Kind::Hmac) { self.mac.as_ref().ok_or(SpecificationFault::NoMac)?.check() } else { Ok(()) }
    }

    pub fn accepts(&self, kind: Kind) -> bool {
        self.all.iter().any(|clause| clause.any.contains(&kind))
    }
}

impl Mac {
    fn check(&self) -> Result<(), SpecificationFault> {
        if !self.message.contains(&Piece::Body) {
            return Err(SpecificationFault::BodyNotSigned);
        }
        if self.message.contains(&Piece::Timestamp) != self.timestamp.is_some() {
            return Err(SpecificationFault::TimestampNotSigned);
        }
        let Some(timestamp) = &self.timestamp else {
            return Ok(());
        };
        if matches!(timestamp.at, Place::Parameter(_)) && !matches!(self.grammar, Grammar::Pairs { .. }) {
            return Err(SpecificationFault::TimestampNotInGrammar);
        }
        if timestamp.past < 0 || timestamp.ahead < 0 {
            return Err(SpecificationFault::NegativeWindow);
        }
        Ok(())
    }
}

impl Kind {
    /// The member of a connection's `webhook`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Bearer => "bearer",
            Self::Oauth2 => "oauth2",
            Self::Hmac => "hmac",
            Self::UrlKeys => "url_keys",
            Self::BodyTokens => "body_tokens",
            Self::Sources => "sources",
        }
    }
}

impl Hash {
    pub(super) fn algorithm(self) -> hmac::Algorithm {
        match self {
            // Fractal's classic webhooks know nothing else (providers/fractal.md §5.3); as a MAC it holds.
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }
}
