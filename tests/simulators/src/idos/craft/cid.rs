//! Content addresses (§5.3): CIDv1 of a raw block, or of the node over raw leaves of 262,144 bytes.

use data_encoding::BASE32_NOPAD;

use super::keys::sha256;

pub const CHUNK: usize = 262_144;
/// More would need a further level.
pub const MOST_LEAVES: usize = 174;

const RAW: u8 = 0x55;
const DAG_PB: u8 = 0x70;

/// Of up to 174 leaves, that is 45 MB; none of more.
pub fn of(bytes: &[u8]) -> Option<String> {
    if bytes.len() <= CHUNK {
        return Some(written(&address(RAW, bytes)));
    }
    let leaves: Vec<&[u8]> = bytes.chunks(CHUNK).collect();
    (leaves.len() <= MOST_LEAVES).then(|| written(&address(DAG_PB, &node(&leaves, bytes.len()))))
}

/// Version, codec, digest's kind and length, digest.
fn address(codec: u8, block: &[u8]) -> Vec<u8> {
    [&[0x01, codec, 0x12, 0x20][..], &sha256(block)[..]].concat()
}

fn written(address: &[u8]) -> String {
    format!("b{}", BASE32_NOPAD.encode(address).to_ascii_lowercase())
}

/// A dag-pb node: its links first, then the UnixFS description of the file.
fn node(leaves: &[&[u8]], total: usize) -> Vec<u8> {
    let mut node = Vec::new();
    for leaf in leaves {
        let mut link = Vec::new();
        field(&mut link, 1, &address(RAW, leaf));
        field(&mut link, 2, b"");
        number(&mut link, 3, leaf.len());
        field(&mut node, 2, &link);
    }
    let mut file = Vec::new();
    number(&mut file, 1, 2);
    number(&mut file, 3, total);
    for leaf in leaves {
        number(&mut file, 4, leaf.len());
    }
    field(&mut node, 1, &file);
    node
}

/// A length-delimited field.
fn field(into: &mut Vec<u8>, place: usize, bytes: &[u8]) {
    varint(into, (place << 3) | 2);
    varint(into, bytes.len());
    into.extend_from_slice(bytes);
}

fn number(into: &mut Vec<u8>, place: usize, number: usize) {
    varint(into, place << 3);
    varint(into, number);
}

fn varint(into: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        into.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
        number >>= 7;
    }
    into.push(u8::try_from(number).unwrap_or_default());
}
