//! The node's state, and what each request does.

use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    calls::{self, Asking},
    chain::{Chain, NotPossible},
    craft::{keys, texts},
    gate::{self, Gate},
    manners::Rule,
    records::{Endpoint, LoginResult, Outcome, Received, Session, Shared},
    rpc::{Asked, Call, Refusal, Reply, code},
    settings::{Blobs, Mode, Settings},
    share::Share,
    tables,
    transactions::Mempool,
};
use crate::{chance, clock, members::text, rules::Rules};

pub(crate) struct World {
    pub(super) settings: Settings,
    pub(super) origin: String,
    /// How far the node's time is ahead of the clock.
    pushed: Duration,
    pub(super) chain: Chain,
    pub(super) gate: Gate,
    pub(super) mempool: Mempool,
    /// Of private mode: not yet used.
    challenges: Vec<Vec<u8>>,
    pub(super) rules: Rules<Rule, ()>,
    pub(super) received: Vec<Received>,
}

/// Who a request comes from, as far as it shows.
pub(super) struct Caller {
    pub(super) session: Session,
    /// Whose session it is.
    pub(super) signer: Option<String>,
}

impl World {
    pub(super) fn new(settings: Settings, origin: String) -> Self {
        let chain = Chain { height: 1_234_567, ..Chain::default() };
        let (gate, mempool) = (Gate::default(), Mempool::default());
        let (challenges, rules, received) = (Vec::new(), Rules::default(), Vec::new());
        Self { settings, origin, pushed: Duration::ZERO, chain, gate, mempool, challenges, rules, received }
    }

    /// Of blocks, sessions, challenges, locks.
    pub(super) fn now(&self) -> OffsetDateTime {
        gate::after(clock::now(), self.pushed)
    }

    pub(super) fn advance(&mut self, by: Duration) {
        self.pushed = self.pushed.saturating_add(by);
    }

    pub(super) fn share(&mut self, share: &Share) -> Result<Shared, NotPossible> {
        let now = self.now();
        self.chain.share(share, &self.settings.issuers, now)
    }

    pub(super) fn caller(&self, call: &Call, asked: &Asked) -> Caller {
        let cookie = self.settings.cookie;
        let (session, signer) = self.gate.session(&call.headers, cookie, asked.sender.as_deref(), self.now());
        Caller { session, signer }
    }

    /// The true answer.
    pub(super) fn work(&mut self, call: &Call, asked: &Asked, caller: &Caller) -> Reply {
        if let Some(refusal) = &asked.wrong {
            return self.refused(asked, refusal);
        }
        let now = self.now();
        let private = self.settings.mode == Mode::Private;
        match asked.endpoint {
            Endpoint::ChainInfo => asked.result(self.chain_info()),
            Endpoint::Health => asked.result(self.health()),
            Endpoint::AuthnParam | Endpoint::Authn | Endpoint::Logout if private => self.no_method(asked),
            Endpoint::Challenge if !private => self.no_method(asked),
            Endpoint::AuthnParam => asked.result(json!(self.gate.challenge(&self.settings, &self.origin, now))),
            Endpoint::Authn => match self.gate.login(&asked.params, &self.settings, now) {
                Ok(cookie) => asked.result(json!({})).with_cookie(Some(&cookie)),
                Err(why) => self.refused(asked, &no_login(why)),
            },
            Endpoint::Logout => {
                let cookie = self.gate.logout(&call.headers, self.settings.cookie);
                asked.result(json!({})).with_cookie(cookie.as_deref())
            }
            Endpoint::Challenge => {
                let challenge = chance::random::<32>();
                self.challenges.push(challenge.to_vec());
                asked.result(json!({"challenge": keys::hex(&challenge)}))
            }
            Endpoint::GetCredentialShared
            | Endpoint::GetAccessGrantsGranted
            | Endpoint::GetAccessGrantsGrantedCount
            | Endpoint::GetAccessGrantsForCredential
            | Endpoint::GetCredentialsSharedByUser
            | Endpoint::GetSiblingCredentialId
            | Endpoint::HasProfile
            | Endpoint::OtherCall => match self.view(asked, caller) {
                Ok(reply) => reply,
                Err(refusal) => self.refused(asked, &refusal),
            },
            Endpoint::EstimatePrice => asked.result(Mempool::price()),
            Endpoint::Account => self.answer(asked, self.mempool.account(&asked.params)),
            Endpoint::Broadcast => {
                let chain = (&mut self.chain, self.settings.chain_id.as_str());
                let done = self.mempool.broadcast(asked, chain, self.settings.pending, now);
                self.answer(asked, done)
            }
            Endpoint::TxQuery => {
                let found = self.mempool.query(&asked.params);
                self.answer(asked, found)
            }
            Endpoint::BlobByCredential | Endpoint::BlobByCid => self.blob(asked, caller),
            Endpoint::Unknown if asked.named.is_some() => Reply::no_blob(404, "not_found"),
            Endpoint::Unknown => self.no_method(asked),
        }
    }

    fn answer(&self, asked: &Asked, done: Result<Value, Refusal>) -> Reply {
        match done {
            Ok(result) => asked.result(result),
            Err(refusal) => self.refused(asked, &refusal),
        }
    }

    fn refused(&self, asked: &Asked, refusal: &Refusal) -> Reply {
        asked.error(refusal, self.settings.gateway_status)
    }

    fn no_method(&self, asked: &Asked) -> Reply {
        self.refused(asked, &Refusal::new(code::METHOD, "method not found"))
    }

    fn chain_info(&self) -> Value {
        json!({
            "chain_id": self.settings.chain_id, "block_height": self.chain.height, "block_hash": "a3".repeat(32),
            "gas": false,
        })
    }

    fn health(&self) -> Value {
        let height = self.chain.height;
        let millis = self.now().unix_timestamp().saturating_mul(1_000);
        json!({
            "chain_id": self.settings.chain_id, "block_height": height, "block_hash": "a3".repeat(32), "gas": false,
            "healthy": true, "version": "0.3.0", "block_time": millis, "block_age": 1_200, "syncing": false,
            "height": height, "app_hash": "b4".repeat(32), "peer_count": 5, "mode": self.settings.mode,
        })
    }

    /// A call of an action: identity, then door, then payload, then the action itself.
    fn view(&mut self, asked: &Asked, caller: &Caller) -> Result<Reply, Refusal> {
        let sender = asked.sender.clone().unwrap_or_default();
        let key = keys::key_of_hex(&sender).filter(|_| text(&asked.params, "auth_type") == "ed25519");
        let key = key.ok_or_else(|| Refusal::new(code::IDENTITY, "invalid identity"))?;
        match self.settings.mode {
            Mode::Private => self.signed(asked, &key)?,
            Mode::Open if asked.endpoint == Endpoint::HasProfile || caller.session == Session::Good => {}
            Mode::Open => {
                self.gate.turned_away(caller.session);
                return Err(Refusal::new(code::NOT_AUTHORIZED, "authorization required"));
            }
        }
        let called = asked.called.as_ref().ok_or_else(|| Refusal::new(code::PARAMS, "no payload"))?;
        if called.namespace != "main" {
            return Err(Refusal::new(code::NO_NAMESPACE, format!("namespace not found: {}", called.namespace)));
        }
        if let Some(misfit) = calls::misfit(called) {
            return Err(Refusal::new(code::ENGINE, misfit));
        }
        let asking = Asking { caller: &sender, now: self.now(), columns: self.settings.columns };
        Ok(match self.chain.view(called, &asking) {
            Ok(table) => asked.result(table.answer(self.settings.no_rows)),
            Err(raised) => Reply { error: Some(raised.to_owned()), ..asked.result(tables::raised(raised)) },
        })
    }

    /// Private mode: the call is signed over a challenge that is good once.
    fn signed(&mut self, asked: &Asked, key: &[u8; 32]) -> Result<(), Refusal> {
        let body = asked.params.get("body").cloned().unwrap_or_default();
        let challenge = BASE64.decode(text(&body, "challenge").as_bytes()).unwrap_or_default();
        let known = self.challenges.iter().position(|known| *known == challenge);
        let known = known.ok_or_else(|| Refusal::new(code::NO_CHALLENGE, "incorrect challenge"))?;
        self.challenges.remove(known);
        let called = asked.called.as_ref().map_or(("", ""), |it| (it.namespace.as_str(), it.action.as_str()));
        let said = texts::private_call(called.0, called.1, &asked.payload, &challenge);
        let signature = BASE64.decode(text(&asked.params, "signature").as_bytes()).unwrap_or_default();
        if keys::verifies(key, said.as_bytes(), &signature) {
            return Ok(());
        }
        Err(Refusal::new(code::CALL_SIGNATURE, "invalid signature on call message"))
    }

    /// Raw bytes of the box (§5.3): 401 without a session, 403 without a grant.
    fn blob(&mut self, asked: &Asked, caller: &Caller) -> Reply {
        let by_credential = asked.endpoint == Endpoint::BlobByCredential;
        let served = match self.settings.blobs {
            Blobs::Both => true,
            Blobs::Neither => false,
            Blobs::ByCredential => by_credential,
            Blobs::ByCid => !by_credential,
        };
        let named = asked.named.clone().unwrap_or_default();
        if !served {
            return Reply::no_blob(404, "not_found");
        }
        let Some(signer) = caller.signer.clone().filter(|_| caller.session == Session::Good) else {
            self.gate.turned_away(caller.session);
            return Reply::no_blob(401, "unauthorized");
        };
        let now = self.now();
        let shown = self.chain.copies.iter().filter(|(_, copy)| copy.is_blob() && !copy.is_hidden(now));
        let named =
            shown.filter(|(id, copy)| if by_credential { **id == named } else { copy.cid.as_ref() == Some(&named) });
        let ids: Vec<String> = named.map(|(id, _)| id.clone()).collect();
        if ids.is_empty() {
            return Reply::no_blob(404, "not_found");
        }
        let Some(id) = ids.into_iter().find(|id| self.chain.is_granted(id, &signer)) else {
            return Reply::no_blob(403, "not_granted");
        };
        self.chain.count_read(&id);
        Reply::bytes(self.chain.copies.get(&id).map(|copy| copy.sealed.clone()).unwrap_or_default())
    }

    /// Writes down a request; `done` is absent when nothing was done.
    pub(super) fn record(
        &mut self,
        asked: &Asked,
        session: Session,
        done: Option<&Reply>,
        (manner, answer): (Option<String>, Option<u16>),
    ) {
        let outcome = match done {
            None => Outcome::NotDone,
            Some(reply) if reply.code.is_some() || !reply.status.is_success() => Outcome::Refused,
            Some(reply) if reply.error.is_some() => Outcome::ActionError,
            Some(_) => Outcome::Answered,
        };
        self.received.push(Received {
            at: clock::stamp_seconds(self.now()),
            endpoint: asked.endpoint,
            what: asked.what.clone(),
            sender: asked.sender.clone(),
            action: asked.called.as_ref().map(|called| called.action.clone()),
            arguments: asked.arguments(),
            session,
            outcome,
            answer,
            code: done.and_then(|reply| reply.code),
            error: done.and_then(|reply| reply.error.clone()),
            manner,
        });
    }

    /// Whether a rule about this id holds: the copy, or the user of the copy that is asked for.
    pub(super) fn is_about(&self, asked: &Asked, id: &str) -> bool {
        let of_user = self.chain.copies.iter().filter(|(_, copy)| copy.user == id);
        let mut names = of_user.flat_map(|(copy, it)| [Some(copy), it.cid.as_ref()]).flatten();
        let cid = self.chain.copies.get(id).and_then(|copy| copy.cid.as_deref());
        asked.names(id) || cid.is_some_and(|cid| asked.names(cid)) || names.any(|name| asked.names(name))
    }
}

/// The codes and words are assumptions.
fn no_login(why: LoginResult) -> Refusal {
    let (code, message) = match why {
        LoginResult::Unreadable => (code::BAD_PAYLOAD, "invalid payload"),
        LoginResult::UnknownNonce | LoginResult::UsedNonce => (code::NOT_AUTHORIZED, "unknown nonce"),
        LoginResult::Expired => (code::NOT_AUTHORIZED, "challenge expired"),
        LoginResult::BadSignature | LoginResult::Given => (code::NOT_AUTHORIZED, "invalid signature"),
    };
    Refusal::new(code, message)
}
