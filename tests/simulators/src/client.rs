//! The HTTP client with which a simulator sends its webhooks.

use std::{error::Error, sync::Arc};

/// Plain HTTP in practice; the TLS part wants a configuration all the same, and trusts nobody.
pub(crate) fn http_client() -> Result<reqwest::Client, Box<dyn Error + Send + Sync>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    Ok(client.tls_backend_preconfigured(tls).build()?)
}
