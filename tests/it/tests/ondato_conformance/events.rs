//! Every webhook fixture with the look or the silence that it must cause.

use idv_gateway::domain::{Claim, ClaimClass, Timestamp};
use idv_gateway::ports::{Event, Unreadable};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::harness::{IDV, KYB, KYC, SETUP, account, configured, event, event_of, fixture, resource, run, text};

pub(crate) const FIXTURES: &[&str] = &[
    "webhook.form.completed",
    "webhook.form.created.doc-example.camel-case",
    "webhook.form.created.doc-example.pascal-case",
    "webhook.form.updated",
    "webhook.identity-verification.consented",
    "webhook.identity-verification.status-changed.aborted",
    "webhook.identity-verification.status-changed.completed",
    "webhook.identity-verification.status-changed.expired",
    "webhook.identity-verification.status-changed.in-progress",
    "webhook.identity-verification.status-changed.suspended",
    "webhook.idv.status-changed.legacy-type-name",
    "webhook.kyb-identification.approved",
    "webhook.kyb-identification.created",
    "webhook.kyb-identification.document.created",
    "webhook.kyb-identification.document.deleted",
    "webhook.kyb-identification.document.updated.invalidated",
    "webhook.kyb-identification.document.updated.validated",
    "webhook.kyb-identification.document.uploaded",
    "webhook.kyb-identification.rejected",
    "webhook.kyc-identification.approved",
    "webhook.kyc-identification.approved.manual",
    "webhook.kyc-identification.approved.pascal-case-envelope",
    "webhook.kyc-identification.approved.with-delivery-fields",
    "webhook.kyc-identification.created",
    "webhook.kyc-identification.processed",
    "webhook.kyc-identification.rejected",
    "webhook.kyc-identification.updated",
    "webhook.unknown-type",
];

const MODIFIED: &str = "2026-02-10T09:15:32.1Z";
const DECIDED: &str = "2026-02-10T09:15:31Z";

fn about_run(class: ClaimClass, at: &str) -> Claim {
    Claim { class, part: Some(run()), at: Timestamp::parse(at) }
}

fn about(class: ClaimClass, kind: &str, id: &str, at: Option<&str>) -> Claim {
    Claim { class, part: Some(resource(kind, id)), at: at.and_then(Timestamp::parse) }
}

/// What a fixture must cause: the kind of event it is logged as, and the claim of a look at the run; or silence.
fn expected(name: &str) -> (&'static str, Claim) {
    use ClaimClass::{Decided, Ended, Exists, Nothing};
    let kyc = |class, at| about(class, "kyc_identification", KYC, at);
    let kyb = |class| about(class, "kyb_identification", KYB, None);
    match name.strip_prefix("webhook.").unwrap() {
        "identity-verification.consented" => ("IdentityVerification.Consented", about_run(Nothing, MODIFIED)),
        "identity-verification.status-changed.in-progress" | "identity-verification.status-changed.suspended" => {
            ("IdentityVerification.StatusChanged", about_run(Nothing, MODIFIED))
        }
        "identity-verification.status-changed.aborted"
        | "identity-verification.status-changed.completed"
        | "idv.status-changed.legacy-type-name" => ("IdentityVerification.StatusChanged", about_run(Ended, MODIFIED)),
        "identity-verification.status-changed.expired" => {
            ("IdentityVerification.StatusChanged", about_run(Ended, "2026-02-17T09:00:02.0Z"))
        }
        "kyc-identification.created" => ("KycIdentification.Created", kyc(Exists, None)),
        "kyc-identification.processed" => ("KycIdentification.Processed", kyc(Exists, None)),
        "kyc-identification.approved"
        | "kyc-identification.approved.manual"
        | "kyc-identification.approved.pascal-case-envelope"
        | "kyc-identification.approved.with-delivery-fields" => {
            ("KycIdentification.Approved", kyc(Decided, Some(DECIDED)))
        }
        "kyc-identification.rejected" => ("KycIdentification.Rejected", kyc(Decided, Some(DECIDED))),
        "kyc-identification.updated" => ("KycIdentification.Updated", Claim::nothing()),
        "kyb-identification.created" => ("KybIdentification.Created", kyb(Exists)),
        "kyb-identification.approved" => ("KybIdentification.Approved", kyb(Decided)),
        "kyb-identification.rejected" => ("KybIdentification.Rejected", kyb(Decided)),
        "form.updated" => ("Form.Updated", Claim::nothing()),
        "form.completed" => ("Form.Completed", Claim::nothing()),
        other => panic!("{other} has no expectation"),
    }
}

#[test]
fn every_event_causes_its_look() {
    let account = account();
    let mut seen = 0;
    for name in FIXTURES
        .iter()
        .filter(|name| !name.contains(".document.") && !name.contains("doc-example") && !name.contains("unknown"))
    {
        let (kind, claim) = expected(name);
        let look = Event::Look { subject: run(), claim, kind: kind.to_owned() };
        assert_eq!(event(&*account, text(name).as_bytes()), Ok(look), "{name}");
        seen += 1;
    }
    assert_eq!(seen, 20);
}

/// Their payload names only the KYB identification; `resolve` finds the run through it.
#[test]
fn a_document_of_a_company_points_at_its_identification() {
    for name in FIXTURES.iter().filter(|name| name.contains(".document.")) {
        match event(&*account(), text(name).as_bytes()) {
            Ok(Event::Look { subject, claim, kind }) => {
                assert_eq!(subject, resource("kyb_identification", KYB), "{name}");
                assert_eq!(claim, Claim::nothing(), "{name}");
                assert!(kind.starts_with("KybIdentification.Document."), "{kind}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn the_documentation_s_own_examples_are_read() {
    let open = configured(&json!({}), &json!({"setup_id": SETUP}));
    let subject = resource("identity_verification", "9eae922a-00af-4e54-830b-ca6f7fe5af16");
    let look = Event::Look { subject, claim: Claim::nothing(), kind: "Form.Created".to_owned() };
    for spelling in ["camel-case", "pascal-case"] {
        let body = text(&format!("webhook.form.created.doc-example.{spelling}"));
        assert_eq!(event(&*open, body.as_bytes()), Ok(look.clone()), "{spelling}");
        assert_eq!(
            event(&*account(), body.as_bytes()),
            Ok(Event::Silent { reason: "foreign_application" }),
            "{spelling}"
        );
    }
}

#[test]
fn an_unknown_type_is_silent_whatever_its_payload() {
    let mut body = fixture("webhook.unknown-type");
    for payload in [body["payload"].clone(), json!([1]), json!("text"), Value::Null] {
        body["payload"] = payload;
        let found = event(&*account(), body.to_string().as_bytes());
        assert_eq!(found, Ok(Event::Silent { reason: "unknown_event" }));
    }
}

#[test]
fn both_spellings_and_the_old_names_are_the_same_event() {
    let account = configured(&json!({}), &json!({"setup_id": SETUP}));
    for name in FIXTURES {
        let body = fixture(name);
        let known = event(&*account, body.to_string().as_bytes());
        let pascal: Map<String, Value> =
            body.as_object().unwrap().iter().map(|(key, value)| (upper(key), value.clone())).collect();
        assert_eq!(event(&*account, Value::Object(pascal).to_string().as_bytes()), known, "{name}");
        let legacy = text(name).replace("\"IdentityVerification.", "\"Idv.");
        assert_eq!(event(&*account, legacy.as_bytes()), known, "{name}");
        let shouted = text(name).replace(IDV, &IDV.to_uppercase());
        assert_eq!(event(&*account, shouted.as_bytes()), known, "{name}");
    }
}

fn upper(key: &str) -> String {
    let mut letters = key.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[test]
fn another_application_is_silent_in_the_envelope_and_in_the_payload() {
    let foreign = Ok(Event::Silent { reason: "foreign_application" });
    for name in FIXTURES.iter().filter(|name| !name.contains("unknown")) {
        for pointer in ["/applicationId", "/ApplicationId", "/payload/applicationId", "/Payload/applicationId"] {
            let mut body = fixture(name);
            let Some(application) = body.pointer_mut(pointer) else { continue };
            *application = json!("00000000-1111-4222-8333-444444444444");
            assert_eq!(event(&*account(), body.to_string().as_bytes()), foreign, "{name} {pointer}");
        }
    }
}

#[test]
fn an_event_without_a_usable_subject_is_silent() {
    let silent = Ok(Event::Silent { reason: "no_subject" });
    for id in [json!(null), json!(""), json!("123"), json!("../../x"), json!("00000000-0000-0000-0000-000000000000")] {
        let mut body = fixture("webhook.kyc-identification.approved");
        body["payload"]["identityVerificationId"] = id;
        assert_eq!(event(&*account(), body.to_string().as_bytes()), silent);
    }
    let mut body = fixture("webhook.kyb-identification.document.created");
    body["payload"].as_object_mut().unwrap().remove("kybIdentificationId");
    assert_eq!(event(&*account(), body.to_string().as_bytes()), silent);
    body.as_object_mut().unwrap().remove("payload");
    assert_eq!(event(&*account(), body.to_string().as_bytes()), silent);
}

#[test]
fn what_two_readers_could_read_differently_is_no_event() {
    let approved = text("webhook.kyc-identification.approved");
    let twice = |key: &str, value: &str| approved.replacen('{', &format!("{{\"{key}\": {value},"), 1);
    let inside =
        |key: &str, value: &str| approved.replacen("\"payload\": {", &format!("\"payload\": {{\"{key}\": {value},"), 1);
    let bodies = [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "[\"KycIdentification.Approved\"]".to_owned(),
        "<html></html>".to_owned(),
        "{}".to_owned(),
        "{\"type\": 7}".to_owned(),
        approved.trim_end().trim_end_matches('}').to_owned(),
        format!("{approved} x"),
        format!("{approved}{approved}"),
        twice("type", "\"Form.Created\""),
        twice("Type", "\"KycIdentification.Approved\""),
        twice("payload", "{}"),
        twice("Payload", "{}"),
        twice("ApplicationId", "null"),
        twice("Id", "null"),
        inside("identityVerificationId", "\"9eae922a-00af-4e54-830b-ca6f7fe5af16\""),
        inside("status", "\"Rejected\""),
        approved.replacen(&format!("\"{IDV}\""), "7", 1),
        approved.replacen("\"payload\": {", "\"payload\": [{", 1),
        "{\"type\": \"Form.Created\", \"payload\": [\"9eae922a-00af-4e54-830b-ca6f7fe5af16\"]}".to_owned(),
    ];
    for body in bodies {
        let found = event(&*account(), body.as_bytes());
        assert!(matches!(found, Err(Unreadable::NotAnEvent(_))), "{body}: {found:?}");
    }
    let mut broken = approved.into_bytes();
    broken[20] = 0xff;
    assert!(matches!(event(&*account(), &broken), Err(Unreadable::NotAnEvent(_))));
}

#[test]
fn a_proof_speaks_only_for_its_types() {
    let limited = r#"{"basic": [{"username": "ondato-user", "password": "example-password",
        "types": ["IdentityVerification.StatusChanged"]}]}"#;
    let account = account();
    for (name, vouched) in [
        ("webhook.identity-verification.status-changed.completed", true),
        ("webhook.idv.status-changed.legacy-type-name", true),
        ("webhook.identity-verification.consented", false),
        ("webhook.unknown-type", false),
    ] {
        let found = event_of(&*account, text(name).as_bytes(), limited);
        assert_eq!(found == Err(Unreadable::NotVouched), !vouched, "{name}: {found:?}");
    }
}

#[test]
fn nothing_personal_is_kept() {
    for name in FIXTURES {
        let kept = format!("{:?}", event(&*account(), text(name).as_bytes()));
        for canary in ["JANE", "Jane", "EXAMPLE", "X0000000", "1990-01-01", "37060000000", "example.com", "UAB"] {
            assert!(!kept.contains(canary), "{name}: {kept}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_body_is_too_strange(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = event(&*account(), &body);
    }

    #[test]
    fn no_type_but_a_known_one_causes_a_look(kind in "[A-Za-z]{0,24}(\\.[A-Za-z]{0,12}){0,2}") {
        let mut body = fixture("webhook.kyc-identification.approved");
        body["type"] = json!(kind);
        let found = event(&*account(), body.to_string().as_bytes());
        prop_assert_eq!(found, Ok(Event::Silent { reason: "unknown_event" }));
    }
}
