//! The gateway's door (§4.2): challenge, login with a signed text, cookie, logout. Cookies are kept, never told.

use std::{collections::BTreeMap, time::Duration};

use axum::http::HeaderMap;
use data_encoding::BASE64;
use serde_json::Value;
use time::OffsetDateTime;

use super::{
    craft::{
        keys,
        texts::{self, Challenge},
    },
    records::{Login, LoginResult, Session, SignIns},
    settings::{Cookie, Settings},
};
use crate::{chance, clock, members::text};

#[derive(Default)]
pub(crate) struct Gate {
    challenges: BTreeMap<String, Given>,
    sessions: BTreeMap<String, Open>,
    pub(super) logins: Vec<Login>,
    pub(super) sign_ins: SignIns,
}

struct Given {
    challenge: Challenge,
    until: OffsetDateTime,
    used: bool,
}

struct Open {
    signer: String,
    until: OffsetDateTime,
}

impl Gate {
    pub(super) fn challenge(&mut self, settings: &Settings, origin: &str, now: OffsetDateTime) -> Challenge {
        let until = after(now, settings.challenge_life);
        let challenge = Challenge {
            nonce: keys::hex(&chance::random::<8>()),
            statement: settings.statement.clone(),
            issue_at: clock::stamp_seconds(now),
            expiration_time: clock::stamp_seconds(until),
            chain_id: settings.chain_id.clone(),
            domain: settings.domain.clone().unwrap_or_else(|| origin.to_owned()),
            version: "1".to_owned(),
            uri: format!("{origin}/rpc/v1"),
        };
        self.sign_ins.challenges += 1;
        let given = Given { challenge: challenge.clone(), until, used: false };
        self.challenges.insert(challenge.nonce.clone(), given);
        challenge
    }

    /// A new session's `Set-Cookie`.
    pub(super) fn login(
        &mut self,
        params: &Value,
        settings: &Settings,
        now: OffsetDateTime,
    ) -> Result<String, LoginResult> {
        let sender = text(params, "sender").to_ascii_lowercase();
        let result = self.examine(params, now);
        self.logins.push(Login { at: clock::stamp_seconds(now), sender: sender.clone(), result });
        if result != LoginResult::Given {
            self.sign_ins.refused += 1;
            return Err(result);
        }
        self.sign_ins.given += 1;
        if settings.one_session {
            self.end_sessions_of(&sender);
        }
        let token = chance::token();
        self.sessions.insert(token.clone(), Open { signer: sender, until: after(now, settings.session_life) });
        Ok(format!("{}={token}; Path=/; HttpOnly; Secure; SameSite=None", settings.cookie.name()))
    }

    fn examine(&mut self, params: &Value, now: OffsetDateTime) -> LoginResult {
        let signature = params.get("signature").cloned().unwrap_or_default();
        let key = keys::key_of_hex(text(params, "sender"));
        let signed = BASE64.decode(text(&signature, "sig").as_bytes());
        let (Some(key), Ok(signed), "ed25519") = (key, signed, text(&signature, "type")) else {
            return LoginResult::Unreadable;
        };
        let Some(given) = self.challenges.get_mut(text(params, "nonce")) else {
            return LoginResult::UnknownNonce;
        };
        if given.used {
            return LoginResult::UsedNonce;
        }
        if now >= given.until {
            return LoginResult::Expired;
        }
        if !keys::verifies(&key, texts::login(&given.challenge).as_bytes(), &signed) {
            return LoginResult::BadSignature;
        }
        given.used = true;
        LoginResult::Given
    }

    /// Ends the session that the request names; what clears the cookie, if there was one.
    pub(super) fn logout(&mut self, headers: &HeaderMap, cookie: Cookie) -> Option<String> {
        self.sessions.remove(&presented(headers, cookie)?)?;
        self.sign_ins.logged_out += 1;
        Some(format!("{}=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=None", cookie.name()))
    }

    /// Who the cookie says is calling, and how that fits to whom the call names.
    pub(super) fn session(
        &self,
        headers: &HeaderMap,
        cookie: Cookie,
        named: Option<&str>,
        now: OffsetDateTime,
    ) -> (Session, Option<String>) {
        let Some(token) = presented(headers, cookie) else {
            return (Session::Absent, None);
        };
        let Some(open) = self.sessions.get(&token).filter(|open| now < open.until) else {
            return (Session::Dead, None);
        };
        let foreign = named.is_some_and(|named| !named.eq_ignore_ascii_case(&open.signer));
        (if foreign { Session::Foreign } else { Session::Good }, Some(open.signer.clone()))
    }

    /// Counts what was not let in.
    pub(super) fn turned_away(&mut self, session: Session) {
        match session {
            Session::Absent => self.sign_ins.without_cookie += 1,
            Session::Dead => self.sign_ins.dead_cookies += 1,
            Session::Foreign => self.sign_ins.foreign_cookies += 1,
            Session::Good => {}
        }
    }

    pub(super) fn end_sessions(&mut self) {
        self.sessions.clear();
    }

    pub(super) fn end_sessions_of(&mut self, signer: &str) {
        self.sessions.retain(|_, open| !open.signer.eq_ignore_ascii_case(signer));
    }

    pub(super) fn living(&self, signer: &str, now: OffsetDateTime) -> usize {
        let living = |open: &&Open| open.signer.eq_ignore_ascii_case(signer) && now < open.until;
        self.sessions.values().filter(living).count()
    }
}

pub(super) fn after(now: OffsetDateTime, length: Duration) -> OffsetDateTime {
    now.saturating_add(time::Duration::try_from(length).unwrap_or(time::Duration::MAX))
}

/// The session's cookie as the request brings it.
fn presented(headers: &HeaderMap, cookie: Cookie) -> Option<String> {
    let all = headers.get_all("cookie").iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == cookie.name()).map(|(_, value)| value.to_owned())
}
