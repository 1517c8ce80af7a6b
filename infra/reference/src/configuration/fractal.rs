//! What a connection with Fractal ID may say, by generation, and what an app may ask for.

use idv_gateway::providers::fractal::reference::{ADD_ONS, LEVELS};
use serde_json::json;

use super::{Member, asked, known, listed, rows};
use crate::ReferenceError;
use crate::staged::Staged;
use crate::table::code;

const CLASSIC_API: &[Member] = &[
    ["client_id", "a text", "must be there", "of the application in Fractal's dashboard"],
    ["client_secret", "a text", "must be there", "its secret; that of the webhooks is another"],
];

const SIGNED_API: &[Member] = &[
    ["client_id", "a text", "must be there", "given by its staff"],
    [
        "signing_key",
        "a PEM text, PKCS#8, EC P-521",
        "must be there",
        "signs links and calls (ES512); its public half is with Fractal's staff ([how to make one](../deploy.md#fractal-and-idos))",
    ],
];

const CLASSIC_URLS: &[Member] = &[
    ["app", "a URL", "https://app.fractal.id", "where people authorise"],
    ["auth", "a URL", "https://auth.fractal.id", "where tokens are asked for"],
    ["resource", "a URL", "https://resource.fractal.id", "where people's data and the account's list are read"],
];

const VERIFIER_URLS: &[Member] = &[["verifier", "a URL", "https://kraken.fractal.id", "links and calls"]];
const RELAY_URLS: &[Member] = &[["relay", "a URL", "https://relay.idos.network", "links and calls"]];

/// Of every generation.
const SETTINGS: &[Member] = &[
    [
        "generation",
        "`classic`, `verifier`, `relay`",
        "must be there",
        "which of Fractal's interfaces the account is of: hosts, credentials, bodies and the algorithm of its signatures all differ. Never read from a webhook's headers",
    ],
    [
        "level",
        "a [level](fractal.md#levels) and add-ons joined by `+`",
        "each `start` must name one",
        "what is asked for where a request does not say",
    ],
    ["more_levels", "a list of names", "none", "levels or add-ons beside [the documented ones](fractal.md#levels)"],
    [
        "link_life",
        "a span",
        "7d, of the verifier and the relay 1h",
        "for how long a person is taken back who opened the link; of the verifier and the relay also for how long it can be opened (1m to 30d). `resume` gives a fresh one into the same run",
    ],
];

const CLASSIC: &[Member] = &[
    [
        "cookie",
        "true or false",
        "true",
        "whether the link leads through our own `/v1/go`, which sets a cookie: a documented refusal comes back without `state`. Off: the link is Fractal's own and may be embedded, and a refusal is seen by nobody but the person",
    ],
    [
        "details",
        "true or false",
        "true",
        "whether the person is asked for their data as well (`verification.*.details:read`), which `get` with `details` shows",
    ],
    [
        "token_parameters",
        "`form`, `query`, `json`",
        "form",
        "where the parameters of a token request stand; the documentation says one thing and shows another",
    ],
    [
        "sweep",
        "true or false",
        "true",
        "whether the account's list of all users is read where a person's token does not tell: documents that expired, and people whose token is lost",
    ],
    [
        "idos_connection",
        "the name of a connection of the tenant with idOS",
        "none: such webhooks are passed over and counted (`no_idos_connection`)",
        "to which `credential_shared` is handed",
    ],
];

const SIGNED: &[Member] = &[
    [
        "external_state",
        "`required`, `when_given`",
        "required; of the relay when_given",
        "whether the answer about a one-time token has to name the run of our own link; one that names another is refused in any case",
    ],
    [
        "level_name",
        "`required`, `when_given`",
        "when_given",
        "whether the data of a person who is approved have to name the level (`review.levelName`); one that does not answer what was asked for approves in no case",
    ],
];

const RELAY: &[Member] = &[[
    "external_user_id",
    "true or false",
    "true",
    "whether a link also names the onboarding as the client's own user, as the relay's newer public code does",
]];

const OPTIONS: &[[&str; 2]] = &[[
    "level",
    "a level and add-ons joined by `+` ([below](#levels)), such as `basic+liveness+idos`, instead of the connection's",
]];

/// Where each table is tried on the reader.
const TABLES: &[(&str, &str, &[Member])] = &[
    ("fractal", "settings", SETTINGS),
    ("fractal", "settings", CLASSIC),
    ("fractal", "api", CLASSIC_API),
    ("fractal", "base_urls", CLASSIC_URLS),
    ("fractal-verifier", "settings", SETTINGS),
    ("fractal-verifier", "settings", SIGNED),
    ("fractal-verifier", "api", SIGNED_API),
    ("fractal-verifier", "base_urls", VERIFIER_URLS),
    ("fractal-relay", "settings", SETTINGS),
    ("fractal-relay", "settings", SIGNED),
    ("fractal-relay", "settings", RELAY),
    ("fractal-relay", "api", SIGNED_API),
    ("fractal-relay", "base_urls", RELAY_URLS),
];

/// The section of the page of the configuration.
pub(super) fn section() -> Result<String, ReferenceError> {
    for (connection, of, members) in TABLES {
        members.iter().try_for_each(|[name, ..]| known(&format!("/connections/{connection}/{of}"), name))?;
    }
    Ok(format!(
        "## Fractal\n\n### `settings`\n\n{}\n\
         Of `classic` alone:\n\n{}\n\
         Of `verifier` and `relay` alone, whose links always lead through our own `/v1/go`:\n\n{}\n\
         Of `relay` alone:\n\n{}\n\
         ### `api`\n\n`classic`:\n\n{}\n`verifier` and `relay`:\n\n{}\n\
         ### `base_urls`\n\n`classic`:\n\n{}\n`verifier`:\n\n{}\n`relay`:\n\n{}",
        listed(SETTINGS),
        listed(CLASSIC),
        listed(SIGNED),
        listed(RELAY),
        listed(CLASSIC_API),
        listed(SIGNED_API),
        listed(CLASSIC_URLS),
        listed(VERIFIER_URLS),
        listed(RELAY_URLS),
    ))
}

/// What `start` takes for Fractal.
pub(crate) fn start() -> Result<String, ReferenceError> {
    for [name, _] in OPTIONS {
        asked("fractal", "options", name)?;
    }
    let stage = Staged::of("fractal", &[])?;
    let levels = LEVELS.iter().map(|name| (*name).to_owned());
    for level in levels.chain(ADD_ONS.iter().map(|name| format!("basic+{name}"))) {
        stage.begun(json!({}), json!({"level": level}))?;
    }
    let example = json!({
        "connection": "fractal", "channel": "link", "return_url": "https://app.example.com/done",
        "subject": {"kind": "individual"}, "options": {"level": "basic+liveness+idos"},
        "idempotency_key": "signup-8731-1",
    });
    let named = |names: &[&str]| names.iter().map(code).collect::<Vec<_>>().join(", ");
    Ok(format!(
        "## What `start` takes\n\nPersons only, `channel: link` only, with a `return_url`; nothing of `subject` is used beside its `kind`. It makes no \
         call: a run is our own, and is called `journey/{{onboarding}}.{{attempt}}.{{level}}` until the person has come back.\n\n\
         `options`:\n\n{}\n{}\n\
         ### Levels\n\nThe documented ones: exactly one level, and add-ons in any order, each once; \
         `settings.more_levels` names others.\n\n\
         Levels: {}. Add-ons: {}. `selfie` does not go with `uniqueness`; `liveness` is within it, so nothing more is \
         asked for then.\n\nA connection's settings: [configuration](configuration.md#fractal).\n",
        rows(OPTIONS),
        crate::invoke::of_provider(example)?,
        named(LEVELS),
        named(ADD_ONS),
    ))
}
