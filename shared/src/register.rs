//! Where a provider's webhooks go, by its own API: seen and set for the operator. Registering twice is done: an address
//! that stands there is not made again. The proof of a provider that signs nothing is the last part of the address, so
//! what is told of an address is told without it: without a key of this configuration wherever it stands, and without
//! whatever stands in the place of a key, a query or credentials. Others that stand there may be another tenant's,
//! another stage's, or have a key that was replaced and is still good.

use url::Url;

use crate::ports::{Connection, ProviderError, Reach, Registration};
use crate::secret::Secret;

/// Of an address that is none.
const UNREADABLE: &str = "(no address)";
/// The words `v1` and `webhooks`, then a tenant's name and a connection's: a key follows.
const NAMES: usize = 4;

/// An address that webhooks go to, fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The provider's id of it; none where it is not registered yet.
    pub id: Option<String>,
    /// The address, with `{key}` where a key stands or may stand.
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
    let made = connection.account.register(reach, &url, true).await?;
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
    let keys = connection.proofs.url_keys.iter().filter_map(|key| key.value.expose_text().ok());
    Shown { id, address: masked(url.expose_text().unwrap_or_default(), keys) }
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
