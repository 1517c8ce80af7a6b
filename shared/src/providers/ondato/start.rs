//! Begins a run: create, point its way back, hand out the link.
//!
//! The create call has no place for return URLs; they are set per verification afterwards
//! (`PUT …/setup-localisations`, read in an integrator's code that cites the topic "session redirects"), in the
//! languages that the setup in force has, so that its titles stay.
//!
//! Create is not idempotent and is never repeated here. What follows it is: the PUT is tried twice. If it still fails,
//! nothing is handed out: a link that leads the person to somebody else's page, unknown to the app, is worse than a
//! start that says `provider_unavailable`, and a start refused for its return URL must be seen at the first try. The
//! verification that remains has a link that nobody knows and expires unopened after 7 days.
//!
//! A white-label address stands in the setup (`webAppSetting.baseUrl`, topic "Face verification integration"). It is
//! used while `base_urls.app` is Ondato's own; the setup is read once in ten minutes, and where it cannot be read
//! `base_urls.app` and `settings.language` serve.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::Ondato;
use super::id::{Kind, uuid};
use super::registration;
use super::settings;
use crate::domain::{Channel, ProviderId, SubjectKind, Timestamp};
use crate::ports::{Entrance, Method, ProviderError, Reach, Started, Wish};
use crate::providers::answer::{self, Object, below};
use crate::secret::Secret;
use crate::section::absolute_url;

/// `Pending` becomes `Expired` after 7 days (topic "Identity verification", statuses); 2 idle hours end an opened one.
const LINK_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Together with a token these stay below the 29 s that an invocation has.
const CREATE: Duration = Duration::from_secs(8);
const SETUP: Duration = Duration::from_secs(3);
const LOCALISE: Duration = Duration::from_secs(5);
/// A verification keeps the version of the setup that was current at its creation; a change may take this long to be
/// seen here.
const SETUP_LIFE: Duration = Duration::from_secs(10 * 60);

#[derive(Deserialize)]
struct Created {
    id: Option<String>,
}

/// `GET /v1/identity-verifications/{id}/setup`.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Setup {
    web_app_setting: Option<Object<WebApp>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WebApp {
    base_url: Option<String>,
    localisation_settings: Option<Vec<Object<Localisation>>>,
    default_localisation_setting: Option<Object<Localisation>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Localisation {
    language: Option<String>,
    page_title: Option<String>,
}

/// The last setup seen of each kind.
#[derive(Default)]
pub(super) struct Setups(Mutex<BTreeMap<SubjectKind, (Timestamp, Arc<Setup>)>>);

impl Setups {
    fn fresh(&self, kind: SubjectKind, now: Timestamp) -> Option<Arc<Setup>> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&kind).filter(|(at, _)| now.since(*at) < SETUP_LIFE).map(|(_, setup)| Arc::clone(setup))
    }

    fn keep(&self, kind: SubjectKind, now: Timestamp, setup: &Arc<Setup>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, (now, Arc::clone(setup)));
    }
}

impl Ondato {
    pub(super) async fn begin(&self, reach: Reach<'_>, wish: &Wish) -> Result<Started, ProviderError> {
        let order = registration::order(wish, &self.settings)
            .map_err(|bad| ProviderError::Refused { field: bad.into_iter().next().map(|bad| bad.field) })?;
        let began_at = reach.world.now();
        let id = self.create(reach, &order.body).await?;
        let entrance = match wish.channel {
            // The SDKs take the id alone and have no page to return from.
            Channel::Sdk => Entrance::Sdk { token: Secret::from(id.as_str().to_owned()) },
            Channel::Link => self.link(reach, wish, &id, order.language.as_deref()).await?,
        };
        let expires_at = Some(began_at + reach.world.pace.of(LINK_LIFE));
        Ok(Started {
            subject: Kind::IdentityVerification.resource(id),
            entrance,
            expires_at,
            return_nonce: None,
            names: Vec::new(),
        })
    }

    async fn create(&self, reach: Reach<'_>, body: &Value) -> Result<ProviderId, ProviderError> {
        let url = self.api.verifications();
        let response = match self.api.call(reach, Method::Post, &url, Some(body), CREATE).await {
            Err(ProviderError::NotFound) => return Err(ProviderError::Unavailable("its API is not at this address")),
            outcome @ (Ok(_) | Err(_)) => outcome?,
        };
        let created: Created = answer::object(&response)?;
        created.id.as_deref().and_then(uuid).ok_or(ProviderError::Unavailable("it created something without an id"))
    }

    async fn link(
        &self,
        reach: Reach<'_>,
        wish: &Wish,
        id: &ProviderId,
        language: Option<&str>,
    ) -> Result<Entrance, ProviderError> {
        let own_pages = self.api.hosts.app.as_str().trim_end_matches('/') == settings::APP;
        let setup = if own_pages || wish.return_url.is_some() {
            self.setup(reach, wish.kind, id).await
        } else {
            Arc::default()
        };
        if let Some(return_url) = &wish.return_url {
            let body = setup.localised(return_url, language, &self.settings.language);
            self.localise(reach, id, &body).await?;
        }
        let base = if own_pages { setup.white_label(self.api.hosts.idv.scheme()) } else { None };
        let mut url = base.unwrap_or_else(|| self.api.hosts.app.clone());
        url.query_pairs_mut().append_pair("id", id.as_str());
        Ok(Entrance::Link { url: Secret::from(String::from(url)), embed: false })
    }

    async fn setup(&self, reach: Reach<'_>, kind: SubjectKind, id: &ProviderId) -> Arc<Setup> {
        let now = reach.world.now();
        if let Some(setup) = self.setups.fresh(kind, now) {
            return setup;
        }
        let url = below(&self.api.verification(id), &["setup"]);
        let response = self.api.call(reach, Method::Get, &url, None, SETUP).await;
        let Ok(setup) = response.and_then(|response| answer::object(&response)) else { return Arc::default() };
        let setup = Arc::new(setup);
        self.setups.keep(kind, now, &setup);
        setup
    }

    async fn localise(&self, reach: Reach<'_>, id: &ProviderId, body: &Value) -> Result<(), ProviderError> {
        let url = below(&self.api.verification(id), &["setup-localisations"]);
        let put = || self.api.call(reach, Method::Put, &url, Some(body), LOCALISE);
        let outcome = match put().await {
            Err(ProviderError::Unavailable(_) | ProviderError::NotFound) => put().await,
            first @ (Ok(_) | Err(_)) => first,
        };
        match outcome {
            Ok(_) => Ok(()),
            Err(ProviderError::Refused { field }) => {
                let language = field.is_some_and(|field| field.to_ascii_lowercase().contains("language"));
                let field = if language { "options.language" } else { "return_url" };
                Err(ProviderError::Refused { field: Some(field.to_owned()) })
            }
            // The verification exists by now, which only this class says.
            Err(ProviderError::NotFound | ProviderError::Busy { .. }) => {
                Err(ProviderError::Unavailable("the way back could not be set"))
            }
            Err(error) => Err(error),
        }
    }
}

impl Setup {
    /// The setup's own address of the flow. It gets a bearer secret: nothing less safe than the API itself.
    fn white_label(&self, scheme: &str) -> Option<Url> {
        let Object(app) = self.web_app_setting.as_ref()?;
        let url = absolute_url(app.base_url.as_deref()?).ok()?;
        (url.scheme() == scheme || url.scheme() == "https").then_some(url)
    }

    /// Every end of the flow leads to the same place, in every language of the setup and the one that is wished.
    fn localised(&self, return_url: &Url, wished: Option<&str>, fallback: &str) -> Value {
        let app = self.web_app_setting.as_ref().map(|Object(app)| app);
        let general = app.and_then(|app| app.default_localisation_setting.as_ref()).map(|Object(setting)| setting);
        let listed = app.and_then(|app| app.localisation_settings.as_ref()).into_iter().flatten();
        let mut pages: Vec<(&str, Option<&str>)> =
            listed.filter_map(|Object(page)| Some((page.language.as_deref()?, page.page_title.as_deref()))).collect();
        let usual = general.and_then(|page| page.language.as_deref());
        let first = pages.first().map(|(language, _)| *language);
        let default = wished.or(usual).or(first).unwrap_or(fallback);
        if !pages.iter().any(|(language, _)| *language == default) {
            pages.push((default, general.and_then(|page| page.page_title.as_deref())));
        }
        let settings: Vec<Value> =
            pages.into_iter().map(|(language, title)| localisation(language, title, return_url)).collect();
        json!({"defaultLanguage": default, "localisationSettings": settings})
    }
}

fn localisation(language: &str, title: Option<&str>, return_url: &Url) -> Value {
    let mut page = json!({
        "language": language,
        "successRedirectUrl": return_url.as_str(),
        "failureRedirectUrl": return_url.as_str(),
        "consentDeclinedRedirectUrl": return_url.as_str(),
    });
    if let (Some(title), Some(members)) = (title, page.as_object_mut()) {
        members.insert("pageTitle".to_owned(), Value::from(title));
    }
    page
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops loudly")]
mod tests {
    use super::*;

    fn setup(app: Value) -> Setup {
        serde_json::from_value(json!({"webAppSetting": app})).unwrap()
    }

    #[test]
    fn a_white_label_address_must_be_as_safe_as_the_api() {
        let white = |address: &str, scheme| setup(json!({"baseUrl": address})).white_label(scheme).map(String::from);
        assert_eq!(white("https://verify.example.com/", "https").as_deref(), Some("https://verify.example.com/"));
        assert_eq!(white("http://127.0.0.1:9/", "http").as_deref(), Some("http://127.0.0.1:9/"));
        for address in ["http://verify.example.com", "javascript:alert(1)", "https://user:pw@example.com", "", "//x"] {
            assert_eq!(white(address, "https"), None, "{address}");
        }
    }

    #[test]
    fn the_languages_of_the_setup_stay_with_their_titles() {
        let setup = setup(json!({
            "localisationSettings": [{"language": "lt", "pageTitle": "Tapatybė"}, {"pageTitle": "no language"}],
            "defaultLocalisationSetting": {"language": "en-GB", "pageTitle": "Identity"},
        }));
        let back = Url::parse("https://app.example.com/return?attempt=abc").unwrap();
        let languages = |wished| {
            let body = setup.localised(&back, wished, "de");
            let pages = body["localisationSettings"].as_array().unwrap().iter();
            let pages: Vec<_> = pages.map(|page| format!("{} {}", page["language"], page["pageTitle"])).collect();
            (body["defaultLanguage"].as_str().unwrap().to_owned(), pages.join("|"))
        };
        assert_eq!(languages(None), ("en-GB".to_owned(), r#""lt" "Tapatybė"|"en-GB" "Identity""#.to_owned()));
        assert_eq!(languages(Some("lt")), ("lt".to_owned(), r#""lt" "Tapatybė""#.to_owned()));
        let bare = Setup::default().localised(&back, None, "de");
        assert_eq!(
            bare,
            json!({"defaultLanguage": "de", "localisationSettings": [{
                "language": "de", "successRedirectUrl": back.as_str(), "failureRedirectUrl": back.as_str(),
                "consentDeclinedRedirectUrl": back.as_str(),
            }]})
        );
    }
}
