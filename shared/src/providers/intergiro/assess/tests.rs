#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops loudly")]

use super::super::id::uuid;
use super::*;

const WORDS: [&str; 5] =
    ["pending_activation", "onboarding_requested", "onboarding_data_provided", "activated", "blocked"];

fn person(word: &str) -> Part {
    let standing = Word::read(word).map_or(Standing::Unrecognised, Word::standing);
    Part::new(Kind::Individual.resource(uuid("bd4af0ff-0a72-4e09-b247-c6d8c2391496").unwrap()), word, standing)
}

fn asked(number: u8, kind: &str, by: Option<&str>, consent: bool) -> Part {
    let id = uuid(&format!("b46cfa61-b8bf-4cde-b028-c0cb199066{number:02x}")).unwrap();
    let mut part = Part::new(Kind::PendingAction.resource(id), "open", Standing::Waiting);
    part.provider_reason = Some(kind.to_owned());
    part.marks.extend(by.map(|by| format!("{}{by}", mark::BY)));
    part.marks.extend(consent.then(|| mark::CONSENT.to_owned()));
    part
}

fn known(parts: &[Part]) -> Opinion {
    match assess(parts) {
        Assessment::Known(opinion) => opinion,
        Assessment::Unrecognised { resource } => panic!("{resource}"),
    }
}

#[test]
fn every_status_with_and_without_an_action_has_its_meaning() {
    let expected = [
        (Status::Created, Status::Created, false),
        (Status::LinkIssued, Status::LinkIssued, false),
        (Status::InReview, Status::ActionRequired, true),
        (Status::Approved, Status::Approved, true),
        (Status::Rejected, Status::Rejected, true),
    ];
    for (word, (alone, overlaid, asks)) in WORDS.into_iter().zip(expected) {
        let plain = known(&[person(word)]);
        assert_eq!((plain.status, plain.action), (alone, None), "{word}");
        let parts = [person(word), asked(1, "IdentityVerification", None, true)];
        let opinion = known(&parts);
        assert_eq!((opinion.status, opinion.action.is_some()), (overlaid, asks), "{word}");
        assert_eq!(asking(&parts).is_some(), asks, "{word}");
        let reasons: Vec<_> = opinion.reasons.iter().map(|because| because.code).collect();
        assert_eq!(reasons, if word == "blocked" { vec![Reason::NotDisclosed] } else { vec![] });
    }
    assert_eq!(known(&[]).status, Status::Created);
}

#[test]
fn an_unknown_word_is_never_a_meaning() {
    for parts in [vec![person("closed")], vec![person("closed"), asked(1, "IdentityVerification", None, true)]] {
        assert!(matches!(assess(&parts), Assessment::Unrecognised { .. }));
        assert_eq!(asking(&parts).is_some(), parts.len() > 1, "what is asked may be answered");
    }
    assert!(matches!(assess(&[asked(1, "IdentityVerification", None, true)]), Assessment::Unrecognised { .. }));
}

/// Shown and handed out, after those that are known; never a reason to take a decision back.
#[test]
fn an_action_of_an_unknown_type_is_something_to_answer() {
    let strange = asked(1, "SourceOfFunds", Some("2026-11-23T08:00:00Z"), true);
    let untyped = Part { provider_reason: None, ..strange.clone() };
    for (word, status) in [
        ("onboarding_data_provided", Status::ActionRequired),
        ("activated", Status::Approved),
        ("blocked", Status::Rejected),
    ] {
        for unknown in [&strange, &untyped] {
            let parts = [person(word), unknown.clone()];
            let opinion = known(&parts);
            let action = opinion.action.unwrap();
            assert_eq!((opinion.status, action.ask, action.of), (status, Ask::AnswerQuestion, Asked::Person), "{word}");
            assert_eq!(asking(&parts), Some(unknown.resource.clone()));
        }
    }
    let late = asked(2, "IdentityVerification", Some("2026-11-27T08:00:00Z"), true);
    let parts = [person("activated"), strange, late.clone()];
    assert_eq!(known(&parts).action.map(|action| action.ask), Some(Ask::ProvideDocument));
    assert_eq!(asking(&parts), Some(late.resource));
}

#[test]
fn the_action_that_is_shown_is_the_one_whose_link_is_handed_out() {
    let late = asked(1, "IdentityVerification", Some("2026-11-27T08:00:00Z"), true);
    let soon = asked(2, "ProofOfAddressVerification", Some("2026-11-25T08:00:00Z"), true);
    let sooner = asked(3, "IdentityVerification", Some("2026-11-24T08:00:00Z"), false);
    let endless = asked(4, "IdentityVerification", None, true);
    for parts in [
        vec![person("activated"), late.clone(), soon.clone(), sooner.clone(), endless.clone()],
        vec![endless.clone(), sooner.clone(), soon.clone(), late, person("activated")],
    ] {
        let action = known(&parts).action.unwrap();
        assert_eq!((action.ask, action.by), (Ask::ProveAddress, Timestamp::parse("2026-11-25T08:00:00Z")));
        assert_eq!(asking(&parts), Some(soon.resource.clone()));
    }
    let parts = [person("activated"), sooner, Part { gone: true, ..endless }];
    assert_eq!(known(&parts).action.map(|action| action.ask), Some(Ask::ProvideDocument));
    assert_eq!(asking(&parts), None, "nothing to act on");
}
