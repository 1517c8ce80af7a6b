//! Transactions (§6): price, account, broadcast, what became of one. The one action is the return of a copy.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    chain::Chain,
    craft::{
        keys,
        kwil::{Argument, Called},
        texts::{self, Transaction},
    },
    rpc::{Asked, Refusal, code},
};
use crate::members::text;

const RESCIND: &str = "rescind_shared_credential";

/// Nonces by account, and what was sent.
#[derive(Default)]
pub(crate) struct Mempool {
    nonces: BTreeMap<String, u64>,
    sent: BTreeMap<String, Sent>,
    /// Copies that were given back, in order.
    pub(super) rescinded: Vec<String>,
}

struct Sent {
    transaction: Value,
    height: u64,
    /// Why it did nothing.
    failed: Option<String>,
    /// So many questions find nothing.
    pending: u32,
}

impl Mempool {
    /// Currently nothing is charged.
    pub(super) fn price() -> Value {
        json!({"price": "0"})
    }

    pub(super) fn account(&self, params: &Value) -> Result<Value, Refusal> {
        let id = params.get("id").cloned().unwrap_or_default();
        let identifier = text(&id, "identifier").to_ascii_lowercase();
        if text(&id, "key_type") != "ed25519" || keys::key_of_hex(&identifier).is_none() {
            return Err(Refusal::new(code::PARAMS, "invalid account id"));
        }
        Ok(json!({"id": id, "balance": "0", "nonce": self.nonce(&identifier)}))
    }

    fn nonce(&self, account: &str) -> u64 {
        self.nonces.get(account).copied().unwrap_or_default()
    }

    pub(super) fn broadcast(
        &mut self,
        asked: &Asked,
        (chain, chain_id): (&mut Chain, &str),
        pending: u32,
        now: OffsetDateTime,
    ) -> Result<Value, Refusal> {
        let transaction = asked.params.get("tx").cloned().unwrap_or_default();
        let sender = self.check(&transaction, &asked.payload, chain_id)?;
        let called = asked.called.as_ref().ok_or_else(|| Refusal::new(code::PARAMS, "no payload"))?;
        self.nonces.entry(sender.clone()).and_modify(|nonce| *nonce += 1).or_insert(1);
        let failed = self.execute(called, &sender, chain, now).err();
        chain.next_block();
        let hash = keys::hex(&keys::sha256(transaction.to_string().as_bytes()));
        let mut answer = json!({"tx_hash": hash});
        let waits = asked.params.get("sync").and_then(Value::as_u64) == Some(1);
        if waits {
            crate::members::set(&mut answer, "result", result(failed.as_deref()));
        }
        let sent = Sent { transaction, height: chain.height, failed, pending: if waits { 0 } else { pending } };
        self.sent.insert(hash, sent);
        Ok(answer)
    }

    /// Everything that the node looks at before it takes a transaction; gives the sender.
    fn check(&self, transaction: &Value, payload: &[u8], chain_id: &str) -> Result<String, Refusal> {
        let rejected = |why: &str| Refusal::new(code::REJECTED, format!("transaction rejected: {why}"));
        let sender = text(transaction, "sender").to_ascii_lowercase();
        let key = keys::key_of_hex(&sender).ok_or_else(|| Refusal::new(code::IDENTITY, "invalid sender"))?;
        let body = transaction.get("body").cloned().unwrap_or_default();
        let signature = transaction.get("signature").cloned().unwrap_or_default();
        let nonce = body.get("nonce").and_then(Value::as_u64).unwrap_or_default();
        if text(&body, "type") != "execute" || text(transaction, "serialization") != "concat" {
            return Err(rejected("unknown payload type or serialization"));
        }
        if text(&body, "chain_id") != chain_id {
            return Err(rejected("wrong chain"));
        }
        if nonce != self.nonce(&sender).saturating_add(1) {
            return Err(rejected("invalid nonce"));
        }
        let said = Transaction {
            description: text(&body, "desc"),
            payload_type: "execute",
            fee: text(&body, "fee"),
            nonce,
            chain_id,
        };
        let signed = BASE64.decode(text(&signature, "sig").as_bytes()).unwrap_or_default();
        let fits = keys::verifies(&key, texts::transaction(&said, payload).as_bytes(), &signed);
        if text(&signature, "type") != "ed25519" || !fits {
            return Err(rejected("invalid signature"));
        }
        Ok(sender)
    }

    /// All batches or none. The words of the errors are assumptions.
    fn execute(&mut self, called: &Called, sender: &str, chain: &mut Chain, now: OffsetDateTime) -> Result<(), String> {
        if called.namespace != "main" || called.action != RESCIND {
            return Err(format!("unknown action: {}", called.action));
        }
        let mut copies = Vec::new();
        for batch in &called.batches {
            let [Argument::Uuid(Some(id))] = batch.as_slice() else {
                return Err(format!("{RESCIND} expects one uuid"));
            };
            if !chain.granted(sender, now).any(|grant| grant.data_id == *id) {
                return Err("the credential is not shared with the caller".to_owned());
            }
            copies.push(id.clone());
        }
        for copy in copies {
            chain.remove(&copy);
            self.rescinded.push(copy);
        }
        Ok(())
    }

    pub(super) fn query(&mut self, params: &Value) -> Result<Value, Refusal> {
        let hash = text(params, "tx_hash").to_ascii_lowercase();
        let unknown = || Refusal::new(code::NO_TRANSACTION, "transaction not found");
        let sent = self.sent.get_mut(&hash).ok_or_else(unknown)?;
        if sent.pending > 0 {
            sent.pending = sent.pending.saturating_sub(1);
            return Err(unknown());
        }
        let result = result(sent.failed.as_deref());
        Ok(json!({"tx_hash": hash, "height": sent.height, "tx": sent.transaction, "tx_result": result}))
    }
}

/// 0 is good.
fn result(failed: Option<&str>) -> Value {
    let log = failed.unwrap_or("success");
    json!({"code": u8::from(failed.is_some()), "gas": 0, "log": log, "events": []})
}
