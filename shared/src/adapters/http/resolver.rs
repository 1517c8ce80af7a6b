//! Resolves a name and vets the whole answer before anybody connects.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::{Policy, vet_resolved};

/// Asks a resolver.
pub trait Lookup: Send + Sync {
    /// All addresses of a name.
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A look-up with a policy over its answers; none for hosts that the operator named.
pub(super) struct Vetting {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) policy: Option<Policy>,
}

impl Resolve for Vetting {
    fn resolve(&self, name: Name) -> Resolving {
        let (looking, policy) = (self.lookup.addresses(name.as_str().to_owned()), self.policy);
        Box::pin(async move {
            let addresses = looking.await?;
            if let Some(policy) = policy {
                vet_resolved(&addresses, policy)?;
            }
            // Port 0 is replaced by the URL's own.
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}
