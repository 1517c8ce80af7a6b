//! What an app may ask. The types are the contract: parsing, JSON Schemas and examples come from them.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::domain::{
    Channel, ConnectionName, ErrorCode, IdempotencyKey, OnboardingId, Reference, Status, SubjectKind, Tenant, Timestamp,
};

use super::answer::Refusal;

/// Who is asked for and what.
pub struct Request {
    /// For which tenant; whether the caller may is decided elsewhere.
    pub tenant: Tenant,
    /// The action and its own fields.
    pub action: Action,
}

/// One action with its fields.
pub enum Action {
    /// Begin.
    Start(Start),
    /// Go on, or begin the next attempt.
    Resume(Resume),
    /// Capture is done.
    Submit(Submit),
    /// How it stands.
    Get(Get),
    /// How it came to that.
    Timeline(Timeline),
    /// A page of onboardings.
    List(List),
    /// New contact data.
    UpdateContact(UpdateContact),
    /// Withdraw.
    Cancel(Cancel),
    /// Destroy.
    Erase(Erase),
}

macro_rules! fields {
    ($(#[$meta:meta])* $name:ident { $($(#[$of:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name { $($(#[$of])* pub $field: $type),* }
    };
}

fields! {
    /// Begins an onboarding.
    Start {
        /// Through which connection.
        connection: ConnectionName,
        /// The app's own id of whom it verifies.
        reference: Reference,
        /// Who is verified.
        subject: Subject,
        /// How the person comes to the provider.
        #[serde(default = "link")]
        channel: Channel,
        /// Where the person goes afterwards; must be allowed in the tenant's `return_urls`.
        #[serde(default)]
        return_url: Option<String>,
        /// The provider's own options.
        #[serde(default)]
        options: Map<String, Value>,
        /// The app's key of this request: the same key never makes a second onboarding.
        idempotency_key: IdempotencyKey,
    }
}

/// Who is verified: the kind, and whatever the provider takes.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Subject {
    /// A person or a company.
    #[serde(default = "individual")]
    pub kind: SubjectKind,
    /// The provider's fields, such as `firstName`; passed on and stored nowhere.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

fields! {
    /// Gives a fresh link or token.
    Resume {
        /// Which onboarding.
        onboarding_id: OnboardingId,
        /// Where the person goes afterwards.
        #[serde(default)]
        return_url: Option<String>,
        /// Who is verified, for a next attempt: it is stored nowhere, so it is given again.
        #[serde(default)]
        subject: Option<Subject>,
        /// The provider's own options, for a next attempt.
        #[serde(default)]
        options: Map<String, Value>,
        /// The app's key of this request.
        idempotency_key: IdempotencyKey,
    }
}

fields! {
    /// Says that capture is done.
    Submit {
        /// Which onboarding.
        onboarding_id: OnboardingId,
        /// The provider's own options.
        #[serde(default)]
        options: Map<String, Value>,
        /// The app's key of this request.
        idempotency_key: IdempotencyKey,
    }
}

fields! {
    /// Reads one.
    Get {
        /// Which onboarding; or `reference`.
        #[serde(default)]
        onboarding_id: Option<OnboardingId>,
        /// The newest of this reference.
        #[serde(default)]
        reference: Option<Reference>,
        /// Look at the provider now.
        #[serde(default)]
        refresh: bool,
        /// The provider's personal data, live; must be allowed for the tenant.
        #[serde(default)]
        details: bool,
    }
}

fields! {
    /// Reads the history of one.
    Timeline {
        /// Which onboarding.
        onboarding_id: OnboardingId,
    }
}

fields! {
    /// Reads a page, newest first.
    List {
        /// Only of this status.
        #[serde(default)]
        status: Option<Status>,
        /// Only through this connection.
        #[serde(default)]
        connection: Option<ConnectionName>,
        /// Only changed after this.
        #[serde(default)]
        updated_after: Option<Timestamp>,
        /// Where the last page ended.
        #[serde(default)]
        cursor: Option<OnboardingId>,
        /// At most so many, 1 to 100; 25 where nothing is said.
        #[serde(default)]
        limit: Option<u8>,
    }
}

fields! {
    /// Changes contact data at the provider.
    UpdateContact {
        /// Which onboarding.
        onboarding_id: OnboardingId,
        /// A new e-mail address; or `phone`.
        #[serde(default)]
        email: Option<String>,
        /// A new phone number.
        #[serde(default)]
        phone: Option<String>,
        /// The app's key of this request.
        idempotency_key: IdempotencyKey,
    }
}

fields! {
    /// Withdraws; must be allowed for the tenant.
    Cancel {
        /// Which onboarding.
        onboarding_id: OnboardingId,
        /// The app's key of this request.
        #[serde(default)]
        idempotency_key: Option<IdempotencyKey>,
    }
}

fields! {
    /// Destroys what is known; must be allowed for the tenant. Repeating it goes on where it stopped.
    Erase {
        /// Which onboarding.
        onboarding_id: OnboardingId,
        /// The app's key of this request.
        #[serde(default)]
        idempotency_key: Option<IdempotencyKey>,
    }
}

const fn link() -> Channel {
    Channel::Link
}

const fn individual() -> SubjectKind {
    SubjectKind::Individual
}

impl Request {
    /// Reads a request.
    ///
    /// # Errors
    /// `invalid_request` with the field.
    pub fn read(value: Value) -> Result<Self, Refusal> {
        let Value::Object(mut members) = value else {
            return Err(Refusal::field("", "the request must be a JSON object"));
        };
        let tenant = take_text(&mut members, "tenant")?;
        let tenant = Tenant::parse(tenant).map_err(|rule| Refusal::field("tenant", rule.0))?;
        let action = take_text(&mut members, "action")?;
        let fields = Value::Object(members);
        let action = match action.as_str() {
            "start" => Action::Start(read(fields)?),
            "resume" => Action::Resume(read(fields)?),
            "submit" => Action::Submit(read(fields)?),
            "get" => Action::Get(read(fields)?),
            "timeline" => Action::Timeline(read(fields)?),
            "list" => Action::List(read(fields)?),
            "update_contact" => Action::UpdateContact(read(fields)?),
            "cancel" => Action::Cancel(read(fields)?),
            "erase" => Action::Erase(read(fields)?),
            _ => return Err(Refusal::field("action", ACTIONS)),
        };
        Ok(Self { tenant, action })
    }
}

const ACTIONS: &str = "must be one of start, resume, submit, get, timeline, list, update_contact, cancel, erase";

fn take_text(members: &mut Map<String, Value>, name: &str) -> Result<String, Refusal> {
    match members.remove(name) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(Refusal::field(name, "must be a text")),
        None => Err(Refusal::field(name, "is missing")),
    }
}

/// The message is serde's; it may repeat the caller's own value to the caller, and goes nowhere else.
fn read<T: DeserializeOwned>(fields: Value) -> Result<T, Refusal> {
    serde_path_to_error::deserialize(fields).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner().to_string();
        let named = message.split('`').nth(1).unwrap_or_default();
        let field = if path == "." { named.to_owned() } else { path };
        Refusal::new(ErrorCode::InvalidRequest, message).of_field(field)
    })
}
