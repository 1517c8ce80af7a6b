//! What the person and the operator do. Each act changes the truth and makes the documented webhooks (§3.4, §5).

use serde_json::{Value, json};

use super::{
    act::Act,
    idv::{Consent, Idv, IdvStatus, Redaction},
    kyc::{Decision, Kyc, Reading},
    world::{World, key},
};
use crate::history::View;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPossible {
    #[error("no such {0}")]
    Absent(&'static str),
    #[error("not possible while the identity verification is {0}")]
    InStatus(&'static str),
    #[error("not possible before the {0}")]
    Before(&'static str),
    #[error("already {0}")]
    Already(&'static str),
    #[error("the setup has no {0}")]
    NotAStep(&'static str),
}

/// What an act brought about: the resource to write down and the event to send, if one is documented.
pub(crate) struct Outcome {
    pub(crate) resource: String,
    pub(crate) shown: Value,
    pub(crate) event: Option<&'static str>,
}

const STATUS_CHANGED: &str = "IdentityVerification.StatusChanged";

impl World {
    /// Does the act; gives the ids of the events made.
    pub(crate) fn act(&mut self, idv: &str, act: Act) -> Result<Vec<String>, NotPossible> {
        let mut idv = self.idvs.get(&key(idv)).cloned().ok_or(NotPossible::Absent("identity verification"))?;
        let outcomes = self.done(&mut idv, act)?;
        let id = idv.id.clone();
        self.idvs.insert(key(&id), idv);
        let mut events = Vec::new();
        for outcome in outcomes {
            let before = self.shown(&outcome.resource, View::Now);
            self.remember(&outcome.resource, outcome.shown.clone());
            if let Some(event) = outcome.event {
                events.push(self.emit(event, &id, outcome.shown, before));
            }
        }
        Ok(events)
    }

    fn done(&mut self, idv: &mut Idv, act: Act) -> Result<Vec<Outcome>, NotPossible> {
        match act {
            Act::Open if idv.status == IdvStatus::InProgress => Ok(Vec::new()),
            Act::Open => self.step(idv, &[IdvStatus::Pending, IdvStatus::Suspended], IdvStatus::InProgress),
            Act::Resume => self.step(idv, &[IdvStatus::Suspended], IdvStatus::InProgress),
            Act::Suspend => self.step(idv, &[IdvStatus::InProgress], IdvStatus::Suspended),
            Act::Expire => {
                self.step(idv, &[IdvStatus::Pending, IdvStatus::InProgress, IdvStatus::Suspended], IdvStatus::Expired)
            }
            Act::Complete => self.complete(idv),
            Act::Abort { consent_declined, reason } => self.abort(idv, consent_declined, reason),
            Act::Consent => self.consent(idv),
            Act::StartKyc => self.start_kyc(idv),
            Act::StartOver { new_identification } => self.start_over(idv, new_identification),
            Act::FinishKyc => self.finish_kyc(idv),
            Act::Decide { approved, reason, cross_checked } => self.decide(idv, approved, reason, cross_checked),
            Act::UpdateDocument { first_name } => self.update_document(idv, &first_name),
            Act::SubmitCompany => self.submit_company(idv),
            Act::DecideCompany { approved } => self.decide_company(idv, approved),
            Act::AddCompanyDocument => self.add_company_document(idv),
            Act::UploadCompanyDocument { document } => {
                self.change_company_document(&document, "KybIdentification.Document.Uploaded", |document| {
                    document.file = Some(crate::chance::uuid())
                })
            }
            Act::ReviewCompanyDocument { document, valid } => {
                self.change_company_document(&document, "KybIdentification.Document.Updated", |document| {
                    document.status = if valid { "Validated" } else { "Invalidated" };
                })
            }
            Act::DeleteCompanyDocument { document } => {
                let outcome = self.change_company_document(&document, "KybIdentification.Document.Deleted", |_| ())?;
                self.company_documents.remove(&key(&document));
                Ok(outcome)
            }
            Act::StartForm => self.start_form(idv),
            Act::UpdateForm { form } => self.change_form(&form, "Form.Updated", "Unfinished"),
            Act::FinishForm { form } => self.change_form(&form, "Form.Completed", "Finished"),
            Act::Redact => self.redact(idv, json!(["PersonalData", "BiometricData"])),
            Act::FinishRedaction => self.finish_redaction(idv),
        }
    }

    fn step(&mut self, idv: &mut Idv, from: &[IdvStatus], to: IdvStatus) -> Result<Vec<Outcome>, NotPossible> {
        if !from.contains(&idv.status) {
            return Err(NotPossible::InStatus(idv.status.name()));
        }
        idv.status = to;
        Ok(vec![self.idv_changed(idv, Some(STATUS_CHANGED))])
    }

    pub(super) fn idv_changed(&mut self, idv: &mut Idv, event: Option<&'static str>) -> Outcome {
        idv.modified = self.stamp();
        Outcome { resource: idv.id.clone(), shown: idv.shown(), event }
    }

    fn complete(&mut self, idv: &mut Idv) -> Result<Vec<Outcome>, NotPossible> {
        let decision = idv.kyc.as_ref().and_then(|id| self.kycs.get(id)?.decision.as_ref());
        idv.kyc_success = decision.map(|decision| decision.approved);
        self.step(idv, &[IdvStatus::InProgress], IdvStatus::Completed)
    }

    fn abort(&mut self, idv: &mut Idv, declined: bool, reason: Option<String>) -> Result<Vec<Outcome>, NotPossible> {
        if declined {
            idv.consent = Some(Consent { given: false, at: None });
        }
        idv.status_reason = reason;
        self.step(idv, &[IdvStatus::InProgress], IdvStatus::Aborted)
    }

    fn consent(&mut self, idv: &mut Idv) -> Result<Vec<Outcome>, NotPossible> {
        running(idv)?;
        idv.consent = Some(Consent { given: true, at: Some(self.stamp()) });
        Ok(vec![self.idv_changed(idv, Some("IdentityVerification.Consented"))])
    }

    fn start_kyc(&mut self, idv: &mut Idv) -> Result<Vec<Outcome>, NotPossible> {
        running(idv)?;
        if idv.kyc.is_some() {
            return Err(NotPossible::Already("started"));
        }
        Ok(self.new_kyc(idv))
    }

    fn new_kyc(&mut self, idv: &mut Idv) -> Vec<Outcome> {
        let kyc = Kyc::new(idv, self.stamp());
        idv.earlier_kyc.extend(idv.kyc.replace(kyc.id.clone()));
        let changed = self.idv_changed(idv, None);
        vec![changed, self.kyc_changed(kyc, Some("KycIdentification.Created"))]
    }

    fn kyc_changed(&mut self, kyc: Kyc, event: Option<&'static str>) -> Outcome {
        let outcome = Outcome { resource: kyc.id.clone(), shown: kyc.shown(), event };
        self.kycs.insert(key(&kyc.id), kyc);
        outcome
    }

    fn kyc_of(&self, idv: &Idv) -> Result<Kyc, NotPossible> {
        let kyc = idv.kyc.as_ref().and_then(|id| self.kycs.get(id));
        kyc.cloned().ok_or(NotPossible::Before("start of the KYC step"))
    }

    fn start_over(&mut self, idv: &mut Idv, new_identification: bool) -> Result<Vec<Outcome>, NotPossible> {
        running(idv)?;
        let mut kyc = self.kyc_of(idv)?;
        if kyc.status() != "Rejected" {
            return Err(NotPossible::Before("rejection"));
        }
        if new_identification {
            return Ok(self.new_kyc(idv));
        }
        kyc.decision = None;
        kyc.reading = Reading::Nothing;
        Ok(vec![self.kyc_changed(kyc, None)])
    }

    fn finish_kyc(&mut self, idv: &Idv) -> Result<Vec<Outcome>, NotPossible> {
        running(idv)?;
        let mut kyc = self.kyc_of(idv)?;
        if kyc.reading != Reading::Nothing {
            return Err(NotPossible::Already("processed"));
        }
        kyc.reading = Reading::Whole;
        Ok(vec![self.kyc_changed(kyc, Some("KycIdentification.Processed"))])
    }

    fn decide(
        &mut self,
        idv: &mut Idv,
        approved: bool,
        reason: Option<String>,
        cross_checked: bool,
    ) -> Result<Vec<Outcome>, NotPossible> {
        let mut kyc = self.kyc_of(idv)?;
        if kyc.reading == Reading::Nothing {
            return Err(NotPossible::Before("end of the KYC step"));
        }
        // a first rejection of photographs: the data was never read; a later one leaves what was read
        if approved {
            kyc.reading = Reading::Whole;
        } else if kyc.decision.is_none() {
            kyc.reading = Reading::Photographs;
        }
        let usual = match (approved, cross_checked) {
            (true, false) => "AutomaticallyIdentified",
            (true, true) => "ManuallyIdentified",
            (false, _) => "PoorPhotoQuality",
        };
        let reason = reason.unwrap_or_else(|| usual.to_owned());
        kyc.decision = Some(Decision { approved, reason, cross_checked, at: self.stamp() });
        let event = if approved { "KycIdentification.Approved" } else { "KycIdentification.Rejected" };
        let mut outcomes = Vec::new();
        if idv.status == IdvStatus::Completed {
            idv.kyc_success = Some(approved);
            outcomes.push(self.idv_changed(idv, None));
        }
        outcomes.push(self.kyc_changed(kyc, Some(event)));
        Ok(outcomes)
    }

    fn update_document(&mut self, idv: &Idv, first_name: &str) -> Result<Vec<Outcome>, NotPossible> {
        let mut kyc = self.kyc_of(idv)?;
        if kyc.reading != Reading::Whole {
            return Err(NotPossible::Before("reading of the document"));
        }
        kyc.first_name = first_name.to_uppercase();
        Ok(vec![self.kyc_changed(kyc, Some("KycIdentification.Updated"))])
    }

    pub(crate) fn redact(&mut self, idv: &mut Idv, scope: Value) -> Result<Vec<Outcome>, NotPossible> {
        let created = self.stamp();
        let client_id = idv.application.client_id.clone();
        idv.redaction = Some(Redaction { client_id, created, completed: None, scope });
        if self.settings.redacts_at_once {
            return self.finish_redaction(idv);
        }
        Ok(vec![self.idv_changed(idv, None)])
    }

    fn finish_redaction(&mut self, idv: &mut Idv) -> Result<Vec<Outcome>, NotPossible> {
        let now = self.stamp();
        idv.redaction.as_mut().ok_or(NotPossible::Before("redaction"))?.completed = Some(now);
        idv.registration = None;
        let mut outcomes = vec![self.idv_changed(idv, None)];
        for id in idv.kyc.iter().chain(&idv.earlier_kyc) {
            if let Some(kyc) = self.kycs.get_mut(id) {
                kyc.redacted = true;
                outcomes.push(Outcome { resource: kyc.id.clone(), shown: kyc.shown(), event: None });
            }
        }
        Ok(outcomes)
    }
}

pub(super) fn running(idv: &Idv) -> Result<(), NotPossible> {
    if idv.status == IdvStatus::InProgress { Ok(()) } else { Err(NotPossible::InStatus(idv.status.name())) }
}
