//! How a simulated FintechOS instance is set up: technical account, sign-in, the action that takes events.
//!
//! Whatever the fact sheet calls an assumption is a setting here, with the assumed value as its default.

use std::time::Duration;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone)]
pub struct Settings {
    /// 0 takes a free one.
    pub port: u16,
    /// Path before every call, such as `/portal`; empty: none (§4, `base_url` may contain a path).
    pub base_path: String,
    pub client_id: String,
    pub user_name: String,
    pub password: String,
    /// Answer of the legacy sign-in; its shape is not known (§2.1).
    pub token_form: TokenForm,
    /// Life of a legacy token; not known, the fixture has 1200 s.
    pub token_life: Duration,
    /// Life of the newer sign-in's token: `refreshExpiresIn` (§2.2).
    pub keycloak_life: Duration,
    /// The `expiresIn` that the newer sign-in tells: 0 in the samples, which says nothing.
    pub keycloak_tells: u64,
    /// What wrong credentials are answered.
    pub refused_sign_in: RefusedSignIn,
    /// What a call with a dead token is answered.
    pub dead_token: DeadToken,
    /// The action or endpoint that takes the events (§3.1).
    pub action_name: String,
    /// `Request.Data` as text, as object, or either (§3.2).
    pub data: DataForms,
    /// `ApiInfo.UserName` must be there, and be the account's.
    pub wants_user_name: bool,
    /// A restart forgets every token (an assumption).
    pub forgets_tokens: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            base_path: String::new(),
            client_id: "acme-client".to_owned(),
            user_name: "dcs.integration@acme.example.com".to_owned(),
            password: "fake-password-1".to_owned(),
            token_form: TokenForm::Object { member: "access_token".to_owned() },
            token_life: Duration::from_secs(1_200),
            keycloak_life: Duration::from_secs(1_800),
            keycloak_tells: 0,
            refused_sign_in: RefusedSignIn::Status { code: 401 },
            dead_token: DeadToken::Status { code: 401 },
            action_name: "FTOS_Onfido_WebHook".to_owned(),
            data: DataForms::Either,
            wants_user_name: false,
            forgets_tokens: true,
        }
    }
}

impl Settings {
    /// An instance of this client with credentials of its own.
    pub fn of(client: &str) -> Self {
        Self {
            client_id: format!("{client}-client"),
            user_name: format!("dcs.integration@{client}.example.com"),
            password: format!("fake-password-{client}"),
            ..Self::default()
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenForm {
    /// The body is a JSON text.
    Text,
    /// An object with the token in this member; `access_token` comes with type and life.
    Object { member: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedSignIn {
    Status {
        code: u16,
    },
    /// 200, and no token: what is documented for an inactive user (§2.1).
    NoToken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadToken {
    Status {
        code: u16,
    },
    /// 200 with `IsSuccess: false` and "Invalid token".
    Logical,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataForms {
    Text,
    Object,
    Either,
}

/// The two public ways in (§2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    GetToken,
    Keycloak,
}
