//! What a good credential is worth: by who inserted it, by its level, by its context; and what is shown of it.

use idv_gateway::domain::{Ask, Asked, Reason, Standing, Status};
use idv_simulators::idos::craft::{quads, verifiable};
use idv_simulators::idos::{Content, Draft, Flaw, Issuer, Place, Share, Sharer, SubjectContext};
use serde_json::{Value, json};

use crate::credentials::Stand;

/// Who inserted × what the tenant says × whether the fields stand where they should.
#[tokio::test]
async fn who_inserted_it_and_the_tenants_word_decide() {
    let swapped = Some(Flaw::FieldsSwapped);
    for (policy, rows) in [
        ("review", [("user_shared", Status::InReview), ("implausible", Status::InReview)]),
        ("accept", [("verified", Status::Approved), ("implausible", Status::InReview)]),
        ("refuse", [("user_shared", Status::Rejected), ("user_shared", Status::Rejected)]),
    ] {
        let stand = Stand::of(policy).await;
        for (flaw, (word, status)) in [None, swapped].into_iter().zip(rows) {
            let share = stand.drafted(Draft { flaw, ..Draft::default() }, Sharer::User);
            let seen = stand.shown(&share, "plus+liveness").await;
            assert_eq!((seen.word(), seen.opinion.status), (word, status), "{policy} {flaw:?}");
            assert!(seen.part.has("by:user") && seen.part.has("level:plus+liveness"), "{:?}", seen.part.marks);
            let asked = seen.opinion.action.as_ref().map(|action| (action.ask, action.of));
            let expected = (status == Status::InReview).then_some((Ask::TenantMustAct, Asked::Tenant));
            assert_eq!(asked, expected, "{policy} {flaw:?}");
        }
        let seen = stand.shown(&stand.to_us(), "plus+liveness").await;
        assert_eq!((seen.word(), seen.opinion.status), ("verified", Status::Approved), "{policy}");
        assert_eq!((seen.part.standing, seen.part.has("by:issuer")), (Standing::Approved, true), "{policy}");
    }
}

#[tokio::test]
async fn levels_and_add_ons_are_those_that_were_asked_for() {
    let stand = Stand::of("review").await;
    for (held, sufficient, insufficient) in [
        ("basic", vec!["basic"], vec!["plus", "basic+liveness", "human"]),
        ("plus", vec!["basic", "plus"], vec!["plus+liveness", "basic+email", "human"]),
        ("plus+liveness", vec!["basic", "plus", "basic+liveness", "plus+liveness"], vec!["plus+liveness+email"]),
        ("basic+email+liveness", vec!["basic+liveness+email"], vec!["plus", "basic+phoneNumber"]),
        ("human", vec!["human"], vec!["basic", "plus"]),
    ] {
        let shared = stand.idos.share(&stand.drafted(Draft::of_level(held), Sharer::Issuer)).unwrap();
        for asked in sufficient {
            assert_eq!(stand.seen(&shared, asked).await.opinion.status, Status::Approved, "{held} {asked}");
        }
        for asked in insufficient {
            let seen = stand.seen(&shared, asked).await;
            assert_eq!((seen.word(), seen.opinion.status), ("level_insufficient", Status::Rejected), "{held} {asked}");
            assert_eq!(seen.opinion.reasons[0].code, Reason::MissingEvidence);
        }
    }
}

#[tokio::test]
async fn every_pinned_context_is_read() {
    let stand = Stand::of("review").await;
    let first = json!({"applicantId": "a-1", "inquiryId": "i-1", "governmentId": "g-1", "governmentIdType": "t"});
    for (context, subject, level) in [
        (SubjectContext::First, first.clone(), "plus"),
        (SubjectContext::Second, json!({"maidenName": "Muster", "ssn": "123456789"}), "plus"),
        (SubjectContext::Face, json!({}), "human"),
    ] {
        let subject = subject.as_object().unwrap().clone();
        let draft = Draft { context, subject, ..Draft::of_level(level) };
        let seen = stand.shown(&stand.drafted(draft, Sharer::Issuer), level).await;
        assert_eq!((seen.word(), seen.opinion.status), ("verified", Status::Approved), "{context:?}");
    }
}

/// Letters that canonical quads escape, and some that look as if they should be: the other code signs, ours verifies.
#[tokio::test]
async fn texts_of_all_letters_are_canonical() {
    let stand = Stand::of("review").await;
    let issuer = Issuer::default();
    for text in [
        "",
        "\"",
        "\\",
        "\\\"",
        "a\nb\r\nc",
        "\t\u{0}\u{8}\u{c}\u{1f}\u{7f}\u{85}\u{2028}\u{feff}",
        "é ß 李 😀 \u{e000}",
        "> <http://www.w3.org/2001/XMLSchema#string> \"x\" .\n<y",
        "\\u0041\\n",
    ] {
        let mut credential = json!({
            "@context": quads::contexts(), "type": ["VerifiableCredential"], "issuer": verifiable::controller(&issuer.base),
            "id": "https://issuer.example.com/idos/credentials/1", "level": "plus", "approvedAt": text,
            "issuanceDate": "2026-01-15T10:00:00Z",
            "credentialSubject": {
                "@context": SubjectContext::Second.url(), "id": "uuid:1", "firstName": text, "familyName": format!("{text}."),
                "nationality": text, "dateOfBirth": text, "residentialAddressProofDateOfIssue": text,
            },
        });
        verifiable::sign(&mut credential, &issuer.base, &issuer.seed, "2026-01-15T10:00:00Z").unwrap();
        let share = |credential: &Value| Share { content: Content::Text(credential.to_string()), ..stand.to_us() };
        assert_eq!(stand.shown(&share(&credential), "plus").await.word(), "verified", "{text:?}");
        credential["credentialSubject"]["firstName"] = json!(format!("{text}\u{200b}"));
        assert_eq!(stand.shown(&share(&credential), "plus").await.word(), "proof_invalid", "{text:?}");
    }
}

#[tokio::test]
async fn details_are_the_credential_itself_and_large_files_give_way() {
    let stand = Stand::of("review").await;
    let shared = stand.idos.share(&stand.drafted(Draft::default(), Sharer::User)).unwrap();
    let details = stand.details(&shared).await;
    let shown = &details["credentials"][0];
    assert_eq!(shown["credential"], serde_json::from_str::<Value>(&shared.plaintext).unwrap());
    assert_eq!(
        (&shown["id"], &shown["shared_by"], &shown["flaw"]),
        (&json!(shared.credential_id), &json!("user"), &json!("user_shared"))
    );
    assert_eq!((&shown["level"], shown["issuer"].is_string()), (&json!("plus+liveness"), true));

    let large = Draft { front_file_bytes: Some(3_600_000), ..Draft::default() };
    let share = Share { place: Place::Blob, ..stand.drafted(large, Sharer::Issuer) };
    let shared = stand.idos.share(&share).unwrap();
    let details = stand.details(&shared).await;
    let subject = &details["credentials"][0]["credential"]["credentialSubject"];
    assert_eq!(subject["idDocumentFrontFile"], json!({"media_type": "image/jpeg", "bytes": 3_600_000}));
    assert_eq!((&subject["firstName"], details["credentials"][0].get("flaw")), (&json!("Testa"), None));
    assert!(details.to_string().len() < 10_000);
    assert_eq!(stand.seen(&shared, "plus").await.opinion.status, Status::Approved);
}

/// What was not opened is not shown, and what is not a credential neither.
#[tokio::test]
async fn details_of_what_cannot_be_read_are_its_flaw() {
    let stand = Stand::of("review").await;
    for (share, flaw) in [
        (Share { sealing: idv_simulators::idos::Sealing::ForeignKey, ..stand.to_us() }, "box_unopenable"),
        (Share { content: Content::Text("Jane Example".to_owned()), ..stand.to_us() }, "not_a_credential"),
    ] {
        let shared = stand.idos.share(&share).unwrap();
        let details = stand.details(&shared).await;
        let shown = &details["credentials"][0];
        assert_eq!((&shown["flaw"], &shown["credential"]), (&json!(flaw), &Value::Null));
        assert!(!details.to_string().contains("Jane"));
    }
}
