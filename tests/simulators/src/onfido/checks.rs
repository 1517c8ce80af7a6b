//! Checks and their reports by call (§2.3, §4): made, resumed, cancelled. What becomes of them is done by acts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    act::Act,
    call::{Call, Reply},
    findings::{Family, Outcome},
    records::{Kind, text, texts},
    settings::Environment,
    valid::{self, Problems},
    words::{AWAITING_APPLICANT, AWAITING_DATA, IN_PROGRESS},
    world::{Owner, Thing, World},
};
use crate::chance;

impl World {
    /// Not idempotent: a repeat makes another check, and another bill (§1.3).
    pub(super) fn create_check(&mut self, call: &Call, owner: &Owner, minor: u8) -> Result<Reply, Reply> {
        let body = call.json()?;
        let applicant = self.named(owner, &body)?;
        let mut problems = valid::check(&body);
        self.fits_applicant(&body, &applicant, minor, &mut problems);
        self.known_hooks(&body, owner, &mut problems);
        problems.settled()?;
        let id = self.make_check(owner, &applicant, &body, minor);
        if owner.environment == Environment::Sandbox && self.settings.sandbox_completes {
            // cannot fail: the check was made a moment ago
            let _done = self.act(&id, Act::Complete { outcomes: sandbox_outcomes(&body) });
        }
        let created = self.things.get(&id).map(|check| check.shown.clone()).unwrap_or_default();
        let mut reply = Reply::created(created);
        if body.get("asynchronous") == Some(&json!(false)) {
            reply.waits_for = Some(id);
        }
        Ok(reply)
    }

    fn fits_applicant(&self, body: &Value, applicant: &str, minor: u8, problems: &mut Problems) {
        if let Some(of) = self.things.get(applicant) {
            valid::applicant_for_check(&of.shown, &of.hidden, body, minor, problems);
        }
        let media = self.belonging(Kind::Document, applicant);
        if texts(body.get("document_ids")).iter().any(|id| !media.contains(id)) {
            problems.add("document_ids", "is invalid");
        }
        let with_form = body.get("applicant_provides_data") == Some(&json!(true));
        if self.settings.refuses_without_media && media.is_empty() && !with_form {
            problems.add("document_ids", "no document was uploaded");
        }
    }

    fn known_hooks(&self, body: &Value, owner: &Owner, problems: &mut Problems) {
        let known = |id: &String| {
            self.webhooks
                .iter()
                .any(|webhook| webhook.id == *id && webhook.account == owner.account && !webhook.removed)
        };
        if !texts(body.get("webhook_ids")).iter().all(known) {
            problems.add("webhook_ids", "is invalid");
        }
    }

    pub(super) fn make_check(&mut self, owner: &Owner, applicant: &str, body: &Value, minor: u8) -> String {
        let id = chance::uuid();
        let names = texts(body.get("report_names"));
        let reports: Vec<(String, String)> = names.into_iter().map(|name| (chance::uuid(), name)).collect();
        let with_form = body.get("applicant_provides_data") == Some(&json!(true));
        let report_ids: Vec<&String> = reports.iter().map(|(id, _)| id).collect();
        let shown = json!({
            "id": id, "created_at": Self::now(), "status": if with_form { AWAITING_APPLICANT } else { IN_PROGRESS },
            "redirect_uri": body.get("redirect_uri"), "result": null,
            "sandbox": owner.environment == Environment::Sandbox, "tags": texts(body.get("tags")),
            "results_uri": format!("https://dashboard.onfido.com/checks/{id}"),
            "form_uri": with_form.then(|| format!("{}/form/{id}", self.pages)), "paused": false,
            "version": format!("3.{minor}"), "report_ids": report_ids, "href": format!("/checks/{id}"),
            "applicant_id": applicant, "applicant_provides_data": with_form,
            "privacy_notices_read_consent_given": body.get("privacy_notices_read_consent_given"),
            "webhook_ids": body.get("webhook_ids"),
        });
        let check = Thing {
            key: id.clone(),
            kind: Kind::Check,
            owner: owner.clone(),
            applicant: applicant.to_owned(),
            parent: None,
            ended: false,
            hidden: Value::Null,
            shown,
        };
        self.keep(check.clone());
        for (report, name) in reports {
            self.make_report(&check, report, &name, &texts(body.get("document_ids")));
        }
        if !with_form {
            self.emit("check.started", &id);
        }
        id
    }

    fn make_report(&mut self, check: &Thing, id: String, name: &str, documents: &[String]) {
        let mut shown = json!({
            "id": id, "created_at": Self::now(), "name": name, "href": format!("/reports/{id}"),
            "status": AWAITING_DATA, "result": null, "sub_result": null, "check_id": check.key, "properties": {},
            "breakdown": {},
        });
        let media = self.media(&check.applicant, name, documents);
        for (member, rows) in media {
            super::records::set(&mut shown, member, rows);
        }
        self.keep(Thing {
            key: id,
            kind: Kind::Report,
            owner: check.owner.clone(),
            applicant: check.applicant.clone(),
            parent: Some(check.key.clone()),
            ended: false,
            hidden: Value::Null,
            shown,
        });
    }

    /// The members of a report that name its media.
    pub(super) fn media(&self, applicant: &str, report: &str, chosen: &[String]) -> Vec<(&'static str, Value)> {
        let ids = |ids: Vec<String>| ids.into_iter().map(|id| json!({ "id": id })).collect::<Value>();
        let documents = self.belonging(Kind::Document, applicant);
        let documents = if chosen.is_empty() { documents } else { chosen.to_vec() };
        match Family::of(report) {
            Family::Document => vec![("documents", ids(documents))],
            Family::Face => {
                let photos = ids(self.belonging(Kind::LivePhoto, applicant));
                let first = documents.into_iter().take(1).collect();
                let none = || json!([]);
                vec![
                    ("documents", ids(first)),
                    ("live_photos", photos),
                    ("live_videos", none()),
                    ("motion_captures", none()),
                    ("id_photos", none()),
                ]
            }
            Family::Watchlist | Family::Plain => Vec::new(),
        }
    }

    pub(super) fn resume_check(&mut self, owner: &Owner, id: &str) -> Result<Reply, Reply> {
        self.own(owner, Kind::Check, id)?;
        self.done(id, Act::Resume)
    }

    pub(super) fn resume_report(&mut self, owner: &Owner, id: &str) -> Result<Reply, Reply> {
        self.own(owner, Kind::Report, id)?;
        self.done(id, Act::ResumeReport { report: None })
    }

    pub(super) fn cancel_report(&mut self, owner: &Owner, id: &str) -> Result<Reply, Reply> {
        self.own(owner, Kind::Report, id)?;
        self.done(id, Act::CancelReport { report: None })
    }

    /// 204, or 422 where the state forbids it (an assumption).
    fn done(&mut self, id: &str, act: Act) -> Result<Reply, Reply> {
        match self.act(id, act) {
            Ok(_) => Ok(Reply::no_content()),
            Err(error) => Err(Reply::wrong("status", &error.to_string())),
        }
    }
}

/// `consider` and `sub_result` force outcomes, in the sandbox alone (§2.3).
fn sandbox_outcomes(body: &Value) -> BTreeMap<String, Outcome> {
    let mut outcomes: BTreeMap<_, _> =
        texts(body.get("consider")).into_iter().map(|name| (name, Outcome::Consider)).collect();
    let forced = match text(body, "sub_result") {
        "rejected" => Some(Outcome::Rejected),
        "suspected" => Some(Outcome::Suspected),
        "caution" => Some(Outcome::Caution),
        _ => None,
    };
    let documents = texts(body.get("report_names")).into_iter().filter(|name| Family::of(name) == Family::Document);
    outcomes.extend(documents.filter_map(|name| Some((name, forced.clone()?))));
    outcomes
}
