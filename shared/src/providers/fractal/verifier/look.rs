//! What is true of a person: one word, and (live) what stands behind it.
//!
//! The word names no level, so a person who was approved at `basic` for somebody's first question would answer any later
//! one. Before an approval counts, `review.levelName` of their data is held against what was asked for, where it is given:
//! `plus` answers for `basic` (it checks the same and more), `liveness` is within `uniqueness`, and every other add-on has
//! to be named. `idos` is no check of a person: it hands over a credential, and the documented example of a link with it has
//! data without it. Data that are deleted (404) tell no level.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Verifier;
use super::exchange::kept;
use super::settings::LevelName;
use crate::domain::{Part, ProviderId, Standing};
use crate::ports::{ProviderError, Reach};
use crate::providers::answer;
use crate::providers::fractal::id::{Kind, Root, uuid};
use crate::providers::fractal::level::{Asked, is_word};
use crate::providers::fractal::not_back;
use crate::providers::text::{NOT_A_WORD, word};

/// `GET /public/kyc/{userId}/status`: whatever else is in it is not read.
#[derive(Deserialize)]
struct State {
    status: String,
}

/// `GET /public/kyc/{userId}/data`, as far as it says what was verified.
#[derive(Deserialize)]
struct Verified {
    #[serde(default)]
    review: Option<Value>,
}

impl Verifier {
    pub(in super::super) async fn parts(
        &self,
        reach: Reach<'_>,
        root: &Root,
        asked: Option<&Asked>,
    ) -> Result<Vec<Part>, ProviderError> {
        let person = match root {
            Root::User(person) => person.clone(),
            Root::Journey(journey) => match kept(reach, journey).await? {
                Some(person) => person,
                None => return Ok(vec![not_back(journey)?]),
            },
        };
        let State { status } = answer::object(&self.read(reach, &[person.as_str(), "status"]).await?)?;
        let found = standing(&status);
        if let (Standing::Approved, Some(asked)) = (found, asked)
            && let Some(other) = self.another_level(reach, &person, asked).await?
        {
            return Ok(vec![Part::new(Kind::User.resource(person), &other, Standing::Unrecognised)]);
        }
        Ok(vec![Part::new(Kind::User.resource(person), word(&status), found)])
    }

    /// The level that the person was approved at, if it does not answer what was asked for.
    async fn another_level(
        &self,
        reach: Reach<'_>,
        person: &ProviderId,
        asked: &Asked,
    ) -> Result<Option<String>, ProviderError> {
        let review = match self.read(reach, &[person.as_str(), "data"]).await {
            Ok(response) => answer::object::<Verified>(&response)?.review,
            Err(ProviderError::NotFound) => None,
            Err(error) => return Err(error),
        };
        let name = review.as_ref().and_then(|review| review.get("levelName")).filter(|name| !name.is_null());
        Ok(match (name, self.settings.level_name) {
            (None, LevelName::WhenGiven) => None,
            (None, LevelName::Required) => Some(format!("{LEVEL}not_given")),
            (Some(name), _) => {
                let name = name.as_str().unwrap_or_default();
                (!answers(name, asked)).then(|| format!("{LEVEL}{}", shown(name)))
            }
        })
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

/// Before the level of a person who was approved at another.
const LEVEL: &str = "level:";
/// The add-on that is no check.
const HANDED_OVER: &str = "idos";

/// Whether somebody who was approved at this level has passed what was asked for.
fn answers(level: &str, asked: &Asked) -> bool {
    let has = |wanted: &str| level.split('+').any(|own| own == wanted);
    asked.names().iter().all(|wanted| match wanted.as_str() {
        HANDED_OVER => true,
        "basic" => has("basic") || has("plus"),
        "liveness" => has("liveness") || has("uniqueness"),
        wanted => has(wanted),
    })
}

/// As far as it is a level's name: free text is not kept.
fn shown(level: &str) -> &str {
    let known = level.len() <= 56 && level.split('+').all(is_word);
    if known { level } else { NOT_A_WORD }
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
    fn a_level_answers_for_itself_and_what_is_within_it() {
        for (level, asked, is_enough) in [
            ("basic", "basic", true),
            ("plus", "basic", true),
            ("basic", "plus", false),
            ("liveness+basic", "basic+liveness", true),
            ("basic+liveness", "basic+liveness+idos", true),
            ("basic", "basic+liveness", false),
            ("plus+liveness+sow", "basic+liveness", true),
            ("basic", "plus+liveness", false),
            ("uniqueness", "uniqueness+liveness", true),
            ("uniqueness", "basic", false),
            ("basic", "uniqueness", false),
            ("Basic", "basic", false),
            ("basically", "basic", false),
            ("basic-kyc-level", "basic", false),
            ("", "basic", false),
        ] {
            let asked = Asked::of(asked.split('+')).map(|asked| answers(level, &asked));
            assert_eq!(asked, Some(is_enough), "{level} {asked:?}");
        }
        for (level, word) in [("basic+liveness", "basic+liveness"), ("Testa Sample", NOT_A_WORD), ("", NOT_A_WORD)] {
            assert_eq!(shown(level), word);
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
