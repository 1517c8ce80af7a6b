//! The access token that a webhook's calls carry where its receiver wants one (§3.1).

use std::time::{Duration, Instant};

use super::world::World;
use crate::{client, state::Shared};

/// Where an access token for the receiver is fetched (§3.1).
#[derive(Clone)]
pub(crate) struct WebhookOAuth {
    pub(crate) server_url: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) scope: Option<String>,
}

/// The kept token of a webhook, or a new one from the receiver's token endpoint by client credentials.
pub(super) async fn receiver_token(
    shared: &Shared<World>,
    http: &reqwest::Client,
    webhook: &str,
    oauth: &WebhookOAuth,
) -> Result<String, String> {
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
    let (token, life) = client::fetch_token(http.post(&oauth.server_url).form(&form)).await?;
    let until = Instant::now() + Duration::from_secs(life);
    shared.change(|world| world.receiver_tokens.insert(webhook.to_owned(), (token.clone(), until)));
    Ok(token)
}
