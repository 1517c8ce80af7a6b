//! What a look finds, and what the words mean.

use idv_gateway::domain::{Assessment, Claim, ClaimClass, DecidedBy, Opinion, Part, Reason, Standing, Status};
use idv_gateway::ports::ProviderError;
use serde_json::json;

use super::desk::{DATA, GENERATIONS, STATUS, Script, USER_ID, account, back, fixture, parts, run, user};

#[tokio::test]
async fn a_run_that_nobody_is_back_from_asks_nobody() {
    for generation in GENERATIONS {
        let bench = Script::default().start();
        let found = parts(generation, &bench).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((&found[0].resource, found[0].standing), (&run(), Standing::Open));
        let Assessment::Known(opinion) = account(generation).assess(&found) else { panic!("unrecognised") };
        assert_eq!(opinion, Opinion::plain(Status::LinkIssued));
        assert_eq!(account(generation).details(bench.reach(), &run()).await.err(), Some(ProviderError::NotFound));
        assert!(bench.calls().is_empty());
    }
}

/// The three fixtures: one part, one word, one meaning.
#[tokio::test]
async fn each_documented_word_has_one_meaning() {
    for generation in GENERATIONS {
        for (word, standing, status, reason) in [
            ("pending", Standing::Open, Status::InReview, None),
            ("approved", Standing::Approved, Status::Approved, None),
            ("rejected", Standing::Rejected, Status::Rejected, Some(Reason::NotDisclosed)),
        ] {
            let bench = Script::default().on(STATUS, &fixture(&format!("kraken.get.kyc-status.{word}"))).start();
            back(&bench);
            let found = parts(generation, &bench).await.unwrap();
            assert_eq!(found, [Part::new(user(USER_ID), word, standing)], "nothing else is known of a person");
            let Assessment::Known(opinion) = account(generation).assess(&found) else { panic!("{word}") };
            assert_eq!((opinion.status, opinion.decided_by), (status, DecidedBy::Unknown));
            assert_eq!(opinion.reasons.first().map(|why| why.code), reason);
            assert_eq!(opinion.action, None);
            let decided = Claim { class: ClaimClass::Decided, part: Some(user(USER_ID)), at: None };
            assert_eq!(decided.contradicts(&found), word == "pending");
        }
    }
}

#[tokio::test]
async fn any_other_word_is_shown_and_approves_nothing() {
    for generation in GENERATIONS {
        for (word, shown) in [
            ("expired", "expired"),
            ("Approved", "Approved"),
            ("APPROVED", "APPROVED"),
            ("GREEN", "GREEN"),
            ("approved\n", "not_a_word"),
            ("Testa Sample", "not_a_word"),
            ("", "not_a_word"),
        ] {
            let bench = Script::default().on(STATUS, &json!({"status": word, "note": "Testa Sample"})).start();
            back(&bench);
            let found = parts(generation, &bench).await.unwrap();
            assert_eq!(found, [Part::new(user(USER_ID), shown, Standing::Unrecognised)]);
            let resource = user(USER_ID);
            assert_eq!(account(generation).assess(&found), Assessment::Unrecognised { resource }, "{word}");
        }
    }
}

#[tokio::test]
async fn details_are_the_persons_data_as_they_are() {
    for generation in GENERATIONS {
        let data = fixture("kraken.get.kyc-data.approved");
        let bench = Script::default().on(DATA, &data).start();
        back(&bench);
        assert_eq!(account(generation).details(bench.reach(), &run()).await, Ok(data));
        assert_eq!(
            account(generation).details(bench.reach(), &user(USER_ID)).await.unwrap()["info"]["dob"],
            "1990-05-17"
        );
    }
}
