//! Signing in (§1.2): an API key opens a session of limited length with short-lived access tokens.
//!
//! | what comes | what is answered |
//! | --- | --- |
//! | refresh while the access token lives | 400, nothing changed |
//! | the newest refresh token of a live session | a new pair; the old refresh token is void |
//! | a refresh token that was used before | 400, and the whole session ends |
//! | the fourth refresh, an ended session, an unknown token | as the settings say (401) |
//! | a revoked key | 401 everywhere |

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::{
    call::{Call, Reply},
    records::SignIns,
    world::World,
};
use crate::{chance, clock};

pub(crate) struct Session {
    id: String,
    key: String,
    programme: String,
    access: String,
    access_until: Duration,
    refresh: String,
    until: Duration,
    refreshes: u32,
    over: bool,
}

impl Session {
    pub(super) fn expire_access(&mut self) {
        self.access_until = Duration::ZERO;
    }

    pub(super) fn end(&mut self) {
        self.over = true;
    }

    pub(super) fn is_of(&self, key: &str) -> bool {
        self.key == key
    }
}

const MINUTE: Duration = Duration::from_mins(1);

impl World {
    pub(super) fn login(&mut self, call: &Call) -> Result<Reply, Reply> {
        let key = member(call, "api_key")?;
        let Some(programme) = self.programme_of_key(&key) else {
            self.sign_ins.bad_keys += 1;
            return Err(Reply::unauthorized("Invalid API key"));
        };
        self.refuse_too_many_logins(&key)?;
        self.sign_ins.logins += 1;
        if self.settings.sign_in.one_session {
            self.sessions.iter_mut().filter(|session| session.key == key).for_each(Session::end);
        }
        let now = self.token_time.elapsed();
        let mut session = Session {
            id: chance::uuid(),
            key,
            programme,
            access: String::new(),
            access_until: now,
            refresh: String::new(),
            until: now.saturating_add(self.settings.sign_in.session_life),
            refreshes: 0,
            over: false,
        };
        let pair = self.new_pair(&mut session);
        self.sessions.push(session);
        Ok(Reply::ok(pair))
    }

    fn refuse_too_many_logins(&mut self, key: &str) -> Result<(), Reply> {
        let now = self.token_time.elapsed();
        self.logins.push((now, key.to_owned()));
        let recent = |(at, of): &&(Duration, String)| of == key && now.saturating_sub(*at) < MINUTE;
        let count = self.logins.iter().filter(recent).count();
        let SignIns { most_logins_in_a_minute: most, fraud_refusals, .. } = &mut self.sign_ins;
        *most = (*most).max(count);
        match self.settings.sign_in.fraud {
            Some(fraud) if count > fraud.logins_per_minute => {
                *fraud_refusals += 1;
                Err(Reply::refused(fraud.status, "Too many logins: keep the session and refresh it"))
            }
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn refresh(&mut self, call: &Call) -> Result<Reply, Reply> {
        let token = member(call, "refresh_token")?;
        let now = self.token_time.elapsed();
        let settings = self.settings.sign_in.clone();
        if let Some(session) = self.used_refresh.get(&token) {
            self.sign_ins.parallel_refreshes += 1;
            let used = self.sessions.iter_mut().find(|it| it.id == *session && !it.over);
            if let Some(session) = used.filter(|_| settings.punish_reuse) {
                session.end();
                self.sign_ins.sessions_punished += 1;
            }
            return Err(Reply::bad_request("Refresh token has been used"));
        }
        let place = self.sessions.iter().position(|session| session.refresh == token);
        let Some(mut session) = place.map(|place| self.sessions.swap_remove(place)) else {
            self.sign_ins.late_refreshes += 1;
            return Err(Reply::refused(settings.refused_refresh, "Invalid refresh token"));
        };
        let answered = if session.over || session.until <= now || self.programme_of_key(&session.key).is_none() {
            self.sign_ins.late_refreshes += 1;
            Err(Reply::refused(settings.refused_refresh, "Login session expired"))
        } else if session.access_until > now {
            self.sign_ins.early_refreshes += 1;
            Err(Reply::bad_request("Access token has not expired yet"))
        } else if session.refreshes >= settings.most_refreshes {
            self.sign_ins.late_refreshes += 1;
            Err(Reply::refused(settings.refused_refresh, "No refresh left"))
        } else {
            self.sign_ins.refreshes += 1;
            session.refreshes = session.refreshes.saturating_add(1);
            self.used_refresh.insert(token, session.id.clone());
            Ok(Reply::ok(self.new_pair(&mut session)))
        };
        self.sessions.push(session);
        answered
    }

    /// The programme that a call speaks for.
    pub(super) fn signed_in(&self, call: &Call) -> Result<String, Reply> {
        let token = call.credential("Bearer ").ok_or_else(|| Reply::unauthorized("Access token missing"))?;
        let session = self.sessions.iter().find(|session| session.access == token);
        let session = session.ok_or_else(|| Reply::unauthorized("Access token invalid"))?;
        let alive = !session.over && session.access_until > self.token_time.elapsed();
        if !alive || self.programme_of_key(&session.key).is_none() {
            return Err(Reply::unauthorized("Access token expired"));
        }
        Ok(session.programme.clone())
    }

    pub(super) fn programme_of_key(&self, key: &str) -> Option<String> {
        self.keys.get(key).cloned()
    }

    fn new_pair(&self, session: &mut Session) -> Value {
        let life = self.settings.sign_in.access_life;
        session.access_until = self.token_time.elapsed().saturating_add(life).min(session.until);
        session.access = self.token(&session.id, life);
        let rest = session.until.saturating_sub(self.token_time.elapsed());
        session.refresh = self.token(&session.id, rest);
        json!({"access_token": session.access, "refresh_token": session.refresh})
    }

    /// Looks like a JWT and has an honest `exp`; its signature is chance, because only its giver reads it.
    fn token(&self, session: &str, life: Duration) -> String {
        if self.settings.sign_in.opaque_tokens {
            return chance::token();
        }
        jwt(&json!({"sessionId": session}), life)
    }
}

/// A token in the form of a JWT that ends after `life`.
pub(super) fn jwt(claims: &Value, life: Duration) -> String {
    let now = clock::now();
    let ends = now.checked_add(life.try_into().unwrap_or(time::Duration::ZERO)).unwrap_or(now);
    let mut claims = claims.clone();
    for (name, at) in [("iat", now), ("exp", ends)] {
        if let Some(members) = claims.as_object_mut() {
            members.insert(name.to_owned(), json!(at.unix_timestamp()));
        }
    }
    let encoded = |part: &str| BASE64URL_NOPAD.encode(part.as_bytes());
    let header = json!({"kid": "1", "alg": "ES256"}).to_string();
    format!("{}.{}.{}", encoded(&header), encoded(&claims.to_string()), encoded(&chance::token()))
}

fn member(call: &Call, name: &str) -> Result<String, Reply> {
    let body = call.json()?;
    let value = body.get(name).and_then(Value::as_str).filter(|value| !value.is_empty());
    value.map(str::to_owned).ok_or_else(|| Reply::invalid(name, "Required"))
}
