//! `GET /v2/users/me` (page "User information retrieval"): a person by their own token.
//!
//! The page shows members that its own list does not have, a misprint (`phones:`), and says that details may change
//! without notice. So what is not needed is not asked for, and only the `uid` must be there.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Classic;
use super::case::{CONTRADICTORY, Case, NO_CASE, Verdict, fit, of_verdict, together};
use super::grant::Grant;
use super::keep::Held;
use crate::domain::{Part, ProviderId, Resource, Standing};
use crate::ports::{Method, ProviderError, Reach, Request};
use crate::providers::answer;
use crate::providers::fractal::assess::mark;
use crate::providers::fractal::id::{Kind, level_of, uuid};
use crate::providers::fractal::level::Asked;

const NOT_HERE: ProviderError = ProviderError::Unavailable("its API is not at this address");
/// It refuses a token that it has just given. That is about this one person: nobody else is held up by it.
const FRESH_REFUSED: ProviderError = ProviderError::Refused { field: None };
/// Of a person whose token serves.
const GRANTED: &str = "granted";
/// Of a level that the person did not let us see.
const NOT_GRANTED: &str = "not_granted";
/// The end of the name of a member that is the address of a file, which is another one each time.
const FILE: &str = "_file";

/// Who is found by a run's tokens.
pub(super) enum Met {
    /// Nobody has come back yet.
    Nobody,
    /// The tokens are over; whose they were, where that was ever read.
    Lost(Option<ProviderId>),
    Person(Box<Person>),
}

/// As Fractal tells of them.
pub(super) struct Person {
    pub(super) uid: ProviderId,
    grant: Grant,
    pub(super) body: Map<String, Value>,
}

impl Classic {
    pub(super) async fn met(&self, reach: Reach<'_>, run: &ProviderId) -> Result<Met, ProviderError> {
        let mut refused = None;
        for _ in 0..2 {
            let (grant, generation) = match self.held(reach, run, refused).await? {
                Held::Nothing => return Ok(Met::Nobody),
                Held::Lost(grant) => return Ok(Met::Lost(grant.uid)),
                Held::Good(grant, generation) => (grant, generation),
            };
            match self.asked_me(reach, &grant).await {
                Err(ProviderError::Unauthorized) => refused = Some(generation),
                outcome @ (Ok(_) | Err(_)) => return Ok(Met::Person(Box::new(read(outcome?, *grant)?))),
            }
        }
        Err(FRESH_REFUSED)
    }

    async fn asked_me(&self, reach: Reach<'_>, grant: &Grant) -> Result<Map<String, Value>, ProviderError> {
        let mut request = Request::to_provider(Method::Get, self.me.clone()).authorized(grant.authorization());
        request.headers.push(("accept", "application/json".to_owned()));
        match answer::read(reach.http.send(request).await, |_| None) {
            // A person who is not there any more has no token either.
            Err(ProviderError::NotFound) => Err(NOT_HERE),
            outcome @ (Ok(_) | Err(_)) => answer::object(&outcome?),
        }
    }
}

fn read(body: Map<String, Value>, grant: Grant) -> Result<Person, ProviderError> {
    let uid = body.get("uid").and_then(Value::as_str).and_then(uuid);
    let uid = uid.ok_or(ProviderError::Unavailable("the answer names no person"))?;
    if grant.uid.as_ref().is_some_and(|known| *known != uid) {
        return Err(ProviderError::Foreign("it is another person"));
    }
    if body.get("verification_cases").is_some_and(|cases| !cases.is_array() && !cases.is_null()) {
        return Err(ProviderError::Unavailable("the cases cannot be read"));
    }
    Ok(Person { uid, grant, body })
}

impl Person {
    /// The person and, for each level that was asked for, what is known of it.
    pub(super) fn parts(&self, reach: Reach<'_>, asked: &Asked) -> Vec<Part> {
        let mut person = person_part(&self.uid, GRANTED, Some(asked));
        person.contact = self.contact().map(|data| (reach.digest)(data.as_bytes()));
        let cases: Vec<Case<'_>> = self.list("verification_cases").iter().filter_map(Case::read).collect();
        let levels = asked.names().iter().filter_map(|level| {
            let resource = level_of(&self.uid, level)?;
            Some(self.level(reach, resource, level, (&cases, asked)))
        });
        std::iter::once(person).chain(levels).collect()
    }

    fn level(&self, reach: Reach<'_>, resource: Resource, level: &str, (cases, asked): (&[Case<'_>], &Asked)) -> Part {
        let fitting = || cases.iter().filter_map(|case| Some((fit(case.level, level, asked)?, case)));
        let best = fitting().map(|(fit, _)| fit).min();
        let own = || fitting().filter(|(fit, _)| Some(*fit) == best).map(|(_, case)| case);
        let Some(counts) = together(own().map(Case::verdict)) else { return self.without_case(resource, level) };
        // None of them where they contradict each other.
        let Some(case) = own().find(|case| case.verdict() == counts) else {
            return of_verdict(resource, CONTRADICTORY, Verdict::Unrecognised);
        };
        let mut part = case.part(resource);
        part.digest = case.details.and_then(canonical).map(|data| (reach.digest)(data.as_bytes()));
        part
    }

    fn without_case(&self, resource: Resource, level: &str) -> Part {
        if self.grant.covers(level) {
            return of_verdict(resource, NO_CASE, Verdict::InProgress);
        }
        let mut part = Part::new(resource, NOT_GRANTED, Standing::Waiting);
        part.marks.push(mark::NOT_GRANTED.to_owned());
        part
    }

    fn list(&self, name: &str) -> &[Value] {
        self.body.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// How the person is reached now, in one writing.
    fn contact(&self) -> Option<String> {
        let text = |value: &Value, name: &str| value.get(name)?.as_str().map(str::to_lowercase);
        let is_past = |email: &&Value| email.get("source_type").and_then(Value::as_str) == Some("obsolete");
        let emails: BTreeSet<String> = self
            .list("emails")
            .iter()
            .filter(|email| !is_past(email))
            .filter_map(|email| text(email, "address"))
            .collect();
        let phones = self.list("phones").iter().chain(self.list("phones:"));
        let phones: BTreeSet<String> = phones.filter_map(|phone| text(phone, "number")).collect();
        (!emails.is_empty() || !phones.is_empty()).then(|| json!([emails, phones]).to_string())
    }
}

pub(super) fn person_part(uid: &ProviderId, status: &str, asked: Option<&Asked>) -> Part {
    let mut part = Part::new(Kind::User.resource(uid.clone()), status, Standing::Open);
    let names = asked.map_or(&[][..], Asked::names);
    part.marks.extend(names.iter().map(|level| format!("{}{level}", mark::ASKED)));
    part
}

/// Who the person is, without the addresses of files.
fn canonical(details: &Value) -> Option<String> {
    let own = details.as_object()?.iter().filter(|(name, value)| !name.ends_with(FILE) && !value.is_null());
    let own: std::collections::BTreeMap<&String, &Value> = own.collect();
    (!own.is_empty()).then(|| json!(own).to_string())
}
