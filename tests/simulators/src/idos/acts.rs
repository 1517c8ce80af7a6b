//! What happens to a copy after it was shared: by the user, by the issuer, by the node.

use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::chain::{Chain, Inserter, NotPossible};

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The user ends every grant of the copy; not while one is locked.
    Revoke,
    /// The user deletes the copy with its grants; not while one is locked.
    Delete,
    /// The issuer writes `status: revoked` into the notes.
    RevokeNotes,
    /// A text stays as it is, anything else is written as JSON.
    ReviseNotes(Value),
    /// The user grants the copy once more, to this wallet.
    Grant { to: String, locked_until: i64 },
    /// The node shows what it held back.
    Show,
}

impl Chain {
    pub(super) fn act(&mut self, id: &str, act: Act, now: OffsetDateTime) -> Result<(), NotPossible> {
        let copy = self.copies.get_mut(id).ok_or(NotPossible::NoSuchCredential)?;
        match act {
            Act::Show => copy.hidden = None,
            Act::Revoke => {
                self.must_be_unlocked(id, now)?;
                self.end_grants(id);
            }
            Act::Delete => {
                self.must_be_unlocked(id, now)?;
                self.remove(id);
            }
            Act::RevokeNotes => self.revise_notes(id, |notes| revoked(&notes)),
            Act::ReviseNotes(Value::String(text)) => self.revise_notes(id, |_| text),
            Act::ReviseNotes(other) => self.revise_notes(id, |_| other.to_string()),
            Act::Grant { to, locked_until } => {
                let wallet = self.users.get(&copy.user).and_then(|wallets| wallets.first()).cloned();
                let hash = self.grants.iter().find(|grant| grant.data_id == id).and_then(|it| it.content_hash.clone());
                self.grant((id, &to, locked_until), hash, Inserter::User(wallet.unwrap_or_default()))?;
            }
        }
        Ok(())
    }

    fn revise_notes(&mut self, id: &str, revise: impl FnOnce(String) -> String) {
        let original = self.copies.get(id).map(|copy| copy.original.clone());
        if let Some(original) = original.and_then(|id| self.originals.get_mut(&id)) {
            original.notes = revise(std::mem::take(&mut original.notes));
        }
        self.next_block();
    }
}

/// Notes that are no JSON are replaced.
fn revoked(notes: &str) -> String {
    let mut notes: Value = serde_json::from_str(notes).ok().filter(Value::is_object).unwrap_or_else(|| json!({}));
    crate::members::set(&mut notes, "status", json!("revoked"));
    notes.to_string()
}
