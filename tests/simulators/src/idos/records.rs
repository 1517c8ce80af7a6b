//! What the node remembers for the oracle: every call, every login, the truth about a copy. No cookie is kept.

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    ChainInfo,
    Health,
    AuthnParam,
    Authn,
    Logout,
    Challenge,
    GetCredentialShared,
    GetAccessGrantsGranted,
    GetAccessGrantsGrantedCount,
    GetAccessGrantsForCredential,
    GetCredentialsSharedByUser,
    GetSiblingCredentialId,
    HasProfile,
    /// `user.call` of anything else, or of what cannot be read.
    OtherCall,
    Account,
    EstimatePrice,
    Broadcast,
    TxQuery,
    BlobByCredential,
    BlobByCid,
    Unknown,
}

/// What a request says of who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Session {
    /// No cookie came along.
    Absent,
    Good,
    /// It has ended, or never was.
    Dead,
    /// A living session of another signer than the call's `sender`.
    Foreign,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Answered,
    /// The action raised an error: HTTP 200 all the same.
    ActionError,
    /// A JSON-RPC error, or the status of a refused blob.
    Refused,
    /// A rule: the work was not done.
    NotDone,
}

/// One call as it arrived.
#[derive(Debug, Clone, Serialize)]
pub struct Received {
    pub at: String,
    pub endpoint: Endpoint,
    /// The method, or the path of a blob.
    pub what: String,
    /// What the call says it is; not proven by itself.
    pub sender: Option<String>,
    pub action: Option<String>,
    pub arguments: Vec<Value>,
    pub session: Session,
    pub outcome: Outcome,
    /// HTTP status; absent when the caller was left without an answer.
    pub answer: Option<u16>,
    /// Of a JSON-RPC error.
    pub code: Option<i64>,
    /// Of the action or of the refusal.
    pub error: Option<String>,
    /// The rule that spoilt it.
    pub manner: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Login {
    pub at: String,
    /// Lower-case hex of the public key.
    pub sender: String,
    pub result: LoginResult,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginResult {
    Given,
    UnknownNonce,
    UsedNonce,
    Expired,
    BadSignature,
    /// Not Ed25519, no key, no signature.
    Unreadable,
}

/// What happened at the gateway's door.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SignIns {
    pub challenges: usize,
    pub given: usize,
    pub refused: usize,
    pub logged_out: usize,
    /// Requests that wanted a session and had none, a dead one, somebody else's.
    pub without_cookie: usize,
    pub dead_cookies: usize,
    pub foreign_cookies: usize,
}

/// What sharing came to: all ids, and what a consumer must find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shared {
    pub user_id: String,
    /// Of the copy: what the event names and a grant calls `data_id`.
    pub credential_id: String,
    pub original_id: String,
    pub grant_id: String,
    pub shared_at: String,
    pub plaintext: String,
    /// SHA-256 of the plaintext.
    pub content_hash: String,
}

impl Shared {
    /// `data` of the event `credential_shared`.
    pub fn event_data(&self) -> Value {
        serde_json::json!({
            "idos_human_id": self.user_id, "credential_id": self.credential_id, "shared_at": self.shared_at,
        })
    }
}

/// How a copy stands now.
#[derive(Debug, Clone, Serialize)]
pub struct Standing {
    pub credential_id: String,
    pub user_id: String,
    pub original_id: String,
    pub public_notes: String,
    pub issuer_auth_public_key: String,
    pub inserter_type: String,
    pub place: Value,
    pub size: usize,
    pub cid: Option<String>,
    pub visible: bool,
    /// How often its content was given, by either way.
    pub reads: usize,
    pub grants: Vec<GrantStanding>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrantStanding {
    pub id: String,
    pub grantee: String,
    pub locked_until: i64,
}
