//! What a test asks of this simulator alone: what is true, what was made.

use std::collections::BTreeMap;

use super::{
    Fractal,
    person::Person,
    records::{Endpoint, EventRecord, PartTruth, RequestRecord, TokenCounts, Truth, VisitRecord},
    settings::{Application, Client, Generation},
    words::TYPES,
    world::World,
};

impl Fractal {
    /// Of a person or of a user of verifier or relay.
    pub fn truth(&self, user: &str) -> Option<Truth> {
        self.shared.look().truth(user)
    }

    /// Ids in the order in which they came.
    pub fn users_created(&self) -> Vec<String> {
        self.shared.look().created.clone()
    }

    /// Every time that somebody answered a page.
    pub fn visits(&self) -> Vec<VisitRecord> {
        self.shared.look().visits.clone()
    }

    /// Who came last with a link of this `state`.
    pub fn user_by_state(&self, state: &str) -> Option<String> {
        let of = |visit: &&VisitRecord| visit.state.as_deref() == Some(state) && visit.user.is_some();
        self.shared.look().visits.iter().rev().find(of)?.user.clone()
    }

    pub fn user_by_email(&self, email: &str) -> Option<String> {
        let world = self.shared.look();
        let person = world.persons.values().find(|it| it.email == email).map(|it| it.uid.clone());
        person.or_else(|| world.users.values().find(|it| it.email == email).map(|it| it.id.clone()))
    }

    pub fn user_by_external_id(&self, id: &str) -> Option<String> {
        let world = self.shared.look();
        world.users.values().find(|it| it.external_user_id.as_deref() == Some(id)).map(|it| it.id.clone())
    }

    pub fn applications(&self) -> Vec<Application> {
        self.shared.look().settings.applications.clone()
    }

    pub fn clients(&self) -> Vec<Client> {
        self.shared.look().settings.clients.clone()
    }

    /// Secrets of an application's webhooks by type (absent: the first application); what is not signed is not here.
    pub fn secrets(&self, application: Option<&str>) -> BTreeMap<String, String> {
        let world = self.shared.look();
        let name = application.map_or_else(|| world.first_application(), str::to_owned);
        let secret = |kind: &&str| {
            let hook = world.hook(Generation::Classic, &name, kind)?;
            Some(((*kind).to_owned(), hook.secret.clone()?))
        };
        TYPES.iter().filter_map(secret).collect()
    }

    pub fn events(&self) -> Vec<EventRecord> {
        self.shared.look().events.clone()
    }

    /// Codes, pairs, and what was wrong with them.
    pub fn token_counts(&self) -> TokenCounts {
        self.shared.look().token_counts
    }

    /// Calls to this endpoint about this person.
    pub fn requests_about(&self, endpoint: Endpoint, user: &str) -> usize {
        let about = |it: &&RequestRecord| it.endpoint == endpoint && it.user.as_deref() == Some(user);
        self.shared.look().frame.requests.iter().filter(about).count()
    }
}

impl World {
    fn truth(&self, id: &str) -> Option<Truth> {
        if let Some(person) = self.persons.get(id) {
            return Some(self.truth_of_person(person));
        }
        let user = self.users.get(id)?;
        Some(Truth {
            generation: user.generation,
            user: user.id.clone(),
            email: user.email.clone(),
            parts: Vec::new(),
            authorised: Vec::new(),
            living_pairs: 0,
            status: user.status.clone(),
            level: user.level.clone(),
            note: user.note.clone(),
            external_user_id: user.external_user_id.clone(),
        })
    }

    fn truth_of_person(&self, person: &Person) -> Truth {
        let part = |case: &super::person::Case| PartTruth {
            application: case.application.clone(),
            part: case.part.clone(),
            journey_completed: case.journey_completed,
            status: case.status.clone(),
            credential: case.credential.clone(),
            expired: case.expired,
        };
        let authorised = self.authorisations.iter().filter(|it| it.uid == person.uid);
        Truth {
            generation: Generation::Classic,
            user: person.uid.clone(),
            email: person.email.clone(),
            parts: person.cases.iter().map(part).collect(),
            authorised: authorised.map(|it| it.application.clone()).collect(),
            living_pairs: self.pairs.iter().filter(|it| it.uid.as_ref() == Some(&person.uid) && it.lives()).count(),
            status: String::new(),
            level: String::new(),
            note: String::new(),
            external_user_id: None,
        }
    }
}
