//! Signatures: a header is read by its grammar into sets (signatures with their time), the message is
//! put together by the template, and every key is tried on every set.
//!
//! | found | refusal |
//! | --- | --- |
//! | no header; two headers | `signature_missing`; `signature_duplicated` |
//! | grammar, encoding or length wrong; more than four of anything | `signature_malformed` |
//! | no time, two in one set, not a plain number | `timestamp_missing`, `_duplicated`, `_malformed` |
//! | no key fits | `signature_mismatch`, however old: a time that is not proven says nothing |
//! | a key fits, outside the window | `timestamp_stale`, `timestamp_ahead` |

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use ring::hmac;
use subtle::{Choice, ConstantTimeEq};

use super::Refusal;
use super::credentials::MacKey;
use super::interpreter::{Finding, gather};
use super::request::{Only, Unverified, only};
use super::specification::{Encoding, Grammar, Kind, Mac, Piece, Place, Timestamp};
use super::verified::Proof;

/// Signatures in a set, and sets in a header. Rotation needs two; the bound keeps a header of 10 KB
/// from buying hundreds of hashes.
const MOST: usize = 4;

struct Set<'a> {
    signatures: Vec<Vec<u8>>,
    stamp: Option<Stamp<'a>>,
}

#[derive(Clone, Copy)]
struct Stamp<'a> {
    text: &'a str,
    seconds: i64,
}

/// What is common to all keys: everything of the request, read once.
struct Claim<'a> {
    sets: Vec<Set<'a>>,
    headers: Vec<&'a [u8]>,
}

pub(super) fn evaluate(mac: &Mac, keys: &[MacKey], request: &Unverified<'_>) -> Finding {
    let usable = || keys.iter().enumerate().filter(|(_, key)| !key.secret.is_empty());
    if usable().next().is_none() {
        return Finding::Unconfigured;
    }
    let claim = match read(mac, request) {
        Ok(claim) => claim,
        Err(refusal) => return Finding::Refused(refusal),
    };
    let mut signed_at = None;
    let mut outside = None;
    let entries = usable().map(|(position, key)| {
        let key_of_mac = hmac::Key::new(mac.hash.algorithm(), key.secret.expose());
        let mut matched = Choice::from(0);
        for set in &claim.sets {
            let fits = compare(mac, &key_of_mac, set, &claim.headers, request.body);
            match set.judge(mac.timestamp.as_ref(), request.received_at) {
                Ok(()) if bool::from(fits) => {
                    signed_at = signed_at.or(set.stamp.map(|stamp| stamp.seconds));
                    matched |= fits;
                }
                Err(why) if bool::from(fits) => outside = outside.or(Some(why)),
                Ok(()) | Err(_) => {}
            }
        }
        (position, key.types.as_deref(), matched)
    });
    let entries = entries.collect();
    match gather(Kind::Hmac, entries, outside.unwrap_or(Refusal::SignatureMismatch)) {
        Finding::Proven(proof) => Finding::Proven(Proof { signed_at, ..proof }),
        other @ (Finding::Unconfigured | Finding::Refused(_)) => other,
    }
}

fn compare(mac: &Mac, key: &hmac::Key, set: &Set<'_>, headers: &[&[u8]], body: &[u8]) -> Choice {
    let mut context = hmac::Context::with_key(key);
    let mut values = headers.iter();
    for piece in mac.message.iter() {
        context.update(match piece {
            Piece::Timestamp => set.stamp.map_or(&[][..], |stamp| stamp.text.as_bytes()),
            Piece::Literal(text) => text.as_bytes(),
            Piece::Header(_) => values.next().copied().unwrap_or_default(),
            Piece::Body => body,
        });
    }
    let expected = context.sign();
    let each = set.signatures.iter().map(|signature| expected.as_ref().ct_eq(signature));
    each.fold(Choice::from(0), |any, fits| any | fits)
}

impl Set<'_> {
    /// The window decides only about a set whose signature fits.
    fn judge(&self, window: Option<&Timestamp>, now: i64) -> Result<(), Refusal> {
        let Some(window) = window else { return Ok(()) };
        let stamp = self.stamp.ok_or(Refusal::TimestampMissing)?;
        let age = now.saturating_sub(stamp.seconds);
        if age > window.past {
            Err(Refusal::TimestampStale)
        } else if age < window.ahead.saturating_neg() {
            Err(Refusal::TimestampAhead)
        } else {
            Ok(())
        }
    }
}

fn read<'a>(mac: &Mac, request: &Unverified<'a>) -> Result<Claim<'a>, Refusal> {
    let value = match only(request.headers, &mac.header) {
        Only::Absent => return Err(Refusal::SignatureMissing),
        Only::Several => return Err(Refusal::SignatureDuplicated),
        Only::One(value) => std::str::from_utf8(value).map_err(|_| Refusal::SignatureMalformed)?,
    };
    let mut sets = sets(mac, value)?;
    if let Some(Timestamp { at: Place::Header(name), .. }) = &mac.timestamp {
        let stamp = match only(request.headers, name) {
            Only::Absent => return Err(Refusal::TimestampMissing),
            Only::Several => return Err(Refusal::TimestampDuplicated),
            Only::One(value) => stamp(std::str::from_utf8(value).map_err(|_| Refusal::TimestampMalformed)?)?,
        };
        for set in &mut sets {
            set.stamp = Some(stamp);
        }
    }
    let signed = mac.message.iter().filter_map(|piece| match piece {
        Piece::Header(name) => Some(name),
        Piece::Timestamp | Piece::Literal(_) | Piece::Body => None,
    });
    let headers = signed.map(|name| match only(request.headers, name) {
        Only::Absent => Err(Refusal::SignatureMissing),
        Only::Several => Err(Refusal::SignatureDuplicated),
        Only::One(value) => Ok(value),
    });
    Ok(Claim { headers: headers.collect::<Result<_, _>>()?, sets })
}

fn sets<'a>(mac: &Mac, value: &'a str) -> Result<Vec<Set<'a>>, Refusal> {
    let plain = |texts: Vec<&str>| Ok(vec![Set { signatures: decode(mac, &texts)?, stamp: None }]);
    match &mac.grammar {
        Grammar::Single { prefix } => plain(vec![value.strip_prefix(&**prefix).ok_or(Refusal::SignatureMalformed)?]),
        Grammar::Listed { separator, prefix } => {
            plain(value.split(*separator).filter_map(|item| item.strip_prefix(&**prefix)).collect())
        }
        Grammar::Pairs { signature, sets: false } => Ok(vec![pairs(mac, signature, value)?]),
        Grammar::Pairs { signature, sets: true } => {
            let found: Vec<_> = value.split(' ').filter(|text| !text.is_empty()).take(MOST + 1).collect();
            if found.is_empty() || found.len() > MOST {
                return Err(Refusal::SignatureMalformed);
            }
            found.into_iter().map(|set| pairs(mac, signature, set)).collect()
        }
    }
}

fn pairs<'a>(mac: &Mac, signature: &str, text: &'a str) -> Result<Set<'a>, Refusal> {
    let time = match &mac.timestamp {
        Some(Timestamp { at: Place::Parameter(name), .. }) => Some(&**name),
        Some(Timestamp { at: Place::Header(_), .. }) | None => None,
    };
    let (mut signatures, mut times) = (Vec::new(), Vec::new());
    for item in text.split(',') {
        let (name, value) = item.trim_matches(' ').split_once('=').ok_or(Refusal::SignatureMalformed)?;
        if name == signature {
            signatures.push(value);
        } else if Some(name) == time {
            times.push(value);
        }
    }
    let stamp = match (time, times.as_slice()) {
        (None, _) => None,
        (Some(_), []) => return Err(Refusal::TimestampMissing),
        (Some(_), [one]) => Some(stamp(one)?),
        (Some(_), _) => return Err(Refusal::TimestampDuplicated),
    };
    Ok(Set { signatures: decode(mac, &signatures)?, stamp })
}

fn decode(mac: &Mac, texts: &[&str]) -> Result<Vec<Vec<u8>>, Refusal> {
    if texts.is_empty() || texts.len() > MOST {
        return Err(Refusal::SignatureMalformed);
    }
    let encoding = match mac.encoding {
        Encoding::Hex => HEXLOWER_PERMISSIVE,
        Encoding::HexLower => HEXLOWER,
        Encoding::Base64 => BASE64,
        Encoding::Base64Url => BASE64URL_NOPAD,
    };
    let length = mac.hash.algorithm().digest_algorithm().output_len();
    let each = texts.iter().map(|text| match encoding.decode(text.as_bytes()) {
        Ok(bytes) if bytes.len() == length => Ok(bytes),
        Ok(_) | Err(_) => Err(Refusal::SignatureMalformed),
    });
    each.collect()
}

/// Digits alone: no sign, blank or fraction, so that one time has one spelling a parser could disagree on.
fn stamp(text: &str) -> Result<Stamp<'_>, Refusal> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::TimestampMalformed);
    }
    let seconds = text.parse().map_err(|_| Refusal::TimestampMalformed)?;
    Ok(Stamp { text, seconds })
}
