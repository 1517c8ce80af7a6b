//! A connection's configuration, read into an account.
//!
//! Live hosts are the defaults, member by member. Those of the KYB Identifications and Forms APIs are not printed in
//! any documentation found: the KYB host is assumed by analogy with `kycid`, and forms are not read at all unless a
//! host is given. The live hosts also serve test projects; a setup says whether it is live.

use std::sync::Arc;

use serde_json::Value;
use url::Url;

use super::Ondato;
use super::api::{Api, Hosts};
use super::id::uuid;
use super::registration;
use super::specification::{Together, specification};
use crate::domain::ProviderId;
use crate::ports::Account;
use crate::providers::answer::below;
use crate::providers::token::Tokens;
use crate::section::Section;

const IDENTITY: &str = "https://id.ondato.com";
const IDV: &str = "https://idvapi.ondato.com";
const KYC: &str = "https://kycid.ondato.com";
/// Assumed.
const KYB: &str = "https://kybid.ondato.com";
pub(super) const APP: &str = "https://idv.ondato.com";
/// The one language that an integrator's code shows.
const LANGUAGE: &str = "en-GB";

/// What may be deleted (topic "Data deletion").
const SCOPES: [&str; 2] = ["PersonalData", "BiometricData"];

/// Settings of Ondato's own.
pub(super) struct Settings {
    /// The setup of persons.
    pub(super) setup: ProviderId,
    /// The setup of companies.
    pub(super) kyb_setup: Option<ProviderId>,
    /// Whose events and answers are ours.
    pub(super) application: Option<ProviderId>,
    /// Of the pages around the flow, where the setup names none.
    pub(super) language: String,
    /// What `redact` is asked to delete, in the form that it is sent: whether Ondato takes a list or one word is not
    /// confirmed.
    pub(super) redact_scope: Value,
}

pub(in super::super) fn configure(
    base_urls: &mut Section<'_>,
    api: &mut Section<'_>,
    settings: &mut Section<'_>,
) -> Option<Arc<dyn Account>> {
    let faults = settings.faults().count();
    let identity = base_urls.url("identity").or_else(|| Url::parse(IDENTITY).ok());
    let hosts = hosts(base_urls);
    let client_id = api.required("client_id").map(str::to_owned);
    let client_secret = api.secret("client_secret");
    let scope = api.text("scope").map(str::to_owned);
    let together = settings.one_of("webhook_proofs", &[("any", Together::Any), ("all", Together::All)]);
    let own = own(settings);
    if settings.faults().count() > faults {
        return None;
    }
    let tokens = Tokens::new(below(&identity?, &["connect", "token"]), client_id?, client_secret?, scope);
    let specification = specification(together.unwrap_or(Together::Any));
    Some(Arc::new(Ondato::new(Api { tokens, hosts: hosts? }, own?, specification)))
}

fn hosts(base_urls: &mut Section<'_>) -> Option<Hosts> {
    let mut host = |name: &str, default: &str| base_urls.url(name).or_else(|| Url::parse(default).ok());
    let (idv, kyc, kyb, app) = (host("idv", IDV), host("kyc", KYC), host("kyb", KYB), host("app", APP));
    Some(Hosts { idv: idv?, kyc: kyc?, kyb: kyb?, app: app?, forms: base_urls.url("forms") })
}

fn own(settings: &mut Section<'_>) -> Option<Settings> {
    let setup = settings.required("setup_id").is_some().then(|| id(settings, "setup_id")).flatten();
    let kyb_setup = id(settings, "kyb_setup_id");
    let application = id(settings, "application_id");
    let language =
        settings.parsed("language", |text| registration::language(text).ok_or("must be a language, such as en-GB"));
    let redact_scope = redact_scope(settings);
    let language = language.unwrap_or_else(|| LANGUAGE.to_owned());
    Some(Settings { setup: setup?, kyb_setup, application, language, redact_scope })
}

fn id(settings: &mut Section<'_>, name: &str) -> Option<ProviderId> {
    settings.parsed(name, |text| uuid(text).ok_or("must be a UUID"))
}

/// A list, or one word where Ondato should want that.
fn redact_scope(settings: &mut Section<'_>) -> Value {
    let all = Value::from(SCOPES.to_vec());
    let Some(value) = settings.value("redact_scope") else { return all };
    let known = |value: &Value| value.as_str().is_some_and(|word| SCOPES.contains(&word));
    let fits = value.as_array().map_or_else(|| known(value), |list| !list.is_empty() && list.iter().all(known));
    if fits {
        return value.clone();
    }
    settings.fault("redact_scope", format!("must be one of {} or a list of them", SCOPES.join(", ")));
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::section::Faults;

    fn faults_of(base_urls: &Value, api: &Value, settings: &Value) -> (bool, Vec<String>) {
        let faults = Faults::default();
        let mut sections = [("base_urls", base_urls), ("api", api), ("settings", settings)]
            .map(|(place, value)| Section::new(place, value, &faults));
        let [base_urls, api, settings] = &mut sections;
        let configured = configure(base_urls, api, settings).is_some();
        sections.into_iter().for_each(Section::finish);
        (configured, faults.take().into_iter().map(|fault| fault.place).collect())
    }

    #[test]
    fn the_least_configuration_is_enough() {
        let api = json!({"client_id": "c", "client_secret": "s"});
        let settings = json!({"setup_id": "4E608CA3-7f1b-4d5e-9092-3b4c5d6e7f06"});
        assert_eq!(faults_of(&json!({}), &api, &settings), (true, vec![]));
    }

    #[test]
    fn every_fault_has_its_place() {
        let base_urls = json!({"idv": "not a url", "kyx": "https://a.example"});
        let api = json!({"client_secret": 7, "scope": ""});
        let settings =
            json!({"application_id": "x", "webhook_proofs": "none", "language": "??", "redact_scope": ["All"]});
        let (configured, places) = faults_of(&base_urls, &api, &settings);
        assert!(!configured);
        assert_eq!(
            places,
            [
                "api.client_id",
                "api.client_secret",
                "api.scope",
                "base_urls.idv",
                "base_urls.kyx",
                "settings.application_id",
                "settings.language",
                "settings.redact_scope",
                "settings.setup_id",
                "settings.webhook_proofs",
            ]
        );
    }

    #[test]
    fn the_scope_is_sent_as_it_is_configured() {
        let faults = Faults::default();
        for (settings, expected) in [
            (json!({}), json!(["PersonalData", "BiometricData"])),
            (json!({"redact_scope": "PersonalData"}), json!("PersonalData")),
            (json!({"redact_scope": ["BiometricData"]}), json!(["BiometricData"])),
        ] {
            assert_eq!(redact_scope(&mut Section::new("settings", &settings, &faults)), expected);
        }
        assert_eq!(faults.count(), 0);
    }
}
