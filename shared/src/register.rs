//! Where a provider's webhooks go, by its own API: seen and set for the operator. Registering twice is done: an address
//! that stands there is not made again, but made complete. What is to be done next follows from what stands at the
//! provider and in the configuration alone ([`plan`]), so a command that was cut off is simply given again.
//!
//! The proof of a provider that signs nothing is the last part of the address, so what is told of an address is told
//! without it: without a key of this configuration wherever it stands, and without whatever stands in the place of a
//! key, a query or credentials. Others that stand there may be another tenant's, another stage's, or have a key that was
//! replaced and is still good.

use url::Url;

use crate::ports::{Connection, ProviderError, Reach, Registration};
use crate::secret::Secret;

pub mod plan;

pub use self::plan::{Goal, Kept, Step, Stuck};

/// Of an address that is none.
const UNREADABLE: &str = "(no address)";
/// The words `v1` and `webhooks`, then a tenant's name and a connection's: a key follows.
const NAMES: usize = 4;
/// What is not registered yet has no id, and no signing secret that anybody knows.
const NEW: &str = "(new)";

/// An address that webhooks go to, fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The provider's id of it; none where it is not registered yet.
    pub id: Option<String>,
    /// The address, with `{key}` where a key stands or may stand.
    pub address: String,
    /// Whether it is sent to.
    pub enabled: bool,
    /// Whether it is sent all that the gateway needs, and nothing of another environment.
    pub complete: bool,
}

/// Every address that the provider sends to.
///
/// # Errors
/// See [`ProviderError`].
pub async fn list(connection: &Connection, reach: Reach<'_>) -> Result<Vec<Shown>, ProviderError> {
    let all = connection.account.webhooks(reach).await?;
    Ok(all.iter().map(|one| shown(connection, one)).collect())
}

/// What stands at the provider, seen from one address of ours.
pub struct Standing {
    url: Url,
    own: Vec<Registration>,
    others: Vec<Registration>,
}

impl Standing {
    /// Asks the provider. The address is that path of ours, or the connection's own.
    ///
    /// # Errors
    /// See [`ProviderError`].
    pub async fn ask(connection: &Connection, reach: Reach<'_>, path: Option<&str>) -> Result<Self, ProviderError> {
        let url = address(connection, reach.public_url, path);
        let same = |one: &Registration| {
            let text = one.url.expose_text().unwrap_or_default();
            Url::parse(text).is_ok_and(|other| other == url)
        };
        let all = connection.account.webhooks(reach).await?;
        let (own, others): (Vec<_>, Vec<_>) = all.into_iter().partition(same);
        if connection.account.makes_signing_secret() && own.iter().any(|one| one.secret.is_none()) {
            return Err(ProviderError::Unavailable("it does not tell what a webhook of ours is signed with"));
        }
        Ok(Self { url, own, others })
    }

    /// What is to be done next; nothing where it is as wanted.
    ///
    /// # Errors
    /// It cannot be reached from here.
    pub fn next(&self, kept: &Kept, goal: Goal) -> Result<Option<Step>, Stuck> {
        plan::next(&self.own, &self.others, kept, goal)
    }

    /// Does it, at the provider or to what the configuration is to hold; the latter is the caller's to store.
    ///
    /// # Errors
    /// See [`ProviderError`].
    pub async fn take(
        &self,
        step: &Step,
        connection: &Connection,
        reach: Reach<'_>,
        kept: &mut Kept,
    ) -> Result<(), ProviderError> {
        match step {
            Step::Make => {
                let url = Secret::from(self.url.to_string());
                connection.account.register(reach, &url, false).await.map(drop)
            }
            Step::Switch { id, .. } => connection.account.amend(reach, id, true).await.map(drop),
            Step::Remove { id } => connection.account.unregister(reach, id).await,
            Step::Keep { .. } | Step::Release { .. } | Step::Discard { .. } => {
                self.note(step, kept);
                Ok(())
            }
        }
    }

    /// The same without doing anything: what would stand there then.
    pub fn pretend(&mut self, step: &Step, connection: &Connection, kept: &mut Kept) {
        match step {
            Step::Make => {
                let signs = connection.account.makes_signing_secret();
                self.own.push(Registration {
                    id: NEW.to_owned(),
                    url: Secret::from(self.url.to_string()),
                    enabled: !signs,
                    complete: true,
                    secret: signs.then(|| Secret::from(NEW.to_owned())),
                });
            }
            Step::Switch { id, .. } => self.own.iter_mut().filter(|one| one.id == *id).for_each(|one| {
                one.enabled = true;
                one.complete = true;
            }),
            Step::Remove { id } => self.own.retain(|one| one.id != *id),
            Step::Keep { .. } | Step::Release { .. } | Step::Discard { .. } => self.note(step, kept),
        }
    }

    fn note(&self, step: &Step, kept: &mut Kept) {
        match step {
            Step::Keep { id } => self.own.iter().filter(|one| one.id == *id).for_each(|one| kept.keep(one)),
            Step::Release { ids } => kept.release(ids),
            Step::Discard { .. } => kept.discard(self.own.iter().chain(&self.others)),
            Step::Make | Step::Switch { .. } | Step::Remove { .. } => {}
        }
    }

    /// Ours; more than one only while the signing secret is being changed.
    pub fn own<'a>(&'a self, connection: &'a Connection) -> impl Iterator<Item = Shown> + 'a {
        self.own.iter().map(|one| shown(connection, one))
    }

    /// Whatever else stands there.
    pub fn others<'a>(&'a self, connection: &'a Connection) -> impl Iterator<Item = Shown> + 'a {
        self.others.iter().map(|one| shown(connection, one))
    }

    /// Our address, as it can be shown.
    #[must_use]
    pub fn address(&self, connection: &Connection) -> String {
        without_keys(connection, self.url.as_str())
    }
}

/// Where webhooks are to go; of several keys, the first is the one in use. Another integration's path has none.
fn address(connection: &Connection, public_url: &Url, path: Option<&str>) -> Url {
    let mut url = public_url.clone();
    if let Some(path) = path {
        url.set_path(path);
        return url;
    }
    let key = connection.proofs.url_keys.first().and_then(|key| key.value.expose_text().ok());
    if let Ok(mut path) = url.path_segments_mut() {
        let names = ["v1", "webhooks", connection.key.tenant.as_str(), connection.key.name.as_str()];
        path.pop_if_empty().extend(names).extend(key);
    }
    url
}

fn shown(connection: &Connection, one: &Registration) -> Shown {
    Shown {
        id: (one.id != NEW).then(|| one.id.clone()),
        address: without_keys(connection, one.url.expose_text().unwrap_or_default()),
        enabled: one.enabled,
        complete: one.complete,
    }
}

fn without_keys(connection: &Connection, address: &str) -> String {
    masked(address, connection.proofs.url_keys.iter().filter_map(|key| key.value.expose_text().ok()))
}

fn masked<'a>(address: &str, keys: impl Iterator<Item = &'a str>) -> String {
    let Ok(mut url) = Url::parse(address) else { return UNREADABLE.to_owned() };
    if !url.has_host() {
        return UNREADABLE.to_owned();
    }
    let has_query = url.query().is_some();
    url.set_query(None);
    url.set_fragment(None);
    // Only an address without a host refuses these.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
    let below = segments.windows(2).position(|names| names == ["v1", "webhooks"]).map(|at| at.saturating_add(NAMES));
    let kept = below.map_or(segments.len(), |below| below.min(segments.len()));
    let path = segments.iter().take(kept).map(|segment| format!("/{segment}"));
    let key = (kept < segments.len()).then_some("/{key}".to_owned());
    let path: String = path.chain(key).collect();
    url.set_path("");
    let mut shown = format!("{}{path}", url.as_str().trim_end_matches('/'));
    if has_query {
        shown.push_str("?{key}");
    }
    keys.fold(shown, |shown, key| shown.replace(key, "{key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "kY3vQ9x0Zr7Lw2Tn5Bc8Df";

    #[test]
    fn an_address_is_told_without_any_key() {
        for (address, shown) in [
            (
                "https://a.example/v1/webhooks/acme/bank/kY3vQ9x0Zr7Lw2Tn5Bc8Df",
                "https://a.example/v1/webhooks/acme/bank/{key}",
            ),
            ("https://a.example/v1/webhooks/acme/bank/another-s", "https://a.example/v1/webhooks/acme/bank/{key}"),
            (
                "https://b.example:8443/live/v1/webhooks/beta/x/another-s/",
                "https://b.example:8443/live/v1/webhooks/beta/x/{key}",
            ),
            ("https://a.example/v1/webhooks/acme/bank/a/another-s", "https://a.example/v1/webhooks/acme/bank/{key}"),
            ("https://a.example/v1/webhooks/acme/bank", "https://a.example/v1/webhooks/acme/bank"),
            (
                "https://a.example/v1/webhooks/acme/bank?token=another-s",
                "https://a.example/v1/webhooks/acme/bank?{key}",
            ),
            ("https://other.example/hooks?another-s#another-s", "https://other.example/hooks?{key}"),
            ("https://another-s:another-s@other.example/hooks/", "https://other.example/hooks/"),
            ("https://other.example/kY3vQ9x0Zr7Lw2Tn5Bc8Df/hooks", "https://other.example/{key}/hooks"),
            ("https://other.example", "https://other.example/"),
            ("another-s", UNREADABLE),
            ("data:another-s", UNREADABLE),
            ("", UNREADABLE),
        ] {
            assert_eq!(masked(address, std::iter::once(KEY)), shown, "{address}");
        }
    }
}
