//! Fractal ID: identity that its owner grants, in three generations of an API that have nothing in common but the person.
//!
//! - *Classic*: OAuth2. The person grants scopes, comes back with a code, and is read with tokens of their own, which are
//!   all that opens their data: they rest sealed with the onboarding ([`Reach::grant`]) and are renewed by one at a time.
//!   Each level and add-on that was asked for is decided alone, in any order.
//! - *Verifier* (2025, "Kraken") and *relay* (its idOS name): we sign our own tokens for link and calls; one decision.
//!
//! A connection has one generation, by its settings: never by what a webhook looks like, which would be a downgrade.
//! Nothing of ours is kept at Fractal, so a run has a name of our own making, which says what was asked for, and is tied
//! to the person when they come back. Fractal can be asked to delete nobody.
//!
//! | file | what |
//! | --- | --- |
//! | `id`, `level` | names of runs, persons and levels; what may be asked for |
//! | `assess` | what it means: one total table |
//! | `room` | how long a return URL may be |
//! | `classic` | link, tokens, `users/me`, the sweep, webhooks |
//! | `verifier`, `jws` | link and tokens that we sign, the decision, webhooks |
//! | `specification`, `settings` | what proves a webhook, what is configured |
//!
//! | fault at Fractal | outcome |
//! | --- | --- |
//! | silence, 5xx, 429, broken answers | nothing is committed, a look is due |
//! | our client is refused | `Unauthorized` |
//! | an answer about another person | `Foreign`, never stored |
//! | the person took the grant back, or it ran out | the sweep tells what it can; else they are asked again |
//! | an unknown word | kept, shown, never an approval |
//! | a shared credential | a notice for the idOS connection that the settings name |
//!
//! Facts are from Fractal's public documentation, by page, and the code of public SDKs. What is marked "assumed" is not
//! confirmed, and can be configured where it makes a difference.

mod assess;
mod classic;
mod id;
mod jws;
mod level;
#[cfg(feature = "schema")]
pub mod reference;
mod room;
mod settings;
mod specification;
mod verifier;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use url::Url;

use self::classic::Classic;
use self::id::{Journey, Kind, Root};
use self::level::Asked;
use self::settings::Choices;
pub(super) use self::settings::configure;
use self::verifier::Verifier;
use crate::domain::{Assessment, Channel, ConnectionName, Part, ProviderId, Resource, Snapshot, Standing, SubjectKind};
use crate::ports::{
    Account, BadField, Event, ProviderError, Reach, Recovery, Renewed, Started, Unreadable, WayBack, Whose, Wish,
};
use crate::proof::{Body, Specification, Verified};
use crate::providers::fields::{unknown, wrong};
use crate::secret::Secret;

const NAME: &str = "fractal";
/// Of a run whose person has not come back yet.
const NOT_BACK: &str = "not_back";

/// Who opens a link at the last moment is taken back for this long after its end.
const AFTER_LINK: Duration = Duration::from_secs(24 * 60 * 60);

/// With less time than this for the whole work no token is renewed, and no code used that can be used once.
const ENOUGH: Duration = Duration::from_secs(3);

/// What differs between the generations.
enum Generation {
    Classic(Box<Classic>),
    Verifier(Box<Verifier>),
}

struct Fractal {
    generation: Generation,
    choices: Choices,
}

impl Fractal {
    /// What is asked for, or what is wrong with the wish.
    fn asked(&self, wish: &Wish) -> Result<(Journey, Url), Vec<BadField>> {
        let mut bad = Vec::new();
        unknown("options", &wish.options, &["level"], &mut bad);
        if wish.channel != Channel::Link {
            bad.push(wrong("channel", "must be link: Fractal has no SDK"));
        }
        // An institution signs up for itself: nothing tells whether a company was verified, or one of its people.
        if wish.kind != SubjectKind::Individual {
            bad.push(wrong(
                "subject.kind",
                "must be individual: Fractal's answers do not tell a company from a person",
            ));
        }
        if wish.return_url.is_none() {
            bad.push(wrong("return_url", "is missing: Fractal's pages lead nowhere without it"));
        }
        let level = self.choices.asked(wish.options.get("level")).and_then(|asked| self.journey(wish, asked));
        if let (Ok(journey), Some(back)) = (&level, &wish.return_url) {
            let room = self.room(journey);
            if room::weight(back) > room {
                let rule = format!("must be at most {room} characters with this provider's way through us");
                bad.push(BadField { field: "return_url".to_owned(), rule });
            }
        }
        match (level, wish.return_url.clone()) {
            (Ok(journey), Some(back)) if bad.is_empty() => Ok((journey, back)),
            (level, _) => {
                bad.extend(level.err().map(|rule| wrong("options.level", rule)));
                Err(bad)
            }
        }
    }

    fn journey(&self, wish: &Wish, asked: Asked) -> Result<Journey, &'static str> {
        let journey = Journey { onboarding: wish.onboarding.clone(), attempt: wish.attempt, asked };
        journey.id().map(|_| journey).ok_or("asks for too much at once")
    }

    fn entrance(&self, reach: Reach<'_>, journey: &Journey, back: &Url) -> Result<Renewed, ProviderError> {
        let renewed = match &self.generation {
            Generation::Classic(classic) => classic.entrance(reach, journey, back),
            Generation::Verifier(verifier) => verifier.entrance(reach, journey, back),
        }?;
        room::measured(&renewed.entrance, back)?;
        Ok(renewed)
    }

    /// How long a return URL may be.
    fn room(&self, journey: &Journey) -> usize {
        let way = match &self.generation {
            Generation::Classic(classic) => classic.way(journey),
            Generation::Verifier(verifier) => verifier.way(journey),
        };
        way.room()
    }

    /// What a run asked for; of a person who came without us, what the settings ask for.
    fn sought<'r>(&'r self, root: &'r Root) -> Option<&'r Asked> {
        match root {
            Root::Journey(journey) => Some(&journey.asked),
            Root::User(_) => self.choices.level.as_ref(),
        }
    }
}

#[async_trait]
impl Account for Fractal {
    fn provider(&self) -> &'static str {
        NAME
    }

    fn specification(&self) -> &Specification {
        match &self.generation {
            Generation::Classic(_) => &specification::CLASSIC,
            Generation::Verifier(_) => &specification::BARE,
        }
    }

    fn event(&self, body: Verified<Body<'_>>) -> Result<Event, Unreadable> {
        match &self.generation {
            Generation::Classic(classic) => classic.reduced(body, &self.choices.names),
            Generation::Verifier(verifier) => verifier.reduced(body),
        }
    }

    fn assess(&self, parts: &[Part]) -> Assessment {
        assess::assess(parts)
    }

    /// Nothing is made at Fractal by a start: the same wish has the same name and another link.
    fn recovery(&self, _wish: &Wish) -> Recovery {
        Recovery::ByReference
    }

    fn check(&self, wish: &Wish) -> Result<(), Vec<BadField>> {
        self.asked(wish).map(drop)
    }

    async fn start(&self, reach: Reach<'_>, wish: &Wish) -> Result<Started, ProviderError> {
        let (journey, back) = self
            .asked(wish)
            .map_err(|bad| ProviderError::Refused { field: bad.into_iter().next().map(|bad| bad.field) })?;
        let subject = journey.resource().ok_or(TOO_MUCH)?;
        let Renewed { entrance, expires_at, return_nonce } = self.entrance(reach, &journey, &back)?;
        Ok(Started { subject, entrance, expires_at, return_nonce, names: Vec::new() })
    }

    async fn look(&self, reach: Reach<'_>, subject: &Resource) -> Result<Snapshot, ProviderError> {
        let root = Root::of(subject).ok_or(ProviderError::NotFound)?;
        let parts = match &self.generation {
            Generation::Classic(classic) => classic.parts(reach, &root, self.sought(&root)).await?,
            Generation::Verifier(verifier) => verifier.parts(reach, &root, self.sought(&root)).await?,
        };
        Ok(Snapshot::of(parts))
    }

    /// Fractal has no place for a reference of ours: a person whom we do not know is nobody's, and may be on the way back
    /// to us with a code.
    async fn resolve(&self, _reach: Reach<'_>, subject: &Resource) -> Result<Whose, ProviderError> {
        Ok(match Kind::of(subject) {
            Some(Kind::User) => Whose::Nobodys,
            Some(Kind::Journey | Kind::Level | Kind::Credential) | None => Whose::Invented,
        })
    }

    fn asking(&self, parts: &[Part]) -> Option<Resource> {
        assess::asking(parts)
    }

    fn renews_links(&self, run: Option<&Resource>) -> bool {
        run.is_none_or(|run| Kind::of(run) == Some(Kind::Journey))
    }

    /// No event tells of it.
    fn tells_expiry(&self) -> bool {
        false
    }

    async fn renew(
        &self,
        reach: Reach<'_>,
        subject: &Resource,
        _part: Option<&Resource>,
        channel: Channel,
        return_url: Option<&Url>,
    ) -> Result<Option<Renewed>, ProviderError> {
        let Some(Root::Journey(journey)) = Root::of(subject) else { return Ok(None) };
        if channel != Channel::Link {
            return Err(ProviderError::Refused { field: Some("channel".to_owned()) });
        }
        let back = return_url.ok_or_else(|| ProviderError::Refused { field: Some("return_url".to_owned()) })?;
        self.entrance(reach, &journey, back).map(Some)
    }

    async fn details(&self, reach: Reach<'_>, subject: &Resource) -> Result<Value, ProviderError> {
        let root = Root::of(subject).ok_or(ProviderError::NotFound)?;
        match &self.generation {
            Generation::Classic(classic) => classic.live(reach, &root).await,
            Generation::Verifier(verifier) => verifier.live(reach, &root).await,
        }
    }

    fn way_back(&self) -> WayBack {
        match &self.generation {
            Generation::Classic(_) => WayBack::OAUTH2,
            Generation::Verifier(_) => verifier::WAY_BACK,
        }
    }

    async fn exchange(
        &self,
        reach: Reach<'_>,
        subject: &Resource,
        code: Option<&Secret>,
    ) -> Result<Option<Vec<Resource>>, ProviderError> {
        let Some(Root::Journey(journey)) = Root::of(subject) else { return Ok(None) };
        let user: Option<ProviderId> = match &self.generation {
            Generation::Classic(classic) => classic.exchanged(reach, &journey, code).await?,
            Generation::Verifier(verifier) => verifier.exchanged(reach, &journey, code).await?,
        };
        Ok(user.map(|user| vec![Kind::User.resource(user)]))
    }

    fn refers_to(&self) -> Option<(&ConnectionName, &'static str)> {
        match &self.generation {
            Generation::Classic(classic) => classic.idos_connection().map(|name| (name, IDOS)),
            Generation::Verifier(_) => None,
        }
    }

    async fn erase(&self, _reach: Reach<'_>, _subject: &Resource) -> Result<(), ProviderError> {
        Err(ProviderError::Unsupported(
            "no endpoint of Fractal's is known that deletes a person; ask Fractal's support, or the person, who can",
        ))
    }
}

/// The provider that a shared credential is read through.
const IDOS: &str = "idos";
const TOO_LATE: ProviderError = ProviderError::Unavailable("too little time is left to use a code or a token");
/// Checked before: it cannot be.
const TOO_MUCH: ProviderError = ProviderError::Unsupported("too much is asked for at once");

/// The one part of a run whose person has not come back yet.
fn not_back(journey: &Journey) -> Result<Part, ProviderError> {
    let resource = journey.resource().ok_or(TOO_MUCH)?;
    Ok(Part::new(resource, NOT_BACK, Standing::Open))
}
