//! What a configuration may say. Each member is tried on the gateway's own reader: one that it does not know is no
//! member, and a page cannot say so.

pub(crate) mod fractal;
pub(crate) mod idos;
pub(crate) mod onfido;

use std::time::Duration;

use idv_gateway::config::{Rules, read_file};
use idv_gateway::domain::schedule::Horizons;
use idv_gateway::domain::{ConnectionName, OnboardingId, SubjectKind, Tenant, Wanted};
use idv_gateway::ports::Wish;
use serde_json::{Map, Value, json};

use crate::pages::Page;
use crate::table::{code, table};
use crate::{EXAMPLE_CONFIGURATION, ReferenceError};

/// A member, what it may be, what it is where nothing is said, what it does.
pub(crate) type Member = [&'static str; 4];

const TENANT: &[Member] = &[
    ["enabled", "true or false", "true", "off: webhooks are answered 503, apps are refused, nothing is looked at"],
    ["connections", "an object by name", "none", "accounts with providers, below"],
    ["delivery", "an object", "none", "where changes go, below; none: they are kept and shown, and handed to nobody"],
    [
        "return_urls",
        "a list of https URLs",
        "none",
        "where a person may be sent back to: same scheme, host and port, and the path by whole segments",
    ],
    ["allowed_actions", "a list", "none", "which of `details`, `cancel`, `erase` apps may ask for"],
    [
        "sealing_keys",
        "a list of base64 of 32 bytes",
        "must be there",
        "the first seals, all open; keep a key listed for as long as anything that it sealed is wanted",
    ],
];

const CONNECTION: &[Member] = &[
    ["provider", "`ondato`, `onfido`, `intergiro`, `fractal`, `idos`", "must be there", "whose account it is"],
    ["enabled", "true or false", "true", "off: as if the tenant was off, for this connection"],
    ["base_urls", "an object", "the provider's live hosts", "other hosts, member by member"],
    ["api", "an object", "must be there", "the credentials with which the provider is asked"],
    [
        "webhook",
        "an object",
        "must be there, but for idOS; for Onfido `idv connection register` fills it",
        "what its webhooks are proven with, below",
    ],
    ["settings", "an object", "", "below: those of every provider, and its own"],
    ["delivery", "an object", "the tenant's", "where changes of this connection go instead"],
];

const WEBHOOK: &[Member] = &[
    ["basic", "a list of `username`, `password`", "none", "Basic authorization"],
    [
        "oauth2",
        "a list of `client_id`, `client_secret` (32 characters or more)",
        "none",
        "a token that the provider gets here, at `/v1/oauth/{tenant}/{connection}/token`",
    ],
    ["hmac", "a list of `secret`", "none", "a signature over the raw body"],
    [
        "url_keys",
        "a list of texts of letters, digits, `-` and `_`, as random as a secret",
        "none",
        "the last part of the address, for a provider that signs nothing",
    ],
    [
        "sources",
        "a list of address ranges, or `published`",
        "any",
        "from where a webhook may come; `published` is the provider's own list as it was shipped",
    ],
];

const DELIVERY: &[Member] = &[
    ["kind", "`webhook`, `sqs`, `eventbridge`, `fintechos`", "must be there", "how"],
    [
        "url",
        "an https URL",
        "must be there for `webhook`",
        "its address must be a public one when the connection is made",
    ],
    [
        "secrets",
        "a list of `whsec_` and base64 of 24 to 64 bytes",
        "must be there for `webhook`",
        "all sign, so that a receiver may rotate; at most four",
    ],
    [
        "queue_arn",
        "an ARN",
        "must be there for `sqs`",
        "a queue of the tenant that the deployment lists (`AllowedQueueArns`); our own are refused",
    ],
    [
        "bus_arn",
        "an ARN",
        "must be there for `eventbridge`",
        "a bus of the tenant that the deployment lists (`AllowedEventBusArns`)",
    ],
    [
        "source",
        "a text that does not begin with `aws.`",
        "must be there for `eventbridge`",
        "the `source` of its events",
    ],
    ["kinds", "a list", "see below", "which changes are wanted"],
];

/// Of every provider's settings; the three horizons stand apart, for their default is the code's own.
const SETTINGS: &[Member] = &[
    [
        "unknown_subject",
        "`stranger`, `adopt`",
        "stranger",
        "what a run is that nobody started here, 15 min after its first webhook, or at once where the provider says for certain that it is another's (Onfido): remembered as a stranger for 7 days, or made an onboarding whose reference is the provider's kind and id, such as `identity_verification/…` (static links)",
    ],
    [
        "shared_account",
        "true or false",
        "false",
        "the account serves several tenants, so that a valid proof does not say whose a run is; refused together with `adopt`",
    ],
    [
        "max_looks_per_minute",
        "1 to 100000",
        "no limit",
        "no more looks than this; what is beyond waits in the ledger for the next minute. Finding out whose an unknown thing is gets half of them at most: set it where an address alone proves webhooks (Intergiro)",
    ],
    [
        "reissue",
        "`manual`, `auto`",
        "manual",
        "`auto`: a stalled onboarding whose link has died gets a fresh one ready, three times at most, which `get` and `resume` hand out; only where a provider lets the same run be entered again",
    ],
];

const HORIZONS: [&str; 3] = ["open_horizon", "monitor_until", "stalled_after"];

const ONDATO_API: &[Member] = &[
    ["client_id", "a text", "must be there", "of the OAuth2 client"],
    ["client_secret", "a text", "must be there", "its secret"],
    ["scope", "a text", "none", "sent with the request for a token, where Ondato wants one"],
];

const ONDATO_URLS: &[Member] = &[
    ["identity", "a URL", "https://id.ondato.com", "where tokens are asked for"],
    ["idv", "a URL", "https://idvapi.ondato.com", "identity verifications"],
    ["kyc", "a URL", "https://kycid.ondato.com", "identifications of persons"],
    [
        "kyb",
        "a URL",
        "https://kybid.ondato.com",
        "identifications of companies; the host is assumed, no documentation names it",
    ],
    [
        "app",
        "a URL",
        "https://idv.ondato.com",
        "the page that a link leads to; with another one the setup's own white-label address is not asked for",
    ],
    ["forms", "a URL", "none: forms are not read", "forms; no documentation names the host"],
];

const ONDATO: &[Member] = &[
    ["setup_id", "a UUID", "must be there", "the setup of persons"],
    ["kyb_setup_id", "a UUID", "none: companies are refused", "the setup of companies"],
    [
        "application_id",
        "a UUID",
        "not compared",
        "whose events and answers are ours: another's are answered 200 and logged, never stored",
    ],
    [
        "language",
        "a language tag",
        "en-GB",
        "of the pages around the flow, where neither the request nor the setup names one",
    ],
    [
        "redact_scope",
        "`PersonalData`, `BiometricData`, or a list of them",
        "both, as a list",
        "what an erasure asks Ondato to delete, in the form that it is sent: which form Ondato wants is not confirmed",
    ],
    ["webhook_proofs", "`any`, `all`", "any", "whether one of the configured proofs is enough"],
];

const INTERGIRO_API: &[Member] = &[[
    "api_key",
    "a text",
    "must be there",
    "opens the login session that all functions share; given out per programme and environment",
]];

const INTERGIRO_URLS: &[Member] =
    &[["api", "a URL", "https://3d.intergiro.com", "the 3d API; staging is `https://3d.staging.intergiro.tech`"]];

const INTERGIRO: &[Member] = &[
    [
        "return_url",
        "an https URL",
        "each request must name one",
        "where people go after Intergiro's pages when a request names no place",
    ],
    [
        "feed",
        "`on`, `off`",
        "on",
        "whether the list of events is read on, in which lost webhooks are found; how it is paged is assumed",
    ],
];

const INTERGIRO_SUBJECT: &[[&str; 2]] = &[
    ["first_name", "a text of 1 to 200 characters"],
    ["last_name", "a text of 1 to 200 characters"],
    ["email", "an e-mail address"],
    ["phone_number", "an international number, such as +46700000000; sent as digits alone"],
    ["date_of_birth", "a date as YYYY-MM-DD"],
    [
        "address",
        "may be left out; else whole: `country_code` (two letters), `street1`, `city`, `region`, `postal_code`",
    ],
];

const SUBJECT: &[[&str; 2]] = &[
    ["email", "an e-mail address"],
    ["firstName", "a text of 1 to 200 characters"],
    ["middleName", "a text of 1 to 200 characters"],
    ["lastName", "a text of 1 to 200 characters"],
    ["dateOfBirth", "a date as YYYY-MM-DD"],
    ["personalCode", "a text of 1 to 200 characters"],
    ["phoneNumber", "an international number, such as +37060000000; sent as the JSON number that Ondato wants"],
    ["countryCode", "two letters (ISO 3166 alpha-2)"],
];

const OPTIONS: &[[&str; 2]] = &[
    ["language", "a language tag, such as en-GB: of the pages around the flow"],
    [
        "representative_id",
        "a UUID: the verification is that of a company's representative (read in a client's code, not in the documentation)",
    ],
];

pub(crate) fn page() -> Result<Page, ReferenceError> {
    for (place, members) in [
        ("", TENANT),
        ("/connections/ondato", CONNECTION),
        ("/connections/ondato/webhook", WEBHOOK),
        ("/connections/ondato/settings", SETTINGS),
        ("/connections/ondato/settings", ONDATO),
        ("/connections/ondato/api", ONDATO_API),
        ("/connections/ondato/base_urls", ONDATO_URLS),
        ("/connections/intergiro/settings", INTERGIRO),
        ("/connections/intergiro/api", INTERGIRO_API),
        ("/connections/intergiro/base_urls", INTERGIRO_URLS),
        ("/connections/onfido/settings", onfido::SETTINGS),
        ("/connections/onfido/api", onfido::API),
        ("/connections/onfido/base_urls", onfido::URLS),
    ] {
        members.iter().try_for_each(|[name, ..]| known(place, name))?;
    }
    HORIZONS.iter().try_for_each(|name| known("/connections/ondato/settings", name))?;
    let body = format!(
        "[The full example](../example-configuration.json) has every member but those that stand for another. Whoever \
         checks a file (`cargo idv check --config FILE`) is told every error with its place. A tenant's object is also \
         what its secret holds; there a member that this version does not know is passed over, so that rolling back is \
         redeploying. A connection whose `provider`, or whose destination's `kind`, this version does not know is left out \
         alone: its webhooks are answered 503, its requests `unavailable`, its changes wait. In a file both are errors.\n\n\
         ## A tenant\n\n{}\n## A connection\n\n{}\n### Its webhook\n\nWhich of these a provider's webhooks carry is said \
         on its page; of a list, one fitting entry is enough, so that secrets can be rotated: add, wait, switch, remove. \
         `types` beside a credential limits it to those types of event.\n\n{}\n\
         ### Settings of every provider\n\nSpans are a whole number and `s`, `m`, `h` or `d`.\n\n{}\n\
         ## Delivery\n\n{}\nWhere `kinds` is not said: {}. All of them: [vocabulary](vocabulary.md).\n\n{}\n\
         ## Ondato\n\n### `settings`\n\n{}\n### `api`\n\n{}\n### `base_urls`\n\n{}\n\
         ## Onfido\n\n### `settings`\n\n{}\n### `api`\n\n{}\n### `base_urls`\n\n{}\n\
         ## Intergiro\n\n### `settings`\n\n{}\n### `api`\n\n{}\n### `base_urls`\n\n{}\n{}\n{}",
        listed(TENANT),
        listed(CONNECTION),
        listed(WEBHOOK),
        table(&HEAD, SETTINGS.iter().map(cells).chain(horizons())),
        listed(DELIVERY),
        Wanted::DEFAULT.iter().map(code).collect::<Vec<_>>().join(", "),
        crate::fintechos::members()?,
        listed(ONDATO),
        listed(ONDATO_API),
        listed(ONDATO_URLS),
        listed(onfido::SETTINGS),
        listed(onfido::API),
        listed(onfido::URLS),
        listed(INTERGIRO),
        listed(INTERGIRO_API),
        listed(INTERGIRO_URLS),
        fractal::section()?,
        idos::section()?,
    );
    Ok(Page::of("configuration.md", "Configuration", "What a tenant's configuration may say.", &body))
}

/// What `start` takes for Ondato; each field is one that the provider's own check knows.
pub(crate) fn ondato_start() -> Result<String, ReferenceError> {
    for [name, _] in SUBJECT {
        asked("ondato", "subject", name)?;
    }
    for [name, _] in OPTIONS {
        asked("ondato", "options", name)?;
    }
    Ok(format!(
        "## What `start` takes\n\nAll of `subject` beside `kind` is optional here; a setup of Ondato's may insist on some of \
         it, and its refusal then names the field. It is compared with the document, passed on and kept nowhere. What \
         stands in neither table is refused.\n\n`subject`:\n\n{}\n`options`:\n\n{}\n\
         A connection's settings: [configuration](configuration.md#ondato).\n",
        rows(SUBJECT),
        rows(OPTIONS),
    ))
}

/// What `start` takes for Intergiro.
pub(crate) fn intergiro_start() -> Result<String, ReferenceError> {
    for [name, _] in INTERGIRO_SUBJECT {
        asked("intergiro", "subject", name)?;
    }
    Ok(format!(
        "## What `start` takes\n\nPersons only, with all of `subject` but the address (inferred: only that the address may \
         be left out is documented). A `return_url` must be named here or in the connection's settings. There are no \
         `options`. `channel: sdk` gives the token for the mobile SDKs.\n\n`subject`:\n\n{}\n\
         A connection's settings: [configuration](configuration.md#intergiro).\n",
        rows(INTERGIRO_SUBJECT),
    ))
}

fn rows(rows: &[[&str; 2]]) -> String {
    table(&["field", "what"], rows.iter().map(|[name, what]| [code(name), (*what).to_owned()]))
}

const HEAD: [&str; 4] = ["member", "may be", "else", "what"];

pub(crate) fn listed(members: &[Member]) -> String {
    table(&HEAD, members.iter().map(cells))
}

fn cells([name, form, otherwise, what]: &Member) -> [String; 4] {
    [code(name), (*form).to_owned(), (*otherwise).to_owned(), (*what).to_owned()]
}

fn horizons() -> [[String; 4]; 3] {
    let [open, monitor, stalled] = HORIZONS;
    let default = Horizons::default();
    let row = |name: &str, otherwise: Duration, what: &str| {
        let hours = otherwise.as_secs() / 3600;
        let span = if hours > 48 { format!("{}d", hours / 24) } else { format!("{hours}h") };
        [code(name), "a span".to_owned(), span, what.to_owned()]
    };
    [
        row(open, default.open, "an onboarding whose current attempt is still open after this is `abandoned`"),
        row(
            monitor,
            default.monitor,
            "for so long a settled one is looked at: after 1 h, 1 d, 7 d, 30 d, then each 90 d",
        ),
        row(
            stalled,
            default.stalled_after,
            "an attempt that has not been submitted after this is told as `stalled`, once",
        ),
    ]
}

/// The reader names what it does not know; with a value that cannot be right it says another thing of what it does.
pub(crate) fn known(place: &str, name: &str) -> Result<(), ReferenceError> {
    let mut file: Value = serde_json::from_str(EXAMPLE_CONFIGURATION)
        .map_err(|error| ReferenceError::Example("a configuration", error.to_string()))?;
    let members = file.pointer_mut(&format!("/tenants/acme{place}")).and_then(Value::as_object_mut);
    let undescribed = || ReferenceError::Undescribed(format!("the configuration's {place}/{name}"));
    members.ok_or_else(undescribed)?.insert(name.to_owned(), json!([[7]]));
    let faults = read_file(&file.to_string(), Rules::default()).err().unwrap_or_default();
    let unknown =
        faults.iter().any(|fault| fault.place.ends_with(&format!(".{name}")) && fault.what == "is not known here");
    if unknown || faults.is_empty() { Err(undescribed()) } else { Ok(()) }
}

fn asked(connection: &str, of: &'static str, name: &str) -> Result<(), ReferenceError> {
    let undescribed = || ReferenceError::Undescribed(format!("{connection}'s {of}.{name}"));
    let configuration = read_file(EXAMPLE_CONFIGURATION, Rules::default())
        .map_err(|_| ReferenceError::Example("a configuration", "is not taken".to_owned()))?;
    let (tenant, _) = configuration.tenants.get(&Tenant::parse("acme")?).ok_or_else(undescribed)?;
    let account = tenant.connection(&ConnectionName::parse(connection)?).map(|connection| &connection.account);
    let account = account.ok_or_else(undescribed)?;
    let wrong = Map::from_iter([(name.to_owned(), json!([7]))]);
    let (subject, options) = if of == "subject" { (wrong, Map::new()) } else { (Map::new(), wrong) };
    let wish = Wish {
        onboarding: OnboardingId::parse(crate::cases::ONBOARDING)?,
        attempt: 1,
        kind: SubjectKind::Individual,
        subject,
        channel: idv_gateway::domain::Channel::Link,
        return_url: None,
        options,
        before: None,
    };
    let faults = account.check(&wish).err().unwrap_or_default();
    let place = format!("{of}.{name}");
    let within = |field: &str| field.strip_prefix(&place).is_some_and(|rest| rest.is_empty() || rest.starts_with('['));
    let told = faults.iter().any(|fault| within(&fault.field) && fault.rule != "is not known here");
    if told { Ok(()) } else { Err(undescribed()) }
}
