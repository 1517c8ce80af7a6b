//! What proves a webhook of these generations: the composed signatures of the fixtures, and whatever a header looks like.

use data_encoding::{BASE64, HEXLOWER};
use idv_simulators::fractal::{Generation, HEADER, signature};
use serde_json::Value;

use super::desk::{GENERATIONS, SECRET, fixture, judged};

const BODY: &[u8] = br#"{"id":"USER_ID","status":"approved","note":""}"#;

/// Those of the own rule hold or not as they say; those of the other generation never hold, with their own secret either.
#[test]
fn the_composed_signatures_are_judged_as_they_say() {
    let (mut held, mut refused) = (0, 0);
    for row in fixture("signed-webhooks.composed").as_array().unwrap() {
        let text = |member: &str| row[member].as_str().unwrap();
        let body = BASE64.decode(text("body_base64").as_bytes()).unwrap();
        let headers: Vec<(&str, &str)> = row["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        let own = text("scheme") == "hmac-sha256-bare-hex";
        let holds = own && row["valid"] == true;
        for generation in GENERATIONS {
            let found = judged(generation, text("secret_utf8"), &headers, &body);
            assert_eq!(found.is_ok(), holds, "{}", text("name"));
            if let Err(code) = found {
                assert!(matches!(code, "signature_malformed" | "signature_mismatch"), "{code}: {}", text("name"));
                assert!(own || code == "signature_malformed", "{code}: {}", text("name"));
                refused += 1;
            } else {
                held += 1;
            }
        }
    }
    assert!(held >= 2 && refused >= 10, "{held} {refused}");
}

/// A right HMAC-SHA1 under the same secret, with the prefix that the classic way has or without: the header never chooses.
#[test]
fn no_header_chooses_its_rule() {
    let (own, classic) = (signature(Generation::Verifier, SECRET, BODY), signature(Generation::Classic, SECRET, BODY));
    let bare = classic.strip_prefix("sha1=").unwrap();
    let again: Value = serde_json::from_slice(BODY).unwrap();
    let rewritten = signature(Generation::Verifier, SECRET, again.to_string().as_bytes());
    let base64 = BASE64.encode(&HEXLOWER.decode(own.as_bytes()).unwrap());
    for generation in GENERATIONS {
        let one = |value: &str| judged(generation, SECRET, &[(HEADER, value)], BODY).map(drop);
        assert_eq!(one(&own), Ok(()));
        for (value, refused) in [
            (classic.as_str(), "signature_malformed"),
            (bare, "signature_malformed"),
            (&format!("sha1={own}"), "signature_malformed"),
            (&format!("sha256={own}"), "signature_malformed"),
            (&own.to_uppercase(), "signature_malformed"),
            (&own[..63], "signature_malformed"),
            (&format!("{own}0"), "signature_malformed"),
            (&format!(" {own}"), "signature_malformed"),
            (&format!("{own},{own}"), "signature_malformed"),
            (&base64, "signature_malformed"),
            (&rewritten, "signature_mismatch"),
            (&"0".repeat(64), "signature_mismatch"),
        ] {
            assert_eq!(one(value), Err(refused), "{value}");
        }
        assert_eq!(judged(generation, SECRET, &[], BODY).map(drop), Err("signature_missing"));
        let twice = [(HEADER, own.as_str()), (HEADER, own.as_str())];
        assert_eq!(judged(generation, SECRET, &twice, BODY).map(drop), Err("signature_duplicated"));
        let cased = [("x-fractal-signature", own.as_str())];
        assert_eq!(judged(generation, SECRET, &cased, BODY).map(drop), Ok(()), "names of headers have no case");
    }
}
