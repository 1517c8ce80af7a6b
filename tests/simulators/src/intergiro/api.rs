//! The documented calls (§1.2, §2.1–§2.3, §3): who may, what is valid, what is answered. `asks` has the rest.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    acts::{NotPossible, must_be},
    call::{Call, Reply},
    links::Purpose,
    list,
    person::Individual,
    records::Endpoint,
    settings::Subscription,
    valid,
    words::{
        ACTIVATED, CONSENT_APPROVED, CONTACT_SCOPE, CONTACTABLE, LINKABLE, ONBOARDING_REQUESTED, PENDING_ACTIVATION,
    },
    world::World,
};
use crate::chance;
use crate::history::View;

impl World {
    /// The answer of a well-behaved Intergiro. `view` says which state a GET shows.
    pub(crate) fn answer(&mut self, call: &Call, view: View) -> Reply {
        self.answered(call, view).unwrap_or_else(|refused| refused)
    }

    fn answered(&mut self, call: &Call, view: View) -> Result<Reply, Reply> {
        let (endpoint, id) = call.endpoint();
        if endpoint == Endpoint::Login {
            return self.login(call);
        }
        if endpoint == Endpoint::Refresh {
            return self.refresh(call);
        }
        let programme = &self.signed_in(call)?;
        let id = id.unwrap_or_default();
        match endpoint {
            Endpoint::Login | Endpoint::Refresh | Endpoint::Unknown => Err(Reply::absent()),
            Endpoint::CreateIndividual => self.create(call, programme),
            Endpoint::ListIndividuals => self.list_individuals(call, programme, view),
            Endpoint::GetIndividual => {
                let individual = self.own(id, programme)?;
                self.frame.history.seen(&individual.id, view).map(Reply::ok).ok_or_else(Reply::absent)
            }
            Endpoint::PatchIndividual => self.patch(call, id, programme),
            Endpoint::Onboard => self.onboard(call, id, programme),
            Endpoint::ListPendingActions => self.list_actions(call, programme, view),
            Endpoint::GetPendingAction => self.get_action(id, programme),
            Endpoint::GetConsent => self.own_consent(id, programme).map(|consent| Reply::ok(consent.shown())),
            Endpoint::UseConsent => self.use_consent(call, id, programme),
            Endpoint::ListEvents => self.list_events(call, programme, view),
            Endpoint::GetEvent => self.get_event(id, programme, view),
            Endpoint::ListWebhooks => Ok(self.list_webhooks(programme)),
            Endpoint::AddWebhook => self.add_webhook(call, programme),
            Endpoint::RemoveWebhook => self.remove_webhook(id, programme),
            Endpoint::SimulateKyc | Endpoint::SimulateStatus | Endpoint::SimulateIdentityVerification => {
                self.simulate(call, endpoint, id, programme)
            }
        }
    }

    /// Of another programme is as good as absent.
    pub(super) fn own(&self, id: &str, programme: &str) -> Result<Individual, Reply> {
        let individual = self.individuals.get(id).filter(|individual| individual.programme == programme);
        individual.cloned().ok_or_else(Reply::absent)
    }

    /// Not idempotent: a repeat makes another individual, or fails on the e-mail address (§1.3).
    fn create(&mut self, call: &Call, programme: &str) -> Result<Reply, Reply> {
        let given = valid::individual(&call.json()?, self.settings.digits_only)?;
        let mut individual = Individual {
            id: chance::uuid(),
            programme: programme.to_owned(),
            given,
            status: PENDING_ACTIVATION.to_owned(),
            created_at: String::new(),
            ever_activated: false,
        };
        self.refuse_duplicate(&individual)?;
        individual.created_at = self.stamp();
        self.created.push(individual.id.clone());
        let shown = individual.shown();
        self.keep(individual);
        Ok(Reply::new(StatusCode::OK, shown))
    }

    fn refuse_duplicate(&self, new: &Individual) -> Result<(), Reply> {
        let same = |other: &&Individual| {
            other.programme == new.programme && other.id != new.id && other.text("email") == new.text("email")
        };
        if self.settings.refuse_duplicates && self.individuals.values().any(|other| same(&other)) {
            return Err(Reply::invalid("email", "Already in use"));
        }
        Ok(())
    }

    fn list_individuals(&self, call: &Call, programme: &str, view: View) -> Result<Reply, Reply> {
        let own = self.created.iter().filter(|id| self.own(id, programme).is_ok());
        list::page(call, own.filter_map(|id| self.frame.history.seen(id, view)).collect(), self.settings.newest_first)
    }

    /// E-mail or phone number, unless blocked (§2.3). The answer is not printed: the individual (an assumption).
    fn patch(&mut self, call: &Call, id: &str, programme: &str) -> Result<Reply, Reply> {
        let mut individual = self.own(id, programme)?;
        let change = valid::contact(&call.json()?, self.settings.digits_only)?;
        must_be(&individual, CONTACTABLE).map_err(refused)?;
        self.want_consent(&individual)?;
        individual.given.extend(change);
        self.refuse_duplicate(&individual)?;
        let shown = individual.shown();
        self.keep(individual);
        Ok(Reply::ok(shown))
    }

    /// Where contact data wants a consent: the call is repeated once it is given, and uses it up (an assumption).
    fn want_consent(&mut self, individual: &Individual) -> Result<(), Reply> {
        if !self.settings.contact_consent || individual.status != ACTIVATED {
            return Ok(());
        }
        let mine = |scope: &str, of: &str| scope == CONTACT_SCOPE && of == individual.id;
        let given = self.consents.values().find(|it| mine(it.scope, &it.individual) && it.status == CONSENT_APPROVED);
        if let Some(id) = given.map(|consent| consent.id.clone()) {
            self.consents.remove(&id);
            return Ok(());
        }
        let asked = self.consents.values().find(|it| mine(it.scope, &it.individual) && it.is_open());
        let id = asked.map(|consent| consent.id.clone());
        let id = id.unwrap_or_else(|| {
            let expires = super::links::after(self.settings.link_life);
            self.new_consent(individual, CONTACT_SCOPE, Some(expires))
        });
        Err(Reply::consent_required(&id, None))
    }

    /// A fresh link; the one before is void (an assumption).
    fn onboard(&mut self, call: &Call, id: &str, programme: &str) -> Result<Reply, Reply> {
        let individual = self.own(id, programme)?;
        let return_url = valid::return_url(&call.json()?)?;
        must_be(&individual, LINKABLE).map_err(refused)?;
        let link = self.issue_link(Purpose::Onboarding(individual.id.clone()), return_url);
        if individual.status != ONBOARDING_REQUESTED {
            self.set_status(individual, ONBOARDING_REQUESTED);
        }
        Ok(Reply::ok(self.link_shown(&link, self.settings.mobile_token)))
    }

    fn list_events(&self, call: &Call, programme: &str, view: View) -> Result<Reply, Reply> {
        let horizon = Self::horizon(view, self.events.last().map_or(0, |event| event.made));
        let own = self.events.iter().filter(|it| it.record.programme == programme && it.made <= horizon);
        list::page(call, own.map(super::events::Event::shown).collect(), self.settings.newest_first)
    }

    fn get_event(&self, id: &str, programme: &str, view: View) -> Result<Reply, Reply> {
        let horizon = Self::horizon(view, self.events.last().map_or(0, |event| event.made));
        let event = self.events.iter().find(|it| it.record.id == id);
        let event = event.filter(|it| it.record.programme == programme && it.made <= horizon);
        event.map(|event| Reply::ok(event.shown())).ok_or_else(Reply::absent)
    }

    fn list_webhooks(&self, programme: &str) -> Reply {
        let own = self.targets.iter().filter(|target| target.programme == programme && !target.removed);
        let rows: Value = own.map(|target| json!({"id": target.id, "url": target.url})).collect();
        Reply::ok(json!({ "data": rows }))
    }

    /// The body is an assumption (§3.1).
    fn add_webhook(&mut self, call: &Call, programme: &str) -> Result<Reply, Reply> {
        let url = valid::web_address(&call.json()?, "url")?;
        let id = self.subscribe(Subscription { url: url.clone(), programme: Some(programme.to_owned()) });
        Ok(Reply::ok(json!({"id": id, "url": url})))
    }

    fn remove_webhook(&mut self, id: &str, programme: &str) -> Result<Reply, Reply> {
        let place = self.targets.iter().position(|it| it.id == id && it.programme == programme && !it.removed);
        self.remove_target(place.ok_or_else(Reply::absent)?);
        Ok(Reply::no_content())
    }
}

/// A refusal of the state, in the printed form (§1.3).
pub(super) fn refused(error: NotPossible) -> Reply {
    match error {
        NotPossible::Absent(_) => Reply::absent(),
        NotPossible::InStatus { .. } | NotPossible::LinkOver | NotPossible::NothingOpen | NotPossible::ConsentIs(_) => {
            Reply::blocked(&error.to_string())
        }
    }
}
