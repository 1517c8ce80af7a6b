//! The manner of providers like Fractal ID: a person comes back with a code, which is exchanged for a token; what is true
//! of a run is told to its person's token alone; webhooks name the person, who may have several runs; what a person has
//! shared is a credential, of which another connection is told.

use idv_gateway::domain::{
    Claim, ClaimClass, ConnectionName, Part, ProviderId, Resource, ResourceKind, Snapshot, Standing,
};
use idv_gateway::ports::{Carried, Entrance, Event, ProviderError, Reach, Renewed, WayBack, Wish};
use idv_gateway::secret::Secret;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

use super::{Act, Desk, Facts, Provider, State, person, resource};

/// What is carried outlives the link: it may be opened in its last moment.
const DAY: Duration = Duration::from_secs(24 * 3600);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// What a granting provider has beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granting {
    /// How it sends people back.
    pub way: WayBack,
    /// Of whose provider's connection, and under which name, it tells what was shared.
    pub elsewhere: Option<(&'static str, &'static str)>,
}

impl Default for Granting {
    fn default() -> Self {
        Self { way: WayBack::OAUTH2, elsewhere: None }
    }
}

/// A token that it gave out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// For which run.
    pub run: String,
    /// Of whom.
    pub who: String,
    /// For which code.
    code: usize,
}

/// What it keeps beside its runs.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// A token's number is its place, from 1; a secret is not shown, so its length is its number.
    tokens: Vec<Token>,
    /// Whose a run is, where it is not its own person's.
    people: Vec<(String, String)>,
    /// Whose a code of that length is, whatever its run.
    codes: Vec<(usize, String)>,
    /// What was shared in a run, with its word.
    shared: Vec<(String, String, &'static str)>,
    /// The last answers of exchanges are so.
    failing: Vec<ProviderError>,
}

impl Kept {
    fn who(&self, run: &str) -> String {
        self.people.iter().rev().find(|(own, _)| own == run).map_or_else(|| run.to_owned(), |(_, who)| who.clone())
    }
}

impl Provider {
    /// Whose a run is; else it is its own person's.
    pub fn belongs(&self, run: &str, who: &str) {
        self.lock().kept.people.push((run.to_owned(), who.to_owned()));
    }

    /// Whose a code of that length is, whatever its run.
    pub fn is_code_of(&self, length: usize, who: &str) {
        self.lock().kept.codes.push((length, who.to_owned()));
    }

    /// All tokens that it gave out, oldest first.
    #[must_use]
    pub fn tokens(&self) -> Vec<Token> {
        self.lock().kept.tokens.clone()
    }

    /// The next exchanges are answered so, the first last.
    pub fn fails_to_exchange(&self, errors: &[ProviderError]) {
        self.lock().kept.failing = errors.to_vec();
    }

    /// Something is shared in a run, or stands so from now on; without a word it is taken back.
    pub fn share(&self, run: &str, credential: &str, word: Option<&'static str>) {
        let now = self.clock.now();
        let mut state = self.lock();
        state.kept.shared.retain(|(own, id, _)| own != run || id != credential);
        let shared = word.map(|word| (run.to_owned(), credential.to_owned(), word));
        state.kept.shared.extend(shared);
        if let Some(run) = state.runs.get_mut(run) {
            run.history.push(Facts { at: now, ..run.now() });
        }
    }

    /// Something happens; gives the webhook, which names the person and no run.
    pub fn act_of(&self, run: &str, act: Act) -> Value {
        let told = self.act(run, act);
        let who = self.lock().kept.who(run);
        json!({ "type": told["type"], "person": who, "part": told["part"], "of": run })
    }
}

impl Desk {
    /// What a webhook of this manner says.
    pub(super) fn told_of_people(&self, told: &Value) -> Option<Event> {
        let text = |name: &str| told.get(name).and_then(Value::as_str);
        if let Some(id) = text("credential") {
            let subject = resource("credential", id);
            let claim = Claim { class: ClaimClass::Exists, part: Some(subject.clone()), at: None };
            let elsewhere = self.granting.and_then(|granting| granting.elsewhere);
            let (connection, provider) = elsewhere?;
            let connection = ConnectionName::parse(connection).unwrap();
            return Some(Event::Elsewhere { connection, provider, subject, claim, kind: "shared".to_owned() });
        }
        let who = text("person")?;
        let class = match text("type") {
            Some("decided") => ClaimClass::Decided,
            Some("ended") => ClaimClass::Ended,
            Some("started") => ClaimClass::Exists,
            Some(_) | None => ClaimClass::Nothing,
        };
        let part = text("part").zip(text("of")).map(|(kind, run)| resource(kind, run));
        let claim = Claim { class, part: part.filter(|_| class != ClaimClass::Nothing), at: None };
        Some(Event::Look { subject: person(who), claim, kind: "of_person".to_owned() })
    }

    /// Who an app says that it is.
    pub(super) fn named(&self, state: &mut State, wish: &Wish, run: &str) -> Vec<Resource> {
        let who = wish.subject.get("user").and_then(Value::as_str).filter(|_| self.granting.is_some());
        if let Some(who) = who {
            state.kept.people.push((run.to_owned(), who.to_owned()));
        }
        who.map(person).into_iter().collect()
    }

    /// The page of a run; what the person carries stands in it, before the run's id.
    pub(super) fn page(&self, reach: Reach<'_>, wish: &Wish) -> Result<Option<Carried>, ProviderError> {
        if self.granting.is_none() {
            return Ok(None);
        }
        let app = Url::parse("https://app.example/done").unwrap();
        let until = reach.world.now() + self.link_life.unwrap_or(WEEK) + DAY;
        reach.way.carry(&wish.onboarding, &app, until).map(Some)
    }

    /// A fresh link into the same run.
    pub(super) fn way_again(&self, reach: Reach<'_>, state: &State, run: &str) -> Result<Renewed, ProviderError> {
        let known = state.runs.get(run).ok_or(ProviderError::NotFound)?;
        let app = Url::parse("https://app.example/done").unwrap();
        let until = reach.world.now() + self.link_life.unwrap_or(WEEK) + DAY;
        let carried = reach.way.carry(&known.reference, &app, until)?;
        let url = Secret::from(format!("https://provider.example/{}/{run}", carried.sealed));
        Ok(Renewed {
            entrance: Entrance::Link { url, embed: false },
            expires_at: self.link_life.map(|life| reach.world.now() + life),
            return_nonce: Some(carried.nonce),
        })
    }

    /// The code for a token, which is kept before anything is done with it.
    pub(super) async fn traded(
        &self,
        reach: Reach<'_>,
        subject: &Resource,
        code: Option<&Secret>,
    ) -> Result<Option<Vec<Resource>>, ProviderError> {
        let run = subject.id.as_str();
        let token = match code {
            Some(code) => self.kept_for(reach, run, code.len()).await?,
            None => match self.granted(reach, run).await? {
                Some(token) => token,
                None => return Ok(None),
            },
        };
        let who = self.ask(reach, "account.me", |state| state.token(token).map(|token| token.who.clone())).await?;
        Ok(Some(vec![person(&who)]))
    }

    /// The right to keep what comes of a code is had before the code is used up; a code whose token is kept already is not
    /// used again.
    async fn kept_for(&self, reach: Reach<'_>, run: &str, length: usize) -> Result<usize, ProviderError> {
        for _ in 0..3 {
            let shared = reach.grant.read().await?;
            let kept = shared.login.as_ref().map(Secret::len);
            let of_code = |token: &usize| self.provider.lock().is_of(*token, run, Some(length));
            if let Some(token) = kept.filter(of_code) {
                return Ok(token);
            }
            let Some(turn) = reach.grant.take(shared.generation).await? else { continue };
            let token = match self.ask(reach, "account.exchange", |state| state.trade(run, length)).await {
                Ok(token) => token,
                Err(error) => {
                    reach.grant.give_back(&turn).await;
                    return Err(error);
                }
            };
            if reach.grant.replace(&turn, &Secret::from(vec![b'x'; token])).await? {
                return Ok(token);
            }
        }
        Err(ProviderError::Unavailable("it could not be kept"))
    }

    /// The token that is kept, where it is of that run.
    pub(super) async fn granted(&self, reach: Reach<'_>, run: &str) -> Result<Option<usize>, ProviderError> {
        let token = reach.grant.read().await?.login.map(|login| login.len());
        Ok(token.filter(|&token| self.provider.lock().is_of(token, run, None)))
    }
}

impl State {
    fn token(&self, number: usize) -> Result<&Token, ProviderError> {
        number.checked_sub(1).and_then(|place| self.kept.tokens.get(place)).ok_or(ProviderError::Unauthorized)
    }

    fn is_of(&self, token: usize, run: &str, code: Option<usize>) -> bool {
        self.token(token).is_ok_and(|token| token.run == run && code.is_none_or(|code| token.code == code))
    }

    /// A code is good for one exchange.
    fn trade(&mut self, run: &str, length: usize) -> Result<usize, ProviderError> {
        if let Some(error) = self.kept.failing.pop() {
            return Err(error);
        }
        let used = (run.to_owned(), length);
        if self.exchanged.contains(&used) {
            return Err(ProviderError::Refused { field: None });
        }
        let code = self.kept.codes.iter().find(|(of, _)| *of == length).map(|(_, who)| who.clone());
        let who = code.unwrap_or_else(|| self.kept.who(run));
        self.exchanged.push(used);
        self.kept.tokens.push(Token { run: run.to_owned(), who, code: length });
        Ok(self.kept.tokens.len())
    }

    /// What the token's person may see: without one, that somebody was sent there.
    pub(super) fn shown(&self, run: &str, token: Option<usize>, whole: Snapshot) -> Snapshot {
        let Some(who) = token.and_then(|token| self.token(token).ok()).map(|token| token.who.clone()) else {
            let capture = whole.parts().iter().filter(|part| part.resource.kind.as_str() == "capture");
            let waiting = capture.map(|part| Part::new(part.resource.clone(), "waiting", Standing::Open));
            return Snapshot::of(waiting.collect());
        };
        let credentials = self.kept.shared.iter().filter(|(own, ..)| own == run).map(|(_, id, word)| {
            let standing = if *word == "approved" { Standing::Approved } else { Standing::Open };
            let kind = ResourceKind::parse("credential").unwrap();
            Part::new(Resource { kind, id: ProviderId::parse(id.clone()).unwrap() }, word, standing)
        });
        let person = Part::new(person(&who), "known", Standing::Open);
        Snapshot::of(whole.parts().iter().cloned().chain([person]).chain(credentials).collect())
    }
}
