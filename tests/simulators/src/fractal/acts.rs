//! What persons and Fractal's staff do. Each act changes the truth and makes the documented events (§5.4, §8.3).

use super::{
    act::Act,
    kyc::User,
    person::{Case, Person, Wallet},
    words::{
        APPROVED, APPROVED_EVENT, CONTACTED, CONTACTED_EVENT, DONE, EMAIL_EVENT, PENDING, REJECTED, REJECTED_EVENT,
        REVOKED_EVENT,
    },
    world::World,
};
use crate::chance;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPossible {
    #[error("no such {0}")]
    Absent(&'static str),
    /// None of the parts meant is in a state that allows it.
    #[error("no part allows it")]
    NoPart,
    #[error("not possible while {status}")]
    InStatus { status: String },
    /// Verifier and relay have no such thing, or the classic way has not.
    #[error("this generation has no such thing")]
    NotHere,
    #[error("{0}")]
    BadLink(String),
}

type Done = Result<Vec<String>, NotPossible>;

impl World {
    /// Does the act; gives the ids of the events made.
    pub(crate) fn act(&mut self, user: &str, act: Act) -> Done {
        if let Some(user) = self.users.get(user).cloned() {
            return self.act_of_user(user, act);
        }
        let person = self.persons.get(user).cloned().ok_or(NotPossible::Absent("person"))?;
        self.act_of_person(person, act)
    }

    fn act_of_person(&mut self, mut person: Person, act: Act) -> Done {
        match act {
            Act::CompleteJourney { part } => {
                let open = |case: &Case| !case.journey_completed;
                self.turn(person, part.as_deref(), open, |case| case.journey_completed = true).map(|_| Vec::new())
            }
            Act::Approve { part, at } => {
                let can = |case: &Case| case.journey_completed && !case.is_approved();
                self.decide(person, part.as_deref(), at, can, (DONE, APPROVED), APPROVED_EVENT)
            }
            Act::Reject { part, note: _, at } => {
                let can = |case: &Case| case.journey_completed && case.credential != REJECTED;
                self.decide(person, part.as_deref(), at, can, (DONE, REJECTED), REJECTED_EVENT)
            }
            Act::Contact { part, at } => {
                let can = |case: &Case| case.journey_completed && case.status != CONTACTED;
                self.decide(person, part.as_deref(), at, can, (CONTACTED, PENDING), CONTACTED_EVENT)
            }
            Act::Respond { part } => {
                let can = |case: &Case| case.status == CONTACTED;
                self.turn(person, part.as_deref(), can, |case| case.become_of(PENDING, PENDING)).map(|_| Vec::new())
            }
            Act::Expire { part } => {
                self.turn(person, part.as_deref(), Case::is_approved, |case| case.expired = true).map(|_| Vec::new())
            }
            Act::Become { part, status, credential } => {
                let any = |_: &Case| true;
                let turned = self.turn(person, part.as_deref(), any, |case| case.become_of(&status, &credential));
                turned.map(|_| Vec::new())
            }
            Act::Revoke { application } => Ok(self.take_back(&person, application.as_deref())),
            Act::ShareCredential { human, credential } => {
                let human = human.unwrap_or_else(chance::uuid);
                let credential = credential.unwrap_or_else(chance::uuid);
                let to = self.applications_of(&person);
                Ok(to.iter().map(|to| self.tell_share(to, &person.uid, &human, &credential)).collect())
            }
            Act::ChangeEmail { email } => {
                let before = std::mem::replace(&mut person.email, email);
                person.obsolete.push(before);
                let to = self.applications_of(&person);
                self.keep(person.clone());
                Ok(to.iter().map(|to| self.tell_of(EMAIL_EVENT, to, &person)).collect())
            }
            Act::Other { name } => {
                let to = self.applications_of(&person);
                Ok(to.iter().map(|to| self.tell_of(&name, to, &person)).collect())
            }
            Act::AddWallet { address, currency } => {
                person.wallets.push(Wallet { id: chance::uuid(), address, currency, verified: true });
                self.keep(person);
                Ok(Vec::new())
            }
            Act::AddPhone { number } => {
                person.phones.push(number);
                self.keep(person);
                Ok(Vec::new())
            }
            Act::EraseData => {
                person.erased = true;
                self.keep(person);
                Ok(Vec::new())
            }
        }
    }

    /// Changes every case that is meant and can be changed; gives them as they are now.
    fn turn(
        &mut self,
        mut person: Person,
        part: Option<&str>,
        can: impl Fn(&Case) -> bool,
        change: impl Fn(&mut Case),
    ) -> Result<Vec<Case>, NotPossible> {
        let mut turned = Vec::new();
        for case in &mut person.cases {
            if part.is_none_or(|part| part == case.part) && can(case) {
                change(case);
                turned.push(case.clone());
            }
        }
        if turned.is_empty() {
            return Err(NotPossible::NoPart);
        }
        self.keep(person);
        Ok(turned)
    }

    fn decide(
        &mut self,
        person: Person,
        part: Option<&str>,
        at: Option<String>,
        can: impl Fn(&Case) -> bool,
        (status, credential): (&str, &str),
        event: &str,
    ) -> Done {
        let uid = person.uid.clone();
        let cases = self.turn(person, part, can, |case| case.become_of(status, credential))?;
        let at = at.unwrap_or_else(Self::now);
        Ok(cases.iter().map(|case| self.tell_part(event, case, &uid, &at)).collect())
    }

    /// Those that know the person: by access or by cases.
    fn applications_of(&self, person: &Person) -> Vec<String> {
        let by_access = self.authorisations.iter().filter(|it| it.uid == person.uid).map(|it| &it.application);
        let mut names: Vec<String> = by_access.chain(person.cases.iter().map(|it| &it.application)).cloned().collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn take_back(&mut self, person: &Person, application: Option<&str>) -> Vec<String> {
        let mut events = Vec::new();
        for name in self.applications_of(person) {
            if application.is_none_or(|wanted| wanted == name) {
                self.end_access(&person.uid, &name);
                if self.settings.classic.tells_revocation {
                    events.push(self.tell_of(REVOKED_EVENT, &name, person));
                }
            }
        }
        events
    }

    fn act_of_user(&mut self, mut user: User, act: Act) -> Done {
        let id = user.id.clone();
        let (status, note) = match act {
            Act::Approve { .. } => (APPROVED.to_owned(), String::new()),
            Act::Reject { note, .. } => (REJECTED.to_owned(), note),
            Act::Become { status, .. } => {
                user.status = status;
                self.keep_user(user);
                return Ok(Vec::new());
            }
            Act::EraseData => {
                user.erased = true;
                self.keep_user(user);
                return Ok(Vec::new());
            }
            // only the operator's mailbox hears of it (§8)
            Act::ChangeEmail { email } => {
                user.email = email;
                self.keep_user(user);
                return Ok(Vec::new());
            }
            Act::CompleteJourney { .. }
            | Act::Contact { .. }
            | Act::Respond { .. }
            | Act::Expire { .. }
            | Act::ShareCredential { .. }
            | Act::AddWallet { .. }
            | Act::AddPhone { .. }
            | Act::Revoke { .. }
            | Act::Other { .. } => return Err(NotPossible::NotHere),
        };
        // approved once more after some time is possible: those two webhooks have the same bytes (§8.3)
        if user.status == REJECTED && status == REJECTED {
            return Err(NotPossible::InStatus { status });
        }
        (user.status, user.note) = (status, note);
        self.keep_user(user);
        Ok(vec![self.tell_status(&id)])
    }
}
