//! How a simulated node is set up: chain, gateway, the schema's age, its issuers.
//!
//! Whatever the fact sheet calls not found or an assumption is a setting here, with the assumed value as its default.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::craft::{keys, verifiable};

#[derive(Debug, Clone)]
pub struct Settings {
    /// 0 takes a free one.
    pub port: u16,
    /// Production's name is not found; this one is the fixtures'.
    pub chain_id: String,
    /// Of the login text; empty: its line is left out.
    pub statement: String,
    /// Who the login text is for; absent: the gateway's own address, as it must be.
    pub domain: Option<String>,
    pub mode: Mode,
    pub cookie: Cookie,
    /// Not found.
    pub session_life: Duration,
    /// Ten minutes in the fixture.
    pub challenge_life: Duration,
    /// A new login ends the signer's session before (§4.2).
    pub one_session: bool,
    /// HTTP status of the gateway's own errors (an assumption).
    pub gateway_status: u16,
    pub columns: Columns,
    /// What a table without rows has in `values`.
    pub no_rows: NoRows,
    pub blobs: Blobs,
    /// How often a transaction is asked for before it is in a block.
    pub pending: u32,
    /// The first is the one that is trusted by default; the others are known to nobody.
    pub issuers: Vec<Issuer>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            chain_id: "idos-example-1".to_owned(),
            statement: String::new(),
            domain: None,
            mode: Mode::Open,
            cookie: Cookie::Plain,
            session_life: Duration::from_secs(3_600),
            challenge_life: Duration::from_secs(600),
            one_session: true,
            gateway_status: 200,
            columns: Columns::Newer,
            no_rows: NoRows::Null,
            blobs: Blobs::Both,
            pending: 0,
            issuers: vec![Issuer::default(), Issuer::stranger()],
        }
    }
}

/// Of the node (§4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Behind the gateway: a cookie opens the calls.
    Open,
    /// A direct node: every call is signed.
    Private,
}

/// Name of the session's cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cookie {
    Plain,
    HostPrefix,
}

impl Cookie {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "kgw_session",
            Self::HostPrefix => "__Host-kgw_session",
        }
    }
}

/// Age of the schema; the network has one at a time (§4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Columns {
    /// `content` always, one `inserter`.
    Older,
    /// `content` or `content_uri` and `content_size`; `inserter_type` and `inserter_id`.
    Newer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoRows {
    Null,
    Empty,
}

/// Which addresses of blobs are served (§5.3); the others answer 404.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blobs {
    ByCredential,
    ByCid,
    Both,
    Neither,
}

/// Who issues credentials. The keys are toys.
#[derive(Debug, Clone)]
pub struct Issuer {
    pub base: String,
    /// Signs credentials.
    pub seed: [u8; 32],
    /// Signs what it writes into the network.
    pub auth_seed: [u8; 32],
}

impl Default for Issuer {
    /// The fixtures' issuer.
    fn default() -> Self {
        let mut seed = [0; 32];
        seed.iter_mut().zip(1..).for_each(|(byte, number)| *byte = number);
        Self { base: "https://issuer.example.com/idos".to_owned(), seed, auth_seed: [0x11; 32] }
    }
}

impl Issuer {
    fn stranger() -> Self {
        Self { base: "https://stranger.example.org/idos".to_owned(), seed: [0x5e; 32], auth_seed: [0x5f; 32] }
    }

    /// What a tenant is told of it.
    pub fn card(&self) -> IssuerCard {
        IssuerCard {
            base_url: self.base.clone(),
            public_key_multibase: keys::multibase(&keys::public(&self.seed)),
            issuer_auth_public_key: keys::hex(&keys::public(&self.auth_seed)),
            controller: verifiable::controller(&self.base),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IssuerCard {
    pub base_url: String,
    pub public_key_multibase: String,
    pub issuer_auth_public_key: String,
    pub controller: String,
}
