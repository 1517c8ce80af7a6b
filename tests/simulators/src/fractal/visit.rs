//! What a person does who opens a link of ours, whichever generation it leads to.

use serde::{Deserialize, Serialize};

use super::{Fractal, acts::NotPossible, authorize::Turned, call::Host, settings::Generation, world::World};

/// The person's answer to the authorize page, or to the page of verifier and relay.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visit {
    #[serde(default)]
    pub button: Button,
    /// Who it is; absent: somebody new. An address that is known is the same person again.
    #[serde(default)]
    pub email: Option<String>,
    /// The same by id.
    #[serde(default)]
    pub user: Option<String>,
    /// Scopes that the person does not allow.
    #[serde(default)]
    pub without: Vec<String>,
    /// Signs up as a company.
    #[serde(default)]
    pub institution: bool,
    /// Alpha-2, of the person's document; absent: `DE`.
    #[serde(default)]
    pub country: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Button {
    /// Allows, and does the whole journey. At verifier and relay: does the journey.
    #[default]
    AllowAndComplete,
    /// Allows, and leaves the journey for later. Verifier and relay have no such thing.
    Allow,
    /// At verifier and relay: leaves.
    Deny,
    /// The server turns the person back with an error of RFC 6749.
    Fail { error: String },
}

/// Where the browser goes next, and who it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Return {
    /// Absent: nowhere.
    pub url: Option<String>,
    pub user: Option<String>,
}

impl Visit {
    pub fn pressing(button: Button) -> Self {
        Self { button, ..Self::default() }
    }

    #[must_use]
    pub fn by(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    #[must_use]
    pub fn without(mut self, scope: impl Into<String>) -> Self {
        self.without.push(scope.into());
        self
    }

    #[must_use]
    pub fn from_country(mut self, country: impl Into<String>) -> Self {
        self.country = Some(country.into());
        self
    }

    #[must_use]
    pub fn as_institution(mut self) -> Self {
        self.institution = true;
        self
    }
}

impl Fractal {
    /// Opens a link as a person's browser would and presses a button; the browser is not sent anywhere.
    pub fn visit(&self, link: &str, visit: &Visit) -> Result<Return, NotPossible> {
        self.shared.change(|world| world.visit(link, visit))
    }
}

impl World {
    fn visit(&mut self, link: &str, visit: &Visit) -> Result<Return, NotPossible> {
        let rest = |origin: &str| link.strip_prefix(origin).map(str::to_owned);
        if let Some(query) = rest(&format!("{}/authorize?", self.origins.app)) {
            return match self.asked(&query) {
                Ok(asked) => Ok(self.answer_page(&asked, visit)),
                Err(Turned::Back(url)) => Ok(Return { url: Some(url), user: None }),
                Err(Turned::Page(_, message)) => Err(NotPossible::BadLink(message.to_owned())),
            };
        }
        for host in [Host::Verifier, Host::Relay] {
            let origin = if host == Host::Verifier { &self.origins.verifier } else { &self.origins.relay };
            if let Some(query) = rest(&format!("{origin}/kyc?")) {
                return self.visit_kyc(host.generation(), &query, visit);
            }
        }
        Err(NotPossible::BadLink("no link of this simulator".to_owned()))
    }

    fn visit_kyc(&mut self, generation: Generation, query: &str, visit: &Visit) -> Result<Return, NotPossible> {
        let asked = self.asked_kyc(generation, query).map_err(NotPossible::BadLink)?;
        Ok(self.answer_kyc(&asked, visit))
    }
}
