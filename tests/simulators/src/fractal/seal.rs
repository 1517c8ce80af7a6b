//! The signature of a delivery (§5.3, §8.3), and how it can be wrong.
//!
//! Made with AWS-LC, other code than the gateway verifies with.

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use reqwest::RequestBuilder;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::settings::Generation;

pub const HEADER: &str = "X-Fractal-Signature";

/// The value of `X-Fractal-Signature` for these exact bytes: the rule is the generation's.
pub fn signature(generation: Generation, secret: &str, body: &[u8]) -> String {
    match generation {
        Generation::Classic => format!("sha1={}", hex(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret, body)),
        Generation::Verifier | Generation::Relay => sha256(secret, body),
    }
}

pub(super) fn sha256(secret: &str, message: &[u8]) -> String {
    hex(hmac::HMAC_SHA256, secret, message)
}

fn hex(algorithm: hmac::Algorithm, secret: &str, message: &[u8]) -> String {
    HEXLOWER.encode(hmac::sign(&hmac::Key::new(algorithm, secret.as_bytes()), message).as_ref())
}

/// How a delivery is signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seal {
    #[default]
    Right,
    Absent,
    Empty,
    WrongSecret,
    /// With the secret of another type of the same application.
    OtherType,
    /// Over the body parsed and written again.
    Reserialised,
    /// Over the body without its white space at the ends.
    Trimmed,
    /// The first half of the right one.
    Truncated,
    /// The right header twice.
    Twice,
    /// The right value twice in one header, with a comma.
    Joined,
    UpperCase,
    /// Without the prefix where one belongs, with one where none does.
    Prefix,
    /// Right by the rule of the other generation.
    OtherGeneration,
    /// The right one of a body that had one byte more.
    OtherBody,
}

/// The secrets at hand.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    /// Absent: none is set, so nothing is signed.
    pub(crate) own: Option<String>,
    /// Of another type.
    pub(crate) other: Option<String>,
}

impl Seal {
    pub(crate) fn put(
        self,
        request: RequestBuilder,
        generation: Generation,
        secrets: &Secrets,
        body: &[u8],
    ) -> RequestBuilder {
        let Some(secret) = secrets.own.as_deref() else {
            return request;
        };
        let right = signature(generation, secret, body);
        let over = |body: &[u8]| signature(generation, secret, body);
        let value = match self {
            Self::Absent => return request,
            Self::Twice => return request.header(HEADER, right.clone()).header(HEADER, right),
            Self::Right => right,
            Self::Empty => String::new(),
            Self::WrongSecret => signature(generation, &format!("not-{secret}"), body),
            Self::OtherType => signature(generation, secrets.other.as_deref().unwrap_or("none"), body),
            Self::Reserialised => over(&again(body)),
            Self::Trimmed => over(body.trim_ascii()),
            Self::Truncated => right.get(..right.len() / 2).unwrap_or_default().to_owned(),
            Self::Joined => format!("{right},{right}"),
            Self::UpperCase => right.to_uppercase(),
            Self::Prefix => right.strip_prefix("sha1=").map_or_else(|| format!("sha256={right}"), str::to_owned),
            Self::OtherGeneration => signature(other(generation), secret, body),
            Self::OtherBody => over(&[body, b" "].concat()),
        };
        request.header(HEADER, value)
    }
}

fn other(generation: Generation) -> Generation {
    match generation {
        Generation::Classic => Generation::Verifier,
        Generation::Verifier | Generation::Relay => Generation::Classic,
    }
}

/// What a parser and a writer make of a body: other order, other white space.
fn again(body: &[u8]) -> Vec<u8> {
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    parsed.to_string().into_bytes()
}
