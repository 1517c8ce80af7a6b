//! Two tenants with an account each at the same provider, a subscription each, and whoever asks.

use std::sync::Arc;

use idv_gateway::domain::ConnectionName;
use idv_gateway::ports::{Connection, Subscription};
use idv_it::rig::setup::connection;
use idv_it::rig::{Rig, Setup};
use serde_json::{Value, json};

use crate::lobby::Lobby;

/// The id of acme's subscription; bolt's is `Subscription-B`, that of acme's second connection `Subscription-A2`.
pub(crate) const A: &str = "Subscription-A";
pub(crate) const B: &str = "Subscription-B";
pub(crate) const A2: &str = "Subscription-A2";
/// Who may act for acme, and for bolt.
pub(crate) const ACME: &str = "arn:aws:iam::111122223333:user/fintechos-acme";
pub(crate) const BOLT: &str = "arn:aws:iam::111122223333:user/fintechos-bolt";

pub(crate) struct Scene {
    pub(crate) rig: Rig,
    pub(crate) lobby: Arc<Lobby>,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u64,
    pub(crate) headers: Value,
    /// As it was sent.
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.body()[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }

    pub(crate) fn field(&self) -> String {
        self.body()["error"]["field"].as_str().unwrap_or_default().to_owned()
    }
}

impl Scene {
    pub(crate) fn new() -> Self {
        let setup = Setup::of(&["acme", "bolt"]);
        let (rig, lobby) = (Rig::new(&setup), Arc::new(Lobby::default()));
        for tenant in ["acme", "bolt"] {
            rig.vault.set(config(&setup, &lobby, tenant));
        }
        let second =
            idv_gateway::domain::ConnectionKey { name: ConnectionName::parse("second").unwrap(), ..connection("acme") };
        for (id, connection, caller) in
            [(A, connection("acme"), ACME), (B, connection("bolt"), BOLT), (A2, second, ACME)]
        {
            let callers = [caller.to_owned(), format!("portal-{}", connection.tenant)].into();
            rig.vault.set_subscription(id, Subscription { connection, callers });
        }
        Self { rig, lobby }
    }

    /// A payload through the alias.
    pub(crate) fn send(&self, payload: Value) -> Value {
        self.rig.ask(Some("drop-in"), payload).done().unwrap()
    }

    pub(crate) fn answer(&self, event: Value) -> Answer {
        let answer = self.send(event);
        Answer {
            status: answer["statusCode"].as_u64().unwrap_or_else(|| panic!("no HTTP answer: {answer}")),
            headers: answer["headers"].clone(),
            text: answer["body"].as_str().unwrap().to_owned(),
        }
    }

    /// Asked by the caller who may, for acme.
    pub(crate) fn ask(&self, operation: &str, body: &Value) -> Answer {
        self.answer(event(operation, A, ACME, body))
    }

    /// The same with a key.
    pub(crate) fn ask_with(&self, operation: &str, key: &str, body: &Value) -> Answer {
        let mut event = event(operation, A, ACME, body);
        event["headers"]["idempotency-key"] = json!(key);
        self.answer(event)
    }

    /// A new applicant of acme.
    pub(crate) fn applicant(&self) -> String {
        let answer = self.ask("applicants", &fixture("create_applicant"));
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.text("applicantId")
    }

    /// Calls of the ports since then.
    pub(crate) fn since(&self, points: usize) -> Vec<&'static str> {
        self.rig.chaos.points()[points..].to_vec()
    }

    pub(crate) fn points(&self) -> usize {
        self.rig.chaos.points().len()
    }
}

pub(crate) fn config(setup: &Setup, lobby: &Arc<Lobby>, tenant: &str) -> idv_gateway::ports::TenantConfig {
    let mut config = setup.tenant(tenant, lobby.desk());
    let mut second = setup.tenant(tenant, lobby.desk()).connections.into_values().next().unwrap();
    second.key.name = ConnectionName::parse("second").unwrap();
    let second = Connection { key: second.key.clone(), ..second };
    config.connections.insert(second.key.name.clone(), second);
    config
}

/// A request as the HTTP API hands it on: payload 2.0, signed by that caller.
pub(crate) fn event(operation: &str, subscription: &str, caller: &str, body: &Value) -> Value {
    let route = format!("POST /dcs/kyc2/{operation}");
    json!({
        "version": "2.0", "routeKey": route, "rawPath": format!("/dcs/kyc2/{operation}"), "rawQueryString": "",
        "headers": {"content-type": "application/json", "host": "x.example", "subscriptionid": subscription},
        "requestContext": {
            "accountId": "111122223333", "apiId": "api", "stage": "$default", "routeKey": route,
            "authorizer": {"iam": {"userArn": caller, "accountId": "111122223333", "cognitoIdentity": null}},
            "http": {"method": "POST", "path": format!("/dcs/kyc2/{operation}"), "sourceIp": "203.0.113.7"},
        },
        "body": body.to_string(), "isBase64Encoded": false,
    })
}

/// A proposed request.
pub(crate) fn fixture(name: &str) -> Value {
    proposed(&format!("{name}.request"))
}

pub(crate) fn proposed(name: &str) -> Value {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/fintechos");
    serde_json::from_str(&std::fs::read_to_string(format!("{root}/dcs.{name}.proposed.json")).unwrap()).unwrap()
}
