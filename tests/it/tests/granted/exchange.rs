//! A code is exchanged once; what passes is waited for, what does not sends the person once more.

use std::time::Duration;

use idv_gateway::domain::{Notice, Status};
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::ProviderError;
use idv_it::rig::pulse::Task;
use idv_it::rig::{Act, Rig};

use super::{Sent, comes, dlq, granting, is_bound, mixed, send, status, truth};

fn passing() -> [ProviderError; 4] {
    [
        ProviderError::Busy { retry_after: None },
        ProviderError::Busy { retry_after: Some(Duration::from_secs(30)) },
        ProviderError::Unavailable("down"),
        ProviderError::Renewing,
    ]
}

fn final_ones() -> [ProviderError; 5] {
    [
        ProviderError::Refused { field: None },
        ProviderError::Unauthorized,
        ProviderError::NotFound,
        ProviderError::Foreign("another's"),
        ProviderError::Unsupported("no such thing"),
    ]
}

fn begun(key: &str) -> (Rig, Sent) {
    let mut rig = Rig::new(&granting());
    let person = send(&rig, key);
    rig.settle().unwrap();
    rig.provider("acme").act(&person.begun.run, Act::Begin);
    (rig, person)
}

#[test]
fn what_passes_has_the_same_code_tried_again() {
    for error in passing() {
        for times in 1..=2 {
            let (mut rig, person) = begun("key-1");
            rig.provider("acme").fails_to_exchange(&vec![error.clone(); times]);
            let asked = rig.chaos.count("account.exchange");
            comes(&rig, &person, "code-1");
            rig.play_for(Duration::from_secs(60));
            assert_eq!(rig.chaos.count("account.exchange") - asked, times + 1, "{error:?}");
            assert_eq!(status(&rig, &person), Status::InProgress, "{error:?} {times}");
            assert!(is_bound(&rig, &person.begun.run, &person), "{error:?}");
            rig.settle().unwrap();
            assert_eq!((rig.provider("acme").tokens().len(), dlq(&rig)), (1, 0), "{error:?}");
        }
    }
}

/// And then the code is given up; the notice's look is not.
#[test]
fn what_does_not_pass_in_three_receives_is_given_up_and_looked_at() {
    for error in passing() {
        let (mut rig, person) = begun("key-1");
        rig.provider("acme").fails_to_exchange(&vec![error.clone(); 9]);
        let (asked, looks) = (rig.chaos.count("account.exchange"), rig.looks_at(&person.begun));
        rig.scheduled = false;
        comes(&rig, &person, "code-1");
        rig.play_for(Duration::from_secs(60));
        assert_eq!(rig.chaos.count("account.exchange") - asked, 3, "{error:?}");
        assert!(rig.looks_at(&person.begun) > looks, "{error:?}");
        rig.scheduled = true;
        rig.settle().unwrap();
        assert_eq!((status(&rig, &person), dlq(&rig)), (Status::LinkIssued, 0), "{error:?}");
        rig.provider("acme").fails_to_exchange(&[]);
        comes(&rig, &person, "another-code");
        rig.settle().unwrap();
        assert_eq!(status(&rig, &person), Status::InProgress, "{error:?}: they come again by the same link");
    }
}

#[test]
fn what_is_refused_is_not_tried_again_and_the_person_comes_by_the_same_link() {
    for error in final_ones() {
        let (mut rig, person) = begun("key-1");
        rig.provider("acme").fails_to_exchange(std::slice::from_ref(&error));
        let asked = rig.chaos.count("account.exchange");
        let looks = rig.looks_at(&person.begun);
        for _ in 0..2 {
            comes(&rig, &person, "code-1");
            rig.settle().unwrap();
            assert_eq!(rig.chaos.count("account.exchange") - asked, 1, "{error:?}: also when they reload the page");
        }
        assert!(rig.looks_at(&person.begun) > looks, "{error:?}");
        assert!(truth(&rig, &person).attempts[0].return_nonce.is_some(), "{error:?}");
        comes(&rig, &person, "another-code");
        rig.settle().unwrap();
        assert_eq!(status(&rig, &person), Status::InProgress, "{error:?}");
        assert!(is_bound(&rig, &person.begun.run, &person), "{error:?}");
        assert_eq!(truth(&rig, &person).attempts[0].return_nonce, None);
    }
}

/// The account's own trouble is no reason to keep a paused connection's people waiting, nor to pause it.
#[test]
fn a_failed_exchange_counts_as_no_failure_of_the_connection() {
    let (mut rig, person) = begun("key-1");
    rig.provider("acme").fails_to_exchange(&vec![ProviderError::Unavailable("down"); 9]);
    comes(&rig, &person, "code-1");
    rig.play_for(Duration::from_secs(60));
    let connections = rig.ledger.contents().connections;
    assert!(connections.values().all(|record| record.failures == 0 && record.paused_until.is_none()));
}

fn waiting(rig: &Rig) -> Vec<Notice> {
    let messages = rig.bells.messages(QueueName::Notices);
    messages.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
}

/// The same message twice at the same time, or the person's second click.
#[test]
fn two_fetchers_at_once_exchange_a_code_once_and_bind_its_name() {
    for seed in 0..300_u64 {
        let (mut rig, person) = begun("key-1");
        comes(&rig, &person, "code-1");
        let notice = waiting(&rig).remove(0);
        let records = [[rig.record("1", &notice)], [rig.record("2", &notice)]];
        rig.wait(3);
        let ends = mixed(seed, records.iter().map(|records| Task::new(rig.fetcher.batch(records))).collect());
        assert!(ends.iter().all(Result::is_ok), "seed {seed}");
        rig.settle().unwrap();
        assert_eq!(rig.provider("acme").tokens().len(), 1, "seed {seed}");
        assert!(is_bound(&rig, &person.begun.run, &person), "seed {seed}");
        assert_eq!(status(&rig, &person), Status::InProgress, "seed {seed}");
        assert_eq!(truth(&rig, &person).attempts[0].return_nonce, None, "seed {seed}");
    }
}

/// Two tabs, and in each the person is signed in as somebody else: whoever's grant stands in the end is known by name.
#[test]
fn two_codes_at_once_leave_one_grant_whose_name_is_bound() {
    let mut seen = [false; 2];
    for seed in 0..400_u64 {
        let (mut rig, person) = begun("key-1");
        rig.provider("acme").is_code_of(4, "alice");
        rig.provider("acme").is_code_of(6, "barbara");
        comes(&rig, &person, "aaaa");
        comes(&rig, &person, "bbbbbb");
        let notices = waiting(&rig);
        let records: Vec<_> = notices.iter().map(|notice| [rig.record("1", notice)]).collect();
        rig.wait(3);
        let ends = mixed(seed, records.iter().map(|records| Task::new(rig.fetcher.batch(records))).collect());
        assert!(ends.iter().all(Result::is_ok), "seed {seed}");
        rig.settle().unwrap();
        let parts = truth(&rig, &person).parts;
        let shown: Vec<&str> = parts
            .iter()
            .filter(|part| part.resource.kind.as_str() == "person" && !part.gone)
            .map(|part| part.resource.id.as_str())
            .collect();
        assert_eq!(shown.len(), 1, "seed {seed}: one grant");
        assert!(is_bound(&rig, shown[0], &person), "seed {seed}: {shown:?}");
        seen[rig.provider("acme").tokens().len() - 1] = true;
        assert_eq!(dlq(&rig), 0, "seed {seed}");
    }
    assert_eq!(seen, [true, true], "one after the other, and both at once");
}
