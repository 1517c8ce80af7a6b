//! What persons and compliance staff do. Each act changes the truth and makes the documented events (§2.6, §3.2, §5).

use serde_json::json;

use super::{
    act::{Act, ActionType, Validity},
    links::{Purpose, after},
    person::{Consent, Individual, PendingAction},
    words::{
        ACTION_COMPLETED_EVENT, ACTION_CREATED_EVENT, ACTIVATED, ACTIVATED_EVENT, BLOCKED, BLOCKED_EVENT,
        CONSENT_APPROVED, CONSENT_DECLINED, CONSENT_PENDING, DATA_PROVIDED, DATA_PROVIDED_EVENT, ONBOARDING_REQUESTED,
        WITH_DATA,
    },
    world::World,
};
use crate::{chance, clock};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPossible {
    #[error("no such {0}")]
    Absent(&'static str),
    /// The text is the printed one of a 422 (§1.3).
    #[error("The individual should have one of the following statuses: {}", .allowed.join(", "))]
    InStatus { allowed: &'static [&'static str], status: String },
    #[error("the link is void, used or past its time")]
    LinkOver,
    #[error("the consent is {0}")]
    ConsentIs(&'static str),
    #[error("no open pending action")]
    NothingOpen,
}

impl World {
    /// Does the act; gives the ids of the events made.
    pub(crate) fn act(&mut self, individual: &str, act: Act) -> Result<Vec<String>, NotPossible> {
        let individual = self.individuals.get(individual).cloned().ok_or(NotPossible::Absent("individual"))?;
        match act {
            Act::OpenLink => self.open_link(&individual),
            Act::SubmitForm => self.submit_form(individual),
            Act::DropOff => must_be(&individual, &[ONBOARDING_REQUESTED]).map(|()| Vec::new()),
            Act::ExpireLink => self.expire_link(&individual),
            Act::Activate => self.activate(individual),
            Act::Block => {
                must_be(&individual, &[DATA_PROVIDED, ACTIVATED])?;
                Ok(vec![self.become_with(individual, BLOCKED, BLOCKED_EVENT)])
            }
            Act::Request { action, valid } => self.request(&individual, action, valid),
            Act::CompleteAction { action } => {
                let consent = self.open_action(&individual, action.as_deref())?.consent.clone();
                self.decide_consent(&consent, true)
            }
            Act::DeclineAction { action } => {
                let consent = self.open_action(&individual, action.as_deref())?.consent.clone();
                self.decide_consent(&consent, false)
            }
            Act::ExpireAction { action } => self.expire_action(&individual, action.as_deref()),
            Act::Other { name } => Ok(vec![self.emit(&name, &individual.programme, &individual.id, json!({}))]),
            Act::Become { status } => {
                self.set_status(individual, &status);
                Ok(Vec::new())
            }
        }
    }

    fn open_link(&mut self, individual: &Individual) -> Result<Vec<String>, NotPossible> {
        let link = self.live_link_mut(&Purpose::Onboarding(individual.id.clone())).ok_or(NotPossible::LinkOver)?;
        link.opened = true;
        Ok(Vec::new())
    }

    fn submit_form(&mut self, individual: Individual) -> Result<Vec<String>, NotPossible> {
        must_be(&individual, &[ONBOARDING_REQUESTED])?;
        self.live_link_mut(&Purpose::Onboarding(individual.id.clone())).ok_or(NotPossible::LinkOver)?;
        self.provide_data(individual)
    }

    /// What the simulation call does without a person (§6).
    pub(super) fn provide_data(&mut self, individual: Individual) -> Result<Vec<String>, NotPossible> {
        must_be(&individual, &[ONBOARDING_REQUESTED])?;
        self.void_links(&Purpose::Onboarding(individual.id.clone()));
        Ok(vec![self.become_with(individual, DATA_PROVIDED, DATA_PROVIDED_EVENT)])
    }

    fn expire_link(&mut self, individual: &Individual) -> Result<Vec<String>, NotPossible> {
        let link = self.live_link_mut(&Purpose::Onboarding(individual.id.clone())).ok_or(NotPossible::LinkOver)?;
        link.expires = clock::now();
        Ok(Vec::new())
    }

    fn activate(&mut self, individual: Individual) -> Result<Vec<String>, NotPossible> {
        must_be(&individual, &[DATA_PROVIDED, BLOCKED])?;
        let (id, programme) = (individual.id.clone(), individual.programme.clone());
        let mut events = vec![self.become_with(individual, ACTIVATED, ACTIVATED_EVENT)];
        for name in self.settings.other_events.clone() {
            events.push(self.emit(&name, &programme, &id, json!({"account_id": chance::uuid()})));
        }
        Ok(events)
    }

    fn become_with(&mut self, individual: Individual, status: &str, event: &str) -> String {
        let (id, programme) = (individual.id.clone(), individual.programme.clone());
        self.set_status(individual, status);
        self.emit(event, &programme, &id, json!({}))
    }

    pub(super) fn set_status(&mut self, mut individual: Individual, status: &str) {
        individual.ever_activated |= status == ACTIVATED;
        status.clone_into(&mut individual.status);
        self.keep(individual);
    }

    fn request(&mut self, of: &Individual, action: ActionType, valid: Validity) -> Result<Vec<String>, NotPossible> {
        must_be(of, WITH_DATA)?;
        let expires = match valid {
            Validity::Usual => Some(after(self.settings.action_life)),
            Validity::Open => None,
            Validity::Seconds(seconds) => Some(after(std::time::Duration::from_secs(seconds.into()))),
        };
        let consent = self.new_consent(of, action.scope(), expires);
        let mut action = PendingAction {
            id: chance::uuid(),
            individual: of.id.clone(),
            programme: of.programme.clone(),
            consent,
            action,
            created_at: self.stamp(),
            expires,
            made: self.frame.history.next_change(),
            completed: None,
            events: Vec::new(),
        };
        let payload = json!({"pending_action_id": action.id});
        let event = self.emit(ACTION_CREATED_EVENT, &of.programme, &of.id, payload);
        action.events.push(event.clone());
        self.actions.push(action);
        Ok(vec![event])
    }

    pub(super) fn new_consent(
        &mut self,
        of: &Individual,
        scope: &'static str,
        expires: Option<time::OffsetDateTime>,
    ) -> String {
        let (individual, programme) = (of.id.clone(), of.programme.clone());
        let consent = Consent { id: chance::uuid(), individual, programme, scope, status: CONSENT_PENDING, expires };
        let id = consent.id.clone();
        self.consents.insert(id.clone(), consent);
        id
    }

    fn open_action(&self, of: &Individual, named: Option<&str>) -> Result<&PendingAction, NotPossible> {
        let mut open = self.actions.iter().filter(|action| action.individual == of.id && action.is_open());
        open.find(|action| named.is_none_or(|id| action.id == id)).ok_or(NotPossible::NothingOpen)
    }

    fn expire_action(&mut self, of: &Individual, named: Option<&str>) -> Result<Vec<String>, NotPossible> {
        let (id, consent) = self.open_action(of, named).map(|action| (action.id.clone(), action.consent.clone()))?;
        let now = Some(clock::now());
        for action in self.actions.iter_mut().filter(|action| action.id == id) {
            action.expires = now;
        }
        if let Some(consent) = self.consents.get_mut(&consent) {
            consent.expires = now;
        }
        Ok(Vec::new())
    }

    /// The person has been through a consent's page. Its pending action, if it has one, is completed by a yes.
    pub(super) fn decide_consent(&mut self, id: &str, yes: bool) -> Result<Vec<String>, NotPossible> {
        let consent = self.consents.get_mut(id).ok_or(NotPossible::Absent("consent"))?;
        if !consent.is_open() {
            let past = if consent.status == CONSENT_PENDING { "past its time" } else { consent.status };
            return Err(NotPossible::ConsentIs(past));
        }
        consent.status = if yes { CONSENT_APPROVED } else { CONSENT_DECLINED };
        self.void_links(&Purpose::Consent(id.to_owned()));
        let action = self.actions.iter().position(|action| action.consent == id).filter(|_| yes);
        Ok(action.map(|place| self.complete(place)).unwrap_or_default())
    }

    fn complete(&mut self, place: usize) -> Vec<String> {
        let number = self.frame.history.next_change();
        let Some(action) = self.actions.get_mut(place) else {
            return Vec::new();
        };
        action.completed = Some(number);
        let (programme, individual) = (action.programme.clone(), action.individual.clone());
        let payload = json!({"pending_action_id": action.id});
        let event = self.emit(ACTION_COMPLETED_EVENT, &programme, &individual, payload);
        if let Some(action) = self.actions.get_mut(place) {
            action.events.push(event.clone());
        }
        vec![event]
    }
}

pub(super) fn must_be(individual: &Individual, allowed: &'static [&'static str]) -> Result<(), NotPossible> {
    if allowed.contains(&individual.status.as_str()) {
        return Ok(());
    }
    Err(NotPossible::InStatus { allowed, status: individual.status.clone() })
}
