//! A request taken apart before anything is done, and an answer before it meets the rules.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use data_encoding::BASE64;
use serde_json::{Value, json};

use super::{
    calls,
    craft::kwil::{self, Called},
    records::Endpoint,
};
use crate::{answers::Plain, call, chance, members::text};

/// It has one host.
pub(crate) type Call = call::Call<()>;

/// JSON-RPC codes (§4.2, §4.4).
pub(super) mod code {
    pub(in super::super) const PARSE: i64 = -32_700;
    pub(in super::super) const REQUEST: i64 = -32_600;
    pub(in super::super) const METHOD: i64 = -32_601;
    pub(in super::super) const PARAMS: i64 = -32_602;
    pub(in super::super) const INTERNAL: i64 = -32_603;
    pub(in super::super) const REJECTED: i64 = -201;
    pub(in super::super) const NO_TRANSACTION: i64 = -202;
    pub(in super::super) const ENGINE: i64 = -300;
    pub(in super::super) const NO_NAMESPACE: i64 = -301;
    pub(in super::super) const IDENTITY: i64 = -601;
    pub(in super::super) const NOT_AUTHORIZED: i64 = -901;
    pub(in super::super) const BAD_PAYLOAD: i64 = -902;
    pub(in super::super) const TOO_MANY: i64 = -905;
    pub(in super::super) const NO_CHALLENGE: i64 = -1_001;
    pub(in super::super) const CALL_SIGNATURE: i64 = -1_004;
}

/// Why a request is refused.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(super) code: i64,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// A request as far as it can be understood without doing anything.
pub(crate) struct Asked {
    pub(crate) endpoint: Endpoint,
    /// Method, or path of a blob.
    pub(super) what: String,
    /// Of the JSON-RPC request.
    pub(super) id: Value,
    pub(super) params: Value,
    pub(super) sender: Option<String>,
    pub(super) payload: Vec<u8>,
    pub(super) called: Option<Called>,
    /// What a blob's path names.
    pub(super) named: Option<String>,
    /// Why it is no request at all.
    pub(super) wrong: Option<Refusal>,
}

impl Asked {
    pub(crate) fn of(call: &Call) -> Self {
        match (call.method.as_str(), call.path.as_str()) {
            ("POST", "/rpc/v1") => Self::of_rpc(call),
            ("GET", path) => {
                let by_credential = path.strip_prefix("/blob/v1/credentials/");
                let by_cid = path.strip_prefix("/blob/v1/ipfs/").map(|cid| (Endpoint::BlobByCid, cid));
                let found = by_credential.map(|id| (Endpoint::BlobByCredential, id)).or(by_cid);
                let (endpoint, named) = found.unwrap_or((Endpoint::Unknown, ""));
                Self { named: Some(named.to_owned()), ..Self::nothing(endpoint, call.path.clone()) }
            }
            (_, _) => Self::nothing(Endpoint::Unknown, call.path.clone()),
        }
    }

    fn nothing(endpoint: Endpoint, what: String) -> Self {
        let (id, params) = (Value::Null, Value::Null);
        Self { endpoint, what, id, params, sender: None, payload: Vec::new(), called: None, named: None, wrong: None }
    }

    fn of_rpc(call: &Call) -> Self {
        let Ok(body) = serde_json::from_slice::<Value>(&call.body) else {
            let wrong = Some(Refusal::new(code::PARSE, "parse error"));
            return Self { wrong, ..Self::nothing(Endpoint::Unknown, String::new()) };
        };
        let method = text(&body, "method").to_owned();
        let params = body.get("params").cloned().unwrap_or_default();
        let sender = params.get("sender").and_then(Value::as_str).map(str::to_ascii_lowercase);
        let wrong = (text(&body, "jsonrpc") != "2.0" || !params.is_object())
            .then(|| Refusal::new(code::REQUEST, "invalid request"));
        let id = body.get("id").cloned().unwrap_or_default();
        let mut asked = Self { id, sender, wrong, ..Self::nothing(of_method(&method), method) };
        // nothing else has a payload
        if asked.endpoint == Endpoint::OtherCall {
            asked.take_call(&params);
        } else if [Endpoint::Broadcast, Endpoint::EstimatePrice].contains(&asked.endpoint) {
            asked.take_transaction(&params);
        }
        asked.params = params;
        asked
    }

    fn take_call(&mut self, params: &Value) {
        let body = params.get("body").cloned().unwrap_or_default();
        match BASE64.decode(text(&body, "payload").as_bytes()) {
            Ok(payload) => self.payload = payload,
            Err(error) => return self.cannot_be_read(&error),
        }
        match kwil::call(&self.payload) {
            Ok(called) => {
                self.endpoint = calls::endpoint(&called.action);
                self.called = Some(called);
            }
            Err(error) => self.cannot_be_read(&error),
        }
    }

    fn take_transaction(&mut self, params: &Value) {
        let transaction = params.get("tx").cloned().unwrap_or_default();
        self.sender = transaction.get("sender").and_then(Value::as_str).map(str::to_ascii_lowercase);
        let body = transaction.get("body").cloned().unwrap_or_default();
        match BASE64.decode(text(&body, "payload").as_bytes()) {
            Ok(payload) => self.payload = payload,
            Err(error) => return self.cannot_be_read(&error),
        }
        match kwil::execution(&self.payload) {
            Ok(called) => self.called = Some(called),
            Err(error) => self.cannot_be_read(&error),
        }
    }

    fn cannot_be_read(&mut self, error: &impl ToString) {
        self.wrong = Some(Refusal::new(code::PARAMS, error.to_string()));
    }

    /// Arguments, as the records have them.
    pub(super) fn arguments(&self) -> Vec<Value> {
        let batches = self.called.iter().flat_map(|called| called.batches.iter().flatten());
        batches.map(kwil::Argument::shown).collect()
    }

    pub(super) fn names(&self, id: &str) -> bool {
        self.named.as_deref() == Some(id) || self.arguments().iter().any(|argument| argument == id)
    }

    /// The true answer as JSON-RPC.
    pub(super) fn result(&self, result: Value) -> Reply {
        Reply::json(StatusCode::OK, json!({"jsonrpc": "2.0", "id": self.id, "result": result}))
    }

    pub(super) fn error(&self, refusal: &Refusal, gateway_status: u16) -> Reply {
        let status = match refusal.code {
            code::PARSE | code::REQUEST | code::PARAMS => 400,
            code::METHOD => 404,
            code::INTERNAL => 500,
            -999..=-900 => gateway_status,
            _ => 200,
        };
        let error = json!({"code": refusal.code, "message": refusal.message});
        let mut reply = Reply::json(of_code(status), json!({"jsonrpc": "2.0", "id": self.id, "error": error}));
        (reply.code, reply.error) = (Some(refusal.code), Some(refusal.message.clone()));
        reply
    }
}

/// `user.call` is named after its action once that can be read.
fn of_method(method: &str) -> Endpoint {
    match method {
        "user.chain_info" => Endpoint::ChainInfo,
        "user.health" => Endpoint::Health,
        "user.challenge" => Endpoint::Challenge,
        "user.call" => Endpoint::OtherCall,
        "user.account" => Endpoint::Account,
        "user.estimate_price" => Endpoint::EstimatePrice,
        "user.broadcast" => Endpoint::Broadcast,
        "user.tx_query" => Endpoint::TxQuery,
        "kgw.authn_param" => Endpoint::AuthnParam,
        "kgw.authn" => Endpoint::Authn,
        "kgw.logout" => Endpoint::Logout,
        _ => Endpoint::Unknown,
    }
}

pub(super) fn of_code(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// An answer before it meets the rules.
pub(crate) struct Reply {
    pub(super) status: StatusCode,
    pub(super) content: Content,
    pub(super) header: Option<(HeaderName, HeaderValue)>,
    /// Of a JSON-RPC error.
    pub(super) code: Option<i64>,
    /// What was refused or raised.
    pub(super) error: Option<String>,
}

pub(crate) enum Content {
    Json(Value),
    Bytes(Vec<u8>),
}

impl Reply {
    pub(super) fn json(status: StatusCode, body: Value) -> Self {
        Self { status, content: Content::Json(body), header: None, code: None, error: None }
    }

    pub(super) fn bytes(bytes: Vec<u8>) -> Self {
        let header = Some((header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")));
        Self { status: StatusCode::OK, content: Content::Bytes(bytes), header, code: None, error: None }
    }

    /// `{code, error}` with a name for the request (§5.3).
    pub(super) fn no_blob(status: u16, word: &str) -> Self {
        let number = HeaderValue::from_str(&chance::uuid()).ok();
        let header = number.map(|number| (HeaderName::from_static("x-request-id"), number));
        let body = json!({"code": word, "error": word.replace('_', " ")});
        Self { header, error: Some(word.to_owned()), ..Self::json(of_code(status), body) }
    }

    pub(super) fn with_cookie(mut self, cookie: Option<&str>) -> Self {
        let value = cookie.and_then(|cookie| HeaderValue::from_str(cookie).ok());
        self.header = value.map(|value| (header::SET_COOKIE, value));
        self
    }
}

impl From<Reply> for Plain {
    /// Bytes are put in by who writes the answer.
    fn from(reply: Reply) -> Self {
        let body = match reply.content {
            Content::Json(body) => Some(body),
            Content::Bytes(_) => None,
        };
        Self { content_type: "application/json", header: reply.header, ..Self::new(reply.status, body) }
    }
}
