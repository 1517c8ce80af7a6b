#![expect(clippy::unwrap_used, clippy::panic, reason = "tests stop loudly")]

use super::{Binding, Digest, Fill, NoRandomness, OnboardingKey, OpenRefusal, Sealed, SealingKeyFault, SealingKeys};
use crate::secret::Secret;

const LINK: Binding<'_> = Binding { tenant: "acme", purpose: "link", context: &["onb_1", "1"] };

fn fill(byte: u8) -> impl Fn(&mut [u8]) -> Result<(), NoRandomness> {
    move |bytes| {
        bytes.fill(byte);
        Ok(())
    }
}

fn key(byte: u8) -> Secret {
    Secret::from(data_encoding::BASE64.encode(&[byte; 32]))
}

fn ring(bytes: &[u8]) -> SealingKeys {
    let texts: Vec<_> = bytes.iter().map(|byte| key(*byte)).collect();
    SealingKeys::read(&texts).ok().unwrap()
}

fn sealed(keys: &SealingKeys) -> Sealed {
    keys.seal(&fill(7), &LINK, b"https://idv.example/?id=1").unwrap()
}

fn refusal(opened: Result<Secret, OpenRefusal>) -> OpenRefusal {
    match opened {
        Err(refusal) => refusal,
        Ok(_) => panic!("it opened"),
    }
}

#[test]
fn what_was_sealed_opens_with_any_key_of_the_ring() {
    let old = sealed(&ring(&[1]));
    let rotated = ring(&[2, 1]);
    assert!(rotated.open(&LINK, &old).ok().unwrap().matches(b"https://idv.example/?id=1"));
    let new = sealed(&rotated);
    assert_ne!(old, new);
    assert_eq!(refusal(ring(&[1]).open(&LINK, &new)), OpenRefusal::UnknownKey);
}

#[test]
fn it_opens_for_nothing_else() {
    let keys = ring(&[1]);
    let others = [
        Binding { tenant: "acm", purpose: "elink", ..LINK },
        Binding { tenant: "globex", ..LINK },
        Binding { purpose: "state", ..LINK },
        Binding { context: &["onb_2", "1"], ..LINK },
        Binding { context: &["onb_11"], ..LINK },
        Binding { context: &[], ..LINK },
    ];
    for other in others {
        assert_eq!(refusal(keys.open(&other, &sealed(&keys))), OpenRefusal::NotAuthentic);
    }
}

#[test]
fn no_changed_bit_goes_unnoticed() {
    let keys = ring(&[1]);
    let bytes = data_encoding::BASE64URL_NOPAD.decode(sealed(&keys).as_str().as_bytes()).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        *changed.get_mut(bit / 8).unwrap() ^= 1 << (bit % 8);
        let changed = Sealed::from_text(data_encoding::BASE64URL_NOPAD.encode(&changed));
        assert!(keys.open(&LINK, &changed).is_err(), "bit {bit}");
    }
}

#[test]
fn what_is_not_sealed_is_refused() {
    let keys = ring(&[1]);
    for text in ["", "x", "AQ", "AQAAAAAAAAAAAAAAAAAAAAAA", "not base64!", "AQAA=="] {
        assert_eq!(refusal(keys.open(&LINK, &Sealed::from_text(text))), OpenRefusal::Malformed, "{text}");
    }
}

#[test]
fn two_sealings_of_one_value_differ_by_their_nonce() {
    let keys = ring(&[1]);
    let again = keys.seal(&fill(8), &LINK, b"https://idv.example/?id=1").unwrap();
    assert_ne!(sealed(&keys), again);
    let system: Fill<'_> = &super::system_randomness;
    assert!(keys.seal(system, &LINK, b"").is_ok());
}

#[test]
fn without_randomness_nothing_is_sealed() {
    let none: Fill<'_> = &|_| Err(NoRandomness);
    assert!(ring(&[1]).seal(none, &LINK, b"x").is_err());
    assert!(OnboardingKey::generate(none).is_err());
}

#[test]
fn a_key_list_must_be_whole() {
    let read = |texts: &[Secret]| SealingKeys::read(texts).err().unwrap();
    assert_eq!(read(&[]), SealingKeyFault::None);
    assert_eq!(read(&[key(1), Secret::from("c2hvcnQ=".to_owned())]), SealingKeyFault::NotAKey(1));
    assert_eq!(read(&[Secret::from("not base64".to_owned())]), SealingKeyFault::NotAKey(0));
    assert_eq!(read(&[key(1), key(2), key(1)]), SealingKeyFault::Repeated(2));
    let told = serde_json::from_str::<SealingKeys>(r#"["AAAA"]"#).err().unwrap().to_string();
    assert!(told.contains("sealing_keys[0]"), "{told}");
    assert!(!told.contains("AAAA"), "{told}");
}

#[test]
fn erasing_the_wrapped_key_erases_what_it_sealed() {
    let keys = ring(&[1]);
    let own = OnboardingKey::generate(&fill(9)).unwrap();
    let wrapped = own.wrap(&keys, &fill(3), "acme", "onb_1").unwrap();
    let value = own.seal(&fill(4), &LINK, b"value").unwrap();
    // With the wrapped key, after a rotation of the tenant's keys.
    let found = ring(&[2, 1]).unwrap_key("acme", "onb_1", &wrapped).ok().unwrap();
    assert!(found.open(&LINK, &value).ok().unwrap().matches(b"value"));
    assert_eq!(found.digest(&LINK, b"x"), own.digest(&LINK, b"x"));
    // Without it the tenant's keys open nothing, nor does another onboarding's key.
    assert_eq!(refusal(keys.open(&LINK, &value)), OpenRefusal::UnknownKey);
    let other = OnboardingKey::generate(&fill(10)).unwrap();
    assert_eq!(refusal(other.open(&LINK, &value)), OpenRefusal::UnknownKey);
    // The wrapped key is the onboarding's alone.
    assert!(keys.unwrap_key("acme", "onb_2", &wrapped).is_err());
    assert!(keys.unwrap_key("globex", "onb_1", &wrapped).is_err());
}

#[test]
fn digests_are_bound_and_survive_a_rotation() {
    let (old, rotated) = (ring(&[1]), ring(&[2, 1]));
    let known = old.digest(&LINK, b"content");
    assert_eq!(old.digest(&LINK, b"content"), known);
    assert_ne!(old.digest(&LINK, b"other"), known);
    assert_ne!(old.digest(&Binding { purpose: "claim", ..LINK }, b"content"), known);
    assert_ne!(rotated.digest(&LINK, b"content"), known);
    assert_eq!(rotated.matches(&LINK, b"content", &known), Some(true));
    assert_eq!(rotated.matches(&LINK, b"other", &known), Some(false));
    assert_eq!(ring(&[2]).matches(&LINK, b"content", &known), None);
    let all: Vec<Digest> = rotated.digests(&LINK, b"content");
    assert_eq!(all, [rotated.digest(&LINK, b"content"), known]);
}
