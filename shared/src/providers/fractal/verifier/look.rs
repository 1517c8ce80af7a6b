//! What is true of a person: one word, and (live) what stands behind it.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Verifier;
use super::exchange::kept;
use crate::domain::{Part, ProviderId, Resource, Snapshot, Standing};
use crate::ports::{ProviderError, Reach};
use crate::providers::answer;
use crate::providers::fractal::id::{Kind, uuid};
use crate::providers::text::word;

/// Of a run that nobody has come back from: Fractal knows nothing of it.
const NOBODY_YET: &str = "waits";

/// `GET /public/kyc/{userId}/status`: other members may be there and say nothing here.
#[derive(Deserialize)]
struct State {
    status: String,
}

impl Verifier {
    pub(in super::super) async fn snapshot(
        &self,
        reach: Reach<'_>,
        subject: &Resource,
    ) -> Result<Snapshot, ProviderError> {
        let Some(user) = who(reach, subject).await? else {
            return Ok(Snapshot::of(vec![Part::new(subject.clone(), NOBODY_YET, Standing::Open)]));
        };
        let State { status } = answer::object(&self.read(reach, &[user.id.as_str(), "status"]).await?)?;
        Ok(Snapshot::of(vec![Part::new(user, word(&status), standing(&status))]))
    }

    /// A person's data, as they are given.
    pub(in super::super) async fn live(&self, reach: Reach<'_>, subject: &Resource) -> Result<Value, ProviderError> {
        let user = who(reach, subject).await?.ok_or(ProviderError::NotFound)?;
        let data: Map<String, Value> = answer::object(&self.read(reach, &[user.id.as_str(), "data"]).await?)?;
        Ok(Value::Object(data))
    }
}

/// The person of a run; of one who came without us, themselves.
async fn who(reach: Reach<'_>, subject: &Resource) -> Result<Option<Resource>, ProviderError> {
    match Kind::of(subject) {
        Some(Kind::Journey) => kept(reach, subject).await,
        Some(Kind::User) => Ok(Some(subject.clone())),
        Some(Kind::Level | Kind::Credential) | None => Err(ProviderError::NotFound),
    }
}

/// The three words that are documented.
fn standing(status: &str) -> Standing {
    match status {
        "pending" => Standing::Open,
        "approved" => Standing::Approved,
        "rejected" => Standing::Rejected,
        _ => Standing::Unrecognised,
    }
}

/// A person's name by their id. Its form is not documented, and what is one in the examples is a UUID; as an id it must
/// also be one segment of a path.
pub(in super::super) fn user(id: &str) -> Option<Resource> {
    let id = uuid(id).or_else(|| ProviderId::parse(id).ok().filter(|id| !id.as_str().starts_with('.')))?;
    Some(Kind::User.resource(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_but_one_approves() {
        for (status, found) in [
            ("approved", Standing::Approved),
            ("rejected", Standing::Rejected),
            ("pending", Standing::Open),
            ("Approved", Standing::Unrecognised),
            ("GREEN", Standing::Unrecognised),
            ("approved ", Standing::Unrecognised),
            ("", Standing::Unrecognised),
        ] {
            assert_eq!(standing(status), found, "{status}");
        }
    }

    #[test]
    fn a_person_has_one_name() {
        let name = |id: &str| user(id).map(|user| user.to_string());
        let lower = Some("user/5d1a6a0e-0000-4000-8000-00000000000a".to_owned());
        assert_eq!(name("5D1A6A0E-0000-4000-8000-00000000000A"), lower);
        assert_eq!(name("USER_ID").as_deref(), Some("user/USER_ID"));
        for bad in ["", ".", "..", "../token", "a/b", "a b", "jane@example.com", &"a".repeat(129)] {
            assert_eq!(name(bad), None, "{bad}");
        }
    }
}
