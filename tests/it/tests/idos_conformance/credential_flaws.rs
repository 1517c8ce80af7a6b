//! Everything that can be wrong with a credential, its box and its grant: each a code, none an approval.

use idv_gateway::domain::{Ask, Reason, Status};
use idv_gateway::providers::idos::Flaw as Code;
use idv_simulators::idos::{Act, Content, ContentHash, Draft, Flaw, Place, Sealing, Share, Sharer};
use serde_json::{Value, json};

use crate::credentials::Stand;

/// With how it is found out when the person shares, and when the issuer does: None where it cannot be, because only who
/// re-encrypts a copy can do it.
const FLAWS: [(Flaw, Code, Option<Code>); 13] = [
    (Flaw::FieldsSwapped, Code::Implausible, None),
    (Flaw::FieldRenamed, Code::UserShared, None),
    (Flaw::FieldDropped, Code::UserShared, None),
    (Flaw::Tampered, Code::ProofInvalid, Some(Code::ProofInvalid)),
    (Flaw::LevelRaised, Code::ProofInvalid, Some(Code::ProofInvalid)),
    (Flaw::ProofMissing, Code::ProofMissing, Some(Code::ProofMissing)),
    (Flaw::ForeignKey, Code::ProofInvalid, Some(Code::ProofInvalid)),
    (Flaw::OtherIssuer, Code::IssuerUnknown, Some(Code::IssuerUnknown)),
    (Flaw::OtherMethod, Code::IssuerUnknown, Some(Code::IssuerUnknown)),
    (Flaw::UnknownContext, Code::UnknownContext, Some(Code::UnknownContext)),
    (Flaw::UnknownField, Code::UnknownMember, Some(Code::UnknownMember)),
    (Flaw::NotJson, Code::NotACredential, Some(Code::NotACredential)),
    (Flaw::Legacy, Code::UnknownContext, Some(Code::UnknownContext)),
];

#[tokio::test]
async fn every_flaw_of_a_credential_is_a_code_and_no_approval() {
    let stand = Stand::of("review").await;
    for (flaw, by_user, by_issuer) in FLAWS {
        for (by, code) in [(Sharer::User, Some(by_user)), (Sharer::Issuer, by_issuer)] {
            let Some(code) = code else { continue };
            let seen = stand.shown(&stand.drafted(Draft::flawed(flaw), by), "basic").await;
            assert_eq!(seen.word(), code.as_str(), "{flaw:?} {by:?}");
            assert!(seen.is_refusal(), "{flaw:?} {by:?} {:?}", seen.opinion);
        }
    }
}

/// Whoever accepts copies of the person's own accepts what cannot be seen.
#[tokio::test]
async fn accepting_a_persons_copy_still_refuses_what_can_be_seen() {
    let stand = Stand::of("accept").await;
    for (flaw, code, _) in FLAWS {
        let seen = stand.shown(&stand.drafted(Draft::flawed(flaw), Sharer::User), "basic").await;
        if code == Code::UserShared {
            assert_eq!((seen.word(), seen.opinion.status), ("verified", Status::Approved), "{flaw:?}");
        } else {
            assert!(seen.is_refusal() && seen.word() == code.as_str(), "{flaw:?} {:?}", seen.opinion);
        }
    }
}

#[tokio::test]
async fn every_fault_of_a_box_is_a_code_and_the_person_shares_again() {
    let stand = Stand::of("accept").await;
    let sealed = |sealing| Share { sealing, ..stand.to_us() };
    let placed = |place| Share { place, ..stand.to_us() };
    for (share, code) in [
        (sealed(Sealing::ForeignKey), Code::BoxUnopenable),
        (sealed(Sealing::WrongSender), Code::BoxUnopenable),
        (sealed(Sealing::ShortSender), Code::BoxSenderUnusable),
        (sealed(Sealing::Tampered), Code::BoxUnopenable),
        (sealed(Sealing::Truncated(39)), Code::BoxTruncated),
        (sealed(Sealing::Truncated(100)), Code::BoxUnopenable),
        (sealed(Sealing::Empty), Code::NoContent),
        (sealed(Sealing::NotBase64), Code::NotBase64),
        (Share { content_hash: ContentHash::Wrong, ..stand.to_us() }, Code::HashMismatch),
        (Share { sealing: Sealing::Tampered, place: Place::Blob, ..stand.to_us() }, Code::BoxUnopenable),
        (placed(Place::Nowhere), Code::NoContent),
        (placed(Place::Elsewhere("ukyc://7/blobs/8".to_owned())), Code::UnsupportedAddress),
        (placed(Place::BlobOfSize(Some(7))), Code::TooLarge),
        (placed(Place::BlobOfSize(Some(1_000_000))), Code::WrongLength),
    ] {
        let seen = stand.shown(&share, "basic").await;
        assert!(seen.is_refusal(), "{code} {:?}", seen.opinion);
        assert_eq!(seen.opinion.action.as_ref().map(|action| action.ask), Some(Ask::ProvideDocument), "{code}");
        assert_eq!(seen.word(), code.as_str());
    }
}

/// Anyone can seal a box for us: what is in it is bounded before anything is proven.
#[tokio::test]
async fn a_text_that_grows_when_it_is_read_is_no_credential() {
    let stand = Stand::of("accept").await;
    let many = vec![r#"{"":0}"#; 4 * 1024 * 1024 / 7].join(",");
    for bomb in [format!(r#"{{"a":[{many}]}}"#), format!("[{many}]"), format!(r#"{{"a":{}"#, "[".repeat(1_000_000))] {
        for (place, by) in [(Place::Inline, Sharer::User), (Place::Blob, Sharer::Issuer)] {
            let share = Share { content: Content::Text(bomb.clone()), place, by, ..stand.to_us() };
            let seen = stand.shown(&share, "basic").await;
            assert_eq!((seen.word(), seen.opinion.status), (Code::NotACredential.as_str(), Status::Rejected), "{by:?}");
        }
    }
    let notes = json!({"status": "approved", "a": "x".repeat(16 * 1024)});
    let seen = stand.shown(&Share { notes: Some(notes), ..stand.to_us() }, "basic").await;
    assert_eq!(seen.word(), Code::NotesUnknown.as_str());
}

/// What the issuer has revoked, inserted by the person as an original of their own, beside notes of their own.
#[tokio::test]
async fn an_original_of_the_persons_own_is_not_accepted() {
    let stand = Stand::of("accept").await;
    let own = Share { original: Sharer::User, ..stand.drafted(Draft::default(), Sharer::User) };
    let seen = stand.shown(&own, "basic").await;
    assert_eq!((seen.word(), seen.opinion.status), (Code::UserShared.as_str(), Status::InReview));
    assert_eq!(seen.opinion.action.as_ref().map(|action| action.ask), Some(Ask::TenantMustAct));
    let shared = stand.idos.share(&stand.drafted(Draft::default(), Sharer::User)).unwrap();
    assert_eq!(stand.seen(&shared, "basic").await.opinion.status, Status::Approved);
    stand.idos.act(&shared.credential_id, Act::RevokeNotes).unwrap();
    assert_eq!(stand.seen(&shared, "basic").await.word(), Code::Revoked.as_str());
}

#[tokio::test]
async fn issuer_time_notes_and_content_are_held() {
    let stand = Stand::of("accept").await;
    let later = Draft { issuance_date: Some("2999-01-01T00:00:00Z".to_owned()), ..Draft::default() };
    let text = |text: &str| Share { content: Content::Text(text.to_owned()), ..stand.to_us() };
    let notes = |notes: Value| Share { notes: Some(notes), ..stand.to_us() };
    let made = |draft| stand.drafted(draft, Sharer::Issuer);
    for (share, code, status, reason) in [
        (made(Draft::by_stranger()), Code::IssuerUnknown, Status::Rejected, Reason::DocumentUnsupported),
        (made(Draft::expired()), Code::Expired, Status::Expired, Reason::DocumentExpired),
        (made(later), Code::NotYetValid, Status::InReview, Reason::Other),
        (made(Draft::of_level("gold")), Code::LevelUnknown, Status::Rejected, Reason::DocumentUnsupported),
        (text("{}"), Code::NotACredential, Status::Rejected, Reason::DocumentUnsupported),
        (text("Jane Example"), Code::NotACredential, Status::Rejected, Reason::DocumentUnsupported),
        (text(""), Code::NotACredential, Status::Rejected, Reason::DocumentUnsupported),
        (notes(json!({"status": "revoked"})), Code::Revoked, Status::Cancelled, Reason::Overturned),
        (notes(json!({"status": "suspended"})), Code::NotesUnknown, Status::InReview, Reason::Other),
    ] {
        let seen = stand.shown(&share, "basic").await;
        assert_eq!((seen.word(), seen.opinion.status), (code.as_str(), status));
        assert_eq!(seen.opinion.reasons.iter().map(|because| because.code).collect::<Vec<_>>(), [reason], "{code}");
        assert!(seen.is_refusal(), "{code}");
    }
    for silent in [json!(""), json!("free text"), json!({}), json!({"status": "approved"})] {
        assert_eq!(stand.shown(&notes(silent), "basic").await.opinion.status, Status::Approved);
    }
}

/// An approval does not outlive what it rests on.
#[tokio::test]
async fn what_is_revoked_later_is_no_approval_any_more() {
    let stand = Stand::of("review").await;
    let shared = stand.idos.share(&stand.to_us()).unwrap();
    assert_eq!(stand.seen(&shared, "basic").await.opinion.status, Status::Approved);
    stand.idos.act(&shared.credential_id, Act::RevokeNotes).unwrap();
    let seen = stand.seen(&shared, "basic").await;
    assert_eq!((seen.word(), seen.opinion.status), ("revoked", Status::Cancelled));
}
