//! The HTTP client with which a simulator sends its webhooks.

use std::{error::Error, sync::Arc};

use serde_json::Value;

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

/// An access token from the token endpoint that `request` asks, with its life in seconds.
pub(crate) async fn fetch_token(request: reqwest::RequestBuilder) -> Result<(String, u64), String> {
    let answer = request.send().await.map_err(|error| error.to_string())?;
    if !answer.status().is_success() {
        return Err(format!("status {}", answer.status().as_u16()));
    }
    let body = answer.bytes().await.map_err(|error| error.to_string())?;
    let body: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    let token = body.get("access_token").and_then(Value::as_str).ok_or("no access_token")?;
    // RFC 6749 makes expires_in optional: an hour then
    let life = body.get("expires_in").and_then(Value::as_u64).unwrap_or(3_600);
    Ok((token.to_owned(), life))
}
