//! The addresses that providers publish for their webhooks, shipped as data with the day they were
//! recorded, because such lists change without notice: a tenant can add networks of its own beside them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::LazyLock;

use ipnet::IpNet;
use serde::Deserialize;

use super::Refusal;
use super::credentials::Source;

static PUBLISHED: LazyLock<BTreeMap<String, Published>> = LazyLock::new(|| {
    // A test reads the file; if it were broken nobody would be admitted by it.
    serde_json::from_str(include_str!("sources.json")).unwrap_or_default()
});

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// The day on which the list was taken over.
    pub recorded: String,
    pub origin: String,
    #[serde(deserialize_with = "networks")]
    pub networks: Vec<IpNet>,
}

/// The shipped list of a provider.
pub fn published(provider: &str) -> Option<&'static Published> {
    PUBLISHED.get(provider)
}

/// Whether an address may send. `None` of sources restricts nothing.
pub(super) fn admit(provider: &str, sources: Option<&[Source]>, address: Option<IpAddr>) -> Result<(), Refusal> {
    let Some(sources) = sources else {
        return Ok(());
    };
    let mut admitted = Vec::new();
    for source in sources {
        match source {
            Source::Net(net) => admitted.push(net),
            Source::Published => {
                admitted.extend(&published(provider).ok_or(Refusal::Misconfigured)?.networks);
            }
        }
    }
    if admitted.is_empty() {
        return Err(Refusal::Misconfigured);
    }
    // A gateway may write an IPv4 sender as ::ffff:a.b.c.d.
    let address = address.ok_or(Refusal::SourceNotAllowed)?.to_canonical();
    if admitted.iter().any(|net| net.contains(&address)) { Ok(()) } else { Err(Refusal::SourceNotAllowed) }
}

fn networks<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
}

#[cfg(test)]
mod tests {
    use super::published;

    #[test]
    fn the_shipped_list_is_readable() {
        // providers/ondato.md §3.1
        assert_eq!(published("ondato").map(|list| list.networks.len()), Some(5));
        assert!(published("nobody").is_none());
    }
}
