//! Random identifiers and tokens.

use data_encoding::HEXLOWER;
use ring::rand::{SecureRandom, SystemRandom};

/// A random UUID (version 4), lower case.
pub(crate) fn uuid() -> String {
    let mut bytes = random::<16>();
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
    *version = (*version & 0x0f) | 0x40;
    *variant = (*variant & 0x3f) | 0x80;
    let hex = HEXLOWER.encode(&bytes);
    let (a, rest) = hex.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    format!("{a}-{b}-{c}-{d}-{e}")
}

/// An opaque token of 32 random bytes.
pub(crate) fn token() -> String {
    HEXLOWER.encode(&random::<32>())
}

/// A number from 0 (included) to 1 (excluded).
pub(crate) fn share() -> f64 {
    f64::from(u32::from_be_bytes(random::<4>())) / (f64::from(u32::MAX) + 1.0)
}

#[expect(clippy::expect_used, reason = "a test tool without randomness stops loudly")]
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the system gives random bytes");
    bytes
}
