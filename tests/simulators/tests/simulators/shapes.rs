//! Every event and every GET has exactly the form of its fixture.

use idv_simulators::ondato::{Act, Ondato, Settings, Style, Subscription};
use serde_json::Value;

use crate::support::{Api, Receiver, SOON, fixture, ondato, ondato_with, shape};

fn same_shape(emitted: &Value, name: &str) {
    assert_eq!(shape(emitted), shape(&fixture(name)), "differs from {name}: {emitted:#}");
}

/// Does the acts and gives the body of the last webhook received.
async fn last_webhook(style: Style, acts: impl FnOnce(&Ondato, &str) -> Vec<Act>) -> Value {
    let receiver = Receiver::start().await;
    let settings = Settings { style, subscriptions: vec![Subscription::to(&receiver.url)], ..Settings::default() };
    let (ondato, api) = ondato_with(settings).await;
    let idv = api.created().await;
    let mut last = Vec::new();
    for act in acts(&ondato, &idv) {
        last = ondato.act(&idv, act).unwrap();
        ondato.quiet(SOON).await.unwrap();
    }
    let wanted = last.last().unwrap();
    let is_wanted = |body: &Value| [&body["id"], &body["Id"]].iter().any(|id| id.as_str() == Some(wanted));
    receiver.arrivals().iter().map(super::support::Arrival::json).find(is_wanted).unwrap()
}

fn start() -> Vec<Act> {
    vec![Act::Open, Act::Consent]
}

fn kyc_started() -> Vec<Act> {
    [start(), vec![Act::StartKyc]].concat()
}

fn then(mut before: Vec<Act>, act: Act) -> Vec<Act> {
    before.push(act);
    before
}

#[tokio::test]
async fn webhooks_of_persons_have_the_form_of_their_fixtures() {
    let rows: Vec<(&str, &str, Vec<Act>)> = vec![
        ("webhook.identity-verification.consented.json", "IdentityVerification.Consented", start()),
        (
            "webhook.identity-verification.status-changed.in-progress.json",
            "IdentityVerification.StatusChanged",
            [start(), vec![Act::Suspend, Act::Resume]].concat(),
        ),
        (
            "webhook.identity-verification.status-changed.suspended.json",
            "IdentityVerification.StatusChanged",
            then(start(), Act::Suspend),
        ),
        (
            "webhook.identity-verification.status-changed.aborted.json",
            "IdentityVerification.StatusChanged",
            then(start(), Act::abort()),
        ),
        (
            "webhook.identity-verification.status-changed.expired.json",
            "IdentityVerification.StatusChanged",
            vec![Act::Expire],
        ),
        (
            "webhook.identity-verification.status-changed.completed.json",
            "IdentityVerification.StatusChanged",
            Act::whole_approval(),
        ),
        ("webhook.kyc-identification.created.json", "KycIdentification.Created", kyc_started()),
        ("webhook.kyc-identification.processed.json", "KycIdentification.Processed", Act::whole_capture()),
        (
            "webhook.kyc-identification.approved.json",
            "KycIdentification.Approved",
            then(Act::whole_capture(), Act::approve()),
        ),
        (
            "webhook.kyc-identification.approved.manual.json",
            "KycIdentification.Approved",
            then(Act::whole_until_review(), Act::approve_manually()),
        ),
        (
            "webhook.kyc-identification.rejected.json",
            "KycIdentification.Rejected",
            then(Act::whole_capture(), Act::reject_manually("PoorPhotoQuality")),
        ),
        (
            "webhook.kyc-identification.updated.json",
            "KycIdentification.Updated",
            then(
                [Act::whole_until_review(), vec![Act::approve_manually()]].concat(),
                Act::UpdateDocument { first_name: "Jane Marie".to_owned() },
            ),
        ),
    ];
    for (name, event_type, acts) in rows {
        let body = last_webhook(Style::default(), |_, _| acts).await;
        assert_eq!(body["type"], event_type, "{name}");
        same_shape(&body, name);
        for member in ["status", "statusReason", "isCrossChecked"] {
            assert_eq!(body["payload"][member], fixture(name)["payload"][member], "{member} of {name}");
        }
    }
}

#[tokio::test]
async fn envelopes_can_be_spelt_as_other_versions_do() {
    let approved = || then(Act::whole_capture(), Act::approve());
    let pascal = Style { pascal_envelope: true, ..Style::default() };
    let body = last_webhook(pascal, |_, _| approved()).await;
    same_shape(&body, "webhook.kyc-identification.approved.pascal-case-envelope.json");
    let fields = Style { delivery_fields: true, ..Style::default() };
    let body = last_webhook(fields, |_, _| approved()).await;
    same_shape(&body, "webhook.kyc-identification.approved.with-delivery-fields.json");
    let legacy = Style { legacy_type_names: true, ..Style::default() };
    let body = last_webhook(legacy, |_, _| Act::whole_until_review()).await;
    same_shape(&body, "webhook.idv.status-changed.legacy-type-name.json");
    assert_eq!(body["type"], "Idv.StatusChanged");
}

#[tokio::test]
async fn webhooks_of_companies_and_forms_have_the_form_of_their_fixtures() {
    let receiver = Receiver::start().await;
    let settings = Settings { subscriptions: vec![Subscription::to(&receiver.url)], ..Settings::default() };
    let (ondato, api) = ondato_with(settings).await;
    let idv = api.created_with(&api.application.kyb_setup_id).await;
    let acts = [Act::Open, Act::StartForm, Act::SubmitCompany, Act::AddCompanyDocument];
    ondato.perform(&idv, acts).unwrap();
    let truth = ondato.truth(&idv).unwrap();
    let form = truth.forms[0]["id"].as_str().unwrap().to_owned();
    let document = truth.company_documents[0]["id"].as_str().unwrap().to_owned();
    let review = |valid| Act::ReviewCompanyDocument { document: document.clone(), valid };
    let (_, kyb) = api.get("kyb", &format!("/v1/identifications/{}", truth.kyb.unwrap()["id"].as_str().unwrap())).await;
    same_shape(&kyb, "get.kyb-identification.pending.json");
    assert_eq!(api.get("forms", &format!("/v1/forms/{form}")).await, (200, truth.forms[0].clone()));
    let acts = vec![
        Act::UpdateForm { form: form.clone() },
        Act::FinishForm { form },
        review(true),
        review(false),
        Act::DeleteCompanyDocument { document: document.clone() },
        Act::AddCompanyDocument,
        Act::DecideCompany { approved: false },
        Act::DecideCompany { approved: true },
    ];
    ondato.perform(&idv, acts).unwrap();
    let document = ondato.truth(&idv).unwrap().company_documents[0]["id"].as_str().unwrap().to_owned();
    ondato.act(&idv, Act::UploadCompanyDocument { document }).unwrap();
    ondato.quiet(SOON).await.unwrap();
    let bodies: Vec<Value> = receiver.arrivals().iter().map(super::support::Arrival::json).collect();
    for name in [
        "webhook.form.created.doc-example.camel-case.json",
        "webhook.form.updated.json",
        "webhook.form.completed.json",
        "webhook.kyb-identification.created.json",
        "webhook.kyb-identification.approved.json",
        "webhook.kyb-identification.rejected.json",
        "webhook.kyb-identification.document.created.json",
        "webhook.kyb-identification.document.uploaded.json",
        "webhook.kyb-identification.document.updated.validated.json",
        "webhook.kyb-identification.document.updated.invalidated.json",
        "webhook.kyb-identification.document.deleted.json",
    ] {
        let fixture = fixture(name);
        let of_status = |body: &&Value| {
            body["type"] == fixture["type"] && body["payload"]["status"] == fixture["payload"]["status"]
        };
        // a deleted document keeps the status it had
        let deleted = |body: &&Value| body["type"] == fixture["type"] && name.contains("deleted");
        let body = bodies
            .iter()
            .find(of_status)
            .or_else(|| bodies.iter().find(deleted))
            .unwrap_or_else(|| unreachable!("{name}"));
        same_shape(body, name);
    }
}

#[tokio::test]
async fn identity_verifications_have_the_form_of_their_fixtures() {
    let rows: Vec<(&str, Vec<Act>)> = vec![
        ("get.identity-verification.pending.json", vec![]),
        ("get.identity-verification.in-progress.json", kyc_started()),
        ("get.identity-verification.suspended.json", then(kyc_started(), Act::Suspend)),
        ("get.identity-verification.expired.json", vec![Act::Expire]),
        ("get.identity-verification.aborted.json", then(start(), Act::abort())),
        ("get.identity-verification.aborted.consent-declined.json", vec![Act::Open, Act::decline_consent()]),
        ("get.identity-verification.completed.json", Act::whole_approval()),
        ("get.identity-verification.completed.kyc-rejected.json", Act::whole_rejection("PoorPhotoQuality")),
        ("get.identity-verification.redacted.json", then(Act::whole_approval(), Act::Redact)),
    ];
    let (ondato, api) = ondato().await;
    for (name, acts) in rows {
        let idv = api.created().await;
        ondato.perform(&idv, acts).unwrap();
        let (status, body) = api.idv(&idv).await;
        assert_eq!(status, 200);
        same_shape(&body, name);
        assert_eq!(body["status"], fixture(name)["status"]);
        assert_eq!(
            body["step"]["kycIdentification"]["isSuccess"],
            fixture(name)["step"]["kycIdentification"]["isSuccess"]
        );
    }
}

#[tokio::test]
async fn identifications_have_the_form_of_their_fixtures() {
    let rows: Vec<(&str, Vec<Act>)> = vec![
        ("get.identification.awaiting.json", kyc_started()),
        ("get.identification.approved.automatic.json", Act::whole_approval()),
        ("get.identification.approved.manual.json", then(Act::whole_until_review(), Act::approve_manually())),
        ("get.identification.rejected.json", then(Act::whole_capture(), Act::reject_manually("PoorPhotoQuality"))),
    ];
    let (ondato, api) = ondato().await;
    for (name, acts) in rows {
        let idv = api.created().await;
        ondato.perform(&idv, acts).unwrap();
        let path = kyc_path(&ondato, &idv);
        let (status, body) = api.get("kyc", &path).await;
        assert_eq!(status, 200);
        same_shape(&body, name);
        for member in ["status", "statusReason", "isCrossChecked", "rules"] {
            assert_eq!(body[member], fixture(name)[member], "{member} of {name}");
        }
        same_shape(&api.get("kyc", &format!("{path}/setup")).await.1, "get.identification.setup.json");
    }
}

fn kyc_path(ondato: &Ondato, idv: &str) -> String {
    let kyc = ondato.truth(idv).unwrap().kyc.unwrap();
    format!("/v1/identifications/{}", kyc["id"].as_str().unwrap())
}

#[tokio::test]
async fn setup_and_history_have_the_form_of_their_fixtures() {
    let receiver = Receiver::start().await;
    let settings = Settings { subscriptions: vec![Subscription::to(&receiver.url)], ..Settings::default() };
    let (ondato, api) = ondato_with(settings).await;
    let idv = api.created().await;
    let setup = api.get("idv", &format!("/v1/identity-verifications/{idv}/setup")).await.1;
    same_shape(&setup, "get.identity-verification.setup.json");
    history(&ondato, &api, &receiver, &idv).await;
}

async fn history(ondato: &Ondato, api: &Api, receiver: &Receiver, idv: &str) {
    ondato.perform(idv, kyc_started()).unwrap();
    ondato.act(idv, Act::FinishKyc).unwrap();
    ondato.quiet(SOON).await.unwrap();
    receiver.answer_with(&[503]);
    let approved = ondato.act(idv, Act::approve()).unwrap().remove(0);
    ondato.quiet(SOON).await.unwrap();
    let (_, history) = api.get("idv", &format!("/v1/identity-verifications/{idv}/webhooks")).await;
    let fixture = fixture("get.identity-verification.webhooks.json");
    let rows = history.as_array().unwrap();
    let last = rows.iter().find(|row| row["id"] == approved.as_str()).unwrap();
    assert_eq!(shape(last), shape(&fixture[1]), "not delivered: no deliveredUtc");
    assert_eq!(last["isDelivered"], false);
    let first = &rows[0];
    assert_eq!(first["isDelivered"], true);
    assert_eq!(
        first.as_object().unwrap().keys().collect::<Vec<_>>(),
        fixture[0].as_object().unwrap().keys().collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn stamps_have_seven_digits_and_never_repeat() {
    let (ondato, api) = ondato().await;
    let idv = api.created().await;
    ondato.perform(&idv, Act::whole_approval()).unwrap();
    let stamps: Vec<String> = ondato.events().into_iter().map(|event| event.created_utc).collect();
    assert_eq!(stamps.len(), 6);
    assert!(stamps.iter().all(|stamp| stamp.len() == "2026-02-10T09:15:32.4886646Z".len()), "{stamps:?}");
    assert!(stamps.is_sorted_by(|one, next| one < next), "{stamps:?}");
}
