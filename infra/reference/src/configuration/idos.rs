//! What a connection with idOS may say, and what an app may ask for.

use std::collections::BTreeSet;

use idv_gateway::providers::idos::reference as takes;
use serde_json::json;

use super::{Member, asked, known, listed, rows};
use crate::ReferenceError;
use crate::staged::Staged;
use crate::table::{code, table};

/// Somebody at idOS.
const USER: &str = "7c0f8c7e-2b6c-4d5f-8f43-0a8a4c1d9e01";

const API: &[Member] = &[
    [
        "signing_key",
        "Ed25519, hex or base64: the seed of 32 bytes, or seed and public key, 64 bytes",
        "must be there",
        "signs in to the node; grants name us by its public half ([how to make one](../deploy.md#fractal-and-idos))",
    ],
    [
        "encryption_key",
        "X25519, base64: the secret of 32 bytes",
        "must be there",
        "opens the copies that are encrypted for us. Nobody can restore it, and a new one needs new grants",
    ],
];

const URLS: &[Member] = &[[
    "gateway",
    "a URL, scheme and host alone",
    "https://nodes.idos.network",
    "the gateway before the nodes; staging is `https://nodes.staging.idos.network`",
]];

const SETTINGS: &[Member] = &[
    ["issuers", "a list, below", "must be there", "whose credentials are accepted; keys are never fetched"],
    [
        "level",
        "a [level](idos.md#levels) and add-ons joined by `+`",
        "basic",
        "what is asked for where a request does not say",
    ],
    [
        "user_shared",
        "`review`, `accept`, `refuse`",
        "review",
        "what a good copy is worth that the person inserted and no issuer did ([why](idos.md#who-inserted-it)): a person of the tenant decides, it approves, or it rejects. `accept` needs the issuer's `signers`: a copy whose original none of them signed is reviewed",
    ],
    [
        "share_url",
        "an https URL",
        "none: `channel: link` is refused",
        "the page where people share with us; the link of a `start` leads there",
    ],
    ["feed", "true or false", "true", "whether the list of all grants is read on, in which unannounced ones are found"],
    ["page_size", "1 to 1000", "100", "grants asked for at a time; how many the node gives at most is not documented"],
    [
        "chain_id",
        "a text",
        "not compared",
        "a challenge of another chain is not signed; production's name is not documented",
    ],
];

const ISSUER: &[Member] = &[
    [
        "base_url",
        "a URL",
        "must be there",
        "a credential's `issuer` must be `{base_url}/issuers/1`, and its key `{base_url}/keys/1`",
    ],
    ["public_key", "`z…`: multibase of an Ed25519 key", "must be there", "checks the proof"],
    [
        "signers",
        "a list of Ed25519 public keys, hex",
        "none: no copy counts as the issuer's own, and `user_shared: accept` approves none",
        "the keys with which it signs the copies that it inserts and the originals (`issuer_auth_public_key`)",
    ],
];

const SUBJECT: &[[&str; 2]] = &[[
    "user_id",
    "a UUID, the person's idOS user id. Without it nobody can be asked for: the run waits, until another is begun with it",
]];

const OPTIONS: &[[&str; 2]] = &[[
    "level",
    "a level and add-ons joined by `+` ([below](#levels)), such as `plus+liveness`, instead of the connection's",
]];

/// With what each answers for.
const LEVELS: &[[&str; 2]] =
    &[["basic", "by `basic` and `plus`"], ["plus", "by `plus`"], ["human", "by `human` alone, a proof of personhood"]];
const ADD_ONS: &[&str] = &["liveness", "email", "phoneNumber"];
/// Says where Fractal is to hand the result over; no credential has it.
const REQUEST_ALONE: &str = "idos";

/// The section of the page of the configuration.
pub(super) fn section() -> Result<String, ReferenceError> {
    for (of, members) in [("settings", SETTINGS), ("settings/issuers/0", ISSUER), ("api", API), ("base_urls", URLS)] {
        members.iter().try_for_each(|[name, ..]| known(&format!("/connections/idos/{of}"), name))?;
    }
    Ok(format!(
        "## idOS\n\nThere is no `webhook`: idOS sends none, and whatever is posted to such a connection is refused.\n\n\
         ### `settings`\n\n{}\nAn issuer:\n\n{}\n### `api`\n\n{}\n### `base_urls`\n\n{}",
        listed(SETTINGS),
        listed(ISSUER),
        listed(API),
        listed(URLS),
    ))
}

/// What `start` takes for idOS.
pub(crate) fn start() -> Result<String, ReferenceError> {
    asked("idos", "subject", "user_id")?;
    asked("idos", "options", "level")?;
    for (described, takes) in [(SUBJECT, takes::FIELDS), (OPTIONS, takes::OPTIONS)] {
        let named: BTreeSet<&str> = described.iter().map(|[name, _]| *name).collect();
        if named != takes.iter().copied().collect() {
            return Err(ReferenceError::Undescribed(format!("one of idos's {takes:?}")));
        }
    }
    let stage = Staged::of("idos", &[])?;
    let names = LEVELS.iter().map(|[name, _]| (*name).to_owned());
    let add_ons = ADD_ONS.iter().chain([&REQUEST_ALONE]).map(|name| format!("basic+{name}"));
    for level in names.chain(add_ons) {
        stage.begun(json!({"user_id": USER}), json!({"level": level}))?;
    }
    let example = json!({
        "connection": "idos", "channel": "sdk", "subject": {"kind": "individual", "user_id": USER},
        "options": {"level": "plus+liveness"}, "idempotency_key": "share-8731-1",
    });
    Ok(format!(
        "## What `start` takes\n\nPersons only. It makes no call: a run is our own, and is called \
         `share/{{onboarding}}.{{attempt}}.{{level}}`, with the user behind it. `channel: link` hands out `share_url` with \
         `onboarding_id`, `level` and `return_url` in its query; `channel: sdk` a token that is JSON of `grantee` and \
         `encryption_public_key` (our two public keys), `level` and `onboarding_id`, with which an app's own page lets the \
         person share.\n\n`subject`:\n\n{}\n`options`:\n\n{}\n{}\n\
         ### Levels\n\nExactly one level, then add-ons in any order:\n\n{}\n\
         Add-ons: {}. Each that is asked for must be there; one that a credential has beyond that takes nothing away. \
         `{REQUEST_ALONE}` is taken, too, and left out: it says in a request to Fractal where the result goes, and no \
         credential has it.\n\n\
         A connection's settings: [configuration](configuration.md#idos).\n",
        rows(SUBJECT),
        rows(OPTIONS),
        crate::invoke::of_provider(example)?,
        table(&["asked for", "satisfied"], LEVELS.iter().map(|[name, what]| [code(name), (*what).to_owned()])),
        ADD_ONS.iter().map(code).collect::<Vec<_>>().join(", "),
    ))
}
