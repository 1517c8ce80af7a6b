//! A tenant's own FintechOS instance, as a destination: where it is, who signs in, how its action is called.

use std::collections::BTreeSet;
use std::time::Duration;

use ring::digest::{Context, SHA256};
use url::Url;

use crate::secret::Secret;

/// One instance, with the technical account that signs in there.
pub struct FintechOs {
    /// How a token is asked for.
    pub sign_in: SignIn,
    /// Where.
    pub token_url: Url,
    /// Of the technical account.
    pub username: Secret,
    /// Of the technical account.
    pub password: Secret,
    /// How the action is called.
    pub call: ActionCall,
    /// Where.
    pub call_url: Url,
    /// What it is given.
    pub content: Content,
    /// How long a token is used whose answer tells no life.
    pub token_life: Duration,
    /// The member of an answer that, where it is there and false, makes a 2xx a failure: a JSON pointer.
    pub success_pointer: String,
}

/// The two public ways in.
pub enum SignIn {
    /// The legacy call.
    GetToken {
        /// Which FintechOS customer.
        client_id: Secret,
    },
    /// The newer one, of the identity provider.
    KeycloakToken,
}

/// The two public ways to call an action.
pub enum ActionCall {
    /// The legacy call: token and request in the body.
    CallAction {
        /// The action.
        action: String,
        /// How it is given its data.
        data: DataForm,
        /// Whether the user's name goes beside the token.
        user_name: bool,
    },
    /// An endpoint of its own, named by the address: the body is the data, the token a bearer's.
    EndpointApi,
}

/// The two documented forms of an action's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataForm {
    /// A text of JSON.
    Text,
    /// JSON itself.
    Object,
}

/// What an action is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The provider's own event, made from what a look found.
    ProviderEvent {
        /// Which types of event are wanted.
        events: BTreeSet<String>,
        /// Whether what stands behind it at the provider goes with it.
        report: bool,
    },
    /// What every other destination gets.
    Canonical,
}

impl FintechOs {
    /// Tells instances, accounts and ways to call apart: another password is another one.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        let (sign_in, client_id) = match &self.sign_in {
            SignIn::GetToken { client_id } => ("get_token", client_id.expose()),
            SignIn::KeycloakToken => ("keycloak_token", &b""[..]),
        };
        let action = match &self.call {
            ActionCall::CallAction { action, .. } => action,
            ActionCall::EndpointApi => "",
        };
        let texts = [sign_in, self.token_url.as_str(), self.call_url.as_str(), action].map(str::as_bytes);
        let secrets = [client_id, self.username.expose(), self.password.expose()];
        let mut whole = Context::new(&SHA256);
        for piece in texts.into_iter().chain(secrets) {
            // each piece behind its length: no two accounts are the same bytes
            whole.update(&u64::try_from(piece.len()).unwrap_or(u64::MAX).to_be_bytes());
            whole.update(piece);
        }
        whole.finish().as_ref().first_chunk().copied().unwrap_or_default()
    }
}
