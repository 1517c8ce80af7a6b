//! What a connection with Onfido may say, and what an app may say of a person. The adapter's own lists are held against
//! these, so that neither has what the other lacks.

use std::collections::BTreeSet;

use idv_gateway::providers::onfido::reference as known;

use super::{Member, asked, rows};
use crate::ReferenceError;

pub(super) const API: &[Member] = &[
    [
        "token",
        "a text",
        "must be there, or the other two",
        "an API token; by how it begins (`api_live`, `api_sandbox`) it also says its environment: both have the same host",
    ],
    ["client_id", "a text", "none", "of the OAuth2 client, instead of a token"],
    ["client_secret", "a text", "none", "its secret"],
];

pub(super) const URLS: &[Member] =
    &[["api", "a URL", "https://api.{region}.onfido.com", "another host, without the version at its end"]];

pub(super) const SETTINGS: &[Member] = &[
    ["region", "`eu`, `us`, `ca`", "eu", "where the account is: the default of `base_urls.api`"],
    [
        "api_version",
        "`v3.2`, `v3.3`, `v3.4`, `v3.5`, `v3.6`",
        "v3.6",
        "of the path; that runs exist before v3.6 is not confirmed",
    ],
    [
        "environment",
        "`live`, `sandbox`",
        "what the token says, else `live`",
        "whose webhooks are registered; set it where the credentials do not say it (`client_id`), and never against a token",
    ],
    [
        "webhook_ids",
        "a list of UUIDs",
        "every webhook of the account",
        "which webhooks hear of our checks; set it where the account is shared",
    ],
    [
        "report_names",
        "a list of [reports](onfido.md#reports)",
        "each `submit` must name them",
        "what a check is asked for where `submit` does not say",
    ],
    [
        "workflow_id",
        "a UUID",
        "each `start` of a Studio run must name one",
        "the workflow of a Studio run; where it stands, `start` makes a run unless it asks for `flow: classic`",
    ],
    [
        "referrer",
        "a pattern such as `https://*.example.com/*`",
        "each classic `start` must name one",
        "pages on which a classic SDK token may be used; `resume` knows only this one",
    ],
    ["application_id", "a text", "none", "instead of `referrer`: the mobile application that may use it"],
    [
        "consider",
        "`in_review`, `rejected`",
        "in_review",
        "what a check becomes whose result is `consider` for a reason that is neither suspected fraud nor only a poor capture",
    ],
    [
        "link_life",
        "a span",
        "7d",
        "sent as the end of a Studio link, because how long one lives otherwise is not documented",
    ],
    [
        "data_patience",
        "a span",
        "24h",
        "a report that waits for data for longer than this asks the person for them; how long one usually waits is not documented",
    ],
];

const SUBJECT: &[[&str; 2]] = &[
    ["first_name", "must be there; a text of 1 to 200 characters without any of `` ! # $ % * = < > ; { } \" ``"],
    ["last_name", "must be there; the same"],
    ["email", "an e-mail address; Onfido asks for one in the USA"],
    ["dob", "a date as YYYY-MM-DD; some reports ask for it"],
    ["phone_number", "a text of 1 to 200 characters"],
    ["id_numbers", "a list of `type`, `value` and, for a licence in the USA, `state_code`"],
    [
        "address",
        "`postcode` and `country` (three letters) must be there, in the USA `state` too; `flat_number`, `building_number`, `building_name`, `street`, `sub_street`, `town`, `line1` to `line3` may",
    ],
    [
        "location",
        "`ip_address` and `country_of_residence` (three letters); from v3.4 on a check needs it, here or with `submit`",
    ],
    ["consents", "a list of `name` and `granted`; in the USA `privacy_notices_read` before a check"],
];

const OPTIONS: &[[&str; 2]] = &[
    ["flow", "`classic` or `studio`; else that of the attempt before, else studio where a workflow is known"],
    ["workflow_id", "Studio: a UUID, instead of that of the run before and of the connection's"],
    ["custom_data", "Studio: an object, where the workflow declares inputs"],
    ["language", "Studio, `channel: link`: en_US, de_DE, es_ES, fr_FR, it_IT, pt_PT or nl_NL"],
    ["referrer", "classic: instead of the connection's"],
    ["application_id", "classic: instead of `referrer`"],
];

const SUBMIT: &[[&str; 2]] = &[
    ["report_names", "a list of [reports](#reports), instead of the connection's"],
    ["document_ids", "a list of UUIDs: which documents, else the newest"],
    ["privacy_notices_read_consent_given", "true or false: the older way of a consent in the USA"],
    ["us_driving_licence", "an object, for the report of that name: `id_number`, `issue_state`"],
    ["location", "as in `subject`: said of the applicant before the check is made"],
    ["consents", "the same"],
];

/// What `start` and `submit` take for Onfido.
pub(crate) fn start() -> Result<String, ReferenceError> {
    for [name, _] in SUBJECT {
        asked("onfido", "subject", name)?;
    }
    for [name, _] in OPTIONS {
        asked("onfido", "options", name)?;
    }
    let all = [(SUBJECT, known::FIELDS), (OPTIONS, known::OPTIONS), (SUBMIT, known::SUBMIT_OPTIONS)];
    for (described, takes) in all {
        let named: BTreeSet<&str> = described.iter().map(|[name, _]| *name).collect();
        if named != takes.iter().copied().collect() {
            return Err(ReferenceError::Undescribed(format!("one of onfido's {takes:?}")));
        }
    }
    Ok(format!(
        "## What `start` takes\n\nPersons only. *Classic* (`channel: sdk` alone) makes an applicant and a token for the SDK, \
         which lives 90 minutes and is made anew by `resume` at any time; once the SDK is done, the app calls `submit`. \
         *Studio* makes a run of a workflow, with a hosted link or a token of five weeks. A further attempt of a Studio run \
         takes the applicant of the one before: then all of `subject` may be left out, and what is given is corrected.\n\n\
         `subject`:\n\n{}\n`options`:\n\n{}\n\
         ## What `submit` takes\n\nClassic runs only. It makes a check, unless one that this onboarding made is still open, \
         or this submission has made one already.\n\n`options`:\n\n{}\n\
         A connection's settings: [configuration](configuration.md#onfido).\n",
        rows(SUBJECT),
        rows(OPTIONS),
        rows(SUBMIT),
    ))
}
