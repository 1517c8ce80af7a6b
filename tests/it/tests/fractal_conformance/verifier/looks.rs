//! What a look finds, and what the words mean.

use idv_gateway::domain::{Assessment, Claim, ClaimClass, DecidedBy, Opinion, Part, Reason, Standing, Status};
use idv_gateway::memory::http::{empty, json as answer};
use idv_gateway::ports::ProviderError;
use serde_json::{Value, json};

use super::desk::{DATA, GENERATIONS, STATUS, Script, USER_ID, account, account_with, back, fixture, parts, run, user};

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
            let script = Script::default().on(STATUS, &fixture(&format!("kraken.get.kyc-status.{word}")));
            let bench = script.on(DATA, &fixture("kraken.get.kyc-data.approved")).start();
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

fn at(level: Value) -> Value {
    let mut data = fixture("kraken.get.kyc-data.approved");
    data["review"]["levelName"] = level;
    data
}

/// The status names no level: whoever was approved at another has not passed what this run asks for.
#[tokio::test]
async fn an_approval_at_another_level_is_none() {
    for generation in GENERATIONS {
        for (level, shown) in [
            (json!("basic+liveness"), "approved"),
            (json!("plus+idos+liveness"), "approved"),
            (json!("basic"), "level:basic"),
            (json!("liveness"), "level:liveness"),
            (json!("uniqueness"), "level:uniqueness"),
            (json!("plus+selfie"), "level:plus+selfie"),
            (json!("Basic+Liveness"), "level:not_a_word"),
            (json!("Testa Sample"), "level:not_a_word"),
            (json!(""), "level:not_a_word"),
            (json!(7), "level:not_a_word"),
        ] {
            let script = Script::default().on(STATUS, &fixture("kraken.get.kyc-status.approved"));
            let bench = script.on(DATA, &at(level.clone())).start();
            back(&bench);
            let found = parts(generation, &bench).await.unwrap();
            let is_approved = shown == "approved";
            let standing = if is_approved { Standing::Approved } else { Standing::Unrecognised };
            assert_eq!(found, [Part::new(user(USER_ID), shown, standing)], "{level}");
            let known =
                matches!(account(generation).assess(&found), Assessment::Known(own) if own.status == Status::Approved);
            assert_eq!(known, is_approved, "{level}");
            assert_eq!(bench.lines(), [STATUS, DATA]);
            // who came without a run is held against what the settings ask for
            assert_eq!(account(generation).look(bench.reach(), &user(USER_ID)).await.unwrap().parts(), found);
        }
    }
}

/// Their schema is not published, and data are deleted while the verdict stands.
#[tokio::test]
async fn a_level_that_is_not_told_counts_unless_it_is_required() {
    let gone = answer(404, &json!({"error": {"message": "not found"}}));
    let told = |data: Value| answer(200, &data);
    for generation in GENERATIONS {
        for data in [
            gone.clone(),
            told(json!({})),
            told(json!({"review": null})),
            told(json!({"review": 7})),
            told(at(json!(null))),
        ] {
            for (setting, shown) in [(json!({}), "approved"), (json!({"level_name": "required"}), "level:not_given")] {
                let script = Script::default().on(STATUS, &fixture("kraken.get.kyc-status.approved"));
                let bench = script.then(DATA, Ok(data.clone())).start();
                back(&bench);
                let found = account_with(generation, setting).look(bench.reach(), &run()).await.unwrap();
                assert_eq!(found.parts().first().unwrap().provider_status, shown);
            }
        }
        for status in ["pending", "rejected", "quantum"] {
            let bench = Script::default().on(STATUS, &json!({"status": status})).start();
            back(&bench);
            parts(generation, &bench).await.unwrap();
            assert_eq!(bench.lines(), [STATUS], "no more personal data are read than need be");
        }
        for (fault, wanted) in [(503, None), (403, Some(ProviderError::Refused { field: None }))] {
            let script = Script::default().on(STATUS, &fixture("kraken.get.kyc-status.approved"));
            let bench = script.then(DATA, Ok(empty(fault))).start();
            back(&bench);
            let found = parts(generation, &bench).await;
            match wanted {
                Some(error) => assert_eq!(found, Err(error)),
                None => assert!(matches!(found, Err(ProviderError::Unavailable(_))), "{found:?}"),
            }
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
