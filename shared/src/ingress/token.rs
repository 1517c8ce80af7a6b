//! The token endpoint that Ondato's `oAuth2` mode needs: client credentials for a token of 10 minutes. A form that
//! cannot be granted is told before the name is looked up: so the answer says nothing of which names exist.

use tracing::warn;

use crate::domain::ConnectionKey;
use crate::ports::TenantConfig;
use crate::proof::Context;
use crate::proof::token::{Grant, TokenRefusal, TokenRequest};

use super::{Answer, Arrival, Ingress, cannot_tell};

impl Ingress {
    pub(super) async fn token(&self, key: &ConnectionKey, arrival: &Arrival) -> Answer {
        match self.granted(key, arrival).await {
            Ok(grant) => {
                let mut answer = Answer::of(200, &grant.json());
                answer.headers.push(("cache-control", "no-store".to_owned()));
                answer
            }
            Err(answer) => answer,
        }
    }

    async fn granted(&self, key: &ConnectionKey, arrival: &Arrival) -> Result<Grant, Answer> {
        let headers: Vec<(&[u8], &[u8])> = arrival.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let request = TokenRequest::read(&headers, &arrival.body).map_err(|refusal| {
            warn!(event = "token_refused", reason = refusal.code());
            answer_of(refusal)
        })?;
        let unknown = |error| match cannot_tell(key, error) {
            answer if answer.status == 401 => answer_of(TokenRefusal::InvalidClient),
            answer => answer,
        };
        let config = self.gateway.vault.tenant(&key.tenant).await.map_err(unknown)?;
        config.can_tell(&key.name).map_err(unknown)?;
        match self.grant_of(&config, key, &request) {
            Err(TokenRefusal::InvalidClient | TokenRefusal::NothingConfigured) => {
                let fresher = self.gateway.vault.fresher(&key.tenant).await.map_err(unknown)?;
                self.grant_of(&fresher, key, &request).map_err(|refusal| refused(key, refusal))
            }
            other => other.map_err(|refusal| refused(key, refusal)),
        }
        .and_then(|grant| if config.connection(&key.name).is_some() { Ok(grant) } else { Err(Answer::unavailable()) })
    }

    fn grant_of(
        &self,
        config: &TenantConfig,
        key: &ConnectionKey,
        request: &TokenRequest,
    ) -> Result<Grant, TokenRefusal> {
        let Some(connection) = config.connections.get(&key.name) else { return Err(TokenRefusal::InvalidClient) };
        let context = Context { tenant: key.tenant.as_str(), connection: key.name.as_str() };
        request.grant(&connection.proofs, self.gateway.now().seconds(), context)
    }
}

fn refused(key: &ConnectionKey, refusal: TokenRefusal) -> Answer {
    warn!(event = "token_refused", tenant = %key.tenant, connection = %key.name, reason = refusal.code());
    answer_of(refusal)
}

fn answer_of(refusal: TokenRefusal) -> Answer {
    if refusal == TokenRefusal::NothingConfigured {
        return Answer::unavailable();
    }
    Answer::of(refusal.status(), &refusal.json())
}
