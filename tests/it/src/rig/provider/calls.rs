//! How an account calls its provider: an await point each, with the login that all share where one is needed.

use std::time::Duration;

use idv_gateway::ports::{ProviderError, Reach};
use idv_gateway::secret::Secret;

use super::super::chaos::Class;
use super::super::pulse::breath;
use super::thin::Flight;
use super::{Desk, State};

impl Desk {
    /// A call, with the token that all share where one is needed; refused, once more with another one.
    pub(super) async fn ask<T>(
        &self,
        reach: Reach<'_>,
        point: &'static str,
        ask: impl Fn(&mut State) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        let mut token = None;
        for _ in 0..2 {
            if self.thin.is_some_and(|thin| thin.login.is_some()) {
                token = Some(self.token(reach, token).await?);
            }
            let again = || async {
                let mut state = self.provider.lock();
                if let Some(error) = state.manners.failing.clone() {
                    return Err(error);
                }
                if token.is_some_and(|token| !state.session.accepts(token, self.provider.clock.now())) {
                    return Ok(None);
                }
                ask(&mut state).map(Some)
            };
            if let Some(answer) = self.chaos.call(point, again, fault).await? {
                return Ok(answer);
            }
        }
        Err(ProviderError::Unauthorized)
    }

    /// The token that is shared, unless that was refused: then the next one. A secret is not shown, so its length is
    /// its number.
    async fn token(&self, reach: Reach<'_>, refused: Option<usize>) -> Result<usize, ProviderError> {
        for _ in 0..3 {
            let shared = reach.login.read().await?;
            let token = shared.login.as_ref().map(Secret::len);
            if let Some(token) = token.filter(|&token| refused != Some(token)) {
                return Ok(token);
            }
            let Some(turn) = reach.login.take(shared.generation).await? else { continue };
            match self.log_in().await {
                Ok(token) => {
                    // It serves us, also where nobody else gets to know it.
                    let _ = reach.login.replace(&turn, &Secret::from(vec![b'x'; token])).await;
                    return Ok(token);
                }
                Err(error) => {
                    reach.login.give_back(&turn).await;
                    return Err(error);
                }
            }
        }
        Err(ProviderError::Renewing)
    }

    async fn log_in(&self) -> Result<usize, ProviderError> {
        let life = self.thin.and_then(|thin| thin.login).unwrap_or_default();
        let again = || async {
            let _flight = Flight::begin(&self.provider);
            breath().await;
            let mut state = self.provider.lock();
            match state.manners.failing.clone() {
                Some(error) => Err(error),
                None => Ok(state.session.open(self.provider.clock.now() + life)),
            }
        };
        self.chaos.call("account.login", again, fault).await
    }
}

fn fault(class: Class) -> ProviderError {
    match class {
        Class::Passing => ProviderError::Unavailable("reset"),
        Class::Lost => ProviderError::Unavailable("timed_out"),
        Class::Hard => ProviderError::Busy { retry_after: Some(Duration::from_secs(30)) },
    }
}
