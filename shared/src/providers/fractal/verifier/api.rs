//! Calls with tokens of our own: `api: true`, our client id, and a short life.

use serde::Serialize;
use serde_json::{Map, Value};

use super::Verifier;
use crate::ports::{Method, ProviderError, Reach, Request, Response};
use crate::providers::answer::{self, Object, below};
use crate::secret::Secret;

/// In seconds. At most ten minutes are taken; half of that leaves as much to a clock of theirs that is late as to one that
/// is early.
const LIFE: i64 = 5 * 60;

const ELSEWHERE: ProviderError = ProviderError::Unavailable("its API is not at this address");

/// What a call's token says.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Caller<'a> {
    api: bool,
    client_id: &'a str,
    iat: i64,
    exp: i64,
}

impl Verifier {
    /// Reads what is at this address below `public/kyc`.
    pub(super) async fn read(&self, reach: Reach<'_>, segments: &[&str]) -> Result<Response, ProviderError> {
        let url = below(&below(&self.base, &["public", "kyc"]), segments);
        let mut request = Request::to_provider(Method::Get, url).authorized(self.bearer(reach)?);
        request.headers.push(("accept", "application/json".to_owned()));
        let answered = reach.http.send(request).await;
        if let Ok(response) = &answered {
            // A 403 is about that person or token (`Refused`): one of them holds up nobody else.
            if matches!(response.status, 404 | 410) && !is_object(response) {
                return Err(ELSEWHERE);
            }
        }
        answer::read(answered, |_| None)
    }

    fn bearer(&self, reach: Reach<'_>) -> Result<Secret, ProviderError> {
        let now = reach.world.now().seconds();
        let caller = Caller { api: true, client_id: &self.client_id, iat: now, exp: now.saturating_add(LIFE) };
        let token = self.signer.token(&caller)?;
        Ok(Secret::from([b"Bearer ", token.expose()].concat()))
    }
}

/// Every refusal of theirs is (page "Migration to Kraken"); a proxy's or another host's is a page.
fn is_object(response: &Response) -> bool {
    serde_json::from_slice::<Object<Map<String, Value>>>(&response.body).is_ok()
}
