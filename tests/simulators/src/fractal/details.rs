//! Invented data of a case (§4): which members a part brings, and files as addresses that end.

use serde_json::{Map, Value, json};

use super::{
    call::{Call, Reply},
    person::{Case, Person},
    seal,
    words::is_level,
    world::{World, seconds},
};
use axum::http::StatusCode;

/// `%PDF` of a company's papers; everything else is a picture.
const PAPERS: [&str; 2] = ["articles_of_association_file", "shareholders_list_file"];

impl World {
    pub(super) fn details(&self, person: &Person, cases: &[&Case]) -> Value {
        let mut members = Map::new();
        for case in cases {
            let Value::Object(own) = known(person, &case.part) else { continue };
            members.extend(own);
            for field in files(person, &case.part) {
                members.insert((*field).to_owned(), json!(self.file_url(&case.id, field)));
            }
        }
        Value::Object(members)
    }

    fn file_url(&self, case: &str, field: &str) -> String {
        let expires = self.moment().saturating_add(seconds(self.settings.classic.file_life));
        let signature = self.file_signature(case, field, &expires.to_string());
        format!("{}/files/{case}/{field}?expires={expires}&signature={signature}", self.origins.resource)
    }

    fn file_signature(&self, case: &str, field: &str, expires: &str) -> String {
        seal::sha256(&self.file_secret, format!("{case}/{field}?{expires}").as_bytes())
    }

    /// What a wrong or late address is answered is not stated.
    pub(super) fn file(&mut self, call: &Call, case: &str, field: &str) -> Result<Reply, Reply> {
        let refused = |message| Err(Reply::refused(StatusCode::FORBIDDEN, message));
        let expires = call.query("expires").unwrap_or_default();
        if call.query("signature") != Some(self.file_signature(case, field, &expires)) {
            return refused("signature does not match");
        }
        if expires.parse::<i64>().is_ok_and(|expires| expires <= self.moment()) {
            return refused("this address is not valid any more");
        }
        let found = |person: &&Person| !person.erased && person.cases.iter().any(|it| it.id == case);
        let uid = self.persons.values().find(found).map(|person| person.uid.clone()).ok_or_else(Reply::absent)?;
        if self.settings.classic.files_need_token && self.bearer(call)?.uid.as_ref() != Some(&uid) {
            return Err(Reply::unauthorized());
        }
        if PAPERS.contains(&field) {
            return Ok(Reply::file("application/pdf", format!("%PDF-1.4\n% simulated {field}\n%%EOF\n").into_bytes()));
        }
        Ok(Reply::file("image/jpeg", picture(field)))
    }
}

/// Bytes that begin and end as a JPEG does.
pub(super) fn picture(name: &str) -> Vec<u8> {
    [&[0xff, 0xd8, 0xff, 0xe0], format!("simulated {name}").as_bytes(), &[0xff, 0xd9]].concat()
}

fn known(person: &Person, part: &str) -> Value {
    match part {
        _ if person.institution && is_level(part) => json!({
            "company_name": "Sample Widgets Example Ltd", "company_seat": "Musterstadt", "jurisdiction": person.country,
            "legal_form": "GmbH", "commercial_register": "HRB 000000", "managing_directors": "Testa Quill Sample",
            "beneficial_owner": "Testa Quill Sample",
        }),
        "basic" => json!({
            "full_name": "Testa Quill Sample", "date_of_birth": "1990-05-17",
            "identification_document_country": person.country, "identification_document_number": "TEST0001X",
            "identification_document_date_of_issue": "2021-02-03",
            "identification_document_date_of_expiry": "2031-02-02",
        }),
        "plus" => json!({
            "full_name": "Testa Quill Sample", "date_of_birth": "1990-05-17", "place_of_birth": "Musterstadt",
            "identification_document_type": "passport", "identification_document_country": person.country,
            "identification_document_number": "TEST0001X", "residential_address": "Beispielweg 7, Musterstadt, 12345",
            "residential_address_country": person.country,
        }),
        "liveness" | "uniqueness" => json!({"liveness": true}),
        "ssn" => json!({"social_security_number": "000-00-0000"}),
        // the members' names are not published, only their beginning
        "sow" => json!({"sow_source": "employment"}),
        _ => json!({}),
    }
}

fn files(person: &Person, part: &str) -> &'static [&'static str] {
    match part {
        _ if person.institution && is_level(part) => &PAPERS,
        "basic" => &["identification_document_front_file", "identification_document_back_file"],
        "plus" => &["residential_address_proof_file"],
        "liveness" | "uniqueness" => &["liveness_audit_best_file", "liveness_audit_quality1_file"],
        "selfie" => &["identification_document_selfie_file", "identification_document_front_file"],
        _ => &[],
    }
}
