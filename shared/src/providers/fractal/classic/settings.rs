//! The classic generation's part of a configuration.
//!
//! | member | |
//! | --- | --- |
//! | `base_urls.app`, `auth`, `resource` | the production hosts (page "Production and staging URLs") |
//! | `api.client_id`, `client_secret` | the application's; the secret is not the webhooks' |
//! | `settings.link_life` | for how long we take a person back who opened the link: `7d`. The page itself has no end |
//! | `settings.cookie` | whether the link goes through us, so that a denial, which has no `state`, is told: `true` |
//! | `settings.details` | whether personal data are asked for beside the verdicts: `true` |
//! | `settings.token_parameters` | where tokens are asked for with: `form` (assumed), `query` (their sample), `json` |
//! | `settings.sweep` | whether the account's list of all users is read for what a person's token cannot tell: `true` |
//! | `settings.idos_connection` | whose credentials `credential_shared` tells of |

use std::time::Duration;

use url::Url;

use super::Classic;
use super::sweep::Sweep;
use super::tokens::{Endpoint, Parameters};
use crate::domain::ConnectionName;
use crate::providers::answer::below;
use crate::section::Section;

const APP: &str = "https://app.fractal.id";
const AUTH: &str = "https://auth.fractal.id";
const RESOURCE: &str = "https://resource.fractal.id";
const LINK_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// A span beyond this is a slip of the pen.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Settings of the classic generation's own.
pub(super) struct Settings {
    /// Of what a person carries.
    pub(super) link_life: Duration,
    /// Whether the link goes through us.
    pub(super) cookie: bool,
    /// Whether personal data are asked for.
    pub(super) details: bool,
    /// Whose credentials are told of.
    pub(super) idos_connection: Option<ConnectionName>,
}

impl Classic {
    pub(in super::super) fn configure(
        base_urls: &mut Section<'_>,
        api: &mut Section<'_>,
        settings: &mut Section<'_>,
    ) -> Option<Self> {
        let app = base_urls.url("app").or_else(|| Url::parse(APP).ok());
        let auth = base_urls.url("auth").or_else(|| Url::parse(AUTH).ok());
        let resource = base_urls.url("resource").or_else(|| Url::parse(RESOURCE).ok());
        let client_id = api.required("client_id").map(str::to_owned);
        let client_secret = api.secret("client_secret");
        let parameters = settings
            .one_of(
                "token_parameters",
                &[("form", Parameters::Form), ("query", Parameters::Query), ("json", Parameters::Json)],
            )
            .unwrap_or(Parameters::Form);
        let sweep = settings.flag("sweep", true);
        let own = own(settings);
        let (app, auth, resource, client_id) = (app?, auth?, resource?, client_id?);
        let authorize = below(&app, &["authorize"]);
        let client = client_id.clone();
        let tokens =
            Endpoint { url: below(&auth, &["oauth", "token"]), client_id, client_secret: client_secret?, parameters };
        let sweep = sweep.then(|| Sweep::new(&resource));
        let me = below(&resource, &["v2", "users", "me"]);
        Some(Self { authorize, client_id: client, me, tokens, sweep, settings: own })
    }
}

fn own(settings: &mut Section<'_>) -> Settings {
    let link_life = settings.span("link_life").unwrap_or(LINK_LIFE);
    if link_life.is_zero() || link_life > LONGEST {
        settings.fault("link_life", "must be more than nothing and at most a year");
    }
    Settings {
        link_life,
        cookie: settings.flag("cookie", true),
        details: settings.flag("details", true),
        idos_connection: settings.parsed("idos_connection", |text| ConnectionName::parse(text)),
    }
}
