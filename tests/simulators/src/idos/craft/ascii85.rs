//! Files inside credentials (§7.4): Ascii85 in `<~` `~>`, `z` for four zero bytes, no other short form.

pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::from("<~");
    for group in bytes.chunks(4) {
        if group == [0; 4] {
            text.push('z');
        } else {
            write(&mut text, group);
        }
    }
    text.push_str("~>");
    text
}

/// Of n bytes n + 1 letters.
fn write(text: &mut String, group: &[u8]) {
    let filled = group.iter().copied().chain([0; 4]).take(4);
    let mut number = filled.fold(0_u32, |number, byte| (number << 8) | u32::from(byte));
    let mut letters = [0_u8; 5];
    for letter in letters.iter_mut().rev() {
        *letter = u8::try_from(number % 85).unwrap_or_default() + b'!';
        number /= 85;
    }
    text.extend(letters.iter().take(group.len() + 1).copied().map(char::from));
}
