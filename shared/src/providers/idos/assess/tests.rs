#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops loudly")]

use proptest::prelude::*;

use super::super::id::uuid;
use super::*;
use crate::domain::{ProviderId, ResourceKind};

fn copy(number: u8, word: &str, standing: Standing, by: &str) -> Part {
    let id = uuid(&format!("0d6b3f52-8c1a-4a77-9b2e-5f1f6f0f2a{number:02x}")).unwrap();
    let mut part = Part::new(Kind::Credential.resource(id), word, standing);
    part.marks = vec![by.to_owned(), "level:plus".to_owned()];
    part
}

fn good() -> Part {
    copy(1, VERIFIED, Standing::Approved, "by:issuer")
}

fn flawed(flaw: Flaw, policy: UserShared) -> Part {
    copy(2, flaw.as_str(), flaw.standing(policy), "by:user")
}

fn gone(part: Part) -> Part {
    Part { gone: true, ..part }
}

fn user() -> Part {
    let id = uuid("7c0f8c7e-2b6c-4d5f-8f43-0a8a4c1d9e01").unwrap();
    Part::new(Kind::User.resource(id), "present", Standing::Open)
}

fn opinion_by(parts: &[Part], policy: UserShared) -> Opinion {
    match assess(parts, policy) {
        Assessment::Known(opinion) => opinion,
        Assessment::Unrecognised { resource } => panic!("{resource:?}"),
    }
}

fn opinion_of(parts: &[Part]) -> Opinion {
    opinion_by(parts, UserShared::Review)
}

fn is_unrecognised(parts: &[Part], policy: UserShared) -> bool {
    matches!(assess(parts, policy), Assessment::Unrecognised { .. })
}

#[test]
fn every_flaw_has_its_row() {
    let person = Some((Ask::ProvideDocument, Asked::Person));
    let tenant = Some((Ask::TenantMustAct, Asked::Tenant));
    let rows = [
        (Flaw::Revoked, Status::Cancelled, Reason::Overturned, None),
        (Flaw::NotesUnknown, Status::InReview, Reason::Other, tenant),
        (Flaw::NoContent, Status::ActionRequired, Reason::ProviderError, person),
        (Flaw::UnsupportedAddress, Status::ActionRequired, Reason::DocumentUnsupported, person),
        (Flaw::TooLarge, Status::ActionRequired, Reason::DocumentUnsupported, person),
        (Flaw::WrongLength, Status::ActionRequired, Reason::ProviderError, person),
        (Flaw::WrongContent, Status::ActionRequired, Reason::ProviderError, person),
        (Flaw::NotBase64, Status::ActionRequired, Reason::ProviderError, person),
        (Flaw::BoxTruncated, Status::ActionRequired, Reason::ProviderError, person),
        (Flaw::BoxSenderUnusable, Status::ActionRequired, Reason::ProviderError, person),
        (Flaw::BoxUnopenable, Status::ActionRequired, Reason::ProviderError, person),
        (Flaw::HashMismatch, Status::ActionRequired, Reason::ProviderError, person),
        (Flaw::NotACredential, Status::Rejected, Reason::DocumentUnsupported, None),
        (Flaw::UnknownContext, Status::InReview, Reason::DocumentUnsupported, tenant),
        (Flaw::UnknownMember, Status::InReview, Reason::DocumentUnsupported, tenant),
        (Flaw::ProofMissing, Status::Rejected, Reason::DocumentUnsupported, None),
        (Flaw::IssuerUnknown, Status::Rejected, Reason::DocumentUnsupported, None),
        (Flaw::ProofInvalid, Status::Rejected, Reason::DocumentSuspectedFraud, None),
        (Flaw::NotYetValid, Status::InReview, Reason::Other, None),
        (Flaw::Expired, Status::Expired, Reason::DocumentExpired, None),
        (Flaw::LevelUnknown, Status::Rejected, Reason::DocumentUnsupported, None),
        (Flaw::LevelInsufficient, Status::Rejected, Reason::MissingEvidence, None),
        (Flaw::UserShared, Status::InReview, Reason::Other, tenant),
        (Flaw::Implausible, Status::InReview, Reason::DataMismatch, tenant),
    ];
    let lasting = Flaw::ALL.iter().copied().filter(|flaw| !flaw.is_passing());
    assert!(rows.iter().map(|(flaw, ..)| *flaw).eq(lasting), "every flaw, in order");
    for (flaw, status, reason, asked) in rows {
        let part = flawed(flaw, UserShared::Review);
        let opinion = opinion_of(&[user(), part.clone()]);
        let found = opinion.action.as_ref().map(|action| (action.ask, action.of));
        assert_eq!((opinion.status, found), (status, asked), "{flaw}");
        assert_eq!(opinion.reasons, [Because { code: reason, provider_code: Some(flaw.to_string()) }], "{flaw}");
        let again = (status == Status::ActionRequired).then(|| part.resource.clone());
        assert_eq!(asking(&[user(), part], UserShared::Review), again, "{flaw}");
    }
    let refused = opinion_by(&[flawed(Flaw::UserShared, UserShared::Refuse)], UserShared::Refuse);
    assert_eq!((refused.status, refused.action, refused.decided_by), (Status::Rejected, None, DecidedBy::Automatic));
}

#[test]
fn a_good_copy_approves_by_whom_it_may() {
    use UserShared::{Accept, Refuse, Review};
    let own = copy(1, VERIFIED, Standing::Approved, "by:user");
    for (part, policy, status) in [
        (good(), Review, Status::Approved),
        (good(), Accept, Status::Approved),
        (good(), Refuse, Status::Approved),
        (own.clone(), Accept, Status::Approved),
        (own.clone(), Review, Status::InReview),
        (own, Refuse, Status::Rejected),
    ] {
        assert_eq!(opinion_by(&[user(), part], policy).status, status, "{policy}");
    }
    for part in [
        copy(1, VERIFIED, Standing::Approved, "by:"),
        copy(1, VERIFIED, Standing::Approved, "by:nobody"),
        copy(1, VERIFIED, Standing::Approved, "level:plus"),
        copy(1, VERIFIED, Standing::Waiting, "by:issuer"),
        copy(1, VERIFIED, Standing::Unrecognised, "by:issuer"),
        copy(1, "Verified", Standing::Approved, "by:issuer"),
        copy(1, "approved", Standing::Approved, "by:issuer"),
        copy(1, "", Standing::Approved, "by:issuer"),
    ] {
        assert!(is_unrecognised(&[user(), part.clone()], Accept), "{part:?}");
    }
}

#[test]
fn the_best_copy_says() {
    let of = |flaw| flawed(flaw, UserShared::Review);
    for flaw in Flaw::ALL {
        assert_eq!(opinion_of(&[of(*flaw), good()]).status, Status::Approved, "{flaw}");
    }
    for (one, other, status) in [
        (Flaw::UserShared, Flaw::ProofInvalid, Status::InReview),
        (Flaw::BoxUnopenable, Flaw::ProofInvalid, Status::ActionRequired),
        (Flaw::UserShared, Flaw::BoxUnopenable, Status::InReview),
        (Flaw::Expired, Flaw::BoxTruncated, Status::ActionRequired),
        (Flaw::Expired, Flaw::Revoked, Status::Expired),
        (Flaw::Revoked, Flaw::LevelInsufficient, Status::Cancelled),
    ] {
        assert_eq!(opinion_of(&[of(one), of(other)]).status, status);
        assert_eq!(opinion_of(&[of(other), of(one)]).status, status);
    }
    let both = opinion_of(&[of(Flaw::LevelInsufficient), of(Flaw::ProofInvalid)]);
    assert_eq!(both.reasons.len(), 2);
}

#[test]
fn what_was_taken_back_no_longer_counts() {
    let of = |flaw| flawed(flaw, UserShared::Review);
    let taken = opinion_of(&[user(), gone(good())]);
    assert_eq!(taken.status, Status::Cancelled);
    assert_eq!(taken.reasons.iter().map(|because| because.code).collect::<Vec<_>>(), [Reason::ConsentDeclined]);
    for (parts, status) in [
        (vec![], Status::Created),
        (vec![user()], Status::LinkIssued),
        (vec![gone(of(Flaw::ProofInvalid))], Status::Rejected),
        (vec![gone(of(Flaw::Expired))], Status::Expired),
        (vec![gone(of(Flaw::Revoked))], Status::Cancelled),
        (vec![gone(of(Flaw::UserShared))], Status::InProgress),
        (vec![gone(of(Flaw::BoxUnopenable))], Status::InProgress),
        (vec![gone(copy(3, "quantum", Standing::Open, "by:issuer"))], Status::InProgress),
        (vec![gone(good()), of(Flaw::UserShared)], Status::InReview),
        (vec![gone(of(Flaw::ProofInvalid)), of(Flaw::BoxUnopenable)], Status::ActionRequired),
        (vec![gone(of(Flaw::ProofInvalid)), good()], Status::Approved),
    ] {
        assert_eq!(opinion_of(&parts).status, status, "{parts:?}");
    }
    assert_eq!(asking(&[gone(of(Flaw::BoxUnopenable))], UserShared::Review), None);
}

#[test]
fn parts_of_other_kinds_approve_nothing_and_unreadable_ones_are_shown() {
    let of_kind = |kind: &str, standing| {
        let resource = Resource { kind: ResourceKind::parse(kind).unwrap(), id: ProviderId::parse("1").unwrap() };
        Part { marks: vec!["by:issuer".to_owned()], ..Part::new(resource, VERIFIED, standing) }
    };
    for kind in ["user", "share"] {
        assert_eq!(opinion_of(&[of_kind(kind, Standing::Approved)]).status, Status::LinkIssued, "{kind}");
    }
    for (kind, standing) in
        [("overflow", Standing::Unrecognised), ("user", Standing::Unrecognised), ("level", Standing::Approved)]
    {
        assert!(is_unrecognised(&[good(), of_kind(kind, standing)], UserShared::Accept), "{kind}");
    }
}

#[test]
fn what_was_not_read_neither_approves_nor_takes_an_approval_back() {
    let unread = copy(9, NOT_READ, Standing::Open, "by:issuer");
    let list = Part { provider_status: NOT_READ.to_owned(), ..user() };
    let [away, refused] =
        [Flaw::ContentAway, Flaw::ContentRefused].map(|flaw| copy(9, flaw.as_str(), Standing::Open, "by:issuer"));
    for unread in [&unread, &list, &away, &refused] {
        assert_eq!(opinion_of(&[user(), unread.clone(), good()]).status, Status::Approved);
        for flaw in Flaw::ALL.iter().filter(|flaw| !flaw.is_passing()) {
            let parts = [user(), flawed(*flaw, UserShared::Review), unread.clone()];
            let Assessment::Unrecognised { resource } = assess(&parts, UserShared::Review) else { panic!("{flaw}") };
            assert_eq!(resource, unread.resource, "{flaw}: kept, and shown");
        }
        assert!(is_unrecognised(&[unread.clone(), gone(good())], UserShared::Review), "it may be among them");
    }
    assert!(is_unrecognised(&[user(), unread.clone()], UserShared::Review));
    assert_eq!(opinion_of(&[user(), gone(unread.clone())]).status, Status::InProgress);
    assert!(is_unrecognised(&[Part { standing: Standing::Approved, ..unread }], UserShared::Accept));
}

fn any_part() -> impl Strategy<Value = Part> {
    let words: Vec<String> =
        Flaw::ALL.iter().map(|flaw| flaw.to_string()).chain([VERIFIED.to_owned(), NOT_READ.to_owned()]).collect();
    let word = prop_oneof![proptest::sample::select(words), Just(VERIFIED.to_owned()), "[a-z_]{0,12}"];
    let marks =
        proptest::collection::vec(proptest::sample::select(vec!["by:issuer", "by:user", "by:x", "level:plus"]), 0..3);
    let kind = proptest::sample::select(vec!["credential", "user", "share", "overflow", "level"]);
    let standing = proptest::sample::select(Standing::ALL);
    (kind, 0..4_u8, word, standing, marks, any::<bool>()).prop_map(|(kind, number, word, standing, marks, gone)| {
        let id = ProviderId::parse(number.to_string()).unwrap();
        let mut part = Part::new(Resource { kind: ResourceKind::parse(kind).unwrap(), id }, &word, standing);
        part.marks = marks.into_iter().map(str::to_owned).collect();
        part.gone = gone;
        part
    })
}

proptest! {
    /// Whatever stands in the parts: an approval has a copy that is there, without a flaw and sufficiently shared.
    #[test]
    fn nothing_else_approves(
        parts in proptest::collection::vec(any_part(), 0..6),
        policy in proptest::sample::select(UserShared::ALL),
    ) {
        let approves = |part: &Part| {
            part.resource.kind.as_str() == "credential" && !part.gone && part.provider_status == VERIFIED
                && part.standing == Standing::Approved
                && (part.has("by:issuer") || part.has("by:user") && policy == UserShared::Accept)
        };
        if let Assessment::Known(opinion) = assess(&parts, policy) {
            prop_assert!(opinion.status != Status::Approved || parts.iter().any(approves));
            let known = |because: &Because| because.provider_code.as_deref().is_some_and(|word| {
                word == VERIFIED || Flaw::from_text(word).is_some()
            });
            prop_assert!(opinion.reasons.iter().all(known));
            prop_assert_eq!(opinion.status == Status::ActionRequired, asking(&parts, policy).is_some());
        } else {
            prop_assert_eq!(asking(&parts, policy), None);
        }
    }
}
