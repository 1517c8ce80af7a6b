//! Copies of one credential, good and bad, each looked at under every policy.

use std::time::Duration;

use crypto_box::aead::Aead;
use crypto_box::{Nonce, PublicKey, SalsaBox, SecretKey};
use data_encoding::{BASE64, HEXLOWER};
use idv_gateway::domain::Timestamp;
use idv_gateway::providers::idos::reference;
use serde_json::{Value, json};

use super::node::{self, Copy, USER};
use crate::ReferenceError;
use crate::cases::wrong;
use crate::staged::{Staged, at_once, meaning, set};
use crate::table::code;

pub(super) const CONNECTION: &str = "idos";
const POLICIES: [&str; 3] = ["review", "accept", "refuse"];
/// The issuer's own key for copies, as the configuration of the stage lists it.
const SIGNER: &str = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c";
/// Of the credential of the fixtures: issued in January 2026, for ten years.
const ISSUED: Timestamp = Timestamp::from_millis(1_768_471_200_000);

const SIGNED: &str = include_str!("../../../../tests/fixtures/idos/credential.plaintext.signed.json");
const SWAPPED: &str =
    include_str!("../../../../tests/fixtures/idos/credential.plaintext.fields-swapped.still-verifies.json");
const TAMPERED: &str = include_str!("../../../../tests/fixtures/idos/credential.plaintext.tampered.must-fail.json");
const LEGACY: &str =
    include_str!("../../../../tests/fixtures/idos/credential.plaintext.unsigned.fractal-legacy-schema.json");
const BOX: &str = include_str!("../../../../tests/fixtures/idos/vector.box.credential.json");
const PROOF: &str = include_str!("../../../../tests/fixtures/idos/vector.vc-proof.json");

/// Every flaw with its sentence and what it means, where the setting `user_shared` is `review`.
pub(super) fn flaws() -> Vec<Vec<String>> {
    let row = |(flaw, text, means): (&str, &str, _)| vec![code(flaw), text.to_owned(), meaning(&means)];
    reference::flaws().map(row).collect()
}

/// What is looked at, when, and what else the configuration says.
struct Case {
    copies: Vec<Copy>,
    at: Timestamp,
    level: &'static str,
    issuer: Issuer,
}

/// What the connection knows of the credential's issuer.
#[derive(Clone, Copy)]
enum Issuer {
    Listed,
    WithAnotherKey,
    NotListed,
}

impl Case {
    fn of(copies: Vec<Copy>) -> Self {
        Self { copies, at: ISSUED + Duration::from_secs(3600), level: "basic", issuer: Issuer::Listed }
    }
}

pub(super) fn rows() -> Result<Vec<Vec<String>>, ReferenceError> {
    let maker = Maker::new()?;
    let good = |inserter| maker.copy(1, SIGNED, inserter);
    let issuer = "delegated_write_grant";
    let truncated = Copy { content: Some(BASE64.encode(&[7; 30])), ..good(issuer)? };
    let nowhere = Copy { content: None, ..good(issuer)? };
    let other_key = Copy { encryptor: BASE64.encode(&[9; 32]), ..good(issuer)? };
    let revoked = Copy { notes: json!({"status": "revoked"}), ..good(issuer)? };
    let throw_away = Copy { signer: "00".repeat(32), ..good(issuer)? };
    let no_original = Copy { original: false, ..good("user")? };
    let ten_years = Duration::from_secs(3660 * 24 * 3600);
    let rows = [
        ("none yet", Case::of(Vec::new())),
        ("good, the issuer inserted it", Case::of(vec![good(issuer)?])),
        ("good, the person inserted it", Case::of(vec![good("user")?])),
        ("good, the person inserted it, and the issuer signed no original of it", Case::of(vec![no_original])),
        ("good, a write grant, but a key that is none of `signers`", Case::of(vec![throw_away])),
        ("fields of different forms swapped, the person inserted it", Case::of(vec![maker.copy(1, SWAPPED, "user")?])),
        (
            "first and family name swapped, the person inserted it",
            Case::of(vec![maker.copy(1, &names_swapped()?, "user")?]),
        ),
        ("a value changed", Case::of(vec![maker.copy(1, TAMPERED, issuer)?])),
        ("encrypted for another key, or changed on the way", Case::of(vec![other_key])),
        ("a truncated box", Case::of(vec![truncated])),
        ("no content", Case::of(vec![nowhere])),
        ("an issuer that is not listed", Case { issuer: Issuer::NotListed, ..Case::of(vec![good(issuer)?]) }),
        (
            "an issuer that is listed with another key",
            Case { issuer: Issuer::WithAnotherKey, ..Case::of(vec![good(issuer)?]) },
        ),
        ("contexts of an older schema", Case::of(vec![maker.copy(1, LEGACY, issuer)?])),
        ("less than what was asked", Case { level: "plus+liveness+email", ..Case::of(vec![good(issuer)?]) }),
        ("expired", Case { at: ISSUED + ten_years, ..Case::of(vec![good(issuer)?]) }),
        (
            "dated in the future",
            Case { at: Timestamp::from_millis(ISSUED.millis() - 86_400_000), ..Case::of(vec![good(issuer)?]) },
        ),
        ("revoked by its notes", Case::of(vec![revoked])),
        (
            "two: one changed, one good by the issuer",
            Case::of(vec![maker.copy(1, TAMPERED, issuer)?, maker.copy(2, SIGNED, issuer)?]),
        ),
        (
            "two: one good by the person, one good by the issuer",
            Case::of(vec![maker.copy(1, SIGNED, "user")?, maker.copy(2, SIGNED, issuer)?]),
        ),
    ];
    let mut table = Vec::new();
    for (title, case) in rows {
        table.push(row(title, &maker, &case, false)?);
    }
    let taken_back = Case::of(vec![good(issuer)?]);
    table.push(row("good by the issuer, and not granted any more", &maker, &taken_back, true)?);
    Ok(table)
}

/// A swap that no look at the fields can see.
fn names_swapped() -> Result<String, ReferenceError> {
    let mut credential: Value = serde_json::from_str(SIGNED).map_err(|error| wrong(error.to_string()))?;
    let places = ["firstName", "familyName"].map(|name| format!("/credentialSubject/{name}"));
    let [first, family] = places.each_ref().map(|place| credential.pointer(place).cloned().unwrap_or_default());
    let [one, other] = &places;
    set(&mut credential, one, family)?;
    set(&mut credential, other, first)?;
    Ok(credential.to_string())
}

fn row(title: &str, maker: &Maker, case: &Case, gone: bool) -> Result<Vec<String>, ReferenceError> {
    let mut row = vec![title.to_owned()];
    for policy in POLICIES {
        let means = looked(maker, case, policy, gone)?;
        row.push(if row.get(1) == Some(&means) { "the same".to_owned() } else { means });
    }
    Ok(row)
}

fn looked(maker: &Maker, case: &Case, policy: &str, gone: bool) -> Result<String, ReferenceError> {
    let stage = Staged::of(CONNECTION, &maker.configures(case.issuer, policy))?;
    stage.now_is(case.at);
    let node = node::with(case.copies.clone());
    stage.answers(move |call| Ok(node(call)));
    let run = stage.begun(json!({"user_id": USER}), json!({"level": case.level}))?;
    if !gone {
        return stage.looked(&run);
    }
    // as the ledger remembers a part that a complete look did not find any more
    let connection = stage.connection()?;
    let found = at_once(connection.account.look(stage.reach(connection), &run))?;
    let mut parts = found.map_err(|error| wrong(error.to_string()))?.parts().to_vec();
    parts.iter_mut().filter(|part| part.is_credential()).for_each(|part| part.gone = true);
    Ok(meaning(&connection.account.assess(&parts)))
}

/// Seals what it is given for the key of the fixtures.
struct Maker {
    recipient: SecretKey,
    encryptor: SecretKey,
    nonce: Nonce,
    issuer: Value,
}

impl Maker {
    fn new() -> Result<Self, ReferenceError> {
        let vector: Value = serde_json::from_str(BOX).map_err(|error| wrong(error.to_string()))?;
        let proof: Value = serde_json::from_str(PROOF).map_err(|error| wrong(error.to_string()))?;
        let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let secret = |name: &str| {
            let bytes = BASE64.decode(text(&vector, name).as_bytes()).ok();
            let key: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
            key.map(SecretKey::from).ok_or_else(|| wrong(format!("no {name}")))
        };
        let nonce = HEXLOWER.decode(text(&vector, "nonce_hex").as_bytes()).ok();
        let nonce: [u8; 24] = nonce.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| wrong("no nonce"))?;
        Ok(Self {
            recipient: secret("recipient_secret_key_base64")?,
            encryptor: secret("encryptor_secret_key_base64")?,
            nonce: Nonce::from(nonce),
            issuer: json!({"base_url": text(&proof, "issuer_base"), "public_key": text(&proof, "public_key_multibase"),
                "signers": [SIGNER]}),
        })
    }

    fn configures(&self, issuer: Issuer, policy: &str) -> Vec<(&'static str, Value)> {
        let key = BASE64.encode(&self.recipient.to_bytes());
        // the example's own has the same address and a key of its own
        let issuer = match issuer {
            Issuer::Listed => Some(("/settings/issuers", json!([self.issuer]))),
            Issuer::WithAnotherKey => None,
            Issuer::NotListed => Some(("/settings/issuers/0/base_url", json!("https://another.example.com/idos"))),
        };
        let own = [("/api/encryption_key", json!(key)), ("/settings/user_shared", json!(policy))];
        own.into_iter().chain(issuer).collect()
    }

    fn copy(&self, number: u8, plaintext: &str, inserter: &'static str) -> Result<Copy, ReferenceError> {
        let lock = SalsaBox::new(&self.recipient.public_key(), &self.encryptor);
        let sealed = lock.encrypt(&self.nonce, plaintext.as_bytes()).map_err(|_| wrong("it cannot be sealed"))?;
        let boxed = [self.nonce.as_slice(), &sealed].concat();
        Ok(Copy {
            id: format!("0d6b3f52-8c1a-4a77-9b2e-5f1f6f0f2a{number:02x}"),
            content: Some(BASE64.encode(&boxed)),
            encryptor: BASE64.encode(PublicKey::from(&self.encryptor).as_bytes()),
            signer: SIGNER.to_owned(),
            inserter,
            original: true,
            notes: json!({"status": "approved", "level": "plus+liveness"}),
        })
    }
}
