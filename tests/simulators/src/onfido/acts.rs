//! Acts on applicants, checks and reports (§3.2, §4.1). Each changes the truth and makes the documented events.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    act::Act,
    findings::Outcome,
    records::{Kind, text},
    words::{
        AWAITING_APPLICANT, AWAITING_APPROVAL, AWAITING_DATA, CANCELLED, CHECK_COMPLETED, CLEAR, COMPLETE, CONSIDER,
        IN_PROGRESS, PAUSED, REOPENED, WITHDRAWN,
    },
    world::{Thing, World},
};
use crate::chance;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPossible {
    #[error("no such {0}")]
    Absent(&'static str),
    #[error("it is {status}, and should be one of: {}", .allowed.join(", "))]
    InStatus { allowed: &'static [&'static str], status: String },
    #[error("not all reports are finished")]
    ReportsOpen,
    #[error("no task waits for the person")]
    NothingOpen,
    #[error("the link is past its time or used")]
    LinkOver,
}

/// Statuses in which a check can go on.
const RUNNING: &[&str] = &[IN_PROGRESS, REOPENED];
const OPEN_REPORT: &[&str] = &[AWAITING_DATA, AWAITING_APPROVAL];

pub(super) type Done = Result<Vec<String>, NotPossible>;

impl World {
    /// Does the act; gives the ids of the events made.
    pub(crate) fn act(&mut self, id: &str, act: Act) -> Done {
        let thing = self.things.get(id).cloned().ok_or(NotPossible::Absent("resource"))?;
        match act {
            Act::Capture => self.capture(&of_kind(thing, Kind::Applicant)?.key),
            Act::Delete => {
                self.mark_deleted(&of_kind(thing, Kind::Applicant)?.key);
                Ok(Vec::new())
            }
            Act::SubmitForm => self.submit_form(&of_kind(thing, Kind::Check)?),
            Act::CompleteReport { report, outcome } => {
                let report = self.report(&thing, report.as_deref(), OPEN_REPORT)?;
                Ok(vec![self.complete_report(&report, &outcome)])
            }
            Act::FinishCheck => self.finish_check(&of_kind(thing, Kind::Check)?),
            Act::Complete { outcomes } => self.complete_all(&of_kind(thing, Kind::Check)?, &outcomes),
            Act::AwaitApproval { report } => {
                self.turn_report(&thing, report, &[AWAITING_DATA], AWAITING_APPROVAL, "report.awaiting_approval")
            }
            Act::ResumeReport { report } => {
                self.turn_report(&thing, report, &[AWAITING_APPROVAL], AWAITING_DATA, "report.resumed")
            }
            Act::CancelReport { report } => {
                self.turn_report(&thing, report, OPEN_REPORT, CANCELLED, "report.cancelled")
            }
            Act::WithdrawReport { report } => {
                self.turn_report(&thing, report, OPEN_REPORT, WITHDRAWN, "report.withdrawn")
            }
            Act::ReviseReport { report, outcome } => {
                let report = self.report(&thing, Some(&report), &[COMPLETE])?;
                self.write_findings(&report, &outcome);
                Ok(Vec::new())
            }
            Act::Pause => self.turn_check(thing, RUNNING, PAUSED, None),
            Act::Resume => self.turn_check(thing, &[PAUSED], IN_PROGRESS, None),
            Act::Reopen => self.turn_check(thing, &[COMPLETE], REOPENED, Some("check.reopened")),
            Act::Withdraw => self.withdraw(thing),
            Act::OpenLink
            | Act::CompleteTask
            | Act::CompleteTasks
            | Act::AwaitClient
            | Act::Decide { .. }
            | Act::ExpireLink => self.act_on_run(&of_kind(thing, Kind::Run)?, act),
            Act::Become { status, result } => {
                self.alter(id, [("status", json!(status))]);
                if thing.shown.get("result").is_some() {
                    self.alter(id, [("result", json!(result))]);
                }
                Ok(Vec::new())
            }
            Act::Other { action } => Ok(vec![self.emit(&action, id)]),
        }
    }

    /// Two sides of a passport and a photo of the face.
    pub(super) fn capture(&mut self, applicant: &str) -> Done {
        for side in ["front", "back"] {
            let id = chance::uuid();
            let shown = json!({
                "id": id, "applicant_id": applicant, "created_at": Self::now(), "href": format!("/documents/{id}"),
                "download_href": format!("/documents/{id}/download"), "file_name": format!("document_{side}.jpg"),
                "file_type": "jpg", "file_size": 361_771, "type": "passport", "side": side, "issuing_country": "GBR",
            });
            self.keep_media(Kind::Document, applicant, id, shown);
        }
        let id = chance::uuid();
        let shown = json!({
            "id": id, "applicant_id": applicant, "created_at": Self::now(), "href": format!("/live_photos/{id}"),
            "download_href": format!("/live_photos/{id}/download"), "file_name": "face.jpg", "file_type": "image/jpeg",
            "file_size": 201_442,
        });
        self.keep_media(Kind::LivePhoto, applicant, id, shown);
        Ok(Vec::new())
    }

    fn keep_media(&mut self, kind: Kind, applicant: &str, key: String, shown: Value) {
        if let Some(of) = self.things.get(applicant).cloned() {
            self.keep(Thing { key, kind, hidden: Value::Null, shown, ..of });
        }
    }

    fn submit_form(&mut self, check: &Thing) -> Done {
        must_be(check, &[AWAITING_APPLICANT])?;
        self.capture(&check.applicant)?;
        for report in self.belonging(Kind::Report, &check.key) {
            self.name_media(&report);
        }
        self.alter(&check.key, [("status", json!(IN_PROGRESS))]);
        Ok(vec![self.emit("check.form_completed", &check.key), self.emit("check.started", &check.key)])
    }

    fn name_media(&mut self, report: &str) {
        if let Some(thing) = self.things.get(report) {
            let media = self.media(&thing.applicant, text(&thing.shown, "name"), &[]);
            self.alter(report, media);
        }
    }

    /// The report that an act names: by id, by name, the act's own, or the oldest in one of these statuses.
    fn report(&self, of: &Thing, named: Option<&str>, allowed: &'static [&'static str]) -> Result<Thing, NotPossible> {
        let found = if of.kind == Kind::Report {
            Some(of.clone())
        } else {
            let rows = self.belonging(Kind::Report, &of.key);
            let mut rows = rows.iter().filter_map(|key| self.things.get(key));
            match named {
                Some(name) => rows.find(|it| it.key == name || text(&it.shown, "name") == name).cloned(),
                None => rows.find(|it| allowed.contains(&text(&it.shown, "status"))).cloned(),
            }
        };
        let report = found.ok_or(NotPossible::Absent("report"))?;
        must_be(&report, allowed)?;
        Ok(report)
    }

    fn complete_report(&mut self, report: &Thing, outcome: &Outcome) -> String {
        self.write_findings(report, outcome);
        self.emit("report.completed", &report.key)
    }

    fn write_findings(&mut self, report: &Thing, outcome: &Outcome) {
        let name = text(&report.shown, "name").to_owned();
        let findings = outcome.findings(&name);
        let mut members = vec![
            ("status", json!(COMPLETE)),
            ("result", json!(findings.result)),
            ("sub_result", json!(findings.sub_result)),
            ("properties", findings.properties),
            ("breakdown", findings.breakdown),
        ];
        let rows = report.shown.get("documents").and_then(Value::as_array).into_iter().flatten();
        let named: Vec<String> = rows.map(|row| text(row, "id").to_owned()).collect();
        members.extend(self.media(&report.applicant, &name, &named));
        self.alter(&report.key, members);
    }

    fn complete_all(&mut self, check: &Thing, outcomes: &BTreeMap<String, Outcome>) -> Done {
        must_be(check, RUNNING)?;
        let mut events = Vec::new();
        for key in self.belonging(Kind::Report, &check.key) {
            let Some(report) = self.things.get(&key).cloned() else {
                continue;
            };
            if OPEN_REPORT.contains(&text(&report.shown, "status")) {
                let outcome = outcomes.get(text(&report.shown, "name")).cloned().unwrap_or_default();
                events.push(self.complete_report(&report, &outcome));
            }
        }
        events.extend(self.finish_check(check)?);
        Ok(events)
    }

    fn finish_check(&mut self, check: &Thing) -> Done {
        must_be(check, RUNNING)?;
        let reports: Vec<Value> = self
            .belonging(Kind::Report, &check.key)
            .iter()
            .filter_map(|key| Some(self.things.get(key)?.shown.clone()))
            .collect();
        if reports.iter().any(|report| OPEN_REPORT.contains(&text(report, "status"))) {
            return Err(NotPossible::ReportsOpen);
        }
        let mut finished = reports.iter().filter(|report| text(report, "status") == COMPLETE);
        let result = if finished.all(|report| text(report, "result") == CLEAR) { CLEAR } else { CONSIDER };
        self.alter(&check.key, [("status", json!(COMPLETE)), ("result", json!(result))]);
        Ok(vec![self.emit(CHECK_COMPLETED, &check.key)])
    }

    fn turn_report(
        &mut self,
        of: &Thing,
        named: Option<String>,
        from: &'static [&'static str],
        to: &str,
        event: &str,
    ) -> Done {
        let report = self.report(of, named.as_deref(), from)?;
        self.alter(&report.key, [("status", json!(to))]);
        Ok(vec![self.emit(event, &report.key)])
    }

    fn turn_check(&mut self, check: Thing, from: &'static [&'static str], to: &str, event: Option<&str>) -> Done {
        let check = of_kind(check, Kind::Check)?;
        must_be(&check, from)?;
        let members = [("status", json!(to)), ("paused", json!(to == PAUSED)), ("result", Value::Null)];
        self.alter(&check.key, members);
        Ok(event.map(|event| self.emit(event, &check.key)).into_iter().collect())
    }

    fn withdraw(&mut self, check: Thing) -> Done {
        let check = of_kind(check, Kind::Check)?;
        must_be(&check, &[IN_PROGRESS, REOPENED, PAUSED, AWAITING_APPLICANT])?;
        let mut events = Vec::new();
        for key in self.belonging(Kind::Report, &check.key) {
            if self.things.get(&key).is_some_and(|it| OPEN_REPORT.contains(&text(&it.shown, "status"))) {
                self.alter(&key, [("status", json!(WITHDRAWN))]);
                events.push(self.emit("report.withdrawn", &key));
            }
        }
        self.alter(&check.key, [("status", json!(WITHDRAWN)), ("paused", json!(false))]);
        events.push(self.emit("check.withdrawn", &check.key));
        Ok(events)
    }
}

fn of_kind(thing: Thing, kind: Kind) -> Result<Thing, NotPossible> {
    let name = match kind {
        Kind::Applicant => "applicant",
        Kind::Document => "document",
        Kind::LivePhoto => "live photo",
        Kind::Check => "check",
        Kind::Report => "report",
        Kind::Run => "workflow run",
        Kind::Task => "task",
    };
    Some(thing).filter(|thing| thing.kind == kind).ok_or(NotPossible::Absent(name))
}

pub(super) fn must_be(thing: &Thing, allowed: &'static [&'static str]) -> Result<(), NotPossible> {
    let status = text(&thing.shown, "status");
    if allowed.contains(&status) {
        return Ok(());
    }
    Err(NotPossible::InStatus { allowed, status: status.to_owned() })
}
