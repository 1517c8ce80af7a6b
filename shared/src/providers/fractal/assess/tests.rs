#![expect(clippy::unwrap_used, reason = "a test stops loudly")]

use super::*;
use crate::domain::{OnboardingId, ProviderId};
use crate::providers::fractal::classic::case::{Verdict, of_verdict, verdict};
use crate::providers::fractal::id::{Journey, level_of, uuid};
use crate::providers::fractal::level::Asked as Levels;

const VERDICTS: [Verdict; 7] = [
    Verdict::Rejected,
    Verdict::Unrecognised,
    Verdict::Contacted,
    Verdict::Expired,
    Verdict::InReview,
    Verdict::InProgress,
    Verdict::Approved,
];

fn uid() -> ProviderId {
    uuid("14ec6af0-12f8-4bce-a6ab-01ce87fa1812").unwrap()
}

fn user(word: &str, standing: Standing, marks: &[&str]) -> Part {
    let mut part = Part::new(Kind::User.resource(uid()), word, standing);
    part.marks = marks.iter().map(|mark| (*mark).to_owned()).collect();
    part
}

/// A person whose token serves, of whom both levels were asked.
fn person() -> Part {
    user("granted", Standing::Open, &["asked:basic", "asked:liveness"])
}

fn lost() -> Part {
    user("lost", Standing::Waiting, &["asked:basic", "asked:liveness", mark::LOST])
}

fn level(name: &str, verdict: Verdict) -> Part {
    of_verdict(level_of(&uid(), name).unwrap(), "word", verdict)
}

fn ungranted(name: &str) -> Part {
    let mut part = Part::new(level_of(&uid(), name).unwrap(), "not_granted", Standing::Waiting);
    part.marks.push(mark::NOT_GRANTED.to_owned());
    part
}

fn journey() -> Part {
    let onboarding = OnboardingId::parse("onb_01M7VZGC00EXAMPEEXAMPEEXAM").unwrap();
    let asked = Levels::of(["basic", "liveness"]).unwrap();
    Part::new(Journey { onboarding, attempt: 1, asked }.resource().unwrap(), "not_back", Standing::Open)
}

fn gone(part: Part) -> Part {
    Part { gone: true, ..part }
}

fn row(parts: &[Part]) -> (Option<Status>, Option<Reason>, Option<Ask>) {
    match assess(parts) {
        Assessment::Known(opinion) => {
            let reason = opinion.reasons.first().map(|because| because.code);
            (Some(opinion.status), reason, opinion.action.map(|action| action.ask))
        }
        Assessment::Unrecognised { .. } => (None, None, None),
    }
}

fn status(parts: &[Part]) -> Option<Status> {
    row(parts).0
}

#[test]
fn two_levels_in_every_pair_of_verdicts() {
    for one in VERDICTS {
        for other in VERDICTS {
            let found = status(&[person(), level("basic", one), level("liveness", other)]);
            let has = |verdict| one == verdict || other == verdict;
            let wanted = if has(Verdict::Rejected) {
                Some(Status::Rejected)
            } else if has(Verdict::Unrecognised) {
                None
            } else if has(Verdict::Contacted) {
                Some(Status::ActionRequired)
            } else if has(Verdict::Expired) {
                Some(Status::Expired)
            } else if has(Verdict::InReview) {
                Some(Status::InReview)
            } else if has(Verdict::InProgress) {
                Some(Status::InProgress)
            } else {
                Some(Status::Approved)
            };
            assert_eq!(found, wanted, "{one:?} {other:?}");
        }
    }
}

#[test]
fn an_approval_needs_every_level_that_was_asked_for() {
    assert_eq!(status(&[person(), level("basic", Verdict::Approved)]), Some(Status::InProgress));
    let gone_one = [person(), level("basic", Verdict::Approved), gone(level("liveness", Verdict::Approved))];
    assert_eq!(status(&gone_one), Some(Status::InProgress));
    assert_eq!(status(&[person()]), Some(Status::InProgress));
    assert_eq!(status(&[level("basic", Verdict::Approved)]), None, "of nobody");
}

#[test]
fn every_row_has_its_reason_and_its_action() {
    let with = |verdict| [person(), level("basic", verdict), level("liveness", Verdict::Approved)];
    assert_eq!(row(&with(Verdict::Rejected)), (Some(Status::Rejected), Some(Reason::NotDisclosed), None));
    assert_eq!(row(&with(Verdict::Contacted)), (Some(Status::ActionRequired), None, Some(Ask::AnswerQuestion)));
    assert_eq!(row(&with(Verdict::Expired)), (Some(Status::Expired), Some(Reason::DocumentExpired), None));
    let consent = (Some(Status::ActionRequired), Some(Reason::ConsentDeclined), Some(Ask::GiveConsent));
    assert_eq!(row(&[person(), ungranted("basic"), level("liveness", Verdict::Approved)]), consent);
    assert_eq!(row(&[person(), level("basic", Verdict::Contacted), ungranted("liveness")]), consent);
    assert_eq!(row(&[lost()]), consent);
    assert_eq!(status(&[]), Some(Status::Created));
    assert_eq!(status(&[journey()]), Some(Status::LinkIssued));
    assert_eq!(status(&[user("made", Standing::Open, &[]), journey()]), Some(Status::InProgress));
}

#[test]
fn a_lost_grant_hides_no_decision_and_makes_none() {
    let consent = (Some(Status::ActionRequired), Some(Reason::ConsentDeclined), Some(Ask::GiveConsent));
    for decided in [Verdict::Approved, Verdict::Rejected, Verdict::Expired] {
        let known_before = [lost(), gone(level("basic", decided)), gone(level("liveness", Verdict::InReview))];
        assert_eq!(status(&known_before), None, "{decided:?}");
        assert!(asking(&known_before).is_some(), "a link can be had");
        let unopenable = [journey(), gone(person()), gone(level("basic", decided))];
        assert_eq!(status(&unopenable), None, "{decided:?}");
    }
    let open = [lost(), gone(level("basic", Verdict::InReview)), gone(level("liveness", Verdict::Contacted))];
    assert_eq!(row(&open), consent);
    assert_eq!(row(&[journey(), gone(person())]), consent);
    // the sweep tells of one level
    assert_eq!(row(&[lost(), level("basic", Verdict::Approved)]), consent);
    assert_eq!(status(&[lost(), level("basic", Verdict::Rejected)]), Some(Status::Rejected));
    let half = [lost(), level("basic", Verdict::Approved), gone(level("liveness", Verdict::Approved))];
    assert_eq!(status(&half), None);
    // of both
    let told = [lost(), level("basic", Verdict::Approved), level("liveness", Verdict::Approved)];
    assert_eq!((status(&told), asking(&told)), (Some(Status::Approved), None));
}

#[test]
fn a_link_is_for_what_is_asked() {
    let basic = level_of(&uid(), "basic");
    let with = |part| [person(), level("liveness", Verdict::Approved), part];
    assert_eq!(asking(&with(level("basic", Verdict::Contacted))), basic);
    assert_eq!(asking(&with(level("basic", Verdict::Expired))), basic);
    assert_eq!(asking(&with(ungranted("basic"))), basic);
    for verdict in [Verdict::Rejected, Verdict::Approved, Verdict::InReview, Verdict::InProgress, Verdict::Unrecognised]
    {
        assert_eq!(asking(&with(level("basic", verdict))), None, "{verdict:?}");
    }
    assert_eq!(asking(&[lost()]), Some(Kind::User.resource(uid())));
    assert_eq!(asking(&[journey(), gone(person())]), Some(journey().resource));
    assert_eq!(asking(&[journey()]), None);
}

#[test]
fn verifier_and_relay_have_one_decision() {
    for (word, standing, wanted) in [
        ("made", Standing::Open, Some(Status::InProgress)),
        ("pending", Standing::Open, Some(Status::InReview)),
        ("approved", Standing::Approved, Some(Status::Approved)),
        ("rejected", Standing::Rejected, Some(Status::Rejected)),
        ("quantum", Standing::Unrecognised, None),
        ("quantum", Standing::Ended, None),
        ("quantum", Standing::Waiting, None),
    ] {
        assert_eq!(status(&[user(word, standing, &[])]), wanted, "{word} {standing:?}");
    }
}

#[test]
fn no_word_of_nobodys_is_an_approval() {
    let words = ["pending", "contacted", "done", "approved", "rejected", "expired", "quantum"].map(Some);
    for status_word in words.into_iter().chain([None]) {
        for credential in words.into_iter().chain([None]) {
            let found = verdict(status_word, credential, Some(true));
            let parts = [person(), level("basic", found), level("liveness", Verdict::Approved)];
            let approved = status(&parts) == Some(Status::Approved);
            let says_so = credential == Some("approved") || status_word == Some("approved");
            assert!(!approved || says_so, "{status_word:?} {credential:?}");
        }
    }
    let other = Resource { kind: crate::domain::ResourceKind::parse("overflow").unwrap(), id: uid() };
    let folded = Part::new(other, "overflow", Standing::Unrecognised);
    assert_eq!(
        status(&[person(), level("basic", Verdict::Approved), level("liveness", Verdict::Approved), folded]),
        None
    );
}
