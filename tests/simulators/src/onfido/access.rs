//! Who calls (§1.2): API tokens and OAuth client credentials, of one account, environment and region.
//!
//! | what comes | what is answered |
//! | --- | --- |
//! | unknown or revoked token, another region's, none at all | 401 |
//! | an access token past its time | 401 |
//! | a good pair at `oauth/token` | an access token; a wrong one 401 |
//! | more calls in a minute than an account may do | 429 without `Retry-After` |

use std::time::Duration;

use serde_json::json;

use super::{
    Onfido,
    call::{Call, Reply, Route},
    settings::{Account, ApiToken, Environment, OAuthClient, Region},
    world::{Owner, World},
};
use crate::chance;

/// A credential of an account.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) owner: Owner,
    pub(crate) client: String,
    region: Region,
    secret: Secret,
    revoked: bool,
}

#[derive(Clone)]
enum Secret {
    Token(String),
    Pair { id: String, secret: String },
}

impl Known {
    pub(crate) fn of(account: &Account) -> Vec<Self> {
        let known = |client: &str, environment, secret| Self {
            owner: Owner { account: account.name.clone(), environment },
            client: client.to_owned(),
            region: account.region,
            secret,
            revoked: false,
        };
        let token = |it: &ApiToken| known(&it.client, it.environment, Secret::Token(it.token.clone()));
        let pair = |it: &OAuthClient| {
            let secret = Secret::Pair { id: it.client_id.clone(), secret: it.client_secret.clone() };
            known(&it.client, it.environment, secret)
        };
        account.tokens.iter().map(token).chain(account.oauth_clients.iter().map(pair)).collect()
    }

    fn is_named(&self, name: &str) -> bool {
        match &self.secret {
            Secret::Token(token) => token == name,
            Secret::Pair { id, .. } => id == name,
        }
    }
}

/// An access token of the OAuth way.
pub(crate) struct Access {
    token: String,
    client_id: String,
    until: Duration,
}

const MINUTE: Duration = Duration::from_mins(1);

impl World {
    pub(super) fn oauth_token(&mut self, call: &Call, region: Region) -> Result<Reply, Reply> {
        let (id, secret) = (call.form("client_id").unwrap_or_default(), call.form("client_secret").unwrap_or_default());
        let matches = |known: &&Known| match &known.secret {
            Secret::Pair { id: known_id, secret: known_secret } => {
                *known_id == id && *known_secret == secret && !known.revoked && known.region == region
            }
            Secret::Token(_) => false,
        };
        self.known.iter().find(matches).ok_or_else(Reply::unauthorized)?;
        let life = self.settings.access_life;
        let token = chance::token();
        let until = self.token_time.elapsed().saturating_add(life);
        self.accesses.push(Access { token: token.clone(), client_id: id, until });
        Ok(Reply::ok(json!({"access_token": token, "token_type": "Bearer", "expires_in": life.as_secs()})))
    }

    /// Who a call speaks for.
    pub(super) fn signed_in(&self, call: &Call, region: Region) -> Result<Known, Reply> {
        let by_token = || call.credential("Token token=");
        let by_access = || {
            let token = call.credential("Bearer ")?;
            let access = self.accesses.iter().find(|access| access.token == token)?;
            (access.until > self.token_time.elapsed()).then_some(access.client_id.as_str())
        };
        let name = by_token().or_else(by_access).ok_or_else(Reply::unauthorized)?;
        let is_pair = call.credential("Bearer ").is_some();
        let known = self.known.iter().find(|known| {
            known.is_named(name) && matches!(known.secret, Secret::Pair { .. }) == is_pair && known.region == region
        });
        known.filter(|known| !known.revoked).cloned().ok_or_else(Reply::unauthorized)
    }

    /// Counts the call; refuses one too many within a minute.
    pub(super) fn refuse_too_many(&mut self, known: &Known) -> Result<(), Reply> {
        let now = self.token_time.elapsed();
        let Some(limit) = self.settings.rate_limit else {
            return Ok(());
        };
        let calls = self.calls.entry(known.owner.account.clone()).or_default();
        calls.retain(|at| now.saturating_sub(*at) < MINUTE);
        if calls.len() >= limit {
            return Err(Reply::of_code(429));
        }
        calls.push(now);
        Ok(())
    }

    /// Account and client of a call, for the records.
    pub(super) fn caller(&self, call: &Call, route: &Route<'_>) -> Option<(String, String)> {
        let known = self.signed_in(call, route.region).ok()?;
        Some((known.owner.account, known.client))
    }

    /// A token or a client id is not good any more.
    pub(super) fn revoke(&mut self, name: &str) {
        self.known.iter_mut().filter(|known| known.is_named(name)).for_each(|known| known.revoked = true);
    }

    pub(super) fn add_token(&mut self, account: &str, token: &ApiToken) {
        let region = self.region_of(account);
        self.known.push(Known {
            owner: Owner { account: account.to_owned(), environment: token.environment },
            client: token.client.clone(),
            region,
            secret: Secret::Token(token.token.clone()),
            revoked: false,
        });
    }

    pub(super) fn expire_accesses(&mut self) {
        self.accesses.iter_mut().for_each(|access| access.until = Duration::ZERO);
    }
}

/// Levers on credentials.
impl Onfido {
    /// An API token or an OAuth client id is not good any more.
    pub fn revoke(&self, name: &str) {
        self.shared.change(|world| world.revoke(name));
    }

    /// One more API token for a client of an account (absent: the first).
    pub fn new_token(&self, account: Option<&str>, client: &str, environment: Environment) -> String {
        self.shared.change(|world| {
            let account = account.map_or_else(|| world.first_account(), str::to_owned);
            let token = ApiToken::new(client, world.region_of(&account), environment);
            world.add_token(&account, &token);
            token.token
        })
    }

    /// Every OAuth access token is expired from now on.
    pub fn expire_access_tokens(&self) {
        self.shared.change(World::expire_accesses);
    }

    /// Pushes the time of access tokens and of the counting of calls.
    pub fn advance_tokens(&self, by: Duration) {
        self.shared.change(|world| world.token_time.push(by));
    }
}
