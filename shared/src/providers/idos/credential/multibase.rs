//! Keys and signatures as multibase texts: `z` and base58btc (idOS SDK, `credentials`).

/// What stands before an Ed25519 key.
const ED25519: [u8; 2] = [0xed, 0x01];

/// An Ed25519 public key.
pub(super) fn key(text: &str) -> Option<[u8; 32]> {
    let bytes: [u8; 34] = decoded(text)?;
    bytes.strip_prefix(&ED25519)?.try_into().ok()
}

/// An Ed25519 signature.
pub(super) fn signature(text: &str) -> Option<[u8; 64]> {
    decoded(text)
}

/// Exactly so many bytes; more are not decoded.
fn decoded<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let length = bs58::decode(text.strip_prefix('z')?).onto(&mut bytes).ok()?;
    (length == N).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7";
    const SIGNATURE: &str = "z23ZCnheC6FGC5JfYJAu6uvKZfDXyGnaaigPMMGJU83LaRS5bbwBzrdkm7SbEzHMEn3LrJMxFTNBkmChpwA6UeMnm";

    #[test]
    fn only_whole_keys_and_signatures_are_read() {
        assert!(key(KEY).is_some() && signature(SIGNATURE).is_some());
        assert_eq!(key(SIGNATURE), None);
        assert_eq!(signature(KEY), None);
        for text in [
            "",
            "z",
            &KEY[1..],
            &KEY[..KEY.len() - 1],
            &format!("{KEY}1"),
            &KEY.replace('M', "0"),
            &KEY.replace('z', "m"),
        ] {
            assert_eq!(key(text), None, "{text}");
        }
        for text in ["", "z", &SIGNATURE[1..], &format!("{SIGNATURE}z"), &format!("z{}", "z".repeat(1_000_000))] {
            assert_eq!(signature(text), None);
        }
        // another kind of key: the letters of X25519
        assert_eq!(key("z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"), None);
    }
}
