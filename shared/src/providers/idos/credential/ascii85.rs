//! Files inside credentials: Ascii85 between `<~` and `~>`, `z` for four zero bytes (idOS docs, SDK). They are never
//! decoded as a whole: what is wanted is how large a file is and what its first bytes say that it is.

/// First bytes that are looked at.
const HEAD: usize = 16;
/// By the first bytes. No type is given with a file.
const TYPES: [(&[u8], &str); 5] = [
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
    (b"GIF8", "image/gif"),
    (b"II*\0", "image/tiff"),
];
const UNKNOWN: &str = "application/octet-stream";

/// What is between the marks.
pub(super) fn letters(text: &str) -> Option<&str> {
    text.strip_prefix("<~")?.strip_suffix("~>")
}

/// How many bytes they stand for. Letters that are none are passed over, as white space is.
pub(super) fn length(letters: &str) -> usize {
    let zeros = letters.bytes().filter(|letter| *letter == b'z').count();
    let digits = letters.bytes().filter(|letter| digit(*letter).is_some()).count();
    // of n + 1 letters n bytes
    let rest = (digits % 5).saturating_sub(1);
    zeros.saturating_mul(4).saturating_add((digits / 5).saturating_mul(4)).saturating_add(rest)
}

/// What the file is.
pub(super) fn media_type(letters: &str) -> &'static str {
    let head = head(letters);
    let is_iso = |brand: &[u8]| head.get(4..8) == Some(b"ftyp") && head.get(8..12) == Some(brand);
    let plain = TYPES.iter().find(|(first, _)| head.starts_with(first)).map(|(_, name)| *name);
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        "image/webp"
    } else if is_iso(b"heic") || is_iso(b"heix") || is_iso(b"mif1") {
        "image/heic"
    } else {
        plain.unwrap_or(UNKNOWN)
    }
}

fn head(letters: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + 4);
    let mut group = Vec::with_capacity(5);
    for letter in letters.bytes() {
        if bytes.len() >= HEAD {
            break;
        }
        match digit(letter) {
            Some(digit) => group.push(digit),
            None if letter == b'z' && group.is_empty() => bytes.extend([0; 4]),
            None => {}
        }
        if group.len() == 5 {
            bytes.extend(number(&group).to_be_bytes());
            group.clear();
        }
    }
    if let Some(rest) = group.len().checked_sub(1).filter(|_| bytes.len() < HEAD) {
        group.resize(5, 84);
        bytes.extend(number(&group).to_be_bytes().into_iter().take(rest));
    }
    bytes
}

fn digit(letter: u8) -> Option<u8> {
    letter.checked_sub(b'!').filter(|digit| *digit < 85)
}

/// A group beyond 32 bits is no file's; it wraps, and nothing is recognised.
fn number(group: &[u8]) -> u32 {
    group.iter().fold(0, |number: u32, digit| number.wrapping_mul(85).wrapping_add(u32::from(*digit)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops loudly")]

    use data_encoding::HEXLOWER;
    use serde_json::Value;

    use super::super::tests::fixture;
    use super::*;

    #[test]
    fn the_vectors_are_measured_and_begun() {
        let vectors: Vec<Value> = serde_json::from_value(fixture("vector.ascii85-file")).unwrap();
        assert!(vectors.len() > 4);
        for vector in vectors {
            let text = |name| vector.get(name).and_then(Value::as_str).unwrap();
            let bytes = HEXLOWER.decode(text("bytes_hex").as_bytes()).unwrap();
            let letters = letters(text("encoded")).unwrap();
            assert_eq!((length(letters), head(letters)), (bytes.len(), bytes), "{letters}");
        }
    }

    #[test]
    fn files_are_known_by_their_first_bytes() {
        for (text, media_type_, bytes) in [
            ("<~s4IA0!\"]~>", "image/jpeg", 6),
            ("<~,u@!!/MSk:+ELt.E,9(~>", "application/pdf", 15),
            ("<~zzzz~>", UNKNOWN, 16),
            ("<~~>", UNKNOWN, 0),
            ("<~s4IA0\n!\"]~>", "image/jpeg", 6),
            ("<~uuuuuuuuuu~>", UNKNOWN, 8),
        ] {
            let letters = letters(text).unwrap();
            assert_eq!((media_type(letters), length(letters)), (media_type_, bytes), "{text}");
        }
        for text in ["", "<~", "~>", "<~>", "abc", "<~abc"] {
            assert_eq!(letters(text), None, "{text}");
        }
    }
}
