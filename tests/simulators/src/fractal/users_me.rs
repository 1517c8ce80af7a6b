//! `GET /v2/users/me` (§4): what a person let this application see, in one of the two documented spellings.

use serde_json::{Map, Value, json};

use super::{
    call::{Call, Reply},
    person::{Case, Person, joined, together},
    settings::Spelling,
    words::{CONTACT_SCOPE, UID_SCOPE, details_scope, status_scope},
    world::World,
};
use crate::history::View;

/// Scopes of a token.
struct Sight<'a>(&'a [String]);

impl Sight<'_> {
    fn has(&self, scope: &str) -> bool {
        self.0.iter().any(|it| it == scope)
    }

    fn shows(&self, case: &Case) -> bool {
        self.has(&status_scope(&case.part))
    }

    fn shows_details(&self, case: &Case) -> bool {
        case.is_approved() && self.has(&details_scope(&case.part))
    }
}

impl World {
    pub(super) fn users_me(&mut self, call: &Call, view: View) -> Result<Reply, Reply> {
        let pair = self.bearer(call)?;
        let uid = pair.uid.ok_or_else(Reply::scope_missing)?;
        let sight = Sight(&pair.scopes);
        if !sight.has(UID_SCOPE) {
            return Err(Reply::scope_missing());
        }
        let person =
            self.person_seen(&uid, view).or_else(|| self.without_cases(&uid)).ok_or_else(Reply::unauthorized)?;
        let samples = self.settings.classic.spelling == Spelling::Samples;
        let mut body = Map::from_iter([("uid".to_owned(), json!(uid))]);
        if sight.has(CONTACT_SCOPE) {
            body.insert("emails".to_owned(), emails(&person));
            let numbers = person.phones.iter().map(|number| json!({ "number": number }));
            body.insert("phones".to_owned(), numbers.collect());
        }
        if !person.wallets.is_empty() || (sight.has(CONTACT_SCOPE) && !samples) {
            body.insert("wallets".to_owned(), wallets(&person, samples));
        }
        let cases = if samples {
            self.as_samples(&person, &pair.application, &sight)
        } else {
            self.as_fields(&person, &pair.application, &sight)
        };
        body.insert("verification_cases".to_owned(), cases);
        Ok(Reply::ok(Value::Object(body)))
    }

    pub(super) fn person_seen(&self, uid: &str, view: View) -> Option<Person> {
        serde_json::from_value(self.frame.history.seen(uid, view)?).ok()
    }

    /// Before anything was known of it.
    fn without_cases(&self, uid: &str) -> Option<Person> {
        self.persons.get(uid).map(|person| Person { cases: Vec::new(), ..person.clone() })
    }

    fn as_fields(&self, person: &Person, application: &str, sight: &Sight<'_>) -> Value {
        let own = person.cases.iter().filter(|case| case.application == application && sight.shows(case));
        let shown = own.map(|case| {
            let details = sight.shows_details(case) && !person.erased;
            json!({
                "id": case.id, "level": case.part, "journey_completed": case.journey_completed, "status": case.status,
                "credential": case.credential,
                "details": if details { self.details(person, &[case]) } else { Value::Null },
            })
        });
        shown.collect()
    }

    /// Where the samples have a wallet there is also a report, of which two members are kept here.
    fn as_samples(&self, person: &Person, application: &str, sight: &Sight<'_>) -> Value {
        let mut shown = Vec::new();
        for group in person.groups(application) {
            let group: Vec<&Case> = group.into_iter().filter(|case| sight.shows(case)).collect();
            if group.is_empty() {
                continue;
            }
            let mut row = json!({"level": joined(&group), "status": together(&group), "details": null});
            let open: Vec<&Case> = group.iter().copied().filter(|case| sight.shows_details(case)).collect();
            let wallet = group.iter().any(|case| case.part.starts_with("wallet"));
            if open.len() == group.len() && !person.erased {
                crate::members::set(&mut row, "details", self.details(person, &open));
                let report = json!({"mock_response": true, "report_type": "standard"});
                crate::members::set(&mut row, "report", if wallet { report } else { Value::Null });
            }
            shown.push(row);
        }
        Value::Array(shown)
    }
}

fn emails(person: &Person) -> Value {
    let row = |address: &String, source: &str| json!({"address": address, "source_type": source});
    let obsolete = person.obsolete.iter().map(|address| row(address, "obsolete"));
    std::iter::once(row(&person.email, "registration")).chain(obsolete).collect()
}

fn wallets(person: &Person, samples: bool) -> Value {
    let shown = person.wallets.iter().map(|it| {
        if samples {
            json!({"currency": it.currency, "address": it.address})
        } else {
            json!({"id": it.id, "address": it.address, "currency": it.currency, "verified": it.verified})
        }
    });
    shown.collect()
}
