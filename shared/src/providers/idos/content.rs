//! A copy's content: in its row, or in the blob store (public code of 2026; whether production stores blobs already was
//! not found). An address is `ipfs://` and a CID; it names the bytes, so they are counted and hashed here again.
//!
//! | what | then |
//! | --- | --- |
//! | `ipfs://…` | asked for by the copy's id; where the gateway does not know that way (404), by the CID |
//! | found under neither | `content_unavailable` |
//! | not given to us (403), although its row is | `content_refused` |
//! | longer than is said, or than is read | `too_large` |
//! | other than was said: length, CID | `wrong_length`, `wrong_content` |
//! | `ukyc://…` and any other address | `unsupported_address`: another programme's access token would be needed |
//! | silence, 429, 5xx | an error: the copy was not read |
//!
//! A store that has lost a content for a moment, or has not got it yet, says 404 or 403 like one that never had it, and a
//! grant does not say how old it is. So these two say nothing of the credential: what was approved by it stays so, and is
//! not approved by it for the first time either (see `assess`). A status is read before a length: a page that explains an
//! error may be longer than a small content.

use data_encoding::{Encoding, Specification};
use ring::digest::{SHA256, digest};

use super::Idos;
use super::actions::{LONG, Place, Shared};
use super::credential::Flaw;
use crate::domain::ProviderId;
use crate::ports::{HttpError, Method, ProviderError, Reach, Request, Response};
use crate::providers::answer::{self, below};

/// What is read where the row does not say how much there is (public code).
const UNKNOWN_SIZE: usize = 20 * 1024 * 1024;
/// More is not read, whatever the row says.
const MOST: usize = 28 * 1024 * 1024;
/// An answer that is no content may be as long as this.
const EXPLAINED: usize = 64 * 1024;
/// Bytes of a file that stand together (public code).
const CHUNK: usize = 262_144;
/// Leaves of one node; more would need another level.
const LEAVES: usize = 174;

impl Idos {
    /// The box of a copy.
    pub(super) async fn boxed(
        &self,
        reach: Reach<'_>,
        shared: &mut Shared,
    ) -> Result<Result<Vec<u8>, Flaw>, ProviderError> {
        match &mut shared.place {
            Place::Here(found) => Ok(std::mem::replace(found, Err(Flaw::NoContent))),
            Place::At { uri, size } => match uri.strip_prefix("ipfs://") {
                Some(cid) if is_cid(cid) => self.blob(reach, &shared.copied.id, cid, *size).await,
                Some(_) | None => Ok(Err(Flaw::UnsupportedAddress)),
            },
        }
    }

    async fn blob(
        &self,
        reach: Reach<'_>,
        copy: &ProviderId,
        cid: &str,
        said: Option<i64>,
    ) -> Result<Result<Vec<u8>, Flaw>, ProviderError> {
        let said = said.map(|size| usize::try_from(size).unwrap_or(0));
        let limit = said.unwrap_or(UNKNOWN_SIZE);
        if limit > MOST {
            return Ok(Err(Flaw::TooLarge));
        }
        let mut answer = self.get(reach, &["credentials", copy.as_str()], limit).await?;
        if matches!(&answer, Ok(response) if response.status == 404) {
            answer = self.get(reach, &["ipfs", cid], limit).await?;
        }
        let bytes = match answer {
            Ok(Response { status: 404 | 410, .. }) => return Ok(Err(Flaw::ContentAway)),
            Ok(Response { status: 403, .. }) => return Ok(Err(Flaw::ContentRefused)),
            Err(HttpError::TooLong) => return Ok(Err(Flaw::TooLarge)),
            answer @ (Ok(_) | Err(_)) => answer::read(answer, |_| None)?.body,
        };
        if said.is_some_and(|said| said != bytes.len()) {
            return Ok(Err(Flaw::WrongLength));
        }
        if cid_of(&bytes).as_deref() != Some(cid) {
            return Ok(Err(Flaw::WrongContent));
        }
        Ok(Ok(bytes))
    }

    async fn get(
        &self,
        reach: Reach<'_>,
        below_blobs: &[&str],
        limit: usize,
    ) -> Result<Result<Response, HttpError>, ProviderError> {
        let url = below(&self.node.base, &[&["blob", "v1"], below_blobs].concat());
        let request = || {
            let mut request = Request::to_provider(Method::Get, url.clone());
            (request.limit, request.deadline) = (limit.max(EXPLAINED), LONG);
            request
        };
        let answer = self.node.session.within(reach, &request).await?;
        let too_long = matches!(&answer, Ok(response) if response.is_success() && response.body.len() > limit);
        Ok(if too_long { Err(HttpError::TooLong) } else { answer })
    }
}

fn is_cid(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with('b')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// The address that bytes have: CIDv1 in base 32 of SHA-256. Up to one chunk it is of the bytes themselves, else of a
/// node (dag-pb with UnixFS) that lists the chunks. None where one level does not do.
pub(super) fn cid_of(bytes: &[u8]) -> Option<String> {
    const RAW: u8 = 0x55;
    const NODE: u8 = 0x70;
    if bytes.len() <= CHUNK {
        return written(&identified(RAW, bytes));
    }
    let leaves: Vec<&[u8]> = bytes.chunks(CHUNK).collect();
    if leaves.len() > LEAVES {
        return None;
    }
    // UnixFS: 1 type (2, a file), 3 the whole length, 4 each leaf's
    let mut file = vec![0x08, 2, 0x18];
    file.extend(varint(bytes.len()));
    let mut node = Vec::new();
    for leaf in leaves {
        file.push(0x20);
        file.extend(varint(leaf.len()));
        // PBLink: 1 the CID, 2 a name (empty), 3 the length
        let mut link = field(0x0a, &identified(RAW, leaf));
        link.extend([0x12, 0, 0x18]);
        link.extend(varint(leaf.len()));
        node.extend(field(0x12, &link));
    }
    node.extend(field(0x0a, &file));
    written(&identified(NODE, &node))
}

/// Version 1, codec, SHA-256 of 32 bytes.
fn identified(codec: u8, bytes: &[u8]) -> Vec<u8> {
    [&[1, codec, 0x12, 0x20], digest(&SHA256, bytes).as_ref()].concat()
}

fn field(tag: u8, bytes: &[u8]) -> Vec<u8> {
    [&[tag][..], &varint(bytes.len()), bytes].concat()
}

fn varint(number: usize) -> Vec<u8> {
    let mut rest = number;
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(rest & 0x7f).unwrap_or(0);
        rest >>= 7;
        if rest == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn written(cid: &[u8]) -> Option<String> {
    Some(format!("b{}", base32()?.encode(cid)))
}

/// In lower case, not padded.
fn base32() -> Option<Encoding> {
    let mut alphabet = Specification::new();
    alphabet.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    alphabet.encoding().ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]
mod tests {
    use data_encoding::BASE64;
    use serde_json::Value;

    use super::*;

    const GOLDEN: &str = include_str!("../../../../tests/fixtures/idos/vector.blob-cid.json");
    const SMALL: &str = include_str!("../../../../tests/fixtures/idos/vector.box.small.json");
    const CREDENTIAL: &str = include_str!("../../../../tests/fixtures/idos/vector.box.credential.json");

    fn content(vector: &str) -> Vec<u8> {
        let vector: Value = serde_json::from_str(vector).unwrap();
        BASE64.decode(vector["content"].as_str().unwrap().as_bytes()).unwrap()
    }

    #[test]
    fn addresses_are_those_of_the_public_library() {
        let golden: Vec<Value> = serde_json::from_str(GOLDEN).unwrap();
        let files = [content(SMALL), content(CREDENTIAL), vec![0x61; 262_144], vec![0x61; 600_000]];
        assert_eq!(golden.len(), files.len());
        for (vector, file) in golden.iter().zip(files) {
            assert_eq!(vector["size"].as_u64(), u64::try_from(file.len()).ok());
            assert_eq!(cid_of(&file).as_deref(), vector["cid"].as_str());
            assert!(is_cid(vector["cid"].as_str().unwrap()));
        }
        assert_eq!(cid_of(&vec![0; CHUNK * LEAVES + 1]), None);
    }
}
