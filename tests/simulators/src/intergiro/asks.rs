//! Pending actions, consents and the simulations of the documentation (§2.6, §6).

use serde_json::{Value, json};

use super::{
    act::{Act, ActionType},
    api::refused,
    call::{Call, Reply},
    links::Purpose,
    person::{Consent, PendingAction},
    records::{Endpoint, text},
    valid,
    words::{ACTIVATED, BLOCKED},
    world::World,
};
use crate::history::View;

impl World {
    /// `data` alone, without pages: that is how the list is printed (§1.3).
    pub(super) fn list_actions(&self, call: &Call, programme: &str, view: View) -> Result<Reply, Reply> {
        let newest = self.actions.iter().map(|action| action.completed.unwrap_or(action.made)).max();
        let horizon = Self::horizon(view, newest.unwrap_or(0));
        let (individual, event) = (call.query("individual_id"), call.query("event_id"));
        let completed = match call.query("completed").as_deref() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) => return Err(Reply::invalid("completed", "Must be true or false")),
            None => None,
        };
        let wanted = |action: &&PendingAction| {
            let is_completed = action.completed.is_some_and(|at| at <= horizon);
            action.programme == programme
                && action.made <= horizon
                && individual.as_ref().is_none_or(|id| action.individual == *id)
                && event.as_ref().is_none_or(|id| action.events.contains(id))
                && completed.is_none_or(|completed| completed == is_completed)
        };
        let rows: Value = self.actions.iter().filter(wanted).map(PendingAction::shown).collect();
        Ok(Reply::ok(json!({ "data": rows })))
    }

    pub(super) fn get_action(&self, id: &str, programme: &str) -> Result<Reply, Reply> {
        let action = self.action(id).filter(|action| action.programme == programme);
        action.map(|action| Reply::ok(action.shown())).ok_or_else(Reply::absent)
    }

    pub(super) fn own_consent(&self, id: &str, programme: &str) -> Result<Consent, Reply> {
        let consent = self.consents.get(id).filter(|consent| consent.programme == programme);
        consent.cloned().ok_or_else(Reply::absent)
    }

    /// A link for the person to act on; each voids the one before (an assumption).
    pub(super) fn use_consent(&mut self, call: &Call, id: &str, programme: &str) -> Result<Reply, Reply> {
        let consent = self.own_consent(id, programme)?;
        let return_url = valid::return_url(&call.json()?)?;
        if !consent.is_open() {
            return Err(Reply::blocked("The consent is not pending"));
        }
        let link = self.issue_link(Purpose::Consent(consent.id), return_url);
        Ok(Reply::ok(json!({"method": self.link_shown(&link, true)})))
    }

    /// Staging's shortcuts. Their bodies are assumed, and so is the answer: nothing (§6).
    pub(super) fn simulate(&mut self, call: &Call, what: Endpoint, id: &str, programme: &str) -> Result<Reply, Reply> {
        if !self.settings.staging {
            return Err(Reply::absent());
        }
        let done = if what == Endpoint::SimulateIdentityVerification {
            self.own(id, programme)?;
            self.act(id, Act::request(ActionType::IdentityVerification))
        } else {
            let body = call.json()?;
            let individual = self.own(text(&body, "individual_id"), programme)?;
            if what == Endpoint::SimulateKyc {
                self.provide_data(individual)
            } else {
                let act = decision(text(&body, "status"))?;
                self.act(&individual.id, act)
            }
        };
        done.map(|_| Reply::no_content()).map_err(refused)
    }
}

fn decision(status: &str) -> Result<Act, Reply> {
    match status {
        ACTIVATED => Ok(Act::Activate),
        BLOCKED => Ok(Act::Block),
        _ => Err(Reply::invalid("status", "Invalid value")),
    }
}
