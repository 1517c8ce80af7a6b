//! All orders of up to six notices, with duplicates and losses.

use std::sync::OnceLock;
use std::time::Duration;

use idv_gateway::domain::Status;
use idv_it::rig::canon::{self, Whole};
use idv_it::rig::provider::meaning;
use idv_it::rig::{Act, Rig, Setup, Thin};
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, proptest};

/// Six acts, each with its notice. Two decisions of three are taken back by a later act.
const ACTS: [Act; 6] = [Act::Begin, Act::Complete, Act::Review, Act::Reject, Act::Review, Act::Approve];

/// A letter: which act it tells of, and how many milliseconds after the one before it.
type Letter = (usize, u64);

/// All acts happen, then their webhooks come in that order, each so many times; not at all is a loss.
fn play(order: &[usize], copies: &[usize]) -> Whole {
    play_at(&Setup::default(), order, copies)
}

fn play_at(setup: &Setup, order: &[usize], copies: &[usize]) -> Whole {
    let letters: Vec<Letter> =
        order.iter().flat_map(|&place| std::iter::repeat_n((place, 700), copies[place])).collect();
    play_letters_at(setup, copies.len(), &letters)
}

fn play_letters(acts: usize, letters: &[Letter]) -> Whole {
    play_letters_at(&Setup::default(), acts, letters)
}

/// The first acts happen, so many of them, then those letters come.
fn play_letters_at(setup: &Setup, acts: usize, letters: &[Letter]) -> Whole {
    let mut rig = Rig::new(setup);
    let begun = rig.begin("acme", "key-1");
    let events: Vec<_> = ACTS[..acts]
        .iter()
        .map(|&act| {
            rig.wait(1);
            rig.provider("acme").act(&begun.run, act)
        })
        .collect();
    let mut at = rig.now();
    for &(place, gap) in letters {
        at = at + Duration::from_millis(gap);
        rig.post_at("acme", events[place].clone(), Some(at));
    }
    rig.settle().unwrap();
    let mut whole = canon::of(&rig);
    // whose an event was, is remembered of those that came
    whole.subjects.retain(|name, _| name.contains(" case/"));
    let truth = rig.provider("acme").runs()[0].now();
    assert_eq!(Some(whole.onboardings["acme"][0].status), meaning(truth));
    whole
}

fn orders(of: usize) -> Vec<Vec<usize>> {
    if of == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(of - 1);
    let longer = shorter.iter().flat_map(|order| {
        (0..of).map(move |at| {
            let mut order = order.clone();
            order.insert(at, of - 1);
            order
        })
    });
    longer.collect()
}

#[test]
fn all_orders_of_up_to_six_notices_with_duplicates_end_in_the_same_ledger() {
    let mut played = 0;
    for count in 1..=ACTS.len() {
        let in_order: Vec<usize> = (0..count).collect();
        let expected = play(&in_order, &vec![1; count]);
        for (number, order) in orders(count).iter().enumerate() {
            // each notice one to three times, other ones in each order
            let copies: Vec<usize> = (0..count).map(|place| 1 + (number * 7 + place * 5 + number / 3) % 3).collect();
            assert_eq!(play(order, &copies), expected, "{order:?} {copies:?}");
            played += 1;
        }
    }
    assert_eq!(played, 1 + 2 + 6 + 24 + 120 + 720);
}

#[test]
fn the_loss_of_any_subset_ends_in_the_same_ledger() {
    let in_order: Vec<usize> = (0..ACTS.len()).collect();
    let expected = play(&in_order, &[1; 6]);
    for subset in 0..64_usize {
        let copies: Vec<usize> = (0..6).map(|place| (subset >> place & 1) * (1 + (subset + place) % 3)).collect();
        for order in [in_order.clone(), in_order.iter().rev().copied().collect()] {
            assert_eq!(play(&order, &copies), expected, "{order:?} {copies:?}");
        }
    }
}

/// Events that name nothing but themselves, with one login for all.
fn thin(feed: bool) -> Setup {
    Setup::thin(Thin { feed, login: Some(Duration::from_secs(900)) })
}

#[test]
fn thin_events_in_any_order_end_in_the_same_ledger() {
    let mut played = 0;
    for count in 1..ACTS.len() {
        let in_order: Vec<usize> = (0..count).collect();
        let expected = play(&in_order, &vec![1; count]);
        for (number, order) in orders(count).iter().enumerate() {
            let copies: Vec<usize> = (0..count).map(|place| 1 + (number * 7 + place * 5 + number / 3) % 3).collect();
            assert_eq!(play_at(&thin(number % 2 == 0), order, &copies), expected, "{order:?} {copies:?}");
            played += 1;
        }
    }
    assert_eq!(played, 1 + 2 + 6 + 24 + 120);
}

#[test]
fn the_loss_of_any_subset_of_thin_events_ends_in_the_same_ledger() {
    let in_order: Vec<usize> = (0..ACTS.len()).collect();
    let expected = play(&in_order, &[1; 6]);
    for subset in 0..64_usize {
        let copies: Vec<usize> = (0..6).map(|place| (subset >> place & 1) * (1 + (subset + place) % 3)).collect();
        for feed in [false, true] {
            let order: Vec<usize> = in_order.iter().rev().copied().collect();
            assert_eq!(play_at(&thin(feed), &order, &copies), expected, "{copies:?} {feed}");
        }
    }
}

/// Acts and webhooks come in between each other, each webhook at its own delay.
fn play_mixed(gaps: &[u64], delays: &[Vec<u64>]) {
    let mut rig = Rig::new(&Setup::default());
    let begun = rig.begin("acme", "key-1");
    for ((&act, gap), delays) in ACTS.iter().zip(gaps).zip(delays) {
        rig.play_for(Duration::from_secs(*gap));
        let event = rig.provider("acme").act(&begun.run, act);
        for delay in delays {
            let at = rig.now() + Duration::from_secs(*delay);
            rig.post_at("acme", event.clone(), Some(at));
        }
    }
    rig.settle().unwrap();
    let whole = canon::of(&rig);
    let onboarding = &whole.onboardings["acme"][0];
    let truth = &rig.provider("acme").runs()[0].history;
    assert_eq!(Some(onboarding.status), meaning(*truth.last().unwrap()));
    assert!(onboarding.delivered);
    // what was told is what was true, in its order, some of it perhaps passed over
    let mut ever = [Some(Status::Created)].into_iter().chain(truth.iter().map(|&facts| meaning(facts)));
    for status in onboarding.statuses() {
        assert!(ever.any(|was| was == Some(status)), "{status} was told, but not in the order of {truth:?}");
    }
    let dense: Vec<u64> = (1..).take(onboarding.changes.len()).collect();
    assert_eq!(onboarding.changes.iter().map(|change| change.version).collect::<Vec<_>>(), dense);
}

/// The ledger after the first acts, each told once and in order.
fn truth_of(acts: usize) -> &'static Whole {
    static TRUTHS: [OnceLock<Whole>; ACTS.len()] = [const { OnceLock::new() }; ACTS.len()];
    TRUTHS[acts - 1].get_or_init(|| play(&(0..acts).collect::<Vec<_>>(), &vec![1; acts]))
}

/// One to six acts; none to three letters of each, in any order, at any distance of up to 90 s.
fn letters() -> impl Strategy<Value = (usize, Vec<Letter>)> {
    (1..=ACTS.len()).prop_flat_map(|acts| {
        let copies = vec(0_usize..=3, acts);
        let bag = copies.prop_map(|copies| {
            copies.iter().enumerate().flat_map(|(place, &copies)| vec![place; copies]).collect::<Vec<_>>()
        });
        let order = bag.prop_shuffle().prop_flat_map(|order| {
            let gaps = vec(proptest::prop_oneof![0_u64..3000, 0_u64..90_000], order.len());
            (Just(order), gaps).prop_map(|(order, gaps)| order.into_iter().zip(gaps).collect())
        });
        (Just(acts), order)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(4), ..ProptestConfig::default() })]

    #[test]
    fn any_order_with_up_to_three_copies_or_none_of_each_notice_ends_in_the_truths_ledger((acts, letters) in letters()) {
        assert_eq!(&play_letters(acts, &letters), truth_of(acts));
    }

    #[test]
    fn webhooks_between_acts_at_any_delay_tell_the_truth_in_its_order(
        gaps in vec(1_u64..120, 6),
        delays in vec(vec(0_u64..600, 0..=3), 6),
    ) {
        play_mixed(&gaps, &delays);
    }
}
