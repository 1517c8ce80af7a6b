//! Begins a run: nothing is made at idOS. A person shares with us from their own wallet, on a page of the tenant's or in
//! the tenant's app, which must know our two public keys; that page or app is what we give.
//!
//! Where the app knows the person's idOS user, the run has that name, and every grant of theirs finds it. Where it does
//! not, the run waits, and names are never added to it: another is begun with the name, by `start`, or by a `resume` with
//! `subject.user_id` once the run's own link does not live any more. While that lives, a `resume` answers it, as it is.

use serde_json::{Map, Value, json};
use url::Url;

use super::Idos;
use super::credential::Level;
use super::id::{Kind, Root, uuid};
use crate::domain::{Channel, OnboardingId, Resource, SubjectKind};
use crate::ports::{BadField, Entrance, ProviderError, Renewed, Started, Wish};
use crate::providers::fields::{unknown, wrong};
use crate::secret::Secret;

/// Members of `subject`.
pub(super) const FIELDS: [&str; 1] = ["user_id"];
/// Members of `options`.
pub(super) const OPTIONS: [&str; 1] = ["level"];

const NO_PAGE: &str = "needs the page where people share: set settings.share_url, or use the channel sdk";

impl Idos {
    /// What is asked for, and where.
    pub(super) fn checked(&self, wish: &Wish) -> Result<Resource, Vec<BadField>> {
        let mut bad = Vec::new();
        unknown("subject", &wish.subject, &FIELDS, &mut bad);
        unknown("options", &wish.options, &OPTIONS, &mut bad);
        if wish.kind != SubjectKind::Individual {
            bad.push(wrong("subject.kind", "must be individual: idOS knows no companies"));
        }
        if wish.channel == Channel::Link && self.settings.share_url.is_none() {
            bad.push(wrong("channel", NO_PAGE));
        }
        let user = member(&wish.subject, "user_id").map(|value| {
            value.as_str().and_then(uuid).ok_or_else(|| wrong("subject.user_id", "must be the UUID of an idOS user"))
        });
        let level = member(&wish.options, "level").map_or_else(
            || Ok(self.settings.level.clone()),
            |value| {
                value.as_str().map_or(Err("must be a text"), Level::parse).map_err(|rule| wrong("options.level", rule))
            },
        );
        match (user.transpose(), level) {
            (Ok(user), Ok(level)) if bad.is_empty() => {
                let root = Root { onboarding: wish.onboarding.clone(), attempt: wish.attempt, level, user };
                root.resource().ok_or_else(|| vec![wrong("options.level", "is too long")])
            }
            (user, level) => {
                bad.extend(user.err().into_iter().chain(level.err()));
                Err(bad)
            }
        }
    }

    pub(super) fn begin(&self, wish: &Wish) -> Result<Started, ProviderError> {
        let subject = self
            .checked(wish)
            .map_err(|bad| ProviderError::Refused { field: bad.into_iter().next().map(|bad| bad.field) })?;
        let root = Root::read(&subject).ok_or(ProviderError::NotFound)?;
        let entrance = self.entrance(&root.onboarding, &root.level, wish.channel, wish.return_url.as_ref())?;
        let names = root.user.map(|user| Kind::User.resource(user)).into_iter().collect();
        Ok(Started { subject, entrance, expires_at: None, return_nonce: None, names })
    }

    /// The same place again. An adopted run was begun by nobody here, and has none.
    pub(super) fn entered_again(
        &self,
        subject: &Resource,
        channel: Channel,
        return_url: Option<&Url>,
    ) -> Result<Option<Renewed>, ProviderError> {
        let Some(root) = Root::read(subject) else { return Ok(None) };
        let entrance = self.entrance(&root.onboarding, &root.level, channel, return_url)?;
        Ok(Some(Renewed { entrance, expires_at: None, return_nonce: None }))
    }

    fn entrance(
        &self,
        onboarding: &OnboardingId,
        level: &Level,
        channel: Channel,
        return_url: Option<&Url>,
    ) -> Result<Entrance, ProviderError> {
        match channel {
            Channel::Link => {
                let mut url = self.settings.share_url.clone().ok_or(ProviderError::Unsupported(NO_PAGE))?;
                let mut query = url.query_pairs_mut();
                query.append_pair("onboarding_id", onboarding.as_str()).append_pair("level", level.as_str());
                if let Some(back) = return_url {
                    query.append_pair("return_url", back.as_str());
                }
                drop(query);
                Ok(Entrance::Link { url: Secret::from(String::from(url)), embed: false })
            }
            Channel::Sdk => {
                let (grantee, key) = (self.node.session.signer.name(), self.key.public());
                let token = json!({
                    "grantee": grantee, "encryption_public_key": key, "level": level.as_str(),
                    "onboarding_id": onboarding.as_str(),
                });
                Ok(Entrance::Sdk { token: Secret::from(token.to_string()) })
            }
        }
    }
}

/// `null` is absent.
fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.get(name).filter(|value| !value.is_null())
}
