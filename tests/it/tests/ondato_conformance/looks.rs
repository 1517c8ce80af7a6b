//! What a look finds and what it means: fixtures, the total table, foreign and changing answers.

use idv_gateway::domain::reduce::{Occasion, reduce};
use idv_gateway::domain::{
    Ask, Assessment, Change, ChangeKind, DecidedBy, Evidence, Part, Reason, Snapshot, Standing, Status, Timestamp,
    Truth,
};
use idv_gateway::ports::{Account, ProviderError, Whose};
use serde_json::{Value, json};

use crate::harness::{
    APPLICATION, Bench, FORM, IDV, KYB, KYC, SETUP, Script, account, configured, fixture, resource, run,
};

pub(crate) const FIXTURES: &[&str] = &[
    "get.identification.approved.automatic",
    "get.identification.approved.manual",
    "get.identification.awaiting",
    "get.identification.doc-example.awaiting",
    "get.identification.rejected",
    "get.identity-verification.aborted",
    "get.identity-verification.aborted.consent-declined",
    "get.identity-verification.completed",
    "get.identity-verification.completed.kyc-rejected",
    "get.identity-verification.doc-example.completed",
    "get.identity-verification.expired",
    "get.identity-verification.full-schema",
    "get.identity-verification.in-progress",
    "get.identity-verification.pending",
    "get.identity-verification.redacted",
    "get.identity-verification.suspended",
    "get.kyb-identification.pending",
];

type Row = (&'static str, Option<&'static str>, Status, DecidedBy, Option<Reason>, Option<Ask>);

const ROWS: &[Row] = &[
    ("pending", None, Status::LinkIssued, DecidedBy::Unknown, None, None),
    ("in-progress", Some("awaiting"), Status::InProgress, DecidedBy::Unknown, None, None),
    ("suspended", Some("awaiting"), Status::InProgress, DecidedBy::Unknown, None, None),
    ("completed", Some("awaiting"), Status::InReview, DecidedBy::Unknown, None, None),
    ("completed", Some("approved.automatic"), Status::Approved, DecidedBy::Automatic, None, None),
    ("completed", Some("approved.manual"), Status::Approved, DecidedBy::Manual, None, None),
    ("in-progress", Some("approved.automatic"), Status::InReview, DecidedBy::Automatic, None, None),
    (
        "in-progress",
        Some("rejected"),
        Status::ActionRequired,
        DecidedBy::Manual,
        Some(Reason::DocumentUnreadable),
        Some(Ask::RetryCapture),
    ),
    (
        "suspended",
        Some("rejected"),
        Status::ActionRequired,
        DecidedBy::Manual,
        Some(Reason::DocumentUnreadable),
        Some(Ask::RetryCapture),
    ),
    (
        "completed.kyc-rejected",
        Some("rejected"),
        Status::Rejected,
        DecidedBy::Manual,
        Some(Reason::DocumentUnreadable),
        None,
    ),
    ("redacted", Some("approved.automatic"), Status::Approved, DecidedBy::Automatic, None, None),
    ("aborted", None, Status::Abandoned, DecidedBy::Unknown, None, None),
    ("aborted.consent-declined", None, Status::Cancelled, DecidedBy::Unknown, Some(Reason::ConsentDeclined), None),
    ("expired", None, Status::Expired, DecidedBy::Unknown, Some(Reason::LinkExpired), None),
];

pub(crate) fn verification(name: &str) -> Value {
    fixture(&format!("get.identity-verification.{name}"))
}

pub(crate) fn identification(name: &str) -> Value {
    fixture(&format!("get.identification.{name}"))
}

fn bench(verification: &Value, kyc: Option<&Value>) -> Bench {
    let script = Script::new().idv(verification);
    kyc.map_or_else(|| Script::new().idv(verification), |kyc| script.kyc(kyc)).start()
}

async fn look(verification: &Value, kyc: Option<&Value>) -> Result<Snapshot, ProviderError> {
    account().look(bench(verification, kyc).reach(), &run()).await
}

async fn found(verification: &Value, kyc: Option<&Value>) -> Snapshot {
    look(verification, kyc).await.unwrap()
}

fn status(account: &dyn Account, snapshot: &Snapshot) -> Option<Status> {
    match account.assess(snapshot.parts()) {
        Assessment::Known(opinion) => Some(opinion.status),
        Assessment::Unrecognised { .. } => None,
    }
}

pub(crate) fn after(before: &Truth, snapshot: &Snapshot) -> Truth {
    let account = account();
    let occasion = Occasion { at: Timestamp::from_millis(0), evidence: Evidence::Webhook };
    reduce(before, snapshot, &|parts| account.assess(parts), occasion)
}

fn since<'a>(before: &Truth, after: &'a Truth) -> Vec<&'a Change> {
    after.changes.iter().filter(|change| change.version > before.version).collect()
}

fn part<'a>(snapshot: &'a Snapshot, kind: &str) -> &'a Part {
    snapshot.parts().iter().find(|part| part.resource.kind.as_str() == kind).unwrap()
}

#[tokio::test]
async fn every_fixture_causes_its_change() {
    let intended = Truth::intended(Timestamp::from_millis(0));
    for (idv, kyc, expected, decided_by, reason, ask) in ROWS {
        let row = format!("{idv} {kyc:?}");
        let snapshot = found(&verification(idv), kyc.map(identification).as_ref()).await;
        let truth = after(&intended, &snapshot);
        let changes = since(&intended, &truth);
        let change = changes.iter().find(|change| change.kind == ChangeKind::Status).unwrap();
        assert_eq!(
            (change.status, change.previous, change.decided_by),
            (*expected, Status::Created, *decided_by),
            "{row}"
        );
        assert_eq!(change.reasons.first().map(|because| because.code), *reason, "{row}");
        assert_eq!(change.action.as_ref().map(|action| action.ask), *ask, "{row}");
        let again = after(&truth, &snapshot);
        assert_eq!(since(&truth, &again), Vec::<&Change>::new(), "{row}: the same again is no change");
    }
}

#[tokio::test]
async fn parts_say_what_the_provider_said() {
    let snapshot = found(&verification("completed"), Some(&identification("approved.manual"))).await;
    let (idv, kyc) = (part(&snapshot, "identity_verification"), part(&snapshot, "kyc_identification"));
    assert_eq!(
        (idv.resource.id.as_str(), idv.provider_status.as_str(), idv.standing),
        (IDV, "Completed", Standing::Ended)
    );
    assert_eq!((idv.at, idv.has("is_success")), (Timestamp::parse("2026-02-10T09:15:32.1Z"), true));
    assert_eq!(
        (kyc.resource.id.as_str(), kyc.provider_status.as_str(), kyc.standing),
        (KYC, "Approved", Standing::Approved)
    );
    assert_eq!(kyc.provider_reason.as_deref(), Some("ManuallyIdentified"));
    assert_eq!((kyc.at, kyc.has("cross_checked")), (Timestamp::parse("2026-02-10T09:15:31Z"), true));
}

#[tokio::test]
async fn the_documentation_s_own_examples_are_read() {
    let open = configured(&json!({}), &json!({"setup_id": SETUP}));
    let idv = verification("doc-example.completed");
    let mut kyc = identification("doc-example.awaiting");
    let (idv_id, kyc_id) = (idv["id"].as_str().unwrap(), idv["step"]["kycIdentification"]["id"].as_str().unwrap());
    kyc["id"] = json!(kyc_id);
    kyc["identityVerificationId"] = json!(idv_id);
    let bench = Script::new()
        .on(
            &format!("GET idvapi.ondato.com/v1/identity-verifications/{idv_id}"),
            idv_gateway::memory::http::json(200, &idv),
        )
        .on(&format!("GET kycid.ondato.com/v1/identifications/{kyc_id}"), idv_gateway::memory::http::json(200, &kyc))
        .start();
    let snapshot = open.look(bench.reach(), &resource("identity_verification", idv_id)).await.unwrap();
    assert_eq!(status(&*open, &snapshot), Some(Status::InReview));
}

/// Every step of the schema at once: identifications are read, forms are listed, other steps are no verdict.
#[tokio::test]
async fn the_full_schema_is_read() {
    let open = configured(&json!({}), &json!({"setup_id": SETUP}));
    let id = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    let idv = verification("full-schema");
    let one = json!({"id": id, "applicationId": id, "identityVerificationId": id, "status": "Pending"});
    let mut awaiting = one.clone();
    awaiting["status"] = json!("Awaiting");
    let bench = Script::new()
        .on(
            &format!("GET idvapi.ondato.com/v1/identity-verifications/{id}"),
            idv_gateway::memory::http::json(200, &idv),
        )
        .on(&format!("GET kycid.ondato.com/v1/identifications/{id}"), idv_gateway::memory::http::json(200, &awaiting))
        .on(&format!("GET kybid.ondato.com/v1/identifications/{id}"), idv_gateway::memory::http::json(200, &one))
        .start();
    let snapshot = open.look(bench.reach(), &resource("identity_verification", id)).await.unwrap();
    let kinds: Vec<_> = snapshot.parts().iter().map(|part| part.resource.kind.as_str()).collect();
    assert_eq!(kinds, ["identity_verification", "kyc_identification", "kyb_identification", "form"]);
    assert_eq!(status(&*open, &snapshot), Some(Status::InReview));
    assert!(part(&snapshot, "identity_verification").has("redacted"));
}

#[tokio::test]
async fn a_company_is_decided_by_its_own_identification() {
    let mut idv = verification("completed");
    idv["step"] = json!({"kybIdentification": {"id": KYB}, "forms": [{"id": FORM}]});
    for (word, expected) in [
        ("Pending", Some(Status::InReview)),
        ("Approved", Some(Status::Approved)),
        ("Rejected", Some(Status::Rejected)),
        ("ExternallyVerified", None),
    ] {
        let mut kyb = fixture("get.kyb-identification.pending");
        kyb["status"] = json!(word);
        let bench = Script::new().idv(&idv).kyb(&kyb).start();
        let snapshot = account().look(bench.reach(), &run()).await.unwrap();
        assert_eq!(status(&*account(), &snapshot), expected, "{word}");
        assert_eq!(bench.lines().len(), 3, "no host of forms is known, so none is called");
    }
    let mut kyb = fixture("get.kyb-identification.pending");
    kyb["documents"] = json!([{"status": "Validated"}, {"status": "Invalidated"}]);
    let bench = Script::new().idv(&idv).kyb(&kyb).start();
    let snapshot = account().look(bench.reach(), &run()).await.unwrap();
    assert_eq!(status(&*account(), &snapshot), Some(Status::ActionRequired));
}

#[tokio::test]
async fn forms_are_read_where_their_host_is_configured_and_never_decide() {
    let account = configured(&json!({"forms": "https://forms.example.com"}), &json!({"setup_id": SETUP}));
    let mut idv = verification("completed");
    idv["step"]["forms"] = json!([{"id": FORM}]);
    let form = fixture("webhook.form.completed")["payload"].clone();
    let line = format!("GET forms.example.com/v1/forms/{FORM}");
    let script = || Script::new().idv(&idv).kyc(&identification("approved.automatic"));
    for (answer, word) in
        [(Some(form.clone()), "Finished"), (Some(json!({"id": FORM, "status": "New"})), "New"), (None, "listed")]
    {
        let bench = match &answer {
            Some(form) => script().on(&line, idv_gateway::memory::http::json(200, form)).start(),
            None => script().start(),
        };
        let snapshot = account.look(bench.reach(), &run()).await.unwrap();
        assert_eq!(part(&snapshot, "form").provider_status, word);
        assert_eq!(status(&*account, &snapshot), Some(Status::Approved));
        assert_eq!(after(&Truth::intended(Timestamp::from_millis(0)), &snapshot).status, Status::Approved);
    }
}

/// The document of `KycIdentification.Updated`: other values make one `data_changed`, other files or order none.
#[tokio::test]
async fn edited_data_are_told_and_never_shown() {
    let idv = verification("completed");
    let first = identification("approved.manual");
    let edited = fixture("webhook.kyc-identification.updated")["payload"].clone();
    let mut refiled = first.clone();
    refiled["document"]["files"] = json!([]);
    refiled["document"]["address"] = Value::Null;
    refiled["rules"] = json!([]);
    let before = after(&Truth::intended(Timestamp::from_millis(0)), &found(&idv, Some(&first)).await);
    assert_eq!(since(&before, &after(&before, &found(&idv, Some(&refiled)).await)), Vec::<&Change>::new());
    let changed = after(&before, &found(&idv, Some(&edited)).await);
    let changes = since(&before, &changed);
    assert_eq!(changes.iter().map(|change| change.kind).collect::<Vec<_>>(), [ChangeKind::DataChanged]);
    assert_eq!(changes[0].part.as_ref().unwrap().resource, resource("kyc_identification", KYC));
    let kept = format!("{changed:?}");
    for canary in ["JANE", "EXAMPLE", "X0000000", "1990-01-01", "jane.example", "37060000000", "LTU", "Age30"] {
        assert!(!kept.contains(canary), "{canary}");
    }
}

#[tokio::test]
async fn a_redaction_leaves_what_was_known() {
    let before = after(
        &Truth::intended(Timestamp::from_millis(0)),
        &found(&verification("completed"), Some(&identification("approved.automatic"))).await,
    );
    let emptied = json!({"id": KYC, "identityVerificationId": IDV});
    for kyc in [None, Some(&emptied)] {
        let snapshot = found(&verification("redacted"), kyc).await;
        assert!(part(&snapshot, "identity_verification").has("redacted"));
        let truth = after(&before, &snapshot);
        assert_eq!(truth.status, Status::Approved);
        assert_eq!(since(&before, &truth), Vec::<&Change>::new());
        assert!(truth.parts.iter().any(|part| part.resource.id.as_str() == KYC && part.gone));
    }
    let kept = found(&verification("redacted"), Some(&identification("approved.automatic"))).await;
    assert_eq!(part(&kept, "kyc_identification").digest, None);
}

#[tokio::test]
async fn a_settled_decision_can_be_overturned() {
    let idv = verification("completed");
    let approved = after(
        &Truth::intended(Timestamp::from_millis(0)),
        &found(&idv, Some(&identification("approved.automatic"))).await,
    );
    let rejected = after(&approved, &found(&idv, Some(&identification("rejected"))).await);
    let change = rejected.changes.last().unwrap();
    assert_eq!((change.status, change.previous, change.overturned), (Status::Rejected, Status::Approved, true));
}

/// Every answer that is about something else is refused, in whichever member it shows.
#[tokio::test]
async fn what_is_not_ours_is_never_taken() {
    const OTHER: &str = "11111111-2222-4333-8444-555555555555";
    for (answer, pointer) in
        [(0, "/id"), (0, "/applicationId"), (1, "/id"), (1, "/applicationId"), (1, "/identityVerificationId")]
    {
        let mut answers = [verification("completed"), identification("approved.automatic")];
        *answers[answer].pointer_mut(pointer).unwrap() = json!(OTHER);
        let outcome = look(&answers[0], Some(&answers[1])).await;
        assert!(matches!(outcome, Err(ProviderError::Foreign(_))), "{answer} {pointer}: {outcome:?}");
    }
    let mut nobody = verification("completed");
    nobody.as_object_mut().unwrap().remove("applicationId");
    assert!(matches!(look(&nobody, Some(&identification("rejected"))).await, Err(ProviderError::Foreign(_))));
    let mut shouted = [verification("completed"), identification("approved.automatic")];
    for answer in &mut shouted {
        *answer = serde_json::from_str(
            &answer
                .to_string()
                .replace(IDV, &IDV.to_uppercase())
                .replace(KYC, &KYC.to_uppercase())
                .replace(APPLICATION, &APPLICATION.to_uppercase()),
        )
        .unwrap();
    }
    let snapshot = found(&shouted[0], Some(&shouted[1])).await;
    assert_eq!(snapshot, found(&verification("completed"), Some(&identification("approved.automatic"))).await);
}

#[tokio::test]
async fn whose_a_run_is() {
    let mut other = verification("pending");
    for reference in [json!("customer-8731"), Value::Null] {
        other["externalReferenceId"] = reference;
        assert_eq!(account().resolve(bench(&other, None).reach(), &run()).await, Ok(Whose::Nobodys));
    }
    let mut ours = verification("pending");
    ours["externalReferenceId"] = json!("onb_01ARZ3NDEKTSV4RRFFQ69G5FAV");
    let kyb = fixture("get.kyb-identification.pending");
    let bench = Script::new().idv(&ours).kyb(&kyb).start();
    let Whose::Ours(found) = account().resolve(bench.reach(), &run()).await.unwrap() else { panic!("nobody's") };
    assert_eq!(found.as_str(), "onb_01ARZ3NDEKTSV4RRFFQ69G5FAV");
    // what belongs to a run is not the run, which is what an attempt names
    let part = resource("kyb_identification", KYB);
    let about = Whose::About { subject: run(), part: part.clone() };
    assert_eq!(account().resolve(bench.reach(), &part).await, Ok(about));
    let unknown = resource("identity_verification", KYC);
    assert_eq!(account().resolve(bench.reach(), &unknown).await, Err(ProviderError::NotFound));
}
