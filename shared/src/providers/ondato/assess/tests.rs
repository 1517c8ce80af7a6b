#![expect(clippy::unwrap_used, clippy::panic, reason = "tests stop loudly")]

use super::*;
use crate::domain::Standing;
use crate::providers::ondato::id::uuid;
use crate::providers::ondato::words::GROUNDS;

const VERIFICATIONS: [&str; 7] = ["Pending", "InProgress", "Suspended", "Completed", "Aborted", "Expired", "New"];
const KYC: [Option<&str>; 5] = [None, Some("Awaiting"), Some("Approved"), Some("Rejected"), Some("New")];
const KYB: [Option<&str>; 5] = [None, Some("Pending"), Some("Approved"), Some("Rejected"), Some("New")];

fn part(kind: Kind, status: &str) -> Part {
    let id = uuid("7a1f3c94-2b5d-4e6f-8a90-b1c2d3e4f501").unwrap();
    let standing = match kind {
        Kind::IdentityVerification => VerificationStatus::read(status).map(VerificationStatus::standing),
        Kind::KycIdentification => KycStatus::read(status).map(KycStatus::standing),
        Kind::KybIdentification => KybStatus::read(status).map(KybStatus::standing),
        Kind::Form => Some(Standing::Open),
    };
    Part::new(kind.resource(id), status, standing.unwrap_or(Standing::Unrecognised))
}

fn parts(verification: &str, kyc: Option<&str>, kyb: Option<&str>) -> Vec<Part> {
    let kyc = kyc.map(|status| part(Kind::KycIdentification, status));
    let kyb = kyb.map(|status| part(Kind::KybIdentification, status));
    std::iter::once(part(Kind::IdentityVerification, verification)).chain(kyc).chain(kyb).collect()
}

fn status(parts: &[Part]) -> Option<Status> {
    match assess(parts) {
        Assessment::Known(opinion) => Some(opinion.status),
        Assessment::Unrecognised { .. } => None,
    }
}

#[test]
fn only_what_the_table_says_is_approved() {
    for verification in VERIFICATIONS {
        for kyc in KYC {
            for kyb in KYB {
                let approved = status(&parts(verification, kyc, kyb)) == Some(Status::Approved);
                let expected = match (kyc, kyb) {
                    (Some("Approved"), None | Some("Approved")) => verification == "Completed",
                    (None, Some("Approved")) => verification != "New",
                    _ => false,
                };
                assert_eq!(approved, expected, "{verification} {kyc:?} {kyb:?}");
            }
        }
    }
}

#[test]
fn an_unknown_word_is_named_and_decides_nothing() {
    for (at, found) in [
        (0, parts("New", Some("Approved"), None)),
        (1, parts("Completed", Some("New"), Some("Rejected"))),
        (2, parts("Completed", Some("Approved"), Some("New"))),
    ] {
        let resource = found.get(at).unwrap().resource.clone();
        assert_eq!(assess(&found), Assessment::Unrecognised { resource });
    }
}

#[test]
fn rows_of_a_person() {
    for (verification, kyc, expected) in [
        ("Pending", None, Some(Status::LinkIssued)),
        ("InProgress", None, Some(Status::InProgress)),
        ("Suspended", Some("Awaiting"), Some(Status::InProgress)),
        ("Completed", Some("Awaiting"), Some(Status::InReview)),
        ("Completed", None, None),
        ("InProgress", Some("Approved"), Some(Status::InReview)),
        ("Expired", Some("Approved"), Some(Status::Expired)),
        ("Aborted", Some("Approved"), Some(Status::Abandoned)),
        ("Expired", Some("Awaiting"), Some(Status::Expired)),
        ("Expired", Some("Rejected"), Some(Status::Rejected)),
        ("Aborted", None, Some(Status::Abandoned)),
        ("Suspended", Some("Rejected"), Some(Status::ActionRequired)),
        ("Completed", Some("Rejected"), Some(Status::Rejected)),
    ] {
        assert_eq!(status(&parts(verification, kyc, None)), expected, "{verification} {kyc:?}");
    }
}

#[test]
fn a_critical_reason_leaves_no_further_try() {
    for (reason, ground) in GROUNDS {
        let mut found = parts("InProgress", Some("Rejected"), None);
        found.last_mut().unwrap().provider_reason = Some((*reason).to_owned());
        let Assessment::Known(opinion) = assess(&found) else { panic!("{reason}") };
        let expected = if ground.retry.is_some() { Status::ActionRequired } else { Status::Rejected };
        assert_eq!(opinion.status, expected, "{reason}");
        assert_eq!(opinion.action.map(|action| action.ask), ground.retry, "{reason}");
        assert_eq!(opinion.reasons.first().map(|because| because.code), Some(ground.reason), "{reason}");
    }
}

#[test]
fn marks_turn_the_row() {
    let with = |verification: &str, kyc: Option<&str>, kyb: Option<&str>, at: usize, mark: &str| {
        let mut found = parts(verification, kyc, kyb);
        found.get_mut(at).unwrap().marks.push(mark.to_owned());
        status(&found)
    };
    assert_eq!(with("Completed", Some("Approved"), None, 0, mark::UNSUCCESSFUL), None);
    assert_eq!(with("Aborted", None, None, 0, mark::CONSENT_DECLINED), Some(Status::Cancelled));
    assert_eq!(with("InProgress", Some("Awaiting"), None, 1, mark::PROCESSED), Some(Status::Submitted));
    assert_eq!(with("Completed", None, Some("Pending"), 1, mark::DOCUMENT_INVALIDATED), Some(Status::ActionRequired));
}

#[test]
fn a_gone_identification_speaks_until_another_is_there() {
    let mut found = parts("InProgress", Some("Rejected"), None);
    found.last_mut().unwrap().gone = true;
    assert_eq!(status(&found), Some(Status::ActionRequired));
    found.push(part(Kind::KycIdentification, "Awaiting"));
    assert_eq!(status(&found), Some(Status::InProgress));
}
