//! Acts of the company flow: identification, its documents, forms (§3.4, §5.4).

use super::{
    acts::{NotPossible, Outcome, running},
    idv::Idv,
    resources::{CompanyDocument, Form, Kyb},
    world::{World, key},
};
use crate::chance;

impl World {
    pub(super) fn submit_company(&mut self, idv: &mut Idv) -> Result<Vec<Outcome>, NotPossible> {
        running(idv)?;
        if !idv.is_of_a_company() {
            return Err(NotPossible::NotAStep("company form"));
        }
        let kyb = Kyb {
            id: chance::uuid(),
            idv: idv.id.clone(),
            application_id: idv.application.application_id.clone(),
            created: self.stamp(),
            status: "Pending",
            representative: chance::uuid(),
        };
        idv.kyb = Some(kyb.id.clone());
        let changed = self.idv_changed(idv, None);
        Ok(vec![changed, self.kyb_changed(kyb, "KybIdentification.Created")])
    }

    fn kyb_changed(&mut self, kyb: Kyb, event: &'static str) -> Outcome {
        let outcome = Outcome { resource: kyb.id.clone(), shown: kyb.shown(), event: Some(event) };
        self.kybs.insert(key(&kyb.id), kyb);
        outcome
    }

    fn kyb_of(&self, idv: &Idv) -> Result<Kyb, NotPossible> {
        let kyb = idv.kyb.as_ref().and_then(|id| self.kybs.get(id));
        kyb.cloned().ok_or(NotPossible::Before("company form"))
    }

    pub(super) fn decide_company(&mut self, idv: &Idv, approved: bool) -> Result<Vec<Outcome>, NotPossible> {
        let mut kyb = self.kyb_of(idv)?;
        kyb.status = if approved { "Approved" } else { "Rejected" };
        let event = if approved { "KybIdentification.Approved" } else { "KybIdentification.Rejected" };
        Ok(vec![self.kyb_changed(kyb, event)])
    }

    pub(super) fn add_company_document(&mut self, idv: &Idv) -> Result<Vec<Outcome>, NotPossible> {
        let kyb = self.kyb_of(idv)?;
        let document = CompanyDocument {
            id: chance::uuid(),
            kyb: kyb.id,
            application_id: kyb.application_id,
            created: self.stamp(),
            status: "NeedReview",
            file: None,
        };
        let id = document.id.clone();
        self.company_documents.insert(key(&id), document);
        self.change_company_document(&id, "KybIdentification.Document.Created", |_| ())
    }

    pub(super) fn change_company_document(
        &mut self,
        id: &str,
        event: &'static str,
        change: impl FnOnce(&mut CompanyDocument),
    ) -> Result<Vec<Outcome>, NotPossible> {
        let document = self.company_documents.get_mut(&key(id)).ok_or(NotPossible::Absent("company document"))?;
        change(document);
        Ok(vec![Outcome { resource: document.id.clone(), shown: document.shown(), event: Some(event) }])
    }

    pub(super) fn start_form(&mut self, idv: &mut Idv) -> Result<Vec<Outcome>, NotPossible> {
        running(idv)?;
        let form = Form {
            id: chance::uuid(),
            idv: idv.id.clone(),
            application_id: idv.application.application_id.clone(),
            created: self.stamp(),
            status: "Unfinished",
        };
        let id = form.id.clone();
        self.forms.insert(key(&id), form);
        idv.forms.push(id.clone());
        let mut outcomes = vec![self.idv_changed(idv, None)];
        outcomes.extend(self.change_form(&id, "Form.Created", "Unfinished")?);
        Ok(outcomes)
    }

    pub(super) fn change_form(
        &mut self,
        id: &str,
        event: &'static str,
        status: &'static str,
    ) -> Result<Vec<Outcome>, NotPossible> {
        let form = self.forms.get_mut(&key(id)).ok_or(NotPossible::Absent("form"))?;
        form.status = status;
        Ok(vec![Outcome { resource: form.id.clone(), shown: form.shown(), event: Some(event) }])
    }
}
