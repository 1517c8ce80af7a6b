//! Where a provider's webhooks go, by its own API: seen and set for the operator. Registering twice is done: an address
//! that stands there is not made again. The proof of a provider that signs nothing is the last part of the address, so
//! what is told of an address is told without it.

use url::Url;

use crate::ports::{Connection, ProviderError, Reach, Registration};
use crate::secret::Secret;

/// An address that webhooks go to, fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The provider's id of it; none where it is not registered yet.
    pub id: Option<String>,
    /// The address, with `{key}` where a key of the connection stands.
    pub address: String,
}

/// What became of registering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It stands there already.
    Known(Shown),
    /// It was registered.
    Made(Shown),
    /// It would be: nothing was done.
    Wanted(Shown),
}

/// Every address that the provider sends to.
///
/// # Errors
/// See [`ProviderError`].
pub async fn list(connection: &Connection, reach: Reach<'_>) -> Result<Vec<Shown>, ProviderError> {
    let all = connection.account.webhooks(reach).await?;
    Ok(all.iter().map(|one| shown(connection, Some(one.id.clone()), &one.url)).collect())
}

/// Registers our own address, and tells which others stand there.
///
/// # Errors
/// See [`ProviderError`].
pub async fn register(
    connection: &Connection,
    reach: Reach<'_>,
    dry_run: bool,
) -> Result<(Outcome, Vec<Shown>), ProviderError> {
    let url = address(connection, reach.public_url);
    let known = connection.account.webhooks(reach).await?;
    let (own, others): (Vec<Registration>, Vec<Registration>) =
        known.into_iter().partition(|one| one.url.matches(url.expose()));
    let show = |one: &Registration| shown(connection, Some(one.id.clone()), &one.url);
    let others = others.iter().map(show).collect();
    if let Some(own) = own.first() {
        return Ok((Outcome::Known(show(own)), others));
    }
    if dry_run {
        return Ok((Outcome::Wanted(shown(connection, None, &url)), others));
    }
    let made = connection.account.register(reach, &url).await?;
    Ok((Outcome::Made(show(&made)), others))
}

/// Where webhooks are to go; of several keys, the first is the one in use.
fn address(connection: &Connection, public_url: &Url) -> Secret {
    let mut url = public_url.clone();
    let key = connection.proofs.url_keys.first().and_then(|key| key.value.expose_text().ok());
    if let Ok(mut path) = url.path_segments_mut() {
        let names = ["v1", "webhooks", connection.key.tenant.as_str(), connection.key.name.as_str()];
        path.pop_if_empty().extend(names).extend(key);
    }
    Secret::from(url.to_string())
}

fn shown(connection: &Connection, id: Option<String>, url: &Secret) -> Shown {
    let mut address = url.expose_text().unwrap_or_default().to_owned();
    for key in connection.proofs.url_keys.iter().filter_map(|key| key.value.expose_text().ok()) {
        address = address.replace(key, "{key}");
    }
    Shown { id, address }
}
