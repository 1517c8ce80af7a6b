//! `POST /oauth/token` (§3.3): codes for pairs, pairs for pairs, and a machine's own token.
//!
//! | what comes | what is answered |
//! | --- | --- |
//! | a code within its 10 minutes, with the redirect URI without its query | a pair; now the authorization counts |
//! | the same code again | `invalid_grant`, and what it gave is over |
//! | a refresh token | a new pair. The old one lives until the new access token is used for the first time |
//! | the same refresh token before that | one more new pair: an answer may have been lost |
//! | it after that, or a second of those pairs in use | two refreshers at once: all tokens of the person here are over |
//! | wrong client id or secret | 401 `invalid_client` |

use std::time::Duration;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde_json::json;

use super::{
    call::{Call, Reply},
    person::Authorisation,
    records::Endpoint,
    settings::Application,
    words::STATS_SCOPE,
    world::World,
};
use crate::{chance, clock, members};

pub(crate) struct Code {
    pub(crate) code: String,
    pub(crate) application: String,
    pub(crate) uid: String,
    /// Without its query.
    pub(crate) redirect_uri: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) until: Duration,
    pub(crate) family: String,
    pub(crate) used: bool,
}

/// An access token, with its refresh token if it is a person's.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    pub(crate) application: String,
    /// Absent: the application's own.
    pub(crate) uid: Option<String>,
    pub(crate) scopes: Vec<String>,
    /// All that came from one code.
    pub(crate) family: String,
    /// The access token of the pair that was refreshed.
    parent: Option<String>,
    access_until: Duration,
    refresh_until: Option<Duration>,
    used: bool,
    end: Option<End>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// A later access token was used.
    Superseded,
    Revoked,
}

impl Pair {
    pub(crate) fn lives(&self) -> bool {
        self.end.is_none()
    }
}

impl World {
    pub(super) fn token(&mut self, call: &Call) -> Result<Reply, Reply> {
        let (id, secret) = (call.parameter("client_id"), call.parameter("client_secret"));
        if call.query("client_secret").is_some() {
            self.token_counts.secrets_in_urls += 1;
        }
        let application = self.application(&id.unwrap_or_default()).cloned();
        let Some(application) = application.filter(|it| Some(&it.client_secret) == secret.as_ref()) else {
            self.token_counts.bad_clients += 1;
            return Err(Reply::invalid_client());
        };
        match call.route().endpoint {
            Endpoint::ExchangeCode => self.exchange(call, &application),
            Endpoint::RefreshToken => self.refresh(call, &application),
            Endpoint::MachineToken => self.machine_token(call, &application),
            Endpoint::UsersMe
            | Endpoint::TotalVerifications
            | Endpoint::CountryVerifications
            | Endpoint::UserVerifications
            | Endpoint::File
            | Endpoint::KycToken
            | Endpoint::KycStatus
            | Endpoint::KycData
            | Endpoint::KycFile
            | Endpoint::CreateSharedToken
            | Endpoint::GetSharedToken
            | Endpoint::Unknown => Err(Reply::unsupported_grant()),
        }
    }

    fn exchange(&mut self, call: &Call, application: &Application) -> Result<Reply, Reply> {
        let (code, uri) = (call.parameter("code").unwrap_or_default(), call.parameter("redirect_uri"));
        let now = self.token_time.elapsed();
        let found = self.codes.iter_mut().find(|it| it.code == code && it.application == application.name);
        let good = found.filter(|it| it.until > now && Some(&it.redirect_uri) == uri.as_ref());
        let Some(code) = good else {
            self.token_counts.codes_refused += 1;
            return Err(Reply::invalid_grant());
        };
        let family = code.family.clone();
        if code.used {
            self.token_counts.codes_reused += 1;
            if self.settings.classic.punish_reused_code {
                self.end_family(&family);
            }
            return Err(Reply::invalid_grant());
        }
        code.used = true;
        let (uid, scopes) = (code.uid.clone(), code.scopes.clone());
        self.token_counts.codes_exchanged += 1;
        let of = application.name.clone();
        self.authorisations.retain(|it| it.uid != uid || it.application != of);
        self.authorisations.push(Authorisation { application: of, uid: uid.clone(), scopes: scopes.clone() });
        Ok(self.new_pair(&application.name, Some(uid), scopes, family, None))
    }

    fn refresh(&mut self, call: &Call, application: &Application) -> Result<Reply, Reply> {
        let token = call.parameter("refresh_token");
        let now = self.token_time.elapsed();
        let own = |it: &&Pair| it.refresh.is_some() && it.refresh == token && it.application == application.name;
        let old = self.pairs.iter().find(own).cloned();
        let live = old.as_ref().filter(|it| it.lives() && it.refresh_until.is_none_or(|until| until > now));
        let Some(pair) = live else {
            match old.filter(|it| it.end == Some(End::Superseded)) {
                Some(late) => self.found_parallel(&late.family),
                None => self.token_counts.refreshes_refused += 1,
            }
            return Err(Reply::invalid_grant());
        };
        self.token_counts.refreshes += 1;
        if self.pairs.iter().any(|it| it.parent.as_ref() == Some(&pair.access)) {
            self.token_counts.repeated_refreshes += 1;
        }
        let Pair { uid, scopes, family, access, .. } = pair.clone();
        Ok(self.new_pair(&application.name, uid, scopes, family, Some(access)))
    }

    fn machine_token(&mut self, call: &Call, application: &Application) -> Result<Reply, Reply> {
        let scope = call.parameter("scope").unwrap_or_default();
        if scope != STATS_SCOPE {
            return Err(Reply::invalid_scope());
        }
        self.token_counts.machine_tokens += 1;
        Ok(self.new_pair(&application.name, None, vec![scope], chance::uuid(), None))
    }

    fn new_pair(
        &mut self,
        application: &str,
        uid: Option<String>,
        scopes: Vec<String>,
        family: String,
        parent: Option<String>,
    ) -> Reply {
        let (now, classic) = (self.token_time.elapsed(), &self.settings.classic);
        let pair = Pair {
            access: opaque(),
            refresh: uid.is_some().then(opaque),
            application: application.to_owned(),
            uid,
            scopes,
            family,
            parent,
            access_until: now.saturating_add(classic.access_life),
            refresh_until: classic.refresh_life.map(|life| now.saturating_add(life)),
            used: false,
            end: None,
        };
        // as printed: the one word in two spellings
        let token_type = if pair.uid.is_some() { "bearer" } else { "Bearer" };
        let mut body = json!({
            "access_token": pair.access, "token_type": token_type, "expires_in": classic.access_life.as_secs(),
            "scope": pair.scopes.join(" "), "created_at": clock::now().unix_timestamp(),
        });
        if let Some(refresh) = &pair.refresh {
            members::set(&mut body, "refresh_token", json!(refresh));
        }
        self.pairs.push(pair);
        Reply::ok(body)
    }

    /// The pair of a call's access token. Its first use ends the pairs before it.
    pub(super) fn bearer(&mut self, call: &Call) -> Result<Pair, Reply> {
        let pair = self.bearer_unused(call).ok_or_else(Reply::unauthorized)?;
        if pair.used {
            return Ok(pair);
        }
        let is_rival = |it: &Pair| it.used && it.parent.is_some() && it.parent == pair.parent;
        if self.pairs.iter().any(is_rival) {
            self.found_parallel(&pair.family);
            if self.settings.classic.punish_parallel {
                return Err(Reply::unauthorized());
            }
        }
        let mut before = pair.parent.clone();
        for known in self.pairs.iter_mut().rev() {
            if known.access == pair.access {
                known.used = true;
            } else if Some(&known.access) == before.as_ref() {
                known.end = known.end.or(Some(End::Superseded));
                before.clone_from(&known.parent);
            }
        }
        Ok(pair)
    }

    /// The same without using it.
    pub(super) fn bearer_unused(&self, call: &Call) -> Option<Pair> {
        let token = call.credential("Bearer ")?;
        let now = self.token_time.elapsed();
        let good = |it: &&Pair| it.access == token && it.lives() && it.access_until > now;
        self.pairs.iter().find(good).cloned()
    }

    fn found_parallel(&mut self, family: &str) {
        self.token_counts.parallel_refreshes += 1;
        if self.settings.classic.punish_parallel {
            self.end_family(family);
        }
    }

    fn end_family(&mut self, family: &str) {
        let mut living = self.pairs.iter_mut().filter(|it| it.family == family && it.lives()).peekable();
        if living.peek().is_some() {
            self.token_counts.families_ended += 1;
        }
        living.for_each(|pair| pair.end = Some(End::Revoked));
    }

    /// The person takes an application's access back.
    pub(super) fn end_access(&mut self, uid: &str, application: &str) {
        self.authorisations.retain(|it| it.uid != uid || it.application != application);
        self.codes.retain(|it| it.uid != uid || it.application != application);
        let own = |it: &&mut Pair| it.uid.as_deref() == Some(uid) && it.application == application;
        self.pairs.iter_mut().filter(own).for_each(|pair| pair.end = Some(End::Revoked));
    }

    /// Every access token is past its time; refreshing is possible.
    pub(super) fn expire_accesses(&mut self) {
        self.pairs.iter_mut().for_each(|pair| pair.access_until = Duration::ZERO);
    }
}

/// 32 random bytes as Fractal writes them: with `-` and `_`.
pub(super) fn opaque() -> String {
    BASE64URL_NOPAD.encode(&HEXLOWER.decode(chance::token().as_bytes()).unwrap_or_default())
}
