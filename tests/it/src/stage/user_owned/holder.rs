//! One onboarding at idOS: the person shares, Fractal tells of it.

use std::ops::Deref;

use idv_simulators::idos::{Act, Content, Share, Shared, Standing};
use serde_json::Value;

use super::super::case::text;
use super::super::{Case, Stage, Tenant};
use super::{IDOS, SHARE_URL};

/// One onboarding at idOS.
pub struct Holder<'a> {
    case: Case<'a>,
    /// The person's idOS user.
    pub user: String,
}

impl<'a> Deref for Holder<'a> {
    type Target = Case<'a>;

    fn deref(&self) -> &Self::Target {
        &self.case
    }
}

impl<'a> Holder<'a> {
    /// From an answer that leads to where the person shares.
    #[must_use]
    pub fn of(stage: &'a Stage, tenant: &str, user: String, answer: &Value) -> Self {
        let own = format!("{SHARE_URL}?onboarding_id={}&level=", text(answer, "/onboarding_id"));
        assert!(text(answer, "/link/url").starts_with(&own), "{answer}");
        Self::adopted(stage, tenant, user, answer)
    }

    /// One that was made of what somebody shared whom nobody had invited; from anything that has its id.
    #[must_use]
    pub fn adopted(stage: &'a Stage, tenant: &str, user: String, found: &Value) -> Self {
        Self { case: Case::with(stage, tenant, IDOS, found, &user), user }
    }

    fn tenant(&self) -> &'a Tenant {
        self.case.tenant
    }

    /// A good credential for this tenant, as its issuer shares it for the person.
    #[must_use]
    pub fn share(&self) -> Share {
        let consumer = self.case.stage.consumer(self.tenant().name);
        Share { user: Some(self.user.clone()), ..Share::to(&consumer) }
    }

    /// Something is shared, and nobody tells of it.
    pub fn shares(&self, share: &Share) -> Shared {
        self.case.stage.idos().share(share).unwrap()
    }

    /// Something is shared with that content, and Fractal tells of it.
    pub fn shares_and_tells(&self, content: impl Into<Content>) -> Shared {
        let shared = self.shares(&Share { content: content.into(), ..self.share() });
        self.tells_of(&shared);
        shared
    }

    /// Fractal tells of it; gives the acquaintance whose events they are.
    pub fn tells_of(&self, shared: &Shared) -> String {
        self.case.stage.tells_of(self.tenant().name, shared)
    }

    /// Something happens to what was shared.
    pub fn does(&self, shared: &Shared, act: Act) {
        self.case.stage.idos().act(&shared.credential_id, act).unwrap();
    }

    /// How what was shared stands at the node.
    #[must_use]
    pub fn standing(&self, shared: &Shared) -> Standing {
        self.case.stage.idos().credential(&shared.credential_id).unwrap()
    }
}
