//! Every vector of the fixtures, against the simulator's own code for it.

use data_encoding::{BASE64, HEXLOWER};
use idv_simulators::idos::{
    Issuer,
    craft::{
        ascii85, base58, cid, keys,
        kwil::{self, Argument, Called, Undecodable},
        quads, sealed,
        texts::{self, Challenge, Transaction},
        verifiable::{self, Unproven},
    },
};
use serde_json::{Value, json};

use super::client::{Arg, SEED, fixture, payload};
use crate::support::text;

fn hex<const N: usize>(value: &Value) -> [u8; N] {
    HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap().try_into().unwrap()
}

fn base64(value: &Value) -> Vec<u8> {
    BASE64.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

fn key(value: &Value) -> [u8; 32] {
    base64(value).try_into().unwrap()
}

#[test]
fn boxes() {
    for name in ["vector.box.small.json", "vector.box.credential.json"] {
        let vector = fixture(name);
        let (ours, theirs) = (key(&vector["encryptor_secret_key_base64"]), key(&vector["recipient_secret_key_base64"]));
        assert_eq!(sealed::public(&ours), key(&vector["encryptor_public_key"]), "{name}");
        let recipient = sealed::public(&theirs);
        assert_eq!(recipient, key(&vector["recipient_public_key_base64"]), "{name}");
        let plaintext = text(&vector, "/plaintext_utf8");
        let made = sealed::seal(plaintext.as_bytes(), &recipient, &ours, &hex(&vector["nonce_hex"]));
        assert_eq!(BASE64.encode(&made), text(&vector, "/content"), "{name}");
        assert_eq!(sealed::open(&made, &sealed::public(&ours), &theirs), Some(plaintext.into_bytes()), "{name}");
        for shorter in [0, 23, 24, 39, made.len() - 1] {
            assert_eq!(sealed::open(&made[..shorter], &sealed::public(&ours), &theirs), None, "{name}: {shorter}");
        }
        if let Some(digest) = vector.get("plaintext_sha256_hex") {
            assert_eq!(keys::sha256(text(&vector, "/plaintext_utf8").as_bytes()), hex(digest));
        }
    }
    let spoilt = fixture("vector.box.tampered.must-fail.json");
    let (sender, secret) = (key(&spoilt["encryptor_public_key"]), key(&spoilt["recipient_secret_key_base64"]));
    assert_eq!(sealed::open(&base64(&spoilt["content"]), &sender, &secret), None);
}

#[test]
fn login_texts() {
    let vectors = fixture("vector.kgw-login.json");
    for vector in vectors.as_array().unwrap() {
        let said = |name: &str| text(vector, &format!("/authn_param/{name}"));
        let challenge = Challenge {
            nonce: said("nonce"),
            statement: said("statement"),
            issue_at: said("issue_at"),
            expiration_time: said("expiration_time"),
            chain_id: said("chain_id"),
            domain: said("domain"),
            version: said("version"),
            uri: said("uri"),
        };
        let message = texts::login(&challenge);
        assert_eq!(message, text(vector, "/message_utf8"));
        let seed = hex(&vector["ed25519_seed_hex"]);
        assert_eq!(seed, SEED);
        let public = keys::public(&seed);
        assert_eq!(public, hex(&vector["ed25519_public_key_hex"]));
        let signature = base64(&vector["signature_base64"]);
        assert_eq!(keys::sign(&seed, message.as_bytes()).to_vec(), signature);
        assert!(keys::verifies(&public, message.as_bytes(), &signature));
        assert!(!keys::verifies(&public, message.replace("Issue At", "Issued At").as_bytes(), &signature));
        assert!(!keys::verifies(&public, message.as_bytes(), &signature[1..]));
    }
    assert_eq!(vectors.as_array().unwrap().len(), 2);
}

fn argument(said: &Value) -> Argument {
    let text = || said["value"].as_str().map(str::to_owned);
    match said["type"].as_str().unwrap() {
        "uuid" => Argument::Uuid(text()),
        "text" => Argument::Text(text()),
        "int8" => Argument::Int8(said["value"].as_i64()),
        other => Argument::Text(Some(format!("no {other} in the vectors"))),
    }
}

fn arguments(said: &Value) -> Vec<Argument> {
    said.as_array().unwrap().iter().map(argument).collect()
}

/// The decoder, and the encoder that these tests call with.
#[test]
fn payloads() {
    let vectors = fixture("vector.kwil-call-encoding.json");
    for vector in vectors.as_array().unwrap() {
        let bytes = HEXLOWER.decode(text(vector, "/payload_hex").as_bytes()).unwrap();
        assert_eq!(bytes, base64(&vector["payload_base64"]));
        let (namespace, action) = (text(vector, "/namespace"), text(vector, "/action"));
        let batches = vec![arguments(&vector["args"])];
        let encoded = payload(&namespace, &action, &args(&batches[0]), false);
        assert_eq!(HEXLOWER.encode(&encoded), text(vector, "/payload_hex"));
        assert_eq!(kwil::call(&bytes), Ok(Called { namespace, action, batches }));
        for shorter in 0..bytes.len() {
            assert!(kwil::call(&bytes[..shorter]).is_err(), "{shorter} bytes of {vector}");
        }
        assert_eq!(kwil::call(&[&bytes[..], &[0]].concat()), Err(Undecodable::TooLong));
    }
    assert_eq!(vectors.as_array().unwrap().len(), 7);
    let bytes = payload("main", "a", &[Arg::Bool(Some(true)), Arg::Bool(None)], false);
    let batches = vec![vec![Argument::Bool(Some(true)), Argument::Bool(None)]];
    assert_eq!(kwil::call(&bytes).unwrap().batches, batches);
}

fn args(of: &[Argument]) -> Vec<Arg<'_>> {
    of.iter().map(arg).collect()
}

fn arg(of: &Argument) -> Arg<'_> {
    match of {
        Argument::Uuid(text) => Arg::Uuid(text.as_deref()),
        Argument::Text(text) => Arg::Text(text.as_deref()),
        Argument::Int8(number) => Arg::Int8(*number),
        Argument::Bool(truth) => Arg::Bool(*truth),
    }
}

/// The type's description is the only big-endian length: little-endian there must not be read.
#[test]
fn payloads_of_the_wrong_endianness() {
    let good = payload("main", "get_sibling_credential_id", &[Arg::Text(Some("ab"))], false);
    let place = good.windows(8).position(|it| it == [0, 0, 0, 4, b't', b'e', b'x', b't']).unwrap();
    let mut turned = good.clone();
    turned[place..place + 4].copy_from_slice(&[4, 0, 0, 0]);
    assert_eq!((kwil::call(&good).is_ok(), kwil::call(&turned)), (true, Err(Undecodable::TooShort)));
    let mut version = good.clone();
    version[0] = 1;
    assert_eq!(kwil::call(&version), Err(Undecodable::Version));
    let renamed = String::from_utf8_lossy(&good).replace("text", "blob").into_bytes();
    assert_eq!(kwil::call(&renamed), Err(Undecodable::UnknownType));
}

#[test]
fn transactions() {
    let vector = fixture("vector.kwil-execute.json");
    let bytes = base64(&vector["payload_base64"]);
    assert_eq!(HEXLOWER.encode(&bytes), text(&vector, "/payload_hex"));
    let called = kwil::execution(&bytes).unwrap();
    assert_eq!((called.namespace, called.action), (text(&vector, "/namespace"), text(&vector, "/action")));
    assert_eq!(called.batches, vec![arguments(&vector["batches"][0])]);
    assert_eq!(texts::digest(&bytes), text(&vector, "/payload_digest_hex"));
    let said = Transaction {
        description: "Rescind a shared credential as a grantee",
        payload_type: "execute",
        fee: "0",
        nonce: 7,
        chain_id: "idos-example-1",
    };
    let message = texts::transaction(&said, &bytes);
    assert_eq!(message, text(&vector, "/message_utf8"));
    let signature = keys::sign(&hex(&vector["ed25519_seed_hex"]), message.as_bytes());
    assert_eq!(BASE64.encode(&signature), text(&vector, "/signature_base64"));
    let whole = fixture("rpc.user-broadcast.rescind-shared-credential.request.json");
    assert_eq!(whole["params"]["tx"]["signature"]["sig"], vector["signature_base64"]);
}

#[test]
fn calls_in_private_mode() {
    let vector = fixture("vector.private-mode-call-signature.json");
    let (bytes, challenge) = (base64(&vector["payload"]), base64(&vector["challenge_b64"]));
    let message = texts::private_call("main", "get_credential_shared", &bytes, &challenge);
    assert_eq!((texts::digest(&bytes), &message), (text(&vector, "/digest"), &text(&vector, "/text")));
    let signature = keys::sign(&hex(&vector["ed25519_seed_hex"]), message.as_bytes());
    assert_eq!(BASE64.encode(&signature), text(&vector, "/sig"));
}

#[test]
fn proofs() {
    let vector = fixture("vector.vc-proof.json");
    let signed = fixture(&text(&vector, "/credential_file"));
    assert_eq!(quads::options(&signed["proof"]).unwrap(), text(&vector, "/canonical_proof_options_nquads"));
    assert_eq!(quads::document(&signed).unwrap(), text(&vector, "/canonical_document_nquads"));
    let bytes = verifiable::signed_bytes(&signed, &signed["proof"]).unwrap();
    assert_eq!(HEXLOWER.encode(&bytes), text(&vector, "/signed_bytes_hex"));
    assert!(text(&vector, "/signed_bytes_hex").starts_with(&text(&vector, "/sha256_proof_options_hex")));
    assert!(text(&vector, "/signed_bytes_hex").ends_with(&text(&vector, "/sha256_document_hex")));
    let issuer = Issuer::default();
    assert_eq!(issuer.seed, hex(&vector["signing_seed_hex"]));
    let card = issuer.card();
    assert_eq!((card.base_url.clone(), card.controller), (text(&vector, "/issuer_base"), text(&vector, "/controller")));
    let multibase = text(&vector, "/public_key_multibase");
    assert_eq!(card.public_key_multibase, multibase);
    assert_eq!(verifiable::key_id(&issuer.base), text(&vector, "/verification_method"));

    let mut again = signed.clone();
    again.as_object_mut().unwrap().remove("proof");
    assert_eq!(verifiable::verify(&again, &issuer.base, &multibase), Err(Unproven::Missing));
    verifiable::sign(&mut again, &issuer.base, &issuer.seed, "2026-01-15T10:00:00Z").unwrap();
    assert_eq!((&again, &again["proof"]["proofValue"]), (&signed, &vector["proof_value"]));

    let verdict = |name: &str| verifiable::verify(&fixture(name), &issuer.base, &multibase);
    assert_eq!(verdict("credential.plaintext.signed.json"), Ok(()));
    assert_eq!(verdict("credential.plaintext.fields-swapped.still-verifies.json"), Ok(()));
    assert_eq!(verdict("credential.plaintext.tampered.must-fail.json"), Err(Unproven::Signature));
    let legacy = fixture("credential.plaintext.unsigned.fractal-legacy-schema.json");
    assert_eq!(quads::document(&legacy), Err(quads::Unsignable::Context));
    let other = keys::multibase(&keys::public(&SEED));
    assert_eq!(verifiable::verify(&signed, &issuer.base, &other), Err(Unproven::Signature));
    assert_eq!(verifiable::verify(&signed, "https://other.example", &multibase), Err(Unproven::Issuer));
}

#[test]
fn what_needs_escapes_and_what_has_no_id() {
    let mut face = fixture("credential.plaintext.signed.json");
    let context = idv_simulators::idos::SubjectContext::Face.url();
    face["credentialSubject"] = json!({"@context": context, "faceSignUserId": "a\\b\"c\nd\re"});
    let quads = quads::document(&face).unwrap();
    assert!(quads.contains("_:c14n0 <http://www.w3.org/2001/XMLSchema#string> \"a\\\\b\\\"c\\nd\\re\" .\n"), "{quads}");
    assert!(quads.contains("#credentialSubject> _:c14n0 .\n"), "{quads}");
    face["credentialSubject"]["firstName"] = json!("Testa");
    assert_eq!(quads::document(&face), Err(quads::Unsignable::Property("firstName".to_owned())));
}

#[test]
fn content_addresses() {
    let vectors = fixture("vector.blob-cid.json");
    let content = |name: &str| base64(&fixture(name)["content"]);
    let inputs = [
        content("vector.box.small.json"),
        content("vector.box.credential.json"),
        vec![0x61; 262_144],
        vec![0x61; 600_000],
    ];
    assert_eq!(vectors.as_array().unwrap().len(), inputs.len());
    for (vector, input) in vectors.as_array().unwrap().iter().zip(&inputs) {
        assert_eq!(vector["size"], input.len());
        assert_eq!(cid::of(input), Some(text(vector, "/cid")), "{vector}");
    }
    assert_eq!(cid::of(&vec![0; cid::CHUNK * cid::MOST_LEAVES + 1]), None);
    let blob = fixture("rpc.call.get-credential-shared.response.blob.json");
    let row = super::client::rows(&blob).remove(0);
    assert_eq!(row["content_uri"], format!("ipfs://{}", cid::of(&inputs[1]).unwrap()));
}

#[test]
fn files() {
    let vectors = fixture("vector.ascii85-file.json");
    for vector in vectors.as_array().unwrap() {
        let bytes = HEXLOWER.decode(text(vector, "/bytes_hex").as_bytes()).unwrap();
        assert_eq!(ascii85::encode(&bytes), text(vector, "/encoded"));
    }
    assert_eq!(vectors.as_array().unwrap().len(), 6);
}

#[test]
fn identifiers() {
    let grants = fixture("rpc.call.get-access-grants-for-credential.response.json");
    let grant = super::client::rows(&grants).remove(0);
    let namespace = hex(&json!("31276fd4105f4ff79f64644942c14b79"));
    let said = |name: &str| grant[name].as_str().unwrap().to_owned();
    let name = format!("{}-{}-{}", said("ag_grantee_wallet_identifier"), said("data_id"), grant["locked_until"]);
    assert_eq!(keys::uuid_of_name(&namespace, &name), said("id"));
    for bytes in [&b""[..], &[0, 0, 1], &[0], &[255; 40], b"Hello World!"] {
        assert_eq!(base58::decode(&base58::encode(bytes)).as_deref(), Some(bytes));
    }
    assert_eq!((base58::encode(b"Hello World!").as_str(), base58::decode("0")), ("2NEpo7TZRRrLZSi2U", None));
}

/// These are of the Relay, which another simulator plays.
const OF_THE_RELAY: &str = "relay.";

/// A fixture that comes without a test would document nothing.
#[test]
fn every_fixture_is_met() {
    const TESTS: [&str; 7] = [
        include_str!("calls.rs"),
        include_str!("contents.rs"),
        include_str!("credentials.rs"),
        include_str!("grants.rs"),
        include_str!("login.rs"),
        include_str!("manners.rs"),
        include_str!("vectors.rs"),
    ];
    let folder = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/idos");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let all: Vec<String> = names.filter(|name| name.ends_with(".json")).collect();
    assert_eq!(all.len(), 50);
    for name in all.iter().filter(|name| !name.starts_with(OF_THE_RELAY)) {
        assert!(TESTS.iter().any(|test| test.contains(&format!("\"{name}\""))), "{name}");
    }
}
