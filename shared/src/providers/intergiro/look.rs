//! Reads the truth about one person: all of it or an error.
//!
//! The individual first; then the pending actions that are open, where there can be any (the simulation page refuses
//! one before the person's data are there). Every answer must be about what was asked for: one that is not is `Foreign`
//! and never stored.
//!
//! A thin webhook names an event, so whatever looks takes an event or an action for its subject too and finds the
//! person first.
//!
//! Actions of card payments come and go with every payment and are passed over, by the name of their type; those of a
//! type that nobody knows are kept. An event of an action does not say of what type it is. So the action that an event
//! says was created is read when whose it is is found: a look cannot show one of a card, and would be repeated for it.
//! If that cannot be read, it is claimed: a few looks too many.

use serde_json::{Map, Value, json};

use super::Intergiro;
use super::api::{Individual, Occurred, Order, PendingAction};
use super::assess::mark;
use super::id::{Kind, uuid};
use super::words::{EventName, Status, ask};
use crate::domain::{ClaimClass, Part, ProviderId, Resource, Snapshot, Standing};
use crate::ports::{ProviderError, Reach, Whose};
use crate::providers::text::word;

/// Of a person's open actions; more than so many pages (of ten, by analogy) are no person's.
const PAGES: u8 = 20;
/// Intergiro has no word for it: an action is listed while it is open.
const OPEN: &str = "open";

impl Intergiro {
    pub(super) async fn snapshot(&self, reach: Reach<'_>, subject: &Resource) -> Result<Snapshot, ProviderError> {
        let root = self.root(reach, subject).await?;
        let found = self.api.read_individual(reach, &root).await?;
        let own = person(reach, &root, &found)?;
        let actions = self.open_actions(reach, &root, &found).await?;
        let actions: Result<Vec<Part>, _> = actions.iter().map(asked).collect();
        Ok(Snapshot::of(std::iter::once(own).chain(actions?).collect()))
    }

    /// The individual that a subject is, or is about.
    pub(super) async fn root(&self, reach: Reach<'_>, subject: &Resource) -> Result<ProviderId, ProviderError> {
        let found = match Kind::of(subject) {
            Some(Kind::Individual) => return Ok(subject.id.clone()),
            Some(Kind::PendingAction) => self.api.read_action(reach, &subject.id).await?.individual(),
            Some(Kind::Event) => self.api.read_event(reach, &subject.id).await?.individual(),
            None => None,
        };
        found.ok_or(ProviderError::NotFound)
    }

    /// Whose a subject is. Intergiro has no place for a reference of ours: a person whom we did not make is nobody's.
    pub(super) async fn whose(&self, reach: Reach<'_>, subject: &Resource) -> Result<Whose, ProviderError> {
        let found = match Kind::of(subject) {
            Some(Kind::Individual) => return Ok(Whose::Nobodys),
            Some(Kind::Event) => match self.api.read_event(reach, &subject.id).await {
                Ok(event) => Ok((event.individual(), self.claimed(reach, &event).await)),
                Err(error) => Err(error),
            },
            Some(Kind::PendingAction) => {
                let action = self.api.read_action(reach, &subject.id).await;
                action.map(|action| (action.individual(), (!action.is_of_others()).then(|| subject.clone())))
            }
            None => return Ok(Whose::Invented),
        };
        Ok(match found {
            Ok((Some(id), part)) => {
                let subject = Kind::Individual.resource(id);
                Whose::About { part: part.unwrap_or_else(|| subject.clone()), subject }
            }
            // An event of a card or an account is about no person.
            Ok((None, _)) | Err(ProviderError::NotFound) => Whose::Invented,
            Err(error) => return Err(error),
        })
    }

    /// The action that an event is about, unless no look can show it.
    async fn claimed(&self, reach: Reach<'_>, event: &Occurred) -> Option<Resource> {
        let id = event.action()?;
        let claims = event.name().and_then(EventName::read).is_some_and(|name| name.claims() != ClaimClass::Nothing);
        let unseen = claims
            && event.individual().is_some()
            && self.api.read_action(reach, &id).await.is_ok_and(|action| action.is_of_others());
        (!unseen).then(|| Kind::PendingAction.resource(id))
    }

    async fn open_actions(
        &self,
        reach: Reach<'_>,
        root: &ProviderId,
        found: &Individual,
    ) -> Result<Vec<PendingAction>, ProviderError> {
        if found.status.as_deref().and_then(Status::read).is_some_and(Status::is_before_data) {
            return Ok(Vec::new());
        }
        let mut url = self.api.actions();
        url.query_pairs_mut().append_pair("individual_id", root.as_str()).append_pair("completed", "false");
        let (mut open, mut after) = (Vec::new(), None);
        for _ in 0..PAGES {
            let order = Order { after: after.as_deref(), ..Order::BARE };
            let page = match self.api.page::<PendingAction>(reach, url.clone(), order).await {
                // The person is there; only the person may be not found.
                Err(ProviderError::NotFound) => return Err(ProviderError::Unavailable("its actions cannot be read")),
                outcome @ (Ok(_) | Err(_)) => outcome?,
            };
            let last = page.data.last().and_then(|action| action.id.clone());
            open.extend(page.data);
            if page.has_more != Some(true) || last.is_none() {
                return of_onboarding(open, root);
            }
            if last == after {
                break;
            }
            after = last;
        }
        Err(ProviderError::Unavailable("it lists actions without an end"))
    }

    /// The personal data and what is asked of the person, with the text that must be shown to them.
    pub(super) async fn live(&self, reach: Reach<'_>, subject: &Resource) -> Result<Value, ProviderError> {
        let root = self.root(reach, subject).await?;
        let found = self.api.read_individual(reach, &root).await?;
        let actions = self.open_actions(reach, &root, &found).await?;
        let actions: Vec<Value> = actions
            .into_iter()
            .map(|action| {
                let by = action.expires_at();
                json!({"id": action.id, "type": action.kind, "description": action.description, "expires_at": by})
            })
            .collect();
        let mut individual = found.data;
        individual.insert("id".to_owned(), Value::from(root.as_str()));
        individual.insert("status".to_owned(), Value::from(found.status));
        Ok(json!({"individual": individual, "pending_actions": actions}))
    }
}

/// The actions of onboarding, all of that person, with those of a type that nobody knows: of these the payload may look
/// like anything, and we asked for that person's.
fn of_onboarding(open: Vec<PendingAction>, root: &ProviderId) -> Result<Vec<PendingAction>, ProviderError> {
    let of_onboarding: Vec<_> = open.into_iter().filter(|action| !action.is_of_others()).collect();
    for action in &of_onboarding {
        match action.individual() {
            Some(id) if id == *root => {}
            Some(_) => return Err(ProviderError::Foreign("it is an action of another person")),
            None if action.kind.as_deref().and_then(ask).is_none() => {}
            None => return Err(ProviderError::Unavailable("an action does not say whose it is")),
        }
    }
    Ok(of_onboarding)
}

fn person(reach: Reach<'_>, root: &ProviderId, found: &Individual) -> Result<Part, ProviderError> {
    let status = found.status.as_deref().ok_or(ProviderError::Unavailable("the answer has no status"))?;
    let known = Status::read(status);
    let standing = known.map_or(Standing::Unrecognised, Status::standing);
    let mut part = Part::new(Kind::Individual.resource(root.clone()), word(status), standing);
    // Until the form is done the person is still filling it in: nothing of that is a change.
    if known.is_some_and(|status| !status.is_before_data()) {
        part.digest = canonical_data(&found.data).map(|data| (reach.digest)(data.as_bytes()));
        part.contact = canonical_contact(&found.data).map(|data| (reach.digest)(data.as_bytes()));
    }
    Ok(part)
}

fn asked(action: &PendingAction) -> Result<Part, ProviderError> {
    let id = action.id.as_deref().and_then(uuid);
    let id = id.ok_or(ProviderError::Unavailable("the id of an action cannot be read"))?;
    let mut part = Part::new(Kind::PendingAction.resource(id), OPEN, Standing::Waiting);
    part.provider_reason = action.kind.as_deref().map(word).map(str::to_owned);
    part.at = action.created_at();
    part.marks.extend(action.consent().map(|_| mark::CONSENT.to_owned()));
    part.marks.extend(action.expires_at().map(|by| format!("{}{by}", mark::BY)));
    Ok(part)
}

/// How the person is reached, in one writing: it may be changed at any time, also by our own `update_contact`.
fn canonical_contact(data: &Map<String, Value>) -> Option<String> {
    let values = ["email", "phone_number"].map(|name| data.get(name).and_then(Value::as_str));
    values.iter().any(Option::is_some).then(|| json!(values).to_string())
}

/// Who the person is, in one writing; how they are reached says nothing of that.
fn canonical_data(data: &Map<String, Value>) -> Option<String> {
    const NAMED: [&str; 3] = ["first_name", "last_name", "date_of_birth"];
    let address = data.get("address");
    let own = NAMED.iter().map(|name| data.get(*name));
    let lines = super::individual::ADDRESS.iter().map(|name| address.and_then(|address| address.get(*name)));
    let values: Vec<Option<&str>> = own.chain(lines).map(|value| value.and_then(Value::as_str)).collect();
    values.iter().any(Option::is_some).then(|| json!(values).to_string())
}
