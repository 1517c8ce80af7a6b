//! A client's own P-521 key, as its operator makes one: the public half goes to Fractal, the private one into a secret.

use std::io;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    signature::{ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use data_encoding::BASE64;

/// Both halves as PEM.
#[derive(Clone)]
pub struct KeyPair {
    /// PKCS#8.
    pub private_key: String,
    /// SubjectPublicKeyInfo.
    pub public_key: String,
}

impl KeyPair {
    pub fn generate() -> io::Result<Self> {
        let failed = |_| io::Error::other("no key can be made");
        let pair = EcdsaKeyPair::generate(&ECDSA_P521_SHA512_FIXED_SIGNING).map_err(failed)?;
        let private = pair.to_pkcs8v1().map_err(failed)?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(failed)?;
        Ok(Self { private_key: pem("PRIVATE KEY", private.as_ref()), public_key: pem("PUBLIC KEY", public.as_ref()) })
    }
}

fn pem(what: &str, der: &[u8]) -> String {
    const LINE: usize = 64;
    let mut body = BASE64.encode(der);
    let mut lines = String::new();
    while body.len() > LINE {
        let rest = body.split_off(LINE);
        lines.push_str(&body);
        lines.push('\n');
        body = rest;
    }
    format!("-----BEGIN {what}-----\n{lines}{body}\n-----END {what}-----\n")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops loudly")]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use data_encoding::BASE64URL_NOPAD;

    use super::*;
    use crate::fractal::is_signed_by;

    #[test]
    fn what_the_private_half_signs_the_public_one_proves() {
        let keys = KeyPair::generate().unwrap();
        let body: String = keys.private_key.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = BASE64.decode(body.as_bytes()).unwrap();
        let signer = EcdsaKeyPair::from_pkcs8(&ECDSA_P521_SHA512_FIXED_SIGNING, &der).unwrap();
        let signature = signer.sign(&SystemRandom::new(), b"a.b").unwrap();
        let token = format!("a.b.{}", BASE64URL_NOPAD.encode(signature.as_ref()));
        assert!(is_signed_by(&keys.public_key, &token));
        assert!(!is_signed_by(&KeyPair::generate().unwrap().public_key, &token));
    }
}
