//! Killed, failed or left hanging at every await point of every story, the gateway ends where it ends without faults.
//!
//! A story is played once without faults; that gives its await points and the state it has to end in. Then it is played
//! once for each pair of an await point and a mode (`Mode`), and the shortest one for pairs of such faults. What the
//! provider held true and what the tenant's system accepted is kept outside the gateway; see `verdict.rs`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test stops loudly and says what it ran"
)]

mod matrix;
mod stories;
mod verdict;

use idv_it::rig::chaos::Mode;

use self::matrix::{pairs, singles};
use self::stories::Story;

#[test]
fn every_story_ends_as_told_without_faults() {
    for story in Story::ALL {
        let played = matrix::faultless(story);
        assert_eq!(played.whole.onboardings["acme"][0].statuses(), story.statuses(), "{story:?}");
        assert_eq!(played.creates, story.runs(), "{story:?}");
    }
}

#[test]
fn approved_survives_every_single_fault() {
    singles(Story::Approved, &Mode::ALL);
}

#[test]
fn rejected_survives_every_single_fault() {
    singles(Story::Rejected, &Mode::ALL);
}

#[test]
fn doubled_survives_every_single_fault() {
    singles(Story::Doubled, &Mode::ALL);
}

#[test]
fn reversed_survives_every_single_fault() {
    singles(Story::Reversed, &Mode::ALL);
}

#[test]
fn decided_again_survives_every_single_fault() {
    singles(Story::DecidedAgain, &Mode::ALL);
}

#[test]
fn resumed_survives_every_single_fault() {
    singles(Story::Resumed, &Mode::ALL);
}

#[test]
fn erased_survives_every_single_fault() {
    singles(Story::Erased, &Mode::ALL);
}

/// The provider finds nothing by our reference: a run may be left over there, its link is handed to nobody.
#[test]
fn without_recovery_at_the_provider_no_second_link_is_handed_out() {
    singles(Story::Orphaned, &Mode::ALL);
}

#[test]
fn thin_events_survive_every_single_fault() {
    singles(Story::Thin, &Mode::ALL);
}

#[test]
fn what_is_asked_survives_every_single_fault() {
    singles(Story::Asked, &Mode::ALL);
}

#[test]
fn a_fresh_link_survives_every_single_fault() {
    singles(Story::Renewed, &Mode::ALL);
}

#[test]
fn what_only_the_feed_tells_survives_every_single_fault() {
    singles(Story::Unsent, &Mode::ALL);
}

#[test]
fn what_a_person_granted_survives_every_single_fault() {
    singles(Story::Granted, &Mode::ALL);
}

#[test]
fn what_a_person_granted_survives_pairs_of_faults() {
    pairs(Story::Granted, 300);
}

#[test]
fn the_shortest_story_survives_pairs_of_faults() {
    pairs(Story::Shortest, 4000);
}

#[test]
fn what_only_the_feed_tells_survives_pairs_of_faults() {
    pairs(Story::Unsent, 300);
}

#[test]
fn a_fresh_link_survives_pairs_of_faults() {
    pairs(Story::Renewed, 300);
}
