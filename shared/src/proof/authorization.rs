//! The `Authorization` header, read strictly.
//!
//! An HTTP API joins two headers of one name with a comma, and other front ends keep only the last:
//! whoever reads leniently may judge another credential than the one that was checked. So one header,
//! one scheme, one value without comma or blank, or nothing. The scheme's case does not matter (RFC 9110
//! §11.1).

use data_encoding::BASE64;
use secrecy::zeroize::Zeroizing;

use super::Refusal;
use super::request::{Header, Only, only};

/// Far above any real credential, far below what is worth hashing for a stranger.
const LONGEST: usize = 4096;

pub(super) struct Pair {
    pub(super) user: Zeroizing<Vec<u8>>,
    pub(super) password: Zeroizing<Vec<u8>>,
}

/// RFC 7617: standard alphabet, padded; the password may hold colons, the user name none.
pub(super) fn basic(headers: &[Header<'_>]) -> Result<Pair, Refusal> {
    let value = credentials(headers, "basic")?;
    let decoded = Zeroizing::new(BASE64.decode(value).map_err(|_| Refusal::CredentialMalformed)?);
    let colon = decoded.iter().position(|byte| *byte == b':').ok_or(Refusal::CredentialMalformed)?;
    let (user, rest) = decoded.split_at(colon);
    let password = rest.get(1..).unwrap_or_default();
    Ok(Pair { user: Zeroizing::new(user.to_vec()), password: Zeroizing::new(password.to_vec()) })
}

pub(super) fn bearer<'a>(headers: &[Header<'a>]) -> Result<&'a [u8], Refusal> {
    credentials(headers, "bearer")
}

pub(super) fn is_present(headers: &[Header<'_>]) -> bool {
    !matches!(only(headers, "authorization"), Only::Absent)
}

fn credentials<'a>(headers: &[Header<'a>], scheme: &str) -> Result<&'a [u8], Refusal> {
    let value = match only(headers, "authorization") {
        Only::Absent => return Err(Refusal::CredentialMissing),
        Only::Several => return Err(Refusal::CredentialDuplicated),
        Only::One(value) => value,
    };
    if value.len() > LONGEST {
        return Err(Refusal::CredentialMalformed);
    }
    if value.contains(&b',') {
        return Err(Refusal::CredentialDuplicated);
    }
    let end = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
    let (found, rest) = value.split_at(end);
    if found.is_empty() {
        return Err(Refusal::CredentialMalformed);
    }
    if !found.eq_ignore_ascii_case(scheme.as_bytes()) {
        return Err(Refusal::CredentialOtherScheme);
    }
    match rest {
        [b' ', token @ ..] if !token.is_empty() && token.iter().all(u8::is_ascii_graphic) => Ok(token),
        _ => Err(Refusal::CredentialMalformed),
    }
}
