//! Calls with tokens of our own: `api: true`, our client id, and a short life.

use serde::Serialize;

use super::{Verifier, seconds};
use crate::ports::{Method, ProviderError, Reach, Request, Response};
use crate::providers::answer::{self, Object, below};
use crate::secret::Secret;

/// At most ten minutes are taken. Half of that leaves as much to a clock of theirs that is late as to one that is early.
const LIFE: i64 = 5 * 60;

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
        match answered.as_ref().map(|response| response.status) {
            // What it means to them is not documented; nobody but our client is asked about here.
            Ok(403) => Err(ProviderError::Unauthorized),
            Ok(404 | 410) if !answered.as_ref().is_ok_and(is_object) => Err(ELSEWHERE),
            Ok(_) | Err(_) => answer::read(answered, |_| None),
        }
    }

    fn bearer(&self, reach: Reach<'_>) -> Result<Secret, ProviderError> {
        let now = seconds(reach.world.now());
        let caller = Caller { api: true, client_id: &self.client_id, iat: now, exp: now.saturating_add(LIFE) };
        let token = self.signer.token(&caller)?;
        Ok(Secret::from([b"Bearer ", token.expose()].concat()))
    }
}

const ELSEWHERE: ProviderError = ProviderError::Unavailable("its API is not at this address");

/// Every refusal of theirs is (page "Migration to Kraken"); a proxy's or another host's is a page.
fn is_object(response: &Response) -> bool {
    serde_json::from_slice::<Object<serde_json::Map<String, serde_json::Value>>>(&response.body).is_ok()
}
