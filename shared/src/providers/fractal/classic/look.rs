//! Reads the truth about one run: all of it or an error.
//!
//! The person's own token tells their cases. What it cannot tell is read of the sweep, and only then: that an approved
//! level has expired, which of two cases that contradict each other stands, and, where the token is over, what became of
//! the levels.

use serde_json::{Value, json};

use super::Classic;
use super::case::{CONTRADICTORY, NO_CASE, Verdict, of_verdict};
use super::person::{Met, person_part};
use super::sweep::Rows;
use crate::domain::{Part, ProviderId, Standing};
use crate::ports::{ProviderError, Reach};
use crate::providers::fractal::assess::mark;
use crate::providers::fractal::id::{Journey, Root, level_in, level_of};
use crate::providers::fractal::level::Asked;
use crate::providers::fractal::{TOO_MUCH, not_back};
use crate::secret::Secret;

/// Of a person whose tokens are over.
const LOST: &str = "lost";
/// Of a person who came without us.
const ADOPTED: &str = "adopted";
/// Of a level that the sweep alone tells of.
const SWEPT: &str = "swept";

impl Classic {
    pub(in super::super) async fn parts(
        &self,
        reach: Reach<'_>,
        root: &Root,
        asked: Option<&Asked>,
    ) -> Result<Vec<Part>, ProviderError> {
        let journey = match root {
            Root::Journey(journey) => journey,
            Root::User(uid) => return self.adopted(reach, uid, asked).await,
        };
        match self.met(reach, &journey.id().ok_or(TOO_MUCH)?).await? {
            Met::Nobody | Met::Lost(None) => Ok(vec![not_back(journey)?]),
            Met::Lost(Some(uid)) => self.without_token(reach, &uid, &journey.asked).await,
            Met::Person(person) => {
                let mut parts = person.parts(reach, &journey.asked);
                self.correct(reach, &person.uid, &journey.asked, &mut parts).await?;
                Ok(parts)
            }
        }
    }

    /// What the sweep knows better: approved levels that have expired, and cases that contradict each other.
    async fn correct(
        &self,
        reach: Reach<'_>,
        uid: &ProviderId,
        asked: &Asked,
        parts: &mut [Part],
    ) -> Result<(), ProviderError> {
        let is_unsure = |part: &Part| part.provider_status == CONTRADICTORY && part.standing == Standing::Unrecognised;
        if !parts.iter().any(|part| part.standing == Standing::Approved || is_unsure(part)) {
            return Ok(());
        }
        let Some(rows) = self.rows(reach, uid).await? else { return Ok(()) };
        for part in parts {
            let Some(verdict) = level_in(&part.resource).and_then(|level| rows.of(level, asked)) else { continue };
            if is_unsure(part) {
                *part = of_verdict(part.resource.clone(), SWEPT, verdict);
            } else if part.standing == Standing::Approved && verdict == Verdict::Expired {
                let digest = part.digest.take();
                *part = of_verdict(part.resource.clone(), &part.provider_status, Verdict::Expired);
                (part.provider_reason, part.digest) = (Some(EXPIRED.to_owned()), digest);
            }
        }
        Ok(())
    }

    /// The rows stand for the cases. A level that none is of is no part: what was known of it stands as gone.
    async fn without_token(
        &self,
        reach: Reach<'_>,
        uid: &ProviderId,
        asked: &Asked,
    ) -> Result<Vec<Part>, ProviderError> {
        let rows = self.rows(reach, uid).await?.unwrap_or_default();
        let mut person = person_part(uid, LOST, Some(asked));
        person.marks.push(mark::LOST.to_owned());
        let levels: Vec<Part> = asked.names().iter().filter_map(|level| swept(&rows, uid, level, asked)).collect();
        if levels.len() < asked.names().len() {
            person.standing = Standing::Waiting;
        }
        Ok(std::iter::once(person).chain(levels).collect())
    }

    async fn adopted(
        &self,
        reach: Reach<'_>,
        uid: &ProviderId,
        asked: Option<&Asked>,
    ) -> Result<Vec<Part>, ProviderError> {
        let rows = self.rows(reach, uid).await?.unwrap_or_default();
        let person = person_part(uid, ADOPTED, asked);
        let levels = asked.into_iter().flat_map(|asked| asked.names().iter().map(move |level| (level, asked)));
        let levels = levels.filter_map(|(level, asked)| {
            let open = || level_of(uid, level).map(|resource| of_verdict(resource, NO_CASE, Verdict::InProgress));
            swept(&rows, uid, level, asked).or_else(open)
        });
        Ok(std::iter::once(person).chain(levels).collect())
    }

    async fn rows(&self, reach: Reach<'_>, uid: &ProviderId) -> Result<Option<Rows>, ProviderError> {
        match &self.sweep {
            Some(sweep) => sweep.rows(reach, &self.tokens, uid).await,
            None => Ok(None),
        }
    }

    /// The person came back: whose the grant is, is read and kept, too.
    pub(in super::super) async fn exchanged(
        &self,
        reach: Reach<'_>,
        journey: &Journey,
        code: Option<&Secret>,
    ) -> Result<Option<ProviderId>, ProviderError> {
        let run = journey.id().ok_or(TOO_MUCH)?;
        if let Some(code) = code
            && !self.exchange(reach, &run, code).await?
        {
            return Ok(None);
        }
        let person = match self.met(reach, &run).await {
            Ok(Met::Person(person)) => person,
            Ok(Met::Nobody | Met::Lost(_)) => return Ok(None),
            // What was given for the code is kept: who it is, is asked again.
            Err(ProviderError::Refused { .. }) => return Err(NOT_READ),
            Err(error) => return Err(error),
        };
        self.store_person(reach, &run, &person.uid).await?;
        Ok(Some(person.uid))
    }

    /// All that the person lets us see. Addresses of files live for a few hours.
    pub(in super::super) async fn live(&self, reach: Reach<'_>, root: &Root) -> Result<Value, ProviderError> {
        let Root::Journey(journey) = root else { return Err(NOT_GRANTED) };
        match self.met(reach, &journey.id().ok_or(TOO_MUCH)?).await? {
            Met::Person(person) => Ok(json!({"user": person.body})),
            Met::Nobody | Met::Lost(_) => Err(NOT_GRANTED),
        }
    }
}

const EXPIRED: &str = "expired";
const NOT_READ: ProviderError = ProviderError::Unavailable("the person cannot be read with what they have granted");
const NOT_GRANTED: ProviderError = ProviderError::Unsupported(
    "Fractal shows a person's data by their own grant alone, and there is none; send them through the link",
);

fn swept(rows: &Rows, uid: &ProviderId, level: &str, asked: &Asked) -> Option<Part> {
    let verdict = rows.of(level, asked)?;
    Some(of_verdict(level_of(uid, level)?, SWEPT, verdict))
}
