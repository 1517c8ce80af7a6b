//! Corpora of proofs as they are read from JSON.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use data_encoding::BASE64;
use idv_gateway::proof::{Context, Header, Unverified};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Corpus {
    pub(crate) scheme: String,
    pub(crate) specification: Value,
    pub(crate) context: Names,
    pub(crate) received_at: i64,
    pub(crate) proofs: Value,
    pub(crate) rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) request: Request,
    pub(crate) specification: Option<Value>,
    pub(crate) proofs: Option<Value>,
    pub(crate) event_type: Option<String>,
    pub(crate) evidence: Option<Vec<(String, usize)>>,
    pub(crate) verdict: String,
    pub(crate) reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Names {
    tenant: String,
    connection: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    headers: Vec<(String, Content)>,
    body: Option<Content>,
    body_base64: Option<String>,
    url_key: Option<String>,
    source: Option<IpAddr>,
}

/// A text, or a text followed by a repeated one: what is long should not make the corpus long.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Content {
    Plain(String),
    Long { text: String, then: String, times: usize },
}

pub(crate) struct Built {
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    url_key: Option<String>,
    source: Option<IpAddr>,
}

pub(crate) fn corpora() -> Vec<Corpus> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance/proof");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut corpora: Vec<Corpus> = files.map(|path| read(&path)).collect();
    corpora.sort_by(|left, right| left.scheme.cmp(&right.scheme));
    corpora
}

pub(crate) fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    serde_json::from_slice(&fs::read(path).unwrap()).map_err(|error| format!("{}: {error}", path.display())).unwrap()
}

impl Names {
    pub(crate) fn view(&self) -> Context<'_> {
        Context { tenant: &self.tenant, connection: &self.connection }
    }
}

impl Content {
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Long { text, then, times } => format!("{text}{}", then.repeat(*times)),
        }
    }
}

impl Request {
    pub(crate) fn build(&self) -> Built {
        let body = match (&self.body, &self.body_base64) {
            (_, Some(encoded)) => BASE64.decode(encoded.as_bytes()).unwrap(),
            (Some(text), None) => text.text().into_bytes(),
            (None, None) => Vec::new(),
        };
        Built {
            headers: self.headers.iter().map(|(name, value)| (name.clone(), value.text())).collect(),
            body,
            url_key: self.url_key.clone(),
            source: self.source,
        }
    }
}

impl Built {
    pub(crate) fn headers(&self) -> Vec<Header<'_>> {
        self.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect()
    }

    pub(crate) fn unverified<'a>(&'a self, headers: &'a [Header<'a>], received_at: i64) -> Unverified<'a> {
        Unverified { headers, body: &self.body, url_key: self.url_key.as_deref(), source: self.source, received_at }
    }
}
