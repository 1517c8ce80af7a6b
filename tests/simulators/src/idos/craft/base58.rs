//! base58btc: of signatures and keys, so the slow way over all digits is fast enough.

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Each leading zero byte is a leading `1`.
pub fn encode(bytes: &[u8]) -> String {
    let digits = rebased(bytes, 256, 58);
    let zeros = bytes.iter().take_while(|byte| **byte == 0).map(|_| '1');
    let rest = digits.iter().rev().filter_map(|digit| ALPHABET.get(usize::from(*digit)).copied().map(char::from));
    zeros.chain(rest).collect()
}

/// Nothing if there is a character of another alphabet.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let place = |letter: u8| ALPHABET.iter().position(|known| *known == letter);
    let digits: Option<Vec<u8>> = text.bytes().map(|letter| u8::try_from(place(letter)?).ok()).collect();
    let zeros = text.bytes().take_while(|letter| *letter == b'1').map(|_| 0);
    Some(zeros.chain(rebased(&digits?, 58, 256).into_iter().rev()).collect())
}

/// Digits of base `from`, the biggest first, in base `to`, the smallest first, without zeros before the number.
fn rebased(digits: &[u8], from: u32, to: u32) -> Vec<u8> {
    let mut number: Vec<u8> = Vec::new();
    for digit in digits {
        let mut carry = u32::from(*digit);
        for place in &mut number {
            carry += u32::from(*place) * from;
            *place = u8::try_from(carry % to).unwrap_or(u8::MAX);
            carry /= to;
        }
        while carry > 0 {
            number.push(u8::try_from(carry % to).unwrap_or(u8::MAX));
            carry /= to;
        }
    }
    number
}
