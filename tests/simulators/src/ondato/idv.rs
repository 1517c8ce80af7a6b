//! The identity verification, root of everything (§4.1, §5.1).

use serde_json::{Map, Value, json};

use super::{
    resources::{STEP_SETUP, object, put},
    settings::Application,
    world::key,
};
use crate::chance;

const IDV_SETUP_VERSION: &str = "5f719db4-802c-4e6f-a1a3-4c5d6e7f8007";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdvStatus {
    Pending,
    InProgress,
    Suspended,
    Completed,
    Aborted,
    Expired,
}

impl IdvStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InProgress => "InProgress",
            Self::Suspended => "Suspended",
            Self::Completed => "Completed",
            Self::Aborted => "Aborted",
            Self::Expired => "Expired",
        }
    }
}

#[derive(Clone)]
pub(crate) struct Consent {
    pub(crate) given: bool,
    pub(crate) at: Option<String>,
}

#[derive(Clone)]
pub(crate) struct Redaction {
    pub(crate) client_id: String,
    pub(crate) created: String,
    pub(crate) completed: Option<String>,
    pub(crate) scope: Value,
}

#[derive(Clone)]
pub(crate) struct Idv {
    pub(crate) id: String,
    pub(crate) application: Application,
    pub(crate) setup_id: String,
    pub(crate) created: String,
    pub(crate) modified: String,
    pub(crate) status: IdvStatus,
    pub(crate) status_reason: Option<String>,
    pub(crate) external_reference: Option<Value>,
    pub(crate) registration: Option<Value>,
    pub(crate) representative: Option<Value>,
    pub(crate) consent: Option<Consent>,
    pub(crate) kyc: Option<String>,
    pub(crate) earlier_kyc: Vec<String>,
    pub(crate) kyc_success: Option<bool>,
    pub(crate) kyb: Option<String>,
    pub(crate) forms: Vec<String>,
    pub(crate) localisations: Option<(String, Value)>,
    pub(crate) redaction: Option<Redaction>,
}

impl Idv {
    pub(crate) fn new(application: &Application, request: &Value, now: String) -> Self {
        let given = |member: &str| request.get(member).filter(|value| !value.is_null()).cloned();
        Self {
            id: chance::uuid(),
            application: application.clone(),
            setup_id: given("setupId")
                .and_then(|id| id.as_str().map(key))
                .unwrap_or_else(|| application.setup_id.clone()),
            created: now.clone(),
            modified: now,
            status: IdvStatus::Pending,
            status_reason: None,
            external_reference: given("externalReferenceId"),
            registration: given("registration"),
            representative: given("representativeId"),
            consent: None,
            kyc: None,
            earlier_kyc: Vec::new(),
            kyc_success: None,
            kyb: None,
            forms: Vec::new(),
            localisations: None,
            redaction: None,
        }
    }

    /// Whether its flow has a company form.
    pub(crate) fn is_of_a_company(&self) -> bool {
        key(&self.setup_id) == key(&self.application.kyb_setup_id)
    }

    pub(crate) fn shown(&self) -> Value {
        let mut setup = object(json!({"id": self.setup_id, "versionId": IDV_SETUP_VERSION}));
        put(&mut setup, "overrideId", self.localisations.as_ref().map(|(id, _)| json!(id)));
        let mut shown = object(json!({
            "id": self.id, "applicationId": self.application.application_id, "createdUtc": self.created,
            "modifiedUtc": self.modified, "status": self.status.name(), "setup": setup, "step": self.steps(),
        }));
        put(&mut shown, "externalReferenceId", self.external_reference.clone());
        put(&mut shown, "statusReason", self.status_reason.as_ref().map(|reason| json!(reason)));
        put(&mut shown, "representativeId", self.representative.clone());
        match &self.redaction {
            Some(redaction) => put(&mut shown, "redaction", Some(redaction.shown())),
            None => put(&mut shown, "registration", self.registration.clone()),
        }
        Value::Object(shown)
    }

    fn steps(&self) -> Value {
        let mut steps = Map::new();
        let consent = self.consent.as_ref().filter(|_| self.redaction.is_none()).map(|consent| {
            let mut shown = object(json!({"isConsented": consent.given}));
            put(&mut shown, "consentedUtc", consent.at.as_ref().map(|at| json!(at)));
            Value::Object(shown)
        });
        put(&mut steps, "consent", consent);
        let kyc = self.kyc.as_ref().map(|id| {
            let mut shown = object(json!({"id": id}));
            put(&mut shown, "isSuccess", self.kyc_success.map(Value::Bool));
            Value::Object(shown)
        });
        put(&mut steps, "kycIdentification", kyc);
        put(&mut steps, "kybIdentification", self.kyb.as_ref().map(|id| json!({"id": id})));
        let forms: Vec<Value> = self.forms.iter().map(|id| json!({"id": id})).collect();
        put(&mut steps, "forms", (!forms.is_empty()).then_some(Value::Array(forms)));
        Value::Object(steps)
    }

    /// `GET …/setup`: the setup in force, with the localisations put for this IDV alone.
    pub(crate) fn setup_shown(&self, base_url: &str) -> Value {
        let localisations = self.localisations.as_ref().and_then(|(_, body)| body.get("localisationSettings")).cloned();
        let step = if self.is_of_a_company() { "KybIdentification" } else { "KycIdentification" };
        let own = json!([{"successRedirectUrl": "https://www.example.com", "pageTitle": "Identity check"}]);
        json!({
            "id": self.setup_id, "versionId": IDV_SETUP_VERSION,
            "applicationId": self.application.application_id,
            "createdUtc": self.created, "modifiedUtc": self.created, "isDisabled": false, "name": "Example IDV setup",
            "webAppSetting": {"baseUrl": base_url, "localisationSettings": localisations.unwrap_or(own)},
            "omnichannel": {"enabled": false, "appStoreEnabled": false, "restrictToSameIpAddress": false, "onlyMobileEnabled": false},
            "sessionScreenRecording": {"enabled": false},
            "steps": [{"type": step, "order": 1, "setupId": STEP_SETUP}, {"type": "Consent", "order": 0}],
        })
    }
}

impl Redaction {
    fn shown(&self) -> Value {
        let mut shown = object(json!({
            "clientId": self.client_id, "createdUtc": self.created, "scope": self.scope, "source": "OnDemand",
            "status": if self.completed.is_some() { "Completed" } else { "InProgress" },
        }));
        put(&mut shown, "completedUtc", self.completed.as_ref().map(|at| json!(at)));
        Value::Object(shown)
    }
}
