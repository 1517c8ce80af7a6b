//! The signature of a delivery (§3.4), and how it can be wrong.

use data_encoding::HEXLOWER;
use reqwest::RequestBuilder;
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub const HEADER: &str = "X-SHA2-Signature";

/// The value of `X-SHA2-Signature` for these exact bytes.
pub fn signature(token: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes());
    HEXLOWER.encode(hmac::sign(&key, body).as_ref())
}

/// How a delivery is signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seal {
    #[default]
    Right,
    Absent,
    Empty,
    /// With another webhook's token.
    WrongToken,
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
    /// The right value and a wrong one in one header.
    JoinedWithWrong,
    UpperCase,
    /// `sha256=` before it.
    Prefixed,
    /// The scheme of API v2: `X-Signature` with HMAC-SHA1.
    Sha1,
    /// The right one of a body that had one byte more.
    OtherBody,
}

impl Seal {
    pub(crate) fn put(self, request: RequestBuilder, token: &str, body: &[u8]) -> RequestBuilder {
        let right = signature(token, body);
        let wrong = signature(&format!("not-{token}"), body);
        match self {
            Self::Right => request.header(HEADER, right),
            Self::Absent => request,
            Self::Empty => request.header(HEADER, ""),
            Self::WrongToken => request.header(HEADER, wrong),
            Self::Reserialised => request.header(HEADER, signature(token, &again(body))),
            Self::Trimmed => request.header(HEADER, signature(token, body.trim_ascii())),
            Self::Truncated => request.header(HEADER, right.get(..right.len() / 2).unwrap_or_default()),
            Self::Twice => request.header(HEADER, right.clone()).header(HEADER, right),
            Self::Joined => request.header(HEADER, format!("{right},{right}")),
            Self::JoinedWithWrong => request.header(HEADER, format!("{right}, {wrong}")),
            Self::UpperCase => request.header(HEADER, right.to_uppercase()),
            Self::Prefixed => request.header(HEADER, format!("sha256={right}")),
            Self::Sha1 => {
                let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
                request.header("X-Signature", HEXLOWER.encode(hmac::sign(&key, body).as_ref()))
            }
            Self::OtherBody => request.header(HEADER, signature(token, &[body, b" "].concat())),
        }
    }
}

/// What a parser and a writer make of a body: other order, other white space.
fn again(body: &[u8]) -> Vec<u8> {
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    parsed.to_string().into_bytes()
}
