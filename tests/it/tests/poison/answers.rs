//! The answer to a batch: the ids of what has to come again, each once, none that was not asked about.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use idv_gateway::domain::{Claim, Notice};
use idv_gateway::fetch::Record;
use idv_gateway::memory::bells::QueueName;
use idv_gateway::ports::SubjectState;
use idv_it::rig::play::Begun;
use idv_it::rig::provider::case;
use idv_it::rig::setup::connection;
use idv_it::rig::{Act, Mode, Rig, Setup};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, proptest};
use proptest::test_runner::RngSeed;

/// Some of every kind of record.
fn record(rig: &Rig, begun: &[Begun], kind: usize, id: usize) -> Record {
    let good = begun[id % begun.len()].touched();
    let notice = match kind {
        0..=2 => good,
        3 => Notice { v: 7, ..good },
        4 => Notice::of_event(connection("nobody"), case("case-1"), Claim::nothing()),
        _ => Notice::of_event(connection("acme"), case("case-8888"), Claim::nothing()),
    };
    let mut record = rig.record(&format!("id-{id}"), &notice);
    if kind == 5 {
        record.body = "nonsense".to_owned();
    }
    record
}

fn check(kinds: &[usize], faults: &BTreeMap<usize, Mode>, young: bool) {
    let mut rig = Rig::new(&Setup::default());
    let begun = [rig.begin_alone("acme", "key-1"), rig.begin_alone("acme", "key-2")];
    let base = rig.chaos.points().len();
    let plan = faults.iter().map(|(&at, &mode)| (base + at, mode)).collect();
    // the same again, with faults from here on
    rig = Rig::new(&Setup { plan, ..Setup::default() });
    let again = [rig.begin_alone("acme", "key-1"), rig.begin_alone("acme", "key-2")];
    assert_eq!(begun.clone().map(|begun| begun.run), again.clone().map(|begun| begun.run));
    rig.wait(60);
    for begun in &again {
        rig.provider("acme").act(&begun.run, Act::Approve);
    }
    let records: Vec<Record> = kinds.iter().enumerate().map(|(id, &kind)| record(&rig, &again, kind, id)).collect();
    let sent = rig.now();
    if !young {
        rig.wait(3);
    }
    let ids: BTreeSet<&str> = records.iter().map(|record| record.id.as_str()).collect();
    // killed, or our own misconfiguration: nothing is answered, all come again
    let Some(Some(failed)) = rig.fetch_these(&records).done() else { return };
    let again: BTreeSet<&str> = failed.iter().map(String::as_str).collect();
    assert_eq!(again.len(), failed.len(), "an id twice: {failed:?}");
    assert!(again.is_subset(&ids), "{failed:?} of {ids:?}");
    let aside = rig.bells.messages(QueueName::NoticesDlq);
    for record in records.iter().filter(|record| !again.contains(record.id.as_str())) {
        let put_aside = aside.iter().any(|message| message.attributes.contains(&("original_id", record.id.clone())));
        let read: Option<Notice> = serde_json::from_str(&record.body).ok().filter(|notice: &Notice| notice.v == 1);
        let subject = read.and_then(|notice| notice.subject());
        let contents = rig.ledger.contents();
        let onboarding = subject.as_ref().and_then(|subject| {
            contents
                .onboardings
                .values()
                .find(|known| known.truth.attempts.iter().any(|run| run.subject.as_ref() == Some(&subject.resource)))
        });
        let looked = onboarding.is_some_and(|known| known.look.started_at.is_some_and(|at| at >= sent));
        // the look that a start plans is due later than that, one that was put off is not
        let soon = rig.now() + Duration::from_secs(11 * 60);
        let due = onboarding.is_some_and(|known| known.look.due.is_some_and(|due| due <= soon));
        let aside = subject.and_then(|subject| contents.subjects.get(&subject).map(|record| record.state.clone()));
        let parked = matches!(aside, Some(SubjectState::Parked { .. } | SubjectState::Stranger));
        assert!(put_aside || looked || due || parked, "{record:?} is gone");
    }
}

const MODES: [Mode; 5] = [Mode::FailBefore, Mode::FailAfter, Mode::Refuse, Mode::Twice, Mode::KillAfter];

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1000, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default()
    })]

    #[test]
    fn the_answer_names_what_comes_again_and_everything_else_is_kept(
        kinds in vec(0_usize..7, 1..=10),
        faults in vec((0_usize..40, 0_usize..MODES.len()), 0..4),
        young in 0_u8..6,
    ) {
        let faults = faults.into_iter().map(|(at, mode)| (at, MODES[mode])).collect();
        check(&kinds, &faults, young == 0);
    }
}
