//! What is true of a person: one word, and (live) what stands behind it.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Verifier;
use super::exchange::kept;
use crate::domain::{Part, ProviderId, Standing};
use crate::ports::{ProviderError, Reach};
use crate::providers::answer;
use crate::providers::fractal::id::{Kind, Root, uuid};
use crate::providers::fractal::not_back;
use crate::providers::text::word;

/// `GET /public/kyc/{userId}/status`: whatever else is in it is not read.
#[derive(Deserialize)]
struct State {
    status: String,
}

impl Verifier {
    pub(in super::super) async fn parts(&self, reach: Reach<'_>, root: &Root) -> Result<Vec<Part>, ProviderError> {
        let person = match root {
            Root::User(person) => person.clone(),
            Root::Journey(journey) => match kept(reach, journey).await? {
                Some(person) => person,
                None => return Ok(vec![not_back(journey)?]),
            },
        };
        let State { status } = answer::object(&self.read(reach, &[person.as_str(), "status"]).await?)?;
        Ok(vec![Part::new(Kind::User.resource(person), word(&status), standing(&status))])
    }

    /// A person's data, as they are given.
    pub(in super::super) async fn live(&self, reach: Reach<'_>, root: &Root) -> Result<Value, ProviderError> {
        let person = match root {
            Root::User(person) => person.clone(),
            Root::Journey(journey) => kept(reach, journey).await?.ok_or(ProviderError::NotFound)?,
        };
        let data: Map<String, Value> = answer::object(&self.read(reach, &[person.as_str(), "data"]).await?)?;
        Ok(Value::Object(data))
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

/// A person by their id. Its form is not documented, and what is one in public code is a UUID; any other has to be one
/// segment of a path at least.
pub(super) fn person(id: &str) -> Option<ProviderId> {
    uuid(id).or_else(|| ProviderId::parse(id).ok().filter(|id| !id.as_str().starts_with('.')))
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
        let name = |id: &str| person(id).map(String::from);
        let lower = Some("5d1a6a0e-0000-4000-8000-00000000000a".to_owned());
        assert_eq!(name("5D1A6A0E-0000-4000-8000-00000000000A"), lower);
        assert_eq!(name("USER_ID").as_deref(), Some("USER_ID"));
        for bad in ["", ".", "..", "../token", "a/b", "a b", "jane@example.com", &"a".repeat(129)] {
            assert_eq!(name(bad), None, "{bad}");
        }
    }
}
