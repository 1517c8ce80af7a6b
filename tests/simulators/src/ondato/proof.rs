//! How a delivery proves where it comes from (§3.2).

use std::time::{Duration, Instant};

use data_encoding::{BASE64, HEXLOWER};
use reqwest::{RequestBuilder, header::AUTHORIZATION};
use ring::hmac;

use super::{
    records::Answer,
    settings::{Hmac, OAuth2, PairIn, Subscription},
    world::World,
};
use crate::{client, state::Shared};

/// The value of `Ondato-Signature` for a body.
pub fn signature(secret: &str, unix_seconds: i64, body: &[u8], blank: bool) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(format!("{unix_seconds}.").as_bytes());
    context.update(body);
    let hex = HEXLOWER.encode(context.sign().as_ref());
    let blank = if blank { " " } else { "" };
    format!("t={unix_seconds},{blank}s={hex}")
}

/// What a delivery does about its proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    Right,
    Absent,
    Wrong,
    /// Signed this many seconds ago.
    Old(i64),
}

/// Headers of one try.
pub(crate) fn prove(
    request: RequestBuilder,
    how: Proof,
    subscription: &Subscription,
    token: Option<&str>,
    signed_at: i64,
    body: &[u8],
) -> RequestBuilder {
    if how == Proof::Absent {
        return request;
    }
    let spoilt = |secret: &str| {
        if how == Proof::Wrong { format!("not-{secret}") } else { secret.to_owned() }
    };
    let mut request = request;
    // one header for both modes: a token goes first
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {}", spoilt(token)));
    } else if let Some(basic) = &subscription.basic {
        let pair = format!("{}:{}", basic.username, spoilt(&basic.password));
        let pair = BASE64.encode(pair.as_bytes());
        request = request.header(AUTHORIZATION, format!("Basic {pair}"));
    }
    if let Some(Hmac { secret, blank, .. }) = &subscription.hmac {
        let signed_at = if let Proof::Old(seconds) = how { signed_at.saturating_sub(seconds) } else { signed_at };
        request = request.header("Ondato-Signature", signature(&spoilt(secret), signed_at, body, *blank));
    }
    for (name, value) in &subscription.headers {
        request = request.header(name, value);
    }
    request
}

/// The kept token of a subscription, or a new one from the receiver's token endpoint.
pub(crate) async fn receiver_token(
    shared: &Shared<World>,
    http: &reqwest::Client,
    index: usize,
    mode: &OAuth2,
    patience: Duration,
) -> Result<String, Answer> {
    let kept = shared.look().receiver_tokens.get(&index).filter(|(_, until)| *until > Instant::now()).cloned();
    if let Some((token, _)) = kept {
        return Ok(token);
    }
    let (token, lifetime) = match tokio::time::timeout(patience, fetch_token(http, mode)).await {
        Ok(fetched) => fetched.map_err(Answer::NoToken)?,
        Err(_) => return Err(Answer::NoToken("no answer".to_owned())),
    };
    let until = Instant::now() + Duration::from_secs(lifetime);
    shared.change(|world| world.receiver_tokens.insert(index, (token.clone(), until)));
    Ok(token)
}

async fn fetch_token(http: &reqwest::Client, mode: &OAuth2) -> Result<(String, u64), String> {
    let mut form = vec![("grant_type", "client_credentials")];
    let mut request = http.post(&mode.token_url);
    match mode.pair_in {
        PairIn::Body => {
            form.extend([("client_id", mode.client_id.as_str()), ("client_secret", mode.client_secret.as_str())])
        }
        PairIn::BasicHeader => request = request.basic_auth(&mode.client_id, Some(&mode.client_secret)),
    }
    form.extend(mode.scope.as_deref().map(|scope| ("scope", scope)));
    client::fetch_token(request.form(&form)).await
}
