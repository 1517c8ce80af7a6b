//! The access token that a webhook's calls carry where its receiver wants one (§3.1).

use std::time::{Duration, Instant};

use serde_json::Value;

use super::world::Shared;

/// Where an access token for the receiver is fetched (§3.1).
#[derive(Clone)]
pub(crate) struct WebhookOAuth {
    pub(crate) server_url: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) scope: Option<String>,
}

/// The kept token of a webhook, or a new one from the receiver's token endpoint by client credentials.
pub(super) async fn receiver_token(shared: &Shared, webhook: &str, oauth: &WebhookOAuth) -> Result<String, String> {
    let kept = shared.look().receiver_tokens.get(webhook).filter(|(_, until)| *until > Instant::now()).cloned();
    if let Some((token, _)) = kept {
        return Ok(token);
    }
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", oauth.client_id.as_str()),
        ("client_secret", oauth.client_secret.as_str()),
    ];
    form.extend(oauth.scope.as_deref().map(|scope| ("scope", scope)));
    let answer = shared.http.post(&oauth.server_url).form(&form).send().await.map_err(|error| error.to_string())?;
    if !answer.status().is_success() {
        return Err(format!("status {}", answer.status().as_u16()));
    }
    let body = answer.bytes().await.map_err(|error| error.to_string())?;
    let body: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    let token = body.get("access_token").and_then(Value::as_str).ok_or("no access_token")?.to_owned();
    // RFC 6749 makes expires_in optional: an hour then
    let life = body.get("expires_in").and_then(Value::as_u64).unwrap_or(3_600);
    let until = Instant::now() + Duration::from_secs(life);
    shared.change(|world| world.receiver_tokens.insert(webhook.to_owned(), (token.clone(), until)));
    Ok(token)
}
