//! What providers write, read with care: ids that are UUIDs, and words that may be kept.

use crate::domain::ProviderId;

/// A UUID in lower case, so that one resource is one key (an integrator saw the case differ between answers). The nil
/// UUID names nothing: it is what an unset one is written as.
pub(crate) fn uuid(text: &str) -> Option<ProviderId> {
    let shaped = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    let named = text.bytes().any(|byte| !matches!(byte, b'0' | b'-'));
    if shaped && named { ProviderId::parse(text.to_ascii_lowercase()).ok() } else { None }
}

/// Whether a text of the provider is that UUID.
pub(crate) fn is(text: &str, id: &ProviderId) -> bool {
    text.eq_ignore_ascii_case(id.as_str())
}

/// What stands where a word should and is none, so that free text, which may be personal data, is not kept.
pub(crate) const NOT_A_WORD: &str = "not_a_word";

/// A word of a provider that may be kept and shown.
pub(crate) fn word(text: &str) -> &str {
    let plain = !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    if plain { text } else { NOT_A_WORD }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_uuid_is_one() {
        let id = uuid("7A1F3C94-2b5d-4e6f-8a90-b1c2d3e4f501");
        assert_eq!(id.as_ref().map(ProviderId::as_str), Some("7a1f3c94-2b5d-4e6f-8a90-b1c2d3e4f501"));
        for text in [
            "",
            "7a1f3c942b5d4e6f8a90b1c2d3e4f501",
            "7a1f3c94-2b5d-4e6f-8a90-b1c2d3e4f50",
            "7a1f3c94-2b5d-4e6f-8a90-b1c2d3e4f5011",
            "7a1f3c94-2b5d-4e6f-8a90-b1c2d3e4f50g",
            "7a1f3c94/2b5d/4e6f/8a90/b1c2d3e4f501",
            "00000000-0000-0000-0000-000000000000",
            "{7a1f3c94-2b5d-4e6f-8a90-b1c2d3e4f5}",
        ] {
            assert_eq!(uuid(text), None, "{text}");
        }
    }

    #[test]
    fn free_text_is_no_word() {
        assert_eq!(word("PoorPhotoQuality"), "PoorPhotoQuality");
        for text in ["", "Jane Example", "jane@example.com", "a\nb", &"x".repeat(65)] {
            assert_eq!(word(text), NOT_A_WORD, "{text}");
        }
    }
}
